#ifndef RIFT_NODE_RAFT_INTERNAL_H
#define RIFT_NODE_RAFT_INTERNAL_H

#include "base/bug.h"
#include "base/check.h"
#include "base/rng.h"
#include "node/raft/log.h"
#include "node/raft/raft.h"

/* What the files of the core share. Who answers for what:
 *     raft.c         create, the entry points, what all files share
 *     step.c         which messages make sense, and whose they are; terms
 *     election.c     timeouts, pre-vote, votes
 *     leader.c       next and match indexes, the answers of followers, the commit rule,
 *                    check-quorum
 *     append.c       building APPEND and HEARTBEAT messages
 *     follower.c     taking APPEND and HEARTBEAT messages
 *     reads.c        ReadIndex
 *     save.c         what is to be saved, what is saved, what is durable
 *     cold.c         entries that have left memory
 *     ready.c        gathering all of that for the driver
 *     log.c          the log itself */

enum {
    OUTBOX_MAX = 1024,    /* answers and requests for votes that wait for raft_ready; one more is
                             dropped, as the network might have done */
    NOW_MAX = 1024,       /* messages in one raft_ready; the rest come with the next */
    COMMITTED_MAX = 4096, /* entries to apply in one raft_ready; likewise */
    SAVES_MAX = 4096,     /* saves handed out and not durable; beyond it two are told apart no more,
                             and the older counts as durable when the younger is */
    READ_ROUNDS_MAX = 8,  /* rounds on their way; reads that come meanwhile share the next */
    INFLIGHT_LIMIT = 4096 /* the most that raft_options.inflight_max can ask for */
};

enum vote { VOTE_UNKNOWN, VOTE_GRANTED, VOTE_REFUSED };

/* PROBE: where the logs agree is being looked for, one APPEND at a time. PIPELINE: it is known;
 * appends follow each other without waiting for answers. */
enum peer_flow { FLOW_PROBE, FLOW_PIPELINE };

/* Entries read back from the disk, or on their way. */
struct cold_batch {
    uint64_t token; /* 0: nothing was asked for */
    bool asked;     /* handed out to the driver */
    uint64_t from;
    uint64_t to;
    struct entry *entries; /* NULL until they are loaded */
    size_t n;
    bool lent; /* part of the raft_ready that is out; freed by raft_advance */
};

struct peer {
    uint64_t id;
    enum vote vote; /* in the election that is going on */

    /* The rest is the leader's. */
    uint64_t match_index; /* known to be durable there */
    uint64_t next_index;
    enum peer_flow flow;
    bool recently_active; /* heard of since the last check of the quorum */
    bool paused;          /* PROBE: the one APPEND is out */
    bool quiet;           /* a heartbeat was answered since the last APPEND or answer to one */
    bool poke;            /* PIPELINE: ask whether what was sent has arrived */
    bool heartbeat_due;
    uint64_t *inflight; /* ring: last index of each APPEND on its way */
    size_t inflight_head;
    size_t n_inflight;
    uint64_t read_round; /* the highest it has echoed in this term */
    struct cold_batch cold;
};

/* A message, and the save that has to be durable before it may leave. */
struct outgoing {
    struct raft_message message;
    uint64_t rests_on;
};

struct save_mark {
    uint64_t seq;
    uint64_t last_index; /* the log was saved up to here, as far as it still stands */
};

struct saves {
    uint64_t seq;         /* of the last save handed out */
    uint64_t durable_seq; /* as reported */
    bool hard_dirty;
    uint64_t hard_seq;       /* the save with the newest hard state */
    uint64_t log_seq;        /* the save with the newest change of the log */
    uint64_t handed_index;   /* entries up to here were handed out */
    uint64_t truncate_from;  /* to be handed out; 0: nothing */
    uint64_t durable_index;  /* entries up to here survive a crash */
    struct save_mark *marks; /* ring of SAVES_MAX */
    size_t marks_head;
    size_t n_marks;
};

struct pending_read {
    uint64_t token;
    uint64_t round; /* 0: none yet */
    uint64_t index;
    uint64_t asked_tick;
};

struct reads {
    struct pending_read *waiting; /* in the order they were asked, from `head` on */
    size_t head;
    size_t n;
    size_t n_assigned; /* how many of them have a round */
    size_t cap;
    struct raft_read_result *results; /* room for all that wait is kept */
    size_t n_results;
    size_t results_cap;
    uint64_t round;     /* the last that was started in this term */
    uint64_t confirmed; /* the last that a quorum has echoed */
};

