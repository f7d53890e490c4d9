#include "wire/codec.h"

/* Messages that steer a run: what nodes tell the harness, what harness and nemesis say to each
 * other. */

enum {
    NODE_EVENT_FIELDS = 6,
    NEMESIS_COMMAND_FIELDS = 6,
    NEMESIS_REPLY_FIELDS = 5,
    LINK_FIELDS = 11,
    COUNTER_FIELDS = 8,
    NEMESIS_KIND_COUNT = WIRE_NEMESIS_QUIT + 1,
    PPM_MAX = 1000000,
};

int wire_encode_node_event(uint64_t cluster, const struct wire_node_event *m, struct buf *out)
{
    struct wire_encoder c;

    wire_encode_begin(&c, out);
    wire_encode_head(&c, cluster, WIRE_NODE_EVENT, NODE_EVENT_FIELDS);
    mp_write_uint(&c.w, m->node);
    mp_write_uint(&c.w, m->role);
    mp_write_uint(&c.w, m->term);
    mp_write_uint(&c.w, m->leader);
    mp_write_int(&c.w, m->monotonic_ns);
    mp_write_bool(&c.w, m->started);
    return wire_encode_end(&c);
}

int wire_decode_node_event(uint64_t cluster, struct slice bytes, struct wire_node_event *ret,
                           struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "node event", e);
    struct wire_node_event m = {0};
    int rc;

    wire_decode_head(&d, cluster, WIRE_NODE_EVENT, NODE_EVENT_FIELDS);
    m.node = wire_take_uint(&d, "node", UINT64_MAX);
    m.role = (uint32_t)wire_take_uint(&d, "role", UINT32_MAX);
    m.term = wire_take_uint(&d, "term", UINT64_MAX);
    m.leader = wire_take_uint(&d, "leader", UINT64_MAX);
    m.monotonic_ns = wire_take_int(&d, "monotonic_ns", INT64_MIN, INT64_MAX);
    m.started = wire_take_bool(&d, "started");
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = m;
    return rc;
}

static void put_link(struct wire_encoder *c, const struct wire_nemesis_link *l)
{
    mp_write_array(&c->w, LINK_FIELDS);
    mp_write_bool(&c->w, l->link.from.site);
    mp_write_uint(&c->w, l->link.from.id);
    mp_write_bool(&c->w, l->link.to.site);
    mp_write_uint(&c->w, l->link.to.id);
    mp_write_bool(&c->w, l->rule.cut);
    mp_write_uint(&c->w, l->rule.drop_ppm);
    mp_write_uint(&c->w, l->rule.duplicate_ppm);
    mp_write_uint(&c->w, l->rule.reorder_ppm);
    mp_write_uint(&c->w, l->rule.delay_ms);
    mp_write_uint(&c->w, l->rule.jitter_ms);
    mp_write_uint(&c->w, l->rule.types);
}

static void take_link(struct wire_decoder *d, struct wire_nemesis_link *ret)
{
    wire_take_array(d, "link", LINK_FIELDS);
    ret->link.from.site = wire_take_bool(d, "link.from.site");
    ret->link.from.id = wire_take_uint(d, "link.from.id", UINT64_MAX);
    ret->link.to.site = wire_take_bool(d, "link.to.site");
    ret->link.to.id = wire_take_uint(d, "link.to.id", UINT64_MAX);
    ret->rule.cut = wire_take_bool(d, "link.cut");
    ret->rule.drop_ppm = (uint32_t)wire_take_uint(d, "link.drop_ppm", PPM_MAX);
    ret->rule.duplicate_ppm = (uint32_t)wire_take_uint(d, "link.duplicate_ppm", PPM_MAX);
    ret->rule.reorder_ppm = (uint32_t)wire_take_uint(d, "link.reorder_ppm", PPM_MAX);
    ret->rule.delay_ms = (uint32_t)wire_take_uint(d, "link.delay_ms", UINT32_MAX);
    ret->rule.jitter_ms = (uint32_t)wire_take_uint(d, "link.jitter_ms", UINT32_MAX);
    ret->rule.types = wire_take_uint(d, "link.types", (UINT64_C(1) << RAFT_MESSAGE_TYPE_COUNT) - 1);
}

