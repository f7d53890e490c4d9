#include "node/fifo.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum { FIFO_CAP_MIN = 16 };

void fifo_init(struct fifo *f, size_t element_bytes, size_t max)
{
    *f = (struct fifo){.element_bytes = element_bytes, .max = max};
}

void fifo_free(struct fifo *f)
{
    free(f->ring);
    fifo_init(f, f->element_bytes, f->max);
}

static uint8_t *place(const struct fifo *f, size_t i)
{
    return f->ring + (f->first + i) % f->cap * f->element_bytes;
}

/* Unrolls the old ring into the new one, so that `first` is 0 again. */
static int grow(struct fifo *f)
{
    size_t cap = f->cap == 0 ? FIFO_CAP_MIN : f->cap * 2;
    uint8_t *ring = reallocarray(NULL, cap, f->element_bytes);

    if (ring == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < f->count; i++)
        memcpy(ring + i * f->element_bytes, place(f, i), f->element_bytes);
    free(f->ring);
    f->ring = ring;
    f->cap = cap;
    f->first = 0;
    return 0;
}

int fifo_push(struct fifo *f, const void *element)
{
    int rc;

    if (f->count >= f->max)
        return -E_LIMIT;
    if (f->count == f->cap) {
        rc = grow(f);
        if (rc < 0)
            return rc;
    }
    memcpy(place(f, f->count), element, f->element_bytes);
    f->count++;
    return 0;
}

void *fifo_front(const struct fifo *f)
{
    return f->count == 0 ? NULL : place(f, 0);
}

void fifo_pop(struct fifo *f)
{
    CHECK(f->count > 0);
    f->first = (f->first + 1) % f->cap;
    f->count--;
}
