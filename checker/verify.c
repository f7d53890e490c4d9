#include "checker/verify.h"

#include "checker/model.h"
#include "checker/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct replay {
    const struct history *h;
    const struct model *model;
    bool *placed; /* of each operation */
    struct slice family;
    struct slice key;
    struct model_env env;
    uint32_t state;
    uint64_t latest_call; /* of what is placed */
    struct verification found;
};

static struct slice family_of(const struct history_op *op)
{
    return op->family.len > 0 ? op->family : slice_str("default");
}

/* What an order may hold: all that may have happened and means something. */
static bool may_happen(const struct history_op *op)
{
    return op->outcome == OUTCOME_OK || (op->outcome != OUTCOME_FAIL && !op_is_read(op->kind));
}

/* An operation that returned before one in front of it was invoked breaks real time. */
static bool breaks_real_time(const struct replay *r, const struct history_op *op)
{
    return op->outcome == OUTCOME_OK && op->return_seq < r->latest_call;
}

static const char *objection(const struct replay *r, uint64_t index)
{
    const struct history_op *op = &r->h->ops[index];

    if (r->placed[index])
        return "stands in the order twice";
    if (!slice_equal(op->key, r->key) || !slice_equal(family_of(op), r->family))
        return "is of another key";
    if (!may_happen(op))
        return "failed, or is a read without an answer: it has no place in an order";
    if (breaks_real_time(r, op))
        return "returned before one that stands in front of it was invoked";
    return NULL;
}

/* 1: it fits. 0: it does not. */
static int place(struct replay *r, uint64_t index, struct err *e)
{
    const struct history_op *op = &r->h->ops[index];
    const char *why = objection(r, index);
    struct model_op asked;
    int rc;

    if (why != NULL)
        return err_set(e, 0, "operation %" PRIu64 " %s", index, why);
    if (model_admits(r->model, &r->h->header, op, e) < 0)
        return err_prefix(e, 0, "operation %" PRIu64, index);
    rc = model_op_make(r->model, &r->env, op, 0, &asked);
    if (rc == 0)
        rc = r->model->step(&r->env, r->state, &asked, &r->state);
    if (rc == 0)
        return err_set(e, 0, "operation %" PRIu64 " was not answered as the model answers there",
                       index);
    if (rc < 0)
        return err_set(e, rc, "operation %" PRIu64 ": %s", index, err_text(rc));
    r->placed[index] = true;
    r->latest_call = op->call_seq > r->latest_call ? op->call_seq : r->latest_call;
    r->found.n_placed++;
    return 1;
}

static int place_all(struct replay *r, struct witness_part *part, struct err *e)
{
    int rc = 1;

    for (size_t i = 0; rc == 1 && i < part->n_order; i++) {
        uint64_t index = UINT64_MAX;

        if (mp_read_uint(&part->order, UINT64_MAX, &index) < 0 || index >= r->h->n_ops)
            return err_set(e, -E_PARSE, "names operation %" PRIu64 "; the history has %zu", index,
                           r->h->n_ops);
        rc = place(r, index, e);
    }
    return rc;
}

/* Keys come in ascending order, so that none comes twice: an order cut in two proves nothing. */
static int replay_part(struct replay *r, struct witness_part *part, struct err *e)
{
    int c = slice_compare(part->family, r->family);
    int rc;

    c = c != 0 ? c : slice_compare(part->key, r->key);
    if (c <= 0 && r->found.n_partitions > 0)
        return err_set(e, 0, "its keys are not in ascending order");
    r->family = part->family;
    r->key = part->key;
    r->latest_call = 0;
    r->found.n_partitions++;
    rc = strings_create(&r->env.strings);
    if (rc == 0)
        rc = r->model->initial(&r->env, &r->state);
    rc = rc < 0 ? err_set(e, rc, "%s", err_text(rc)) : place_all(r, part, e);
    strings_destroy(r->env.strings);
    r->env.strings = NULL;
    return rc;
}

static int nothing_missing(const struct replay *r, struct err *e)
{
    for (size_t i = 0; i < r->h->n_ops; i++) {
        if (r->h->ops[i].outcome == OUTCOME_OK && !r->placed[i])
            return err_set(e, 0, "operation %zu is in no order, and it did happen", i);
    }
    return 1;
}

static int replay_all(struct replay *r, struct witness *w, struct err *e)
{
    struct witness_part part;
    int more = witness_next(w, &part, e);
    int rc = 1;

    while (more == 1 && rc == 1) {
        rc = replay_part(r, &part, e);
        if (rc == 1)
            more = witness_next(w, &part, e);
    }
    if (more < 0 || rc != 1)
        return more < 0 ? more : rc;
    return nothing_missing(r, e);
}

static int same_history(const struct history *h, const struct witness *w, struct err *e)
{
    uint64_t digest;
    int rc = witness_digest(h, &digest);

    if (rc < 0)
        return err_set(e, rc, "%s", err_text(rc));
    if (digest != w->digest || h->n_ops != w->n_ops)
        return err_set(e, -E_FOREIGN, "a witness of another history, of %" PRIu64 " operations",
                       w->n_ops);
    return 0;
}

int verify_witness(const struct history *h, const char *model, struct slice witness,
                   struct verification *ret, struct err *e)
{
    struct replay r = {.h = h,
                       .env = {.dialect = h->header.dialect, .header = &h->header, .n_keys = 1}};
    struct witness w;
    int rc = witness_open(witness, &w, e);

    if (rc == 0)
        rc = same_history(h, &w, e);
    if (rc < 0)
        return rc;
    if (model == NULL)
        model = h->header.model;
    if (strcmp(model, w.model) != 0)
        return err_set(e, 0, "it is about the model '%s', and the history is measured against '%s'",
                       w.model, model);
    r.model = model_find(model);
    if (r.model == NULL)
        return err_set(e, -E_PARSE, "made with a model that is not known here");
    r.placed = calloc(h->n_ops + 1, sizeof *r.placed);
    if (r.placed == NULL)
        return err_set(e, -E_NOMEM, "%zu operations", h->n_ops);
    rc = replay_all(&r, &w, e);
    free(r.placed);
    if (rc == 1) {
        *ret = r.found;
        snprintf(ret->model, sizeof ret->model, "%s", w.model);
    }
    return rc;
}
