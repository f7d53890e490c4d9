#include "checker/pairs.h"

#include "base/hash.h"
#include "base/pages.h"
#include "checker/keyed.h"

#include <stdlib.h>

/* --- the pairs ------------------------------------------------------------------------------ */

struct matching {
    const struct pairs_object *object;
    struct pairs *pairs;
    uint64_t *slots; /* open addressing: half a hash, and the number of a pair + 1 */
    size_t slots_cap;
    struct heap open;    /* events of the returns to come, by sequence number */
    const char *not_why; /* why this is not our kind of history */
    bool impossible;     /* ...and if it is one: no order exists, whatever the times are */
};

static const struct history_op *op_of(const struct engine_part *part, uint32_t input)
{
    return &part->history->ops[part->inputs[input].original];
}

static struct slice value_of(const struct matching *m, const struct history_op *op)
{
    return op->kind == m->object->put ? op->value : op->result;
}

static bool is_of(const struct matching *m, uint32_t pair, struct slice value)
{
    const struct pair *p = &m->pairs->items[pair];
    uint32_t op = p->put != PAIR_NONE ? p->put : p->take;

    return slice_equal(value_of(m, op_of(m->pairs->part, op)), value);
}

struct slice pairs_value(const struct pairs *p, uint32_t pair)
{
    return op_of(p->part, p->items[pair].put)->value;
}

/* The number of the pair of that value; a new one if need be. */
static uint32_t pair_of(struct matching *m, struct slice value)
{
    struct pairs *p = m->pairs;
    uint64_t hash = hash_bytes(value.data, value.len, 0);
    size_t i = hash & (m->slots_cap - 1);
    uint64_t tag = hash >> 32 << 32;

    while (m->slots[i] != 0) {
        uint32_t pair = (uint32_t)m->slots[i] - 1;

        if ((m->slots[i] ^ tag) >> 32 == 0 && is_of(m, pair, value))
            return pair;
        i = (i + 1) & (m->slots_cap - 1);
    }
    m->slots[i] = tag | (p->n + 1);
    p->items[p->n] = (struct pair){.put = PAIR_NONE,
                                   .take = PAIR_NONE,
                                   .put_call = PROBLEM_NEVER,
                                   .put_ret = PROBLEM_NEVER,
                                   .take_call = PROBLEM_NEVER,
                                   .take_ret = PROBLEM_NEVER};
    return p->n++;
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
        p->empties[p->n_empties].op = input;
        return event_make(p->n_empties++, EVENT_EMPTY);
    }
    number = pair_of(m, value_of(m, op));
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
        const struct history_op *op = op_of(part, i);
        uint32_t event = take_op(m, i, op);

        while (!heap_is_empty(&m->open) && heap_first(&m->open).key < op->call_seq)
            put_event(m->pairs, heap_pop(&m->open).value);
        put_event(m->pairs, event);
        if (op->outcome == OUTCOME_OK)
            rc = heap_push(&m->open, op->return_seq, event + 1);
    }
    while (!heap_is_empty(&m->open))
        put_event(m->pairs, heap_pop(&m->open).value);
    return rc;
}

