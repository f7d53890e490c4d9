#include "checker/heap.h"

#include "base/check.h"
#include "base/err.h"

#include <stdlib.h>

enum { FIRST_CAP = 64 };

static int grow(struct heap *h)
{
    size_t cap = h->cap == 0 ? FIRST_CAP : 2 * h->cap;
    struct heap_item *items = realloc(h->items, cap * sizeof *items);

    if (items == NULL)
        return -E_NOMEM;
    h->items = items;
    h->cap = cap;
    return 0;
}

int heap_push(struct heap *h, uint64_t key, uint32_t value)
{
    int rc = h->n < h->cap ? 0 : grow(h);
    size_t i;

    if (rc < 0)
        return rc;
    for (i = h->n++; i > 0 && h->items[(i - 1) / 2].key > key; i = (i - 1) / 2)
        h->items[i] = h->items[(i - 1) / 2];
    h->items[i] = (struct heap_item){.key = key, .value = value};
    return 0;
}

struct heap_item heap_pop(struct heap *h)
{
    struct heap_item first;
    struct heap_item last;
    size_t i = 0;

    CHECK(h->n > 0);
    first = h->items[0];
    last = h->items[--h->n];
    for (size_t child = 1; child < h->n; child = 2 * i + 1) {
        if (child + 1 < h->n && h->items[child + 1].key < h->items[child].key)
            child++;
        if (h->items[child].key >= last.key)
            break;
        h->items[i] = h->items[child];
        i = child;
    }
    h->items[i] = last;
    return first;
}

void heap_free(struct heap *h)
{
    free(h->items);
    *h = (struct heap){0};
}
