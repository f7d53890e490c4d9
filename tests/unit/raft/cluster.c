#include "tests/unit/raft/cluster.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

typedef unsigned long long ull;

struct raft_options cluster_options(void)
{
    return (struct raft_options){.election_ticks = 10, .heartbeat_ticks = 1, .seed = 1};
}

static void start(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];
    const struct disk_image *image = &node->disk.durable;
    struct raft_term_run *runs = calloc(CLUSTER_TERMS_MAX, sizeof *runs);
    uint64_t voters[CLUSTER_NODES_MAX];
    struct raft_options o = c->options;
    struct err e;

    CHECK(runs != NULL);
    for (size_t i = 0; i < c->n; i++)
        voters[i] = i + 1;
    o.id = id;
    o.voters = voters;
    o.n_voters = c->n;
    o.seed = c->options.seed + (c->incarnations++ << 8); /* other timeouts each time */
    o.hard = image->hard;
    o.first_index = 1;
    o.last_index = image->last;
    o.runs = runs;
    o.n_runs = disk_runs(image, runs, CLUSTER_TERMS_MAX);
    o.applied_index = node->applied;
    CHECK_THAT(raft_create(&o, &node->raft, &e) == 0, "%s", e.text);
    free(runs);
    node->role = RAFT_FOLLOWER;
    node->term = image->hard.term;
    node->commit = node->applied;
}

struct cluster *cluster_create(size_t n, const struct raft_options *o)
{
    struct cluster *c = calloc(1, sizeof *c);

    CHECK(c != NULL && n <= CLUSTER_NODES_MAX);
    c->options = *o;
    c->n = n;
    c->committed = calloc(CLUSTER_LOG_MAX, sizeof *c->committed);
    c->committed_in_term = calloc(CLUSTER_LOG_MAX, sizeof *c->committed_in_term);
    CHECK(c->committed != NULL && c->committed_in_term != NULL);
    for (uint64_t id = 1; id <= n; id++) {
        disk_init(&c->nodes[id].disk);
        start(c, id);
    }
    return c;
}

void cluster_destroy(struct cluster *c)
{
    for (uint64_t id = 1; id <= c->n; id++) {
        raft_destroy(c->nodes[id].raft);
        disk_free(&c->nodes[id].disk);
        flights_free(&c->nodes[id].held);
    }
    flights_free(&c->net);
    free(c->reads);
    free(c->committed);
    free(c->committed_in_term);
    free(c);
}

static void restart_from(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];

    node->disk.newest.hard = node->disk.durable.hard;
    node->disk.newest.last = node->disk.durable.last;
    memcpy(node->disk.newest.log, node->disk.durable.log,
           (node->disk.durable.last + 1) * sizeof *node->disk.durable.log);
    raft_destroy(node->raft);
    start(c, id);
}

void cluster_set_log(struct cluster *c, uint64_t id, const uint64_t *terms, size_t n)
{
    struct disk_image *image = &c->nodes[id].disk.durable;

    for (size_t i = 0; i < n; i++) {
        image->log[i + 1] = (struct stored_entry){.term = terms[i]};
        /* The same place and term is the same entry on every node. */
        snprintf(image->log[i + 1].text, sizeof image->log[i + 1].text, "e%zu.%llu", i + 1,
                 (ull)terms[i]);
    }
    image->last = n;
    image->hard.term = n == 0 ? 0 : terms[n - 1];
    restart_from(c, id);
}

void cluster_set_term(struct cluster *c, uint64_t id, uint64_t term)
{
    c->nodes[id].disk.durable.hard = (struct raft_hard_state){.term = term};
    restart_from(c, id);
}

/* --- a node's loop ---------------------------------------------------------------------------*/

static void send(struct cluster *c, const struct raft_message *m)
{
    invariants_send(c, m);
    trace_message(c, "", m);
    flights_add(&c->net, m, 0);
}

static void release_held(struct cluster *c, struct cluster_node *node, uint64_t seq)
{
    while (node->held.n > 0 && node->held.items[0].after_seq <= seq) {
        struct flight f = flights_take(&node->held, 0);

        send(c, &f.message);
        flight_free(&f);
    }
}

static void observe(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];

    invariants_leader(c, id);
    invariants_commit(c, id);
    node->commit = raft_commit_index(node->raft);
}

