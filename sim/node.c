#include "sim/world.h"

#include "base/clock.h"
#include "sim/packet.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- effects of the server ------------------------------------------------------------------ */

static void send_packet(struct sim_world *w, struct sim_packet *p, uint64_t type_bit,
                        struct sim_event event)
{
    int64_t at[2];
    size_t copies;

    if (p == NULL) {
        sim_fail(w, -E_NOMEM, NULL);
        return;
    }
    copies = sim_net_send(w->net, p->from, p->to, type_bit, w->now_ns, at);
    event.payload = p;
    for (size_t i = 0; i < copies; i++) {
        event.at_ns = at[i];
        p->refs++;
        sim_put(w, event);
    }
    sim_packet_release(p);
}

static void on_peer(void *context, const struct raft_message *m)
{
    struct sim_node *n = context;
    struct sim_world *w = n->world;
    struct sim_node *to = &w->nodes[m->to - 1];
    struct sim_packet *p;

    if (!sim_node_lives(n, (struct sim_effect){SIM_SENDS, m->type, m->to}) || to->server == NULL)
        return;
    p = sim_packet_peer(m);
    if (p != NULL) {
        p->from = (struct wire_end){.id = m->from};
        p->to = (struct wire_end){.id = m->to};
    }
    send_packet(w, p, (uint64_t)1 << m->type,
                (struct sim_event){
                    .kind = SIM_PEER, .node = (uint32_t)to->index, .incarnation = to->incarnation});
}

/* What is acknowledged has to have been applied. */
static void check_acknowledged(struct sim_node *n, const struct wire_reply *m)
{
    struct sim_world *w = n->world;
    const struct sim_asked *asked = &w->asked[m->request % SIM_ASKED_MAX];
    char text[ERR_TEXT_MAX];

    if (w->oracle == NULL || m->status != STATUS_OK || asked->request != m->request ||
        !asked->writes)
        return;
    if (asked->session < w->cap_applied_ids && w->applied_ids[asked->session] >= asked->id)
        return;
    snprintf(text, sizeof text,
             "acknowledgement: node %zu acknowledges command %llu of session %llu, which no node "
             "has applied",
             n->index + 1, (unsigned long long)asked->id, (unsigned long long)asked->session);
    sim_find(w, SIM_ORACLE, text);
}

static void on_reply(void *context, const struct server_client *client, const struct wire_reply *m)
{
    struct sim_node *n = context;
    struct sim_packet *p;

    if (!sim_node_lives(n, (struct sim_effect){.kind = SIM_ANSWERS}))
        return;
    check_acknowledged(n, m);
    p = sim_packet_reply(m);
    if (p != NULL) {
        p->from = (struct wire_end){.id = n->id};
        p->to = (struct wire_end){.site = true, .id = client->route[0]};
    }
    send_packet(n->world, p, 0, (struct sim_event){.kind = SIM_REPLY});
}

static void on_role(void *context, enum raft_role role, uint64_t term, uint64_t leader)
{
    struct sim_node *n = context;
    struct sim_world *w = n->world;
    struct err e;

    (void)leader;
    if (n->dying)
        return;
    if (role == RAFT_LEADER) {
        if (w->oracle != NULL && oracle_leader(w->oracle, n->index, term, &e) < 0)
            sim_find(w, SIM_ORACLE, e.text);
        if (term >= w->leader_term) {
            w->leader = n->index + 1;
            w->leader_term = term;
        }
    }
    sim_record_node(w, n,
                    role == RAFT_LEADER     ? NODE_LEADER
                    : role == RAFT_FOLLOWER ? NODE_FOLLOWER
                                            : NODE_CANDIDATE,
                    term);
}

static void note_applied(struct sim_world *w, const struct entry *entry)
{
    struct command c;

    if (entry->kind != ENTRY_COMMAND || wire_decode_command(entry->data, &c, NULL) < 0)
        return;
    if (c.session >= w->cap_applied_ids) {
        size_t cap = w->cap_applied_ids == 0 ? 1024 : w->cap_applied_ids;

        while (cap <= c.session)
            cap *= 2;
        w->applied_ids = realloc(w->applied_ids, cap * sizeof *w->applied_ids);
        CHECK(w->applied_ids != NULL);
        memset(w->applied_ids + w->cap_applied_ids, 0,
               (cap - w->cap_applied_ids) * sizeof *w->applied_ids);
        w->cap_applied_ids = cap;
    }
    if (w->applied_ids[c.session] < c.id)
        w->applied_ids[c.session] = c.id;
}

