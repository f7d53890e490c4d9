#ifndef RIFT_CHECKER_KEYED_H
#define RIFT_CHECKER_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers in the order of keys: sorted at once, or from a heap as they are needed. */

struct keyed {
    uint64_t key;
    uint32_t value;
};

/* Sorts by key, digit by digit, as many as any key has; those of equal keys stay as they are. Puts
 * another array into the place of *items. Errors: -E_NOMEM. */
int keyed_sort(struct keyed **items, size_t n);

/* What has the smallest key comes out first (Williams, "Algorithm 232: heapsort", Communications of
 * the ACM 1964). All zeros is an empty heap. */
struct heap {
    struct keyed *items;
    size_t n;
    size_t cap;
};

/* Errors: -E_NOMEM. */
int heap_push(struct heap *h, uint64_t key, uint32_t value);

/* Takes out the first one; the heap is not empty. */
struct keyed heap_pop(struct heap *h);

void heap_free(struct heap *h);

static inline bool heap_is_empty(const struct heap *h)
{
    return h->n == 0;
}

/* The first one; the heap is not empty. */
static inline struct keyed heap_first(const struct heap *h)
{
    return h->items[0];
}

#endif
