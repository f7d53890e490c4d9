#include "workloads/slot_heap.h"

#include <stdlib.h>

int slot_heap_init(struct slot_heap *h, uint32_t slots)
{
    h->slots = slots;
    h->time_ns = calloc(slots, sizeof *h->time_ns);
    h->position = calloc(slots, sizeof *h->position);
    h->order = calloc(slots, sizeof *h->order);
    if (h->time_ns == NULL || h->position == NULL || h->order == NULL) {
        slot_heap_free(h);
        return -E_NOMEM;
    }
    return 0;
}

void slot_heap_free(struct slot_heap *h)
{
    free(h->time_ns);
    free(h->position);
    free(h->order);
    *h = (struct slot_heap){0};
}

static bool before(const struct slot_heap *h, uint32_t a, uint32_t b)
{
    if (h->time_ns[a] != h->time_ns[b])
        return h->time_ns[a] < h->time_ns[b];
    return a < b;
}

static void place(struct slot_heap *h, uint32_t at, uint32_t slot)
{
    h->order[at] = slot;
    h->position[slot] = at + 1;
}

static void sift_up(struct slot_heap *h, uint32_t at)
{
    uint32_t slot = h->order[at];

    while (at > 0 && before(h, slot, h->order[(at - 1) / 2])) {
        place(h, at, h->order[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(h, at, slot);
}

static void sift_down(struct slot_heap *h, uint32_t at)
{
    uint32_t slot = h->order[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= h->n)
            break;
        if (child + 1 < h->n && before(h, h->order[child + 1], h->order[child]))
            child++;
        if (!before(h, h->order[child], slot))
            break;
        place(h, at, h->order[child]);
        at = child;
    }
    place(h, at, slot);
}

void slot_heap_put(struct slot_heap *h, uint32_t slot, int64_t time_ns)
{
    h->time_ns[slot] = time_ns;
    if (h->position[slot] == 0)
        place(h, h->n++, slot);
    sift_up(h, h->position[slot] - 1);
    sift_down(h, h->position[slot] - 1);
}

void slot_heap_remove(struct slot_heap *h, uint32_t slot)
{
    uint32_t at = h->position[slot];
    uint32_t last;

    if (at-- == 0)
        return;
    last = h->order[--h->n];
    h->position[slot] = 0;
    if (last == slot)
        return;
    place(h, at, last);
    sift_up(h, at);
    sift_down(h, h->position[last] - 1);
}

bool slot_heap_first(const struct slot_heap *h, uint32_t *ret_slot, int64_t *ret_time_ns)
{
    if (h->n == 0)
        return false;
    *ret_slot = h->order[0];
    *ret_time_ns = h->time_ns[h->order[0]];
    return true;
}
