#ifndef RIFT_HISTORY_H
#define RIFT_HISTORY_H

#include <stddef.h>
#include <stdint.h>

/* What clients of some object saw: the histories that rift checks. Link with librift
 * (find_package(rift), target rift::rift; or pkg-config rift).
 *
 * Functions return 0 or one of the negative codes below, and fill *error, which may be NULL.
 * Nothing here prints or keeps global state; different histories can be used by different threads,
 * one history by one thread at a time. Strings and bytes that a function is given are copied; those
 * that it returns are lent, until the history is freed.
 *
 * Structures that may grow begin with their size. Set it to sizeof, all else that is not used to 0:
 *
 *     struct rift_call put = {.size = sizeof put, .kind = RIFT_PUT, ...}; */

#ifdef __cplusplus
extern "C" {
#endif

#define RIFT_API __attribute__((visibility("default")))

enum rift_code {
    RIFT_OUT_OF_MEMORY = -1,
    RIFT_NOT_FOUND = -2,
    RIFT_INPUT_OUTPUT = -3,
    RIFT_MALFORMED = -4, /* a file is no history, or a history breaks a rule of processes */
    RIFT_INVALID = -5,   /* an argument: no such model, engine or operation */
    RIFT_LIMIT = -6,     /* a key, value or count is longer than the format takes */
    RIFT_EXISTS = -7,    /* a recorder never overwrites */
    RIFT_FAILED = -8     /* anything else; the text says what */
};

struct rift_error {
    int code;
    char text[512]; /* where and why, for people; a mistake in a file names file, line or offset */
};

struct rift_bytes {
    const void *data;
    size_t len;
};

/* What is asked of an object. The numbers are those of the history file (docs/history-format.md,
 * which also says how lists, sets and maps are written). */
enum rift_kind {
    RIFT_GET = 0,
    RIFT_PUT = 1,
    RIFT_APPEND = 2,
    RIFT_CAS = 3,
    RIFT_DELETE = 4,
    RIFT_ADD = 6,
    RIFT_REMOVE = 7,
    RIFT_CONTAINS = 8,
    RIFT_ENQUEUE = 9,
    RIFT_DEQUEUE = 10,
    RIFT_PUSH = 11,
    RIFT_POP = 12,
    RIFT_INSERT = 13,
    RIFT_POLL = 14,
    RIFT_LOCK = 15,
    RIFT_UNLOCK = 16,
    RIFT_TRANSFER = 17
};

enum rift_outcome {
    RIFT_OPEN = 0, /* not yet ended; at the end of a history as RIFT_INFO */
    RIFT_OK = 1,   /* it happened, and this was the answer */
    RIFT_FAIL = 2, /* it certainly did not happen */
    RIFT_INFO = 3  /* nobody knows */
};

/* An answer that says something of the object. */
enum rift_answer { RIFT_DONE = 0, RIFT_NO_KEY = 1, RIFT_MISMATCH = 2 };

/* How an object differs from the usual one: bits. */
enum rift_dialect {
    RIFT_ABSENT_IS_EMPTY = 1,   /* an absent key reads as "" and cannot be told from it */
    RIFT_CAS_FAILS_PLAINLY = 2, /* a cas that fails says RIFT_MISMATCH for an absent key too */
    RIFT_SET_ANSWERS = 4, /* add says RIFT_MISMATCH of what is there, remove RIFT_NO_KEY of what
                             is not */
    RIFT_DELETE_OK_PLAINLY = 8 /* a delete says RIFT_DONE of an absent key too */
};

struct rift_call {
    size_t size;
    enum rift_kind kind;
    int expects_absent;         /* RIFT_CAS: the key has to be absent */
    struct rift_bytes key;      /* which object; empty for the only one */
    struct rift_bytes value;    /* what to write, add, push... */
    struct rift_bytes expected; /* RIFT_CAS: what has to stand there */
};

struct rift_operation {
    size_t size;
    uint32_t process;
    enum rift_kind kind;
    enum rift_outcome outcome;
    enum rift_answer answer; /* of RIFT_OK */
    int expects_absent;      /* this and the next three: as in struct rift_call */
    struct rift_bytes key;
    struct rift_bytes value;
    struct rift_bytes expected;
    struct rift_bytes result; /* what a get, dequeue, pop or poll has found */
    uint64_t called;          /* place among the events; what ended before `called` precedes it */
    uint64_t returned;        /* UINT64_MAX unless RIFT_OK or RIFT_FAIL */
    int64_t called_ns;        /* since the start of the history; for people */
    int64_t returned_ns;
};

/* --- whole histories ------------------------------------------------------------------------ */

struct rift_history;

/* Reads a file of any format that `rift check` takes, and tells by its content which one it is. A
 * history that is cut off or damaged is taken as far as it goes: see rift_history_is_whole. */
RIFT_API int rift_history_load(const char *path, struct rift_history **ret,
                               struct rift_error *error);

/* The same for bytes; `name` stands for the path in errors. */
RIFT_API int rift_history_load_bytes(const char *name, const void *data, size_t len,
                                     struct rift_history **ret, struct rift_error *error);

/* An empty one, to be filled event by event. `model`: what it is to be judged by, as
 * rift_model_names (rift/checker.h) lists them; `dialect`: bits. */
RIFT_API int rift_history_create(const char *model, uint32_t dialect, struct rift_history **ret,
                                 struct rift_error *error);
RIFT_API void rift_history_free(struct rift_history *h); /* NULL is fine */

/* Events in the order in which they happened. A process does one thing at a time, and nothing any
 * more after RIFT_INFO: go on under another number. `time_ns` may be 0 everywhere. */
RIFT_API int rift_history_invoke(struct rift_history *h, uint32_t process,
                                 const struct rift_call *call, int64_t time_ns,
                                 struct rift_error *error);
RIFT_API int rift_history_complete(struct rift_history *h, uint32_t process,
                                   enum rift_outcome outcome, enum rift_answer answer,
                                   struct rift_bytes result, int64_t time_ns,
                                   struct rift_error *error);

RIFT_API size_t rift_history_count(const struct rift_history *h); /* operations */
RIFT_API int rift_history_is_whole(const struct rift_history *h); /* 1: it ended in order */

/* Operation `i`, in the order of their calls. Set ret->size. RIFT_INVALID: there is none. */
RIFT_API int rift_history_operation(const struct rift_history *h, size_t i,
                                    struct rift_operation *ret);

/* --- recording ------------------------------------------------------------------------------ */

/* Writes a history file while the clients run. One thread at a time: guard it with the lock under
 * which clients report, and report an invocation before its request leaves, a completion after its
 * answer came in. */
struct rift_recorder;

RIFT_API int rift_recorder_open(const char *path, const char *model, uint32_t dialect,
                                struct rift_recorder **ret, struct rift_error *error);
RIFT_API int rift_recorder_invoke(struct rift_recorder *r, uint32_t process,
                                  const struct rift_call *call, int64_t time_ns,
                                  struct rift_error *error);
RIFT_API int rift_recorder_complete(struct rift_recorder *r, uint32_t process,
                                    enum rift_outcome outcome, enum rift_answer answer,
                                    struct rift_bytes result, int64_t time_ns,
                                    struct rift_error *error);

/* What was recorded so far is in the file when this returns 0. */
RIFT_API int rift_recorder_flush(struct rift_recorder *r, struct rift_error *error);

/* Ends the history, closes the file, frees *r also on failure, and sets it to NULL. */
RIFT_API int rift_recorder_close(struct rift_recorder **r, struct rift_error *error);

#ifdef __cplusplus
}
#endif

#endif
