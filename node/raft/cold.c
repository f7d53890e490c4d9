#include "node/raft/internal.h"

#include <stdlib.h>

/* Entries that are on disk only: wanted for a follower that lags, or to apply what was in the
 * log when the node started. One batch at a time for each. */

void raft_cold_drop(struct cold_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        free((void *)b->entries[i].data.data);
    free(b->entries);
    *b = (struct cold_batch){0};
}

void raft_cold_want(struct raft *r, struct cold_batch *b, uint64_t from, uint64_t to)
{
    uint64_t most = from + r->o.append_entries_max - 1;

    if (b->token != 0 && b->from == from)
        return;
    raft_cold_drop(b);
    b->token = ++r->last_token;
    b->from = from;
    b->to = to < most ? to : most;
}

static void ask(const struct raft *r, struct cold_batch *b, struct raft_log_read *out, size_t *n)
{
    if (b->token == 0 || b->asked)
        return;
    b->asked = true;
    out[(*n)++] = (struct raft_log_read){
        .token = b->token,
        .from = b->from,
        .to = b->to,
        .bytes_max = r->o.append_bytes_max,
    };
}

size_t raft_fill_log_reads(struct raft *r, struct raft_log_read *out)
{
    size_t n = 0;

    if (r->handed_apply < r->commit_index && r->handed_apply + 1 < r->log.window_first &&
        !r->cold_apply.lent && !r->cold_apply_paused) {
        uint64_t to = r->log.window_first - 1;

        raft_cold_want(r, &r->cold_apply, r->handed_apply + 1,
                       to < r->commit_index ? to : r->commit_index);
    }
    ask(r, &r->cold_apply, out, &n);
    for (size_t i = 0; i < r->n_peers; i++)
        ask(r, &r->peers[i].cold, out, &n);
    return n;
}

/* The disk has to give back what was asked for: the log's own entries. */
static bool is_wanted(const struct raft *r, const struct cold_batch *b, const struct entry *entries,
                      size_t n)
{
    if (n == 0 || n > b->to - b->from + 1)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (entries[i].index != b->from + i ||
            !entry_log_matches(&r->log, entries[i].index, entries[i].term))
            return false;
    }
    return true;
}

static int copy_entries(struct cold_batch *b, const struct entry *entries, size_t n)
{
    b->entries = calloc(n, sizeof *b->entries);
    if (b->entries == NULL)
        return -E_NOMEM;
    for (; b->n < n; b->n++) {
        const struct entry *e = &entries[b->n];
        uint8_t *data = slice_dup(e->data);

        if (data == NULL)
            return -E_NOMEM;
        b->entries[b->n] = *e;
        b->entries[b->n].data = slice_of(data, e->data.len);
    }
    return 0;
}

/* For a peer that is given up: the next heartbeat that it answers has it probed again. */
static void give_up(struct raft *r, struct cold_batch *b, struct peer *p)
{
    raft_cold_drop(b);
    if (p == NULL) {
        r->cold_apply_paused = true;
        return;
    }
    raft_peer_probe(p, p->match_index + 1);
    p->paused = true;
    p->quiet = true;
}

int raft_log_loaded(struct raft *r, uint64_t token, const struct entry *entries, size_t n)
{
    struct cold_batch *b = &r->cold_apply;
    struct peer *p = NULL;
    int rc;

    CHECK(!r->lent);
    if (token == 0)
        return 0;
    for (size_t i = 0; i < r->n_peers && b->token != token; i++) {
        p = &r->peers[i];
        b = &p->cold;
    }
    if (b->token != token || b->entries != NULL)
        return 0;
    if (!is_wanted(r, b, entries, n)) {
        give_up(r, b, p);
        return n == 0 ? 0 : -E_INVAL;
    }
    rc = copy_entries(b, entries, n);
    if (rc < 0)
        give_up(r, b, p);
    return rc;
}

void raft_cold_advance(struct raft *r)
{
    if (r->cold_apply.lent)
        raft_cold_drop(&r->cold_apply);
    for (size_t i = 0; i < r->n_peers; i++) {
        if (r->peers[i].cold.lent)
            raft_cold_drop(&r->peers[i].cold);
    }
}
