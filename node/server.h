#ifndef RIFT_NODE_SERVER_H
#define RIFT_NODE_SERVER_H

#include "base/err.h"
#include "node/kv/kv.h"
#include "node/raft/raft.h"
#include "node/store/store.h"
#include "wire/wire.h"

/* A node without a world: Raft, the state machine, reads and back-pressure joined, as events in
 * and effects out. The real loop (main.c) and the simulator drive the same functions. It talks
 * to its store through the port and to everybody else through the sink; it owns no socket, file,
 * clock or thread.
 *
 * Use: feed any number of events (server_tick, server_peer, server_request), then call
 * server_pump once: it polls the store and carries everything as far as it goes. Batching
 * happens by itself: what was fed between two pumps shares one save, one append per follower
 * and one round of reads. */
struct server;

/* Who asked: an opaque route back and the clerk's number for the request. Plain data. */
struct server_client {
    uint8_t route[15];
    uint8_t route_len;
    uint64_t request;
};

/* Where effects go, in the order in which they may happen. Everything is lent for the call. */
struct server_sink {
    void *context;
    void (*peer)(void *context, const struct raft_message *m);
    void (*reply)(void *context, const struct server_client *client, const struct wire_reply *m);
    void (*role)(void *context, enum raft_role role, uint64_t term, uint64_t leader);
    /* NULL, or told of each entry just before it is applied: for the simulator's oracles. */
    void (*applied)(void *context, const struct entry *entry);
};

struct server_options {
    uint64_t id;
    const uint64_t *voters;
    size_t n_voters;
    uint32_t election_ticks;
    uint32_t heartbeat_ticks;
    uint64_t seed;
    bool pre_vote;
    bool check_quorum;
    enum read_mode read_mode;
    const char *const *families; /* besides "default" */
    size_t n_families;

    /* Bounds; 0 takes the default in brackets. Past the first two a request is refused with
     * STATUS_BUSY at once. */
    size_t commands_max; /* proposed and not yet answered [4096] */
    size_t reads_max;    /* waiting for their round or for their index to be applied [4096] */
    size_t sessions_max; /* see kv.h; the same on every node [65536] */

    size_t append_entries_max; /* in one message to a follower; 0: Raft's default */

    /* A planted mistake, for tests: saves do not ask for a sync, and what can be read back counts
     * as durable. */
    bool unsynced;

    struct store *store; /* borrowed; its families are those server_store_families names */
    struct server_sink sink;
};

/* The families a store has to be opened with for these options: "sessions" (internal),
 * "default", then `families`. Writes at most STORE_FAMILIES_MAX names; returns how many. */
size_t server_store_families(const char *const *families, size_t n_families,
                             const char **ret_names);

/* Recovers from what the store holds. Errors: -E_NOMEM, -E_INVAL, -E_CORRUPT. */
int server_create(const struct server_options *o, struct server **ret, struct err *e);
void server_destroy(struct server *s);

void server_tick(struct server *s);

/* A message from a peer, decoded; from nobody known: dropped and counted. */
void server_peer(struct server *s, const struct raft_message *m);

/* A request of a clerk; answered through the sink, now or later, at most once. */
void server_request(struct server *s, const struct server_client *client,
                    const struct wire_request *m);

/* Something arrived that could not be decoded. */
void server_count_garbage(struct server *s, bool from_peer);
void server_count_unsent(struct server *s);

/* Carries everything as far as it goes without waiting. Errors are fatal to the node: the store
 * failed, memory ran out, the log holds what is no command. */
int server_pump(struct server *s, struct err *e);

void server_status(const struct server *s, struct wire_node_status *ret);

#endif
