#include "tests/unit/server/world.h"

#include "base/check.h"

#include <stdlib.h>

enum { CLUSTER_KEY = 77 };

/* --- effects -------------------------------------------------------------------------------- */

static void take_peer_message(void *context, const struct raft_message *m)
{
    struct world_node *n = context;
    struct world *w = n->world;
    struct world_message *copy = &w->messages[w->n_messages];

    CHECK(w->n_messages < WORLD_MESSAGES_MAX);
    if (w->cut[n->id][m->to])
        return;
    *copy = (struct world_message){.from = n->id, .to = m->to};
    CHECK(wire_encode_peer(CLUSTER_KEY, m, &copy->bytes) == 0);
    w->n_messages++;
}

static void take_reply(void *context, const struct server_client *client,
                       const struct wire_reply *m)
{
    struct world_node *n = context;
    struct world_reply *copy = &n->world->replies[n->world->n_replies++];

    CHECK(n->world->n_replies <= WORLD_REPLIES_MAX);
    CHECK(client->request == m->request && client->route_len == 1);
    copy->m = *m;
    CHECK(buf_append_slice(&copy->value, m->value) == 0);
    copy->m.value = buf_slice(&copy->value);
}

static void take_role(void *context, enum raft_role role, uint64_t term, uint64_t leader)
{
    struct world_node *n = context;

    n->n_told++;
    n->told = (struct wire_node_event){.role = role, .term = term, .leader = leader};
}

/* --- life ----------------------------------------------------------------------------------- */

static void start_server(struct world_node *n)
{
    struct server_options o = n->world->options;

    o.id = n->id;
    o.voters = n->world->ids;
    o.n_voters = n->world->n;
    o.election_ticks = WORLD_ELECTION_TICKS;
    o.heartbeat_ticks = WORLD_HEARTBEAT_TICKS;
    o.store = &n->gate.base;
    o.sink = (struct server_sink){
        .context = n, .peer = take_peer_message, .reply = take_reply, .role = take_role};
    CHECK_THAT(server_create(&o, &n->server, &n->failure) == 0, "%s", n->failure.text);
}

void world_start(struct world *w, size_t n)
{
    const char *names[STORE_FAMILIES_MAX];
    struct store_options so = {.identity = {.cluster = CLUSTER_KEY}, .families = names};

    so.n_families = server_store_families(NULL, 0, names);
    w->messages = calloc(WORLD_MESSAGES_MAX, sizeof *w->messages);
    CHECK(w->messages != NULL);
    w->n = n;
    for (size_t i = 0; i < n; i++)
        w->ids[i] = i + 1;
    for (size_t i = 0; i < n; i++) {
        w->nodes[i] = (struct world_node){.world = w, .id = i + 1};
        gate_open(&w->nodes[i].gate, &so);
        start_server(&w->nodes[i]);
    }
}

void world_restart(struct world *w, uint64_t id)
{
    struct world_node *n = world_node(w, id);

    server_destroy(n->server);
    start_server(n);
}

static void drop_message(struct world *w, size_t i)
{
    buf_free(&w->messages[i].bytes);
    memmove(w->messages + i, w->messages + i + 1, (--w->n_messages - i) * sizeof w->messages[0]);
}

void world_stop(struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        server_destroy(w->nodes[i].server);
        gate_close(&w->nodes[i].gate);
    }
    while (w->n_messages > 0)
        drop_message(w, w->n_messages - 1);
    free(w->messages);
    for (size_t i = 0; i < w->n_replies; i++)
        buf_free(&w->replies[i].value);
    *w = (struct world){0};
}

struct world_node *world_node(struct world *w, uint64_t id)
{
    CHECK(id >= 1 && id <= w->n);
    return &w->nodes[id - 1];
}

struct wire_node_status world_status(struct world *w, uint64_t id)
{
    struct wire_node_status status;

    server_status(world_node(w, id)->server, &status);
    return status;
}

/* --- time and network ----------------------------------------------------------------------- */

