#include "samples.h"

#include <string.h>

enum { ENTRIES_MAX = 8, LINKS_MAX = 8, POOL_BYTES = 300 };

static uint8_t pool[POOL_BYTES]; /* slices of samples point here */

/* Small, large and in between: each width that msgpack knows. */
static uint64_t any_uint(struct rng *r)
{
    unsigned shift = (unsigned)rng_below(r, 64);

    return rng_next(r) >> shift;
}

static int64_t any_int(struct rng *r)
{
    uint64_t value = any_uint(r);

    return rng_chance(r, 500000) ? (int64_t)value : -(int64_t)(value >> 1);
}

static struct slice any_slice(struct rng *r)
{
    size_t len = (size_t)rng_below(r, rng_chance(r, 300000) ? POOL_BYTES : 8);

    for (size_t i = 0; i < POOL_BYTES; i++)
        pool[i] = (uint8_t)(i * 7);
    return slice_of(pool + rng_below(r, POOL_BYTES - len), len);
}

#define SAME(field) (a.field == b.field)
#define SAME_SLICE(field) slice_equal(a.field, b.field)

/* --- peer --------------------------------------------------------------------------------- */

static struct entry drawn_entries[ENTRIES_MAX];

static struct raft_message draw_peer(struct rng *r)
{
    struct raft_message m = {.type = (enum raft_message_type)rng_below(r, RAFT_MESSAGE_TYPE_COUNT)};

    m.from = any_uint(r);
    m.to = any_uint(r);
    m.term = any_uint(r);
    m.log_index = any_uint(r) >> 1;
    m.log_term = any_uint(r);
    m.commit = any_uint(r);
    m.context = any_uint(r);
    m.hint_index = any_uint(r);
    m.hint_term = any_uint(r);
    m.reject = rng_chance(r, 500000);
    if (m.type == RAFT_APPEND)
        m.n_entries = (size_t)rng_below(r, ENTRIES_MAX + 1);
    for (size_t i = 0; i < m.n_entries; i++) {
        drawn_entries[i].index = m.log_index + 1 + i;
        drawn_entries[i].term = any_uint(r);
        drawn_entries[i].kind = (enum entry_kind)rng_below(r, 3);
        drawn_entries[i].data = any_slice(r);
    }
    m.entries = drawn_entries;
    return m;
}

static int encode_peer(struct rng *r, struct buf *out)
{
    struct raft_message m = draw_peer(r);

    return wire_encode_peer(SAMPLE_CLUSTER, &m, out);
}

static bool same_entry(struct entry a, struct entry b)
{
    return SAME(index) && SAME(term) && SAME(kind) && SAME_SLICE(data);
}

static int compare_peer(struct rng *r, struct slice bytes)
{
    struct raft_message a = draw_peer(r);
    struct wire_entries scratch = {0};
    struct raft_message b;
    int rc = wire_decode_peer(SAMPLE_CLUSTER, bytes, &scratch, &b, NULL);
    bool same;

    if (rc < 0)
        return rc;
    same = SAME(type) && SAME(from) && SAME(to) && SAME(term) && SAME(log_index) &&
           SAME(log_term) && SAME(commit) && SAME(context) && SAME(hint_index) && SAME(hint_term) &&
           SAME(reject) && SAME(n_entries);
    for (size_t i = 0; same && i < a.n_entries; i++)
        same = same_entry(a.entries[i], b.entries[i]);
    wire_entries_free(&scratch);
    return same;
}

static int decode_peer(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct wire_entries scratch = {0};
    struct raft_message m;
    int rc = wire_decode_peer(cluster, bytes, &scratch, &m, e);

    wire_entries_free(&scratch);
    return rc;
}

/* --- requests and log commands ------------------------------------------------------------ */

static struct command draw_command(struct rng *r)
{
    struct command c = {0};

