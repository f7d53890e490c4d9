#include "checker/search.h"

#include "base/check.h"

#include <stdlib.h>

/* Asking a clock costs more than a step does. */
enum { TURNS_PER_CLOCK = 1024 };

#define HIDDEN (UINT32_C(1) << 31) /* beside the number of an operation */

static int add_seen(struct search *s)
{
    bool matters = s->relevance == NULL || relevance_matters(s->relevance, &s->at);
    uint32_t state = matters ? s->at.state : SEEN_ANY_STATE;
    int rc = s->takers == NULL ? 0 : takers_state(s->takers, &s->at, &state);

    return rc < 0 ? rc : seen_add(&s->seen, &s->at, state);
}

int search_begin(struct search *s, const struct problem *p, const struct engine_budget *budget,
                 uint32_t prunings)
{
    int rc;

    *s = (struct search){.problem = p, .budget = budget};
    s->longest.ops = calloc((size_t)p->n_ops + 1, sizeof *s->longest.ops);
    rc = s->longest.ops == NULL ? -E_NOMEM : placement_init(&s->at, p, (prunings & PRUNING_H) != 0);
    if (rc == 0)
        rc = seen_init(&s->seen, &s->at, (prunings & PRUNING_D) != 0);
    if (rc == 0 && (prunings & PRUNING_V) != 0)
        rc = relevance_create(p, &s->relevance);
    if (rc == 0 && (prunings & PRUNING_T) != 0)
        rc = takers_create(p, &s->takers);
    if (rc == 0)
        rc = add_seen(s);
    return rc < 0 ? rc : 0;
}

void search_end(struct search *s)
{
    placement_free(&s->at);
    seen_free(&s->seen);
    relevance_destroy(s->relevance);
    takers_destroy(s->takers);
    free(s->longest.ops);
    *s = (struct search){0};
}

static void note_longest(struct search *s)
{
    struct longest *l = &s->longest;

    if (s->at.n_required <= l->n_required)
        return;
    for (uint32_t i = l->shared; i < s->at.depth; i++)
        l->ops[i] = s->at.order[i].op | (s->at.order[i].hidden ? HIDDEN : 0);
    l->n = s->at.depth;
    l->n_required = s->at.n_required;
    l->shared = s->at.depth;
}

static void step_back(struct search *s)
{
    placement_pop(&s->at);
    if (s->takers != NULL)
        takers_remove(s->takers);
    if (s->longest.shared > s->at.depth)
        s->longest.shared = s->at.depth;
}

/* Keeps the step just made when what it gives was not seen. */
static int keep_step(struct search *s)
{
    int rc = add_seen(s);

    if (rc != 1) {
        step_back(s);
        return rc;
    }
    s->steps++;
    if (s->at.next_return > s->farthest)
        s->farthest = s->at.next_return;
    return rc;
}

int search_enter(struct search *s, uint32_t op, uint32_t state)
{
    if (s->takers != NULL) {
        int rc = takers_place(s->takers, op);

        if (rc != 1)
            return rc;
    }
    placement_push(&s->at, op, state);
    return keep_step(s);
}

int search_hide(struct search *s)
{
    placement_hide(&s->at);
    return keep_step(s);
}

uint32_t search_back(struct search *s)
{
    uint32_t op;

    CHECK(s->at.depth > 0);
    op = s->at.order[s->at.depth - 1].op;
    note_longest(s);
    step_back(s);
    return op;
}

/* What cannot give way. */
static size_t needed_bytes(const struct search *s)
{
    return problem_memory_bytes(s->problem) + placement_memory_bytes(&s->at) +
           relevance_memory_bytes(s->relevance) + takers_memory_bytes(s->takers) + s->engine_bytes +
           (size_t)s->problem->n_ops * sizeof *s->longest.ops;
}

/* Divides what the budget has between what is needed (new states make it more) and what was
 * visited. False: there is no room. */
