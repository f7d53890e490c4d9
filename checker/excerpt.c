#include "checker/excerpt.h"

#include <stdlib.h>

/* --- cutting -------------------------------------------------------------------------------- */

/* False: nothing of it is left. */
static bool cut_op(const struct history_op *op, uint64_t cut, struct history_op *ret)
{
    if (op->call_seq > cut)
        return false;
    *ret = *op;
    if (op->outcome == OUTCOME_OK && op->return_seq <= cut)
        return true;
    ret->outcome = OUTCOME_PENDING;
    ret->status = STATUS_OK;
    ret->return_seq = HISTORY_NEVER;
    ret->result = (struct slice){0};
    return !op_is_read(op->kind);
}

/* 1: *ret is what is left. 0: nothing. */
static int take(struct excerpt *x, size_t original, uint64_t cut, struct excerpt_op *ret)
{
    const struct history_op *whole = &x->history->ops[original];
    struct model_op asked;
    int rc;

    if (!cut_op(whole, cut, &ret->op))
        return 0;
    rc = model_op_make(x->model, &x->env, whole, 0, &asked);
    if (rc < 0)
        return rc;
    if (ret->op.outcome != OUTCOME_OK && x->model->observes(&x->env, &asked))
        return 0;
    rc = model_op_make(x->model, &x->env, &ret->op, 0, &ret->asked);
    if (rc < 0)
        return rc;
    ret->original = original;
    ret->observes = x->model->observes(&x->env, &ret->asked);
    if (x->model->effect != NULL)
        ret->effect = x->model->effect(&x->env, &ret->asked);
    return 1;
}

static int fill(struct excerpt *x, const struct problem_input *inputs, size_t n, uint64_t cut)
{
    int rc = strings_create(&x->env.strings);

    for (size_t i = 0; rc >= 0 && i < n; i++) {
        rc = take(x, inputs[i].original, cut, &x->ops[x->n]);
        x->n += rc == 1;
    }
    return rc < 0 ? rc : 0;
}

int excerpt_create(const struct history *h, const struct model *m,
                   const struct problem_input *inputs, size_t n, uint64_t cut, struct excerpt **ret)
{
    struct excerpt *x = calloc(1, sizeof *x);
    int rc = -E_NOMEM;

    if (x == NULL)
        return rc;
    x->history = h;
    x->model = m;
    x->env = (struct model_env){
        .dialect = h->header.dialect, .header = &h->header, .context = m->context, .n_keys = 1};
    x->ops = calloc(n + 1, sizeof *x->ops);
    if (x->ops != NULL)
        rc = fill(x, inputs, n, cut);
    if (rc < 0) {
        excerpt_destroy(x);
        return rc;
    }
    *ret = x;
    return 0;
}

void excerpt_destroy(struct excerpt *x)
{
    if (x == NULL)
        return;
    strings_destroy(x->env.strings);
    free(x->ops);
    free(x);
}

/* --- checking ------------------------------------------------------------------------------- */

static int impossible(const struct history *h, const struct model *m, struct history_op *ops,
                      size_t n, const struct check_options *o)
{
    struct history part = {.header = h->header, .ops = ops, .n_ops = n};
    struct check_options options = *o;
    struct check_result *r;
    bool found;
    int rc;

    options.custom = m;
    options.engine = NULL;
    options.whole = false;
    options.verdict_only = true;
    rc = check_history(&part, &options, &r, NULL);
    if (rc < 0)
        return rc;
    found = r->verdict == VERDICT_NOT_LINEARIZABLE;
    check_result_free(&r);
    return found;
}

int excerpt_impossible(const struct excerpt *x, const bool *keep, const struct check_options *o)
{
    struct history_op *ops;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < x->n; i++)
        n += keep[i];
    ops = calloc(n + 1, sizeof *ops);
    if (ops == NULL)
        return -E_NOMEM;
    n = 0;
    for (size_t i = 0; i < x->n; i++) {
        if (keep[i])
            ops[n++] = x->ops[i].op;
    }
    rc = impossible(x->history, x->model, ops, n, o);
    free(ops);
    return rc;
}

int excerpt_cut_impossible(const struct history *h, const struct model *m,
                           const struct problem_input *inputs, size_t n, uint64_t cut,
                           const struct check_options *o)
{
    struct history_op *ops = calloc(n + 1, sizeof *ops);
    size_t n_ops = 0;
    int rc;

    if (ops == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n; i++)
        n_ops += cut_op(&h->ops[inputs[i].original], cut, &ops[n_ops]);
    rc = impossible(h, m, ops, n_ops, o);
    free(ops);
    return rc;
}
