#include "base/clock.h"
#include "base/rng.h"
#include "cli/course.h"
#include "cli/picture.h"
#include "cli/tally.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct plan_step isolate = {.kind = FAULT_PARTITION, .shape = SHAPE_ISOLATE_LEADER};

static struct course *create(void)
{
    struct course *c;

    cr_assert_eq(course_create(4, &c, NULL), 0);
    return c;
}

static void answer(struct course *c, uint32_t process, int64_t at_ms, int64_t took_ms)
{
    course_invoked(c, process, (at_ms - took_ms) * NS_PER_MS);
    course_completed(c, process, at_ms * NS_PER_MS, true);
}

Test(course, a_window_holds_what_came_since_the_last_one)
{
    struct course *c = create();
    struct course_window w;

    for (int i = 0; i < 98; i++)
        answer(c, 1, 10 + i, 2);
    answer(c, 2, 200, 50);
    answer(c, 6, 210, 50); /* the heir of clerk 2 */
    course_invoked(c, 3, 0);
    course_completed(c, 3, 900 * NS_PER_MS, false); /* not answered */
    w = course_take_window(c);
    cr_assert_eq(w.answered, 100);
    cr_assert_float_eq((double)w.p99_ns, 50e6, 1e6);
    w = course_take_window(c);
    cr_assert_eq(w.answered, 0);
    cr_assert_eq(w.p99_ns, 0);
    course_destroy(c);
}

/* However long the run becomes, each slot holds what happened in its time. */
Test(course, slots_that_were_merged_hold_what_one_would_count_now)
{
    enum { EVENTS = 20000 };
    static int64_t at_ns[EVENTS];
    static uint64_t counted[COURSE_SLOTS_MAX];
    struct rng r = rng_make(7, 7);
    struct course *c = create();
    const struct course_slot *slots;
    int64_t now_ns = 0;
    int64_t width_ns;
    size_t n;

    for (size_t i = 0; i < EVENTS; i++) {
        now_ns += (int64_t)rng_below(&r, 20) * NS_PER_MS;
        at_ns[i] = now_ns;
        course_completed(c, 0, now_ns, true);
    }
    slots = course_slots(c, &n, &width_ns);
    cr_assert(n <= COURSE_SLOTS_MAX && n > COURSE_SLOTS_MAX / 4);
    cr_assert_gt(width_ns, COURSE_SLOT_FIRST_MS * NS_PER_MS, "nothing was merged");
    for (size_t i = 0; i < EVENTS; i++)
        counted[at_ns[i] / width_ns]++;
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(slots[i].answered, counted[i], "slot %zu", i);
    course_destroy(c);
}

Test(course, a_fault_is_on_in_every_slot_until_it_ends_also_where_nothing_happened)
{
    struct course *c = create();
    const struct course_slot *slots;
    int64_t width_ns;
    size_t n;

    answer(c, 0, 10, 1);
    course_faults(c, 100 * NS_PER_MS, 4);
    course_faults(c, 300 * NS_PER_MS, 0);
    answer(c, 0, 400, 1);
    slots = course_slots(c, &n, &width_ns);
    cr_assert_eq(n, 9);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(slots[i].faults, i >= 2 && i <= 6 ? 4 : 0, "slot %zu", i);
    course_destroy(c);
}

Test(course, merging_forgets_no_fault_and_no_leader)
{
    struct course *c = create();
    const struct course_slot *slots;
    size_t with_fault = 0;
    uint64_t leaders = 0;
    int64_t width_ns;
    size_t n;

    for (int64_t s = 0; s < 100; s++) {
        course_led(c, s * NS_PER_S);
        course_faults(c, s * NS_PER_S + 500 * NS_PER_MS, s == 41 ? 2 : 0);
    }
    slots = course_slots(c, &n, &width_ns);
    cr_assert_gt(width_ns, COURSE_SLOT_FIRST_MS * NS_PER_MS, "nothing was merged");
    for (size_t i = 0; i < n; i++) {
        with_fault += slots[i].faults == 2;
        leaders += slots[i].new_leaders;
    }
    cr_assert_eq(leaders, 100);
    cr_assert_eq(with_fault, (size_t)(NS_PER_S / width_ns) + 1, "from 41.5 s to 42.5 s");
    course_destroy(c);
}

/* Four seconds: full, isolated and silent, half, full; a violation in the third. */
static struct course *story(void)
{
    struct course *c = create();
    uint32_t bit = 1u << tally_fault_of(&isolate);

    course_led(c, 0);
    for (int64_t ms = 0; ms < 4000; ms += 5) {
        course_faults(c, ms * NS_PER_MS, ms >= 1000 && ms < 2000 ? bit : 0);
        if (ms < 1000 || ms >= 3000 || (ms >= 2000 && ms % 10 == 0))
            answer(c, 0, ms, 1);
    }
    course_led(c, 2000 * NS_PER_MS);
    return c;
}

static void expect_picture(const struct terminal *t, const char *expected)
{
    static const struct picture_interval stuck[] = {
        {INT64_C(2100) * NS_PER_MS, INT64_C(2200) * NS_PER_MS},
        {INT64_C(2500) * NS_PER_MS, INT64_C(2900) * NS_PER_MS}};
    struct course *c = story();
    struct buf out = {0};

    cr_assert_eq(picture_draw(c, 4 * NS_PER_S, stuck, 2, t, &out), 0);
    cr_assert_str_eq((char *)out.data, expected);
    buf_free(&out);
    course_destroy(c);
}

Test(picture, everything_stands_over_the_same_time)
{
    static const struct terminal ascii = {.width = 75};
    static const struct terminal utf8 = {.width = 75, .utf8 = true};

    expect_picture(&ascii, "rate             @@@@@@@@@@          ==========@@@@@@@@@@  most 200/s\n"
                           "isolate-leader             ===========\n"
                           "new leader       ^                   ^\n"
                           "violation                             |-------|\n"
                           "                 0 s                                  4 s\n");
    expect_picture(&utf8, "rate             ██████████          ▄▄▄▄▄▄▄▄▄▄██████████  most 200/s\n"
                          "isolate-leader             ━━━━━━━━━━━\n"
                          "new leader       ▲                   ▲\n"
                          "violation                             ├───────┤\n"
                          "                 0 s                                  4 s\n");
}

Test(picture, without_a_course_there_is_none_and_a_short_one_has_no_wild_peak)
{
    static const struct terminal t = {.width = 40, .color = true};
    struct course *c = create();
    struct buf out = {0};

    cr_assert_eq(picture_draw(c, 0, NULL, 0, &t, &out), 0);
    cr_assert_eq(out.len, 0);
    answer(c, 0, 1, 1);
    cr_assert_eq(picture_draw(c, 2 * NS_PER_MS, NULL, 0, &t, &out), 0);
    cr_assert_not_null(strstr((char *)out.data, "most 20/s"), "%s", (char *)out.data);
    cr_assert_not_null(strstr((char *)out.data, "\033[32m"));
    buf_free(&out);
    course_destroy(c);
}
