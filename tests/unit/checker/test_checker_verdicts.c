#include "checker/checker.h"
#include "oracle.h"
#include "scene.h"

#include <criterion/criterion.h>

/* Histories that people know, each through every engine, by key and whole. A verdict has to be
 * right and its proof has to hold. */

static const char *const GENERAL[] = {"jit", "porcupine", NULL};

struct classic {
    const char *name;
    const char *model;
    enum verdict verdict;
    const char *text;
};

#define YES VERDICT_LINEARIZABLE
#define NO VERDICT_NOT_LINEARIZABLE

static const struct classic CLASSICS[] = {
    {"nothing at all", "register", YES, ""},
    {"a read of the past while the write is open", "register", YES,
     "1 1 4 put x a\n2 2 3 get x = no-key"},
    {"a read of the future while the write is open", "register", YES,
     "1 1 4 put x a\n2 2 3 get x = a"},
    {"a stale read", "register", NO, "1 1 2 put x a\n1 3 4 put x b\n2 5 6 get x = a"},
    {"reads that go back in time", "register", NO,
     "1 1 8 put x a\n2 2 3 get x = a\n2 4 5 get x = no-key"},
    {"two readers that disagree about the order", "register", NO,
     "1 1 4 put x a\n2 2 3 put x b\n3 5 6 get x = a\n4 7 8 get x = b"},
    {"a lost write", "register", NO, "1 1 2 put x a\n2 3 4 get x = no-key"},
    {"a value from nowhere", "register", NO, "1 1 2 put x a\n2 3 4 get x = b"},
    {"absent is not empty", "register", NO, "1 1 2 get x = ''"},
    {"an unknown write that is seen later", "register", YES,
     "1 1 - put x a\n2 2 3 get x = no-key\n2 4 5 get x = a"},
    {"an unknown write that never happens", "register", YES,
     "1 1 - put x a\n2 2 3 put x b\n2 4 5 get x = b"},
    {"an unknown write happens at most once", "register", NO,
     "1 1 - put x a\n2 2 3 get x = a\n2 4 5 put x b\n2 6 7 get x = a"},
    {"an unknown write cannot happen before it begins", "register", NO,
     "2 1 2 get x = a\n1 3 - put x a"},
    {"a failed write is not seen", "register", NO, "1 1 2 put x a = fail\n2 3 4 get x = a"},
    {"one winner", "cas-register", NO, "1 1 2 put x a\n2 3 5 cas x a b = ok\n3 4 6 cas x a c = ok"},
    {"one winner and one loser", "cas-register", YES,
     "1 1 2 put x a\n2 3 5 cas x a b = ok\n3 4 6 cas x a c = mismatch"},
    {"a chain of unknown cas", "cas-register", YES,
     "1 1 2 put x a\n2 3 - cas x a b\n3 4 - cas x b c\n4 5 6 get x = c"},
    {"a failed cas is an observation", "cas-register", NO,
     "1 1 2 put x a\n2 3 4 cas x a b = mismatch"},
    {"appends in one of two orders", "kv", YES,
     "1 1 3 append x a\n2 2 4 append x b\n3 5 6 get x = ba"},
    {"an append that was lost", "kv", NO, "1 1 3 append x a\n2 2 4 append x b\n3 5 6 get x = b"},
    {"an unknown append between two others", "kv", YES,
     "1 1 - append x a\n2 2 3 append x b\n3 4 5 append x c\n4 6 7 get x = bac"},
    {"an append that happened twice", "kv", NO, "1 1 2 append x a\n2 3 4 get x = aa"},
    {"an unknown append, delete and append, all needed", "kv", YES,
     "1 1 - append x b\n2 2 - delete x\n3 3 - append x a\n4 4 5 get x = b\n4 6 7 get x = a"},
    {"deleted and read", "kv", NO, "1 1 2 put x a\n1 3 4 delete x\n2 5 6 get x = a"},
    {"deleted twice", "kv", NO, "1 1 2 put x a\n1 3 5 delete x = ok\n2 4 6 delete x = ok"},
    {"a put that goes unseen, and is seen in the end", "kv", YES,
     "1 1 9 put x a\n2 2 10 put x b\n3 3 4 put x b\n4 5 6 get x = b\n4 7 8 get x = a\n"
     "4 11 12 get x = b"},
    {"of two like puts the one that can go unseen returns first, and both are seen", "kv", YES,
     "1 1 10 put x a\n2 2 3 put x b\n4 4 5 get x = b\n3 6 20 put x a\n4 7 8 get x = a\n"
     "2 9 11 put x c\n4 12 13 get x = c\n4 14 15 get x = a"},
    {"an append before the delete that hides it", "kv", YES,
     "1 1 8 append x a\n2 2 3 put x b\n3 4 5 delete x = ok\n4 6 7 get x = no-key\n"
     "4 9 10 get x = no-key"},
    {"an append that nothing can hide", "kv", NO,
     "2 1 2 put x b\n3 3 4 delete x = ok\n1 5 8 append x a\n4 6 7 get x = no-key\n"
     "4 9 10 get x = no-key"},
    {"two deletes and one value to delete, overwritten", "kv", NO,
     "1 1 2 put x a\n2 3 8 delete x = ok\n3 4 9 delete x = ok\n4 10 11 put x b"},
    {"keys are apart", "kv", YES, "1 1 2 put x a\n2 3 4 get y = no-key\n2 5 6 get x = a"},
    {"one key of two is wrong", "kv", NO,
     "1 1 2 put y a\n1 3 4 put x b\n2 5 6 get y = a\n2 7 8 get x = c"},
};

