#include "base/pages.h"
#include "checker/cover.h"
#include "checker/marks.h"
#include "checker/models/models.h"
#include "checker/pairs.h"
#include "checker/reach.h"

#include <stdlib.h>

/* Stacks onto which each value is pushed once, in near-linear time, after Lee & Mathur ("Efficient
 * decrease-and-conquer linearizability monitoring", OOPSLA 2025).
 *
 * Returns of pushes and calls of pops, of values that are certainly inside for a while, cut time
 * into cells, each covered by the values that are certainly inside there. Where nothing covers a
 * cell, the stack can be empty. Between two such cells one value is at the bottom all the time; its
 * push reaches the one, its pop the other. Such a value is as good as any other one for that: it
 * leaves, what it covered may become bare, and so on. If all values leave, the places where they
 * left are an order; if they do not, there is none. docs/checker.md says why. */

#define NO_STAY UINT32_MAX

/* A value that is certainly inside for a while. Its push can stand in the cells push_from to
 * push_to, it covers those from push_to + 1 to pop_from - 1, its pop can stand in pop_from to
 * pop_to. */
struct stay {
    uint32_t pair;
    uint32_t push_from;
    uint32_t push_to;
    uint32_t pop_from;
    uint32_t pop_to;
    uint32_t pushed_in; /* cells, once it left */
    uint32_t popped_in;
    uint32_t n_reached; /* of its push and pop, those that reach a bare cell */
};

struct stack {
    const struct pairs *pairs;
    struct stay *stays; /* by the return of the push */
    uint32_t n_stays;
    uint32_t *stay_of; /* of each pair */
    uint32_t n_cells; /* the last one is behind everything: what was never popped is popped there */
    uint32_t *counts; /* of each cell: how many cover it */
    struct cover cover;
    struct marks bare;
    struct reach reach; /* pushes and pops that reach no bare cell */
    uint32_t *waiting;  /* what they are: stay * 2, + 1 for a pop */
    uint32_t *n_begun;  /* of each cell: how many of them begin up to there */
    uint32_t *leaving;  /* stays whose push and pop reach a bare cell; first all to leave, */
    uint32_t n_leaving; /* in the end all that left, in that order */
    uint32_t n_left;
};

static int stack_init(struct stack *s)
{
    const struct pairs *p = s->pairs;
    size_t n = (size_t)p->n + 1;

    s->stays = pages_calloc(n, sizeof *s->stays);
    s->stay_of = pages_calloc(n, sizeof *s->stay_of);
    s->leaving = pages_calloc(n, sizeof *s->leaving);
    s->counts = pages_calloc(2 * n, sizeof *s->counts);
    s->n_begun = pages_calloc(2 * n, sizeof *s->n_begun);
    s->waiting = pages_calloc(2 * n, sizeof *s->waiting);
    return s->stays == NULL || s->stay_of == NULL || s->leaving == NULL || s->counts == NULL ||
                   s->n_begun == NULL || s->waiting == NULL
               ? -E_NOMEM
               : 0;
}

static void stack_free(struct stack *s)
{
    free(s->stays);
    free(s->stay_of);
    free(s->leaving);
    free(s->counts);
    free(s->n_begun);
    free(s->waiting);
    cover_free(&s->cover);
    marks_free(&s->bare);
    reach_free(&s->reach);
}

/* --- cells ---------------------------------------------------------------------------------- */

/* Whether a value that covers something is certainly inside from this place on; or no longer. */
static bool begins_to_cover(const struct pairs *p, uint32_t place)
{
    uint32_t event = p->by_place[place];
    const struct pair *pair = &p->items[event_number(event)];

    return event_kind(event) == EVENT_PUT_RET && pair->put_ret == place && pair_has_inner(pair);
}

static bool ends_to_cover(const struct pairs *p, uint32_t place)
{
    uint32_t event = p->by_place[place];
    const struct pair *pair = &p->items[event_number(event)];

    return event_kind(event) == EVENT_TAKE && pair->take_call == place && pair_has_inner(pair);
}

static void add_stay(struct stack *s, uint32_t pair, uint32_t cell)
{
    s->stays[s->n_stays] =
        (struct stay){.pair = pair, .push_from = s->stay_of[pair], .push_to = cell};
    s->stay_of[pair] = s->n_stays++;
}