    c.session = any_uint(r);
    c.id = any_uint(r);
    c.op.kind = (enum op_kind)rng_below(r, OP_KIND_COUNT);
    c.op.family = any_slice(r);
    c.op.family.len %= OP_FAMILY_BYTES_MAX + 1;
    c.op.key = any_slice(r);
    c.op.value = any_slice(r);
    c.op.expects_absent = c.op.kind == OP_CAS && rng_chance(r, 500000);
    if (!c.op.expects_absent)
        c.op.expected = any_slice(r);
    return c;
}

static bool same_command(struct command a, struct command b)
{
    return SAME(session) && SAME(id) && SAME(op.kind) && SAME_SLICE(op.family) &&
           SAME_SLICE(op.key) && SAME_SLICE(op.value) && SAME_SLICE(op.expected) &&
           SAME(op.expects_absent);
}

static int encode_command(struct rng *r, struct buf *out)
{
    struct command c = draw_command(r);

    return wire_encode_command(&c, out);
}

static int compare_command(struct rng *r, struct slice bytes)
{
    struct command a = draw_command(r);
    struct command b;
    int rc = wire_decode_command(bytes, &b, NULL);

    return rc < 0 ? rc : same_command(a, b);
}

static int decode_command(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct command c;

    (void)cluster;
    return wire_decode_command(bytes, &c, e);
}

static struct wire_request draw_request(struct rng *r)
{
    struct wire_request m = {.request = any_uint(r)};

    m.kind = rng_chance(r, 800000) ? WIRE_REQUEST_COMMAND : WIRE_REQUEST_STATUS;
    if (m.kind == WIRE_REQUEST_COMMAND)
        m.command = draw_command(r);
    return m;
}

static int encode_request(struct rng *r, struct buf *out)
{
    struct wire_request m = draw_request(r);

    return wire_encode_request(SAMPLE_CLUSTER, &m, out);
}

static int compare_request(struct rng *r, struct slice bytes)
{
    struct wire_request a = draw_request(r);
    struct wire_request b;
    int rc = wire_decode_request(SAMPLE_CLUSTER, bytes, &b, NULL);

    return rc < 0 ? rc : SAME(request) && SAME(kind) && same_command(a.command, b.command);
}

static int decode_request(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct wire_request m;

    return wire_decode_request(cluster, bytes, &m, e);
}

/* --- replies ------------------------------------------------------------------------------ */

static struct wire_node_status draw_node_status(struct rng *r)
{
    struct wire_node_status s = {.node = any_uint(r), .role = (uint32_t)any_uint(r)};
    uint64_t *const rest[] = {&s.term,
                              &s.leader,
                              &s.first_index,
                              &s.last_index,
                              &s.durable_index,
                              &s.commit_index,
                              &s.applied_index,
                              &s.pending_commands,
                              &s.pending_reads,
                              &s.sessions,
                              &s.store_queued_batches,
                              &s.store_queued_bytes,
                              &s.refused_busy,
                              &s.dropped_peer,
                              &s.dropped_client,
                              &s.dropped_unsent,
                              &s.pid};

    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        *rest[i] = any_uint(r);
    s.read_mode = (uint32_t)rng_below(r, READ_MODE_COUNT);
    return s;
}

static bool same_node_status(struct wire_node_status a, struct wire_node_status b)
{
    return SAME(node) && SAME(role) && SAME(term) && SAME(leader) && SAME(first_index) &&
           SAME(last_index) && SAME(durable_index) && SAME(commit_index) && SAME(applied_index) &&
           SAME(pending_commands) && SAME(pending_reads) && SAME(sessions) &&
           SAME(store_queued_batches) && SAME(store_queued_bytes) && SAME(refused_busy) &&
           SAME(dropped_peer) && SAME(dropped_client) && SAME(dropped_unsent) && SAME(read_mode) &&
           SAME(pid);
}

static struct wire_reply draw_reply(struct rng *r)
{
    struct wire_reply m = {.request = any_uint(r)};

