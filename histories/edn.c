#include "histories/edn.h"

#include "histories/quote.h"

#include <ctype.h>

/* --- places --------------------------------------------------------------------------------- */

static void place_of(const struct edn *r, size_t at, size_t *line, size_t *column)
{
    const uint8_t *start = r->text.data;
    const uint8_t *end = start + at;

    *line = 1;
    for (const uint8_t *nl; start < end && (nl = memchr(start, '\n', (size_t)(end - start)));) {
        start = nl + 1;
        ++*line;
    }
    *column = (size_t)(end - start) + 1;
}

int edn_expected(const struct edn *r, size_t at, const char *what, struct err *e)
{
    size_t line;
    size_t column;

    place_of(r, at, &line, &column);
    return err_set(e, -E_PARSE, "%s:%zu:%zu: expected %s", r->name, line, column, what);
}

int edn_blame(const struct edn *r, size_t at, int rc, struct err *e)
{
    size_t line;
    size_t column;

    place_of(r, at, &line, &column);
    return err_prefix(e, rc, "%s:%zu:%zu", r->name, line, column);
}

/* --- tokens --------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == ',' || (c >= '\t' && c <= '\r');
}

/* What a symbol, keyword or number may hold. The notation names some punctuation; letters of other
 * alphabets are taken too. */
static const bool constituents[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, [0x80 ... 0xff] = true,
    ['.'] = true,         ['*'] = true,         ['+'] = true,         ['!'] = true,
    ['-'] = true,         ['_'] = true,         ['?'] = true,         ['$'] = true,
    ['%'] = true,         ['&'] = true,         ['='] = true,         ['<'] = true,
    ['>'] = true,         ['/'] = true,         [':'] = true,         ['#'] = true,
    ['\''] = true,
};

static bool is_constituent(uint8_t c)
{
    return constituents[c];
}

static void skip_blanks(struct edn *r)
{
    const uint8_t *text = r->text.data;

    while (r->at < r->text.len) {
        if (text[r->at] == ';') {
            const uint8_t *nl = memchr(text + r->at, '\n', r->text.len - r->at);

            r->at = nl == NULL ? r->text.len : (size_t)(nl - text);
        } else if (is_blank(text[r->at])) {
            r->at++;
        } else {
            return;
        }
    }
}

static void take(struct edn *r, enum edn_kind kind, size_t len, struct edn_token *ret)
{
    *ret = (struct edn_token){kind, r->at, slice_of(r->text.data + r->at, len)};
    r->at += len;
}

static void take_word(struct edn *r, enum edn_kind kind, size_t at_least, struct edn_token *ret)
{
    size_t end = r->at + at_least;

    while (end < r->text.len && is_constituent(r->text.data[end]))
        end++;
    take(r, kind, end - r->at, ret);
}

static int take_string(struct edn *r, struct edn_token *ret, struct err *e)
{
    size_t end = r->at + 1;

    while (end < r->text.len && r->text.data[end] != '"')
        end += r->text.data[end] == '\\' ? 2 : 1;
    if (end >= r->text.len)
        return edn_expected(r, r->at, "a string that ends", e);
    take(r, EDN_STRING, end + 1 - r->at, ret);
    return 0;
}

/* `\a`, `\newline`, `\(`: at least one character, which may be any. */
static int take_char(struct edn *r, struct edn_token *ret, struct err *e)
{
    if (r->at + 1 >= r->text.len || is_blank(r->text.data[r->at + 1]))
        return edn_expected(r, r->at + 1, "a character", e);
    if (is_constituent(r->text.data[r->at + 1]))
        take_word(r, EDN_CHAR, 2, ret);
    else
        take(r, EDN_CHAR, 2, ret);
    return 0;
}

static int take_hash(struct edn *r, struct edn_token *ret, struct err *e)
{
    uint8_t next = r->at + 1 < r->text.len ? r->text.data[r->at + 1] : 0;

    if (next == '{')
        take(r, EDN_SET, 2, ret);
    else if (next == '_')
        take(r, EDN_DISCARD, 2, ret);
    else if (next == '#')
        take_word(r, EDN_NUMBER, 2, ret);
    else if (isalpha(next) || next == ':')
        take_word(r, EDN_TAG, 2, ret);
    else
        return edn_expected(r, r->at + 1, "{, _ or the name of a tag behind the #", e);
    return 0;
}

static bool is_number(const struct edn *r)
{
    const uint8_t *c = r->text.data + r->at;

    return isdigit(c[0]) ||
           ((c[0] == '-' || c[0] == '+') && r->at + 1 < r->text.len && isdigit(c[1]));
}

