#include "base/rng.h"
#include "checker/cover.h"
#include "checker/keyed.h"
#include "checker/marks.h"
#include "checker/reach.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* What the special engines find quickly, against arrays that are looked through from end to end. */

enum { SIZES = 6, TURNS = 2000, CELLS_MAX = 70000 };

static const uint32_t CELLS[SIZES] = {1, 2, 63, 64, 5000, CELLS_MAX};

Test(checker_intervals, marks_find_the_neighbours_of_any_number)
{
    for (size_t k = 0; k < SIZES; k++) {
        struct rng r = rng_make(1, k);
        uint32_t n = CELLS[k];
        bool *simple = calloc(n, sizeof *simple);
        struct marks m;

        cr_assert_eq(marks_init(&m, n), 0);
        for (int turn = 0; turn < TURNS; turn++) {
            uint32_t at = (uint32_t)rng_below(&r, n);
            uint32_t from = at;
            uint32_t up_to = at;

            if (turn % 50 == 1) {
                marks_add(&m, at);
                simple[at] = true;
            }
            while (from < n && !simple[from])
                from++;
            while (up_to != MARKS_NONE && !simple[up_to])
                up_to--;
            cr_assert_eq(marks_from(&m, at), from < n ? from : MARKS_NONE, "%u of %u", at, n);
            cr_assert_eq(marks_up_to(&m, at), up_to, "%u of %u", at, n);
        }
        marks_free(&m);
        free(simple);
    }
}

struct interval {
    uint32_t first;
    uint32_t last;
};

static struct interval draw_interval(struct rng *r, uint32_t n)
{
    struct interval i = {.first = (uint32_t)rng_below(r, n)};
    uint32_t room = n - 1 - i.first;
    bool is_short = rng_chance(r, 500000);

    i.last = i.first + (uint32_t)rng_below(r, (is_short && room > 10 ? 10 : room) + 1);
    return i;
}

Test(checker_intervals, cover_finds_the_cells_that_become_bare)
{
    for (size_t k = 0; k < SIZES; k++) {
        struct rng r = rng_make(2, k);
        uint32_t n = CELLS[k];
        uint32_t *counts = calloc(n, sizeof *counts);
        struct interval *intervals = calloc(200, sizeof *intervals);
        struct cover c;

        for (int i = 0; i < 200; i++) {
            intervals[i] = draw_interval(&r, n);
            for (uint32_t cell = intervals[i].first; cell <= intervals[i].last; cell++)
                counts[cell]++;
        }
        cr_assert_eq(cover_init(&c, counts, n), 0);
        for (int i = 0; i < 200; i++) {
            uint32_t expected = 0;
            uint32_t found = 0;
            uint32_t cell;

            cover_remove(&c, intervals[i].first, intervals[i].last);
            for (cell = intervals[i].first; cell <= intervals[i].last; cell++)
                expected += --counts[cell] == 0;
            while ((cell = cover_take_bare(&c)) != COVER_NONE) {
                cr_assert(cell >= intervals[i].first && cell <= intervals[i].last);
                cr_assert_eq(counts[cell], 0);
                found++;
            }
            cr_assert_eq(found, expected, "interval %d of %u cells", i, n);
        }
        cover_free(&c);
        free(counts);
        free(intervals);
    }
}

Test(checker_intervals, reach_takes_all_that_hold_a_cell_and_nothing_else)
{
    enum { N = 500 };
    struct rng r = rng_make(3, 0);
    struct interval intervals[N];
    uint32_t ends[N];
    bool taken[N] = {false};
    struct reach reach;

    /* By their beginnings, as they are given. */
    for (uint32_t i = 0; i < N; i++) {
        intervals[i] = (struct interval){.first = i / 2};
        intervals[i].last = i / 2 + (uint32_t)rng_below(&r, 30);
        ends[i] = intervals[i].last;
    }
    cr_assert_eq(reach_init(&reach, ends, N), 0);
    for (int turn = 0; turn < 100; turn++) {
        uint32_t cell = (uint32_t)rng_below(&r, N / 2);
        uint32_t n_begun = 2 * cell + 2 < N ? 2 * cell + 2 : N;
        uint32_t expected = 0;
        uint32_t found = 0;
        uint32_t i;

        for (i = 0; i < n_begun; i++)
            expected += !taken[i] && intervals[i].last >= cell;
        while ((i = reach_take(&reach, n_begun, cell)) != REACH_NONE) {
            cr_assert(i < n_begun && !taken[i] && intervals[i].last >= cell);
            taken[i] = true;
            found++;
        }
        cr_assert_eq(found, expected, "cell %u", cell);
    }
    reach_free(&reach);
}

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

Test(checker_intervals, sorting_and_the_heap_give_the_order_of_the_keys)
{
    enum { N = 3000 };
    static const uint64_t masks[] = {0, 7, 0xfff, UINT64_C(0xff00000000), UINT64_MAX};

    for (size_t k = 0; k < sizeof masks / sizeof masks[0]; k++) {
        struct rng r = rng_make(4, k);
        struct keyed *sorted = calloc(N, sizeof *sorted);
        struct keyed expected[N];
        struct heap h = {0};

        for (uint32_t i = 0; i < N; i++) {
            sorted[i] = expected[i] = (struct keyed){.key = rng_next(&r) & masks[k], .value = i};
            cr_assert_eq(heap_push(&h, sorted[i].key, i), 0);
        }
        qsort(expected, N, sizeof expected[0], by_key);
        cr_assert_eq(keyed_sort(&sorted, N), 0);
        for (uint32_t i = 0; i < N; i++) {
            cr_assert_eq(sorted[i].key, expected[i].key);
            cr_assert_eq(sorted[i].value, expected[i].value);
            cr_assert_eq(heap_pop(&h).key, expected[i].key);
        }
        cr_assert(heap_is_empty(&h));
        heap_free(&h);
        free(sorted);
    }
}
