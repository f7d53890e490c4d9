#include "histories/edn.h"
#include "histories/quote.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Forms as bytes and back: one way to write each value, so that equal values have equal bytes. */

static int print_form(struct edn *r, struct edn_token t, unsigned depth, struct buf *out,
                      struct err *e);

static int out_of(const struct edn *r, int rc, struct err *e)
{
    return rc < 0 ? err_set(e, rc, "%s: a value: %s", r->name, err_text(rc)) : 0;
}

/* --- numbers -------------------------------------------------------------------------------- */

/* Digits, without zeros in front; "-0" is 0. */
static int print_digits(bool negative, struct slice digits, struct buf *out)
{
    while (digits.len > 1 && digits.data[0] == '0')
        digits = slice_of(digits.data + 1, digits.len - 1);
    if (negative && digits.data[0] != '0') {
        int rc = buf_append_byte(out, '-');

        if (rc < 0)
            return rc;
    }
    return buf_append_slice(out, digits);
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit(s.data[i]))
            return false;
    }
    return s.len > 0;
}

/* 0x1f, 2r101, 017: what Clojure's reader takes beside EDN. Up to 64 bits. */
static bool parse_radix(const char *text, uint64_t *ret)
{
    const char *digits = text;
    unsigned long base = 8;
    char *end;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        digits = text + 2;
    } else if (text[0] != '0') {
        base = strtoul(text, &end, 10);
        digits = end + 1;
        if ((*end != 'r' && *end != 'R') || base < 2 || base > 36)
            return false;
    }
    errno = 0;
    *ret = strtoull(digits, &end, (int)base);
    return isalnum((unsigned char)*digits) && *end == '\0' && errno == 0;
}

/* The shortest digits that read as the same double. */
static int print_double(double value, struct buf *out)
{
    char text[40];

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return buf_printf(out, strpbrk(text, ".e") == NULL ? "%s.0" : "%s", text);
}

static bool is_ratio(const char *text)
{
    const char *slash = strchr(text, '/');

    return slash != NULL && all_digits(slice_of(text, (size_t)(slash - text))) &&
           all_digits(slice_str(slash + 1));
}

/* A double by its value, what has the precision of its text (1.50M) by its text, and so a ratio. */
static int print_other_number(bool negative, const char *text, struct buf *out)
{
    size_t len = strlen(text);
    double value;
    char *end;

    errno = 0;
    value = strtod(text, &end);
    if (strpbrk(text, ".eE") != NULL && strspn(text, "0123456789.eE+-") == len && *end == '\0' &&
        errno == 0)
        return print_double(negative ? -value : value, out);
    if (is_ratio(text) || (text[len - 1] == 'M' && end == text + len - 1) || text[0] == '#')
        return buf_printf(out, "%s%s", negative ? "-" : "", text);
    return -E_PARSE;
}

enum { NUMBER_BYTES_MAX = 400 }; /* of what is no plain row of digits; no double needs as many */

static int print_number(const struct edn *r, struct edn_token t, struct buf *out, struct err *e)
{
    bool negative = t.text.data[0] == '-';
    size_t sign = negative || t.text.data[0] == '+';
    struct slice digits = slice_of(t.text.data + sign, t.text.len - sign);
    bool big = isdigit(digits.data[0]) && digits.data[digits.len - 1] == 'N';
    char text[NUMBER_BYTES_MAX + 1];
    uint64_t value;
    int rc;

    digits.len -= big;
    if (all_digits(digits) && (digits.data[0] != '0' || digits.len == 1))
        return out_of(r, print_digits(negative, digits, out), e);
    if (digits.len > NUMBER_BYTES_MAX || memchr(digits.data, 0, digits.len) != NULL)
        return edn_expected(r, t.at, "a shorter number", e);
    snprintf(text, sizeof text, "%.*s", (int)digits.len, (const char *)digits.data);
    if (parse_radix(text, &value))
        rc = buf_printf(out, "%s%" PRIu64, negative && value > 0 ? "-" : "", value);
    else
        rc = big ? -E_PARSE : print_other_number(negative, text, out);
    return rc == -E_PARSE ? edn_expected(r, t.at, "a number", e) : out_of(r, rc, e);
}

/* --- collections ---------------------------------------------------------------------------- */

/* Where an element of a set, or a name and its value of a map, were printed. */
struct part {
    size_t at;
    size_t key_len; /* of the element or the name: what the order goes by */
    size_t len;
};

struct parts {
    struct part *items;
    size_t n;
    size_t cap;
};

