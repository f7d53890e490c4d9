#ifndef RIFT_WORKLOADS_SLOT_HEAP_H
#define RIFT_WORKLOADS_SLOT_HEAP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A binary heap of slot numbers by time that knows where each slot stands, so that a time can be
 * moved. Of equal times the lower slot comes first: the order never depends on history. */
struct slot_heap {
    int64_t *time_ns;   /* by slot */
    uint32_t *position; /* by slot: its place in `order` plus 1, or 0 */
    uint32_t *order;
    uint32_t n;
    uint32_t slots;
};

/* All zeros before; slot_heap_free returns it to that. Errors: -E_NOMEM. */
int slot_heap_init(struct slot_heap *h, uint32_t slots);
void slot_heap_free(struct slot_heap *h);

void slot_heap_put(struct slot_heap *h, uint32_t slot, int64_t time_ns); /* also moves */
void slot_heap_remove(struct slot_heap *h, uint32_t slot);               /* if it is there */
bool slot_heap_first(const struct slot_heap *h, uint32_t *ret_slot, int64_t *ret_time_ns);

#endif
