#include "tests/unit/server/gate_store.h"

#include "base/check.h"

#include <stdio.h>

static struct gate *gate_of(const struct store *s)
{
    return (struct gate *)(void *)s;
}

static void gate_recovered(const struct store *s, struct store_recovered *ret)
{
    const struct gate *g = gate_of(s);

    *ret = (struct store_recovered){.hard = g->hard,
                                    .first_index = 1,
                                    .last_index = g->last_index,
                                    .runs = g->runs,
                                    .n_runs = g->n_runs,
                                    .applied_index = g->applied_index};
}

static void note_entry(struct gate *g, const struct entry *entry)
{
    g->last_index = entry->index;
    if (g->n_runs > 0 && g->runs[g->n_runs - 1].term == entry->term)
        return;
    CHECK(g->n_runs < GATE_RUNS_MAX);
    g->runs[g->n_runs++] = (struct raft_term_run){.first = entry->index, .term = entry->term};
}

static int gate_submit(struct store *s, const struct store_batch *b, enum store_sync sync,
                       uint64_t *ret_seq, struct err *e)
{
    struct gate *g = gate_of(s);

    g->synced += sync == STORE_SYNCED;
    if (b->hard != NULL)
        g->hard = *b->hard;
    while (b->truncate_from > 0 && g->n_runs > 0 &&
           g->runs[g->n_runs - 1].first >= b->truncate_from)
        g->n_runs--;
    if (b->truncate_from > 0)
        g->last_index = b->truncate_from - 1;
    for (size_t i = 0; i < b->n_entries; i++)
        note_entry(g, &b->entries[i]);
    if (b->applied_index > g->applied_index)
        g->applied_index = b->applied_index;
    return store_submit(g->inner, b, sync, ret_seq, e);
}

static void gate_poll(struct store *s, struct store_progress *ret)
{
    struct gate *g = gate_of(s);
    struct store_progress now;

    store_poll(g->inner, &now);
    if (!g->hold_durable)
        g->shown.durable_seq = now.durable_seq;
    if (!g->hold_visible)
        g->shown.visible_seq = now.visible_seq;
    g->shown.queued_bytes = now.queued_bytes + g->queued_bytes;
    g->shown.queued_batches = now.queued_batches;
    g->shown.failed = g->fail;
    snprintf(g->shown.reason, sizeof g->shown.reason, "%s", g->fail ? "the disk is gone" : "");
    *ret = g->shown;
}

static int gate_fd(const struct store *s)
{
    return store_fd(gate_of(s)->inner);
}

static int gate_log_read(struct store *s, uint64_t token, uint64_t from, uint64_t to,
                         size_t bytes_max)
{
    return store_log_read(gate_of(s)->inner, token, from, to, bytes_max);
}

static bool gate_log_next(struct store *s, struct store_log_result *ret)
{
    return store_log_next(gate_of(s)->inner, ret);
}

static int gate_get(struct store *s, uint32_t family, struct slice key, struct buf *out)
{
    return store_get(gate_of(s)->inner, family, key, out);
}

static int gate_cursor_open(struct store *s, uint32_t family, struct slice start,
                            struct store_cursor **ret)
{
    return store_cursor_open(gate_of(s)->inner, family, start, ret);
}

static void gate_destroy(struct store *s)
{
    store_destroy(gate_of(s)->inner);
}

void gate_open(struct gate *g, const struct store_options *o)
{
    static struct store_vtable vt;

    *g = (struct gate){0};
    CHECK(store_memory_open(o, &g->inner, NULL) == 0);
    vt = (struct store_vtable){
        .destroy = gate_destroy,
        .recovered = gate_recovered,
        .submit = gate_submit,
        .poll = gate_poll,
        .fd = gate_fd,
        .log_read = gate_log_read,
        .log_next = gate_log_next,
        .get = gate_get,
        .cursor_open = gate_cursor_open,
        /* Cursors are the inner store's own. */
        .cursor_get = g->inner->vt->cursor_get,
        .cursor_next = g->inner->vt->cursor_next,
        .cursor_close = g->inner->vt->cursor_close,
    };
    g->base.vt = &vt;
}

void gate_close(struct gate *g)
{
    store_destroy(g->inner);
}
