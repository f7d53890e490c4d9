#ifndef RIFT_CHECKER_HEAP_H
#define RIFT_CHECKER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A binary heap: what has the smallest key comes out first (Williams, "Algorithm 232: heapsort",
 * Communications of the ACM 1964). All zeros is an empty one. */

struct heap_item {
    uint64_t key;
    uint32_t value;
};

struct heap {
    struct heap_item *items;
    size_t n;
    size_t cap;
};

/* Errors: -E_NOMEM. */
int heap_push(struct heap *h, uint64_t key, uint32_t value);

/* Takes out the first one; the heap is not empty. */
struct heap_item heap_pop(struct heap *h);

void heap_free(struct heap *h);

static inline bool heap_is_empty(const struct heap *h)
{
    return h->n == 0;
}

/* The first one; the heap is not empty. */
static inline struct heap_item heap_first(const struct heap *h)
{
    return h->items[0];
}

#endif