struct raft {
    uint64_t id;
    struct raft_options o; /* limits with the defaults filled in; its pointers are not kept */
    struct rng rng;

    struct raft_hard_state hard;
    enum raft_role role;
    uint64_t leader;
    struct entry_log log;
    uint64_t commit_index;
    uint64_t applied_index;
    uint64_t applied_seen; /* as reported; taken over when nothing is lent */
    uint64_t handed_apply; /* committed entries up to here were handed out */

    uint64_t now_tick;
    uint32_t elapsed; /* ticks since the last sign of a leader; leader: since the last check */
    uint32_t timeout; /* of the election, drawn anew each time */
    uint32_t heartbeat_elapsed;

    uint64_t own_vote_seq; /* candidate: the own vote counts once this save is durable; else 0 */
    bool own_vote;
    bool quorum_heard; /* leader: a quorum was active at the last check */

    uint64_t term_start; /* leader: index of its no-op */
    size_t uncommitted_bytes;

    struct peer *peers; /* the others */
    size_t n_peers;
    uint64_t *inflight_memory;

    struct saves saves;
    struct reads reads;
    struct cold_batch cold_apply;
    bool cold_apply_paused; /* a read was given up; asked again at the next tick */
    uint64_t last_token;

    struct outgoing *outbox;
    size_t n_outbox;

    bool lent; /* between raft_ready and raft_advance */
    uint64_t durable_seen;
    size_t n_committed_lent;
    struct raft_message *now;
    struct raft_message *after;
    struct raft_log_read *log_reads;
};

/* raft.c */
size_t raft_quorum(const struct raft *r);
/* The highest value that a quorum has reached, given the own one and each peer's. */
uint64_t raft_quorum_value(const struct raft *r, uint64_t own,
                           uint64_t (*of)(const struct peer *p));
void raft_become_follower(struct raft *r, uint64_t term, uint64_t leader);
void raft_set_hard(struct raft *r, uint64_t term, uint64_t vote);
void raft_set_commit(struct raft *r, uint64_t index);
void raft_settle(struct raft *r);
/* Queues for raft_ready; id and `to` are filled in. */
void raft_send(struct raft *r, uint64_t to, const struct raft_message *m, uint64_t rests_on);

/* election.c */
void raft_reset_election_timer(struct raft *r);
void raft_election_tick(struct raft *r);
bool raft_leader_in_contact(const struct raft *r);
void raft_take_vote_request(struct raft *r, const struct raft_message *m);
void raft_take_vote_reply(struct raft *r, struct peer *p, const struct raft_message *m);
void raft_own_vote_durable(struct raft *r);

/* leader.c */
void raft_become_leader(struct raft *r);
void raft_leader_tick(struct raft *r);
void raft_peer_probe(struct peer *p, uint64_t next_index);
void raft_take_append_reply(struct raft *r, struct peer *p, const struct raft_message *m);
void raft_take_heartbeat_reply(struct raft *r, struct peer *p, const struct raft_message *m);
void raft_count_commit(struct raft *r);

/* append.c */
/* Fills the messages that are due into `out`; returns how many, at most `max`. */
size_t raft_fill_heartbeats(struct raft *r, struct raft_message *out, size_t max);
size_t raft_fill_appends(struct raft *r, struct raft_message *out, size_t max);

/* follower.c */
int raft_take_append(struct raft *r, const struct raft_message *m);
void raft_take_heartbeat(struct raft *r, const struct raft_message *m);
void raft_refuse_stale(struct raft *r, const struct raft_message *m);

/* reads.c */
void raft_reads_free(struct reads *q);
void raft_reads_tick(struct raft *r);
void raft_reads_start_round(struct raft *r);
void raft_reads_confirm(struct raft *r);
void raft_reads_refuse_all(struct raft *r);

/* save.c */
void raft_save_truncated(struct raft *r, uint64_t from);
uint64_t raft_save_of_hard(const struct raft *r); /* the save it rests on, made or still to make */
uint64_t raft_save_of_log(const struct raft *r);
void raft_fill_save(struct raft *r, struct raft_ready *ret);
void raft_take_durable(struct raft *r, uint64_t seq);

/* cold.c */
void raft_cold_drop(struct cold_batch *b);
void raft_cold_want(struct raft *r, struct cold_batch *b, uint64_t from, uint64_t to);
size_t raft_fill_log_reads(struct raft *r, struct raft_log_read *out);
void raft_cold_advance(struct raft *r);

#endif
