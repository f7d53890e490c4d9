#include "checker/checker.h"
#include "oracle.h"
#include "scene.h"

#include <criterion/criterion.h>

/* Histories in which each value that was seen came about in one way: decided without a search, or
 * passed on. */

struct decided {
    const char *name;
    const char *engine; /* that has to decide when nobody names one */
    enum verdict verdict;
    const char *text;
};

#define YES VERDICT_LINEARIZABLE
#define NO VERDICT_NOT_LINEARIZABLE

static const struct decided DECIDED[] = {
    {"blocks that touch", "zones", YES,
     "1 1 4 put x a\n2 2 6 put x b\n3 3 5 get x = a\n4 6 7 get x = b"},
    {"two blocks that each have to precede the other", "zones", NO,
     "1 1 2 put x a\n2 3 4 put x b\n3 5 6 get x = a\n3 7 8 get x = b"},
    {"a write inside another one's reads", "zones", NO,
     "1 1 2 put x a\n3 3 4 get x = a\n2 5 6 put x b\n3 7 8 get x = a"},
    {"a write that can still move out from between reads", "zones", YES,
     "1 1 2 put x a\n3 3 5 get x = a\n2 4 9 put x b\n3 7 8 get x = a"},
    {"a reader before its writer", "zones", NO, "2 1 2 get x = a\n1 3 4 put x a"},
    {"the first state comes back", "zones", NO,
     "1 1 2 put x a\n1 3 4 get x = a\n1 5 6 get x = no-key"},
    {"a chain of cas, the middle one of unknown outcome", "zones", YES,
     "1 1 2 put x a\n2 3 - cas x a b\n3 4 5 cas x b c = ok\n1 6 7 get x = c"},
    {"a chain against real time", "zones", NO,
     "1 1 2 put x a\n2 3 4 cas x b c = ok\n3 5 6 cas x a b = ok"},
    {"two cas consume one value", "zones", NO,
     "1 1 2 put x a\n2 3 5 cas x a b = ok\n3 4 6 cas x a c = ok"},
    {"one of two cas of unknown outcome is seen", "zones", YES,
     "1 1 2 put x a\n2 3 - cas x a b\n3 4 - cas x a c\n1 5 6 get x = c"},
    {"values made of each other", "zones", NO, "1 1 5 cas x a b = ok\n2 2 6 cas x b a = ok"},
    {"a cas from nothing", "zones", YES, "1 1 2 cas x ~ a = ok\n2 3 4 cas x a b = ok"},
    {"unknown writes of one value that nobody wants", "zones", YES,
     "1 1 - put x a\n2 2 - put x a\n3 3 4 get x = no-key"},
    {"a failed cas finds a place", "zones", YES,
     "1 1 2 put x a\n2 3 6 cas x a c = mismatch\n1 4 5 put x b\n1 7 8 get x = b"},
    {"failed cas in the gap between two values", "zones", YES,
     "1 1 6 put x a\n2 2 3 cas x b c = no-key\n3 4 9 cas x b c = mismatch\n1 7 8 put x b"},
    {"a failed cas without a place is searched for", "jit", NO,
     "1 1 2 put x a\n2 3 4 cas x a c = mismatch\n1 5 6 put x b"},
    {"a failed cas that needs another order is searched for", "jit", YES,
     "1 1 4 put x a\n2 2 5 put x b\n3 6 7 cas x b c = mismatch"},
    {"a failed cas that needs a write of unknown outcome is searched for", "jit", YES,
     "1 1 2 put x a\n3 3 - put x b\n2 4 5 cas x a c = mismatch"},
    {"a value that is written twice is searched for", "jit", YES,
     "1 1 2 put x a\n1 3 4 put x a\n1 5 6 get x = a"},
    {"a value that is written twice and never seen", "zones", YES,
     "1 1 2 put x a\n1 3 4 put x a\n1 5 6 put x b\n1 7 8 get x = b"},
    {"a delete that nobody saw", "zones", YES, "1 1 2 put x a\n1 3 4 delete x = ok"},
    {"a delete that was seen is searched for", "jit", YES,
     "1 1 2 put x a\n1 3 4 delete x = ok\n1 5 6 get x = no-key"},
    {"a delete that needs another order is searched for", "jit", YES,
     "1 1 4 put x a\n2 2 3 delete x = ok"},
};

