#ifndef RIFT_TESTS_SERVER_WORLD_H
#define RIFT_TESTS_SERVER_WORLD_H

#include "node/server.h"
#include "tests/unit/server/gate_store.h"

/* A few servers, a network whose links can be cut, and clerks that note what they are answered.
 * Messages travel encoded. Nothing happens by itself: ticks and deliveries are calls. */
enum {
    WORLD_NODES_MAX = 5,
    WORLD_REPLIES_MAX = 4096,
    WORLD_MESSAGES_MAX = 65536,
    WORLD_ELECTION_TICKS = 10,
    WORLD_HEARTBEAT_TICKS = 2,
};

struct world_reply {
    struct wire_reply m; /* value points into `value` */
    struct buf value;
};

struct world_node {
    struct world *world;
    uint64_t id;
    struct gate gate;
    struct server *server;
    int failed; /* what server_pump returned last */
    struct err failure;
    struct wire_node_event told; /* the last role */
    size_t n_told;
};

struct world_message {
    uint64_t from, to;
    struct buf bytes;
};

struct world {
    struct server_options options; /* of every node, but for id, store and sink */
    uint64_t ids[WORLD_NODES_MAX];
    size_t n;
    struct world_node nodes[WORLD_NODES_MAX]; /* node id is place + 1 */
    bool cut[WORLD_NODES_MAX + 1][WORLD_NODES_MAX + 1];
    struct world_message *messages;
    size_t n_messages;
    struct world_reply replies[WORLD_REPLIES_MAX]; /* in the order they came */
    size_t n_replies;
    uint64_t last_request;
};

/* Set w->options beforehand; election and heartbeat ticks are filled in. */
void world_start(struct world *w, size_t n);
void world_stop(struct world *w);
void world_restart(struct world *w, uint64_t id);

struct world_node *world_node(struct world *w, uint64_t id);
struct wire_node_status world_status(struct world *w, uint64_t id);

/* Delivers what is on its way and pumps each node once. */
void world_step(struct world *w);

/* Pumps and delivers until nothing moves. */
void world_settle(struct world *w);
void world_tick(struct world *w, uint64_t id, size_t ticks); /* settles after each */
void world_tick_all(struct world *w, size_t ticks);
void world_elect(struct world *w, uint64_t id);
void world_isolate(struct world *w, uint64_t id, bool isolated);

/* Asks node `id`, pumps nobody; returns the number of the request. */
uint64_t world_ask(struct world *w, uint64_t id, uint64_t session, uint64_t command,
                   const struct op *op);

/* What was answered; NULL: nothing yet. */
const struct wire_reply *world_answer(struct world *w, uint64_t request);

/* Both, with settling in between; the answer has to be there. */
const struct wire_reply *world_call(struct world *w, uint64_t id, uint64_t session,
                                    uint64_t command, const struct op *op);
uint64_t world_open_session(struct world *w, uint64_t id);

struct op world_put(const char *key, const char *value);
struct op world_append(const char *key, const char *value);
struct op world_get(const char *key);

#endif
