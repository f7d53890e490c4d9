#include "base/json_line.h"

#include <stdlib.h>

/* Walks text that a JSON parser has accepted already; every loop ends at the end of the text all
 * the same. */
struct scan {
    const char *at;
    const char *end;
    size_t line;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at) != NULL) {
        if (*s->at == '\n')
            s->line++;
        s->at++;
    }
}

static void skip_string(struct scan *s)
{
    s->at++;
    while (s->at < s->end && *s->at != '"')
        s->at += *s->at == '\\' ? 2 : 1;
    s->at++;
}

/* Passes over one value, counting lines. */
static void skip_value(struct scan *s)
{
    size_t depth = 0;

    do {
        skip_space(s);
        if (s->at >= s->end)
            return;
        if (*s->at == '"') {
            skip_string(s);
        } else if (*s->at == '{' || *s->at == '[') {
            depth++;
            s->at++;
        } else if (*s->at == '}' || *s->at == ']') {
            depth--;
            s->at++;
        } else if (*s->at == ',' || *s->at == ':') {
            s->at++;
        } else {
            while (s->at < s->end && strchr(" \t\r\n,:]}", *s->at) == NULL)
                s->at++;
        }
    } while (depth > 0 && s->at < s->end);
}

/* Moves to the next element of the array or object that is open; false at its end. */
static bool next_element(struct scan *s)
{
    skip_space(s);
    if (s->at < s->end && *s->at == ',') {
        s->at++;
        skip_space(s);
    }
    return s->at < s->end && *s->at != ']' && *s->at != '}';
}

static bool enter_index(struct scan *s, unsigned long index)
{
    if (s->at >= s->end || *s->at != '[')
        return false;
    s->at++;
    for (unsigned long i = 0; next_element(s); i++) {
        if (i == index)
            return true;
        skip_value(s);
    }
    return false;
}

static bool enter_key(struct scan *s, const char *key, size_t len)
{
    if (s->at >= s->end || *s->at != '{')
        return false;
    s->at++;
    while (next_element(s)) {
        const char *name = s->at + 1;
        bool same;

        if (*s->at != '"')
            return false;
        skip_string(s);
        same = s->at <= s->end && (size_t)(s->at - 1 - name) == len && memcmp(name, key, len) == 0;
        skip_space(s);
        s->at++; /* the colon */
        skip_space(s);
        if (same)
            return true;
        skip_value(s);
    }
    return false;
}

size_t json_line_of(struct slice text, const char *path)
{
    struct scan s = {.at = (const char *)text.data, .end = (const char *)text.data + text.len};

    s.line = 1;
    skip_space(&s);
    while (*path != '\0') {
        struct scan before = s;
        bool found;

        if (*path == '[') {
            char *rest;

            found = enter_index(&s, strtoul(path + 1, &rest, 10));
            path = *rest == ']' ? rest + 1 : rest;
        } else {
            size_t len;

            path += *path == '.';
            len = strcspn(path, ".[");
            found = enter_key(&s, path, len);
            path += len;
        }
        if (!found)
            return before.line;
    }
    return s.line;
}
