#include "base/rng.h"
#include "checker/strings.h"

#include <criterion/criterion.h>

static struct strings *fresh(void)
{
    struct strings *s;

    cr_assert_eq(strings_create(&s), 0);
    return s;
}

static uint32_t lend(struct strings *s, const char *text)
{
    uint32_t id;

    cr_assert_eq(strings_lend(s, slice_str(text), &id), 0);
    return id;
}

static uint32_t append(struct strings *s, uint32_t left, uint32_t right)
{
    uint32_t id;

    cr_assert_eq(strings_append(s, left, right, &id), 0);
    return id;
}

Test(checker_strings, the_same_bytes_by_other_pieces_have_the_same_number)
{
    struct strings *s = fresh();
    uint32_t a_bc = append(s, lend(s, "a"), lend(s, "bc"));
    uint32_t ab_c = append(s, lend(s, "ab"), lend(s, "c"));

    cr_expect_eq(a_bc, ab_c);
    cr_expect_eq(a_bc, lend(s, "abc"));
    cr_expect_neq(a_bc, lend(s, "abd"));
    strings_destroy(s);
}

Test(checker_strings, absent_differs_from_empty_and_counts_as_empty_when_appended_to)
{
    struct strings *s = fresh();

    cr_expect_eq(lend(s, ""), STRING_EMPTY);
    cr_expect_eq(append(s, STRING_ABSENT, lend(s, "x")), lend(s, "x"));
    cr_expect_eq(append(s, STRING_ABSENT, STRING_EMPTY), STRING_EMPTY);
    cr_expect_eq(append(s, lend(s, "x"), STRING_EMPTY), lend(s, "x"));
    strings_destroy(s);
}

Test(checker_strings, a_rope_can_be_appended_and_read_back)
{
    struct strings *s = fresh();
    uint32_t ab = append(s, lend(s, "a"), lend(s, "b"));
    uint32_t abab = append(s, ab, ab);
    struct buf out = {0};

    cr_assert_eq(strings_bytes(s, abab, &out), 0);
    cr_expect(slice_equal(buf_slice(&out), slice_str("abab")));
    cr_expect_eq(strings_length(s, abab), 4);
    cr_expect_eq(abab, lend(s, "abab"));
    buf_free(&out);
    strings_destroy(s);
}

Test(checker_strings, a_copy_outlives_its_bytes)
{
    struct strings *s = fresh();
    char text[] = "abc";
    uint32_t id;

    cr_assert_eq(strings_copy(s, slice_str(text), &id), 0);
    memset(text, 'z', 3);
    cr_expect_eq(id, lend(s, "abc"));
    strings_destroy(s);
}

/* Drawn strings over two letters against plain bytes. */
Test(checker_strings, numbers_and_prefixes_agree_with_the_bytes)
{
    struct rng r = rng_make(1, rng_stream("strings", 0));
    struct strings *s = fresh();
    uint32_t ids[200];
    struct buf bytes[200] = {0};

    for (size_t i = 0; i < 200; i++) {
        size_t left = rng_below(&r, i + 1);
        uint32_t piece = lend(s, rng_chance(&r, 500000) ? "a" : "ba");

        ids[i] = left == i ? piece : append(s, ids[left], piece);
        cr_assert_eq(strings_bytes(s, ids[i], &bytes[i]), 0);
    }
    for (size_t i = 0; i < 200 * 200; i++) {
        struct slice a = buf_slice(&bytes[i / 200]);
        struct slice b = buf_slice(&bytes[i % 200]);
        bool prefix = a.len <= b.len && memcmp(a.data, b.data, a.len) == 0;

        cr_expect_eq(ids[i / 200] == ids[i % 200], slice_equal(a, b), "pair %zu", i);
        cr_expect_eq(strings_is_prefix(s, ids[i / 200], ids[i % 200]), prefix, "pair %zu", i);
    }
    for (size_t i = 0; i < 200; i++)
        buf_free(&bytes[i]);
    strings_destroy(s);
}

Test(checker_strings, many_appends_take_memory_by_their_number_and_not_by_its_square)
{
    struct strings *s = fresh();
    uint32_t all = STRING_EMPTY;

    for (int i = 0; i < 20000; i++)
        all = append(s, all, lend(s, "0123456789"));
    cr_expect_eq(strings_length(s, all), 200000);
    cr_expect_lt(strings_memory_bytes(s), 200 * 20000, "%zu bytes", strings_memory_bytes(s));
    strings_destroy(s);
}

/* A rope made of random pieces from both ends, beside the same bytes in an array. */
Test(checker_strings, what_is_taken_from_either_end_leaves_the_bytes_between)
{
    struct strings *s = fresh();
    struct rng r = rng_make(7, rng_stream("ends", 0));
    const char *pieces[] = {"a", "b", "ab", "ba", "aab"};
    char bytes[4096];
    size_t from = 0;
    size_t to = 0;
    uint32_t id = STRING_EMPTY;

    for (int i = 0; i < 4000; i++) {
        const char *piece = pieces[rng_below(&r, 5)];
        size_t len = strlen(piece);
        bool fits = to - from >= len;
        bool front = rng_chance(&r, 500000);
        bool expected;
        uint32_t rest = id;
        int rc;

        if (rng_chance(&r, 450000) && to + len < sizeof bytes) {
            memcpy(bytes + to, piece, len);
            to += len;
            id = append(s, id, lend(s, piece));
        } else {
            expected = fits && memcmp(front ? bytes + from : bytes + to - len, piece, len) == 0;
            rc = front ? strings_behind(s, id, lend(s, piece), &rest)
                       : strings_before(s, id, lend(s, piece), &rest);
            cr_assert_eq(rc, expected);
            id = rest;
            from += expected && front ? len : 0;
            to -= expected && !front ? len : 0;
        }
        cr_assert_eq(strings_length(s, id), to - from);
        if (i % 16 == 0) {
            uint32_t copied;
            struct slice piece_at = strings_first_piece(s, id);

            cr_assert_eq(strings_copy(s, slice_of(bytes + from, to - from), &copied), 0);
            cr_assert_eq(copied, id, "the same bytes have another number");
            cr_assert(piece_at.len <= to - from &&
                      slice_equal(piece_at, slice_of(bytes + from, piece_at.len)));
            piece_at = strings_last_piece(s, id);
            cr_assert(piece_at.len <= to - from &&
                      slice_equal(piece_at, slice_of(bytes + to - piece_at.len, piece_at.len)));
        }
    }
    strings_destroy(s);
}
