#ifndef RIFT_CLI_PORTS_H
#define RIFT_CLI_PORTS_H

#include "base/err.h"

#include <stdint.h>

/* TCP ports of 127.0.0.1 for the nodes and proxies of one harness. They lie below the range from
 * which the system draws the ports of outgoing connections: a node that was killed has to find its
 * port free when it comes back. Harnesses that run side by side take blocks of their own; a block
 * is held by a name in the kernel that vanishes with the process, however it ends. */
enum { PORTS_BLOCK = 512 };

struct ports {
    int claim;       /* descriptor that holds the block */
    uint16_t next;   /* to be tried */
    uint16_t behind; /* the end of the block */
};

/* Errors: -E_BUSY (every block is taken), -E_IO. */
int ports_claim(struct ports *ret, struct err *e);

/* The next port nobody listens on; -E_BUSY when the block has no more. */
int ports_take(struct ports *p, uint16_t *ret, struct err *e);

void ports_release(struct ports *p);

#endif
