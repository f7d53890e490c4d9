#ifndef RIFT_CHECKER_KEPT_OP_H
#define RIFT_CHECKER_KEPT_OP_H

#include "checker/model.h"

/* An operation with bytes of its own, for as long as it matters. */
struct kept_op {
    struct history_op op;
    size_t n_bytes;
    uint8_t bytes[];
};

/* Errors: -E_NOMEM. */
int kept_op_create(const struct history_op *op, struct kept_op **ret);
void kept_op_destroy(struct kept_op *k);

/* As model_op_make, but the strings are copied: *ret outlives `k`. Errors: -E_NOMEM, -E_LIMIT. */
int kept_op_make(const struct kept_op *k, const struct model *m, const struct model_env *env,
                 struct model_op *ret);

static inline size_t kept_op_bytes(const struct kept_op *k)
{
    return sizeof *k + k->n_bytes;
}

#endif
