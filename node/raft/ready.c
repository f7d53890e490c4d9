#include "node/raft/internal.h"

/* What there is to do, gathered for the driver. */

/* What rests on nothing that is still unsaved leaves now; of the rest, those that wait for one
 * and the same save go out together, and the others stay for the next time, so that an answer
 * never waits for a save it does not need. */
/* The first save that is not durable yet and that some message rests on. */
static uint64_t next_rest(const struct raft *r)
{
    uint64_t lowest = UINT64_MAX;

    for (size_t i = 0; i < r->n_outbox; i++) {
        uint64_t rests_on = r->outbox[i].rests_on;

        if (rests_on > r->saves.durable_seq && rests_on < lowest)
            lowest = rests_on;
    }
    return lowest;
}

static void fill_outbox(struct raft *r, struct raft_ready *ret)
{
    uint64_t rest = next_rest(r);
    size_t kept = 0;

    for (size_t i = 0; i < r->n_outbox; i++) {
        const struct outgoing *out = &r->outbox[i];

        if (out->rests_on <= r->saves.durable_seq && ret->n_now < NOW_MAX) {
            r->now[ret->n_now++] = out->message;
        } else if (out->rests_on == rest) {
            r->after[ret->n_after++] = out->message;
            ret->after_seq = rest;
        } else {
            r->outbox[kept++] = *out;
        }
    }
    r->n_outbox = kept;
}

static void fill_messages(struct raft *r, struct raft_ready *ret)
{
    fill_outbox(r, ret);
    if (r->role == RAFT_LEADER) {
        /* Heartbeats first: behind a full pipeline they would be late. */
        ret->n_now += raft_fill_heartbeats(r, r->now + ret->n_now, NOW_MAX - ret->n_now);
        ret->n_now += raft_fill_appends(r, r->now + ret->n_now, NOW_MAX - ret->n_now);
    }
    ret->now = r->now;
    ret->after = r->after;
}

/* May run ahead of the own sync: a quorum of others has them (dissertation 10.2.1). */
static void fill_committed(struct raft *r, struct raft_ready *ret)
{
    uint64_t next = r->handed_apply + 1;
    uint64_t n = r->commit_index - r->handed_apply;

    if (n == 0)
        return;
    if (next >= r->log.window_first) {
        ret->committed = entry_log_at(&r->log, next);
        ret->n_committed = n < COMMITTED_MAX ? (size_t)n : COMMITTED_MAX;
    } else if (r->cold_apply.entries != NULL) {
        r->cold_apply.lent = true;
        ret->committed = r->cold_apply.entries;
        ret->n_committed = r->cold_apply.n;
    }
    r->n_committed_lent = ret->n_committed;
}

bool raft_ready(struct raft *r, struct raft_ready *ret)
{
    CHECK(!r->lent);
    *ret = (struct raft_ready){0};
    raft_reads_start_round(r);
    raft_fill_save(r, ret);
    fill_messages(r, ret);
    fill_committed(r, ret);
    ret->reads = r->reads.results;
    ret->n_reads = r->reads.n_results;
    ret->log_reads = r->log_reads;
    ret->n_log_reads = raft_fill_log_reads(r, r->log_reads);
    r->lent = ret->save || ret->n_now > 0 || ret->n_after > 0 || ret->n_committed > 0 ||
              ret->n_reads > 0 || ret->n_log_reads > 0;
    return r->lent;
}

void raft_advance(struct raft *r)
{
    CHECK(r->lent);
    r->lent = false;
    r->handed_apply += r->n_committed_lent;
    r->n_committed_lent = 0;
    r->reads.n_results = 0;
    raft_cold_advance(r);
    raft_take_durable(r, r->durable_seen);
    raft_applied(r, r->applied_seen);
}
