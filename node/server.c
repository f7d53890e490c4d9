#include "node/server_impl.h"

#include <stdlib.h>

static const char *const internal_families[] = {
    [KV_FAMILY_SESSIONS] = "sessions",
    [KV_FAMILY_DEFAULT] = "default",
};

enum { INTERNAL_FAMILIES = sizeof internal_families / sizeof internal_families[0] };

size_t server_store_families(const char *const *families, size_t n_families, const char **ret_names)
{
    size_t n = 0;

    for (size_t i = 0; i < INTERNAL_FAMILIES; i++)
        ret_names[n++] = internal_families[i];
    for (size_t i = 0; i < n_families && n < STORE_FAMILIES_MAX; i++)
        ret_names[n++] = families[i];
    return n;
}

static int read_store(void *context, uint32_t family, struct slice key, struct buf *out)
{
    struct server *s = context;

    return store_get(s->store, family, key, out);
}

static int load_sessions(struct server *s, struct err *e)
{
    struct store_cursor *c;
    struct slice key, value;
    int rc = store_cursor_open(s->store, KV_FAMILY_SESSIONS, slice_of(NULL, 0), &c);

    if (rc < 0)
        return err_set(e, rc, "reading the sessions: %s", err_text(rc));
    while (rc == 0 && store_cursor_get(s->store, c, &key, &value)) {
        rc = kv_load_session(s->kv, key, value, e);
        store_cursor_next(s->store, c);
    }
    store_cursor_close(s->store, c);
    return rc;
}

static int create_kv(struct server *s, const struct server_options *o, struct err *e)
{
    struct kv_options ko = {
        .sessions_max = o->sessions_max,
        .families = o->families,
        .n_families = o->n_families,
        .reader = {.get = read_store, .context = s},
    };
    int rc = kv_create(&ko, &s->kv, e);

    return rc < 0 ? rc : load_sessions(s, e);
}

static int create_raft(struct server *s, const struct server_options *o, struct err *e)
{
    struct store_recovered found;
    struct raft_options ro = {
        .id = o->id,
        .voters = o->voters,
        .n_voters = o->n_voters,
        .election_ticks = o->election_ticks,
        .heartbeat_ticks = o->heartbeat_ticks,
        .seed = o->seed,
        .pre_vote = o->pre_vote,
        .check_quorum = o->check_quorum,
        .append_entries_max = o->append_entries_max,
    };

    store_recovered(o->store, &found);
    if (BUG(APPLIED_TWICE) && found.applied_index >= found.first_index)
        found.applied_index--;
    if (BUG(ENTRY_SKIPPED) && found.applied_index < found.last_index)
        found.applied_index++;
    ro.hard = found.hard;
    ro.first_index = found.first_index;
    ro.last_index = found.last_index;
    ro.runs = found.runs;
    ro.n_runs = found.n_runs;
    ro.applied_index = found.applied_index;
    s->applied_index = found.applied_index;
    s->submitted_index = found.applied_index;
    return raft_create(&ro, &s->raft, e);
}

static void init_fifos(struct server *s, size_t commands_max, size_t reads_max)
{
    fifo_init(&s->commands, sizeof(struct command_waiting), commands_max);
    fifo_init(&s->confirmed, sizeof(struct read_confirmed), reads_max);
    fifo_init(&s->saves, sizeof(struct save_queued), SERVER_SAVES_MAX);
    fifo_init(&s->after, sizeof(struct message_after), SERVER_AFTER_MAX);
    fifo_init(&s->unapplied, sizeof(struct entry), SERVER_UNAPPLIED_MAX);
    fifo_init(&s->given_up, sizeof(uint64_t), RAFT_NODES_MAX); /* one read a peer, one to apply */
}

