#ifndef RIFT_TESTS_UNIT_RAFT_PAPER_H
#define RIFT_TESTS_UNIT_RAFT_PAPER_H

#include "tests/unit/raft/cluster.h"

#include <criterion/criterion.h>

/* Tests named after rules and figures of Ongaro's dissertation ("Consensus: Bridging Theory and
 * Practice", 2014); the section stands above each group. */

enum { ANY = 0 };

#define ANY_TYPE RAFT_MESSAGE_TYPE_COUNT

static inline struct cluster *plain_cluster(size_t n)
{
    struct raft_options o = cluster_options();

    return cluster_create(n, &o);
}

/* One real node, id 1, in a cluster whose other members are played by the test. */
static inline struct cluster *node_by_hand(size_t n)
{
    struct cluster *c = plain_cluster(n);

    c->by_hand = true;
    return c;
}

static inline enum raft_role role_of(struct cluster *c, uint64_t id)
{
    return raft_role(cluster_raft(c, id));
}

static inline uint64_t term_of(struct cluster *c, uint64_t id)
{
    return raft_term(cluster_raft(c, id));
}

static inline uint64_t commit_of(struct cluster *c, uint64_t id)
{
    return raft_commit_index(cluster_raft(c, id));
}

static inline uint64_t last_of(struct cluster *c, uint64_t id)
{
    return c->nodes[id].disk.newest.last;
}

static inline void propose(struct cluster *c, uint64_t id, const char *text)
{
    cr_assert_eq(cluster_propose(c, id, text), 0);
    cluster_pump(c, id);
}

static inline bool logs_equal(struct cluster *c, uint64_t a, uint64_t b)
{
    if (last_of(c, a) != last_of(c, b))
        return false;
    for (uint64_t i = 1; i <= last_of(c, a); i++) {
        if (c->nodes[a].disk.newest.log[i].term != c->nodes[b].disk.newest.log[i].term)
            return false;
    }
    return true;
}

/* An election may be lost at first, to a vote given in the same term. */
static inline bool try_to_elect(struct cluster *c, uint64_t id)
{
    for (int i = 0; i < 3 && role_of(c, id) != RAFT_LEADER; i++) {
        cluster_campaign(c, id);
        cluster_deliver_all(c);
    }
    return role_of(c, id) == RAFT_LEADER;
}

#endif
