#ifndef RIFT_TESTS_UNIT_RAFT_CLUSTER_H
#define RIFT_TESTS_UNIT_RAFT_CLUSTER_H

#include "base/buf.h"
#include "node/raft/raft.h"

/* A cluster of Raft cores in one thread: a network that holds every message until it is told to
 * deliver, lose or repeat it, and for each node a disk on which nothing is durable before it is
 * synced. No clock, no randomness of its own: what happens is what the test says. */

enum {
    CLUSTER_NODES_MAX = 7,
    CLUSTER_LOG_MAX = 16384, /* entries of one node's log */
    CLUSTER_TERMS_MAX = 4096,
    CLUSTER_TEXT_MAX = 23, /* of a command */
};

struct stored_entry {
    uint64_t term;
    enum entry_kind kind;
    char text[CLUSTER_TEXT_MAX + 1];
};

/* log[1...last]; log[0] stands before the first entry. */
struct disk_image {
    struct raft_hard_state hard;
    uint64_t last;
    struct stored_entry *log;
};

/* One save that was submitted and is not durable. */
struct disk_save {
    uint64_t seq;
    uint64_t truncate_from;
    bool hard_changed;
    struct raft_hard_state hard;
    uint64_t first;
    size_t n;
    struct stored_entry *entries;
};

struct disk {
    struct disk_image durable;
    struct disk_image newest; /* durable and all saves */
    struct disk_save *saves;
    size_t n_saves;
};

/* A message of its own memory. */
struct flight {
    struct raft_message message;
    uint64_t after_seq; /* of those a node holds back */
};

struct flights {
    struct flight *items;
    size_t n;
    size_t cap;
};

struct cluster_read {
    uint64_t token;
    uint64_t node;
    uint64_t asked_commit; /* the highest commit index anywhere when it was asked */
    uint64_t index;
    bool done;
    bool refused;
};

struct cluster_node {
    struct raft *raft; /* NULL: down */
    struct disk disk;
    struct flights held; /* waiting for a sync */
    bool slow_disk;      /* syncs only when told to */
    bool slow_reads;     /* cold reads are answered only when told to */
    struct raft_log_read log_reads[CLUSTER_NODES_MAX];
    size_t n_log_reads;
    uint64_t applied;         /* of the state machine */
    uint64_t applied_durable; /* as of the last sync */
    bool forgets_state;       /* a crash takes the whole state machine */

    /* As last seen, for the trace and the invariants. */
    enum raft_role role;
    uint64_t term;
    uint64_t commit;
};

struct cluster {
    struct raft_options options; /* of each node; id, log and voters are filled in */
    size_t n;
    struct cluster_node nodes[CLUSTER_NODES_MAX + 1];       /* by id; [0] is not used */
    bool cut[CLUSTER_NODES_MAX + 1][CLUSTER_NODES_MAX + 1]; /* [from][to] */
    struct flights net;
    uint64_t incarnations;
    struct cluster_read *reads;
    size_t n_reads;
    size_t reads_cap;

    struct buf *trace; /* what happens, in words, a line each; NULL: nobody listens */
    bool quiet;        /* leaves messages and saves out of the trace */

    /* What must hold whatever happens (invariants.c); not watched where a test feeds a node by
     * hand with what no real peer said. */
    bool by_hand;
    uint64_t leader_of_term[CLUSTER_TERMS_MAX];
    struct stored_entry *committed;
    uint64_t *committed_in_term;
    uint64_t n_committed;
};

/* n nodes with ids 1... and fresh disks. `o` gives the limits, the timeouts and the seed. */
struct cluster *cluster_create(size_t n, const struct raft_options *o);
void cluster_destroy(struct cluster *c);
struct raft_options cluster_options(void); /* 10 and 1 ticks, pre-vote and check-quorum off */

/* Gives a node that has not done anything a log of these terms, and their last as its own. */
void cluster_set_log(struct cluster *c, uint64_t id, const uint64_t *terms, size_t n);
void cluster_set_term(struct cluster *c, uint64_t id, uint64_t term);

