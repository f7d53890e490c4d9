#include "base/rng.h"
#include "histories/edn.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The bytes of the first form of a text; fails where there is none. */
static void value_of(struct slice text, struct buf *out)
{
    struct edn r = {.name = "edn", .text = text};
    struct edn_token t;
    struct err e = {.text = ""};

    buf_clear(out);
    cr_assert_eq(edn_next(&r, &t, &e), 0, "%.*s: %s", (int)text.len, text.data, e.text);
    cr_assert_eq(edn_value(&r, t, out, &e), 0, "%.*s: %s", (int)text.len, text.data, e.text);
    cr_assert_eq(edn_next(&r, &t, &e), 0, "%s", e.text);
    cr_assert_eq(t.kind, EDN_END, "%.*s: something is left", (int)text.len, text.data);
}

/* --- forms ---------------------------------------------------------------------------------- */

static const struct {
    const char *form;
    const char *bytes;
} forms[] = {
    {"12", "12"},
    {"+12", "12"},
    {"-12N", "-12"},
    {"-0", "0"},
    {"0x1F", "31"},
    {"-0Xff", "-255"},
    {"2r101", "5"},
    {"36rZ", "35"},
    {"017", "15"},
    {"123456789012345678901234567890N", "123456789012345678901234567890"},
    {"1/2", "1/2"},
    {"-3/4", "-3/4"},
    {"1.50", "1.5"},
    {"1.0", "1.0"},
    {"1e3", "1e+03"},
    {"-2.5E-3", "-0.0025"},
    {"1.50M", "1.50M"},
    {"##NaN", "##NaN"},
    {"nil", "'nil"},
    {"true", "true"},
    {"\"\"", ""},
    {"\"abc\"", "abc"},
    {"\"nil\"", "nil"},
    {"\"12\"", "\"12\""},
    {"\"1a\"", "1a"},
    {"\"true\"", "\"true\""},
    {"\":x\"", "\":x\""},
    {"\"a\\nb\\t\\\"\\\\\"", "a\nb\t\"\\"},
    {"\"\\u00e9\\ud83d\\ude00\"", "\xc3\xa9\xf0\x9f\x98\x80"},
    {"\"\\udcff\\udc80\"", "\xff\x80"},
    {"\"\\o101\"", "A"},
    {"\\a", "\\a"},
    {"\\newline", "\\newline"},
    {"\\(", "\\("},
    {":x", ":x"},
    {":a.b/c", ":a.b/c"},
    {"foo/bar", "'foo/bar"},
    {"[1 , 2]", "[1 2]"},
    {"(1 2)", "[1 2]"},
    {"[1 [\"a\" b]]", "[1 [\"a\" b]]"},
    {"{:b 1, :a 2}", "{:a 2 :b 1}"},
    {"#{3 1 2}", "#{1 2 3}"},
    {"{}", "{}"},
    {"#inst \"2020-01-01\"", "#inst \"2020-01-01\""},
    {"#_ 1 2", "2"},
    {"#_ #_ 1 2 3", "3"},
    {"#_ [1 #_ 2] 3 #_ 4", "3"},
    {"[1 #_ 2 3]", "[1 3]"},
    {"; a comment\n5 ; behind\n", "5"},
};

Test(histories_edn, forms_have_one_way_to_be_written)
{
    struct buf bytes = {0};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        value_of(slice_str(forms[i].form), &bytes);
        cr_expect(slice_equal(buf_slice(&bytes), slice_str(forms[i].bytes)), "%s: %.*s",
                  forms[i].form, (int)bytes.len, bytes.data);
    }
    buf_free(&bytes);
}

Test(histories_edn, each_form_comes_back_from_its_bytes)
{
    struct buf bytes = {0};
    struct buf form = {0};
    struct buf again = {0};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        value_of(slice_str(forms[i].form), &bytes);
        buf_clear(&form);
        cr_assert_eq(edn_write(buf_slice(&bytes), &form), 0);
        value_of(buf_slice(&form), &again);
        cr_expect(slice_equal(buf_slice(&bytes), buf_slice(&again)), "%s: %.*s", forms[i].form,
                  (int)form.len, form.data);
    }
    buf_free(&bytes);
    buf_free(&form);
    buf_free(&again);
}

/* --- any bytes ------------------------------------------------------------------------------ */

