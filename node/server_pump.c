#include "node/server_impl.h"

/* --- what the store reports ----------------------------------------------------------------- */

bool server_overloaded(const struct server *s)
{
    return s->progress.queued_bytes + s->taken_bytes >= SERVER_STORE_BYTES_MAX ||
           s->progress.queued_batches >= SERVER_STORE_BATCHES_MAX || fifo_count(&s->unapplied) > 0;
}

static void take_durable(struct server *s)
{
    uint64_t safe = s->unsynced ? s->progress.visible_seq : s->progress.durable_seq;
    const struct save_queued *save;
    uint64_t before = s->durable_seq;

    while ((save = fifo_front(&s->saves)) != NULL && save->store_seq <= safe) {
        s->durable_seq = save->raft_seq;
        fifo_pop(&s->saves);
    }
    if (s->durable_seq != before)
        raft_durable(s->raft, s->durable_seq);
}

/* An answer to a peer rests on what it says is saved, so it waits for the disk. */
static void send_after(struct server *s)
{
    struct message_after *m;

    while ((m = fifo_front(&s->after)) != NULL && m->raft_seq <= s->durable_seq) {
        s->sink.peer(s->sink.context, &m->message);
        fifo_pop(&s->after);
    }
}

/* Entries that no longer belong to the log, or find no memory, are given up by Raft itself. */
static void take_log_results(struct server *s)
{
    struct store_log_result found;

    while (store_log_next(s->store, &found))
        raft_log_loaded(s->raft, found.token, found.entries, found.n_entries);
}

static int take_progress(struct server *s, struct err *e)
{
    store_poll(s->store, &s->progress);
    s->taken_bytes = 0;
    if (s->progress.failed)
        return err_set(e, -E_IO, "store: %s", s->progress.reason);
    kv_visible(s->kv, s->progress.visible_seq);
    take_durable(s);
    send_after(s);
    take_log_results(s);
    return 0;
}

/* --- what Raft wants ------------------------------------------------------------------------ */

static void tell_role(struct server *s)
{
    struct role_told now = {
        .role = raft_role(s->raft), .term = raft_term(s->raft), .leader = raft_leader(s->raft)};

    if (now.role == s->told.role && now.term == s->told.term && now.leader == s->told.leader)
        return;
    s->told = now;
    s->sink.role(s->sink.context, now.role, now.term, now.leader);
}

static int save(struct server *s, const struct raft_ready *rd, struct err *e)
{
    struct store_batch batch = {
        .hard = rd->hard_changed ? &rd->hard : NULL,
        .truncate_from = rd->truncate_from,
        .entries = rd->entries,
        .n_entries = rd->n_entries,
    };
    struct save_queued q = {.raft_seq = rd->seq};
    enum store_sync sync = s->unsynced ? STORE_ORDERED : STORE_SYNCED;
    int rc;

    if (!rd->save)
        return 0;
    rc = store_submit(s->store, &batch, sync, &q.store_seq, e);
    if (rc < 0)
        return err_prefix(e, rc, "submitting save %ju", (uintmax_t)rd->seq);
    rc = fifo_push(&s->saves, &q);
    return rc < 0 ? err_set(e, rc, "saves that are not durable: %s", err_text(rc)) : 0;
}

static void send_now(struct server *s, const struct raft_ready *rd)
{
    for (size_t i = 0; i < rd->n_now; i++)
        s->sink.peer(s->sink.context, &rd->now[i]);
}

static void send_or_keep(struct server *s, const struct raft_ready *rd)
{
    for (size_t i = 0; i < rd->n_after; i++) {
        struct message_after m = {.raft_seq = rd->after_seq, .message = rd->after[i]};

        if (fifo_push(&s->after, &m) < 0)
            s->dropped_unsent++;
    }
    send_after(s);
}

/* While entries wait to be applied no more of them are loaded. */
static int start_log_reads(struct server *s, const struct raft_ready *rd, struct err *e)
{
    for (size_t i = 0; i < rd->n_log_reads; i++) {
        const struct raft_log_read *want = &rd->log_reads[i];
        int rc = -E_BUSY;

        if (fifo_count(&s->unapplied) == 0)
            rc = store_log_read(s->store, want->token, want->from, want->to, want->bytes_max);
        if (rc == -E_BUSY)
            rc = fifo_push(&s->given_up, &want->token);
        if (rc < 0)
            return err_set(e, rc, "reading the log from %ju: %s", (uintmax_t)want->from,
                           err_text(rc));
    }
    return 0;
}

/* Raft asks again with a later tick or heartbeat. */
static void give_up_log_reads(struct server *s)
{
    const uint64_t *token;

    while ((token = fifo_front(&s->given_up)) != NULL) {
        raft_log_loaded(s->raft, *token, NULL, 0);
        fifo_pop(&s->given_up);
    }
}

/* The leader's appends leave beside its own save (dissertation 10.2.1), and before it: theirs is
 * the longer way to a disk. What is applied comes last, so that neither waits for it. */
static int handle_ready(struct server *s, const struct raft_ready *rd, struct err *e)
{
    int rc;

    send_now(s, rd);
    rc = save(s, rd, e);
    if (rc < 0)
        return rc;
    send_or_keep(s, rd);
    /* Before the committed entries are taken: what holds log reads back is a backlog of entries
     * that wait to be applied, and not those of this very moment. */
    rc = start_log_reads(s, rd, e);
    if (rc == 0)
        rc = server_take_committed(s, rd->committed, rd->n_committed, e);
    return rc < 0 ? rc : server_take_reads(s, rd->reads, rd->n_reads, e);
}

static int drain_raft(struct server *s, bool *ret_any, struct err *e)
{
    struct raft_ready rd;
    bool any = false;

    while (raft_ready(s->raft, &rd)) {
        int rc;

        tell_role(s);
        rc = handle_ready(s, &rd, e);
        raft_advance(s->raft);
        if (rc == 0)
            rc = server_apply(s, e);
        if (rc < 0)
            return rc;
        give_up_log_reads(s);
        any = true;
    }
    tell_role(s);
    *ret_any = any;
    return 0;
}

/* Until a round brings nothing new: a store that is done at once, as the one in memory is, has
 * its answer carried on in the next round. */
int server_pump(struct server *s, struct err *e)
{
    bool any = true;

    while (any) {
        uint64_t applied_before = s->applied_index;
        int rc;

        if (s->failed < 0)
            return err_set(e, s->failed, "%s", s->failure.text);
        rc = take_progress(s, e);
        if (rc == 0)
            rc = server_apply(s, e); /* there may be room now for what had none */
        if (rc == 0)
            rc = drain_raft(s, &any, e);
        if (rc == 0 && s->writes_due)
            rc = server_submit_writes(s, e);
        if (rc < 0)
            return rc;
        any = any || s->applied_index != applied_before;
    }
    server_drop_lost_commands(s);
    return 0;
}
