#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

/* Stored seeds have to mean the same for ever: these numbers were computed apart from the code,
 * in Python, by the definition in the header. */
static const struct {
    uint64_t seed, stream, counter, expected;
} golden[] = {
    {0, 0, 0, 0x238275bc38fcbe91u},          {1, 0, 0, 0xb18a02f46d8d86c3u},
    {0, 1, 0, 0x44e5b98100c67fb0u},          {0, 0, 1, 0x2f32a78496c67c60u},
    {UINT64_MAX, 0, 0, 0xfc042709560421dau}, {42, 7, 1000000, 0xee8bc404b327924bu},
};

Test(rng, golden_values)
{
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        cr_assert(rng_at(golden[i].seed, golden[i].stream, golden[i].counter) == golden[i].expected,
                  "row %zu", i);
    cr_assert(rng_stream("workload", 3) == 0xf2d1295facd004dau);
}

Test(rng, a_stream_is_its_counter)
{
    struct rng r = rng_make(5, 6);

    for (uint64_t i = 0; i < 10; i++)
        cr_assert(rng_next(&r) == rng_at(5, 6, i));
}

/* Pearson's test: for `cells` cells the sum is near cells - 1; six standard deviations, of
 * sqrt(2 (cells - 1)) each, are never seen. */
static void expect_even(const unsigned *counts, unsigned cells, double expected)
{
    double chi = 0;

    for (unsigned i = 0; i < cells; i++)
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    cr_assert(fabs(chi - (cells - 1)) < 6 * sqrt(2.0 * (cells - 1)), "chi squared: %f", chi);
}

enum { CELLS = 64, DRAWS = 64000 };

Test(rng, draws_are_spread_evenly_along_each_of_the_three)
{
    for (int along = 0; along < 3; along++) {
        unsigned high[CELLS] = {0};
        unsigned low[CELLS] = {0};

        for (uint64_t i = 0; i < DRAWS; i++) {
            uint64_t v = rng_at(along == 0 ? i : 1, along == 1 ? i : 2, along == 2 ? i : 3);

            high[v >> 58]++;
            low[v & 63]++;
        }
        expect_even(high, CELLS, DRAWS / CELLS);
        expect_even(low, CELLS, DRAWS / CELLS);
    }
}

Test(rng, bounded_draws_are_even_and_within_their_bounds)
{
    struct rng r = rng_make(1, 2);
    unsigned counts[10] = {0};
    unsigned hits = 0;

    for (int i = 0; i < DRAWS; i++) {
        counts[rng_below(&r, 10)]++;
        cr_assert(rng_between(&r, 7, 7) == 7);
        hits += rng_chance(&r, 250000);
    }
    expect_even(counts, 10, DRAWS / 10);
    cr_assert(fabs(hits - DRAWS / 4.0) < 6 * sqrt(DRAWS * 0.25 * 0.75), "%u", hits);
    cr_assert(!rng_chance(&r, 0) && rng_chance(&r, 1000000));
    rng_between(&r, 0, UINT64_MAX);
}

Test(rng, a_shuffle_keeps_what_is_there_and_favours_no_order)
{
    unsigned counts[6] = {0};

    for (uint64_t i = 0; i < 6000; i++) {
        struct rng r = rng_make(i, 0);
        uint32_t items[] = {0, 1, 2};

        rng_shuffle(&r, items, 3);
        cr_assert(items[0] + items[1] + items[2] == 3 && items[0] != items[1] &&
                  items[1] != items[2] && items[0] != items[2]);
        counts[items[0] * 2 + (items[1] > items[2])]++;
    }
    expect_even(counts, 6, 1000);
}
