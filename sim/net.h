#ifndef RIFT_SIM_NET_H
#define RIFT_SIM_NET_H

#include "base/rng.h"
#include "sim/packet.h"

/* The links of a virtual network: decides for each message whether and when it arrives. A link
 * keeps the order of its messages unless it reorders. */
struct sim_net;

struct sim_net_options {
    size_t n_nodes; /* their ids are 1, 2, 3... */
    size_t n_sites; /* as well */
    uint64_t seed;
    /* Of every link, on top of what the rules say. */
    uint32_t latency_us, jitter_us;
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm;
};

struct sim_net_totals {
    uint64_t passed, cut, dropped, delayed, duplicated, reordered;
};

int sim_net_create(const struct sim_net_options *o, struct sim_net **ret, struct err *e);
void sim_net_destroy(struct sim_net *n);

void sim_net_rules(struct sim_net *n, const struct wire_nemesis_link *links, size_t n_links);
void sim_net_heal(struct sim_net *n); /* no rules, and no loss of its own from now on */

/* A message of a type (its bit, or 0 where it is none of Raft's) enters the link at `now_ns`.
 * Returns how many copies arrive (0 to 2) and when. */
size_t sim_net_send(struct sim_net *n, struct wire_end from, struct wire_end to, uint64_t type_bit,
                    int64_t now_ns, int64_t ret_at_ns[2]);

/* `faults` counts what the rules did; what the network does by itself is not in it. */
void sim_net_totals(const struct sim_net *n, struct sim_net_totals *faults);

#endif
