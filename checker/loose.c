#include "checker/loose.h"

#include <stdlib.h>

struct loose {
    const struct versions *versions;
    const uint32_t *order;
    uint32_t n_order;
    uint32_t *lowest;  /* by event: behind the last in the order of those that returned before */
    uint32_t *highest; /* by event: before the first of those that were called later */
    uint32_t *op;      /* the loose ones, by call... */
    uint32_t *place;   /* ...each stands before this place of the order */
    uint32_t n;
};

static size_t n_events(const struct loose *l)
{
    return 2 * (size_t)l->versions->problem->n_ops + 1;
}

static int loose_init(struct loose *l)
{
    size_t n = l->versions->n_loose;

    l->lowest = calloc(n_events(l), sizeof *l->lowest);
    l->highest = calloc(n_events(l), sizeof *l->highest);
    l->op = calloc(n + 1, sizeof *l->op);
    l->place = calloc(n + 1, sizeof *l->place);
    return l->lowest == NULL || l->highest == NULL || l->op == NULL || l->place == NULL ? -E_NOMEM
                                                                                        : 0;
}

static void loose_free(struct loose *l)
{
    free(l->lowest);
    free(l->highest);
    free(l->op);
    free(l->place);
}

/* What real time says: the bounds at each event. */
static void note_bounds(struct loose *l)
{
    const struct problem_op *ops = l->versions->problem->ops;
    size_t n = n_events(l);

    for (size_t i = 0; i < n; i++)
        l->highest[i] = l->n_order;
    for (uint32_t i = 0; i < l->n_order; i++) {
        const struct problem_op *op = &ops[l->order[i]];

        l->highest[op->call] = i;
        if (op->ret != PROBLEM_NEVER)
            l->lowest[op->ret] = i + 1;
    }
    for (size_t i = 1; i < n; i++) {
        if (l->lowest[i] < l->lowest[i - 1])
            l->lowest[i] = l->lowest[i - 1];
        if (l->highest[n - 1 - i] > l->highest[n - i])
            l->highest[n - 1 - i] = l->highest[n - i];
    }
}

/* The state before a place of the order; VERSION_NONE: nobody saw what it is. */
static uint32_t state_at(const struct loose *l, uint32_t place)
{
    return place == 0 ? l->versions->problem->initial
                      : versions_state(l->versions, versions_of(l->versions, l->order[place - 1]));
}

/* The next place with another state. */
static uint32_t next_state(const struct loose *l, uint32_t place)
{
    uint32_t version = place == 0 ? l->versions->problem->initial
                                  : versions_of(l->versions, l->order[place - 1]);

    return l->versions->items[version].end + 1;
}

/* As the model's step, where the state is known. */
static int fits(const struct loose *l, uint32_t place, uint32_t op)
{
    uint32_t state = state_at(l, place);

    return state == VERSION_NONE ? 0 : problem_step(l->versions->problem, state, op, &state);
}

/* 1: placed. 0: no state that it may meet fits. */
static int place_one(struct loose *l, uint32_t op)
{
    const struct problem *p = l->versions->problem;
    uint32_t place = l->lowest[p->ops[op].call];

    if (l->n > 0 && place < l->place[l->n - 1])
        place = l->place[l->n - 1];
    for (; place <= l->highest[p->ops[op].ret]; place = next_state(l, place)) {
        int rc = fits(l, place, op);

        if (rc < 0)
            return rc;
        if (rc == 1) {
            l->op[l->n] = op;
            l->place[l->n++] = place;
            return 1;
        }
    }
    return 0;
}

static int merge(struct loose *l, uint32_t **ret)
{
    uint32_t *merged = calloc((size_t)l->n_order + l->n + 1, sizeof *merged);
    uint32_t n = 0;
    uint32_t k = 0;

    if (merged == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i <= l->n_order; i++) {
        while (k < l->n && l->place[k] == i)
            merged[n++] = l->op[k++];
        if (i < l->n_order)
            merged[n++] = l->order[i];
    }
    *ret = merged;
    return 1;
}

int loose_place(const struct versions *v, uint32_t **order, uint32_t *n_order)
{
    struct loose l = {.versions = v, .order = *order, .n_order = *n_order};
    uint32_t *merged = NULL;
    int rc;

    if (v->n_loose == 0)
        return 1;
    rc = loose_init(&l);
    if (rc == 0) {
        note_bounds(&l);
        rc = 1;
    }
    for (uint32_t i = 0; rc == 1 && i < v->problem->n_required; i++) {
        if (versions_of(v, i) == VERSION_NONE)
            rc = place_one(&l, i);
    }
    if (rc == 1)
        rc = merge(&l, &merged);
    if (rc == 1) {
        free(*order);
        *order = merged;
        *n_order += l.n;
    }
    loose_free(&l);
    return rc;
}
