#include "histories/json.h"

#include "histories/quote.h"

#include <ctype.h>

int json_expected(const struct line *l, size_t at, const char *what, struct err *e)
{
    struct line place = *l;

    place.at = at;
    return line_expected(&place, what, e);
}

/* --- scanning ------------------------------------------------------------------------------- */

static size_t skip_string(struct slice s, size_t at)
{
    for (at++; at < s.len && s.data[at] != '"'; at++)
        at += s.data[at] == '\\';
    return at < s.len ? at + 1 : 0;
}

static size_t skip_digits(struct slice s, size_t at)
{
    while (at < s.len && isdigit(s.data[at]))
        at++;
    return at;
}

static size_t skip_number(struct slice s, size_t at)
{
    size_t digits = at + (s.data[at] == '-');
    size_t end = skip_digits(s, digits);

    if (end == digits)
        return 0;
    if (end < s.len && s.data[end] == '.')
        end = skip_digits(s, end + 1);
    if (end < s.len && (s.data[end] == 'e' || s.data[end] == 'E')) {
        end++;
        end += end < s.len && (s.data[end] == '-' || s.data[end] == '+');
        end = skip_digits(s, end);
    }
    return end;
}

static size_t skip_word(struct slice s, size_t at, const char *word)
{
    size_t len = strlen(word);

    return s.len - at >= len && memcmp(s.data + at, word, len) == 0 ? at + len : 0;
}

static size_t skip_blanks(struct slice s, size_t at)
{
    while (at < s.len && (s.data[at] == ' ' || s.data[at] == '\t'))
        at++;
    return at;
}

static size_t skip_value(struct slice s, size_t at, unsigned depth, struct json_value *ret);

/* Behind the bracket that closes what opens at `at`; 0 when something is wrong inside. */
static size_t skip_elements(struct slice s, size_t at, unsigned depth, bool named)
{
    char closer = named ? '}' : ']';
    struct json_value v;

    at = skip_blanks(s, at + 1);
    if (at < s.len && s.data[at] == (uint8_t)closer)
        return at + 1;
    for (;;) {
        if (named) {
            if (at >= s.len || s.data[at] != '"' || (at = skip_string(s, at)) == 0)
                return 0;
            at = skip_blanks(s, at);
            if (at >= s.len || s.data[at] != ':')
                return 0;
            at = skip_blanks(s, at + 1);
        }
        at = skip_value(s, at, depth + 1, &v);
        if (at == 0)
            return 0;
        at = skip_blanks(s, at);
        if (at < s.len && s.data[at] == (uint8_t)closer)
            return at + 1;
        if (at >= s.len || s.data[at] != ',')
            return 0;
        at = skip_blanks(s, at + 1);
    }
}

static size_t skip_value(struct slice s, size_t at, unsigned depth, struct json_value *ret)
{
    enum json_kind kind = JSON_NUMBER;
    size_t end;

    if (at >= s.len || depth > JSON_DEPTH_MAX)
        return 0;
    switch (s.data[at]) {
    case '"':
        kind = JSON_STRING;
        end = skip_string(s, at);
        break;
    case '[':
    case '{':
        kind = s.data[at] == '[' ? JSON_ARRAY : JSON_OBJECT;
        end = skip_elements(s, at, depth, kind == JSON_OBJECT);
        break;
    case 'n':
        kind = JSON_NULL;
        end = skip_word(s, at, "null");
        break;
    case 't':
    case 'f':
        kind = JSON_BOOL;
        end = skip_word(s, at, s.data[at] == 't' ? "true" : "false");
        break;
    default: end = skip_number(s, at); break;
    }
    *ret = (struct json_value){kind, at, slice_of(s.data + at, end == 0 ? 0 : end - at)};
    if (kind == JSON_STRING && end > 0)
        ret->text = slice_of(s.data + at + 1, end - at - 2);
    return end;
}

/* --- objects -------------------------------------------------------------------------------- */