static size_t durable_on(const struct sim_world *w, const struct entry *entry)
{
    size_t n = 0;

    for (size_t i = 0; i < w->config.nodes; i++)
        n += sim_disk_holds_durably(w->nodes[i].disk, entry->index, entry->term);
    return n;
}

/* A node that does not hold the entry and could still be elected, a majority's logs being no more
 * up to date than its own (dissertation 3.6.1): then the entry is not safe, however many hold it,
 * figure 3.7. 0: there is none. */
static size_t overruler(const struct sim_world *w, const struct entry *entry)
{
    for (size_t i = 0; i < w->config.nodes; i++) {
        const struct sim_disk *candidate = w->nodes[i].disk;
        size_t votes = 0;

        if (sim_disk_holds_durably(candidate, entry->index, entry->term))
            continue;
        for (size_t k = 0; k < w->config.nodes; k++)
            votes += !sim_disk_is_ahead(w->nodes[k].disk, candidate);
        if (votes > w->config.nodes / 2)
            return i + 1;
    }
    return 0;
}

static void find_overruled(struct sim_node *n, const struct entry *entry, size_t by)
{
    const struct sim_world *w = n->world;
    struct buf text = {0};
    int rc = buf_printf(&text,
                        "commitment: node %zu applies entry %" PRIu64 " of term %" PRIu64
                        ", which is durable on",
                        n->index + 1, entry->index, entry->term);

    for (size_t i = 0; i < w->config.nodes && rc == 0; i++)
        if (sim_disk_holds_durably(w->nodes[i].disk, entry->index, entry->term))
            rc = buf_printf(&text, " node %zu,", i + 1);
    if (rc == 0)
        rc = buf_printf(&text, " while node %zu could be elected, which lacks it", by);
    if (rc == 0)
        rc = buf_append_byte(&text, '\0');
    sim_find(n->world, SIM_ORACLE, rc == 0 ? (const char *)text.data : "commitment: out of memory");
    buf_free(&text);
}

static void on_applied(void *context, const struct entry *entry)
{
    struct sim_node *n = context;
    struct sim_world *w = n->world;
    size_t durable = 0;
    size_t overruled_by = 0;
    struct err e;

    if (w->oracle == NULL || n->dying)
        return;
    if (entry->index > oracle_committed(w->oracle)) {
        durable = durable_on(w, entry);
        overruled_by = overruler(w, entry);
        note_applied(w, entry);
    }
    if (oracle_applied(w->oracle, n->index, entry, durable, &e) < 0)
        sim_find(w, SIM_ORACLE, e.text);
    else if (overruled_by != 0)
        find_overruled(n, entry, overruled_by);
}

/* A batch on its way to the disk; false: the node died before. */
static bool on_submit(void *context, const struct store_batch *b)
{
    struct sim_node *n = context;
    struct sim_world *w = n->world;
    struct err e;

    if (!sim_node_lives(n, (struct sim_effect){.kind = SIM_SAVES}))
        return false;
    if (w->oracle != NULL && oracle_saved(w->oracle, n->index, b, &e) < 0)
        sim_find(w, SIM_ORACLE, e.text);
    return true;
}

/* --- life and death ------------------------------------------------------------------------- */

int sim_node_create(struct sim_world *w, size_t index, struct err *e)
{
    struct sim_node *n = &w->nodes[index];
    const struct sim_config *c = &w->config;
    struct rng clock = rng_make(c->seed, rng_stream("clock", index));
    struct sim_disk_options disk = {.write_ns = (int64_t)c->disk_us * 1000,
                                    .jitter_ns = (int64_t)c->disk_jitter_us * 1000,
                                    .stall_ppm = c->disk_stall_ppm,
                                    .stall_ns = (int64_t)c->disk_stall_ms * NS_PER_MS,
                                    .fail_ppm = c->disk_fail_ppm,
                                    .rng = rng_make(c->seed, rng_stream("disk", index)),
                                    .on_submit = on_submit,
                                    .context = n};
    const char *names[STORE_FAMILIES_MAX];
    int64_t drift;

    n->world = w;
    n->index = index;
    n->id = index + 1;
    n->crashes = rng_make(c->seed, rng_stream("crash", index));
    n->flips = rng_make(c->seed, rng_stream("disk-flip", index));
    n->jumps = rng_make(c->seed, rng_stream("clock-jump", index));
    drift = (int64_t)rng_below(&clock, 2 * (uint64_t)c->drift_ppm + 1) - c->drift_ppm;
    n->tick_ns = (int64_t)c->tick_ms * (1000000 + drift);
    disk.store.identity = (struct store_identity){1, n->id};
    disk.store.n_families = server_store_families(NULL, 0, names);
    return sim_disk_create(&disk, &n->disk, e);
}

