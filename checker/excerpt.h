#ifndef RIFT_CHECKER_EXCERPT_H
#define RIFT_CHECKER_EXCERPT_H

#include "checker/checker.h"
#include "checker/problem.h"

/* Some operations of one key, cut out of a history that is not linearizable: what minimizing takes
 * away from, piece by piece. */

struct excerpt_op {
    size_t original;      /* index in history.ops */
    struct history_op op; /* as there; what was open at the cut has no answer */
    struct model_op asked;
    struct model_effect effect; /* all zeros where the model has none */
    bool observes;              /* it never changes the object */
};

struct excerpt {
    const struct history *history;
    const struct model *model;
    struct model_env env;
    struct excerpt_op *ops; /* by call */
    size_t n;
};

/* Of `inputs` (by call) those that were invoked up to the event `cut`. What had not returned by
 * then loses its answer; what changes nothing is then left out. Errors: -E_NOMEM, -E_LIMIT. */
int excerpt_create(const struct history *h, const struct model *m,
                   const struct problem_input *inputs, size_t n, uint64_t cut,
                   struct excerpt **ret);
void excerpt_destroy(struct excerpt *x);

/* 1: the operations with keep[i] are impossible. 0: they are not, or the budget of `o` is too small
 * to say so. Errors: -E_NOMEM, -E_INVAL. */
int excerpt_impossible(const struct excerpt *x, const bool *keep, const struct check_options *o);

/* The same for all that is left of `inputs` at a cut. */
int excerpt_cut_impossible(const struct history *h, const struct model *m,
                           const struct problem_input *inputs, size_t n, uint64_t cut,
                           const struct check_options *o);

/* Whether an operation has an answer that counts. */
static inline bool excerpt_is_required(const struct excerpt_op *o)
{
    return o->op.outcome == OUTCOME_OK;
}

#endif