static void apply(struct cluster *c, uint64_t id, const struct raft_ready *rd)
{
    struct cluster_node *node = &c->nodes[id];

    for (size_t i = 0; i < rd->n_committed; i++) {
        const struct entry *e = &rd->committed[i];

        invariants_apply(c, id, e);
        node->applied = e->index;
        if (e->kind == ENTRY_COMMAND)
            trace_line(c, "%llu applies %llu %.*s", (ull)id, (ull)e->index, (int)e->data.len,
                       (const char *)e->data.data);
    }
    raft_applied(node->raft, node->applied);
}

static struct cluster_read *find_read(const struct cluster *c, uint64_t token)
{
    for (size_t i = 0; i < c->n_reads; i++) {
        if (c->reads[i].token == token)
            return &c->reads[i];
    }
    return NULL;
}

const struct cluster_read *cluster_find_read(const struct cluster *c, uint64_t token)
{
    return find_read(c, token);
}

static void finish_reads(struct cluster *c, uint64_t id, const struct raft_ready *rd)
{
    for (size_t i = 0; i < rd->n_reads; i++) {
        const struct raft_read_result *result = &rd->reads[i];
        struct cluster_read *read = find_read(c, result->token);

        CHECK(read != NULL && read->node == id && !read->done);
        read->done = true;
        read->refused = result->refused;
        read->index = result->index;
        if (result->refused) {
            trace_line(c, "%llu read %llu refused", (ull)id, (ull)read->token);
            continue;
        }
        trace_line(c, "%llu read %llu at index %llu", (ull)id, (ull)read->token, (ull)read->index);
        /* Linearizable: it sees at least what was committed anywhere when it was asked. */
        CHECK_THAT(read->index >= read->asked_commit, "read at %llu, committed before: %llu",
                   (ull)read->index, (ull)read->asked_commit);
    }
}

static void note_log_reads(struct cluster *c, uint64_t id, const struct raft_ready *rd)
{
    struct cluster_node *node = &c->nodes[id];

    for (size_t i = 0; i < rd->n_log_reads; i++) {
        if (!c->quiet)
            trace_line(c, "%llu loads %llu...%llu", (ull)id, (ull)rd->log_reads[i].from,
                       (ull)rd->log_reads[i].to);
        if (node->n_log_reads < CLUSTER_NODES_MAX)
            node->log_reads[node->n_log_reads++] = rd->log_reads[i];
    }
}

static void take_ready(struct cluster *c, uint64_t id, const struct raft_ready *rd)
{
    struct cluster_node *node = &c->nodes[id];

    trace_changes(c, id);
    if (rd->save) {
        trace_save(c, id, rd);
        disk_submit(&node->disk, rd);
    }
    observe(c, id);
    for (size_t i = 0; i < rd->n_now; i++)
        send(c, &rd->now[i]);
    CHECK(rd->after_seq <= rd->seq);
    for (size_t i = 0; i < rd->n_after; i++)
        flights_add(&node->held, &rd->after[i], rd->after_seq);
    apply(c, id, rd);
    finish_reads(c, id, rd);
    note_log_reads(c, id, rd);
}

static void drain(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];
    struct raft_ready rd;

    while (raft_ready(node->raft, &rd)) {
        take_ready(c, id, &rd);
        raft_advance(node->raft);
    }
    trace_changes(c, id);
    observe(c, id);
}

static bool sync_saves(struct cluster *c, uint64_t id, size_t n)
{
    struct cluster_node *node = &c->nodes[id];
    uint64_t seq = disk_sync(&node->disk, n);

    if (seq == 0)
        return false;
    if (node->disk.n_saves == 0)
        node->applied_durable = node->applied;
    release_held(c, node, seq);
    raft_durable(node->raft, seq);
    return true;
}

static bool load(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];
    struct raft_log_read want;
    struct entry entries[64];
    size_t n = 0;

    if (node->n_log_reads == 0)
        return false;
    want = node->log_reads[0];
    node->n_log_reads--;
    memmove(node->log_reads, node->log_reads + 1, node->n_log_reads * sizeof *node->log_reads);
    for (uint64_t i = want.from; i <= want.to && i <= node->disk.durable.last && n < 64; i++) {
        const struct stored_entry *stored = &node->disk.durable.log[i];

        entries[n++] = (struct entry){.index = i,
                                      .term = stored->term,
                                      .kind = stored->kind,
                                      .data = slice_str(stored->text)};
    }
    CHECK(raft_log_loaded(node->raft, want.token, entries, n) == 0);
    return true;
}

