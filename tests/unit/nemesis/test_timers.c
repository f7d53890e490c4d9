/* The heap of timers against a plain table. */
#include "base/rng.h"
#include "nemesis/timers.h"

#include <criterion/criterion.h>

enum { THINGS = 40, CHANGES = 20000 };

static int64_t earliest(const int64_t *due_ns)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < THINGS; i++)
        first = due_ns[i] < first ? due_ns[i] : first;
    return first;
}

Test(timers, the_first_is_that_of_a_table_after_any_change)
{
    struct rng r = rng_make(1, 1);
    struct timers *t = NULL;
    int64_t due_ns[THINGS];

    cr_assert_eq(timers_create(THINGS, &t, NULL), 0);
    for (size_t i = 0; i < THINGS; i++)
        due_ns[i] = INT64_MAX;
    for (size_t k = 0; k < CHANGES; k++) {
        size_t i = (size_t)rng_below(&r, THINGS);
        int64_t first_ns = INT64_MAX;
        size_t first;

        due_ns[i] = rng_below(&r, 3) == 0 ? INT64_MAX : (int64_t)rng_below(&r, 1000);
        timers_set(t, i, due_ns[i]);
        if (timers_first(t, &first, &first_ns))
            cr_assert_eq(due_ns[first], first_ns);
        cr_assert_eq(first_ns, earliest(due_ns), "change %zu", k);
    }
    timers_destroy(&t);
}
