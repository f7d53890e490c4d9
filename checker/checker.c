#include "checker/checker.h"

#include "checker/engine.h"
#include "checker/partition.h"
#include "checker/share.h"

#include <stdatomic.h>
#include <stdlib.h>

/* A check: what the options name, and the partitions with their results. */
struct check {
    const struct history *history;
    const struct check_options *options;
    const struct model *model;
    const struct check_engine *engine; /* NULL: chosen for each partition */
    struct partitions *partitions;
    struct check_result *result;
    size_t *ranks; /* partitions, the longest first: the order of the search */
    struct share share;

    /* What the threads of a pool share. */
    atomic_size_t first_violation; /* the lowest rank that has one; what stands behind it does not
                                      count, unless all are asked for */
    atomic_int error;              /* the first one */
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

    c->model = o->custom;
    if (c->model == NULL && model != NULL)
        c->model = model_find(model);
    if (c->model == NULL)
        return err_set(e, -E_INVAL, "there is no model '%s'", model == NULL ? "" : model);
    c->engine = o->engine == NULL ? NULL : engine_find(o->engine);
    if (o->engine != NULL && c->engine == NULL)
        return err_set(e, -E_INVAL, "there is no engine '%s'", o->engine);
    return 0;
}

static struct check_partition not_reached(const struct partition *p)
{
    return (struct check_partition){.family = p->family,
                                    .key = p->key,
                                    .of_element = p->of_element,
                                    .element = p->element,
                                    .verdict = VERDICT_UNKNOWN,
                                    .n_ops = p->n,
                                    .unexplained = SIZE_MAX,
                                    .reason = "not reached"};
}

static int begin_result(struct check *c)
{
    const struct partitions *p = c->partitions;
    struct check_result *r = calloc(1, sizeof *r);

    c->result = r;
    if (r == NULL)
        return -E_NOMEM;
    r->model = c->model->name;
    r->object = c->model;
    r->n_ops = p->n_ops;
    r->partitions = calloc(p->n + 1, sizeof *r->partitions);
    if (r->partitions == NULL)
        return -E_NOMEM;
    r->n_partitions = p->n;
    for (size_t i = 0; i < p->n; i++)
        r->partitions[i] = not_reached(&p->items[i]);
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
    to->n_explained = from->n_explained;
    if (from->verdict == VERDICT_UNKNOWN && from->n_explained < p->n_required)
        to->unexplained = p->ops[p->by_return[from->n_explained]].original;
    return 0;
}

/* 1: a direct engine has had the last word. 0: not. */
static int check_directly(const struct check *c, const struct partition *part,
                          const struct engine_budget *budget, struct check_partition *to)
{
    struct engine_part whole = {.history = c->history,
                                .model = c->model,
                                .inputs = part->inputs,
                                .n = part->n,
                                .n_keys = part->n_keys};
    const struct check_engine *decided;
    struct direct_result found;
    int rc = engine_decide_direct(c->engine, &whole, budget, &found, &decided, &to->why);

    if (rc == 1) {
        to->engine = decided->name;
        to->verdict = found.verdict;
        to->reason = found.reason;
        to->steps = found.n_order;
        to->memory_bytes = found.memory_bytes;
        to->order = found.order;
        to->n_order = found.n_order;
    }
    return rc;
}

/* One partition's part in a check. */
struct turn {
    struct check *check;
    size_t rank;
};

/* Whether the verdict of this rank is not wanted any more. */
static bool is_idle(const struct check *c, size_t rank)
{
    return atomic_load(&c->error) != 0 ||
           (!c->options->all && rank > atomic_load(&c->first_violation));
}

static bool spent(void *context)
{
    const struct turn *t = context;
    const struct check_options *o = t->check->options;

    return is_idle(t->check, t->rank) || (o->spent != NULL && o->spent(o->spent_context));
}

/* Looks for an order that goes farther than that of a direct engine, which it takes from *to. */
static int lengthen(const struct problem *p, const struct engine_budget *budget,
                    struct check_partition *to, size_t n_history, struct engine_result *ret)
{
    uint32_t *number = calloc(n_history + 1, sizeof *number); /* of each index of history.ops */
    uint32_t *start = calloc(to->n_order + 1, sizeof *start);
    int rc = -E_NOMEM;

    if (number != NULL && start != NULL) {
        for (uint32_t i = 0; i < p->n_ops; i++)
            number[p->ops[i].original] = i;
        for (size_t i = 0; i < to->n_order; i++)
            start[i] = number[to->order[i]];
        rc = jit_longest(p, budget, start, to->n_order, ret);
    }
    free(number);
    free(start);
    if (rc == 0) {
        free((void *)to->order);
        to->order = NULL;
    }
    return rc;
}

