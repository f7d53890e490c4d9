#ifndef RIFT_BASE_ERR_H
#define RIFT_BASE_ERR_H

#include <stddef.h>

/* Every function that can fail returns 0 or one of these, negated. */
#define ERR_CODES(X)                                                                               \
    X(NOMEM, "out of memory")                                                                      \
    X(IO, "input/output error")                                                                    \
    X(NOT_FOUND, "not found")                                                                      \
    X(EXISTS, "exists already")                                                                    \
    X(INVAL, "invalid argument")                                                                   \
    X(PARSE, "malformed data")                                                                     \
    X(LIMIT, "limit exceeded")                                                                     \
    X(CORRUPT, "damaged data")                                                                     \
    X(BUSY, "queue full")                                                                          \
    X(GAP, "does not follow on")                                                                   \
    X(NOT_LEADER, "not the leader")                                                                \
    X(CLOSED, "closed")                                                                            \
    X(TIMEOUT, "timed out")                                                                        \
    X(FOREIGN, "belongs to somebody else")                                                         \
    X(UNSUPPORTED, "not supported")                                                                \
    X(INTERRUPTED, "interrupted")

enum err_code {
    E_OK = 0,
#define X(name, text) E_##name,
    ERR_CODES(X)
#undef X
        E_COUNT
};

enum { ERR_TEXT_MAX = 512 };

/* The reason of a failure in words. It grows a prefix as it rises through the callers:
 * `cluster.json:12: nodes[2].peer: expected host:port`. Plain data; needs no cleanup. */
struct err {
    int code; /* the negative code that was returned with it */
    char text[ERR_TEXT_MAX];
};

/* Sets the reason and returns `rc`, so that `return err_set(e, -E_PARSE, ...)` works.
 * `e` may be NULL: then only the code travels. */
int err_set(struct err *e, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends strerror(errno). Returns -E_NOT_FOUND for ENOENT,
 * -E_NOMEM for ENOMEM, -E_EXISTS for EEXIST, -E_INTERRUPTED for EINTR, else -E_IO. */
int err_sys(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before a reason that is there already. Returns `rc`. */
int err_prefix(struct err *e, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "E_BUSY" and "queue full"; both accept the negated code as well. Never NULL. */
const char *err_name(int rc);
const char *err_text(int rc);

#endif
