#ifndef RIFT_CHECKER_PROBLEM_H
#define RIFT_CHECKER_PROBLEM_H

#include "checker/model.h"

/* One partition of a history, made ready for a search. Operations get numbers: first the
 * `n_required` that have to be in the order, by call; then those of unknown outcome, which may be
 * in it, grouped by class and by call within a class. */

#define PROBLEM_NEVER UINT32_MAX

enum { PROBLEM_OPS_MAX = 1 << 30 };

struct problem_op {
    uint32_t call; /* places among the calls and returns of the partition... */
    uint32_t ret;  /* ...PROBLEM_NEVER of unknown outcome */
    uint32_t class;
    uint32_t slot;   /* required: of the window of open operations; taken at the call, free again
                        after the return */
    size_t original; /* index in history.ops */
};

/* Operations with the same input and output are interchangeable: a class. */
struct problem_class {
    struct model_op op;
    bool observes;
    bool blind; /* both as in the model's effect; false of unknown outcome */
    bool hides;
    uint32_t first; /* those of unknown outcome: their numbers are first .. first + n - 1 */
    uint32_t n;     /* 0: a class of required operations */
};

struct problem {
    struct model_env env;
    const struct model *model;
    uint32_t initial;   /* state */
    uint32_t n_strings; /* numbers below this are the operations' own: no engine made them */

    struct problem_op *ops;
    uint32_t n_ops;
    uint32_t n_required;
    uint32_t *by_return; /* the required ones, by return */
    uint32_t n_slots;    /* the most required operations that are open at once */

    struct problem_class *classes; /* those of unknown outcome stand at the end */
    uint32_t n_classes;
    uint32_t first_pending_class;
};

/* An operation that enters a partition. */
struct problem_input {
    size_t original; /* index in history.ops */
    uint32_t key;    /* 0, 1, 2... in the partition */
};

/* `inputs` in the order of their calls. With n_keys > 1 the model is that of each key.
 * Errors: -E_NOMEM, -E_LIMIT. */
int problem_create(const struct history *h, const struct model *model,
                   const struct problem_input *inputs, size_t n, size_t n_keys,
                   struct problem **ret);
void problem_destroy(struct problem *p);

/* As the model's step. */
static inline int problem_step(const struct problem *p, uint32_t state, uint32_t op, uint32_t *ret)
{
    return p->model->step(&p->env, state, &p->classes[p->ops[op].class].op, ret);
}

/* The model of each key. */
static inline const struct model *problem_model(const struct problem *p)
{
    return p->env.part != NULL ? p->env.part : p->model;
}

/* The part of a state that a key has: where there is one key, all of it. */
uint32_t problem_part(const struct problem *p, uint32_t state, uint32_t key);

static inline bool problem_is_required(const struct problem *p, uint32_t op)
{
    return op < p->n_required;
}

size_t problem_memory_bytes(const struct problem *p);

#endif
