#include "base/pages.h"
#include "checker/keyed.h"
#include "checker/models/models.h"
#include "checker/pairs.h"

#include <stdlib.h>

/* Priority queues into which each value is put once, in near-linear time, after Lee & Mathur
 * ("Efficient decrease-and-conquer linearizability monitoring", OOPSLA 2025).
 *
 * From the highest value to the lowest: a value is polled at the first place of its poll where no
 * higher one is certainly inside. If it has to wait for that beyond the call of its poll, it keeps
 * nobody out who could have gone in: what is lower has to wait for the same higher ones. So it is
 * enough to cover the inner of each, and to find the next place that is not covered, which is what
 * joining sets is for (Tarjan, "Efficiency of a good but not linear set union algorithm", Journal
 * of the ACM 1975). */

#define NOWHERE UINT32_MAX

/* --- priorities ----------------------------------------------------------------------------- */

enum { KEY_DIGITS_MAX = 18, KEY_BYTES = 7 };

#define KEY_ZERO (UINT64_C(1) << 61)
#define KEY_HUGE (UINT64_C(1) << 62)
#define KEY_BYTES_FOLLOW (UINT64_C(1) << 63)

/* A number that is never in another order than the priorities are, but may be the same. Long
 * numbers share one, strings the one of their first bytes. */
static uint64_t key_of(struct slice s)
{
    uint64_t key = 0;
    bool negative;

    if (!priority_is_number(s)) {
        for (size_t i = 0; i < KEY_BYTES; i++)
            key = key << 8 | (i < s.len ? s.data[i] : 0);
        return KEY_BYTES_FOLLOW | key;
    }
    negative = s.data[0] == '-';
    if (s.len - negative > KEY_DIGITS_MAX)
        return negative ? 0 : KEY_HUGE;
    for (size_t i = negative; i < s.len; i++)
        key = 10 * key + (uint64_t)(s.data[i] - '0');
    return negative ? KEY_ZERO - key : KEY_ZERO + key;
}

static int compare_pairs(const void *a, const void *b, void *context)
{
    const struct pairs *p = context;

    return priority_compare(pairs_value(p, ((const struct keyed *)a)->value),
                            pairs_value(p, ((const struct keyed *)b)->value));
}

/* Those whose keys are the same. */
static void sort_ties(const struct pairs *p, struct keyed *sorted, uint32_t n)
{
    for (uint32_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && sorted[to].key == sorted[from].key; to++)
            ;
        if (to - from > 1)
            qsort_r(&sorted[from], to - from, sizeof *sorted, compare_pairs, (void *)p);
    }
}

/* All pairs that count, the lowest first; malloc'ed. Fills p->ranks. */
static int sort_pairs(struct pairs *p, struct keyed **ret, uint32_t *ret_n)
{
    struct keyed *sorted = pages_calloc((size_t)p->n + 1, sizeof *sorted);
    uint32_t n = 0;
    int rc = -E_NOMEM;

    p->ranks = pages_calloc((size_t)p->n + 1, sizeof *p->ranks);
    for (uint32_t i = 0; sorted != NULL && i < p->n; i++) {
        if (p->items[i].put != PAIR_NONE)
            sorted[n++] = (struct keyed){.key = key_of(pairs_value(p, i)), .value = i};
    }
    if (sorted != NULL && p->ranks != NULL)
        rc = keyed_sort(&sorted, n);
    if (rc < 0) {
        free(sorted);
        return rc;
    }
    sort_ties(p, sorted, n);
    for (uint32_t i = 0; i < n; i++)
        p->ranks[sorted[i].value] = i;
    *ret = sorted;
    *ret_n = n;
    return 0;
}

/* --- places --------------------------------------------------------------------------------- */

struct priority_queue {
    const struct pairs *pairs;
    struct keyed *sorted; /* the lowest first */
    uint32_t n;
    uint32_t *polled_at; /* place of each pair; NOWHERE: never */
    uint32_t *uncovered; /* of each place: one behind it that is nearer to the next that is not
                            covered, or itself if it is not */
    uint32_t *first;     /* of each place: a pair that is polled there, the highest first */
    uint32_t *next;      /* of each pair: the next one at its place */
};

static uint32_t next_uncovered(struct priority_queue *q, uint32_t place)
{
    while (q->uncovered[place] != place) {
        q->uncovered[place] = q->uncovered[q->uncovered[place]];
        place = q->uncovered[place];
    }
    return place;
}

static void cover(struct priority_queue *q, const struct pair *pair)
{
    uint32_t end = pair->take == PAIR_NONE ? q->pairs->n_places : pair->take_call;
    uint32_t place;

    if (!pair_has_inner(pair))
        return;
    for (place = next_uncovered(q, pair->put_ret + 1); place < end;
         place = next_uncovered(q, place + 1))
        q->uncovered[place] = end;
}

