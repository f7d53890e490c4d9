#ifndef RIFT_CHECKER_VERIFY_H
#define RIFT_CHECKER_VERIFY_H

#include "base/err.h"
#include "histories/history.h"

/* Whether a witness (docs/witness-format.md) proves a history linearizable. This is what the whole
 * checker can be held against, so it is short and shares nothing with the engines: it knows the
 * model's step, which operations there are, and when one is before another, and nothing else. */

struct verification {
    char model[64]; /* that the order was checked against */
    size_t n_partitions;
    size_t n_placed; /* operations in the orders */
};

/* `model`: what the history is measured against; NULL: what it names itself. What the witness says
 * of that counts for nothing: who has a witness against another model has no proof. 1: proved. 0:
 * it is a witness of this history, and its order proves nothing: `e` says why. Errors: -E_PARSE,
 * -E_CORRUPT, -E_UNSUPPORTED (no witness, or not whole), -E_FOREIGN (of another history), -E_NOMEM,
 * -E_LIMIT. Takes memory for the history's operations, never for what the witness claims. */
int verify_witness(const struct history *h, const char *model, struct slice witness,
                   struct verification *ret, struct err *e);

#endif