void sim_node_destroy(struct sim_node *n)
{
    server_destroy(n->server);
    sim_disk_destroy(n->disk);
    free(n->deferred);
}

/* A damaged disk may have forgotten a vote or an entry: its node must not come back. */
static void lose(struct sim_node *n)
{
    char what[SIM_DISK_DAMAGE_TEXT_MAX];

    if (n->lost)
        return;
    n->lost = true;
    n->world->result->nodes_lost++;
    sim_disk_describe_damage(n->disk, what);
    sim_note(n->world, "node %" PRIu64 " refuses to start: its disk is damaged in %s", n->id, what);
}

void sim_node_start(struct sim_node *n)
{
    struct sim_world *w = n->world;
    const struct sim_config *c = &w->config;
    struct store *store;
    struct server_options o = {
        .id = n->id,
        .voters = w->ids,
        .n_voters = c->nodes,
        .election_ticks = c->election_ms / c->tick_ms,
        .heartbeat_ticks = c->heartbeat_ms / c->tick_ms,
        .seed = rng_at(c->seed, rng_stream("node", n->index), n->incarnation),
        .pre_vote = c->pre_vote,
        .check_quorum = c->check_quorum,
        .read_mode = c->read_mode,
        .sessions_max = c->sessions_max,
        .append_entries_max = c->append_entries,
        .sink = {.context = n,
                 .peer = on_peer,
                 .reply = on_reply,
                 .role = on_role,
                 .applied = on_applied},
    };
    const char *names[STORE_FAMILIES_MAX];
    struct store_recovered recovered;
    struct err e;

    if (n->lost || sim_disk_open(n->disk, &store, &e) < 0) {
        lose(n);
        return;
    }
    o.store = store;
    sim_node_reborn(n);
    n->incarnation++;
    store_recovered(store, &recovered);
    if (w->oracle != NULL)
        oracle_restarted(w->oracle, n->index, store, server_store_families(NULL, 0, names));
    if (server_create(&o, &n->server, &e) < 0) {
        sim_find(w, SIM_CHECK, e.text);
        return;
    }
    sim_record_node(w, n, NODE_STARTED, recovered.hard.term);
    sim_put(w, (struct sim_event){.at_ns = w->now_ns + n->tick_ns,
                                  .kind = SIM_TICK,
                                  .node = (uint32_t)n->index,
                                  .incarnation = n->incarnation});
}

static void drop_event(const struct sim_event *event)
{
    if (event->payload != NULL)
        sim_packet_release(event->payload);
}

void sim_node_crash(struct sim_node *n)
{
    struct sim_world *w = n->world;
    struct sim_disk_totals before, after;

    if (n->server == NULL)
        return;
    server_destroy(n->server);
    n->server = NULL;
    n->incarnation++; /* whatever is on its way to it is void */
    n->paused = false;
    for (size_t i = 0; i < n->n_deferred; i++)
        drop_event(&n->deferred[i]);
    n->n_deferred = 0;
    sim_disk_totals(n->disk, &before);
    sim_disk_crash(n->disk);
    sim_disk_totals(n->disk, &after);
    sim_note_death(n, after.lost_batches - before.lost_batches);
    if (w->leader == n->index + 1)
        w->leader = 0;
    sim_record_node(w, n, NODE_DIED, 0);
}

void sim_node_pause(struct sim_node *n)
{
    if (n->server == NULL || n->paused)
        return;
    n->paused = true;
    sim_record_node(n->world, n, NODE_PAUSED, 0);
}

void sim_node_resume(struct sim_node *n)
{
    struct sim_world *w = n->world;

    if (!n->paused)
        return;
    n->paused = false;
    sim_record_node(w, n, NODE_RESUMED, 0);
    for (size_t i = 0; i < n->n_deferred; i++) {
        n->deferred[i].at_ns = w->now_ns;
        sim_put(w, n->deferred[i]);
    }
    n->n_deferred = 0;
}

/* --- events --------------------------------------------------------------------------------- */

static void defer(struct sim_node *n, const struct sim_event *event)
{
    if (n->n_deferred == n->cap_deferred) {
        n->cap_deferred = n->cap_deferred == 0 ? 64 : n->cap_deferred * 2;
        n->deferred = realloc(n->deferred, n->cap_deferred * sizeof *n->deferred);
        CHECK(n->deferred != NULL);
    }
    n->deferred[n->n_deferred++] = *event;
}

