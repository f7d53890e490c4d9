#include "node/raft/raft.h"

#include "node/raft/internal.h"

#include <stdlib.h>

static const struct raft_options defaults = {
    .append_bytes_max = 256 << 10,
    .append_entries_max = 1024,
    .inflight_max = 64,
    .uncommitted_bytes_max = 64 << 20,
    .reads_max = 65536,
    .cache_bytes_max = 64 << 20,
};

static int check_voters(const struct raft_options *o, struct err *e)
{
    bool own = false;

    if (o->n_voters < 1 || o->n_voters > RAFT_NODES_MAX || o->voters == NULL)
        return err_set(e, -E_INVAL, "expected 1 to %d voters", RAFT_NODES_MAX);
    for (size_t i = 0; i < o->n_voters; i++) {
        if (o->voters[i] == 0)
            return err_set(e, -E_INVAL, "a voter's id is 0");
        if (o->voters[i] == o->id)
            own = true;
        for (size_t j = 0; j < i; j++) {
            if (o->voters[i] == o->voters[j])
                return err_set(e, -E_INVAL, "voter %llu is named twice",
                               (unsigned long long)o->voters[i]);
        }
    }
    if (!own)
        return err_set(e, -E_INVAL, "the own id %llu is not among the voters",
                       (unsigned long long)o->id);
    return 0;
}

static int check_options(const struct raft_options *o, struct err *e)
{
    if (o->heartbeat_ticks < 1 || o->election_ticks <= o->heartbeat_ticks ||
        o->election_ticks > UINT32_MAX / 2)
        return err_set(e, -E_INVAL, "expected 1 <= heartbeat_ticks < election_ticks");
    if (o->inflight_max > INFLIGHT_LIMIT)
        return err_set(e, -E_INVAL, "inflight_max is above %d", INFLIGHT_LIMIT);
    if (o->applied_index > o->last_index || o->applied_index + 1 < o->first_index)
        return err_set(e, -E_INVAL, "applied_index is outside the log");
    return check_voters(o, e);
}

static void take_options(struct raft *r, const struct raft_options *o)
{
    r->o = *o;
#define DEFAULT(field)                                                                             \
    if (r->o.field == 0)                                                                           \
    r->o.field = defaults.field
    DEFAULT(append_bytes_max);
    DEFAULT(append_entries_max);
    DEFAULT(inflight_max);
    DEFAULT(uncommitted_bytes_max);
    DEFAULT(reads_max);
    DEFAULT(cache_bytes_max);
#undef DEFAULT
    r->id = o->id;
    r->rng = rng_make(o->seed, rng_stream("raft-election-timeout", o->id));
    r->hard = o->hard;
    r->applied_index = o->applied_index;
    r->applied_seen = o->applied_index;
    r->handed_apply = o->applied_index;
    /* What was applied was committed; of the rest nobody knows before a leader says so. */
    r->commit_index = o->applied_index;
    r->saves.handed_index = o->last_index;
    r->saves.durable_index = o->last_index;
}

static int take_memory(struct raft *r, const struct raft_options *o)
{
    size_t n_peers = o->n_voters - 1;

    r->peers = calloc(n_peers + 1, sizeof *r->peers);
    r->inflight_memory = calloc(n_peers * r->o.inflight_max + 1, sizeof *r->inflight_memory);
    r->saves.marks = calloc(SAVES_MAX, sizeof *r->saves.marks);
    r->outbox = calloc(OUTBOX_MAX, sizeof *r->outbox);
    r->now = calloc(NOW_MAX, sizeof *r->now);
    r->after = calloc(OUTBOX_MAX, sizeof *r->after);
    r->log_reads = calloc(o->n_voters, sizeof *r->log_reads);
    if (r->peers == NULL || r->inflight_memory == NULL || r->saves.marks == NULL ||
        r->outbox == NULL || r->now == NULL || r->after == NULL || r->log_reads == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < o->n_voters; i++) {
        if (o->voters[i] == o->id)
            continue;
        r->peers[r->n_peers].id = o->voters[i];
        r->peers[r->n_peers].inflight = r->inflight_memory + r->n_peers * r->o.inflight_max;
        r->n_peers++;
    }
    return 0;
}