int wire_encode_nemesis_command(const struct wire_nemesis_command *m, struct buf *out)
{
    struct wire_encoder c;

    if (m->n_links > WIRE_LINKS_MAX)
        return -E_LIMIT;
    wire_encode_begin(&c, out);
    wire_encode_head(&c, WIRE_NO_CLUSTER, WIRE_NEMESIS_COMMAND, NEMESIS_COMMAND_FIELDS);
    mp_write_uint(&c.w, m->request);
    mp_write_uint(&c.w, m->kind);
    mp_write_uint(&c.w, m->node);
    mp_write_int(&c.w, m->pid);
    mp_write_int(&c.w, m->signal);
    mp_write_array(&c.w, m->n_links);
    for (size_t i = 0; i < m->n_links; i++)
        put_link(&c, &m->links[i]);
    return wire_encode_end(&c);
}

int wire_decode_nemesis_command(struct slice bytes, struct wire_nemesis_link *links,
                                size_t links_max, struct wire_nemesis_command *ret, struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "nemesis command", e);
    struct wire_nemesis_command m = {0};
    int rc;

    wire_decode_head(&d, WIRE_NO_CLUSTER, WIRE_NEMESIS_COMMAND, NEMESIS_COMMAND_FIELDS);
    m.request = wire_take_uint(&d, "request", UINT64_MAX);
    m.kind = (enum wire_nemesis_kind)wire_take_enum(&d, "what", NEMESIS_KIND_COUNT);
    m.node = wire_take_uint(&d, "node", UINT64_MAX);
    m.pid = wire_take_int(&d, "pid", INT64_MIN, INT64_MAX);
    m.signal = (int32_t)wire_take_int(&d, "signal", INT32_MIN, INT32_MAX);
    if (d.rc == 0 && mp_read_array(&d.r, links_max, &m.n_links) < 0)
        wire_fail(&d, "links", "no array within the limit");
    for (size_t i = 0; i < m.n_links && d.rc == 0; i++)
        take_link(&d, &links[i]);
    m.links = links;
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = m;
    return rc;
}

static void put_counters(struct wire_encoder *c, const struct wire_nemesis_counters *n)
{
    mp_write_array(&c->w, COUNTER_FIELDS);
    mp_write_uint(&c->w, n->passed);
    mp_write_uint(&c->w, n->cut);
    mp_write_uint(&c->w, n->dropped);
    mp_write_uint(&c->w, n->delayed);
    mp_write_uint(&c->w, n->duplicated);
    mp_write_uint(&c->w, n->reordered);
    mp_write_uint(&c->w, n->reset);
    mp_write_uint(&c->w, n->overflow);
}

static void take_counters(struct wire_decoder *d, struct wire_nemesis_counters *ret)
{
    wire_take_array(d, "counters", COUNTER_FIELDS);
    ret->passed = wire_take_uint(d, "counters.passed", UINT64_MAX);
    ret->cut = wire_take_uint(d, "counters.cut", UINT64_MAX);
    ret->dropped = wire_take_uint(d, "counters.dropped", UINT64_MAX);
    ret->delayed = wire_take_uint(d, "counters.delayed", UINT64_MAX);
    ret->duplicated = wire_take_uint(d, "counters.duplicated", UINT64_MAX);
    ret->reordered = wire_take_uint(d, "counters.reordered", UINT64_MAX);
    ret->reset = wire_take_uint(d, "counters.reset", UINT64_MAX);
    ret->overflow = wire_take_uint(d, "counters.overflow", UINT64_MAX);
}

int wire_encode_nemesis_reply(const struct wire_nemesis_reply *m, struct buf *out)
{
    struct wire_encoder c;

    wire_encode_begin(&c, out);
    wire_encode_head(&c, WIRE_NO_CLUSTER, WIRE_NEMESIS_REPLY, NEMESIS_REPLY_FIELDS);
    mp_write_uint(&c.w, m->request);
    mp_write_bool(&c.w, m->ok);
    mp_write_bin(&c.w, m->reason);
    mp_write_int(&c.w, m->monotonic_ns);
    put_counters(&c, &m->counters);
    return wire_encode_end(&c);
}

int wire_decode_nemesis_reply(struct slice bytes, struct wire_nemesis_reply *ret, struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "nemesis reply", e);
    struct wire_nemesis_reply m = {0};
    int rc;

    wire_decode_head(&d, WIRE_NO_CLUSTER, WIRE_NEMESIS_REPLY, NEMESIS_REPLY_FIELDS);
    m.request = wire_take_uint(&d, "request", UINT64_MAX);
    m.ok = wire_take_bool(&d, "ok");
    m.reason = wire_take_bin(&d, "reason");
    m.monotonic_ns = wire_take_int(&d, "monotonic_ns", INT64_MIN, INT64_MAX);
    take_counters(&d, &m.counters);
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = m;
    return rc;
}
