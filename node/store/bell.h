#ifndef RIFT_NODE_STORE_BELL_H
#define RIFT_NODE_STORE_BELL_H

#include "base/err.h"

#include <pthread.h>
#include <stdbool.h>

/* How threads of the store wake the one that polls: a descriptor that is readable from the first
 * ring until it is quieted. Ringing again in between costs no system call. */
struct bell {
    pthread_mutex_t lock;
    int fd;
    bool rung;
};

int bell_create(struct bell *b, struct err *e);
void bell_destroy(struct bell *b);

/* News first, then the ring; quiet first, then look for news: so none is missed. */
void bell_ring(struct bell *b);
void bell_quiet(struct bell *b);

#endif
