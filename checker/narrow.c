#include "checker/narrow.h"

#include <stdlib.h>

/* A group: the states that compare-and-set made of each other, with all operations that leave or
 * want one of them. f is the earliest return in it, s the latest call. A has to be before B, as a
 * whole, when f(A) < s(B). Sorted by max(f, s), a group that has to be before one in front of it
 * has to be behind it as well (checker/zones.c): these two contradict each other. */

#define NO_STATE UINT32_MAX

struct group {
    uint64_t first; /* f */
    uint64_t last;  /* s */
    uint32_t root;  /* state */
};

struct groups {
    const struct excerpt *x;
    size_t n_states;
    uint32_t *parents; /* of each state: a forest, one tree a group */
    struct group *items;
    size_t n;
};

static uint32_t root_of(struct groups *g, uint32_t state)
{
    while (g->parents[state] != state) {
        g->parents[state] = g->parents[g->parents[state]];
        state = g->parents[state];
    }
    return state;
}

/* A state that an operation has to do with; NO_STATE: it has to do with many, or none. */
static uint32_t state_of(const struct excerpt_op *o)
{
    if (o->effect.kind == EFFECT_SET)
        return o->effect.left;
    return o->effect.wants ? o->effect.wanted : NO_STATE;
}

/* False: there are appends, which are in many states. */
static bool join_states(struct groups *g)
{
    for (uint32_t i = 0; i < g->n_states; i++)
        g->parents[i] = i;
    for (size_t i = 0; i < g->x->n; i++) {
        const struct model_effect *e = &g->x->ops[i].effect;

        if (e->kind == EFFECT_APPEND)
            return false;
        if (e->kind == EFFECT_SET && e->wants)
            g->parents[root_of(g, e->left)] = root_of(g, e->wanted);
    }
    return true;
}

static void note_times(struct groups *g)
{
    for (uint32_t i = 0; i < g->n_states; i++)
        g->items[i] = (struct group){.first = HISTORY_NEVER, .root = i};
    for (size_t i = 0; i < g->x->n; i++) {
        const struct excerpt_op *o = &g->x->ops[i];
        uint32_t state = state_of(o);
        struct group *to;

        if (state == NO_STATE || !excerpt_is_required(o))
            continue;
        to = &g->items[root_of(g, state)];
        to->first = o->op.return_seq < to->first ? o->op.return_seq : to->first;
        to->last = o->op.call_seq > to->last ? o->op.call_seq : to->last;
    }
}

static uint64_t place_of(const struct group *g)
{
    return g->first > g->last ? g->first : g->last;
}

static int by_place(const void *a, const void *b)
{
    uint64_t x = place_of(a);
    uint64_t y = place_of(b);

    return x < y ? -1 : x > y;
}

/* The start was there before everything. */
static int note_start(struct groups *g)
{
    uint32_t initial;
    int rc = g->x->model->initial(&g->x->env, &initial);

    if (rc == 0 && initial < g->n_states)
        g->items[root_of(g, initial)].first = 0;
    return rc;
}

/* Two groups each of which has to be before the other. */
static bool find_conflict(struct groups *g, uint32_t ret[2])
{
    const struct group *earliest = NULL;

    for (size_t i = 0; i < g->n_states; i++) {
        if (g->items[i].first != HISTORY_NEVER)
            g->items[g->n++] = g->items[i];
    }
    qsort(g->items, g->n, sizeof *g->items, by_place);
    for (size_t i = g->n; i-- > 0;) {
        if (earliest != NULL && earliest->first < g->items[i].last) {
            ret[0] = g->items[i].root;
            ret[1] = earliest->root;
            return true;
        }
        if (earliest == NULL || g->items[i].first < earliest->first)
            earliest = &g->items[i];
    }
    return false;
}

static int guess(struct groups *g, bool *keep)
{
    uint32_t pair[2];
    int rc;

    if (!join_states(g))
        return 0;
    note_times(g);
    rc = note_start(g);
    if (rc < 0 || !find_conflict(g, pair))
        return rc;
    for (size_t i = 0; i < g->x->n; i++) {
        uint32_t state = state_of(&g->x->ops[i]);
        uint32_t root = state == NO_STATE ? NO_STATE : root_of(g, state);

        keep[i] = root == pair[0] || root == pair[1];
    }
    return 1;
}

int narrow_guess(const struct excerpt *x, bool *keep)
{
    struct groups g = {.x = x, .n_states = strings_count(x->env.strings)};
    int rc = -E_NOMEM;

    if (x->model->effect == NULL)
        return 0;
    g.parents = calloc(g.n_states + 1, sizeof *g.parents);
    g.items = calloc(g.n_states + 1, sizeof *g.items);
    if (g.parents != NULL && g.items != NULL)
        rc = guess(&g, keep);
    free(g.parents);
    free(g.items);
    return rc;
}