int raft_create(const struct raft_options *o, struct raft **ret, struct err *e)
{
    struct raft *r;
    int rc = check_options(o, e);

    if (rc < 0)
        return rc;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(e, -E_NOMEM, "raft");
    take_options(r, o);
    rc = entry_log_init(&r->log, &r->o, e);
    if (rc < 0)
        goto fail;
    rc = take_memory(r, o);
    if (rc < 0) {
        err_set(e, rc, "raft");
        goto fail;
    }
    r->o.voters = NULL; /* the caller's */
    r->o.runs = NULL;
    raft_reset_election_timer(r);
    *ret = r;
    return 0;

fail:
    raft_destroy(r);
    return rc;
}

void raft_destroy(struct raft *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n_peers; i++)
        raft_cold_drop(&r->peers[i].cold);
    raft_cold_drop(&r->cold_apply);
    raft_reads_free(&r->reads);
    entry_log_free(&r->log);
    free(r->peers);
    free(r->inflight_memory);
    free(r->saves.marks);
    free(r->outbox);
    free(r->now);
    free(r->after);
    free(r->log_reads);
    free(r);
}

/* --- what the other files share --------------------------------------------------------------*/

size_t raft_quorum(const struct raft *r)
{
    return (r->n_peers + !BUG(MAJORITY_OFF_BY_ONE)) / 2 + 1;
}

