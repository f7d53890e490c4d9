#include "checker/checker.h"
#include "scene.h"

#include <criterion/criterion.h>

/* Queues, stacks and priority queues whose values are put in once each: decided without a search,
 * or passed on. */

struct decided {
    const char *name;
    const char *model;
    const char *engine; /* that has to decide when nobody names one */
    enum verdict verdict;
    const char *text;
};

#define YES VERDICT_LINEARIZABLE
#define NO VERDICT_NOT_LINEARIZABLE

static const struct decided DECIDED[] = {
    {"nothing was taken", "queue", "queue", YES, "1 1 2 enqueue x a\n1 3 4 enqueue x b"},
    {"the oldest first", "queue", "queue", YES,
     "1 1 2 enqueue x a\n1 3 4 enqueue x b\n1 5 6 dequeue x = a\n1 7 8 dequeue x = b"},
    {"a value overtakes another", "queue", "queue", NO,
     "1 1 2 enqueue x a\n1 3 4 enqueue x b\n1 5 6 dequeue x = b\n1 7 8 dequeue x = a"},
    {"a value overtakes one that is never taken", "queue", "queue", NO,
     "1 1 2 enqueue x a\n1 3 4 enqueue x b\n1 5 6 dequeue x = b"},
    {"values put in at the same time come in any order", "queue", "queue", YES,
     "1 1 3 enqueue x a\n2 2 4 enqueue x b\n1 5 6 dequeue x = b\n1 7 8 dequeue x = a"},
    {"takes at the same time hide the order", "queue", "queue", YES,
     "1 1 2 enqueue x a\n1 3 4 enqueue x b\n1 5 7 dequeue x = b\n2 6 8 dequeue x = a"},
    {"taken before it is put in", "queue", "queue", NO, "1 1 2 dequeue x = a\n1 3 4 enqueue x a"},
    {"taken while it is put in", "queue", "queue", YES, "1 1 3 dequeue x = a\n2 2 4 enqueue x a"},
    {"what nobody put in", "queue", "queue", NO, "1 1 2 enqueue x a\n1 3 4 dequeue x = b"},
    {"taken twice", "queue", "queue", NO,
     "1 1 2 enqueue x a\n1 3 4 dequeue x = a\n1 5 6 dequeue x = a"},
    {"empty while a value is inside", "queue", "queue", NO,
     "1 1 2 enqueue x a\n1 3 4 dequeue x = no-key\n1 5 6 dequeue x = a"},
    {"empty between two values", "queue", "queue", YES,
     "1 1 2 enqueue x a\n2 3 8 dequeue x = no-key\n1 4 5 dequeue x = a\n1 6 7 enqueue x b"},
    {"empty, but one value or the other is always inside", "queue", "queue", NO,
     "1 1 2 enqueue x a\n2 3 8 dequeue x = no-key\n1 4 5 enqueue x b\n3 6 7 dequeue x = a"},
    {"a put of unknown outcome that is seen", "queue", "queue", YES,
     "1 1 - enqueue x a\n2 2 3 dequeue x = no-key\n2 4 5 dequeue x = a"},
    {"a put of unknown outcome that is not seen", "queue", "queue", YES,
     "1 1 - enqueue x a\n2 2 3 enqueue x b\n2 4 5 dequeue x = b\n2 6 7 dequeue x = no-key"},
    {"a value put in twice is searched for", "queue", "jit", YES,
     "1 1 2 enqueue x a\n1 3 4 enqueue x a\n1 5 6 dequeue x = a"},
    {"a take of unknown outcome is searched for", "queue", "jit", YES,
     "1 1 2 enqueue x a\n2 3 - dequeue x\n1 4 5 dequeue x = no-key"},
    {"the youngest first", "stack", "stack", YES,
     "1 1 2 push x a\n1 3 4 push x b\n1 5 6 pop x = b\n1 7 8 pop x = a"},
    {"the oldest first", "stack", "stack", NO,
     "1 1 2 push x a\n1 3 4 push x b\n1 5 6 pop x = a\n1 7 8 pop x = b"},
    {"what is never popped is in the way", "stack", "stack", NO,
     "1 1 2 push x a\n1 3 4 push x b\n1 5 6 pop x = a"},
    {"a push of unknown outcome is in nobody's way", "stack", "stack", YES,
     "1 1 2 push x a\n2 3 - push x b\n1 4 5 pop x = a"},
    {"pushed and popped at once, while others are inside", "stack", "stack", YES,
     "1 1 2 push x a\n2 3 5 push x b\n3 4 6 pop x = b\n1 7 8 pop x = a"},
    {"a pop in time for what is below it", "stack", "stack", YES,
     "1 1 2 push x a\n1 3 4 push x b\n1 5 8 pop x = a\n2 6 7 pop x = b"},
    {"two values, each of which has to be below the other", "stack", "stack", NO,
     "1 1 2 push x a\n1 3 4 push x b\n2 5 6 pop x = a\n1 7 8 push x c\n3 9 10 pop x = b\n"
     "3 11 12 pop x = c"},
    {"a bottom that shows only when the one below it is gone", "stack", "stack", YES,
     "1 1 2 push x a\n1 3 4 push x b\n1 5 6 push x c\n1 7 8 pop x = c\n1 9 10 push x d\n"
     "1 11 12 pop x = d\n1 13 14 pop x = b\n1 15 16 pop x = a\n1 17 18 pop x = no-key"},
    {"the highest first", "priority-queue", "priority-queue", YES,
     "1 1 2 insert x 1\n1 3 4 insert x 2\n1 5 6 poll x = 2\n1 7 8 poll x = 1"},
    {"a lower value is polled", "priority-queue", "priority-queue", NO,
     "1 1 2 insert x 1\n1 3 4 insert x 2\n1 5 6 poll x = 1"},
    {"9 is below 10, and -10 below -9", "priority-queue", "priority-queue", YES,
     "1 1 2 insert x 9\n1 3 4 insert x 10\n1 5 6 poll x = 10\n1 7 8 poll x = 9\n"
     "1 9 10 insert x -9\n1 11 12 insert x -10\n1 13 14 poll x = -9\n1 15 16 poll x = -10"},
    {"numbers of any length are below what is no number", "priority-queue", "priority-queue", YES,
     "1 1 2 insert x 99999999999999999999\n1 3 4 insert x 99999999999999999998\n"
     "1 5 6 insert x 007\n1 7 8 insert x ''\n1 9 10 poll x = 007\n1 11 12 poll x = ''\n"
     "1 13 14 poll x = 99999999999999999999\n1 15 16 poll x = 99999999999999999998"},
    {"strings with the same beginning", "priority-queue", "priority-queue", NO,
     "1 1 2 insert x abcdefgh1\n1 3 4 insert x abcdefgh2\n1 5 6 poll x = abcdefgh1"},
    {"a higher value that is put in slowly", "priority-queue", "priority-queue", YES,
     "2 0 10 poll x = 1\n3 5 12 insert x 2\n1 8 9 insert x 1\n3 13 14 poll x = 2"},
    {"a value put in behind a higher one that is still there", "priority-queue", "priority-queue",
     NO, "2 0 10 poll x = 1\n1 5 5 insert x 2\n1 8 9 insert x 1\n3 11 11 poll x = 2"},

    {"one holder at a time", "mutex", "mutex", YES,
     "1 1 2 lock x\n2 3 6 lock x\n1 4 5 unlock x\n2 7 8 unlock x"},
    {"two holders", "mutex", "mutex", NO, "1 1 2 lock x\n2 3 4 lock x\n1 5 6 unlock x"},
    {"an unlock of unknown outcome that took place", "mutex", "mutex", YES,
     "1 1 2 lock x\n1 3 - unlock x\n2 4 5 lock x"},
    {"only one of two locks can use it", "mutex", "mutex", NO,
     "1 1 2 lock x\n1 3 - unlock x\n2 4 5 lock x\n3 6 7 lock x"},
    {"what returns first goes first", "mutex", "mutex", YES,
     "1 1 8 lock x\n2 2 4 lock x\n2 5 6 unlock x\n1 9 10 unlock x"},
    {"each element by itself", "set", "set", YES,
     "1 1 2 add x a\n1 3 4 contains x b = no-key\n1 5 6 contains x a"},
    {"an element that was added is missing", "set", "set", NO,
     "1 1 2 add x a\n1 3 4 contains x a = no-key"},
    {"one of two adds is seen early", "set", "set", YES,
     "1 1 9 add x a\n2 2 3 contains x a\n3 4 - add x a"},
    {"removals without answers are searched for", "set", "jit", YES,
     "1 1 2 add x a\n1 3 4 remove x a\n1 5 6 contains x a = no-key"},
    {"reads of the whole grow", "set", "set", YES,
     "1 1 3 add x b\n3 2 3 get x = []\n2 4 5 get x = [b]\n1 6 - add x a\n2 7 8 get x = [a,b]"},
    {"an element is found and lost", "set", "set", NO,
     "1 1 9 add x a\n2 2 3 get x = [a]\n2 4 5 get x = no-key"},
    {"two reads that do not fit together", "set", "set", NO,
     "1 1 9 add x a\n2 2 9 add x b\n3 3 8 get x = [a]\n4 4 8 get x = [b]"},
    {"what returned is not read", "set", "set", NO, "1 1 2 add x a\n2 3 4 get x = []"},
    {"an element that nobody added is read", "set", "set", NO,
     "1 1 2 add x a\n2 3 4 get x = [a,b]"},
    {"an element added twice and read as a whole is searched for", "set", "jit", YES,
     "1 1 2 add x a\n1 3 4 add x a\n2 5 6 get x = [a]"},
    {"counted while it is added", "counter", "counter", YES,
     "1 1 9 add x 5\n2 2 8 add x 5\n3 3 4 get x = 5\n3 5 6 get x = 10"},
    {"counted back", "counter", "counter", NO,
     "1 1 9 add x 5\n2 2 8 add x 5\n3 3 4 get x = 10\n3 5 6 get x = 5"},
    {"what returned is counted", "counter", "counter", NO, "1 1 2 add x 1\n2 3 4 get x = 0"},
    {"more than was added", "counter", "counter", NO, "1 1 2 add x 1\n2 3 4 get x = 2"},
    {"what no number of adds makes", "counter", "counter", NO, "1 1 2 add x 2\n2 3 4 get x = 1"},
    {"counted down", "counter", "counter", YES,
     "1 1 2 add x -2\n2 3 4 get x = -2\n1 5 - add x -2\n2 6 7 get x = -4"},
    {"one of unknown outcome is used last", "counter", "counter", YES,
     "1 1 - add x 1\n2 2 6 add x 1\n3 3 4 get x = 1\n3 7 8 get x = 1"},
    {"different numbers are searched for", "counter", "jit", YES,
     "1 1 9 add x 1\n2 2 8 add x 2\n3 3 4 get x = 2\n3 5 6 get x = 3"},
};

