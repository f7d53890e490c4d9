#include "node/raft/internal.h"

/* Leader election: Raft 3.4, the restriction of 3.6.1, pre-vote of 9.6. */

void raft_reset_election_timer(struct raft *r)
{
    r->elapsed = 0;
    r->timeout = (uint32_t)rng_between(&r->rng, r->o.election_ticks, 2 * r->o.election_ticks - 1);
}

/* True when a leader was heard of within the shortest election timeout. A leader is in contact
 * while a quorum answers it: without check-quorum one that nobody answers stays leader, and it
 * must not hold up the election of another by refusing pre-votes for ever. */
bool raft_leader_in_contact(const struct raft *r)
{
    if (r->role == RAFT_LEADER)
        return r->quorum_heard;
    return r->leader != 0 && r->elapsed < r->o.election_ticks;
}

static size_t count_votes(const struct raft *r, enum vote which, bool own)
{
    size_t n = own ? 1 : 0;

    for (size_t i = 0; i < r->n_peers; i++) {
        if (r->peers[i].vote == which)
            n++;
    }
    return n;
}

static void ask_for_votes(struct raft *r, enum raft_message_type type, uint64_t term,
                          uint64_t rests_on)
{
    struct raft_message m = {
        .type = type,
        .term = term,
        .log_index = r->log.last_index,
        .log_term = entry_log_last_term(&r->log),
    };

    for (size_t i = 0; i < r->n_peers; i++) {
        r->peers[i].vote = VOTE_UNKNOWN;
        raft_send(r, r->peers[i].id, &m, rests_on);
    }
}

/* The requests wait for the term to be on disk. Otherwise a candidate that crashed could come
 * back with a shorter log, stand for the same term again, and be elected by grants that were
 * given to the longer one. The own vote waits like anyone's. */
static void become_candidate(struct raft *r)
{
    raft_set_hard(r, r->hard.term + 1, r->id);
    r->role = RAFT_CANDIDATE;
    r->leader = 0;
    r->own_vote = false;
    r->own_vote_seq = raft_save_of_hard(r);
    raft_reset_election_timer(r);
    ask_for_votes(r, RAFT_VOTE, r->hard.term, r->own_vote_seq);
}

static void become_pre_candidate(struct raft *r)
{
    r->role = RAFT_PRE_CANDIDATE;
    r->leader = 0;
    r->own_vote_seq = 0;
    r->own_vote = true; /* promises nothing, so it needs no disk */
    raft_reset_election_timer(r);
    ask_for_votes(r, RAFT_PRE_VOTE, r->hard.term + 1, 0);
}

static void count(struct raft *r)
{
    if (count_votes(r, VOTE_GRANTED, r->own_vote) >= raft_quorum(r)) {
        if (r->role == RAFT_PRE_CANDIDATE)
            become_candidate(r);
        else
            raft_become_leader(r);
    } else if (r->n_peers + 1 - count_votes(r, VOTE_REFUSED, false) < raft_quorum(r)) {
        raft_become_follower(r, r->hard.term, 0);
    }
}

void raft_election_tick(struct raft *r)
{
    if (r->elapsed < r->timeout)
        return;
    /* Room for the no-op of a new leader, who could not do without it. */
    if (entry_log_reserve(&r->log) < 0 || r->hard.term >= UINT64_MAX - 1) {
        raft_reset_election_timer(r);
        return;
    }
    if (!r->o.pre_vote) {
        become_candidate(r);
        return;
    }
    become_pre_candidate(r);
    count(r); /* a cluster of one need not ask */
}

/* Raft 3.6.1: the log with the later last term, or else the longer one, is more up to date. */
static bool is_up_to_date(const struct raft *r, const struct raft_message *m)
{
    uint64_t own_term = entry_log_last_term(&r->log);

    if (m->log_term != own_term)
        return m->log_term > own_term;
    return m->log_index >= r->log.last_index;
}

static bool vote_is_free(const struct raft *r, const struct raft_message *m)
{
    if (m->term > r->hard.term || BUG(TWO_VOTES))
        return true;
    return r->hard.vote == m->from || (r->hard.vote == 0 && r->leader == 0);
}

void raft_take_vote_request(struct raft *r, const struct raft_message *m)
{
    bool pre = m->type == RAFT_PRE_VOTE;
    bool granted = vote_is_free(r, m) && (is_up_to_date(r, m) || BUG(VOTE_WITHOUT_LOG));
    struct raft_message reply = {.type = pre ? RAFT_PRE_VOTE_REPLY : RAFT_VOTE_REPLY};

    /* 9.6: a pre-vote fails while the voter hears from a leader. */
    if (pre && raft_leader_in_contact(r))
        granted = false;
    if (granted && !pre) {
        raft_set_hard(r, r->hard.term, m->from);
        raft_reset_election_timer(r);
    }
    /* A granted pre-vote names the term it is for; everything else the voter's own. */
    reply.term = pre && granted ? m->term : r->hard.term;
    reply.reject = !granted;
    raft_send(r, m->from, &reply, raft_save_of_hard(r));
}

void raft_take_vote_reply(struct raft *r, struct peer *p, const struct raft_message *m)
{
    bool pre = m->type == RAFT_PRE_VOTE_REPLY;

    if (BUG(PRE_VOTE_COUNTS) && r->role == RAFT_CANDIDATE)
        pre = false;
    if (r->role != (pre ? RAFT_PRE_CANDIDATE : RAFT_CANDIDATE))
        return;
    /* A grant from an earlier campaign may be for a term that has been and gone. */
    if (pre && !m->reject && m->term != r->hard.term + 1)
        return;
    if (p->vote != VOTE_UNKNOWN)
        return;
    p->vote = m->reject ? VOTE_REFUSED : VOTE_GRANTED;
    count(r);
}

void raft_own_vote_durable(struct raft *r)
{
    r->own_vote_seq = 0;
    r->own_vote = true;
    count(r);
}