static int parts_add(struct parts *p, struct part part)
{
    if (p->n == p->cap) {
        size_t cap = p->cap == 0 ? 16 : p->cap * 2;
        struct part *items = reallocarray(p->items, cap, sizeof *items);

        if (items == NULL)
            return -E_NOMEM;
        p->items = items;
        p->cap = cap;
    }
    p->items[p->n++] = part;
    return 0;
}

static int compare_parts(const void *a, const void *b, void *text)
{
    const struct part *x = a;
    const struct part *y = b;
    const uint8_t *bytes = text;

    return slice_compare(slice_of(bytes + x->at, x->key_len), slice_of(bytes + y->at, y->key_len));
}

/* Prints elements up to the closing bracket, one space between them, and notes where. */
static int print_elements(struct edn *r, struct edn_token open, unsigned depth, struct parts *parts,
                          struct buf *out, struct err *e)
{
    struct edn_token t;
    size_t n = 0;
    int rc;

    for (;;) {
        struct part part = {.at = out->len};
        bool named = open.kind == EDN_MAP && n % 2 == 1;

        rc = edn_next(r, &t, e);
        if (rc < 0 || t.kind == EDN_CLOSE)
            break;
        if (n++ > 0)
            rc = out_of(r, buf_append_byte(out, ' '), e);
        part.at += n > 1;
        if (rc == 0)
            rc = print_form(r, t, depth, out, e);
        part.key_len = part.len = out->len - part.at;
        if (rc == 0 && named)
            parts->items[parts->n - 1].len += 1 + part.len;
        else if (rc == 0 && open.kind != EDN_VECTOR && open.kind != EDN_LIST)
            rc = out_of(r, parts_add(parts, part), e);
        if (rc < 0)
            break;
    }
    if (rc == 0 && (char)t.text.data[0] != (open.kind == EDN_VECTOR ? ']'
                                            : open.kind == EDN_LIST ? ')'
                                                                    : '}'))
        rc = edn_expected(r, t.at, "the bracket that fits the open one", e);
    if (rc == 0 && open.kind == EDN_MAP && n % 2 == 1)
        rc = edn_expected(r, t.at, "a value for the last key of the map", e);
    return rc;
}

/* Puts what stands behind `start` into the order of its parts. */
static int sort_parts(const struct edn *r, struct edn_token open, struct parts *parts, size_t start,
                      struct buf *out, struct err *e)
{
    struct buf sorted = {0};
    int rc = buf_reserve(&sorted, out->len - start);

    if (parts->n > 1)
        qsort_r(parts->items, parts->n, sizeof *parts->items, compare_parts, out->data);
    for (size_t i = 0; rc == 0 && i < parts->n; i++) {
        const struct part *p = &parts->items[i];

        if (i > 0 && compare_parts(p - 1, p, out->data) == 0) {
            buf_free(&sorted);
            return edn_expected(r, open.at, "a map or set that holds nothing twice", e);
        }
        if (i > 0)
            rc = buf_append_byte(&sorted, ' ');
        if (rc == 0)
            rc = buf_append(&sorted, out->data + p->at, p->len);
    }
    if (rc == 0 && sorted.len > 0)
        memcpy(out->data + start, sorted.data, sorted.len);
    buf_free(&sorted);
    return out_of(r, rc, e);
}

/* Lists become vectors: Clojure holds (= [1] '(1)). */
static int print_collection(struct edn *r, struct edn_token open, unsigned depth, struct buf *out,
                            struct err *e)
{
    static const char *const starts[] = {
        [EDN_VECTOR] = "[", [EDN_LIST] = "[", [EDN_MAP] = "{", [EDN_SET] = "#{"};
    bool sorted = open.kind == EDN_MAP || open.kind == EDN_SET;
    struct parts parts = {0};
    size_t start;
    int rc;

    if (depth == EDN_DEPTH_MAX)
        return edn_expected(r, open.at, "no deeper nesting", e);
    rc = out_of(r, buf_append_slice(out, slice_str(starts[open.kind])), e);
    start = out->len;
    if (rc == 0)
        rc = print_elements(r, open, depth + 1, &parts, out, e);
    if (rc == 0 && sorted)
        rc = sort_parts(r, open, &parts, start, out, e);
    free(parts.items);
    if (rc == 0)
        rc = out_of(r, buf_append_byte(out, sorted ? '}' : ']'), e);
    return rc;
}

static int print_tagged(struct edn *r, struct edn_token tag, unsigned depth, struct buf *out,
                        struct err *e)
{
    struct edn_token t;
    int rc = out_of(r, buf_append_slice(out, tag.text), e);

    if (rc == 0)
        rc = out_of(r, buf_append_byte(out, ' '), e);
    if (rc == 0)
        rc = edn_next(r, &t, e);
    if (rc == 0 && depth == EDN_DEPTH_MAX)
        rc = edn_expected(r, tag.at, "no deeper nesting", e);
    return rc < 0 ? rc : print_form(r, t, depth + 1, out, e);
}

