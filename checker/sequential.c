#include "checker/sequential.h"

#include "checker/program_order.h"

#include <stdlib.h>

static int out_of(struct err *e, int rc)
{
    return err_set(e, rc, "sequential consistency: %s", err_text(rc));
}

/* --- keys ----------------------------------------------------------------------------------- */

static int search_key(const struct history *h, const struct model *m, const struct partition *p,
                      const struct check_options *o, struct sequential_key *key)
{
    int rc;

    key->order = calloc(p->n + 1, sizeof *key->order);
    if (key->order == NULL)
        return -E_NOMEM;
    rc = program_order_search(h, m, p, o, key->order, &key->n_order);
    if (rc < 0 && rc != -E_BUSY)
        return rc;
    key->verdict = rc == 1   ? VERDICT_LINEARIZABLE
                   : rc == 0 ? VERDICT_NOT_LINEARIZABLE
                             : VERDICT_UNKNOWN;
    return 0;
}

/* What is linearizable keeps every process's order as well, and needs no search. */
static int check_keys(const struct history *h, const struct check_options *o,
                      const struct check_result *linear, const struct partitions *p,
                      struct sequential_result *r)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < p->n; i++) {
        struct sequential_key *key = &r->keys[r->n_keys++];

        key->family = p->items[i].family;
        key->key = p->items[i].key;
        key->n_ops = p->items[i].n;
        key->linearizable = linear->partitions[i].verdict == VERDICT_LINEARIZABLE;
        key->verdict = VERDICT_LINEARIZABLE;
        if (!key->linearizable)
            rc = search_key(h, linear->object, &p->items[i], o, key);
        if (key->verdict == VERDICT_NOT_LINEARIZABLE ||
            (key->verdict == VERDICT_UNKNOWN && r->verdict == VERDICT_LINEARIZABLE))
            r->verdict = key->verdict;
    }
    return rc;
}

/* --- whole ---------------------------------------------------------------------------------- */

static int check_all(const struct history *h, const struct check_options *o,
                     const struct check_result *linear, struct sequential_result *r, struct err *e)
{
    struct partitions *p;
    int rc = partitions_make(h, linear->object, PARTITION_BY_KEY, &p, e);

    if (rc < 0)
        return rc;
    r->model = linear->model;
    r->n_ops = linear->n_ops;
    r->keys = calloc(p->n + 1, sizeof *r->keys);
    rc = r->keys == NULL ? -E_NOMEM : check_keys(h, o, linear, p, r);
    partitions_destroy(p);
    return rc < 0 ? out_of(e, rc) : 0;
}

int sequential_check(const struct history *h, const struct check_options *o,
                     struct sequential_result **ret, struct err *e)
{
    struct sequential_result *r = calloc(1, sizeof *r);
    struct check_options all = *o;
    struct check_result *linear;
    int rc;

    if (r == NULL)
        return out_of(e, -E_NOMEM);
    all.all = true;
    all.whole = false;
    all.by_key =
        true; /* orders of elements need not make one of the set that keeps every process's */
    all.engine = NULL;
    all.verdict_only = true;
    r->verdict = VERDICT_LINEARIZABLE;
    rc = check_history(h, &all, &linear, e);
    if (rc == 0) {
        rc = check_all(h, o, linear, r, e);
        check_result_free(&linear);
    }
    if (rc < 0) {
        sequential_result_free(&r);
        return rc;
    }
    *ret = r;
    return 0;
}

void sequential_result_free(struct sequential_result **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < (*r)->n_keys; i++)
        free((*r)->keys[i].order);
    free((*r)->keys);
    free(*r);
    *r = NULL;
}

/* --- in words ------------------------------------------------------------------------------- */

static const char *const names[] = {
    [VERDICT_LINEARIZABLE] = "sequentially consistent key by key",
    [VERDICT_NOT_LINEARIZABLE] = "not sequentially consistent",
    [VERDICT_UNKNOWN] = "unknown",
};

static int tell_key(const struct sequential_key *key, struct buf *out)
{
    int rc = buf_printf(out, "  key ");

    if (rc == 0)
        rc = history_describe_bytes(key->key, out);
    if (rc < 0)
        return rc;
    if (key->verdict == VERDICT_UNKNOWN)
        return buf_printf(out, ": unknown, the budget was spent\n");
    return buf_printf(out, ": no order of its %zu operations keeps each process's own\n",
                      key->n_ops);
}

int sequential_tell(const struct sequential_result *r, struct buf *out)
{
    size_t n_linearizable = 0;
    int rc;

    for (size_t i = 0; i < r->n_keys; i++)
        n_linearizable += r->keys[i].linearizable;
    rc = buf_printf(out, "%s: %zu operations in %zu partition%s (%zu linearizable), model '%s'\n",
                    names[r->verdict], r->n_ops, r->n_keys, r->n_keys == 1 ? "" : "s",
                    n_linearizable, r->model);
    for (size_t i = 0; rc == 0 && i < r->n_keys; i++) {
        if (r->keys[i].verdict != VERDICT_LINEARIZABLE)
            rc = tell_key(&r->keys[i], out);
    }
    return rc;
}
