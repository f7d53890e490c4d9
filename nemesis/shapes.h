#ifndef RIFT_NEMESIS_SHAPES_H
#define RIFT_NEMESIS_SHAPES_H

#include "base/rng.h"
#include "nemesis/plan.h"
#include "wire/cluster.h"

/* Who hears whom in a partition, as sets of nodes: bit j of hears[i] says that messages of node j
 * reach node i. Nodes are counted from 0 in the order of their ids. Every node hears itself. */
struct shape {
    size_t n;
    uint64_t hears[CLUSTER_NODES_MAX];
    uint64_t aside; /* the smaller side, the bridge, the one that is deaf; none in a ring */
};

/* A pure function of its arguments. `leader` is a node's place, or n when none is known. */
struct shape shape_make(enum fault_shape kind, size_t n, size_t leader, struct rng *r);

/* `count` random nodes of n as a set. */
uint64_t pick_nodes(struct rng *r, size_t n, size_t count);

static inline bool set_has(uint64_t set, size_t i)
{
    return set >> i & 1;
}

static inline uint64_t set_all(size_t n)
{
    return (UINT64_C(1) << n) - 1; /* n is at most CLUSTER_NODES_MAX, which is 63 */
}

#endif