    m.kind = rng_chance(r, 800000) ? WIRE_REQUEST_COMMAND : WIRE_REQUEST_STATUS;
    m.status = (enum op_status)rng_below(r, STATUS_COUNT);
    m.node = any_uint(r);
    m.term = any_uint(r);
    m.leader = any_uint(r);
    m.from_leader = rng_chance(r, 500000);
    m.value = any_slice(r);
    m.number = any_uint(r);
    if (m.kind == WIRE_REQUEST_STATUS)
        m.node_status = draw_node_status(r);
    return m;
}

static int encode_reply(struct rng *r, struct buf *out)
{
    struct wire_reply m = draw_reply(r);

    return wire_encode_reply(SAMPLE_CLUSTER, &m, out);
}

static int compare_reply(struct rng *r, struct slice bytes)
{
    struct wire_reply a = draw_reply(r);
    struct wire_reply b;
    int rc = wire_decode_reply(SAMPLE_CLUSTER, bytes, &b, NULL);

    return rc < 0 ? rc
                  : SAME(request) && SAME(kind) && SAME(status) && SAME(node) && SAME(term) &&
                        SAME(leader) && SAME(from_leader) && SAME_SLICE(value) && SAME(number) &&
                        same_node_status(a.node_status, b.node_status);
}

static int decode_reply(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct wire_reply m;

    return wire_decode_reply(cluster, bytes, &m, e);
}

/* --- node events -------------------------------------------------------------------------- */

static struct wire_node_event draw_node_event(struct rng *r)
{
    struct wire_node_event m = {.node = any_uint(r), .role = (uint32_t)any_uint(r)};

    m.term = any_uint(r);
    m.leader = any_uint(r);
    m.monotonic_ns = any_int(r);
    m.started = rng_chance(r, 500000);
    return m;
}

static int encode_node_event(struct rng *r, struct buf *out)
{
    struct wire_node_event m = draw_node_event(r);

    return wire_encode_node_event(SAMPLE_CLUSTER, &m, out);
}

static int compare_node_event(struct rng *r, struct slice bytes)
{
    struct wire_node_event a = draw_node_event(r);
    struct wire_node_event b;
    int rc = wire_decode_node_event(SAMPLE_CLUSTER, bytes, &b, NULL);

    return rc < 0 ? rc
                  : SAME(node) && SAME(role) && SAME(term) && SAME(leader) && SAME(monotonic_ns) &&
                        SAME(started);
}

static int decode_node_event(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct wire_node_event m;

    return wire_decode_node_event(cluster, bytes, &m, e);
}

/* --- nemesis ------------------------------------------------------------------------------ */

static struct wire_nemesis_link drawn_links[LINKS_MAX];

static struct wire_nemesis_link draw_link(struct rng *r)
{
    struct wire_nemesis_link l = {0};

    l.link.from.site = rng_chance(r, 500000);
    l.link.from.id = any_uint(r);
    l.link.to.site = rng_chance(r, 500000);
    l.link.to.id = any_uint(r);
    l.rule.cut = rng_chance(r, 500000);
    l.rule.drop_ppm = (uint32_t)rng_between(r, 0, 1000000);
    l.rule.duplicate_ppm = (uint32_t)rng_between(r, 0, 1000000);
    l.rule.reorder_ppm = (uint32_t)rng_between(r, 0, 1000000);
    l.rule.delay_ms = (uint32_t)any_uint(r);
    l.rule.jitter_ms = (uint32_t)any_uint(r);
    l.rule.types = rng_below(r, UINT64_C(1) << RAFT_MESSAGE_TYPE_COUNT);
    return l;
}

static struct wire_nemesis_command draw_nemesis_command(struct rng *r)
{
    struct wire_nemesis_command m = {.request = any_uint(r), .links = drawn_links};

    m.kind = (enum wire_nemesis_kind)rng_below(r, WIRE_NEMESIS_QUIT + 1);
    m.node = any_uint(r);
    m.pid = any_int(r);
    m.signal = (int32_t)any_int(r);
    m.n_links = (size_t)rng_below(r, LINKS_MAX + 1);
    for (size_t i = 0; i < m.n_links; i++)
        drawn_links[i] = draw_link(r);
    return m;
}

