#include "checker/verify.h"
#include "checker/witness.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Two keys; operation 3 failed, 4 is of unknown outcome, 5 a read without an answer. */
static const char SCENE[] = "1 1 2 put x 1\n"
                            "1 3 6 put x 2\n"
                            "2 4 5 get x = 1\n"
                            "3 7 8 put x 9 = fail\n"
                            "4 9 - put x 7\n"
                            "5 10 - get x\n"
                            "2 11 12 get x = 7\n"
                            "1 13 14 put y a\n";

/* What a checker might say of it; `order` and the rest are numbers of operations. */
struct claim {
    const char *name;
    size_t x[8];
    size_t n_x;
    size_t y[8];
    size_t n_y;
    int proved;        /* what verify_witness has to return... */
    const char *words; /* ...and to say */
};

static const struct claim CLAIMS[] = {
    {"a proof", {0, 2, 1, 4, 6}, 5, {7}, 1, 1, ""},
    {"an operation is missing", {0, 2, 4, 6}, 4, {7}, 1, 0, "operation 1 is in no order"},
    {"a key is missing", {0, 2, 1, 4, 6}, 5, {0}, 0, 0, "operation 7 is in no order"},
    {"twice", {0, 2, 1, 1, 4, 6}, 6, {7}, 1, 0, "twice"},
    {"an answer does not fit", {0, 1, 2, 4, 6}, 5, {7}, 1, 0, "operation 2 was not answered"},
    {"unknown outcome left out", {0, 2, 1, 6}, 4, {7}, 1, 0, "operation 6 was not answered"},
    {"against real time", {0, 2, 4, 6, 1}, 5, {7}, 1, 0, "invoked"},
    {"what failed", {0, 2, 1, 3, 4, 6}, 6, {7}, 1, 0, "operation 3 failed"},
    {"a read without an answer", {0, 2, 1, 4, 6, 5}, 6, {7}, 1, 0, "operation 5 failed, or"},
    {"another key's", {0, 2, 1, 4, 6, 7}, 6, {0}, 0, 0, "operation 7 is of another key"},
    {"no such operation", {0, 2, 1, 4, 6, 8}, 6, {7}, 1, -E_PARSE, "the history has 8"},
    {"far out of range", {0, SIZE_MAX}, 2, {7}, 1, -E_PARSE, "the history has 8"},
};

static struct check_partition partition(const char *key, const size_t *order, size_t n)
{
    return (struct check_partition){.family = slice_str("default"),
                                    .key = slice_str(key),
                                    .verdict = VERDICT_LINEARIZABLE,
                                    .order = order,
                                    .n_order = n};
}

static int verify_claim(const struct history *h, struct check_partition *partitions, size_t n,
                        struct err *e)
{
    struct check_result r = {.model = h->header.model, .n_partitions = n, .partitions = partitions};
    struct verification found;
    struct buf bytes = {0};
    int rc;

    cr_assert_eq(witness_encode(h, &r, &bytes), 0);
    rc = verify_witness(h, NULL, buf_slice(&bytes), &found, e);
    buf_free(&bytes);
    return rc;
}

Test(checker_witness, an_order_proves_what_it_proves_and_nothing_else)
{
    struct history *h = scene("kv", 0, SCENE);

    for (size_t i = 0; i < sizeof CLAIMS / sizeof CLAIMS[0]; i++) {
        const struct claim *c = &CLAIMS[i];
        struct check_partition p[] = {partition("x", c->x, c->n_x), partition("y", c->y, c->n_y)};
        struct err e = {0};

        cr_expect_eq(verify_claim(h, p, 2, &e), c->proved, "%s: %s", c->name, e.text);
        cr_expect(strstr(e.text, c->words) != NULL, "%s: %s", c->name, e.text);
    }
    scene_free(h);
}

/* Each half is an order of its own operations; together they are not. */
Test(checker_witness, a_key_in_two_parts_proves_nothing)
{
    static const size_t first[] = {2, 3};
    static const size_t second[] = {0, 1};
    struct history *h = scene("kv", 0,
                              "1 1 2 put x 1\n2 3 4 get x = 1\n"
                              "1 5 6 put x 2\n2 7 8 get x = 2\n");
    struct check_partition p[] = {partition("x", first, 2), partition("x", second, 2)};
    struct err e = {0};

    cr_expect_eq(verify_claim(h, p, 2, &e), 0);
    cr_expect(strstr(e.text, "ascending") != NULL, "%s", e.text);
    scene_free(h);
}

