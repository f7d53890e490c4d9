#ifndef RIFT_NODE_MAIN_H
#define RIFT_NODE_MAIN_H

#include "base/err.h"
#include "base/op.h"
#include "wire/cluster.h"

#include <stdint.h>

/* One node as a process: sockets, ticks, disk and signals around a server. */
enum node_store_kind { NODE_STORE_ROCKS, NODE_STORE_MEMORY };

struct node_options {
    const struct cluster *cluster;
    uint64_t id;
    enum node_store_kind store;
    enum read_mode read_mode;
    bool pre_vote;
    bool check_quorum;
    uint32_t tick_ms;     /* length of a tick */
    uint32_t election_ms; /* rounded up to ticks */
    uint32_t heartbeat_ms;
    uint64_t seed;
    const char *events; /* ZeroMQ address to push wire_node_event to; NULL: nobody listens */
    bool sync;          /* false: never wait for the disk; a planted mistake for tests */
};

/* Runs until SIGTERM or SIGINT (returns 0 after an orderly end) or a fatal error. Errors at the
 * start: -E_EXISTS (an address is in use; says which), -E_FOREIGN, -E_BUSY (data folder), -E_IO,
 * -E_INVAL. It calls `started` once it listens. */
int node_main(const struct node_options *o, void (*started)(void *context), void *context,
              struct err *e);

#endif