/* Brings the places of a pair together. False: they cannot be. */
static bool settle(struct pairs *p, struct pair *pair)
{
    if (pair->put == PAIR_NONE)
        return false;
    if (pair->take == PAIR_NONE) {
        if (pair->put_ret == PROBLEM_NEVER) {
            p->by_place[pair->put_call] = EVENT_NOTHING;
            pair->put = PAIR_NONE;
        }
        return true;
    }
    if (pair->take_ret < pair->put_call)
        return false;
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

    m->slots_cap = 16;
    while (m->slots_cap < n + n / 2)
        m->slots_cap *= 2;
    m->slots = pages_calloc(m->slots_cap, sizeof *m->slots);
    p->items = pages_calloc(n + 1, sizeof *p->items);
    p->empties = pages_calloc(n + 1, sizeof *p->empties);
    p->by_place = pages_calloc(2 * n + 1, sizeof *p->by_place);
    if (m->slots != NULL && p->items != NULL && p->empties != NULL && p->by_place != NULL)
        rc = take_ops(m);
    if (rc == 0 && m->not_why == NULL)
        settle_all(m);
    free(m->slots);
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

/* --- the proof ------------------------------------------------------------------------------ */

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

/* Indexes of the history instead of steps. NULL: out of memory. */
static size_t *translate(const struct pairs *p, const struct pairs_order *o)
{
    size_t *order = pages_calloc(o->n + 1, sizeof *order);

    for (size_t i = 0; order != NULL && i < o->n; i++)
        order[i] = p->part->inputs[input_of(p, o->steps[i])].original;
    return order;
}

/* By the sequence numbers of the history, not by what was made of them. */
static bool respects_real_time(const struct history *h, const size_t *order, size_t n)
{
    uint64_t earliest_return = HISTORY_NEVER;

    for (size_t i = n; i-- > 0;) {
        const struct history_op *op = &h->ops[order[i]];

        if (earliest_return < op->call_seq)
            return false;
        if (op->outcome == OUTCOME_OK && op->return_seq < earliest_return)
            earliest_return = op->return_seq;
    }
    return true;
}

/* Nothing twice, and nothing that returned left out. 1: so it is. */
static int is_whole(const struct pairs *p, const struct pairs_order *o)
{
    bool *placed = calloc(p->part->n + 1, sizeof *placed);
    int ok = 1;

    if (placed == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < o->n; i++) {
        uint32_t input = input_of(p, o->steps[i]);

        ok &= !placed[input];
        placed[input] = true;
    }
    for (uint32_t i = 0; i < p->part->n; i++)
        ok &= placed[i] || op_of(p->part, i)->outcome != OUTCOME_OK;
    free(placed);
    return ok;
}

/* 1: the order stands on its own, and *ret is it. */
static int prove(const struct pairs_object *object, const struct pairs *p,
                 const struct pairs_order *o, size_t **ret)
{
    size_t *order = translate(p, o);
    int rc = order == NULL ? -E_NOMEM : respects_real_time(p->part->history, order, o->n);

    if (rc == 1)
        rc = is_whole(p, o);
    if (rc == 1)
        rc = object->replay(p, o);
    if (rc == 1)
        *ret = order;
    else
        free(order);
    return rc;
}

/* --- the verdict ---------------------------------------------------------------------------- */

static size_t memory_bytes(size_t n)
{
    return n * (sizeof(struct pair) + sizeof(struct pairs_empty) + 2 * sizeof(uint32_t) +
                4 * sizeof(uint64_t));
}

static int decide(const struct pairs_object *object, struct pairs *p, struct direct_result *ret)
{
    struct pairs_order o = {.steps = pages_calloc(p->part->n + 1, sizeof *o.steps)};
    int rc = o.steps == NULL ? -E_NOMEM : object->arrange(p, &o);

    if (rc == 0) {
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
    } else if (rc == 1) {
        rc = prove(object, p, &o, &ret->order);
        ret->verdict = rc == 1 ? VERDICT_LINEARIZABLE : VERDICT_UNKNOWN;
        ret->n_order = rc == 1 ? o.n : 0;
        ret->reason = rc == 1 ? NULL : "the order that was made does not hold";
    }
    free(o.steps);
    return rc < 0 ? rc : 0;
}

int pairs_decide(const struct pairs_object *o, const struct engine_part *part,
                 const struct engine_budget *budget, struct direct_result *ret)
{
    struct pairs p = {.part = part};
    struct matching m = {.object = o, .pairs = &p};
    int rc;

    *ret = (struct direct_result){.verdict = VERDICT_UNKNOWN,
                                  .reason = "memory budget spent",
                                  .memory_bytes = memory_bytes(part->n)};
    if (part->n > PAIRS_OPS_MAX ||
        (budget->memory_bytes_max > 0 && ret->memory_bytes > budget->memory_bytes_max))
        return 0;
    rc = match(&m);
    if (rc == 0 && m.not_why != NULL)
        ret->reason = m.not_why;
    else if (rc == 0 && (m.impossible || !place_empties(&p)))
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
    else if (rc == 0)
        rc = decide(o, &p, ret);
    pairs_free(&p);
    return rc;
}