static int check_one(struct turn *t)
{
    struct check *c = t->check;
    const struct partition *part = &c->partitions->items[c->ranks[t->rank]];
    struct check_partition *to = &c->result->partitions[c->ranks[t->rank]];
    struct engine_budget budget = {.spent = spent,
                                   .spent_context = t,
                                   .memory_bytes_max = share_of(&c->share, part->n),
                                   .verdict_only = c->options->verdict_only,
                                   .without = c->options->without};
    const struct check_engine *decided;
    struct engine_result found = {0};
    struct problem *p = NULL;
    int rc = check_directly(c, part, &budget, to);
    bool is_violation = rc == 1 && to->verdict == VERDICT_NOT_LINEARIZABLE;

    if (rc < 0)
        to->reason = "memory ran out";
    if (rc < 0 || (rc == 1 && (!is_violation || budget.verdict_only)))
        return 0;
    rc = problem_create(c->history, part->of_element ? c->model->element : c->model, part->inputs,
                        part->n, part->n_keys, &p);
    if (rc == 0 && is_violation)
        rc = lengthen(p, &budget, to, c->history->n_ops, &found);
    else if (rc == 0)
        rc = engine_decide(c->engine, p, &budget, &found, &decided, &to->why);
    if (rc == 0) {
        to->engine = is_violation ? to->engine : decided->name;
        rc = take_result(p, &found, to);
    } else if (is_violation) {
        rc = 0; /* it stands without the order that got farthest */
    } else if (p != NULL && (rc == -E_NOMEM || rc == -E_LIMIT)) {
        /* Of this partition nothing is known; what is known of the others stands. */
        to->reason = "memory ran out";
        rc = 0;
    }
    engine_result_free(&found);
    problem_destroy(p);
    return rc;
}

static void lower(atomic_size_t *least, size_t to)
{
    size_t now = atomic_load(least);

    while (to < now && !atomic_compare_exchange_weak(least, &now, to))
        ;
}

/* A task of the pool. */
static void take_turn(void *of, size_t rank)
{
    struct check *c = of;
    struct turn t = {.check = c, .rank = rank};
    int none = 0;
    int rc;

    if (is_idle(c, rank))
        return;
    rc = check_one(&t);
    if (rc < 0)
        atomic_compare_exchange_strong(&c->error, &none, rc);
    else if (c->result->partitions[c->ranks[rank]].verdict == VERDICT_NOT_LINEARIZABLE)
        lower(&c->first_violation, rank);
}

static void one_by_one(size_t jobs, size_t n, void (*task)(void *of, size_t i), void *of)
{
    (void)jobs;
    for (size_t i = 0; i < n; i++)
        task(of, i);
}

static void free_outputs(struct check_partition *p)
{
    free((void *)p->order);
    free((void *)p->stuck);
}

/* What other threads did behind the first violation is not told: it would not have been done
 * without them. */
static void forget_behind_violation(struct check *c)
{
    size_t first = atomic_load(&c->first_violation);

    for (size_t rank = 0; !c->options->all && rank < c->partitions->n; rank++) {
        struct check_partition *p = &c->result->partitions[c->ranks[rank]];

        if (rank <= first)
            continue;
        free_outputs(p);
        *p = not_reached(&c->partitions->items[c->ranks[rank]]);
    }
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

/* Fills c->ranks and divides the memory. */
static int rank(struct check *c)
{
    const struct check_pool *pool = c->options->pool;
    size_t n = c->partitions->n;
    struct size_at *order = calloc(n + 1, sizeof *order);
    size_t *sizes = calloc(n + 1, sizeof *sizes);

    c->ranks = calloc(n + 1, sizeof *c->ranks);
    if (order == NULL || sizes == NULL || c->ranks == NULL) {
        free(order);
        free(sizes);
        return -E_NOMEM;
    }
    for (size_t i = 0; i < n; i++)
        order[i] = (struct size_at){.n = c->partitions->items[i].n, .index = i};
    qsort(order, n, sizeof *order, longest_first);
    for (size_t i = 0; i < n; i++) {
        c->ranks[i] = order[i].index;
        sizes[i] = order[i].n;
    }
    c->share = share_make(c->options->memory_bytes_max, pool == NULL ? 1 : pool->jobs, sizes, n);
    free(order);
    free(sizes);
    return 0;
}

static int check_all(struct check *c)
{
    const struct check_pool *pool = c->options->pool;
    int rc = rank(c);

    if (rc < 0)
        return rc;
    atomic_init(&c->first_violation, SIZE_MAX);
    atomic_init(&c->error, 0);
    (pool == NULL ? one_by_one : pool->run)(c->share.jobs, c->partitions->n, take_turn, c);
    forget_behind_violation(c);
    return atomic_load(&c->error);
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

static enum partition_by partitioning(const struct check_options *o)
{
    if (o->whole)
        return PARTITION_NOT_AT_ALL;
    return o->by_key ? PARTITION_BY_KEY : PARTITION_BY_ELEMENT;
}

int check_history(const struct history *h, const struct check_options *o, struct check_result **ret,
                  struct err *e)
{
    struct check c = {.history = h, .options = o};
    int rc = choose(&c, e);

    if (rc == 0)
        rc = partitions_make(h, c.model, partitioning(o), &c.partitions, e);
    if (rc < 0)
        return rc;
    rc = begin_result(&c);
    if (rc == 0)
        rc = check_all(&c);
    partitions_destroy(c.partitions);
    free(c.ranks);
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
    for (size_t i = 0; (*r)->partitions != NULL && i < (*r)->n_partitions; i++)
        free_outputs(&(*r)->partitions[i]);
    free((*r)->partitions);
    free(*r);
    *r = NULL;
}
