#include "node/raft/internal.h"

/* raft_step: which messages are let in, what their term does to ours, and who answers them. */

static struct peer *find_peer(struct raft *r, uint64_t id)
{
    for (size_t i = 0; i < r->n_peers; i++) {
        if (r->peers[i].id == id)
            return &r->peers[i];
    }
    return NULL;
}

static bool entries_make_sense(const struct raft_message *m)
{
    uint64_t term = m->log_term;

    if (m->n_entries > 0 && m->type != RAFT_APPEND)
        return false;
    if (m->log_index >= UINT64_MAX - m->n_entries || m->log_term > m->term)
        return false;
    for (size_t i = 0; i < m->n_entries; i++) {
        const struct entry *e = &m->entries[i];

        if (e->index != m->log_index + 1 + i || e->term < term || e->term == 0 ||
            e->term > m->term || e->kind > ENTRY_CONFIG)
            return false;
        term = e->term;
    }
    return true;
}

/* Raft 3.3: a higher term makes a follower of anyone. Not so a pre-vote (9.6): it asks about a
 * term nobody has entered yet, and its grant names that term. */
static bool term_is_hypothetical(const struct raft_message *m)
{
    return m->type == RAFT_PRE_VOTE || (m->type == RAFT_PRE_VOTE_REPLY && !m->reject);
}

static void take_higher_term(struct raft *r, const struct raft_message *m)
{
    bool from_leader = m->type == RAFT_APPEND || m->type == RAFT_HEARTBEAT;

    raft_become_follower(r, m->term, from_leader ? m->from : 0);
}

/* A term has one leader (Raft 3.2): whoever else says so is broken or lying. */
static bool leader_is_accepted(struct raft *r, const struct raft_message *m)
{
    if (r->role == RAFT_LEADER || (r->leader != 0 && r->leader != m->from))
        return false;
    if (r->role != RAFT_FOLLOWER || r->leader == 0)
        raft_become_follower(r, r->hard.term, m->from);
    r->elapsed = 0;
    return true;
}

static int dispatch(struct raft *r, struct peer *p, const struct raft_message *m)
{
    switch (m->type) {
    case RAFT_PRE_VOTE:
    case RAFT_VOTE: raft_take_vote_request(r, m); return 0;
    case RAFT_PRE_VOTE_REPLY:
    case RAFT_VOTE_REPLY: raft_take_vote_reply(r, p, m); return 0;
    case RAFT_APPEND: return leader_is_accepted(r, m) ? raft_take_append(r, m) : -E_INVAL;
    case RAFT_HEARTBEAT:
        if (!leader_is_accepted(r, m))
            return -E_INVAL;
        raft_take_heartbeat(r, m);
        return 0;
    case RAFT_APPEND_REPLY:
        if (r->role == RAFT_LEADER && !m->reject && m->log_index > r->log.last_index)
            return -E_INVAL;
        if (r->role == RAFT_LEADER)
            raft_take_append_reply(r, p, m);
        return 0;
    case RAFT_HEARTBEAT_REPLY:
        if (r->role == RAFT_LEADER)
            raft_take_heartbeat_reply(r, p, m);
        return 0;
    case RAFT_MESSAGE_TYPE_COUNT: break;
    }
    return -E_INVAL;
}

int raft_step(struct raft *r, const struct raft_message *m)
{
    struct peer *p = find_peer(r, m->from);

    CHECK(!r->lent);
    if (p == NULL || m->to != r->id || (unsigned)m->type >= RAFT_MESSAGE_TYPE_COUNT ||
        m->term == 0 || !entries_make_sense(m))
        return -E_INVAL;
    if (BUG(OLD_TERM_APPEND) && m->term < r->hard.term && m->type == RAFT_APPEND &&
        r->role == RAFT_FOLLOWER)
        return raft_take_append(r, m);
    if (m->term < r->hard.term) {
        raft_refuse_stale(r, m);
        return 0;
    }
    if (m->term > r->hard.term && !term_is_hypothetical(m)) {
        /* Dissertation 4.2.3: who hears from a leader is not talked out of it by a vote. Only
         * with check-quorum, since only then a leader that nobody answers gives up by itself. */
        if (m->type == RAFT_VOTE && r->o.check_quorum && raft_leader_in_contact(r))
            return 0;
        take_higher_term(r, m);
    }
    return dispatch(r, p, m);
}
