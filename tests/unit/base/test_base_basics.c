#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json_line.h"
#include "base/op.h"
#include "base/pages.h"
#include "base/rng.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

Test(err, a_reason_grows_a_prefix_as_it_rises)
{
    struct err e;

    cr_assert(err_set(&e, -E_PARSE, "expected %s", "host:port") == -E_PARSE);
    cr_assert(err_prefix(&e, -E_PARSE, "nodes[%d]", 2) == -E_PARSE);
    cr_assert(err_prefix(&e, -E_PARSE, "c.json:12") == -E_PARSE);
    cr_assert(e.code == -E_PARSE);
    cr_assert_str_eq(e.text, "c.json:12: nodes[2]: expected host:port");
    cr_assert(err_set(NULL, -E_BUSY, "nobody listens") == -E_BUSY);
    cr_assert(err_prefix(NULL, -E_BUSY, "nobody listens") == -E_BUSY);
}

Test(err, too_long_a_reason_is_cut)
{
    static char text[4 * ERR_TEXT_MAX];
    struct err e;

    memset(text, 'x', sizeof text - 1);
    err_set(&e, -E_IO, "%s", text);
    cr_assert(strlen(e.text) == ERR_TEXT_MAX - 1);
    err_prefix(&e, -E_IO, "%s", text);
    cr_assert(strlen(e.text) == ERR_TEXT_MAX - 1);
}

Test(err, system_errors_get_a_code_and_their_words)
{
    static const struct {
        int error;
        int rc;
    } rows[] = {
        {ENOENT, -E_NOT_FOUND},  {ENOMEM, -E_NOMEM}, {EEXIST, -E_EXISTS},
        {EINTR, -E_INTERRUPTED}, {EACCES, -E_IO},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char expected[128];
        struct err e;

        snprintf(expected, sizeof expected, "'f': %s", strerror(rows[i].error));
        errno = rows[i].error;
        cr_assert(err_sys(&e, "'%s'", "f") == rows[i].rc && e.code == rows[i].rc);
        cr_assert_str_eq(e.text, expected);
    }
}

Test(err, codes_have_names_and_texts)
{
    cr_assert_str_eq(err_name(-E_BUSY), "E_BUSY");
    cr_assert_str_eq(err_text(-E_BUSY), "queue full");
    cr_assert_str_eq(err_name(0), "E_OK");
    cr_assert_str_eq(err_name(-E_COUNT), "E_UNKNOWN");
    cr_assert_str_eq(err_text(9999), "unknown error");
}

Test(buf, appends_grow_it_and_clear_keeps_its_memory)
{
    struct buf b = {0};
    size_t cap;

    for (int i = 0; i < 1000; i++)
        cr_assert(buf_append_byte(&b, (uint8_t)i) == 0);
    cr_assert(b.len == 1000 && b.data[999] == (uint8_t)999);
    cap = b.cap;
    buf_clear(&b);
    cr_assert(b.len == 0 && b.cap == cap);
    cr_assert(buf_append(&b, NULL, 0) == 0 && b.len == 0);
    buf_free(&b);
    cr_assert(b.data == NULL && b.cap == 0);
}

Test(buf, numbers_come_back_from_big_endian)
{
    struct buf b = {0};

    buf_append_u32be(&b, 0x01020304);
    buf_append_u64be(&b, 0x05060708090a0b0cu);
    cr_assert(b.len == 12);
    for (uint8_t i = 0; i < 12; i++)
        cr_assert(b.data[i] == i + 1);
    cr_assert(load_u32be(b.data) == 0x01020304);
    cr_assert(load_u64be(b.data + 4) == 0x05060708090a0b0cu);
    buf_free(&b);
}

Test(buf, printf_appends_and_ends_with_a_nul_that_does_not_count)
{
    struct buf b = {0};

    cr_assert(buf_printf(&b, "%d-", 12) == 0 && buf_printf(&b, "%s", "x") == 0);
    cr_assert(b.len == 4);
    cr_assert_str_eq((char *)b.data, "12-x");
    buf_free(&b);
}

Test(buf, there_is_a_limit_and_nothing_changes_beyond_it)
{
    struct buf b = {0};

    buf_append_byte(&b, 'x');
    cr_assert(buf_reserve(&b, BUF_BYTES_MAX) == -E_LIMIT);
    cr_assert(buf_reserve(&b, SIZE_MAX) == -E_LIMIT);
    cr_assert(b.len == 1 && b.data[0] == 'x');
    buf_free(&b);
}

Test(slice, order_is_that_of_memcmp_and_prefixes_come_first)
{
    static const char *const ordered[] = {"", "a", "aa", "ab", "b"};

    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            int order = slice_compare(slice_str(ordered[i]), slice_str(ordered[k]));

            cr_assert((order > 0) - (order < 0) == (i > k) - (i < k));
            cr_assert(slice_equal(slice_str(ordered[i]), slice_str(ordered[k])) == (i == k));
        }
    }
}

/* Of any length and alignment, in one piece or two. */
Test(hash, crc32_of_short_and_long_inputs_is_that_of_zlib)
{
    uint8_t bytes[600];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)rng_at(1, 2, i);
    for (size_t len = 0; len + 8 <= sizeof bytes; len++) {
        const uint8_t *start = bytes + len % 8;
        uint32_t expected = (uint32_t)crc32(0, start, (uInt)len);

        cr_assert_eq(hash_crc32(0, start, len), expected, "%zu bytes", len);
        cr_assert_eq(hash_crc32(hash_crc32(0, start, len / 3), start + len / 3, len - len / 3),
                     expected);
    }
}

