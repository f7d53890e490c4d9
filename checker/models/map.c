#include "checker/models/map.h"

#include "base/items.h"
#include "checker/describe.h"
#include "checker/models/rows.h"

#include <stdlib.h>

int map_check(const char *what, struct slice row, bool (*is_value)(struct slice), struct err *e)
{
    int rc = row_is_sorted(row, 2);
    struct slice item;

    if (rc == -E_PARSE)
        return err_set(e, -E_INVAL, "%s: no map, a sorted row of names and values", what);
    for (size_t i = 0; rc == 0 && is_value != NULL && items_next(&row, &item) == 1; i++) {
        if (i % 2 == 1 && !is_value(item))
            return err_set(e, -E_INVAL, "%s: '%.*s' is no value there", what, (int)item.len,
                           item.data);
    }
    return rc < 0 ? err_set(e, rc, "%s", what) : 0;
}

/* From name, value, name, value to names and values. */
static int build(struct strings *s, const uint32_t *items, size_t n,
                 int (*value_of)(struct strings *s, uint32_t text, uint32_t *ret), uint32_t *ret)
{
    struct tree t = map_of(s);
    uint32_t *names = calloc(n + 1, sizeof *names);
    uint32_t *values = names + n / 2;
    size_t kept = 0;
    int rc = names == NULL ? -E_NOMEM : 0;

    for (size_t i = 0; rc == 0 && i < n / 2; i++) {
        names[kept] = items[2 * i];
        values[kept] = items[2 * i + 1];
        if (value_of != NULL)
            rc = value_of(s, items[2 * i + 1], &values[kept]);
        kept += values[kept] != 0;
    }
    if (rc == 0)
        rc = tree_build(&t, names, values, kept, ret);
    free(names);
    return rc;
}

int map_tree(struct strings *s, struct slice row,
             int (*value_of)(struct strings *s, uint32_t text, uint32_t *ret), uint32_t *ret)
{
    uint32_t *items;
    size_t n;
    int rc = row_numbers(s, row, &items, &n);

    if (rc < 0)
        return rc;
    rc = build(s, items, n, value_of, ret);
    free(items);
    return rc;
}

struct shown {
    const struct strings *strings;
    int (*describe)(const struct strings *s, uint32_t value, struct buf *out);
    struct buf *out;
    size_t n;
};

static int show(void *context, uint32_t key, uint32_t value)
{
    struct shown *s = context;
    int rc = 0;

    if (s->n++ >= ROW_SHOWN_MAX)
        return 0;
    if (s->n > 1)
        rc = buf_printf(s->out, ", ");
    if (rc == 0)
        rc = describe_bytes(strings_slice(s->strings, key), s->out);
    if (rc == 0)
        rc = buf_printf(s->out, ": ");
    return rc == 0 ? s->describe(s->strings, value, s->out) : rc;
}

int map_describe(const struct strings *s, uint32_t map,
                 int (*describe)(const struct strings *s, uint32_t value, struct buf *out),
                 struct buf *out)
{
    struct tree t = map_of((struct strings *)s);
    struct shown shown = {.strings = s, .describe = describe, .out = out};
    int rc = buf_append_byte(out, '{');

    if (rc == 0)
        rc = tree_walk(&t, map, show, &shown);
    if (rc == 0 && shown.n > ROW_SHOWN_MAX)
        rc = buf_printf(out, "... %zu names", shown.n);
    return rc == 0 ? buf_append_byte(out, '}') : rc;
}

static int copy_value(const struct strings *from, uint32_t value, struct strings *to, uint32_t *ret)
{
    return strings_copy(to, strings_slice(from, value), ret);
}

int map_carry(const struct model_env *from, uint32_t state, const struct model_env *to,
              uint32_t *ret)
{
    struct tree t = map_of(from->strings);
    struct tree u = map_of(to->strings);

    return tree_carry(&t, state, &u, copy_value, ret);
}