static void take_symbol(struct edn *r, struct edn_token *ret)
{
    take_word(r, EDN_SYMBOL, 1, ret);
    if (slice_equal(ret->text, slice_str("nil")))
        ret->kind = EDN_NIL;
    else if (slice_equal(ret->text, slice_str("true")))
        ret->kind = EDN_TRUE;
    else if (slice_equal(ret->text, slice_str("false")))
        ret->kind = EDN_FALSE;
}

/* Any token, EDN_DISCARD too. */
static int lex(struct edn *r, struct edn_token *ret, struct err *e)
{
    uint8_t c;

    skip_blanks(r);
    if (r->at >= r->text.len) {
        *ret = (struct edn_token){.kind = EDN_END, .at = r->text.len};
        return 0;
    }
    c = r->text.data[r->at];
    switch (c) {
    case '{': take(r, EDN_MAP, 1, ret); return 0;
    case '[': take(r, EDN_VECTOR, 1, ret); return 0;
    case '(': take(r, EDN_LIST, 1, ret); return 0;
    case '}':
    case ']':
    case ')': take(r, EDN_CLOSE, 1, ret); return 0;
    case '"': return take_string(r, ret, e);
    case '\\': return take_char(r, ret, e);
    case '#': return take_hash(r, ret, e);
    case ':': take_word(r, EDN_KEYWORD, 1, ret); return 0;
    default: break;
    }
    if (!is_constituent(c) || c == '\'')
        return edn_expected(r, r->at, "a value", e);
    if (is_number(r))
        take_word(r, EDN_NUMBER, 1, ret);
    else
        take_symbol(r, ret);
    return 0;
}

/* --- forms ---------------------------------------------------------------------------------- */

static char closer_of(enum edn_kind kind)
{
    return kind == EDN_VECTOR ? ']' : kind == EDN_LIST ? ')' : '}';
}

/* The brackets that are open while a form is passed over. */
struct nesting {
    char closers[EDN_DEPTH_MAX];
    unsigned depth;
};

static int nest(const struct edn *r, struct nesting *n, const struct edn_token *t, struct err *e)
{
    if (t->kind == EDN_CLOSE) {
        if (n->depth == 0 || n->closers[n->depth - 1] != (char)t->text.data[0])
            return edn_expected(r, t->at, "the bracket that fits the open one", e);
        n->depth--;
    } else if (t->kind >= EDN_VECTOR && t->kind <= EDN_SET) {
        if (n->depth == EDN_DEPTH_MAX)
            return edn_expected(r, t->at, "no deeper nesting", e);
        n->closers[n->depth++] = closer_of(t->kind);
    } else if (t->kind == EDN_END) {
        return edn_expected(r, t->at, "the rest of a value", e);
    }
    return 0;
}

/* Passes over the form that `t` begins. A #_ in its place asks for one form more (so that
 * `#_ #_ a b` passes over both); one inside a bracket changes nothing. */
int edn_skip(struct edn *r, struct edn_token t, struct err *e)
{
    struct nesting n = {.depth = 0};
    size_t wanted = 1;

    for (;;) {
        int rc = nest(r, &n, &t, e);

        if (rc < 0)
            return rc;
        if (n.depth == 0 && t.kind == EDN_DISCARD)
            wanted++;
        else if (n.depth == 0 && t.kind != EDN_TAG && --wanted == 0)
            return 0;
        rc = lex(r, &t, e);
        if (rc < 0)
            return rc;
    }
}

int edn_next(struct edn *r, struct edn_token *ret, struct err *e)
{
    struct edn_token t;
    int rc = lex(r, &t, e);

    while (rc == 0 && t.kind == EDN_DISCARD) {
        rc = lex(r, &t, e);
        if (rc == 0)
            rc = edn_skip(r, t, e);
        if (rc == 0)
            rc = lex(r, &t, e);
    }
    if (rc == 0)
        *ret = t;
    return rc;
}

int edn_string(const struct edn *r, struct edn_token string, struct buf *out, struct err *e)
{
    size_t bad = 0;
    int rc = quote_resolve(out, slice_of(string.text.data + 1, string.text.len - 2), &bad);

    if (rc == -E_PARSE)
        return edn_expected(r, string.at + 1 + bad, "an escape that there is", e);
    return rc < 0 ? err_set(e, rc, "%s: a string: %s", r->name, err_text(rc)) : 0;
}
