#ifndef RIFT_NODE_RAFT_RAFT_H
#define RIFT_NODE_RAFT_RAFT_H

#include "base/err.h"
#include "node/raft/message.h"

/* The consensus core: Raft as in Ongaro's dissertation ("Consensus: Bridging Theory and
 * Practice", 2014), chapter 3, with pre-vote and check-quorum (9.6, 6.2) and ReadIndex (6.4).
 * It owns no socket, file, clock or thread: events go in by the functions below, effects come
 * out of raft_ready. One thread at a time. Later pieces (membership, snapshots, compaction,
 * transfer) find their place here; nothing assumes that the log starts at 1 or that the peers
 * are fixed.
 *
 * The driver's loop:
 *     feed events (tick, step, propose, read, durable, applied, log_loaded), then
 *     while (raft_ready(r, &rd)) {
 *         submit what rd says to save, as one batch, under rd.seq;
 *         send rd.now; keep rd.after until rd.seq is durable (copy it), then send it;
 *         apply rd.committed; serve rd.reads; start rd.log_reads;
 *         raft_advance(r);
 *     }
 *
 * Between raft_ready and raft_advance only raft_durable, raft_applied and the questions may be
 * called: everything else could move what is lent.
 */
struct raft;

enum { RAFT_NODES_MAX = 64 };

enum raft_role { RAFT_FOLLOWER, RAFT_PRE_CANDIDATE, RAFT_CANDIDATE, RAFT_LEADER };

struct raft_options {
    uint64_t id; /* own; not 0 */
    const uint64_t *voters;
    size_t n_voters; /* own id included; 1 to RAFT_NODES_MAX */

    uint32_t election_ticks;  /* the timeout is drawn from [election_ticks, 2 * election_ticks) */
    uint32_t heartbeat_ticks; /* below election_ticks */
    uint64_t seed;            /* of the timeouts; the stream is keyed by id */
    bool pre_vote;
    bool check_quorum;

    /* Bounds. 0 takes the default in brackets. */
    size_t append_bytes_max;      /* of entries in one APPEND, but at least one entry [256 KiB] */
    size_t append_entries_max;    /* [1024] */
    size_t inflight_max;          /* APPENDs on the way to one follower [64] */
    size_t uncommitted_bytes_max; /* proposals beyond it get -E_BUSY [64 MiB] */
    size_t reads_max;             /* reads waiting for a round; beyond it -E_BUSY [65536] */
    size_t cache_bytes_max;       /* entries kept in memory beyond those not yet durable or not
                                     yet applied; the oldest leave first [64 MiB] */

    /* What was recovered. A new node: all zeros, first_index 1. */
    struct raft_hard_state hard;
    uint64_t first_index;             /* the log holds [first_index, last_index] */
    uint64_t last_index;              /* first_index - 1 when it is empty */
    const struct raft_term_run *runs; /* of the log and, when known, of first_index - 1 */
    size_t n_runs;
    uint64_t applied_index; /* of the state machine; durable; >= first_index - 1 */
};

/* A read whose turn has come, or that will never come. */
struct raft_read_result {
    uint64_t token;
    uint64_t index; /* serve once this index is applied */
    bool refused;   /* leadership was lost, or could not be confirmed: never serve it */
};

/* Entries that have left memory are wanted back: load [from, to] of the log, as many as fit
 * into bytes_max but at least one, and hand them to raft_log_loaded under the token. */
struct raft_log_read {
    uint64_t token;
    uint64_t from;
    uint64_t to;
    size_t bytes_max;
};

/* Lent until raft_advance. */
struct raft_ready {
    /* To save, atomically and in this order: truncate, append, hard state. `save` is false
     * when there is nothing. `seq` numbers saves: 1, 2, 3... It is that of this save or, without
     * one, of the last. */
    bool save;
    uint64_t seq;
    uint64_t truncate_from; /* drop this index and what follows; 0: nothing to drop */
    const struct entry *entries;
    size_t n_entries;
    bool hard_changed;
    struct raft_hard_state hard;

    const struct raft_message *now; /* may leave at once */
    size_t n_now;
    const struct raft_message *after; /* may leave once `after_seq` is durable; no entries in
                                         them, so copying the structs copies all */
    size_t n_after;
    uint64_t after_seq; /* <= seq */

    const struct entry *committed; /* next to apply, in order, without gaps */
    size_t n_committed;

    const struct raft_read_result *reads;
    size_t n_reads;
    const struct raft_log_read *log_reads;
    size_t n_log_reads;
};

struct raft_peer_status {
    uint64_t id;
    uint64_t match_index;
    uint64_t next_index;
    bool recently_active;
};

struct raft_status {
    uint64_t id;
    enum raft_role role;
    uint64_t term;
    uint64_t vote;
    uint64_t leader; /* 0: unknown */
    uint64_t first_index;
    uint64_t last_index;
    uint64_t durable_index; /* highest index known durable here under the current log */
    uint64_t commit_index;
    uint64_t applied_index;
    size_t uncommitted_bytes;
    size_t reads_waiting;
    struct raft_peer_status peers[RAFT_NODES_MAX]; /* leader only: the others */
    size_t n_peers;
};

/* Errors: -E_NOMEM; -E_INVAL (options that make no sense, with the reason in `e`). Copies what
 * it needs of the options. raft_destroy accepts NULL. */
int raft_create(const struct raft_options *o, struct raft **ret, struct err *e);
void raft_destroy(struct raft *r);

/* One unit of logical time. */
void raft_tick(struct raft *r);

/* A message from a peer. Copies the entries. Messages that make no sense (unknown sender or
 * type, not for us, gaps in the entries) are dropped: -E_INVAL, nothing changes. -E_NOMEM: the
 * message is as good as lost. */
int raft_step(struct raft *r, const struct raft_message *m);

/* Proposes a command (bytes are copied). Returns the place it will have if it commits: compare
 * index and term when it is applied. Errors, nothing was proposed: -E_NOT_LEADER, -E_BUSY
 * (uncommitted_bytes_max), -E_NOMEM. */
int raft_propose(struct raft *r, struct slice command, uint64_t *ret_index, uint64_t *ret_term);

/* Asks for a linearizable read (dissertation 6.4, steps 1 to 3). Sooner or later the token comes
 * back in raft_ready.reads, once. Many reads share a round. Errors: -E_NOT_LEADER,
 * -E_BUSY (reads_max), -E_NOMEM. */
int raft_read(struct raft *r, uint64_t token);

/* Everything up to save number `seq` survives a crash. The leader counts itself only here. */
void raft_durable(struct raft *r, uint64_t seq);

/* The state machine has taken everything up to `index`, durably or not. Entries above it stay
 * in memory. */
void raft_applied(struct raft *r, uint64_t index);

/* The answer to a raft_log_read: entries from its `from` on, without gaps; n == 0 gives the
 * read up. Copies. A token that is no longer wanted is ignored. */
int raft_log_loaded(struct raft *r, uint64_t token, const struct entry *entries, size_t n);

/* True when there is something to do; fills *ret, which stays valid until raft_advance. */
bool raft_ready(struct raft *r, struct raft_ready *ret);
void raft_advance(struct raft *r);

void raft_status(const struct raft *r, struct raft_status *ret);

/* Cheap ones for the hot path. */
enum raft_role raft_role(const struct raft *r);
uint64_t raft_term(const struct raft *r);
uint64_t raft_leader(const struct raft *r); /* 0: unknown */
uint64_t raft_commit_index(const struct raft *r);

const char *raft_role_name(enum raft_role role);

#endif