uint64_t raft_quorum_value(const struct raft *r, uint64_t own, uint64_t (*of)(const struct peer *p))
{
    uint64_t sorted[RAFT_NODES_MAX]; /* descending */
    size_t n = 0;

    sorted[n++] = own;
    for (size_t i = 0; i < r->n_peers; i++) {
        uint64_t value = of(&r->peers[i]);
        size_t at = n++;

        for (; at > 0 && sorted[at - 1] < value; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = value;
    }
    return sorted[raft_quorum(r) - 1];
}

void raft_set_hard(struct raft *r, uint64_t term, uint64_t vote)
{
    CHECK_THAT(term >= r->hard.term, "term=%llu own=%llu", (unsigned long long)term,
               (unsigned long long)r->hard.term);
    if (r->hard.term == term && r->hard.vote == vote)
        return;
    r->hard = (struct raft_hard_state){.term = term, .vote = vote};
    r->saves.hard_dirty = true;
}

void raft_become_follower(struct raft *r, uint64_t term, uint64_t leader)
{
    if (r->role == RAFT_LEADER) {
        raft_reads_refuse_all(r);
        for (size_t i = 0; i < r->n_peers; i++)
            raft_cold_drop(&r->peers[i].cold);
        r->uncommitted_bytes = 0;
    }
    raft_set_hard(r, term, term == r->hard.term ? r->hard.vote : 0);
    r->role = RAFT_FOLLOWER;
    r->leader = leader;
    r->own_vote_seq = 0;
    raft_reset_election_timer(r);
}

void raft_set_commit(struct raft *r, uint64_t index)
{
    if (index <= r->commit_index)
        return;
    CHECK_THAT(index <= r->log.last_index, "commit=%llu last=%llu", (unsigned long long)index,
               (unsigned long long)r->log.last_index);
    if (r->role == RAFT_LEADER) {
        uint64_t own = r->commit_index < r->term_start ? r->term_start : r->commit_index + 1;

        for (; own <= index; own++)
            r->uncommitted_bytes -= entry_cost(entry_log_at(&r->log, own));
    }
    r->commit_index = index;
}

void raft_settle(struct raft *r)
{
    uint64_t durable = r->saves.durable_index;

    entry_log_settle(&r->log, durable < r->applied_index ? durable : r->applied_index);
}

void raft_send(struct raft *r, uint64_t to, const struct raft_message *m, uint64_t rests_on)
{
    struct outgoing *out;

    if (r->n_outbox == OUTBOX_MAX)
        return;
    out = &r->outbox[r->n_outbox++];
    *out = (struct outgoing){.message = *m, .rests_on = rests_on};
    out->message.from = r->id;
    out->message.to = to;
}

/* --- events ----------------------------------------------------------------------------------*/

void raft_tick(struct raft *r)
{
    CHECK(!r->lent);
    r->now_tick++;
    r->elapsed++;
    r->cold_apply_paused = false;
    if (r->role == RAFT_LEADER)
        raft_leader_tick(r);
    else
        raft_election_tick(r);
    raft_reads_tick(r);
}

int raft_propose(struct raft *r, struct slice command, uint64_t *ret_index, uint64_t *ret_term)
{
    struct entry e = {
        .index = r->log.last_index + 1,
        .term = r->hard.term,
        .kind = ENTRY_COMMAND,
        .data = command,
    };
    int rc;

    CHECK(!r->lent);
    if (r->role != RAFT_LEADER)
        return -E_NOT_LEADER;
    /* One is always let through, however big, so that none is refused for ever. */
    if (r->uncommitted_bytes > 0 &&
        r->uncommitted_bytes + entry_cost(&e) > r->o.uncommitted_bytes_max)
        return -E_BUSY;
    rc = entry_log_append(&r->log, &e);
    if (rc < 0)
        return rc;
    r->uncommitted_bytes += entry_cost(&e);
    *ret_index = e.index;
    *ret_term = e.term;
    return 0;
}

void raft_durable(struct raft *r, uint64_t seq)
{
    CHECK_THAT(seq <= r->saves.seq, "seq=%llu last=%llu", (unsigned long long)seq,
               (unsigned long long)r->saves.seq);
    if (seq > r->durable_seen)
        r->durable_seen = seq;
    if (!r->lent)
        raft_take_durable(r, r->durable_seen);
}

void raft_applied(struct raft *r, uint64_t index)
{
    uint64_t handed = r->handed_apply + r->n_committed_lent;

    CHECK_THAT(index <= handed, "index=%llu handed out=%llu", (unsigned long long)index,
               (unsigned long long)handed);
    if (index > r->applied_seen)
        r->applied_seen = index;
    if (r->lent)
        return;
    r->applied_index = r->applied_seen;
    raft_settle(r);
}

/* --- questions -------------------------------------------------------------------------------*/

void raft_status(const struct raft *r, struct raft_status *ret)
{
    *ret = (struct raft_status){
        .id = r->id,
        .role = r->role,
        .term = r->hard.term,
        .vote = r->hard.vote,
        .leader = r->leader,
        .first_index = r->log.first_index,
        .last_index = r->log.last_index,
        .durable_index = r->saves.durable_index,
        .commit_index = r->commit_index,
        .applied_index = r->applied_seen,
        .uncommitted_bytes = r->uncommitted_bytes,
        .reads_waiting = r->reads.n,
    };
    if (r->role != RAFT_LEADER)
        return;
    for (size_t i = 0; i < r->n_peers; i++) {
        ret->peers[ret->n_peers++] = (struct raft_peer_status){
            .id = r->peers[i].id,
            .match_index = r->peers[i].match_index,
            .next_index = r->peers[i].next_index,
            .recently_active = r->peers[i].recently_active,
        };
    }
}

enum raft_role raft_role(const struct raft *r)
{
    return r->role;
}

uint64_t raft_term(const struct raft *r)
{
    return r->hard.term;
}

uint64_t raft_leader(const struct raft *r)
{
    return r->leader;
}

uint64_t raft_commit_index(const struct raft *r)
{
    return r->commit_index;
}

const char *raft_role_name(enum raft_role role)
{
    static const char *const names[] = {
        [RAFT_FOLLOWER] = "follower",
        [RAFT_PRE_CANDIDATE] = "pre-candidate",
        [RAFT_CANDIDATE] = "candidate",
        [RAFT_LEADER] = "leader",
    };

    return (size_t)role < sizeof names / sizeof names[0] ? names[role] : "unknown";
}

const char *raft_message_type_name(enum raft_message_type type)
{
    static const char *const names[] = {
#define X(name, text) text,
        RAFT_MESSAGE_TYPES(X)
#undef X
    };

    return (size_t)type < RAFT_MESSAGE_TYPE_COUNT ? names[type] : "unknown";
}