static int read_field(struct line *l, struct json_object *ret, struct err *e)
{
    struct slice s = l->text;
    size_t end = l->at < s.len && s.data[l->at] == '"' ? skip_string(s, l->at) : 0;
    struct json_value v;

    if (end == 0)
        return line_expected(l, "the name of a field in quotes", e);
    if (ret->n == JSON_FIELDS_MAX)
        return line_expected(l, "no more fields", e);
    ret->names[ret->n] = slice_of(s.data + l->at + 1, end - l->at - 2);
    for (size_t i = 0; i < ret->n; i++) {
        if (slice_equal(ret->names[i], ret->names[ret->n]))
            return line_expected(l, "each field once", e);
    }
    l->at = skip_blanks(s, end);
    if (!line_literal(l, ":"))
        return line_expected(l, "':'", e);
    line_blanks(l);
    end = skip_value(s, l->at, 0, &v);
    if (end == 0)
        return line_expected(l, "a value (nested eight deep at most)", e);
    l->at = end;
    ret->values[ret->n++] = v;
    return 0;
}

int json_read_line(struct line *l, struct json_object *ret, struct err *e)
{
    int rc = 0;

    ret->line = l;
    ret->n = 0;
    line_blanks(l);
    if (!line_literal(l, "{"))
        return line_expected(l, "an object: '{'", e);
    line_blanks(l);
    while (rc == 0 && !line_literal(l, "}")) {
        if (ret->n > 0) {
            if (!line_literal(l, ","))
                return line_expected(l, "',' or '}'", e);
            line_blanks(l);
        }
        rc = read_field(l, ret, e);
        line_blanks(l);
    }
    if (rc == 0 && !line_end(l))
        rc = line_expected(l, "the end of the line", e);
    return rc;
}

struct json_value json_field(const struct json_object *o, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < o->n; i++) {
        if (o->names[i].len == len && memcmp(o->names[i].data, name, len) == 0)
            return o->values[i];
    }
    return (struct json_value){.kind = JSON_NONE};
}

struct json_value json_inside(struct json_value v)
{
    v.text = slice_of(v.text.data + 1, v.text.len - 2);
    v.at++;
    return v;
}

static bool is_between(uint8_t c)
{
    return c == ' ' || c == '\t' || c == ',' || c == ':';
}

/* What is inside was skipped once without a mistake. */
int json_next(struct json_value *inside, struct json_value *ret)
{
    size_t at = 0;
    size_t end;

    while (at < inside->text.len && is_between(inside->text.data[at]))
        at++;
    if (at == inside->text.len)
        return 0;
    end = skip_value(inside->text, at, 0, ret);
    ret->at = inside->at + at;
    inside->at += end;
    inside->text = slice_of(inside->text.data + end, inside->text.len - end);
    return end > 0;
}

/* --- values --------------------------------------------------------------------------------- */

int json_bytes(const struct line *l, struct json_value v, struct buf *out, struct err *e)
{
    size_t bad = 0;
    int rc;

    if (v.kind != JSON_STRING && v.kind != JSON_NUMBER)
        return json_expected(l, v.at, "a string or a number", e);
    rc = v.kind == JSON_NUMBER ? buf_append_slice(out, v.text) : quote_resolve(out, v.text, &bad);
    if (rc == -E_PARSE)
        return json_expected(l, v.at + 1 + bad, "an escape that there is", e);
    return rc < 0 ? err_set(e, rc, "%s:%u: %s", l->name, l->number, err_text(rc)) : 0;
}

int json_uint(const struct line *l, struct json_value v, uint64_t max, uint64_t *ret, struct err *e)
{
    uint64_t value = 0;
    size_t i = 0;

    for (; v.kind == JSON_NUMBER && i < v.text.len && isdigit(v.text.data[i]); i++) {
        unsigned digit = v.text.data[i] - '0';

        if (digit > max || value > (max - digit) / 10)
            return json_expected(l, v.at, "a smaller number", e);
        value = value * 10 + digit;
    }
    if (v.kind != JSON_NUMBER || i < v.text.len)
        return json_expected(l, v.at, "a whole number", e);
    *ret = value;
    return 0;
}