static void encode_checked(const struct history *h, bool whole, struct buf *out)
{
    struct check_options o = {.whole = whole};
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    cr_assert_eq(witness_encode(h, r, out), 0);
    check_result_free(&r);
}

Test(checker_witness, keys_checked_together_are_proved_one_by_one)
{
    struct history *h = scene("kv", 0, SCENE);
    struct verification found;
    struct buf apart = {0};
    struct buf together = {0};
    struct err e;

    encode_checked(h, false, &apart);
    encode_checked(h, true, &together);
    cr_expect(verify_witness(h, NULL, buf_slice(&apart), &found, &e) == 1, "%s", e.text);
    cr_expect_eq(found.n_partitions, 2);
    cr_expect(verify_witness(h, NULL, buf_slice(&together), &found, &e) == 1, "%s", e.text);
    cr_expect_eq(found.n_partitions, 2);
    cr_expect_eq(found.n_placed, 6);
    cr_expect_str_eq(found.model, "kv");
    buf_free(&apart);
    buf_free(&together);
    scene_free(h);
}

Test(checker_witness, a_violation_has_none)
{
    struct history *h = scene("kv", 0, "1 1 2 put x 1\n2 3 4 get x = 2\n");
    struct check_options o = {0};
    struct check_result *r;
    struct buf out = {0};
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0);
    cr_expect_eq(witness_encode(h, r, &out), -E_INVAL);
    cr_expect_eq(out.len, 0);
    check_result_free(&r);
    scene_free(h);
}

/* Everything that an order depends on is part of the digest. */
Test(checker_witness, a_witness_of_another_history_is_refused)
{
    static const char BASE[] = "1 1 2 put x 1\n1 3 6 put x 2\n2 4 5 get x = 1\n3 7 - put x 3";
    static const char *const others[] = {
        "1 1 2 put x 1\n1 3 6 put x 2\n2 4 5 get x = 2\n3 7 - put x 3",
        "1 1 2 put x 1\n1 3 6 put x 4\n2 4 5 get x = 1\n3 7 - put x 3",
        "1 1 2 put x 1\n1 3 6 put y 2\n2 4 5 get x = 1\n3 7 - put x 3",
        "1 1 2 put x 1\n1 3 7 put x 2\n2 4 5 get x = 1\n3 7 - put x 3",
        "1 1 2 put x 1\n1 3 6 put x 2\n2 4 5 get x = 1\n3 7 9 put x 3",
        "1 1 2 put x 1\n1 3 6 append x 2\n2 4 5 get x = 1\n3 7 - put x 3",
        "1 1 2 put x 1\n1 3 6 put x 2\n2 4 5 get x = 1",
    };
    struct history *h = scene("kv", 0, BASE);
    struct verification found;
    struct buf bytes = {0};
    struct err e;

    encode_checked(h, false, &bytes);
    cr_expect_eq(verify_witness(h, NULL, buf_slice(&bytes), &found, &e), 1);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct history *other = scene("kv", 0, others[i]);

        cr_expect_eq(verify_witness(other, NULL, buf_slice(&bytes), &found, &e), -E_FOREIGN, "%zu",
                     i);
        scene_free(other);
    }
    h->header.dialect = HISTORY_ABSENT_IS_EMPTY;
    cr_expect_eq(verify_witness(h, NULL, buf_slice(&bytes), &found, &e), -E_FOREIGN);
    buf_free(&bytes);
    scene_free(h);
}

Test(checker_witness, a_cut_or_a_changed_byte_is_refused)
{
    struct history *h = scene("kv", 0, SCENE);
    struct verification found;
    struct buf bytes = {0};
    struct err e;

    encode_checked(h, false, &bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t was = bytes.data[i];

        cr_expect_lt(verify_witness(h, NULL, slice_of(bytes.data, i), &found, &e), 0, "cut at %zu",
                     i);
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] = (uint8_t)(was ^ 1 << bit);
            cr_expect_lt(verify_witness(h, NULL, buf_slice(&bytes), &found, &e), 0, "byte %zu", i);
        }
        bytes.data[i] = was;
    }
    cr_assert_eq(buf_append_byte(&bytes, 0), 0);
    cr_expect_eq(verify_witness(h, NULL, buf_slice(&bytes), &found, &e), -E_PARSE,
                 "a byte too many");
    buf_free(&bytes);
    scene_free(h);
}