/* Each does what it says and then everything that follows from it at once (cluster_pump). */
void cluster_tick(struct cluster *c, uint64_t id, size_t n);
void cluster_campaign(struct cluster *c, uint64_t id); /* ticks until the timeout */
int cluster_read(struct cluster *c, uint64_t id, uint64_t token);
void cluster_sync(struct cluster *c, uint64_t id);
void cluster_load(struct cluster *c, uint64_t id); /* answers the cold reads */
/* The disk keeps what is durable and the first `keep` of the saves behind it. */
void cluster_crash(struct cluster *c, uint64_t id, size_t keep);
void cluster_restart(struct cluster *c, uint64_t id);
void cluster_inject(struct cluster *c, const struct raft_message *m);

/* This one alone leaves the rest to cluster_pump, so that several can make one batch. */
int cluster_propose(struct cluster *c, uint64_t id, const char *text);

/* Takes what raft_ready gives until there is nothing left. */
void cluster_pump(struct cluster *c, uint64_t id);

/* The network: position in the order of sending. */
void cluster_deliver_at(struct cluster *c, size_t at);
void cluster_drop_at(struct cluster *c, size_t at);
void cluster_repeat_at(struct cluster *c, size_t at);
/* What is there now, and what follows from it, until it is quiet. */
void cluster_deliver_all(struct cluster *c);
/* One round: what is there now, on the link only (0: any), of the type only (COUNT: any). */
void cluster_deliver(struct cluster *c, uint64_t from, uint64_t to, enum raft_message_type type);
void cluster_drop(struct cluster *c, uint64_t from, uint64_t to, enum raft_message_type type);
void cluster_isolate(struct cluster *c, uint64_t id);
void cluster_cut(struct cluster *c, uint64_t a, uint64_t b);
void cluster_heal(struct cluster *c);

/* Makes `id` the leader of a healthy cluster. */
void cluster_elect(struct cluster *c, uint64_t id);
/* Heartbeat after heartbeat from every leader, until all that can be is said. */
void cluster_settle(struct cluster *c);

struct raft *cluster_raft(struct cluster *c, uint64_t id);
struct raft_status cluster_status(struct cluster *c, uint64_t id);
const struct cluster_read *cluster_find_read(const struct cluster *c, uint64_t token);
/* The newest on its way; NULL: there is none. 0 and COUNT stand for any. */
const struct raft_message *cluster_sent(const struct cluster *c, enum raft_message_type type,
                                        uint64_t from, uint64_t to);
size_t cluster_in_flight(const struct cluster *c, enum raft_message_type type, uint64_t from,
                         uint64_t to);

/* disk.c */
void disk_init(struct disk *d);
void disk_free(struct disk *d);
void disk_submit(struct disk *d, const struct raft_ready *rd);
uint64_t disk_sync(struct disk *d, size_t n_saves); /* the first n; returns the last number or 0 */
void disk_crash(struct disk *d, size_t keep);
size_t disk_runs(const struct disk_image *image, struct raft_term_run *runs, size_t max);

/* network.c */
void flights_add(struct flights *f, const struct raft_message *m, uint64_t after_seq);
struct flight flights_take(struct flights *f, size_t at);
void flight_free(struct flight *f);
void flights_free(struct flights *f);

/* trace.c */
void trace_line(struct cluster *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void trace_message(struct cluster *c, const char *what, const struct raft_message *m);
void trace_save(struct cluster *c, uint64_t id, const struct raft_ready *rd);
void trace_changes(struct cluster *c, uint64_t id);

/* invariants.c: stops the process when one does not hold. */
void invariants_leader(struct cluster *c, uint64_t id);
void invariants_commit(struct cluster *c, uint64_t id);
void invariants_apply(struct cluster *c, uint64_t id, const struct entry *e);
void invariants_send(struct cluster *c, const struct raft_message *m);
void invariants_logs_match(struct cluster *c);

#endif
