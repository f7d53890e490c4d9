#include "base/buf.h"
#include "checker/verify.h"
#include "checker/witness.h"
#include "oracle.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Sets of which nobody looks at all elements are checked element by element. */

static struct check_result *check(const struct history *h, struct check_options o)
{
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    return r;
}

/* Key x by element; of y somebody asks for everything. */
static const char TWO_SETS[] = "1 1 2 add x a\n1 3 4 add x b\n1 5 6 add y a\n1 7 8 remove x a\n"
                               "1 9 10 add y b\n2 11 12 contains x a = no-key\n"
                               "2 13 14 get y = [a,b]\n2 15 16 contains x b = ok";

Test(checker_elements, are_partitions_where_nobody_reads_the_whole_set)
{
    struct history *h = scene("set", 0, TWO_SETS);
    struct check_result *r = check(h, (struct check_options){.all = true});
    static const struct {
        const char *key;
        bool of_element;
        const char *element;
        size_t n_ops;
    } EXPECTED[] = {{"x", true, "a", 3}, {"x", true, "b", 2}, {"y", false, "", 3}};

    cr_expect_eq(r->verdict, VERDICT_LINEARIZABLE);
    cr_assert_eq(r->n_partitions, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct check_partition *p = &r->partitions[i];

        cr_expect(slice_equal(p->key, slice_str(EXPECTED[i].key)), "%zu", i);
        cr_expect_eq(p->of_element, EXPECTED[i].of_element, "%zu", i);
        cr_expect(slice_equal(p->element, slice_str(EXPECTED[i].element)), "%zu", i);
        cr_expect_eq(p->n_ops, EXPECTED[i].n_ops, "%zu", i);
    }
    check_result_free(&r);
    scene_free(h);
}

Test(checker_elements, are_one_partition_when_the_whole_is_asked_for)
{
    struct history *h = scene("set", 0, TWO_SETS);
    struct check_result *r = check(h, (struct check_options){.whole = true});

    cr_expect_eq(r->verdict, VERDICT_LINEARIZABLE);
    cr_assert_eq(r->n_partitions, 1);
    cr_expect_not(r->partitions[0].of_element);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_elements, the_empty_name_is_an_element)
{
    struct history *h = scene("set", 0, "1 1 2 add x ''\n1 3 4 remove x ''\n1 5 6 contains x ''");
    struct check_result *r = check(h, (struct check_options){0});

    cr_expect_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    cr_assert_eq(r->n_partitions, 1);
    cr_expect(r->partitions[0].of_element && r->partitions[0].element.len == 0);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_elements, a_violation_names_the_element)
{
    struct history *h = scene("set", 0,
                              "1 1 2 add x a\n1 3 4 add x b\n1 5 6 remove x b\n"
                              "2 7 8 contains x b = ok");
    struct check_result *r = check(h, (struct check_options){0});
    struct buf text = {0};

    cr_expect_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    cr_assert_eq(check_explain(h, r, &text), 0);
    cr_assert_eq(buf_append_byte(&text, 0), 0);
    cr_expect(strstr((char *)text.data, "key \"x\", element \"b\": not linearizable") != NULL, "%s",
              (char *)text.data);
    cr_expect(strstr((char *)text.data, "element \"b\" is absent") != NULL, "%s",
              (char *)text.data);
    buf_free(&text);
    check_result_free(&r);
    scene_free(h);
}

/* Each operation of b stands between two of a in real time, and what is open for long has to come
 * late for a and early for b. */
static const char INTERLEAVED[] = "1 1 2 add x a\n2 3 4 add x b\n1 5 20 remove x a\n"
                                  "2 6 20 remove x b\n3 7 8 contains x b = no-key\n"
                                  "4 9 10 contains x a = ok\n5 11 12 add x b\n"
                                  "4 13 14 contains x a = ok\n6 15 - remove x b\n"
                                  "5 16 17 contains x b = no-key\n4 21 22 contains x a = no-key";

Test(checker_elements, orders_become_one_that_verifies)
{
    struct history *h = scene("set", 0, INTERLEAVED);
    struct check_result *r = check(h, (struct check_options){0});
    struct verification found;
    struct buf bytes = {0};
    struct err e;

    cr_expect_eq(r->verdict, VERDICT_LINEARIZABLE);
    cr_expect_eq(r->n_partitions, 2);
    cr_assert_eq(witness_encode(h, r, &bytes), 0);
    cr_expect_eq(verify_witness(h, NULL, buf_slice(&bytes), &found, &e), 1, "%s", e.text);
    cr_expect_eq(found.n_partitions, 1, "one order of the key");
    cr_expect_eq(found.n_placed, 11);
    buf_free(&bytes);
    check_result_free(&r);
    scene_free(h);
}

/* Adds and removes that do not tell what was there, of many elements, each of which is open for
 * long: as one object there are 2^60 configurations of the removals alone. */
Test(checker_elements, do_not_multiply)
{
    enum { N = 60 };
    struct buf text = {0};
    struct check_result *r;
    struct history *h;
    uint64_t steps = 0;

    for (int i = 0; i < N; i++)
        cr_assert_eq(buf_printf(&text, "%d %d %d add x %d\n", i, i, 1000 + i, i), 0);
    for (int i = 0; i < N; i++)
        cr_assert_eq(buf_printf(&text, "%d %d %d remove x %d\n", N + i, 100 + i, 1000 + i, i), 0);
    for (int i = 0; i < N; i++)
        cr_assert_eq(buf_printf(&text, "999 %d %d contains x %d = %s\n", 200 + 2 * i, 201 + 2 * i,
                                i, i % 2 == 0 ? "ok" : "no-key"),
                     0);
    cr_assert_eq(buf_printf(&text, "999 2000 2001 contains x %d = ok\n", N), 0);
    h = scene("set", 0, (const char *)text.data);
    r = check(h, (struct check_options){.engine = "jit", .all = true});
    cr_expect_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_eq(r->n_partitions, N + 1);
    for (size_t i = 0; i < r->n_partitions; i++) {
        cr_expect_eq(r->partitions[i].verdict == VERDICT_LINEARIZABLE, i < N, "element %zu", i);
        steps += r->partitions[i].steps;
    }
    cr_expect_lt(steps, 1000, "%llu", (unsigned long long)steps);
    check_result_free(&r);
    scene_free(h);
    buf_free(&text);
}
