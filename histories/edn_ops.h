#ifndef RIFT_HISTORIES_EDN_OPS_H
#define RIFT_HISTORIES_EDN_OPS_H

#include "histories/edn.h"

/* The op maps of a Jepsen history as they stand in the text: which fields, and where; nothing is
 * understood yet. They come one after the other or in one vector. */

/* What clients ask for. Several names may mean the same to a model: see edn_models.h. */
#define EDN_FUNCTIONS(X)                                                                           \
    X(READ, "read")                                                                                \
    X(WRITE, "write")                                                                              \
    X(CAS, "cas")                                                                                  \
    X(GET, "get")                                                                                  \
    X(PUT, "put")                                                                                  \
    X(APPEND, "append")                                                                            \
    X(DELETE, "delete")                                                                            \
    X(ADD, "add")                                                                                  \
    X(REMOVE, "remove")                                                                            \
    X(CONTAINS, "contains")                                                                        \
    X(ENQUEUE, "enqueue")                                                                          \
    X(DEQUEUE, "dequeue")                                                                          \
    X(PUSH, "push")                                                                                \
    X(POP, "pop")                                                                                  \
    X(INSERT, "insert")                                                                            \
    X(POLL, "poll")                                                                                \
    X(ACQUIRE, "acquire")                                                                          \
    X(RELEASE, "release")                                                                          \
    X(LOCK, "lock")                                                                                \
    X(UNLOCK, "unlock")                                                                            \
    X(TRANSFER, "transfer")                                                                        \
    X(TXN, "txn")

enum edn_function {
#define X(NAME, name) EDN_##NAME,
    EDN_FUNCTIONS(X)
#undef X
        EDN_FUNCTION_COUNT
};

enum edn_type { EDN_INVOKE, EDN_OK, EDN_FAIL, EDN_INFO, EDN_TYPE_COUNT };

/* What a value looks like from outside: whether it can be a [key value]. */
enum edn_shape {
    EDN_SHAPE_NIL,
    EDN_SHAPE_PAIR_OF_NIL,    /* [x nil] */
    EDN_SHAPE_PAIR_OF_VECTOR, /* [x [...]] */
    EDN_SHAPE_PAIR,           /* [x y] */
    EDN_SHAPE_TUPLE,          /* a pair under a tag of jepsen.independent */
    EDN_SHAPE_OTHER,
};

/* One op map. Offsets are those of the text, which BUF_BYTES_MAX keeps within 32 bits. */
struct edn_op {
    uint32_t at; /* of the map */
    uint32_t f_at;
    uint32_t value_at;  /* of the value, behind a tuple's tag; 0: there is none, or it is nil */
    uint32_t value_end; /* behind it */
    uint32_t process;
    uint32_t process_at;
    int64_t time_ns; /* 0 when it is not known */
    uint8_t type;
    uint8_t function; /* of a client */
    uint8_t shape;
    uint8_t status;     /* :rift/status, as STATUS_... + 1; 0: there is none */
    bool is_client;     /* its process is a number */
    bool names_error;   /* :error is there and not nil */
    uint32_t family_at; /* :rift/family; 0: there is none */
};

struct edn_ops {
    struct edn_op *items;
    size_t n;
    size_t cap;
    int64_t last_index; /* 0 or the largest :index */
};

/* Reads all of them. The caller frees ret->items. Errors: -E_PARSE, -E_LIMIT, -E_NOMEM. */
int edn_ops_read(struct edn *r, struct edn_ops *ret, struct err *e);

const char *edn_function_name(enum edn_function function);

/* The name that a keyword, symbol or string stands for, without its colon or quotes. */
struct slice edn_name(struct edn_token t);

#endif
