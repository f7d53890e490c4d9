#ifndef RIFT_CHECKER_MINIMIZE_H
#define RIFT_CHECKER_MINIMIZE_H

#include "checker/checker.h"

/* From a history that is not linearizable to a few of its operations that are impossible already,
 * and prove that the history is: docs/checker.md says what may be left out and why. */

struct minimize_options {
    const struct model *custom;   /* as in check_options */
    bool (*spent)(void *context); /* as in check_options; NULL: never */
    void *spent_context;
    size_t memory_bytes_max; /* of one check; 0: no bound */
    uint64_t checks_max;     /* 0: no bound */
};

/* Had all of them never returned for which `return_matters` is false, it were impossible too. */
struct minimal_op {
    size_t op; /* index in history.ops */
    bool return_matters;
};

struct minimal {
    const struct model *model;
    struct minimal_op *ops; /* by call */
    size_t n;
    size_t last; /* of `ops`: until it returned, nothing was impossible; n when it is not there */
    size_t n_whole;  /* operations of the key */
    uint64_t checks; /* how many histories were checked on the way */
    bool finished;   /* no single move leads further; else the budget ended it */
};

/* `r` is the verdict on `h`. Every step is checked again, and one that cannot be decided within the
 * budget is not taken. Takes the worst partition.
 * Errors: -E_INVAL (r is no violation), -E_TIMEOUT (the budget ended before a first step),
 * -E_NOMEM, -E_LIMIT. */
int minimize(const struct history *h, const struct check_result *r,
             const struct minimize_options *o, struct minimal **ret, struct err *e);
void minimal_free(struct minimal **m);

#endif