static void feed_request(struct sim_node *n, const struct sim_packet *p)
{
    const struct wire_request *m = &p->u.request;
    struct server_client client = {.route_len = 1, .request = m->request};

    client.route[0] = (uint8_t)p->from.id;
    n->world->asked[m->request % SIM_ASKED_MAX] =
        (struct sim_asked){m->request, m->command.session, m->command.id,
                           !op_is_read(m->command.op.kind) && m->command.op.kind != OP_REGISTER};
    server_request(n->server, &client, m);
}

/* A clock that jumps ahead shows as many ticks at once; one that is set back, or a machine that
 * stands still, as none for as long, at most until everything is healed. Returns how many to give.
 */
static uint64_t ticks_due(struct sim_node *n)
{
    const struct sim_world *w = n->world;
    const struct sim_config *c = &w->config;
    uint64_t by_ms;

    if (w->healed)
        return 1;
    if (w->now_ns < n->stands_until_ns)
        return 0;
    if (c->jump_ppm == 0 || !rng_chance(&n->jumps, c->jump_ppm))
        return 1;
    w->result->clock_jumps++;
    by_ms = rng_between(&n->jumps, c->tick_ms, c->jump_ms + c->tick_ms);
    if (rng_chance(&n->jumps, 500000))
        return 1 + by_ms / c->tick_ms;
    n->stands_until_ns = w->now_ns + (int64_t)by_ms * NS_PER_MS;
    return 0;
}

static void tick(struct sim_node *n, struct sim_event event)
{
    for (uint64_t due = ticks_due(n); due > 0; due--)
        server_tick(n->server);
    event.at_ns = n->world->now_ns + n->tick_ns;
    sim_put(n->world, event);
}

static void feed(struct sim_node *n, const struct sim_event *event)
{
    switch (event->kind) {
    case SIM_TICK: tick(n, *event); break;
    case SIM_PEER: server_peer(n->server, &((struct sim_packet *)event->payload)->u.peer); break;
    case SIM_REQUEST: feed_request(n, event->payload); break;
    default: break;
    }
}

/* Lets the server carry on, and starts its disk if there is something to write. */
static void pump(struct sim_node *n)
{
    struct sim_world *w = n->world;
    struct err e;
    int64_t ns;

    if (server_pump(n->server, &e) < 0 && !n->dying) {
        if (sim_disk_failed(n->disk)) {
            n->dying = true; /* as it should: nobody can know what is on that disk */
            sim_note(w, "node %" PRIu64 " gives up: %s", n->id, e.text);
        } else {
            sim_find(w, SIM_CHECK, e.text);
        }
    }
    if (n->dying) {
        sim_node_die(n);
        return;
    }
    if (sim_disk_begin(n->disk, &ns))
        sim_put(w, (struct sim_event){.at_ns = w->now_ns + ns,
                                      .kind = SIM_DISK,
                                      .node = (uint32_t)n->index,
                                      .incarnation = n->incarnation});
}

static bool may_be_struck(const struct sim_node *n)
{
    const struct sim_world *w = n->world;
    size_t others = 0;

    for (size_t i = 0; i < w->config.nodes; i++)
        others += i != n->index && w->nodes[i].struck;
    return n->struck || others < (w->config.nodes - 1) / 2;
}

/* A node with a damaged disk is as good as lost, for ever: what is left has to be a majority. */
static void flip_perhaps(struct sim_node *n)
{
    struct sim_world *w = n->world;
    char what[SIM_DISK_DAMAGE_TEXT_MAX];

    if (w->config.disk_flip_ppm == 0 || w->healed ||
        !rng_chance(&n->flips, w->config.disk_flip_ppm) || !may_be_struck(n) ||
        !sim_disk_flip(n->disk, &n->flips))
        return;
    n->struck = true;
    w->result->disk_flips++;
    sim_disk_describe_damage(n->disk, what);
    sim_note(w, "a bit flips on the disk of node %" PRIu64 ", in %s", n->id, what);
}

void sim_node_handle(struct sim_node *n, const struct sim_event *event)
{
    if (event->kind == SIM_RESTART) {
        if (n->server == NULL && !n->held_down)
            sim_node_start(n);
        return;
    }
    if (n->server == NULL || event->incarnation != n->incarnation) {
        drop_event(event);
        return;
    }
    if (n->paused && event->kind != SIM_DISK) {
        defer(n, event);
        return;
    }
    if (event->kind == SIM_DISK) {
        sim_disk_finish(n->disk);
        flip_perhaps(n);
    } else {
        feed(n, event);
    }
    drop_event(event);
    if (!n->paused)
        pump(n);
}
