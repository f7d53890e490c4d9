#include "checker/pairs.h"

#include "base/pages.h"
#include "checker/keyed.h"

#include <stdlib.h>

/* --- the pairs ------------------------------------------------------------------------------ */

struct matching {
    const struct pairs_object *object;
    struct pairs *pairs;
    struct numbering values;
    struct heap open;    /* events of the returns to come, by sequence number */
    const char *not_why; /* why this is not our kind of history */
    bool impossible;     /* ...and if it is one: no order exists, whatever the times are */
};

struct slice pairs_value(const struct pairs *p, uint32_t pair)
{
    return direct_op(p->part, p->items[pair].put)->value;
}

static struct slice value_of(const void *of, uint32_t pair)
{
    const struct pairs *p = of;

    return p->items[pair].put != PAIR_NONE ? pairs_value(p, pair)
                                           : direct_op(p->part, p->items[pair].take)->result;
}

/* The number of the pair of that value; a new one if need be. */
static uint32_t pair_of(struct matching *m, struct slice value)
{
    struct pairs *p = m->pairs;
    uint32_t pair = numbering_of(&m->values, value);

    if (pair == p->n)
        p->items[p->n++] = (struct pair){.put = PAIR_NONE,
                                         .take = PAIR_NONE,
                                         .put_call = PROBLEM_NEVER,
                                         .put_ret = PROBLEM_NEVER,
                                         .take_call = PROBLEM_NEVER,
                                         .take_ret = PROBLEM_NEVER};
    return pair;
}

/* What an operation is, as the event of its call; EVENT_NOTHING where it cannot be said. */
static uint32_t take_op(struct matching *m, uint32_t input, const struct history_op *op)
{
    struct pairs *p = m->pairs;
    struct pair *pair;
    uint32_t number;

    if (op->kind != m->object->put && op->outcome != OUTCOME_OK) {
        m->not_why = "what was taken is not known of every removal";
        return EVENT_NOTHING;
    }
    if (op->kind != m->object->put && op->status == STATUS_NO_KEY) {
        if (op->return_seq > p->until)
            return EVENT_NOTHING;
        p->empties[p->n_empties].op = input;
        return event_make(p->n_empties++, EVENT_EMPTY);
    }
    number = pair_of(m, op->kind == m->object->put ? op->value : op->result);
    pair = &p->items[number];
    if (op->kind == m->object->put) {
        if (pair->put != PAIR_NONE)
            m->not_why = "a value is put in more than once";
        pair->put = input;
        return event_make(number, EVENT_PUT);
    }
    m->impossible |= pair->take != PAIR_NONE; /* a value that was put in once is taken twice */
    pair->take = input;
    return event_make(number, EVENT_TAKE);
}

/* The next place is that of `event`. */
static void put_event(struct pairs *p, uint32_t event)
{
    uint32_t place = p->n_places++;
    uint32_t i = event_number(event);

    p->by_place[place] = event;
    switch (event_kind(event)) {
    case EVENT_NOTHING: break;
    case EVENT_PUT: p->items[i].put_call = place; break;
    case EVENT_PUT_RET: p->items[i].put_ret = place; break;
    case EVENT_TAKE: p->items[i].take_call = place; break;
    case EVENT_TAKE_RET: p->items[i].take_ret = place; break;
    case EVENT_EMPTY: p->empties[i].call = place; break;
    case EVENT_EMPTY_RET: p->empties[i].ret = place; break;
    }
}

/* A return with the number of a call is behind it: what ends and begins together is concurrent. */
static int take_ops(struct matching *m)
{
    const struct engine_part *part = m->pairs->part;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && m->not_why == NULL && i < part->n; i++) {
        const struct history_op *op = direct_op(part, i);
        uint32_t event;

        if (op->call_seq > m->pairs->until)
            break;
        event = take_op(m, i, op);
        while (!heap_is_empty(&m->open) && heap_first(&m->open).key < op->call_seq)
            put_event(m->pairs, heap_pop(&m->open).value);
        put_event(m->pairs, event);
        if (op->outcome == OUTCOME_OK && op->return_seq <= m->pairs->until)
            rc = heap_push(&m->open, op->return_seq, event + 1);
    }
    while (!heap_is_empty(&m->open))
        put_event(m->pairs, heap_pop(&m->open).value);
    return rc;
}

/* Nobody needs a pair of which nothing has returned. */
static void leave_out(struct pairs *p, struct pair *pair)
{
    if (pair->put != PAIR_NONE)
        p->by_place[pair->put_call] = EVENT_NOTHING;
    if (pair->take != PAIR_NONE)
        p->by_place[pair->take_call] = EVENT_NOTHING;
    pair->put = PAIR_NONE;
}

/* Brings the places of a pair together. False: they cannot be. */
static bool settle(struct pairs *p, struct pair *pair)
{
    if (pair->put_ret == PROBLEM_NEVER && pair->take_ret == PROBLEM_NEVER) {
        leave_out(p, pair);
        return true;
    }
    if (pair->put == PAIR_NONE || pair->take_ret < pair->put_call)
        return false;
    if (pair->take == PAIR_NONE)
        return true;
    if (pair->take_ret < pair->put_ret)
        pair->put_ret = pair->take_ret;
    if (pair->take_call < pair->put_call)
        pair->take_call = pair->put_call;
    return true;
}

static void settle_all(struct matching *m)
{
    struct pairs *p = m->pairs;

    for (uint32_t i = 0; !m->impossible && i < p->n; i++)
        m->impossible = !settle(p, &p->items[i]);
}