/* False: some value is polled while a higher one is certainly inside. */
static bool find_places(struct priority_queue *q)
{
    for (uint32_t i = 0; i <= q->pairs->n_places; i++)
        q->uncovered[i] = i;
    for (uint32_t i = q->n; i-- > 0;) {
        uint32_t number = q->sorted[i].value;
        const struct pair *pair = &q->pairs->items[number];

        q->polled_at[number] = NOWHERE;
        if (pair->take != PAIR_NONE) {
            q->polled_at[number] = next_uncovered(q, pair->take_call);
            if (q->polled_at[number] > pair->take_ret)
                return false;
        }
        cover(q, pair);
    }
    return true;
}

/* --- the order ------------------------------------------------------------------------------ */

static void gather_polls(struct priority_queue *q)
{
    for (uint32_t i = 0; i <= q->pairs->n_places; i++)
        q->first[i] = NOWHERE;
    for (uint32_t i = 0; i < q->n; i++) {
        uint32_t number = q->sorted[i].value;
        uint32_t place = q->polled_at[number];

        if (place != NOWHERE) {
            q->next[number] = q->first[place];
            q->first[place] = number;
        }
    }
}

/* A value is put in when its put returns, or right before it is polled if that is earlier. An empty
 * answer comes behind the polls of its place. */
static void order_steps(const struct priority_queue *q, struct pairs_order *o)
{
    const struct pairs *p = q->pairs;
    uint32_t e = 0;

    for (uint32_t place = 0; place < p->n_places; place++) {
        uint32_t event = p->by_place[place];
        uint32_t number = event_number(event);
        bool is_ret = event_kind(event) == EVENT_PUT_RET || event_kind(event) == EVENT_TAKE_RET;

        for (uint32_t i = q->first[place]; i != NOWHERE; i = q->next[i]) {
            if (p->items[i].put_ret > place)
                order_add(o, i, EVENT_PUT);
            order_add(o, i, EVENT_TAKE);
        }
        if (is_ret && p->items[number].put_ret == place && q->polled_at[number] > place)
            order_add(o, number, EVENT_PUT);
        for (; e < p->n_empties && p->empties[e].at == place; e++)
            order_add(o, e, EVENT_EMPTY);
    }
}

static int arrange(struct pairs *p, struct pairs_order *order)
{
    struct priority_queue q = {.pairs = p};
    int rc = sort_pairs(p, &q.sorted, &q.n);

    q.polled_at = pages_calloc((size_t)p->n + 1, sizeof *q.polled_at);
    q.next = pages_calloc((size_t)p->n + 1, sizeof *q.next);
    q.uncovered = pages_calloc((size_t)p->n_places + 1, sizeof *q.uncovered);
    q.first = q.uncovered; /* once the places are found, nobody asks what is covered */
    if (q.polled_at == NULL || q.next == NULL || q.uncovered == NULL)
        rc = -E_NOMEM;
    if (rc == 0 && find_places(&q)) {
        gather_polls(&q);
        order_steps(&q, order);
        rc = 1;
    }
    free(q.sorted);
    free(q.polled_at);
    free(q.next);
    free(q.uncovered);
    return rc;
}

/* --- the proof ------------------------------------------------------------------------------ */

/* A priority queue is a heap of what stands where in the order of priorities. */
static int replay(const struct pairs *p, const struct pairs_order *order)
{
    struct heap inside = {0};
    int rc = 1;

    for (size_t i = 0; rc == 1 && i < order->n; i++) {
        uint32_t number = event_number(order->steps[i]);

        switch (event_kind(order->steps[i])) {
        case EVENT_PUT:
            rc = heap_push(&inside, UINT32_MAX - p->ranks[number], number);
            rc = rc < 0 ? rc : 1;
            break;
        case EVENT_TAKE: rc = !heap_is_empty(&inside) && heap_pop(&inside).value == number; break;
        default: rc = heap_is_empty(&inside); break;
        }
    }
    heap_free(&inside);
    return rc;
}

static int run(const struct engine_part *part, const struct engine_budget *budget,
               struct direct_result *ret)
{
    static const struct pairs_object priority_queue = {
        .put = OP_INSERT, .take = OP_POLL, .arrange = arrange, .replay = replay};

    return pairs_decide(&priority_queue, part, budget, ret);
}

const struct check_engine engine_priority_queue = {.name = "priority-queue",
                                                   .kind = "each value is put in once",
                                                   .model = &model_priority_queue,
                                                   .run_direct = run};