void cluster_pump(struct cluster *c, uint64_t id)
{
    struct cluster_node *node = &c->nodes[id];
    bool more = true;

    while (more) {
        drain(c, id);
        more = !node->slow_disk && sync_saves(c, id, node->disk.n_saves);
        if (!node->slow_reads)
            more = load(c, id) || more;
    }
}

/* --- what a test asks for --------------------------------------------------------------------*/

void cluster_tick(struct cluster *c, uint64_t id, size_t n)
{
    for (size_t i = 0; i < n && c->nodes[id].raft != NULL; i++) {
        raft_tick(c->nodes[id].raft);
        cluster_pump(c, id);
    }
}

void cluster_campaign(struct cluster *c, uint64_t id)
{
    uint64_t term = raft_term(c->nodes[id].raft);
    size_t sent = c->net.n + c->nodes[id].held.n;

    for (uint32_t i = 0; i <= 2 * c->options.election_ticks; i++) {
        cluster_tick(c, id, 1);
        if (raft_term(c->nodes[id].raft) > term || c->net.n + c->nodes[id].held.n > sent)
            return;
    }
    CHECK_THAT(false, "node %llu does not campaign", (ull)id);
}

int cluster_propose(struct cluster *c, uint64_t id, const char *text)
{
    uint64_t index;
    uint64_t term;
    int rc = raft_propose(c->nodes[id].raft, slice_str(text), &index, &term);

    if (rc < 0)
        trace_line(c, "%llu refuses %s: %s", (ull)id, text, err_text(rc));
    return rc;
}

int cluster_read(struct cluster *c, uint64_t id, uint64_t token)
{
    int rc = raft_read(c->nodes[id].raft, token);

    if (rc < 0) {
        trace_line(c, "%llu refuses read %llu: %s", (ull)id, (ull)token, err_text(rc));
        return rc;
    }
    if (c->n_reads == c->reads_cap) {
        c->reads_cap = c->reads_cap == 0 ? 64 : c->reads_cap * 2;
        c->reads = realloc(c->reads, c->reads_cap * sizeof *c->reads);
        CHECK(c->reads != NULL);
    }
    c->reads[c->n_reads++] =
        (struct cluster_read){.token = token, .node = id, .asked_commit = c->n_committed};
    cluster_pump(c, id);
    return 0;
}

void cluster_sync(struct cluster *c, uint64_t id)
{
    sync_saves(c, id, c->nodes[id].disk.n_saves);
    cluster_pump(c, id);
}

void cluster_load(struct cluster *c, uint64_t id)
{
    if (load(c, id))
        cluster_pump(c, id);
}

void cluster_crash(struct cluster *c, uint64_t id, size_t keep)
{
    struct cluster_node *node = &c->nodes[id];

    raft_destroy(node->raft);
    node->raft = NULL;
    disk_crash(&node->disk, keep);
    flights_free(&node->held);
    node->n_log_reads = 0;
    node->applied = node->forgets_state ? 0 : node->applied_durable;
    node->applied_durable = node->applied;
    for (size_t i = 0; i < c->n_reads; i++) {
        if (c->reads[i].node == id)
            c->reads[i].done = c->reads[i].refused = true;
    }
    trace_line(c, "%llu crashes", (ull)id);
}

void cluster_restart(struct cluster *c, uint64_t id)
{
    start(c, id);
    trace_line(c, "%llu restarts t%llu last %llu", (ull)id, (ull)raft_term(c->nodes[id].raft),
               (ull)c->nodes[id].disk.durable.last);
}

void cluster_inject(struct cluster *c, const struct raft_message *m)
{
    CHECK(raft_step(c->nodes[m->to].raft, m) == 0);
    cluster_pump(c, m->to);
}

void cluster_elect(struct cluster *c, uint64_t id)
{
    cluster_campaign(c, id);
    cluster_deliver_all(c);
    CHECK_THAT(raft_role(c->nodes[id].raft) == RAFT_LEADER, "node %llu was not elected", (ull)id);
}

void cluster_settle(struct cluster *c)
{
    enum { ROUNDS = 6 };

    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t id = 1; id <= c->n; id++) {
            if (c->nodes[id].raft != NULL && raft_role(c->nodes[id].raft) == RAFT_LEADER)
                cluster_tick(c, id, 1);
        }
        cluster_deliver_all(c);
    }
}

struct raft *cluster_raft(struct cluster *c, uint64_t id)
{
    return c->nodes[id].raft;
}

struct raft_status cluster_status(struct cluster *c, uint64_t id)
{
    struct raft_status s;

    raft_status(c->nodes[id].raft, &s);
    return s;
}