/* Bytes that look like EDN more often than chance would have it. */
static size_t draw(struct rng *rng, uint8_t *out, size_t max)
{
    static const char letters[] = "0123456789+-\"\"\\\\:[]{}#_'tfnr aeuMN./;,xilrue";
    size_t len = rng_below(rng, max + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = rng_chance(rng, 950000) ? (uint8_t)letters[rng_below(rng, sizeof letters - 1)]
                                         : (uint8_t)rng_below(rng, 256);
    return len;
}

Test(histories_edn, every_byte_string_is_the_value_of_one_form)
{
    struct rng rng = rng_make(1, rng_stream("bytes", 0));
    struct buf form = {0};
    struct buf again = {0};
    uint8_t bytes[12];

    for (int i = 0; i < 300000; i++) {
        struct slice in = slice_of(bytes, draw(&rng, bytes, sizeof bytes));

        buf_clear(&form);
        cr_assert_eq(edn_write(in, &form), 0);
        value_of(buf_slice(&form), &again);
        cr_assert(slice_equal(in, buf_slice(&again)), "%.*s -> %.*s -> %.*s", (int)in.len, in.data,
                  (int)form.len, form.data, (int)again.len, again.data);
    }
    buf_free(&form);
    buf_free(&again);
}

Test(histories_edn, quotes_in_quotes_keep_apart)
{
    struct buf form = {0};
    struct buf value = {0};
    struct buf again = {0};

    buf_append_slice(&value, slice_str("12"));
    for (int i = 0; i < 12; i++) {
        buf_clear(&form);
        cr_assert_eq(edn_write(buf_slice(&value), &form), 0);
        value_of(buf_slice(&form), &again);
        cr_assert(slice_equal(buf_slice(&value), buf_slice(&again)));
        /* The string that holds this very text is another value. */
        buf_clear(&form);
        cr_assert_eq(buf_printf(&form, "\""), 0);
        for (size_t k = 0; k < value.len; k++)
            buf_printf(&form, strchr("\"\\", value.data[k]) ? "\\%c" : "%c", value.data[k]);
        cr_assert_eq(buf_printf(&form, "\""), 0);
        value_of(buf_slice(&form), &again);
        cr_assert_not(slice_equal(buf_slice(&value), buf_slice(&again)));
        buf_clear(&value);
        buf_append_slice(&value, buf_slice(&again));
    }
    buf_free(&form);
    buf_free(&value);
    buf_free(&again);
}

/* --- mistakes ------------------------------------------------------------------------------- */

static int read_all(const char *text, struct err *e)
{
    struct edn r = {.name = "edn", .text = slice_str(text)};
    struct buf out = {0};
    struct edn_token t;
    int rc;

    while ((rc = edn_next(&r, &t, e)) == 0 && t.kind != EDN_END) {
        rc = edn_value(&r, t, &out, e);
        if (rc < 0)
            break;
    }
    buf_free(&out);
    return rc;
}

static const struct {
    const char *text;
    const char *words;
} mistakes[] = {
    {"[1 2", "edn:1:5: expected"},
    {"\n [1 2)", "edn:2:6: expected the bracket that fits"},
    {"]", "edn:1:1: expected a value"},
    {"{:a}", "edn:1:4: expected a value for the last key"},
    {"{:a 1 :a 2}", "edn:1:1: expected a map or set that holds nothing twice"},
    {"#{1 1N}", "edn:1:1: expected a map or set that holds nothing twice"},
    {"\"abc", "edn:1:1: expected a string that ends"},
    {"\"abc\\", "edn:1:1: expected a string that ends"},
    {"\"a\\qc\"", "edn:1:3: expected an escape"},
    {"\"a\\u12\"", "edn:1:3: expected an escape"},
    {"\"\\ud800\"", "edn:1:2: expected an escape"},
    {"1x", "edn:1:1: expected a number"},
    {"09", "edn:1:1: expected a number"},
    {"0x", "edn:1:1: expected a number"},
    {"1/", "edn:1:1: expected a number"},
    {"37r1", "edn:1:1: expected a number"},
    {"0xffffffffffffffffff", "edn:1:1: expected a number"},
    {"5 \n  @", "edn:2:3: expected a value"},
    {"#(", "edn:1:2: expected {, _ or"},
    {"#_", "edn:1:3: expected the rest"},
    {"#foo", "edn:1:5: expected a value"},
    {"\\", "edn:1:2: expected a character"},
};

Test(histories_edn, a_mistake_is_named_by_line_and_column)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct err e = {.text = ""};
        int rc = read_all(mistakes[i].text, &e);

        cr_expect_eq(rc, -E_PARSE, "%s: %d", mistakes[i].text, rc);
        cr_expect_eq(strncmp(e.text, mistakes[i].words, strlen(mistakes[i].words)), 0, "%s: %s",
                     mistakes[i].text, e.text);
    }
}

Test(histories_edn, nesting_is_bounded)
{
    enum { DEEP = 100000 };
    static const char brackets[] = "[({#";
    char *text = calloc(2 * DEEP + 1, 1);

    for (size_t b = 0; b < 4; b++) {
        struct err e = {.text = ""};

        for (size_t i = 0; i < DEEP; i++) {
            text[2 * i] = brackets[b];
            text[2 * i + 1] = b == 3 ? 'a' : ' ';
        }
        cr_expect_eq(read_all(text, &e), -E_PARSE);
    }
    for (size_t i = 0; i < DEEP; i++)
        memcpy(text + 2 * i, "#_", 2);
    cr_expect_eq(read_all(text, NULL), -E_PARSE, "discards without anything behind");
    free(text);
}

Test(histories_edn, what_is_passed_over_is_what_is_read)
{
    struct rng rng = rng_make(2, rng_stream("skip", 0));
    unsigned n_forms = 0;

    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[16];
        struct edn a = {.name = "edn", .text = slice_of(bytes, draw(&rng, bytes, sizeof bytes))};
        struct buf out = {0};
        struct edn_token t;
        struct edn b;

        if (edn_next(&a, &t, NULL) < 0 || t.kind == EDN_END)
            continue;
        b = a;
        if (edn_value(&a, t, &out, NULL) == 0) {
            n_forms++;
            cr_assert_eq(edn_skip(&b, t, NULL), 0, "%.*s", (int)a.text.len, bytes);
            cr_assert_eq(a.at, b.at, "%.*s", (int)a.text.len, bytes);
        }
        buf_free(&out);
    }
    cr_assert_gt(n_forms, 10000);
}