/* With HISTORY_SET_ANSWERS. */
static const struct decided ANSWERED[] = {
    {"removed, and there again", "set", "set", NO,
     "1 1 2 add x a = ok\n1 3 4 remove x a = ok\n1 5 6 contains x a"},
    {"added, removed and added at the same time", "set", "set", YES,
     "1 1 6 add x a = ok\n2 2 7 remove x a = ok\n3 3 8 add x a = ok\n4 9 10 add x a = mismatch"},
    {"added twice without a removal", "set", "set", NO, "1 1 2 add x a = ok\n1 3 4 add x a = ok"},
};

static void expect_decided(const struct decided *d, uint32_t dialect)
{
    struct history *h = scene(d->model, dialect, d->text);
    struct check_options o = {0};
    const struct check_partition *p;
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s: %s", d->name, e.text);
    p = &r->partitions[0];
    cr_expect_eq(p->verdict, d->verdict, "%s %s: %s", d->model, d->name, verdict_name(p->verdict));
    cr_expect_str_eq(p->engine, d->engine, "%s %s: decided by %s, %s", d->model, d->name, p->engine,
                     p->why);
    cr_expect_not_null(p->why);
    cr_expect_eq(p->n_stuck > 0, p->verdict == NO, "%s %s", d->model, d->name);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_special, decide_what_is_theirs_and_pass_on_the_rest)
{
    for (size_t i = 0; i < sizeof DECIDED / sizeof DECIDED[0]; i++)
        expect_decided(&DECIDED[i], 0);
    for (size_t i = 0; i < sizeof ANSWERED / sizeof ANSWERED[0]; i++)
        expect_decided(&ANSWERED[i], HISTORY_SET_ANSWERS);
}