int server_create(const struct server_options *o, struct server **ret, struct err *e)
{
    size_t reads_max = o->reads_max == 0 ? SERVER_READS_DEFAULT : o->reads_max;
    size_t sessions_max = o->sessions_max == 0 ? KV_SESSIONS_MAX_DEFAULT : o->sessions_max;
    struct server *s = calloc(1, sizeof *s);
    int rc;

    if (s == NULL)
        return err_set(e, -E_NOMEM, "server");
    s->id = o->id;
    s->read_mode = o->read_mode;
    s->unsynced = o->unsynced || BUG(ANSWER_BEFORE_SYNC);
    s->store = o->store;
    s->sink = o->sink;
    init_fifos(s, o->commands_max == 0 ? SERVER_COMMANDS_DEFAULT : o->commands_max, reads_max);
    rc = read_table_create(reads_max, &s->reads);
    if (rc < 0) {
        err_set(e, rc, "table of %zu reads", reads_max);
        goto fail;
    }
    rc = attempts_create(ATTEMPTS_PER_SESSION * sessions_max, &s->attempts);
    if (rc < 0) {
        err_set(e, rc, "memory of attempts");
        goto fail;
    }
    rc = create_kv(s, o, e);
    if (rc == 0)
        rc = create_raft(s, o, e);
    if (rc < 0)
        goto fail;
    s->told = (struct role_told){.role = raft_role(s->raft), .term = raft_term(s->raft)};
    *ret = s;
    return 0;

fail:
    server_destroy(s);
    return rc;
}

void server_destroy(struct server *s)
{
    if (s == NULL)
        return;
    free(s->writes);
    buf_free(&s->encoded);
    fifo_free(&s->given_up);
    server_free_unapplied(s);
    fifo_free(&s->after);
    fifo_free(&s->saves);
    fifo_free(&s->confirmed);
    fifo_free(&s->commands);
    read_table_destroy(s->reads);
    attempts_destroy(s->attempts);
    raft_destroy(s->raft);
    kv_destroy(s->kv);
    free(s);
}

void server_tick(struct server *s)
{
    raft_tick(s->raft);
    if (s->applied_index != s->submitted_index && ++s->writes_age_ticks >= SERVER_WRITES_TICKS)
        s->writes_due = true;
}

static size_t entries_bytes(const struct raft_message *m)
{
    size_t bytes = 0;

    for (size_t i = 0; i < m->n_entries; i++)
        bytes += m->entries[i].data.len + sizeof m->entries[i];
    return bytes;
}

void server_peer(struct server *s, const struct raft_message *m)
{
    if (m->n_entries > 0 && server_overloaded(s)) {
        s->refused_busy++;
        return;
    }
    if (raft_step(s->raft, m) == -E_INVAL)
        s->dropped_peer++;
    else
        s->taken_bytes += entries_bytes(m);
}

void server_count_garbage(struct server *s, bool from_peer)
{
    if (from_peer)
        s->dropped_peer++;
    else
        s->dropped_client++;
}

void server_count_unsent(struct server *s)
{
    s->dropped_unsent++;
}

void server_status(const struct server *s, struct wire_node_status *ret)
{
    struct raft_status rs;

    raft_status(s->raft, &rs);
    *ret = (struct wire_node_status){
        .node = s->id,
        .role = rs.role,
        .term = rs.term,
        .leader = rs.leader,
        .first_index = rs.first_index,
        .last_index = rs.last_index,
        .durable_index = rs.durable_index,
        .commit_index = rs.commit_index,
        .applied_index = s->applied_index,
        .pending_commands = fifo_count(&s->commands),
        .pending_reads = read_table_count(s->reads),
        .sessions = kv_sessions(s->kv),
        .store_queued_batches = s->progress.queued_batches,
        .store_queued_bytes = s->progress.queued_bytes,
        .refused_busy = s->refused_busy,
        .dropped_peer = s->dropped_peer,
        .dropped_client = s->dropped_client,
        .dropped_unsent = s->dropped_unsent,
        .read_mode = s->read_mode,
    };
}