static const struct decided LISTS[] = {
    {"appends in the order of what was read", "zones", YES,
     "1 1 4 append x a\n2 2 3 append x b\n1 5 6 get x = ba"},
    {"two reads that tell different orders", "zones", NO,
     "1 1 6 append x a\n2 2 7 append x b\n3 3 5 get x = a\n4 4 8 get x = b"},
    {"a longer read before a shorter one", "zones", NO,
     "1 1 2 append x a\n2 3 4 append x b\n3 5 6 get x = ab\n3 7 8 get x = a"},
    {"an append that a later read does not show", "zones", NO,
     "1 1 2 append x a\n2 3 4 append x b\n3 5 6 get x = a"},
    {"the same, hidden by a put", "zones", YES,
     "1 1 2 append x a\n2 3 4 append x b\n4 3 7 put x c\n3 5 6 append x d\n3 8 9 get x = cd"},
    {"an append before a read that should show it", "zones", NO,
     "1 1 2 append x a\n2 3 4 append x b\n3 5 6 get x = b"},
    {"an append of unknown outcome in the middle", "zones", YES,
     "1 1 2 append x a\n2 3 - append x b\n3 4 5 append x c\n1 6 7 get x = abc"},
    {"an append of unknown outcome that nobody saw", "zones", YES,
     "1 1 2 append x a\n2 3 - append x b\n1 6 7 get x = a"},
    {"one append and two lists that hold it", "zones", NO,
     "1 1 9 append x a\n2 2 10 put x c\n3 3 5 get x = ca\n4 4 6 get x = a"},
    {"what nobody appended", "zones", NO, "1 1 2 append x a\n1 3 4 get x = ab"},
    {"a cas of a list", "zones", YES,
     "1 1 2 append x a\n2 3 4 append x b\n3 5 6 cas x ab c = ok\n1 7 8 append x d\n2 9 10 get x = "
     "cd"},
    {"pieces that are ends of each other, told apart by what is in front", "zones", YES,
     "1 1 2 append x 1.\n2 3 4 append x 11.\n3 5 6 get x = 1.11."},
    {"pieces that are beginnings of each other", "zones", YES,
     "1 1 2 append x c1\n2 3 4 append x c11\n3 5 6 get x = c1c11"},
    {"pieces that can be cut in two ways are searched for", "jit", YES,
     "1 1 2 append x a\n2 3 5 append x ab\n3 4 6 append x b\n3 7 8 get x = aabb"},
    {"a piece that is appended twice is searched for", "jit", YES,
     "1 1 2 append x a\n2 3 4 append x a\n3 5 6 get x = aa"},
    {"a written value that appends might make is searched for", "jit", YES,
     "1 1 2 append x a\n2 3 6 append x b\n3 4 5 put x ab\n3 7 8 get x = ab"},
    {"an append of nothing is searched for", "jit", YES, "1 1 2 append x ''\n1 3 4 get x = ''"},
    {"a failed cas beside a list", "zones", YES,
     "1 1 2 append x a\n2 3 4 cas x q r = mismatch\n3 5 6 append x b\n3 7 8 get x = ab"},
};

static void expect_decided(const struct decided *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct decided *d = &all[i];
        struct history *h = scene("kv", 0, d->text);
        struct check_options o = {0};
        const struct check_partition *p;
        struct check_result *r;
        const char *why;
        struct err e;

        cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s: %s", d->name, e.text);
        p = &r->partitions[0];
        cr_expect_eq(p->verdict, d->verdict, "%s: %s", d->name, verdict_name(p->verdict));
        cr_expect_str_eq(p->engine, d->engine, "%s: decided by %s, %s", d->name, p->engine, p->why);
        cr_expect_not_null(p->why);
        cr_expect(oracle_replays(h, NULL, p->order, p->n_order, p->verdict == YES, &why), "%s: %s",
                  d->name, why);
        cr_expect_eq(p->n_stuck > 0, p->verdict == NO, "%s", d->name);
        check_result_free(&r);
        scene_free(h);
    }
}

Test(checker_zones, decide_what_is_theirs_and_pass_on_the_rest)
{
    expect_decided(DECIDED, sizeof DECIDED / sizeof DECIDED[0]);
}

Test(checker_zones, decide_lists_whose_pieces_can_be_told_apart)
{
    expect_decided(LISTS, sizeof LISTS / sizeof LISTS[0]);
}

Test(checker_zones, asked_for_by_name_say_why_they_do_not_decide)
{
    struct history *h = scene("kv", 0, "1 1 2 put x a\n1 3 4 put x a\n1 5 6 get x = a");
    struct check_options o = {.engine = "zones"};
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    cr_expect_eq(r->verdict, VERDICT_UNKNOWN);
    cr_expect_str_eq(r->partitions[0].reason, "a value may have come about in more than one way");
    check_result_free(&r);
    scene_free(h);
}

Test(checker_zones, tell_a_violation_by_the_longest_order_and_what_is_stuck)
{
    struct history *h = scene("kv", 0, "1 1 2 put x a\n1 3 4 put x b\n2 5 6 get x = a");
    struct check_options o = {0};
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    cr_assert_eq(r->partitions[0].n_stuck, 1);
    cr_expect_eq(r->partitions[0].stuck[0], 2);
    cr_expect_eq(r->partitions[0].n_order, 2);
    check_result_free(&r);
    scene_free(h);
}
