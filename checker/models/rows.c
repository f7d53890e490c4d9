#include "checker/models/rows.h"

#include "base/items.h"
#include "checker/describe.h"

#include <stdlib.h>

int row_of_one(struct strings *s, uint32_t id, uint32_t *ret)
{
    struct buf bytes = {0};
    struct buf row = {0};
    int rc = strings_bytes(s, id, &bytes);

    if (rc == 0)
        rc = items_add(&row, buf_slice(&bytes));
    if (rc == 0)
        rc = strings_copy(s, buf_slice(&row), ret);
    buf_free(&bytes);
    buf_free(&row);
    return rc;
}

int row_count(struct slice row, size_t *ret)
{
    struct slice item;
    size_t n = 0;
    int rc;

    while ((rc = items_next(&row, &item)) == 1)
        n++;
    if (rc == 0)
        *ret = n;
    return rc;
}

int row_numbers(struct strings *s, struct slice row, uint32_t **ret, size_t *n)
{
    size_t count = 0;
    int rc = row_count(row, &count);
    uint32_t *numbers = calloc(count + 1, sizeof *numbers);
    struct buf bytes = {0};
    struct slice item;

    if (rc == 0 && numbers == NULL)
        rc = -E_NOMEM;
    for (size_t i = 0; rc == 0 && items_next(&row, &item) == 1; i++) {
        buf_clear(&bytes);
        rc = items_unescape(item, &bytes);
        if (rc == 0)
            rc = strings_copy(s, buf_slice(&bytes), &numbers[i]);
    }
    buf_free(&bytes);
    if (rc < 0) {
        free(numbers);
        return rc;
    }
    *ret = numbers;
    *n = count;
    return 0;
}

int row_is_sorted(struct slice row, size_t stride)
{
    struct buf names[2] = {{0}, {0}};
    struct slice item;
    size_t i = 0;
    int rc;

    for (; (rc = items_next(&row, &item)) == 1; i++) {
        struct buf *name = &names[i / stride % 2];
        struct buf *before = &names[(i / stride + 1) % 2];

        if (i % stride != 0)
            continue;
        buf_clear(name);
        rc = items_unescape(item, name);
        if (rc == 0 && i > 0 && slice_compare(buf_slice(before), buf_slice(name)) >= 0)
            rc = -E_PARSE;
        if (rc < 0)
            break;
    }
    buf_free(&names[0]);
    buf_free(&names[1]);
    return rc == 0 && i % stride != 0 ? -E_PARSE : rc;
}

int row_describe(struct slice row, struct buf *out)
{
    struct buf bytes = {0};
    struct slice item;
    size_t n = 0;
    int rc = buf_append_byte(out, '[');

    for (; rc == 0 && items_next(&row, &item) == 1; n++) {
        if (n >= ROW_SHOWN_MAX)
            continue;
        buf_clear(&bytes);
        rc = items_unescape(item, &bytes);
        if (rc == 0 && n > 0)
            rc = buf_printf(out, ", ");
        if (rc == 0)
            rc = describe_bytes(buf_slice(&bytes), out);
    }
    buf_free(&bytes);
    if (rc == 0 && n > ROW_SHOWN_MAX)
        rc = buf_printf(out, "... %zu items", n);
    return rc == 0 ? buf_append_byte(out, ']') : rc;
}
