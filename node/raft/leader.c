#include "node/raft/internal.h"

/* The leader's view of its followers: Raft 3.5, the commit rule of 3.6.2, check-quorum of 6.2. */

void raft_peer_probe(struct peer *p, uint64_t next_index)
{
    p->flow = FLOW_PROBE;
    p->next_index = next_index;
    p->paused = false;
    p->quiet = false;
    p->poke = false;
    p->n_inflight = 0;
    raft_cold_drop(&p->cold);
}

static void become_pipeline(struct peer *p)
{
    p->flow = FLOW_PIPELINE;
    p->next_index = p->match_index + 1;
    p->poke = false;
    p->n_inflight = 0;
}

static uint64_t match_of(const struct peer *p)
{
    return p->match_index;
}

/* Raft 3.6.2 and figure 3.7: only an entry of the own term commits by counting; older ones
 * commit with it. The own copy counts once it is durable (10.2.1). */
void raft_count_commit(struct raft *r)
{
    uint64_t own = BUG(LEADER_COUNTS_UNSAVED) ? r->log.last_index : r->saves.durable_index;
    uint64_t index = raft_quorum_value(r, own, match_of);

    if (r->role == RAFT_LEADER && index > r->commit_index &&
        (entry_log_matches(&r->log, index, r->hard.term) || BUG(OLD_TERM_COMMIT)))
        raft_set_commit(r, index);
}

/* 6.4, step 1: until an entry of its own term is committed, a leader does not know what is.
 * The no-op is that entry; room for it was made before the election. */
void raft_become_leader(struct raft *r)
{
    struct entry noop = {
        .index = r->log.last_index + 1,
        .term = r->hard.term,
        .kind = ENTRY_NOOP,
    };
    int rc = entry_log_append(&r->log, &noop);

    CHECK_THAT(rc == 0, "rc=%d", rc);
    r->role = RAFT_LEADER;
    r->leader = r->id;
    r->own_vote_seq = 0;
    r->elapsed = 0;
    r->heartbeat_elapsed = 0;
    r->quorum_heard = true; /* it has just voted */
    r->term_start = noop.index;
    r->uncommitted_bytes = entry_cost(&noop);
    r->reads.round = 0;
    r->reads.confirmed = 0;
    for (size_t i = 0; i < r->n_peers; i++) {
        struct peer *p = &r->peers[i];

        raft_peer_probe(p, noop.index);
        p->match_index = 0;
        p->read_round = 0;
        p->recently_active = false;
        p->heartbeat_due = false;
    }
}

/* 6.2: a leader that a quorum does not answer within an election timeout cannot commit, and
 * steps down so that clients look elsewhere. Who was silent is probed from now on: what the
 * pipeline would send is as good as lost. */
static void check_quorum(struct raft *r)
{
    size_t active = 1;

    for (size_t i = 0; i < r->n_peers; i++) {
        struct peer *p = &r->peers[i];

        if (p->recently_active) {
            active++;
        } else {
            raft_peer_probe(p, p->match_index + 1);
            p->paused = true;
            p->quiet = true; /* the first sign of life restarts it */
        }
        p->recently_active = false;
    }
    r->quorum_heard = active >= raft_quorum(r);
    if (!r->quorum_heard && r->o.check_quorum)
        raft_become_follower(r, r->hard.term, 0);
}

void raft_leader_tick(struct raft *r)
{
    if (r->elapsed >= r->o.election_ticks) {
        r->elapsed = 0;
        check_quorum(r);
        if (r->role != RAFT_LEADER)
            return;
    }
    if (++r->heartbeat_elapsed < r->o.heartbeat_ticks)
        return;
    r->heartbeat_elapsed = 0;
    for (size_t i = 0; i < r->n_peers; i++)
        r->peers[i].heartbeat_due = true;
}

static void take_reject(struct raft *r, struct peer *p, const struct raft_message *m)
{
    uint64_t next;

    if (p->flow == FLOW_PIPELINE) {
        /* Something in between was lost; up to the match the logs are known to agree. */
        if (m->log_index > p->match_index)
            raft_peer_probe(p, p->match_index + 1);
        return;
    }
    if (m->log_index != p->next_index - 1)
        return; /* answers an older probe */
    /* End of 3.5: skip a term at a time. What we have of the hint's term or older may agree. */
    next = entry_log_back_off(&r->log, m->hint_index, m->hint_term) + 1;
    if (next > m->log_index)
        next = m->log_index; /* a probe that failed is not repeated */
    if (next <= p->match_index)
        next = p->match_index + 1;
    raft_peer_probe(p, next);
}

void raft_take_append_reply(struct raft *r, struct peer *p, const struct raft_message *m)
{
    p->recently_active = true;
    p->quiet = false;
    if (m->reject) {
        take_reject(r, p, m);
        return;
    }
    if (m->log_index < p->match_index)
        return; /* late: match never moves back */
    p->match_index = BUG(STALE_APPEND_REPLY) ? p->next_index - 1 : m->log_index;
    while (p->n_inflight > 0 && p->inflight[p->inflight_head] <= m->log_index) {
        p->inflight_head = (p->inflight_head + 1) % r->o.inflight_max;
        p->n_inflight--;
    }
    if (p->flow == FLOW_PROBE)
        become_pipeline(p);
    else if (p->next_index <= p->match_index)
        p->next_index = p->match_index + 1;
    raft_count_commit(r);
}

/* Lost messages are found by heartbeats: when one is answered and nothing else was heard since
 * the one before it, the probe is repeated, or the pipeline asked about its last entry. */
void raft_take_heartbeat_reply(struct raft *r, struct peer *p, const struct raft_message *m)
{
    p->recently_active = true;
    if (m->context > p->read_round && m->context <= r->reads.round) {
        p->read_round = m->context;
        raft_reads_confirm(r);
    }
    if (!p->quiet) {
        p->quiet = true;
        return;
    }
    if (p->flow == FLOW_PROBE)
        p->paused = false;
    else if (p->match_index + 1 < p->next_index)
        p->poke = true;
}
