#ifndef RIFT_SIM_QUEUE_H
#define RIFT_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is going to happen, in virtual time. Events of the same time happen in the order in which
 * they were put in, so that a run is a function of its seed. A binary heap of plain structs; the
 * payload belongs to whoever takes the event out. */

enum sim_event_kind {
    SIM_TICK,      /* node: one unit of its logical time */
    SIM_PEER,      /* node: a peer message arrives; payload: struct sim_packet */
    SIM_REQUEST,   /* node: a clerk's request arrives; payload: struct sim_packet */
    SIM_REPLY,     /* a reply arrives at the clerks; payload: struct sim_packet */
    SIM_DISK,      /* node: its disk has finished a write */
    SIM_FLEET,     /* the fleet's deadline */
    SIM_CONDUCTOR, /* the conductor's deadline */
    SIM_RESTART,   /* node: starts again after it crashed by itself */
};

struct sim_event {
    int64_t at_ns;
    uint64_t order; /* set by sim_queue_put */
    enum sim_event_kind kind;
    uint32_t node;        /* index */
    uint32_t incarnation; /* of the node when the event was made: an older one is void */
    void *payload;
};

struct sim_queue {
    struct sim_event *heap;
    size_t n;
    size_t cap;
    uint64_t next_order;
};

/* False when memory ran out. */
bool sim_queue_put(struct sim_queue *q, struct sim_event event);

/* Takes out the earliest; false when there is none. */
bool sim_queue_take(struct sim_queue *q, struct sim_event *ret);

/* When the earliest happens; INT64_MAX when there is none. */
int64_t sim_queue_peek_ns(const struct sim_queue *q);

/* Frees the heap; payloads have to be gone already. */
void sim_queue_free(struct sim_queue *q);

#endif
