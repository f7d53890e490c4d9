#include "base/rng.h"
#include "sim/queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ROUNDS = 200, EVENTS_MAX = 300 };

/* Sorted by time, and by the order of arrival among equals. */
static int by_time(const void *a, const void *b)
{
    const struct sim_event *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

Test(sim_queue, gives_events_by_time_and_equals_as_they_came)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct rng r = rng_make(round, 1);
        size_t n = (size_t)rng_below(&r, EVENTS_MAX);
        struct sim_event sorted[EVENTS_MAX];
        struct sim_queue q = {0};
        struct sim_event got;

        for (size_t i = 0; i < n; i++) { /* few different times, so that many are equal */
            sorted[i] =
                (struct sim_event){.at_ns = (int64_t)rng_below(&r, 20), .node = (uint32_t)i};
            cr_assert(sim_queue_put(&q, sorted[i]));
        }
        qsort(sorted, n, sizeof *sorted, by_time);
        for (size_t i = 0; i < n; i++) {
            cr_assert_eq(sim_queue_peek_ns(&q), sorted[i].at_ns);
            cr_assert(sim_queue_take(&q, &got));
            cr_assert_eq(got.node, sorted[i].node, "round %d, event %zu", (int)round, i);
        }
        cr_assert_not(sim_queue_take(&q, &got));
        sim_queue_free(&q);
    }
}

/* As in a run: what is put in is never earlier than what was taken out last. */
Test(sim_queue, time_never_goes_back_while_events_make_events)
{
    struct rng r = rng_make(7, 2);
    struct sim_queue q = {0};
    struct sim_event e = {0};
    int64_t now = 0;

    for (int i = 0; i < 50; i++)
        cr_assert(sim_queue_put(&q, e));
    for (int i = 0; i < 20000; i++) {
        cr_assert(sim_queue_take(&q, &e));
        cr_assert_geq(e.at_ns, now);
        now = e.at_ns;
        e.at_ns += (int64_t)rng_below(&r, 1000);
        cr_assert(sim_queue_put(&q, e));
    }
    sim_queue_free(&q);
}

Test(sim_queue, an_empty_one_has_no_time)
{
    struct sim_queue q = {0};

    cr_assert_eq(sim_queue_peek_ns(&q), INT64_MAX);
    sim_queue_free(&q);
}
