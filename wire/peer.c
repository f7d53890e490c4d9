#include "wire/codec.h"

#include "base/check.h"

#include <stdlib.h>

/* Messages between nodes. One layout for all types: what a type does not use is 0 and costs one
 * byte, and a heartbeat still fits into about 30. */

enum {
    PEER_FIELDS = 12,
    ENTRY_FIELDS = 3,
    ENTRY_BYTES_MIN = 4,   /* array, term, kind, empty data: one byte each */
    ENTRY_BYTES_HEAD = 16, /* the most that stands around an entry's data */
    PEER_BYTES_HEAD = 128, /* the most that all the rest takes */
    ENTRIES_CAP_MIN = 64,
};

static size_t encoded_bytes_max(const struct raft_message *m)
{
    size_t bytes = PEER_BYTES_HEAD;

    for (size_t i = 0; i < m->n_entries; i++)
        bytes += ENTRY_BYTES_HEAD + m->entries[i].data.len;
    return bytes;
}

/* Indexes are not written: they follow on from log_index, so that none can be wrong. */
static void put_entries(struct wire_encoder *c, const struct raft_message *m)
{
    mp_write_array(&c->w, m->n_entries);
    for (size_t i = 0; i < m->n_entries; i++) {
        const struct entry *entry = &m->entries[i];

        CHECK_THAT(entry->index == m->log_index + 1 + i, "index=%llu log_index=%llu i=%zu",
                   (unsigned long long)entry->index, (unsigned long long)m->log_index, i);
        mp_write_array(&c->w, ENTRY_FIELDS);
        mp_write_uint(&c->w, entry->term);
        mp_write_uint(&c->w, entry->kind);
        mp_write_bin(&c->w, entry->data);
    }
}

int wire_encode_peer(uint64_t cluster, const struct raft_message *m, struct buf *out)
{
    struct wire_encoder c;
    int rc;

    if (m->n_entries > WIRE_ENTRIES_MAX)
        return -E_LIMIT;
    rc = buf_reserve(out, encoded_bytes_max(m));
    if (rc < 0)
        return rc;
    wire_encode_begin(&c, out);
    wire_encode_head(&c, cluster, WIRE_PEER, PEER_FIELDS);
    mp_write_uint(&c.w, m->type);
    mp_write_uint(&c.w, m->from);
    mp_write_uint(&c.w, m->to);
    mp_write_uint(&c.w, m->term);
    mp_write_uint(&c.w, m->log_index);
    mp_write_uint(&c.w, m->log_term);
    mp_write_uint(&c.w, m->commit);
    mp_write_uint(&c.w, m->context);
    mp_write_uint(&c.w, m->hint_index);
    mp_write_uint(&c.w, m->hint_term);
    mp_write_bool(&c.w, m->reject);
    put_entries(&c, m);
    return wire_encode_end(&c);
}

static int make_room(struct wire_entries *scratch, size_t n)
{
    size_t cap = scratch->cap < ENTRIES_CAP_MIN ? ENTRIES_CAP_MIN : scratch->cap;
    struct entry *grown;

    if (n <= scratch->cap)
        return 0;
    while (cap < n)
        cap *= 2;
    grown = realloc(scratch->items, cap * sizeof *grown);
    if (grown == NULL)
        return -E_NOMEM;
    scratch->items = grown;
    scratch->cap = cap;
    return 0;
}

/* The count is believed only as far as the bytes that are left can hold it. */
static size_t take_entry_count(struct wire_decoder *d, const struct raft_message *m)
{
    size_t left = (size_t)(d->r.end - d->r.at);
    size_t n = 0;

    if (d->rc < 0)
        return 0;
    if (mp_read_array(&d->r, WIRE_ENTRIES_MAX, &n) < 0)
        wire_fail(d, "entries", "no array within the limit");
    else if (n > left / ENTRY_BYTES_MIN)
        wire_fail(d, "entries", "more are claimed than the bytes can hold");
    else if (n > 0 && m->type != RAFT_APPEND)
        wire_fail(d, "entries", "only an append has any");
    else if (m->log_index > UINT64_MAX - n)
        wire_fail(d, "entries", "their indexes overflow");
    return d->rc == 0 ? n : 0;
}

static void take_entries(struct wire_decoder *d, struct wire_entries *scratch,
                         struct raft_message *m)
{
    size_t n = take_entry_count(d, m);

    if (n == 0)
        return;
    if (make_room(scratch, n) < 0) {
        d->rc = err_set(d->e, -E_NOMEM, "%s: %zu entries", d->message, n);
        return;
    }
    for (size_t i = 0; i < n && d->rc == 0; i++) {
        struct entry *entry = &scratch->items[i];

        wire_take_array(d, "entry", ENTRY_FIELDS);
        entry->index = m->log_index + 1 + i;
        entry->term = wire_take_uint(d, "entry.term", UINT64_MAX);
        entry->kind = (enum entry_kind)wire_take_enum(d, "entry.kind", ENTRY_CONFIG + 1);
        entry->data = wire_take_bin(d, "entry.data");
    }
    m->entries = scratch->items;
    m->n_entries = n;
}

int wire_decode_peer(uint64_t cluster, struct slice bytes, struct wire_entries *scratch,
                     struct raft_message *ret, struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "peer message", e);
    struct raft_message m = {0};
    int rc;

    wire_decode_head(&d, cluster, WIRE_PEER, PEER_FIELDS);
    m.type = (enum raft_message_type)wire_take_enum(&d, "type", RAFT_MESSAGE_TYPE_COUNT);
    m.from = wire_take_uint(&d, "from", UINT64_MAX);
    m.to = wire_take_uint(&d, "to", UINT64_MAX);
    m.term = wire_take_uint(&d, "term", UINT64_MAX);
    m.log_index = wire_take_uint(&d, "log_index", UINT64_MAX);
    m.log_term = wire_take_uint(&d, "log_term", UINT64_MAX);
    m.commit = wire_take_uint(&d, "commit", UINT64_MAX);
    m.context = wire_take_uint(&d, "context", UINT64_MAX);
    m.hint_index = wire_take_uint(&d, "hint_index", UINT64_MAX);
    m.hint_term = wire_take_uint(&d, "hint_term", UINT64_MAX);
    m.reject = wire_take_bool(&d, "reject");
    take_entries(&d, scratch, &m);
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = m;
    return rc;
}

void wire_entries_free(struct wire_entries *entries)
{
    free(entries->items);
    *entries = (struct wire_entries){0};
}

int wire_peek_peer_type(struct slice bytes, enum raft_message_type *ret)
{
    struct mp_reader r = mp_reader_of(bytes);
    size_t fields;
    uint64_t version;
    uint64_t kind;
    uint64_t type;

    if (mp_read_array(&r, WIRE_HEAD_FIELDS + PEER_FIELDS, &fields) < 0 ||
        mp_read_uint(&r, UINT64_MAX, &version) < 0 || version != WIRE_VERSION || mp_skip(&r) < 0 ||
        mp_read_uint(&r, UINT64_MAX, &kind) < 0 || kind != WIRE_PEER ||
        mp_read_uint(&r, RAFT_MESSAGE_TYPE_COUNT - 1, &type) < 0)
        return -E_PARSE;
    *ret = (enum raft_message_type)type;
    return 0;
}
