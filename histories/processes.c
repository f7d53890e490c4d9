#include "histories/processes.h"

#include "base/hash.h"

#include <stdlib.h>

enum { PROCESSES_SLOTS_MIN = 64 };

static struct process *slot_of(const struct processes *p, uint32_t number)
{
    size_t mask = p->n_slots - 1;
    size_t i = hash_bytes(&number, sizeof number, 0) & mask;

    while (p->slots[i].state != PROCESS_FREE && p->slots[i].number != number)
        i = (i + 1) & mask;
    return &p->slots[i];
}

/* At most half of the slots are used, so that probing stays short. */
static bool grow(struct processes *p)
{
    struct processes larger = {.n_slots = p->n_slots == 0 ? PROCESSES_SLOTS_MIN : p->n_slots * 2};

    larger.slots = calloc(larger.n_slots, sizeof *larger.slots);
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < p->n_slots; i++) {
        if (p->slots[i].state != PROCESS_FREE)
            *slot_of(&larger, p->slots[i].number) = p->slots[i];
    }
    larger.n_used = p->n_used;
    free(p->slots);
    *p = larger;
    return true;
}

struct process *processes_get(struct processes *p, uint32_t number)
{
    struct process *slot = processes_find(p, number);

    if (slot != NULL)
        return slot;
    if (p->n_used * 2 >= p->n_slots && !grow(p))
        return NULL;
    slot = slot_of(p, number);
    *slot = (struct process){.number = number, .state = PROCESS_IDLE};
    p->n_used++;
    return slot;
}

struct process *processes_find(const struct processes *p, uint32_t number)
{
    struct process *slot;

    if (p->n_slots == 0)
        return NULL;
    slot = slot_of(p, number);
    return slot->state == PROCESS_FREE ? NULL : slot;
}

void processes_free(struct processes *p)
{
    free(p->slots);
    *p = (struct processes){0};
}
