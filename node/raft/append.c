#include "node/raft/internal.h"

/* What a leader sends. Nothing is queued: messages are made when raft_ready is asked, from what
 * the followers lack by then, so that all proposals since the last time share one APPEND. */

size_t raft_fill_heartbeats(struct raft *r, struct raft_message *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_peers && n < max; i++) {
        struct peer *p = &r->peers[i];

        if (!p->heartbeat_due)
            continue;
        p->heartbeat_due = false;
        out[n++] = (struct raft_message){
            .type = RAFT_HEARTBEAT,
            .from = r->id,
            .to = p->id,
            .term = r->hard.term,
            /* Not beyond the match: of what follows it the follower may have something else. */
            .commit = p->match_index < r->commit_index && !BUG(HEARTBEAT_PAST_MATCH)
                          ? p->match_index
                          : r->commit_index,
            .context = r->reads.round,
        };
    }
    return n;
}

static void start_message(const struct raft *r, struct peer *p, struct raft_message *m)
{
    *m = (struct raft_message){
        .type = RAFT_APPEND,
        .from = r->id,
        .to = p->id,
        .term = r->hard.term,
        .log_index = p->next_index - 1,
        .commit = r->commit_index,
    };
    p->quiet = false;
    p->poke = false;
}

static bool fill_probe(struct raft *r, struct peer *p, struct raft_message *m)
{
    uint64_t term;

    if (p->paused)
        return false;
    p->paused = true;
    /* What stands before the log is gone: such a follower needs a snapshot. */
    if (!entry_log_term(&r->log, p->next_index - 1, &term))
        return false;
    start_message(r, p, m);
    m->log_term = term;
    /* Entries that are on disk only are left for when the place is known. */
    if (p->next_index >= r->log.window_first && p->next_index <= r->log.last_index) {
        m->entries = entry_log_at(&r->log, p->next_index);
        m->n_entries = entry_log_batch(&r->log, p->next_index, r->log.last_index,
                                       r->o.append_entries_max, r->o.append_bytes_max);
    }
    return true;
}

/* The next entries from memory or from what the disk has given back; asks the disk otherwise. */
static bool find_entries(struct raft *r, struct peer *p, struct raft_message *m)
{
    if (p->next_index >= r->log.window_first) {
        if (!p->cold.lent)
            raft_cold_drop(&p->cold);
        m->entries = entry_log_at(&r->log, p->next_index);
        m->n_entries = entry_log_batch(&r->log, p->next_index, r->log.last_index,
                                       r->o.append_entries_max, r->o.append_bytes_max);
        return true;
    }
    if (p->cold.entries != NULL && !p->cold.lent && p->cold.from == p->next_index) {
        p->cold.lent = true;
        m->entries = p->cold.entries;
        m->n_entries = p->cold.n;
        return true;
    }
    if (!p->cold.lent)
        raft_cold_want(r, &p->cold, p->next_index, r->log.window_first - 1);
    return false;
}

static bool fill_pipeline(struct raft *r, struct peer *p, struct raft_message *m)
{
    struct raft_message found = {0};
    bool room = p->n_inflight < r->o.inflight_max;
    bool entries = room && p->next_index <= r->log.last_index && find_entries(r, p, &found);

    if (!entries && !p->poke)
        return false;
    start_message(r, p, m);
    (void)entry_log_term(&r->log, m->log_index, &m->log_term); /* it matched: it is known */
    if (!entries)
        return true;
    m->entries = found.entries;
    m->n_entries = found.n_entries;
    p->next_index += found.n_entries;
    p->inflight[(p->inflight_head + p->n_inflight) % r->o.inflight_max] = p->next_index - 1;
    p->n_inflight++;
    return true;
}

size_t raft_fill_appends(struct raft *r, struct raft_message *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_peers; i++) {
        struct peer *p = &r->peers[i];

        if (p->flow == FLOW_PROBE) {
            if (n < max && fill_probe(r, p, &out[n]))
                n++;
            continue;
        }
        while (n < max && fill_pipeline(r, p, &out[n]))
            n++;
    }
    return n;
}
