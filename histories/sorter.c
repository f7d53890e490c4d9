#include "histories/sorter.h"

#include "base/err.h"
#include "base/items.h"

#include <stdlib.h>

struct sorter_part {
    uint32_t at;
    uint32_t key_len;
    uint32_t len; /* with the value */
};

enum { PARTS_MIN = 16 };

void sorter_start(struct sorter *s, bool pairs)
{
    buf_clear(&s->text);
    s->n = 0;
    s->pairs = pairs;
    s->is_value = false;
}

static int reserve_part(struct sorter *s)
{
    size_t cap = s->cap == 0 ? PARTS_MIN : s->cap * 2;
    struct sorter_part *parts;

    if (s->n < s->cap)
        return 0;
    parts = reallocarray(s->parts, cap, sizeof *parts);
    if (parts == NULL)
        return -E_NOMEM;
    s->parts = parts;
    s->cap = cap;
    return 0;
}

/* BUF_BYTES_MAX keeps places within 32 bits. */
int sorter_add(struct sorter *s, struct slice bytes)
{
    size_t at = s->text.len;
    int rc = s->is_value ? 0 : reserve_part(s);

    if (rc == 0)
        rc = buf_append_slice(&s->text, bytes);
    if (rc < 0)
        return rc;
    if (s->is_value)
        s->parts[s->n - 1].len += (uint32_t)bytes.len;
    else
        s->parts[s->n++] =
            (struct sorter_part){(uint32_t)at, (uint32_t)bytes.len, (uint32_t)bytes.len};
    s->is_value = s->pairs && !s->is_value;
    return 0;
}

static int compare(const void *a, const void *b, void *text)
{
    const struct sorter_part *x = a;
    const struct sorter_part *y = b;
    const uint8_t *bytes = text;

    return slice_compare(slice_of(bytes + x->at, x->key_len), slice_of(bytes + y->at, y->key_len));
}

int sorter_finish(struct sorter *s, struct buf *out)
{
    int rc = 0;

    if (s->is_value)
        return -E_PARSE;
    if (s->n > 1)
        qsort_r(s->parts, s->n, sizeof *s->parts, compare, s->text.data);
    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        const struct sorter_part *p = &s->parts[i];
        const uint8_t *start = s->text.data + p->at;

        if (i > 0 && compare(p - 1, p, s->text.data) == 0)
            return -E_EXISTS;
        rc = items_add(out, slice_of(start, p->key_len));
        if (rc == 0 && s->pairs)
            rc = items_add(out, slice_of(start + p->key_len, p->len - p->key_len));
    }
    return rc;
}

void sorter_free(struct sorter *s)
{
    buf_free(&s->text);
    free(s->parts);
    *s = (struct sorter){.n = 0};
}
