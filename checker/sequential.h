#ifndef RIFT_CHECKER_SEQUENTIAL_H
#define RIFT_CHECKER_SEQUENTIAL_H

#include "checker/checker.h"

/* Sequential consistency, key by key: each key has an order of its operations that the object could
 * have answered like that and that keeps the order of every process's own operations (Lamport, "How
 * to make a multiprocessor computer that correctly executes multiprocess programs", IEEE Trans.
 * Computers 1979). Weaker than linearizability: nothing is asked of what different processes saw
 * when. It is not local: all keys together may fail although each by itself does not. */

struct sequential_key {
    struct slice family;
    struct slice key;
    enum verdict verdict; /* VERDICT_LINEARIZABLE stands for "sequentially consistent" */
    bool linearizable;    /* then nothing had to be searched, and there is no order */
    size_t n_ops;
    size_t *order; /* otherwise: indexes of history.ops */
    size_t n_order;
};

struct sequential_result {
    enum verdict verdict; /* the worst: not consistent, then unknown */
    const char *model;
    size_t n_ops;
    size_t n_keys;
    struct sequential_key *keys; /* in the order of their first operation */
};

/* `o` as for check_history; `engine` and `whole` do not matter. Errors: those of check_history. */
int sequential_check(const struct history *h, const struct check_options *o,
                     struct sequential_result **ret, struct err *e);
void sequential_result_free(struct sequential_result **r);

/* Appends some lines in words. Errors: -E_NOMEM, -E_LIMIT. */
int sequential_tell(const struct sequential_result *r, struct buf *out);

#endif
