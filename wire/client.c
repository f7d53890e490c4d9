#include "wire/codec.h"

/* Messages between clerks and nodes. */

enum { REQUEST_FIELDS = 3, REPLY_FIELDS = 10, WIRE_REQUEST_KIND_COUNT = WIRE_REQUEST_STATUS + 1 };

int wire_encode_request(uint64_t cluster, const struct wire_request *m, struct buf *out)
{
    struct wire_encoder c;

    wire_encode_begin(&c, out);
    wire_encode_head(&c, cluster, WIRE_REQUEST, REQUEST_FIELDS);
    mp_write_uint(&c.w, m->request);
    mp_write_uint(&c.w, m->kind);
    if (m->kind == WIRE_REQUEST_COMMAND)
        wire_put_command(&c, &m->command);
    else
        mp_write_nil(&c.w);
    return wire_encode_end(&c);
}

static void take_nil(struct wire_decoder *d, const char *field)
{
    if (d->rc == 0 && mp_read_nil(&d->r) < 0)
        wire_fail(d, field, "nil was expected");
}

int wire_decode_request(uint64_t cluster, struct slice bytes, struct wire_request *ret,
                        struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "request", e);
    struct wire_request m = {0};
    int rc;

    wire_decode_head(&d, cluster, WIRE_REQUEST, REQUEST_FIELDS);
    m.request = wire_take_uint(&d, "request", UINT64_MAX);
    m.kind = (enum wire_request_kind)wire_take_enum(&d, "what", WIRE_REQUEST_KIND_COUNT);
    if (m.kind == WIRE_REQUEST_COMMAND)
        wire_take_command(&d, &m.command);
    else
        take_nil(&d, "command");
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = m;
    return rc;
}

/* The state of a node is numbers throughout: one table serves both ways. */
#define NODE_STATUS_FIELDS(X)                                                                      \
    X(node, UINT64_MAX)                                                                            \
    X(role, UINT32_MAX)                                                                            \
    X(term, UINT64_MAX)                                                                            \
    X(leader, UINT64_MAX)                                                                          \
    X(first_index, UINT64_MAX)                                                                     \
    X(last_index, UINT64_MAX)                                                                      \
    X(durable_index, UINT64_MAX)                                                                   \
    X(commit_index, UINT64_MAX)                                                                    \
    X(applied_index, UINT64_MAX)                                                                   \
    X(pending_commands, UINT64_MAX)                                                                \
    X(pending_reads, UINT64_MAX)                                                                   \
    X(sessions, UINT64_MAX)                                                                        \
    X(store_queued_batches, UINT64_MAX)                                                            \
    X(store_queued_bytes, UINT64_MAX)                                                              \
    X(refused_busy, UINT64_MAX)                                                                    \
    X(dropped_peer, UINT64_MAX)                                                                    \
    X(dropped_client, UINT64_MAX)                                                                  \
    X(dropped_unsent, UINT64_MAX)                                                                  \
    X(read_mode, READ_MODE_COUNT - 1)                                                              \
    X(pid, UINT64_MAX)

#define X(name, max) +1
enum { NODE_STATUS_FIELD_COUNT = 0 NODE_STATUS_FIELDS(X) };
#undef X

static void put_node_status(struct wire_encoder *c, const struct wire_node_status *s)
{
    mp_write_array(&c->w, NODE_STATUS_FIELD_COUNT);
#define X(name, max) mp_write_uint(&c->w, s->name);
    NODE_STATUS_FIELDS(X)
#undef X
}

static void take_node_status(struct wire_decoder *d, struct wire_node_status *ret)
{
    wire_take_array(d, "status", NODE_STATUS_FIELD_COUNT);
#define X(name, max) ret->name = (__typeof__(ret->name))wire_take_uint(d, "status." #name, max);
    NODE_STATUS_FIELDS(X)
#undef X
}

int wire_encode_reply(uint64_t cluster, const struct wire_reply *m, struct buf *out)
{
    struct wire_encoder c;

    wire_encode_begin(&c, out);
    wire_encode_head(&c, cluster, WIRE_REPLY, REPLY_FIELDS);
    mp_write_uint(&c.w, m->request);
    mp_write_uint(&c.w, m->kind);
    mp_write_uint(&c.w, m->status);
    mp_write_uint(&c.w, m->node);
    mp_write_uint(&c.w, m->term);
    mp_write_uint(&c.w, m->leader);
    mp_write_bool(&c.w, m->from_leader);
    mp_write_bin(&c.w, m->value);
    mp_write_uint(&c.w, m->number);
    if (m->kind == WIRE_REQUEST_STATUS)
        put_node_status(&c, &m->node_status);
    else
        mp_write_nil(&c.w);
    return wire_encode_end(&c);
}

int wire_decode_reply(uint64_t cluster, struct slice bytes, struct wire_reply *ret, struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "reply", e);
    struct wire_reply m = {0};
    int rc;

    wire_decode_head(&d, cluster, WIRE_REPLY, REPLY_FIELDS);
    m.request = wire_take_uint(&d, "request", UINT64_MAX);
    m.kind = (enum wire_request_kind)wire_take_enum(&d, "what", WIRE_REQUEST_KIND_COUNT);
    m.status = (enum op_status)wire_take_enum(&d, "status", STATUS_COUNT);
    m.node = wire_take_uint(&d, "node", UINT64_MAX);
    m.term = wire_take_uint(&d, "term", UINT64_MAX);
    m.leader = wire_take_uint(&d, "leader", UINT64_MAX);
    m.from_leader = wire_take_bool(&d, "from_leader");
    m.value = wire_take_bin(&d, "value");
    m.number = wire_take_uint(&d, "number", UINT64_MAX);
    if (m.kind == WIRE_REQUEST_STATUS)
        take_node_status(&d, &m.node_status);
    else
        take_nil(&d, "node_status");
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = m;
    return rc;
}
