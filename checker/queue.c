#include "base/pages.h"
#include "checker/keyed.h"
#include "checker/models/models.h"
#include "checker/pairs.h"

#include <stdlib.h>

/* Queues whose values are put in once each, in near-linear time. That no value overtakes another
 * one is all there is to see (Henzinger, Sezgin & Vafeiadis, "Aspect-oriented linearizability
 * proofs", CONCUR 2013); the order follows docs/checker.md.
 *
 * Value a has to go before b when a's put returned before b's was called, or the same of their
 * takes. Values are taken into the order one by one: any that no other one left has to go before.
 * Two fronts sweep over the places and let values pass: that of the puts stands at the first return
 * of a put whose value is not in the order yet, that of the takes likewise. If both stand and
 * nothing has passed both, a value in front of which the one front stands and one of the other have
 * to go before each other: no order exists. */

enum { PASSED_PUTS = 1, PASSED_TAKES = 2, IN_ORDER = 4 };

struct queue {
    const struct pairs *pairs;
    uint8_t *marks;    /* of each pair */
    struct heap ready; /* those that passed both fronts, by take_call */
    uint32_t puts_at;  /* where the fronts stand */
    uint32_t takes_at;
    uint32_t *values; /* the order */
    uint32_t n_values;
    uint32_t n_expected;
};

static int pass(struct queue *q, uint32_t pair, uint8_t front)
{
    q->marks[pair] |= front;
    if (q->marks[pair] != (PASSED_PUTS | PASSED_TAKES))
        return 0;
    return heap_push(&q->ready, q->pairs->items[pair].take_call, pair);
}

static int move_puts(struct queue *q)
{
    const struct pairs *p = q->pairs;
    int rc = 0;

    for (; rc == 0 && q->puts_at < p->n_places; q->puts_at++) {
        uint32_t event = p->by_place[q->puts_at];
        uint32_t i = event_number(event);
        bool is_ret = event_kind(event) == EVENT_PUT_RET || event_kind(event) == EVENT_TAKE_RET;

        if (event_kind(event) == EVENT_PUT)
            rc = pass(q, i, PASSED_PUTS);
        else if (is_ret && p->items[i].put_ret == q->puts_at && (q->marks[i] & IN_ORDER) == 0)
            break;
    }
    return rc;
}

/* What was never taken goes behind everything that was. */
static int pass_untaken(struct queue *q)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < q->pairs->n; i++) {
        if (q->pairs->items[i].put != PAIR_NONE && q->pairs->items[i].take == PAIR_NONE)
            rc = pass(q, i, PASSED_TAKES);
    }
    return rc;
}

static int move_takes(struct queue *q)
{
    const struct pairs *p = q->pairs;
    int rc = 0;

    for (; rc == 0 && q->takes_at < p->n_places; q->takes_at++) {
        uint32_t event = p->by_place[q->takes_at];
        uint32_t i = event_number(event);
        bool is_call = event_kind(event) == EVENT_PUT || event_kind(event) == EVENT_TAKE;

        if (is_call && p->items[i].take_call == q->takes_at)
            rc = pass(q, i, PASSED_TAKES);
        else if (event_kind(event) == EVENT_TAKE_RET && (q->marks[i] & IN_ORDER) == 0)
            return 0;
    }
    if (rc == 0 && q->takes_at == p->n_places) {
        q->takes_at++; /* once */
        rc = pass_untaken(q);
    }
    return rc;
}

/* 1: all values are in the order. 0: some have to go before each other. */
static int order_values(struct queue *q)
{
    int rc = 0;

    for (uint32_t i = 0; i < q->pairs->n; i++)
        q->n_expected += q->pairs->items[i].put != PAIR_NONE;
    do {
        rc = move_puts(q);
        if (rc == 0)
            rc = move_takes(q);
        if (rc == 0 && !heap_is_empty(&q->ready)) {
            uint32_t first = heap_pop(&q->ready).value;

            q->marks[first] |= IN_ORDER;
            q->values[q->n_values++] = first;
        } else if (rc == 0) {
            break;
        }
    } while (rc == 0);
    return rc < 0 ? rc : q->n_values == q->n_expected;
}

/* --- the order of the operations ------------------------------------------------------------ */

/* Where the next of each kind stands at the earliest. */
struct moment {
    uint32_t put;
    uint32_t take;
    uint32_t n_taken; /* of the values in their order */
};

static uint32_t later(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Takes what can be taken before a place, of the first n values. */
static void take_until(const struct queue *q, struct moment *now, uint32_t n, uint32_t place,
                       struct pairs_order *o)
{
    while (now->n_taken < n) {
        const struct pair *pair = &q->pairs->items[q->values[now->n_taken]];
        uint32_t at = later(now->take, pair->take_call);

        if (pair->take == PAIR_NONE || at >= place)
            return;
        now->take = at;
        order_add(o, q->values[now->n_taken++], EVENT_TAKE);
    }
}

/* Puts and takes in the order of the values, each as early as it may; an empty answer when all
 * that is begun to be taken before its place is out, and before all others are put in. */
static void order_steps(const struct queue *q, struct pairs_order *o)
{
    const struct pairs *p = q->pairs;
    struct moment now = {0};
    uint32_t e = 0;

    for (uint32_t i = 0; i < q->n_values; i++) {
        const struct pair *pair = &p->items[q->values[i]];

        for (; e < p->n_empties && p->empties[e].at < pair->take_call; e++) {
            take_until(q, &now, i, PROBLEM_NEVER, o);
            now.put = now.take = p->empties[e].at;
            order_add(o, e, EVENT_EMPTY);
        }
        now.put = later(now.put, pair->put_call);
        take_until(q, &now, i, now.put, o);
        order_add(o, q->values[i], EVENT_PUT);
    }
    take_until(q, &now, q->n_values, PROBLEM_NEVER, o);
    for (; e < p->n_empties; e++)
        order_add(o, e, EVENT_EMPTY);
}

static int arrange(struct pairs *p, struct pairs_order *order)
{
    struct queue q = {.pairs = p,
                      .marks = calloc((size_t)p->n + 1, sizeof *q.marks),
                      .values = pages_calloc((size_t)p->n + 1, sizeof *q.values)};
    int rc = q.marks == NULL || q.values == NULL ? -E_NOMEM : order_values(&q);

    if (rc == 1)
        order_steps(&q, order);
    heap_free(&q.ready);
    free(q.marks);
    free(q.values);
    return rc;
}

/* A queue is an array with two ends. */
static int replay(const struct pairs *p, const struct pairs_order *order)
{
    uint32_t *inside = pages_calloc((size_t)p->n + 1, sizeof *inside);
    uint32_t first = 0;
    uint32_t end = 0;
    bool fits = true;

    if (inside == NULL)
        return -E_NOMEM;
    for (size_t i = 0; fits && i < order->n; i++) {
        uint32_t number = event_number(order->steps[i]);

        switch (event_kind(order->steps[i])) {
        case EVENT_PUT: inside[end++] = number; break;
        case EVENT_TAKE: fits = first < end && inside[first++] == number; break;
        default: fits = first == end; break;
        }
    }
    free(inside);
    return fits;
}

static int run(const struct engine_part *part, const struct engine_budget *budget,
               struct direct_result *ret)
{
    static const struct pairs_object queue = {
        .put = OP_ENQUEUE, .take = OP_DEQUEUE, .arrange = arrange, .replay = replay};

    return pairs_decide(&queue, part, budget, ret);
}

const struct check_engine engine_queue = {
    .name = "queue", .kind = "each value is put in once", .model = &model_queue, .run_direct = run};