/* What the engine of that name says of a history, which has one partition. */
static const char *reason_of(const char *engine, const char *model, bool whole, const char *text)
{
    struct history *h = scene(model, 0, text);
    struct check_options o = {.engine = engine, .whole = whole};
    struct check_result *r;
    const char *reason;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    cr_expect_eq(r->verdict, VERDICT_UNKNOWN);
    reason = r->partitions[0].reason; /* static text */
    check_result_free(&r);
    scene_free(h);
    return reason;
}

Test(checker_special, asked_for_by_name_say_why_they_do_not_decide)
{
    cr_expect_str_eq(reason_of("queue", "queue", false, "1 1 2 enqueue x a\n1 3 4 enqueue x a"),
                     "a value is put in more than once");
    cr_expect_str_eq(reason_of("queue", "queue", false, "1 1 - dequeue x\n2 3 4 enqueue x a"),
                     "what was taken is not known of every removal");
    cr_expect_str_eq(reason_of("queue", "register", false, "1 1 2 put x a"),
                     "made for another model");
    cr_expect_str_eq(reason_of("queue", "queue", true, "1 1 2 enqueue x a\n1 3 4 enqueue y a"),
                     "made for another model");
}

/* Thirty values put in at the same time and taken the other way round, then a wrong answer: a
 * search for the order that gets farthest does not get past the first of them. */
