#ifndef RIFT_CHECKER_FRONTIER_H
#define RIFT_CHECKER_FRONTIER_H

#include "checker/model.h"

/* One partition of a history, checked while it grows. Instead of the history the frontier is kept:
 * all configurations (state, which of the open operations are done, how many of each class of
 * unknown outcome) in which everything that has returned is explained. An operation that returned
 * is forgotten.
 *
 * A return is a step of the just-in-time search of checker/jit.c taken in breadth: from each
 * configuration those are reached in which the operation is done; docs/checker.md has the prunings.
 * When none is left the history is not linearizable, whatever comes later. */
struct frontier;

/* How many configurations wait for one return, at the most, and how many bytes they take with all
 * else; past it the frontier is lost. */
enum { FRONTIER_CONFIGS_MAX = 1 << 16, FRONTIER_BYTES_MAX = 64 << 20 };

/* Operations that are open at once. */
enum { FRONTIER_OPEN_MAX = 4096 };

/* The header is lent until frontier_destroy. Errors: -E_NOMEM. */
int frontier_create(const struct model *m, const struct history_header *header,
                    struct frontier **ret);
void frontier_destroy(struct frontier *f);

/* `op` is invoked, and it is known already how it will end: OK, with its answer and its return_seq
 * (which says what returns earlier), or of unknown outcome. Neither FAIL nor a read of unknown
 * outcome. Bytes are copied. *ret is for frontier_return. Errors: -E_LIMIT (a bound above),
 * -E_NOMEM: the frontier is lost. */
int frontier_call(struct frontier *f, const struct history_op *op, uint32_t *ret);

/* The operation of that number, which was OK, returns. 1: there is an order. 0: there is none, now
 * and for good. Errors: -E_LIMIT, -E_NOMEM: the frontier is lost. */
int frontier_return(struct frontier *f, uint32_t number);

struct frontier_size {
    size_t n_configs;   /* that explain everything that has returned */
    size_t bytes;       /* of everything */
    uint64_t n_visited; /* configurations, since the beginning */
};

struct frontier_size frontier_size(const struct frontier *f);

#endif
