#include "checker/checker.h"

#include "checker/engine.h"
#include "checker/partition.h"

#include <stdlib.h>

/* A check: what the options name, and the partitions with their results. */
struct check {
    const struct history *history;
    const struct check_options *options;
    const struct model *model;
    const struct check_engine *engine; /* NULL: chosen for each partition */
    struct partitions *partitions;
    struct check_result *result;
};

const char *verdict_name(enum verdict v)
{
    switch (v) {
    case VERDICT_LINEARIZABLE: return "linearizable";
    case VERDICT_NOT_LINEARIZABLE: return "not linearizable";
    case VERDICT_UNKNOWN: break;
    }
    return "unknown";
}

static int choose(struct check *c, struct err *e)
{
    const struct check_options *o = c->options;
    const char *model = o->model != NULL ? o->model : c->history->header.model;

    c->model = model == NULL ? NULL : model_find(model);
    if (c->model == NULL)
        return err_set(e, -E_INVAL, "there is no model '%s'", model == NULL ? "" : model);
    c->engine = o->engine == NULL ? NULL : engine_find(o->engine);
    if (o->engine != NULL && c->engine == NULL)
        return err_set(e, -E_INVAL, "there is no engine '%s'", o->engine);
    return 0;
}

static int begin_result(struct check *c)
{
    const struct partitions *p = c->partitions;
    struct check_result *r = calloc(1, sizeof *r);

    c->result = r;
    if (r == NULL)
        return -E_NOMEM;
    r->model = c->model->name;
    r->n_ops = p->n_ops;
    r->partitions = calloc(p->n + 1, sizeof *r->partitions);
    if (r->partitions == NULL)
        return -E_NOMEM;
    r->n_partitions = p->n;
    for (size_t i = 0; i < p->n; i++) {
        r->partitions[i] = (struct check_partition){.family = p->items[i].family,
                                                    .key = p->items[i].key,
                                                    .verdict = VERDICT_UNKNOWN,
                                                    .n_ops = p->items[i].n,
                                                    .reason = "not reached"};
    }
    return 0;
}

/* Numbers of the problem become indexes of history.ops. */
static int translate(const struct problem *p, const uint32_t *from, size_t n, const size_t **ret)
{
    size_t *to = calloc(n + 1, sizeof *to);

    if (to == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n; i++)
        to[i] = p->ops[from[i]].original;
    *ret = to;
    return 0;
}

static int take_result(const struct problem *p, const struct engine_result *from,
                       struct check_partition *to)
{
    int rc = translate(p, from->order, from->n_order, &to->order);

    if (rc == 0)
        rc = translate(p, from->stuck, from->n_stuck, &to->stuck);
    if (rc < 0)
        return rc;
    to->verdict = from->verdict;
    to->reason = from->reason;
    to->steps = from->steps;
    to->memory_bytes = from->memory_bytes;
    to->n_order = from->n_order;
    to->n_stuck = from->n_stuck;
    return 0;
}

static int check_one(struct check *c, size_t i)
{
    const struct check_options *o = c->options;
    const struct partition *part = &c->partitions->items[i];
    struct check_partition *to = &c->result->partitions[i];
    struct engine_budget budget = {.spent = o->spent,
                                   .spent_context = o->spent_context,
                                   .memory_bytes_max = o->memory_bytes_max};
    const struct check_engine *decided;
    struct engine_result found = {0};
    struct problem *p = NULL;
    int rc = problem_create(c->history, c->model, part->inputs, part->n, part->n_keys, &p);

    if (rc == 0)
        rc = engine_decide(c->engine, p, &budget, &found, &decided, &to->why);
    if (rc == 0) {
        to->engine = decided->name;
        rc = take_result(p, &found, to);
    } else if (p != NULL && (rc == -E_NOMEM || rc == -E_LIMIT)) {
        /* Of this partition nothing is known; what is known of the others stands. */
        to->reason = "memory ran out";
        rc = 0;
    }
    engine_result_free(&found);
    problem_destroy(p);
    return rc;
}

struct size_at {
    size_t n;
    size_t index;
};

static int longest_first(const void *a, const void *b)
{
    const struct size_at *x = a;
    const struct size_at *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int check_all(struct check *c)
{
    size_t n = c->partitions->n;
    struct size_at *order = calloc(n + 1, sizeof *order);
    int rc = order == NULL ? -E_NOMEM : 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        order[i] = (struct size_at){.n = c->partitions->items[i].n, .index = i};
    if (rc == 0)
        qsort(order, n, sizeof *order, longest_first);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = check_one(c, order[i].index);
        if (rc == 0 && !c->options->all &&
            c->result->partitions[order[i].index].verdict == VERDICT_NOT_LINEARIZABLE)
            break;
    }
    free(order);
    return rc;
}

static void combine(struct check_result *r)
{
    r->verdict = VERDICT_LINEARIZABLE;
    for (size_t i = 0; i < r->n_partitions; i++) {
        if (r->partitions[i].verdict == VERDICT_NOT_LINEARIZABLE) {
            r->verdict = VERDICT_NOT_LINEARIZABLE;
            r->worst = i;
            return;
        }
        if (r->partitions[i].verdict == VERDICT_UNKNOWN)
            r->verdict = VERDICT_UNKNOWN;
    }
}

int check_history(const struct history *h, const struct check_options *o, struct check_result **ret,
                  struct err *e)
{
    struct check c = {.history = h, .options = o};
    int rc = choose(&c, e);

    if (rc == 0)
        rc = partitions_make(h, c.model, o->whole, &c.partitions, e);
    if (rc < 0)
        return rc;
    rc = begin_result(&c);
    if (rc == 0)
        rc = check_all(&c);
    partitions_destroy(c.partitions);
    if (rc < 0) {
        check_result_free(&c.result);
        return err_set(e, rc, "checking %zu operations", h->n_ops);
    }
    combine(c.result);
    *ret = c.result;
    return 0;
}

void check_result_free(struct check_result **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; (*r)->partitions != NULL && i < (*r)->n_partitions; i++) {
        free((void *)(*r)->partitions[i].order);
        free((void *)(*r)->partitions[i].stuck);
    }
    free((*r)->partitions);
    free(*r);
    *r = NULL;
}