static void judge(const struct classic *c, const char *engine, bool whole)
{
    struct history *h = scene(c->model, 0, c->text);
    struct check_options o = {.engine = engine, .whole = whole, .all = true};
    struct check_result *r;
    const char *shown = engine == NULL ? "the one chosen by itself" : engine;
    const char *why;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s: %s", c->name, e.text);
    cr_expect_eq(r->verdict, c->verdict, "%s: %s says %s", c->name, shown,
                 verdict_name(r->verdict));
    for (size_t i = 0; i < r->n_partitions; i++) {
        const struct check_partition *p = &r->partitions[i];

        cr_expect(oracle_replays(h, whole ? NULL : &p->key, p->order, p->n_order,
                                 p->verdict == VERDICT_LINEARIZABLE, &why),
                  "%s: the order of %s: %s", c->name, shown, why);
        cr_expect_eq(p->n_stuck > 0, p->verdict == VERDICT_NOT_LINEARIZABLE, "%s", c->name);
    }
    check_result_free(&r);
    scene_free(h);
}

Test(checker_verdicts, classic_histories_through_every_engine)
{
    for (size_t i = 0; i < sizeof CLASSICS / sizeof CLASSICS[0]; i++) {
        for (const char *const *engine = GENERAL; *engine != NULL; engine++) {
            judge(&CLASSICS[i], *engine, false);
            judge(&CLASSICS[i], *engine, true);
        }
        judge(&CLASSICS[i], NULL, false);
    }
}

/* --- options and results -------------------------------------------------------------------- */

static struct check_result *check(const struct history *h, struct check_options o)
{
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    return r;
}

static const char TWO_BAD_KEYS[] = "1 1 2 put x a\n1 3 4 put y a\n1 5 6 put z a\n2 7 8 get x = b\n"
                                   "2 9 10 get y = b\n2 11 12 get y = b\n2 13 14 get z = a";

Test(checker_verdicts, stops_at_the_first_violation_the_longest_partition_first)
{
    struct history *h = scene("kv", 0, TWO_BAD_KEYS);
    struct check_result *r = check(h, (struct check_options){0});

    cr_expect_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    cr_assert_eq(r->n_partitions, 3);
    cr_expect_eq(r->worst, 1, "y has the most operations");
    cr_expect_str_eq(r->partitions[0].reason, "not reached");
    cr_expect_str_eq(r->partitions[2].reason, "not reached");
    check_result_free(&r);
    scene_free(h);
}