static int encode_nemesis_command(struct rng *r, struct buf *out)
{
    struct wire_nemesis_command m = draw_nemesis_command(r);

    return wire_encode_nemesis_command(&m, out);
}

static bool same_link(struct wire_nemesis_link a, struct wire_nemesis_link b)
{
    return SAME(link.from.site) && SAME(link.from.id) && SAME(link.to.site) && SAME(link.to.id) &&
           SAME(rule.cut) && SAME(rule.drop_ppm) && SAME(rule.duplicate_ppm) &&
           SAME(rule.reorder_ppm) && SAME(rule.delay_ms) && SAME(rule.jitter_ms) &&
           SAME(rule.types);
}

static int compare_nemesis_command(struct rng *r, struct slice bytes)
{
    struct wire_nemesis_command a = draw_nemesis_command(r);
    struct wire_nemesis_link links[LINKS_MAX];
    struct wire_nemesis_command b;
    int rc = wire_decode_nemesis_command(bytes, links, LINKS_MAX, &b, NULL);
    bool same;

    if (rc < 0)
        return rc;
    same = SAME(request) && SAME(kind) && SAME(node) && SAME(pid) && SAME(signal) && SAME(n_links);
    for (size_t i = 0; same && i < a.n_links; i++)
        same = same_link(a.links[i], b.links[i]);
    return same;
}

static int decode_nemesis_command(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct wire_nemesis_link links[LINKS_MAX];
    struct wire_nemesis_command m;

    (void)cluster;
    return wire_decode_nemesis_command(bytes, links, LINKS_MAX, &m, e);
}

static struct wire_nemesis_reply draw_nemesis_reply(struct rng *r)
{
    struct wire_nemesis_reply m = {.request = any_uint(r), .ok = rng_chance(r, 500000)};
    struct wire_nemesis_counters *n = &m.counters;
    uint64_t *const counters[] = {&n->passed,     &n->cut,       &n->dropped, &n->delayed,
                                  &n->duplicated, &n->reordered, &n->reset,   &n->overflow};

    m.reason = any_slice(r);
    m.monotonic_ns = any_int(r);
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        *counters[i] = any_uint(r);
    return m;
}

static int encode_nemesis_reply(struct rng *r, struct buf *out)
{
    struct wire_nemesis_reply m = draw_nemesis_reply(r);

    return wire_encode_nemesis_reply(&m, out);
}

static int compare_nemesis_reply(struct rng *r, struct slice bytes)
{
    struct wire_nemesis_reply a = draw_nemesis_reply(r);
    struct wire_nemesis_reply b;
    int rc = wire_decode_nemesis_reply(bytes, &b, NULL);

    return rc < 0 ? rc
                  : SAME(request) && SAME(ok) && SAME_SLICE(reason) && SAME(monotonic_ns) &&
                        SAME(counters.passed) && SAME(counters.cut) && SAME(counters.dropped) &&
                        SAME(counters.delayed) && SAME(counters.duplicated) &&
                        SAME(counters.reordered) && SAME(counters.reset) && SAME(counters.overflow);
}

static int decode_nemesis_reply(uint64_t cluster, struct slice bytes, struct err *e)
{
    struct wire_nemesis_reply m;

    (void)cluster;
    return wire_decode_nemesis_reply(bytes, &m, e);
}

/* ------------------------------------------------------------------------------------------ */

#define CODEC(name, has_head)                                                                      \
    {                                                                                              \
#name, has_head, encode_##name, compare_##name, decode_##name                              \
    }

const struct sample_codec sample_codecs[] = {
    CODEC(peer, true),          CODEC(request, true),  CODEC(reply, true),
    CODEC(node_event, true),    CODEC(command, false), CODEC(nemesis_command, false),
    CODEC(nemesis_reply, false)};

const size_t n_sample_codecs = sizeof sample_codecs / sizeof sample_codecs[0];
