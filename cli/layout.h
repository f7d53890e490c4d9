#ifndef RIFT_CLI_LAYOUT_H
#define RIFT_CLI_LAYOUT_H

#include "cli/ports.h"
#include "wire/cluster.h"

/* A cluster on this machine, on free ports. With sites every directed link has an address of its
 * own, where the nemesis' proxy listens: node to node in the nodes' `dial` maps, site to node in
 * the sites'. Without sites everybody reaches everybody directly. */
enum { LAYOUT_NODES_MAX = 15 }; /* what PORTS_BLOCK has room for with as many sites */

struct layout_options {
    const char *name;
    const char *folder; /* the nodes' data goes to data/ID in it */
    size_t nodes;       /* ids 1, 2, 3... */
    size_t sites;       /* at most LAYOUT_NODES_MAX */
};

/* Errors: -E_BUSY (no ports left), -E_NOMEM. */
int layout_create(const struct layout_options *o, struct ports *ports, struct cluster **ret,
                  struct err *e);

#endif
