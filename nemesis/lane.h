#ifndef RIFT_NEMESIS_LANE_H
#define RIFT_NEMESIS_LANE_H

#include "base/err.h"
#include "base/rng.h"
#include "wire/wire.h"

#include <zmq.h>

/* One directed link of the proxy: decides what becomes of each message and holds back those that
 * are late. Time comes in, messages go out through a function, so that it runs under virtual
 * time as well. Its random numbers are its own: rules on one link do not reshuffle another.
 *
 * A delayed message never overtakes an earlier one, however the jitter falls; only `reorder`
 * changes the order. What is on its way when a link is cut is lost like what comes later. */
struct lane;

/* Passes a message on; false when it found no connection or no room. Takes the content, and leaves
 * an empty message, if and only if it returns true (zmq_msg_send does). */
typedef bool lane_send_fn(void *context, zmq_msg_t *message);

struct lane_options {
    uint64_t seed;
    uint64_t stream;    /* of the seed; different for each link */
    bool between_nodes; /* carries Raft messages, so that rules by type can tell them apart */
    lane_send_fn *send;
    void *context;
    struct wire_nemesis_counters *counters; /* borrowed; of all lanes */
};

int lane_create(const struct lane_options *o, struct lane **ret, struct err *e);
void lane_destroy(struct lane **l);

void lane_set_rule(struct lane *l, const struct wire_link_rule *rule);

/* A message has come in; the lane takes its content and leaves it empty. */
void lane_take(struct lane *l, zmq_msg_t *message, int64_t now_ns);

/* Sends what is due. lane_due_ns: when that will next be so; INT64_MAX: nothing is held. */
void lane_release(struct lane *l, int64_t now_ns);
int64_t lane_due_ns(const struct lane *l);

/* Drops all that is held, and counts it as `reset`. */
void lane_reset(struct lane *l);

#endif
