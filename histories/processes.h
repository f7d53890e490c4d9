#ifndef RIFT_HISTORIES_PROCESSES_H
#define RIFT_HISTORIES_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What each logical process is doing: a hash table from its number, since a run in which many
 * operations end as info uses up numbers without end. All zeros is a valid empty one. */
struct processes {
    struct process *slots; /* a power of two of them, open addressing with linear probing */
    size_t n_slots;
    size_t n_used;
};

enum process_state {
    PROCESS_FREE,    /* slot of nobody */
    PROCESS_IDLE,    /* between two operations */
    PROCESS_OPEN,    /* `op` has begun and not ended */
    PROCESS_RETIRED, /* its last operation ended as info */
};

struct process {
    uint32_t number;
    enum process_state state;
    size_t op;
};

/* The entry of a process, made IDLE when it is new; NULL when out of memory. Valid until the
 * next call. */
struct process *processes_get(struct processes *p, uint32_t number);

/* The entry, or NULL when the process was never seen. */
struct process *processes_find(const struct processes *p, uint32_t number);

void processes_free(struct processes *p);

#endif