/* One sweep: cells, and where in them each push and pop can stand. */
static void make_cells(struct stack *s)
{
    const struct pairs *p = s->pairs;
    uint32_t cell = 0;

    for (uint32_t place = 0; place < p->n_places; place++) {
        uint32_t event = p->by_place[place];
        uint32_t pair = event_number(event);

        if (event_kind(event) == EVENT_PUT)
            s->stay_of[pair] = cell; /* until the push returns */
        if (begins_to_cover(p, place)) {
            add_stay(s, pair, cell++);
            s->counts[cell] = s->counts[cell - 1] + 1;
        } else if (ends_to_cover(p, place)) {
            s->stays[s->stay_of[pair]].pop_from = ++cell;
            s->counts[cell] = s->counts[cell - 1] - 1;
        } else if (event_kind(event) == EVENT_TAKE_RET && pair_has_inner(&p->items[pair])) {
            s->stays[s->stay_of[pair]].pop_to = cell;
        }
    }
    s->n_cells = cell + 2;
    s->counts[cell + 1] = 0;
    for (uint32_t i = 0; i < s->n_stays; i++) {
        const struct pair *pair = &p->items[s->stays[i].pair];

        if (pair->take == PAIR_NONE)
            s->stays[i].pop_from = cell + 1;
        if (pair->take_ret == PROBLEM_NEVER)
            s->stays[i].pop_to = cell + 1;
    }
}

/* --- who reaches a bare cell ---------------------------------------------------------------- */

static void note_reached(struct stack *s, uint32_t stay)
{
    if (++s->stays[stay].n_reached == 2)
        s->leaving[s->n_leaving++] = stay;
}

/* A push, stay * 2, or a pop, + 1. */
static void begin(struct stack *s, uint32_t op, uint32_t *ends, uint32_t *n)
{
    const struct stay *stay = &s->stays[op / 2];
    uint32_t from = op % 2 == 0 ? stay->push_from : stay->pop_from;
    uint32_t to = op % 2 == 0 ? stay->push_to : stay->pop_to;

    if (marks_from(&s->bare, from) <= to) {
        note_reached(s, op / 2);
        return;
    }
    s->waiting[*n] = op;
    ends[(*n)++] = to;
}

/* In the order in which they begin. */
static uint32_t begin_all(struct stack *s, uint32_t *ends)
{
    const struct pairs *p = s->pairs;
    uint32_t cell = 0;
    uint32_t n = 0;

    for (uint32_t place = 0; place < p->n_places; place++) {
        uint32_t event = p->by_place[place];
        uint32_t pair = event_number(event);

        if (event_kind(event) == EVENT_PUT && pair_has_inner(&p->items[pair]))
            begin(s, 2 * s->stay_of[pair], ends, &n);
        if (begins_to_cover(p, place) || ends_to_cover(p, place))
            s->n_begun[cell++] = n;
        if (ends_to_cover(p, place))
            begin(s, 2 * s->stay_of[pair] + 1, ends, &n);
    }
    s->n_begun[cell] = n;
    for (uint32_t i = 0; i < s->n_stays; i++) {
        if (p->items[s->stays[i].pair].take == PAIR_NONE)
            note_reached(s, i);
    }
    return n;
}

static int note_bare(struct stack *s)
{
    uint32_t *ends = pages_calloc(2 * (size_t)s->n_stays + 1, sizeof *ends);
    int rc = ends == NULL ? -E_NOMEM : marks_init(&s->bare, s->n_cells);

    for (uint32_t i = 0; rc == 0 && i < s->n_cells; i++) {
        if (s->counts[i] == 0)
            marks_add(&s->bare, i);
    }
    if (rc == 0)
        rc = reach_init(&s->reach, ends, begin_all(s, ends));
    if (rc == 0)
        rc = cover_init(&s->cover, s->counts, s->n_cells);
    free(ends);
    return rc;
}

/* --- leaving -------------------------------------------------------------------------------- */

/* Between the bare cells that are nearest to what it covers, the value is at the bottom. */
static void leave(struct stack *s, struct stay *stay)
{
    uint32_t cell;

    stay->pushed_in = marks_up_to(&s->bare, stay->push_to);
    stay->popped_in = marks_from(&s->bare, stay->pop_from);
    cover_remove(&s->cover, stay->push_to + 1, stay->pop_from - 1);
    while ((cell = cover_take_bare(&s->cover)) != COVER_NONE) {
        uint32_t op;

        marks_add(&s->bare, cell);
        while ((op = reach_take(&s->reach, s->n_begun[cell], cell)) != REACH_NONE)
            note_reached(s, s->waiting[op] / 2);
    }
}

/* --- the order ------------------------------------------------------------------------------ */

/* Of each cell: the pops, the last that left first; the pushes, the first that left first. */
struct cell_lists {
    uint32_t *pops;
    uint32_t *pushes;
    uint32_t *next_pop; /* of each stay */
    uint32_t *next_push;
};