Test(checker_verdicts, judges_every_partition_when_asked_to)
{
    struct history *h = scene("kv", 0, TWO_BAD_KEYS);
    struct check_result *r = check(h, (struct check_options){.all = true});

    cr_expect_eq(r->partitions[0].verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_eq(r->partitions[1].verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_eq(r->partitions[2].verdict, VERDICT_LINEARIZABLE);
    check_result_free(&r);
    scene_free(h);
}

static bool always(void *context)
{
    (void)context;
    return true;
}

Test(checker_verdicts, a_spent_budget_is_unknown_and_says_which)
{
    struct history *h = scene("register", 0, "1 1 2 put x a\n1 3 4 put x b\n2 5 6 get x = a");

    for (const char *const *engine = GENERAL; *engine != NULL; engine++) {
        struct check_options time = {.engine = *engine, .spent = always};
        struct check_options memory = {.engine = *engine, .memory_bytes_max = 1};
        struct check_result *r = check(h, time);

        cr_expect_eq(r->verdict, VERDICT_UNKNOWN);
        cr_expect_str_eq(r->partitions[0].reason, "time budget spent");
        check_result_free(&r);
        r = check(h, memory);
        cr_expect_eq(r->verdict, VERDICT_UNKNOWN);
        cr_expect_str_eq(r->partitions[0].reason, "memory budget spent");
        check_result_free(&r);
    }
    scene_free(h);
}

Test(checker_verdicts, reads_of_unknown_outcome_and_failed_operations_do_not_count)
{
    struct history *h = scene("register", 0, "1 1 - get x\n2 2 3 put x a = fail\n3 4 5 put x b");
    struct check_result *r = check(h, (struct check_options){0});

    cr_expect_eq(r->n_ops, 1);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_verdicts, an_empty_family_is_the_default_one)
{
    struct history *h = scene("kv", 0, "1 1 2 put x a\n2 3 4 get x = no-key");
    struct check_result *r;

    h->ops[1].family = slice_str("default");
    r = check(h, (struct check_options){0});
    cr_expect_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    check_result_free(&r);
    h->ops[1].family = slice_str("other");
    r = check(h, (struct check_options){0});
    cr_expect_eq(r->verdict, VERDICT_LINEARIZABLE);
    cr_expect_eq(r->n_partitions, 2);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_verdicts, what_cannot_be_checked_is_an_error_that_names_it)
{
    struct history *h = scene("register", 0, "1 1 2 put x a\n1 3 4 append x b");
    struct check_options models = {.model = "telephone"};
    struct check_options engines = {.engine = "steam"};
    struct check_options plain = {0};
    struct check_result *r = NULL;
    struct err e;

    cr_expect_eq(check_history(h, &models, &r, &e), -E_INVAL);
    cr_expect(strstr(e.text, "telephone") != NULL, "%s", e.text);
    cr_expect_eq(check_history(h, &engines, &r, &e), -E_INVAL);
    cr_expect(strstr(e.text, "steam") != NULL, "%s", e.text);
    cr_expect_eq(check_history(h, &plain, &r, &e), -E_INVAL);
    cr_expect(strstr(e.text, "operation 1") != NULL, "%s", e.text);
    h->ops[1].call_seq = 0;
    h->ops[1].kind = OP_PUT;
    cr_expect_eq(check_history(h, &plain, &r, &e), -E_INVAL);
    cr_expect(strstr(e.text, "invoked before") != NULL, "%s", e.text);
    cr_expect_null(r);
    scene_free(h);
}

/* --- in words ------------------------------------------------------------------------------- */

static void expect_words(const char *text, const char *words)
{
    struct history *h = scene("kv", 0, text);
    struct check_result *r = check(h, (struct check_options){0});
    struct buf out = {0};

    cr_assert_eq(check_explain(h, r, &out), 0);
    cr_assert_eq(buf_append_byte(&out, 0), 0);
    cr_expect_str_eq((const char *)out.data, words);
    buf_free(&out);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_verdicts, a_stale_read_is_told_with_what_made_it_stale)
{
    expect_words("1 1 2 put x 4\n1 3 4 put x 5\n1 5 6 append x 6\n3 7 8 get x = 4",
                 "not linearizable: 4 operations in 1 partition, model 'kv'\n"
                 "key \"x\": not linearizable\n"
                 "  The longest order that was found has 3 of the 4 operations:\n"
                 "    1. put \"4\" by process 1 returned ok [1.0 ms .. 2.0 ms]\n"
                 "    2. put \"5\" by process 1 returned ok [3.0 ms .. 4.0 ms]\n"
                 "    3. append \"6\" by process 1 returned ok [5.0 ms .. 6.0 ms]\n"
                 "  None of the completed operations that stood open there fits:\n"
                 "  - get by process 3 returned \"4\" [7.0 ms .. 8.0 ms],\n"
                 "    but after the longest order that could be found key \"x\" is \"56\"\n"
                 "    (by the append of process 1, which had returned at 6.0 ms, before this get "
                 "began).\n"
                 "    In that order its answer was possible for the last time before the\n"
                 "    put \"5\" by process 1 returned ok [3.0 ms .. 4.0 ms],\n"
                 "    which had returned at 4.0 ms, before this get began.\n");
}

Test(checker_verdicts, a_value_from_nowhere_is_told)
{
    expect_words("3 1 2 get x = 4",
                 "not linearizable: 1 operations in 1 partition, model 'kv'\n"
                 "key \"x\": not linearizable\n"
                 "  The longest order that was found has 0 of the 1 operations.\n"
                 "  None of the completed operations that stood open there "
                 "fits:\n"
                 "  - get by process 3 returned \"4\" [1.0 ms .. 2.0 ms],\n"
                 "    but after the longest order that could be found key \"x\" "
                 "is absent, as at the start.\n"
                 "    At no point of that order was this answer possible.\n");
}

Test(checker_verdicts, a_good_history_is_told_in_a_line)
{
    expect_words("1 1 2 put x a", "linearizable: 1 operations in 1 partition, model 'kv'\n");
}
