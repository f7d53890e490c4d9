#ifndef RIFT_TESTS_CHECKER_GENERATE_H
#define RIFT_TESTS_CHECKER_GENERATE_H

#include "base/rng.h"
#include "histories/history.h"

/* Histories that are drawn. A real object executes each operation somewhere between its invocation
 * and its completion, so that the history is linearizable; then something may be spoiled. */

struct generate_options {
    const char *model;
    uint32_t dialect;
    size_t n_ops;
    size_t n_processes;
    size_t n_keys;
    size_t n_values;      /* distinct ones; small numbers make many operations alike */
    bool fresh;           /* instead each value is written once */
    bool appends;         /* fresh: of kv also appends and deletes */
    bool ended;           /* fresh: no value is a beginning of another one */
    bool overdraft;       /* of a bank */
    bool by_element;      /* of a set: nobody looks at all of it */
    uint32_t unknown_ppm; /* share of operations whose outcome nobody learns */
    size_t n_spoiled;     /* answers that are replaced by drawn ones */
};

/* Any dialect of a register or key-value store. */
uint32_t generate_dialect(struct rng *r);

/* Free with generate_free. */
struct history *generate(struct rng *r, const struct generate_options *o);
void generate_free(struct history *h);

/* Takes the operation away that was invoked last. */
void generate_drop_last(struct history *h);

#endif
