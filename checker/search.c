#include "checker/search.h"

#include "base/check.h"

#include <stdlib.h>

/* Asking a clock costs more than a step does. */
enum { TURNS_PER_CLOCK = 1024 };

int search_begin(struct search *s, const struct problem *p, const struct engine_budget *budget,
                 bool dominance)
{
    int rc;

    *s = (struct search){.problem = p, .budget = budget};
    s->longest.ops = calloc((size_t)p->n_ops + 1, sizeof *s->longest.ops);
    rc = s->longest.ops == NULL ? -E_NOMEM : placement_init(&s->at, p);
    if (rc == 0)
        rc = seen_init(&s->seen, &s->at, dominance);
    if (rc == 0)
        rc = seen_add(&s->seen, &s->at);
    return rc < 0 ? rc : 0;
}

void search_end(struct search *s)
{
    placement_free(&s->at);
    seen_free(&s->seen);
    free(s->longest.ops);
    *s = (struct search){0};
}

static void note_longest(struct search *s)
{
    struct longest *l = &s->longest;

    if (s->at.n_required <= l->n_required)
        return;
    for (uint32_t i = l->shared; i < s->at.depth; i++)
        l->ops[i] = s->at.order[i].op;
    l->n = s->at.depth;
    l->n_required = s->at.n_required;
    l->shared = s->at.depth;
}

static void step_back(struct search *s)
{
    placement_pop(&s->at);
    if (s->longest.shared > s->at.depth)
        s->longest.shared = s->at.depth;
}

int search_enter(struct search *s, uint32_t op, uint32_t state)
{
    int rc;

    placement_push(&s->at, op, state);
    rc = seen_add(&s->seen, &s->at);
    if (rc == 1)
        s->steps++;
    else
        step_back(s);
    return rc;
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

static size_t memory_bytes(const struct search *s)
{
    return problem_memory_bytes(s->problem) + placement_memory_bytes(&s->at) +
           seen_memory_bytes(&s->seen) + s->engine_bytes +
           (size_t)s->problem->n_ops * sizeof *s->longest.ops;
}

const char *search_out_of_budget(struct search *s)
{
    const struct engine_budget *b = s->budget;

    if (b->memory_bytes_max > 0 && memory_bytes(s) > b->memory_bytes_max)
        return "memory budget spent";
    if (s->turns++ % TURNS_PER_CLOCK == 0 && b->spent != NULL && b->spent(b->spent_context))
        return "time budget spent";
    return NULL;
}

/* Without operations of unknown outcome at its end: they led to nothing. */
static size_t useful_length(const struct problem *p, const struct longest *l)
{
    size_t n = l->n;

    while (n > 0 && !problem_is_required(p, l->ops[n - 1]))
        n--;
    return n;
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
                                  .memory_bytes = memory_bytes(s),
                                  .order = order};
    note_longest(s);
    ret->n_order = useful_length(s->problem, &s->longest);
    memcpy(order, s->longest.ops, ret->n_order * sizeof *order);
    if (verdict == VERDICT_NOT_LINEARIZABLE) {
        int rc = extend(s, ret);

        return rc < 0 ? rc : find_stuck(s, ret);
    }
    return 0;
}