static int lists_make(const struct stack *s, struct cell_lists *l)
{
    size_t n = s->n_cells;

    l->pops = pages_calloc(n, sizeof *l->pops);
    l->pushes = pages_calloc(n, sizeof *l->pushes);
    l->next_pop = pages_calloc((size_t)s->n_stays + 1, sizeof *l->next_pop);
    l->next_push = pages_calloc((size_t)s->n_stays + 1, sizeof *l->next_push);
    if (l->pops == NULL || l->pushes == NULL || l->next_pop == NULL || l->next_push == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        l->pops[i] = l->pushes[i] = NO_STAY;
    for (uint32_t i = 0; i < s->n_left; i++) {
        uint32_t stay = s->leaving[i];
        uint32_t cell = s->stays[stay].popped_in;

        l->next_pop[stay] = l->pops[cell];
        l->pops[cell] = stay;
    }
    for (uint32_t i = s->n_left; i-- > 0;) {
        uint32_t stay = s->leaving[i];
        uint32_t cell = s->stays[stay].pushed_in;

        l->next_push[stay] = l->pushes[cell];
        l->pushes[cell] = stay;
    }
    return 0;
}

static void lists_free(struct cell_lists *l)
{
    free(l->pops);
    free(l->pushes);
    free(l->next_pop);
    free(l->next_push);
}

static void order_list(const struct stack *s, const uint32_t *next, uint32_t first,
                       enum pairs_event kind, struct pairs_order *o)
{
    for (uint32_t i = first; i != NO_STAY; i = next[i])
        order_add(o, s->stays[i].pair, kind);
}

/* Whether the value at this place is one that need not be inside at any time: it is popped, right
 * behind its push, as early as may be. */
static bool passes_through(const struct pairs *p, uint32_t place)
{
    uint32_t event = p->by_place[place];
    const struct pair *pair = &p->items[event_number(event)];

    return (event_kind(event) == EVENT_PUT || event_kind(event) == EVENT_TAKE) &&
           pair->take_call == place && !pair_has_inner(pair);
}

/* In each cell the pops, then what passes through and empty answers, then the pushes. */
static void order_steps(const struct stack *s, const struct cell_lists *l, struct pairs_order *o)
{
    const struct pairs *p = s->pairs;
    uint32_t cell = 0;
    uint32_t e = 0;

    for (uint32_t place = 0; place < p->n_places; place++) {
        if (begins_to_cover(p, place) || ends_to_cover(p, place)) {
            order_list(s, l->next_push, l->pushes[cell++], EVENT_PUT, o);
            order_list(s, l->next_pop, l->pops[cell], EVENT_TAKE, o);
        } else if (passes_through(p, place)) {
            order_add(o, event_number(p->by_place[place]), EVENT_PUT);
            order_add(o, event_number(p->by_place[place]), EVENT_TAKE);
        }
        for (; e < p->n_empties && p->empties[e].at == place; e++)
            order_add(o, e, EVENT_EMPTY);
    }
    order_list(s, l->next_push, l->pushes[cell], EVENT_PUT, o);
}

static int make_order(const struct stack *s, struct pairs_order *o)
{
    struct cell_lists l = {0};
    int rc = lists_make(s, &l);

    if (rc == 0)
        order_steps(s, &l, o);
    lists_free(&l);
    return rc < 0 ? rc : 1;
}

static int arrange(struct pairs *p, struct pairs_order *order)
{
    struct stack s = {.pairs = p};
    int rc = stack_init(&s);

    if (rc == 0) {
        make_cells(&s);
        rc = note_bare(&s);
    }
    for (; rc == 0 && s.n_left < s.n_leaving; s.n_left++)
        leave(&s, &s.stays[s.leaving[s.n_left]]);
    if (rc == 0 && s.n_left == s.n_stays)
        rc = make_order(&s, order);
    stack_free(&s);
    return rc;
}

/* A stack is an array with one end. */
static int replay(const struct pairs *p, const struct pairs_order *order)
{
    uint32_t *inside = pages_calloc((size_t)p->n + 1, sizeof *inside);
    uint32_t n = 0;
    bool fits = true;

    if (inside == NULL)
        return -E_NOMEM;
    for (size_t i = 0; fits && i < order->n; i++) {
        uint32_t number = event_number(order->steps[i]);

        switch (event_kind(order->steps[i])) {
        case EVENT_PUT: inside[n++] = number; break;
        case EVENT_TAKE: fits = n > 0 && inside[--n] == number; break;
        default: fits = n == 0; break;
        }
    }
    free(inside);
    return fits;
}

static int run(const struct engine_part *part, const struct engine_budget *budget,
               struct direct_result *ret)
{
    static const struct pairs_object stack = {
        .put = OP_PUSH, .take = OP_POP, .arrange = arrange, .replay = replay};

    return pairs_decide(&stack, part, budget, ret);
}

const struct check_engine engine_stack = {
    .name = "stack", .kind = "each value is put in once", .model = &model_stack, .run_direct = run};
