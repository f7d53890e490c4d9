#ifndef RIFT_NODE_FIFO_H
#define RIFT_NODE_FIFO_H

#include "base/err.h"

#include <stdint.h>

/* A bounded first-in first-out queue of plain structs of one size. Memory grows by doubling up to
 * `max` elements and is kept. */
struct fifo {
    size_t element_bytes;
    size_t max;
    uint8_t *ring;
    size_t cap;
    size_t first;
    size_t count;
};

void fifo_init(struct fifo *f, size_t element_bytes, size_t max);
void fifo_free(struct fifo *f);

/* Copies the element to the end. Errors: -E_LIMIT (`max` are in it), -E_NOMEM. */
int fifo_push(struct fifo *f, const void *element);

/* The oldest one, lent until the next push or pop; NULL when empty. */
void *fifo_front(const struct fifo *f);
void fifo_pop(struct fifo *f);

static inline size_t fifo_count(const struct fifo *f)
{
    return f->count;
}

#endif
