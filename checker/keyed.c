#include "checker/keyed.h"

#include "base/check.h"
#include "base/err.h"
#include "base/pages.h"

#include <stdlib.h>

/* --- sorting -------------------------------------------------------------------------------- */

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* Sorts by one digit, and leaves equal ones as they are. */
static void sort_by_digit(const struct keyed *from, struct keyed *to, size_t n, unsigned shift)
{
    size_t starts[DIGITS + 1] = {0};

    for (size_t i = 0; i < n; i++)
        starts[(from[i].key >> shift) % DIGITS + 1]++;
    for (size_t d = 1; d < DIGITS; d++)
        starts[d] += starts[d - 1];
    for (size_t i = 0; i < n; i++)
        to[starts[(from[i].key >> shift) % DIGITS]++] = from[i];
}

int keyed_sort(struct keyed **items, size_t n)
{
    struct keyed *from = *items;
    struct keyed *to = pages_calloc(n + 1, sizeof *to);
    uint64_t differs = 0;

    if (to == NULL)
        return -E_NOMEM;
    for (size_t i = 1; i < n; i++)
        differs |= from[i].key ^ from[0].key;
    for (unsigned shift = 0; shift < 64 && differs >> shift != 0; shift += DIGIT_BITS) {
        struct keyed *sorted = to;

        if ((differs >> shift) % DIGITS == 0)
            continue;
        sort_by_digit(from, sorted, n, shift);
        to = from;
        from = sorted;
    }
    free(to);
    *items = from;
    return 0;
}

/* --- the heap ------------------------------------------------------------------------------- */

enum { FIRST_CAP = 64 };

static int grow(struct heap *h)
{
    size_t cap = h->cap == 0 ? FIRST_CAP : 2 * h->cap;
    struct keyed *items = realloc(h->items, cap * sizeof *items);

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
    h->items[i] = (struct keyed){.key = key, .value = value};
    return 0;
}

struct keyed heap_pop(struct heap *h)
{
    struct keyed first;
    struct keyed last;
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