Test(hash, crc32_is_that_of_zlib)
{
    cr_assert(hash_crc32(0, "123456789", 9) == 0xcbf43926u, "the check value of the catalogue");
    cr_assert(hash_crc32(hash_crc32(0, "1234", 4), "56789", 5) == 0xcbf43926u);
    cr_assert(hash_bytes("", 0, 0) == 0x2d06800538d394c2u, "XXH3's own test vector");
    cr_assert(hash_bytes("a", 1, 0) != hash_bytes("a", 1, 1));
}

static jmp_buf out_of_check;
static char seen[512];

static void leave(void *context, const char *text)
{
    snprintf(context, sizeof seen, "%s", text);
    longjmp(out_of_check, 1);
}

Test(check, a_broken_invariant_says_what_it_saw)
{
    int volatile a = 1;

    check_set_hook(leave, seen);
    if (setjmp(out_of_check) == 0)
        CHECK_THAT(a == 2, "a=%d", a);
    check_set_hook(NULL, NULL);
    cr_assert(strstr(seen, "broken invariant: a == 2: a=1") != NULL, "%s", seen);
    CHECK(a == 1);
}

Test(op, names_and_their_reverse)
{
    for (int i = 0; i < OP_KIND_COUNT; i++) {
        enum op_kind kind;

        cr_assert(op_kind_parse(op_kind_name((enum op_kind)i), &kind) && (int)kind == i);
    }
    for (int i = 0; i < READ_MODE_COUNT; i++) {
        enum read_mode mode;

        cr_assert(read_mode_parse(read_mode_name((enum read_mode)i), &mode) && (int)mode == i);
    }
    cr_assert(!op_kind_parse("got", &(enum op_kind){0}));
    cr_assert(!read_mode_parse("", &(enum read_mode){0}));
    cr_assert_str_eq(op_status_name(STATUS_SESSION_EXPIRED), "session-expired");
    cr_assert_str_eq(op_outcome_name(OUTCOME_INFO), "info");
    cr_assert_str_eq(op_status_name((enum op_status)99), "?");
}

Test(op, limits)
{
    static uint8_t bytes[OP_VALUE_BYTES_MAX + 1];
    struct op op = {.kind = OP_PUT};

    op.key = slice_of(bytes, OP_KEY_BYTES_MAX);
    op.value = slice_of(bytes, OP_VALUE_BYTES_MAX);
    cr_assert(op_valid(&op));
    op.value.len++;
    cr_assert(!op_valid(&op));
    op.value.len--;
    op.key.len++;
    cr_assert(!op_valid(&op));
    op = (struct op){.kind = OP_KIND_COUNT};
    cr_assert(!op_valid(&op));
    op = (struct op){.kind = OP_GET, .family = slice_of(bytes, OP_FAMILY_BYTES_MAX + 1)};
    cr_assert(!op_valid(&op));
}

/* --- lines of JSON values ------------------------------------------------------------------ */

static const char json[] = "{ \"a\": 1,\n"
                           "  \"b\": [ 10,\n"
                           "    { \"c\\\"]\": \"}\\\\\",\n"
                           "      \"d\":\n"
                           "        [ [], {},\n"
                           "          -1.5e3 ] } ],\n"
                           "  \"e\": { \"7\": true }\n"
                           "}\n";

static const struct {
    const char *path;
    size_t line;
} lines[] = {
    {"", 1},          {"a", 1},         {"b", 2},           {"b[0]", 2},      {"b[1]", 3},
    {"b[1].d", 5},    {"b[1].d[0]", 5}, {"b[1].d[1]", 5},   {"b[1].d[2]", 6}, {"e", 7},
    {"e.7", 7},       {"none", 1}, /* the innermost value that exists: the whole */
    {"b[1].none", 3},              /* the object */
    {"b[9]", 2},      {"a.none", 1},    {"b[1].d[2].x", 6},
};

Test(json_line, of_paths_that_are_there_and_of_some_that_are_not)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        size_t line = json_line_of(slice_str(json), lines[i].path);

        cr_assert(line == lines[i].line, "%s: line %zu instead of %zu", lines[i].path, line,
                  lines[i].line);
    }
}

Test(json_line, ends_on_any_text)
{
    static const char *const paths[] = {"a", "b[1].d[2]", "[0]", "e.7", "[99999999999999999999]"};

    for (size_t len = 0; len < sizeof json; len++) {
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            uint8_t *copy = slice_dup(slice_of(json, len));

            cr_assert(json_line_of(slice_of(copy, len), paths[i]) <= 9);
            free(copy);
        }
    }
}

/* --- pages ---------------------------------------------------------------------------------- */

Test(pages, are_zero_at_first)
{
    const size_t sizes[] = {1, 4096, 100000, (size_t)15 << 20};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *block = pages_calloc(sizes[i], 1);

        cr_assert_not_null(block);
        cr_expect(block[0] == 0 && block[sizes[i] / 2] == 0 && block[sizes[i] - 1] == 0);
        free(block);
    }
}

Test(pages, keep_what_they_hold_while_they_grow)
{
    const size_t last_bytes = (size_t)32 << 20;
    uint8_t *block = NULL;

    for (size_t bytes = 1024, used = 0; bytes <= last_bytes; used = bytes, bytes *= 8) {
        block = pages_grow(block, bytes);
        cr_assert_not_null(block);
        for (size_t i = used; i < bytes; i++)
            block[i] = (uint8_t)(i % 251);
        for (size_t i = 0; i < bytes; i += 97)
            cr_assert_eq(block[i], i % 251, "byte %zu of %zu", i, bytes);
    }
    free(block);
}