Test(checker_special, tell_a_violation_where_it_is)
{
    enum { N = 30 };
    struct check_options o = {0};
    const struct check_partition *p;
    struct check_result *r;
    struct buf text = {0};
    struct history *h;
    struct err e;

    for (int i = 0; i < N; i++)
        cr_assert_eq(buf_printf(&text, "%d %d %d enqueue x %d\n", i, i, N + i, i), 0);
    for (int i = 0; i < N; i++)
        cr_assert_eq(buf_printf(&text, "1 %d %d dequeue x = %d\n", 2 * N + 2 * i, 2 * N + 2 * i + 1,
                                N - 1 - i),
                     0);
    cr_assert_eq(buf_printf(&text, "1 200 201 enqueue x z\n1 202 203 dequeue x = no-key"), 0);
    h = scene("queue", 0, (const char *)text.data);
    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    p = &r->partitions[0];
    cr_expect_eq(p->verdict, NO);
    cr_expect_eq(p->n_order, 2 * N + 1, "%zu", p->n_order);
    cr_assert_eq(p->n_stuck, 1);
    cr_expect_eq(p->stuck[0], 2 * N + 1);
    check_result_free(&r);
    scene_free(h);
    buf_free(&text);
}

Test(checker_special, keep_to_a_memory_budget)
{
    struct history *h = scene("queue", 0, "1 1 2 enqueue x a\n1 3 4 dequeue x = a");
    struct check_options o = {.engine = "queue", .memory_bytes_max = 100};
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    cr_expect_str_eq(r->partitions[0].reason, "memory budget spent");
    check_result_free(&r);
    scene_free(h);
}