static bool fit(struct search *s)
{
    size_t max = s->budget->memory_bytes_max;
    size_t needed = needed_bytes(s);

    if (max == 0)
        return true;
    seen_bound(&s->seen, needed < max ? max - needed : 0);
    return needed + seen_memory_bytes(&s->seen) <= max;
}

const char *search_out_of_budget(struct search *s)
{
    const struct engine_budget *b = s->budget;

    if (!fit(s))
        return "memory budget spent";
    if (s->turns++ % TURNS_PER_CLOCK == 0 && b->spent != NULL && b->spent(b->spent_context))
        return "time budget spent";
    return NULL;
}

/* Without operations of unknown outcome at its end: they led to nothing. */
static size_t useful_length(const struct problem *p, const struct longest *l)
{
    size_t n = l->n;

    while (n > 0 && !problem_is_required(p, l->ops[n - 1] & ~HIDDEN))
        n--;
    return n;
}

/* Writes the first n steps as an order in which nothing is hidden: what was hidden stands right
 * before the last operation in front of it that hides. Those there were open together, so any
 * order among them will do. */
static void unhide(const struct problem *p, const uint32_t *steps, size_t n, uint32_t *order)
{
    size_t to = n;
    size_t n_waiting = 0; /* at the front of `order`, which is written from its end */

    for (size_t from = n; from-- > 0;) {
        uint32_t op = steps[from] & ~HIDDEN;

        if (op != steps[from]) {
            order[n_waiting++] = op;
            continue;
        }
        order[--to] = op;
        while (n_waiting > 0 && p->classes[p->ops[op].class].hides)
            order[--to] = order[--n_waiting];
    }
    CHECK_THAT(to == 0, "%zu operations are hidden by nothing", to);
}

/* Goes to the end of the order of *ret and places what can be placed there: an engine that looks
 * ahead turns back while operations still fit. */
static int extend(struct search *s, struct engine_result *ret)
{
    uint32_t op = PLACEMENT_NONE;
    uint32_t state;
    int rc;

    while (s->at.depth > 0)
        placement_pop(&s->at);
    for (size_t i = 0; i < ret->n_order; i++) {
        rc = problem_step(s->problem, s->at.state, ret->order[i], &state);
        if (rc < 0)
            return rc;
        CHECK_THAT(rc == 1, "step %zu of the longest order", i);
        placement_push(&s->at, ret->order[i], state);
    }
    while ((op = placement_open(&s->at, op)) != PLACEMENT_NONE) {
        rc = problem_step(s->problem, s->at.state, op, &state);
        if (rc < 0)
            return rc;
        if (rc == 1) {
            placement_push(&s->at, op, state);
            ret->order[ret->n_order++] = op;
            op = PLACEMENT_NONE;
        }
    }
    return 0;
}

/* The required operations that stand open behind the longest order. */
static int find_stuck(struct search *s, struct engine_result *ret)
{
    uint32_t op = PLACEMENT_NONE;

    ret->stuck = calloc((size_t)s->problem->n_slots + 1, sizeof *ret->stuck);
    if (ret->stuck == NULL)
        return -E_NOMEM;
    while ((op = placement_open(&s->at, op)) != PLACEMENT_NONE)
        ret->stuck[ret->n_stuck++] = op;
    return 0;
}

int search_result(struct search *s, enum verdict verdict, const char *reason,
                  struct engine_result *ret)
{
    uint32_t *order = calloc((size_t)s->problem->n_ops + 1, sizeof *order);

    if (order == NULL)
        return -E_NOMEM;
    *ret = (struct engine_result){.verdict = verdict,
                                  .reason = reason,
                                  .steps = s->steps,
                                  .memory_bytes = needed_bytes(s) + seen_memory_bytes(&s->seen),
                                  .n_explained = s->farthest,
                                  .order = order};
    note_longest(s);
    ret->n_order = useful_length(s->problem, &s->longest);
    unhide(s->problem, s->longest.ops, ret->n_order, order);
    if (verdict == VERDICT_NOT_LINEARIZABLE) {
        int rc = extend(s, ret);

        return rc < 0 ? rc : find_stuck(s, ret);
    }
    return 0;
}