/* --- forms ---------------------------------------------------------------------------------- */

static int print_string(const struct edn *r, struct edn_token t, struct buf *out, struct err *e)
{
    struct buf bytes = {0};
    int rc = edn_string(r, t, &bytes, e);

    if (rc == 0)
        rc = out_of(r, quote_append(out, buf_slice(&bytes)), e);
    buf_free(&bytes);
    return rc;
}

static int print_form(struct edn *r, struct edn_token t, unsigned depth, struct buf *out,
                      struct err *e)
{
    switch (t.kind) {
    case EDN_NIL:
    case EDN_TRUE:
    case EDN_FALSE:
    case EDN_CHAR:
    case EDN_KEYWORD:
    case EDN_SYMBOL: return out_of(r, buf_append_slice(out, t.text), e);
    case EDN_NUMBER: return print_number(r, t, out, e);
    case EDN_STRING: return print_string(r, t, out, e);
    case EDN_TAG: return print_tagged(r, t, depth, out, e);
    case EDN_VECTOR:
    case EDN_LIST:
    case EDN_MAP:
    case EDN_SET: return print_collection(r, t, depth, out, e);
    default: return edn_expected(r, t.at, "a value", e);
    }
}

int edn_print(struct edn *r, struct edn_token first, struct buf *out, struct err *e)
{
    return print_form(r, first, 0, out, e);
}

/* --- values of a history -------------------------------------------------------------------- */

static bool is_canonical_integer(struct slice s)
{
    size_t sign = s.len > 1 && s.data[0] == '-';
    struct slice digits = slice_of(s.data + sign, s.len - sign);

    return all_digits(digits) && (digits.data[0] != '0' || s.len == 1);
}

/* Quotes within quotes are nested no deeper than the logarithm of the length, since each level
 * doubles the backslashes. */
int edn_stands_for_form(struct slice bytes)
{
    static const char starts[] = "0123456789+-\"\\:[{#'tf";
    struct edn r = {.name = "", .text = bytes};
    struct buf value = {0};
    struct edn_token t;
    int rc;

    if (bytes.len == 0 || memchr(starts, bytes.data[0], sizeof starts - 1) == NULL)
        return 0;
    if (is_canonical_integer(bytes))
        return 1;
    r.at = bytes.data[0] == '\'';
    rc = edn_next(&r, &t, NULL);
    if (rc == 0 && (t.kind == EDN_SYMBOL || t.kind == EDN_NIL) != (bytes.data[0] == '\''))
        return 0;
    if (rc == 0)
        rc = edn_value(&r, t, &value, NULL);
    if (rc == 0)
        rc = r.at == bytes.len && slice_equal(buf_slice(&value), bytes);
    buf_free(&value);
    return rc == -E_PARSE ? 0 : rc;
}

static int string_value(const struct edn *r, struct edn_token t, struct buf *out, struct err *e)
{
    struct buf own = {0};
    int rc = edn_string(r, t, &own, e);

    if (rc == 0) {
        int stands = edn_stands_for_form(buf_slice(&own));

        rc = stands == 1 ? quote_append(out, buf_slice(&own)) : stands;
        if (stands == 0)
            rc = buf_append_slice(out, buf_slice(&own));
        rc = out_of(r, rc, e);
    }
    buf_free(&own);
    return rc;
}

int edn_value(struct edn *r, struct edn_token first, struct buf *out, struct err *e)
{
    if (first.kind == EDN_STRING)
        return string_value(r, first, out, e);
    if (first.kind == EDN_SYMBOL || first.kind == EDN_NIL) {
        int rc = out_of(r, buf_append_byte(out, '\''), e);

        if (rc < 0)
            return rc;
    }
    return edn_print(r, first, out, e);
}

/* Clojure marks integers beyond 64 bits. */
static bool is_big(struct slice integer)
{
    char text[24];

    if (integer.len >= sizeof text)
        return true;
    memcpy(text, integer.data, integer.len);
    text[integer.len] = '\0';
    errno = 0;
    strtoll(text, NULL, 10);
    return errno != 0;
}

int edn_write(struct slice bytes, struct buf *out)
{
    int stands = edn_stands_for_form(bytes);
    int rc;

    if (stands <= 0)
        return stands < 0 ? stands : quote_append(out, bytes);
    if (bytes.data[0] == '\'')
        bytes = slice_of(bytes.data + 1, bytes.len - 1);
    rc = buf_append_slice(out, bytes);
    if (rc == 0 && is_canonical_integer(bytes) && is_big(bytes))
        rc = buf_append_byte(out, 'N');
    return rc;
}
