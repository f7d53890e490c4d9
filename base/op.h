#ifndef RIFT_BASE_OP_H
#define RIFT_BASE_OP_H

#include "base/buf.h"

/* The words that the store, the wire, the clerk, the history and the checker share: what can be
 * asked of a key-value store and how an answer can come out. Plain data. */

/* What a store is asked. REGISTER opens a session; it reaches the log but is never part of a
 * history. */
#define OP_KINDS(X)                                                                                \
    X(GET, "get")                                                                                  \
    X(PUT, "put")                                                                                  \
    X(APPEND, "append")                                                                            \
    X(CAS, "cas")                                                                                  \
    X(DELETE, "delete")                                                                            \
    X(REGISTER, "register")

/* What other objects are asked. No node and no wire message knows these: they stand in histories,
 * most of them recorded elsewhere. Lists, sets and maps are written as base/items.h says. */
#define OP_OBJECT_KINDS(X)                                                                         \
    X(ADD, "add")           /* set: an element; counter: a number */                               \
    X(REMOVE, "remove")     /* set */                                                              \
    X(CONTAINS, "contains") /* set */                                                              \
    X(ENQUEUE, "enqueue")   /* queue */                                                            \
    X(DEQUEUE, "dequeue")   /* queue: the oldest, or no-key */                                     \
    X(PUSH, "push")         /* stack */                                                            \
    X(POP, "pop")           /* stack: the youngest, or no-key */                                   \
    X(INSERT, "insert")     /* priority queue */                                                   \
    X(POLL, "poll")         /* priority queue: the highest, or no-key */                           \
    X(LOCK, "lock")         /* mutex */                                                            \
    X(UNLOCK, "unlock")     /* mutex */                                                            \
    X(TRANSFER, "transfer") /* bank: from, to, amount */

enum op_kind {
#define X(name, text) OP_##name,
    OP_KINDS(X)
#undef X
        OP_KIND_COUNT, /* of a store */
    OP_LAST_OF_A_STORE = OP_KIND_COUNT - 1,
#define X(name, text) OP_##name,
    OP_OBJECT_KINDS(X)
#undef X
        OP_ANY_KIND_COUNT /* of all */
};

/* How a node answers. NOT_LEADER and BUSY promise that this node did not propose the command and
 * will not; TIMEOUT promises nothing. SESSION_EXPIRED: refused in log order, never executed
 * after this point. */
#define OP_STATUSES(X)                                                                             \
    X(OK, "ok")                                                                                    \
    X(NO_KEY, "no-key")                                                                            \
    X(MISMATCH, "mismatch")                                                                        \
    X(NOT_LEADER, "not-leader")                                                                    \
    X(BUSY, "busy")                                                                                \
    X(TIMEOUT, "timeout")                                                                          \
    X(BAD_REQUEST, "bad-request")                                                                  \
    X(SESSION_EXPIRED, "session-expired")

enum op_status {
#define X(name, text) STATUS_##name,
    OP_STATUSES(X)
#undef X
        STATUS_COUNT
};

/* How an operation ended for the clerk that asked (Jepsen's words). PENDING: not yet. FAIL: it
 * certainly did not happen. INFO: nobody knows. An observed no-key or mismatch is OK with that
 * status: it is an answer that has to fit the order. */
#define OP_OUTCOMES(X)                                                                             \
    X(PENDING, "pending")                                                                          \
    X(OK, "ok")                                                                                    \
    X(FAIL, "fail")                                                                                \
    X(INFO, "info")

enum op_outcome {
#define X(name, text) OUTCOME_##name,
    OP_OUTCOMES(X)
#undef X
        OUTCOME_COUNT
};

/* How a node answers reads. LOCAL is unsafe on purpose. */
#define READ_MODES(X)                                                                              \
    X(LOG, "log")                                                                                  \
    X(INDEX, "index")                                                                              \
    X(LOCAL, "local")

enum read_mode {
#define X(name, text) READ_##name,
    READ_MODES(X)
#undef X
        READ_MODE_COUNT
};

/* Limits of one operation; longer ones are STATUS_BAD_REQUEST. */
enum {
    OP_KEY_BYTES_MAX = 4096,
    OP_VALUE_BYTES_MAX = 1 << 20, /* also of a value that appends have built */
    OP_FAMILY_BYTES_MAX = 64,
};

/* One operation as it is asked. Slices are lent. */
struct op {
    enum op_kind kind;
    struct slice family; /* empty: "default" */
    struct slice key;
    struct slice value;    /* PUT, APPEND, CAS: what to write */
    struct slice expected; /* CAS: what has to stand there */
    bool expects_absent;   /* CAS: instead of `expected`, the key has to be absent */
};

/* The same with what makes it happen once: log entries hold this. */
struct command {
    uint64_t session; /* 0 for GET and REGISTER */
    uint64_t id;      /* rises by at least 1 within a session */
    struct op op;
};

/* The answer. `value` is set for GET with STATUS_OK, and lent; `number` is the new session's
 * id for REGISTER. */
struct op_result {
    enum op_status status;
    struct slice value;
    uint64_t number;
};

const char *op_kind_name(enum op_kind kind);
const char *op_status_name(enum op_status status);
const char *op_outcome_name(enum op_outcome outcome);
const char *read_mode_name(enum read_mode mode);

/* The reverse; false when the name is none of them. Every kind has a name. */
bool op_kind_parse(const char *name, enum op_kind *ret);
bool read_mode_parse(const char *name, enum read_mode *ret);

/* True of what never changes the object, whatever its answer is. */
static inline bool op_is_read(enum op_kind kind)
{
    return kind == OP_GET || kind == OP_CONTAINS;
}

/* Whether `value` is part of the question; whether one is part of the answer "ok". */
bool op_takes_value(enum op_kind kind);
bool op_returns_value(enum op_kind kind);

/* True when every field is within the limits above and the kind is one that a store knows. */
bool op_valid(const struct op *op);

/* The same for an operation of a history: of any object, but no REGISTER. */
bool op_valid_in_history(const struct op *op);

#endif
