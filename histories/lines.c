#include "histories/lines.h"

#include <ctype.h>

struct line lines_of(const char *name, struct slice text)
{
    return (struct line){.name = name, .below = text};
}

static struct slice rest_of(const struct line *l)
{
    return slice_of(l->text.data + l->at, l->text.len - l->at);
}

bool line_next(struct line *l)
{
    const uint8_t *start = l->below.data;
    const uint8_t *newline;
    size_t len;

    if (l->below.len == 0)
        return false;
    newline = memchr(start, '\n', l->below.len);
    len = newline == NULL ? l->below.len : (size_t)(newline - start);
    l->below = newline == NULL ? (struct slice){0} : slice_of(newline + 1, l->below.len - len - 1);
    if (len > 0 && start[len - 1] == '\r')
        len--;
    l->text = slice_of(start, len);
    l->at = 0;
    l->number++;
    return true;
}

bool line_literal(struct line *l, const char *text)
{
    struct slice rest = rest_of(l);
    size_t len = strlen(text);

    if (rest.len < len || memcmp(rest.data, text, len) != 0)
        return false;
    l->at += len;
    return true;
}

bool line_blanks(struct line *l)
{
    size_t before = l->at;

    while (l->at < l->text.len && (l->text.data[l->at] == ' ' || l->text.data[l->at] == '\t'))
        l->at++;
    return l->at > before;
}

bool line_end(struct line *l)
{
    size_t before = l->at;

    line_blanks(l);
    if (l->at == l->text.len)
        return true;
    l->at = before;
    return false;
}

bool line_find(struct line *l, const char *text)
{
    struct slice rest = rest_of(l);
    const uint8_t *found = memmem(rest.data, rest.len, text, strlen(text));

    if (found == NULL)
        return false;
    l->at = (size_t)(found - l->text.data) + strlen(text);
    return true;
}

static bool at_word_end(const struct line *l)
{
    uint8_t c;

    if (l->at == l->text.len)
        return true;
    c = l->text.data[l->at];
    return !isalnum(c) && c != '-' && c != '_';
}

bool line_word(struct line *l, const char *const *words, unsigned n, unsigned *ret)
{
    size_t before = l->at;

    for (unsigned i = 0; i < n; i++) {
        if (line_literal(l, words[i]) && at_word_end(l)) {
            *ret = i;
            return true;
        }
        l->at = before;
    }
    return false;
}

bool line_integer(struct line *l, struct slice *ret)
{
    size_t before = l->at;
    size_t digits;

    line_literal(l, "-");
    digits = l->at;
    while (l->at < l->text.len && isdigit(l->text.data[l->at]))
        l->at++;
    if (l->at > digits && at_word_end(l)) {
        *ret = slice_of(l->text.data + before, l->at - before);
        return true;
    }
    l->at = before;
    return false;
}

bool line_u32(struct line *l, uint32_t *ret)
{
    size_t before = l->at;
    struct slice text;
    uint64_t value = 0;

    if (!line_integer(l, &text))
        return false;
    for (size_t i = 0; i < text.len && value <= UINT32_MAX; i++)
        value = text.data[i] == '-' ? UINT64_MAX : value * 10 + (text.data[i] - '0');
    if (value > UINT32_MAX) {
        l->at = before;
        return false;
    }
    *ret = (uint32_t)value;
    return true;
}

int line_expected(const struct line *l, const char *what, struct err *e)
{
    return err_set(e, -E_PARSE, "%s:%u:%zu: expected %s", l->name, l->number, l->at + 1, what);
}