static int match(struct matching *m)
{
    struct pairs *p = m->pairs;
    size_t n = p->part->n;
    int rc = -E_NOMEM;

    p->items = pages_calloc(n + 1, sizeof *p->items);
    p->empties = pages_calloc(n + 1, sizeof *p->empties);
    p->by_place = pages_calloc(2 * n + 1, sizeof *p->by_place);
    if (p->items != NULL && p->empties != NULL && p->by_place != NULL)
        rc = numbering_init(&m->values, n, value_of, p);
    if (rc == 0)
        rc = take_ops(m);
    if (rc == 0 && m->not_why == NULL)
        settle_all(m);
    numbering_free(&m->values);
    heap_free(&m->open);
    return rc;
}

static void pairs_free(struct pairs *p)
{
    free(p->items);
    free(p->empties);
    free(p->by_place);
    free(p->ranks);
}

/* --- empty answers -------------------------------------------------------------------------- */

/* One sweep: an empty answer waits until nothing is certainly inside. False: one waits in vain. */
static bool place_empties(struct pairs *p)
{
    uint32_t inside = 0;
    uint32_t placed = 0;

    for (uint32_t place = 0, called = 0; place < p->n_places; place++) {
        uint32_t event = p->by_place[place];
        const struct pair *pair = &p->items[event_number(event)];

        if (event_kind(event) == EVENT_EMPTY)
            called++;
        else if (event_kind(event) == EVENT_PUT_RET && pair->put_ret == place)
            inside += pair_has_inner(pair);
        else if (event_kind(event) == EVENT_TAKE && pair->take_call == place)
            inside -= pair_has_inner(pair);
        for (; inside == 0 && placed < called; placed++) {
            p->empties[placed].at = place;
            if (p->empties[placed].ret < place)
                return false;
        }
    }
    return placed == p->n_empties;
}

/* --- the order ------------------------------------------------------------------------------ */

/* The number of the input of a step. */
static uint32_t input_of(const struct pairs *p, uint32_t step)
{
    const struct pair *pair = &p->items[event_number(step)];

    switch (event_kind(step)) {
    case EVENT_PUT: return pair->put;
    case EVENT_TAKE: return pair->take;
    default: return p->empties[event_number(step)].op;
    }
}

static void steps_to_inputs(const struct pairs *p, struct pairs_order *o)
{
    for (size_t i = 0; i < o->n; i++)
        o->steps[i] = input_of(p, o->steps[i]);
}

/* --- the verdict ---------------------------------------------------------------------------- */

/* Everything about the operations until a moment. 1: *o is an order of them. 0: there is none, or
 * *not_why says why it cannot be told. */
static int arrange(const struct pairs_object *object, struct pairs *p, struct pairs_order *o,
                   const char **not_why)
{
    struct matching m = {.object = object, .pairs = p};
    int rc = match(&m);

    *not_why = m.not_why;
    o->n = 0;
    if (rc < 0 || m.not_why != NULL || m.impossible || !place_empties(p))
        return rc;
    return object->arrange(p, o);
}

/* 1: the order stands on its own, and *ret holds it. */
static int prove(const struct pairs_object *object, const struct pairs *p, struct pairs_order *o,
                 struct direct_result *ret)
{
    int rc = object->replay(p, o);

    if (rc != 1)
        return rc;
    steps_to_inputs(p, o);
    return direct_accept(p->part, o->steps, o->n, ret);
}

/* Finds, by halves, the last return until which there is an order, and makes that. */
static int find_farthest(const struct pairs_object *object, const struct engine_part *part,
                         struct pairs_order *o, struct direct_result *ret)
{
    uint64_t from = 0; /* until there is an order */
    uint64_t to = 0;   /* until here there is none */
    const char *not_why;
    int rc = 0;

    for (uint32_t i = 0; i < part->n; i++) {
        if (direct_op(part, i)->outcome == OUTCOME_OK && direct_op(part, i)->return_seq > to)
            to = direct_op(part, i)->return_seq;
    }
    while (rc >= 0 && to - from > 1) {
        struct pairs p = {.part = part, .until = from + (to - from) / 2};

        rc = arrange(object, &p, o, &not_why);
        if (rc == 1) {
            from = p.until;
            steps_to_inputs(&p, o);
            direct_keep(part, o->steps, o->n, ret);
        } else {
            to = p.until;
        }
        pairs_free(&p);
    }
    return rc < 0 ? rc : 0;
}

/* About what all of it takes for an operation: pairs, places, the order, and the object's own. */
enum { PAIRS_OP_BYTES = 96 };

int pairs_decide(const struct pairs_object *object, const struct engine_part *part,
                 const struct engine_budget *budget, struct direct_result *ret)
{
    struct pairs p = {.part = part, .until = HISTORY_NEVER};
    struct pairs_order o = {.n = 0};
    const char *not_why;
    int rc;

    if (!direct_begin(part, budget, PAIRS_OP_BYTES, ret))
        return 0;
    o.steps = pages_calloc(part->n + 1, sizeof *o.steps);
    rc = o.steps == NULL ? -E_NOMEM : arrange(object, &p, &o, &not_why);
    if (rc >= 0)
        ret->reason = not_why != NULL ? not_why : DIRECT_NO_PROOF;
    if (rc == 1)
        rc = prove(object, &p, &o, ret);
    else if (rc == 0 && not_why == NULL)
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
    pairs_free(&p);
    if (ret->verdict == VERDICT_NOT_LINEARIZABLE && !budget->verdict_only)
        (void)find_farthest(object, part, &o, ret); /* for the reader: the verdict stands without */
    free(o.steps);
    return rc < 0 ? rc : 0;
}