static void deliver(struct world *w, const struct world_message *m)
{
    struct wire_entries entries = {0};
    struct raft_message decoded;
    int rc = wire_decode_peer(CLUSTER_KEY, buf_slice(&m->bytes), &entries, &decoded, NULL);

    CHECK(rc == 0);
    server_peer(world_node(w, m->to)->server, &decoded);
    wire_entries_free(&entries);
}

static void pump_all(struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        struct world_node *n = &w->nodes[i];

        if (n->failed == 0)
            n->failed = server_pump(n->server, &n->failure);
    }
}

void world_step(struct world *w)
{
    size_t now = w->n_messages;

    for (size_t i = 0; i < now; i++)
        deliver(w, &w->messages[i]);
    while (now-- > 0)
        drop_message(w, 0);
    pump_all(w);
}

void world_settle(struct world *w)
{
    pump_all(w);
    while (w->n_messages > 0)
        world_step(w);
}

void world_tick(struct world *w, uint64_t id, size_t ticks)
{
    while (ticks-- > 0) {
        server_tick(world_node(w, id)->server);
        world_settle(w);
    }
}

void world_tick_all(struct world *w, size_t ticks)
{
    while (ticks-- > 0) {
        for (size_t i = 0; i < w->n; i++)
            server_tick(w->nodes[i].server);
        world_settle(w);
    }
}

/* The others have to forget an older leader first; should one of them stand for election then,
 * nobody hears it. From there on only the clock of `id` moves. */
void world_elect(struct world *w, uint64_t id)
{
    for (size_t i = 0; i < w->n; i++) {
        for (int t = 0; t < WORLD_ELECTION_TICKS; t++)
            server_tick(w->nodes[i].server);
    }
    pump_all(w);
    while (w->n_messages > 0)
        drop_message(w, w->n_messages - 1);
    for (int t = 0; t < 100 && world_status(w, id).role != RAFT_LEADER; t++)
        world_tick(w, id, 1);
    CHECK(world_status(w, id).role == RAFT_LEADER);
    world_tick(w, id, WORLD_HEARTBEAT_TICKS);
}

void world_isolate(struct world *w, uint64_t id, bool isolated)
{
    for (size_t i = 1; i <= w->n; i++) {
        if (i == id)
            continue;
        w->cut[i][id] = isolated;
        w->cut[id][i] = isolated;
    }
}

/* --- clerks --------------------------------------------------------------------------------- */

uint64_t world_ask(struct world *w, uint64_t id, uint64_t session, uint64_t command,
                   const struct op *op)
{
    struct server_client client = {.route = {1}, .route_len = 1};
    struct wire_request m = {
        .request = ++w->last_request,
        .kind = WIRE_REQUEST_COMMAND,
        .command = {.session = session, .id = command, .op = *op},
    };

    server_request(world_node(w, id)->server, &client, &m);
    return m.request;
}

const struct wire_reply *world_answer(struct world *w, uint64_t request)
{
    const struct wire_reply *found = NULL;

    for (size_t i = 0; i < w->n_replies; i++) {
        if (w->replies[i].m.request != request)
            continue;
        CHECK_THAT(found == NULL, "request %ju was answered twice", (uintmax_t)request);
        found = &w->replies[i].m;
    }
    return found;
}

const struct wire_reply *world_call(struct world *w, uint64_t id, uint64_t session,
                                    uint64_t command, const struct op *op)
{
    uint64_t request = world_ask(w, id, session, command, op);
    const struct wire_reply *answer;

    world_settle(w);
    answer = world_answer(w, request);
    CHECK(answer != NULL);
    return answer;
}

uint64_t world_open_session(struct world *w, uint64_t id)
{
    const struct wire_reply *answer = world_call(w, id, 0, 0, &(struct op){.kind = OP_REGISTER});

    CHECK(answer->status == STATUS_OK && answer->number > 0);
    return answer->number;
}

struct op world_put(const char *key, const char *value)
{
    return (struct op){.kind = OP_PUT, .key = slice_str(key), .value = slice_str(value)};
}

struct op world_append(const char *key, const char *value)
{
    return (struct op){.kind = OP_APPEND, .key = slice_str(key), .value = slice_str(value)};
}

struct op world_get(const char *key)
{
    return (struct op){.kind = OP_GET, .key = slice_str(key)};
}
