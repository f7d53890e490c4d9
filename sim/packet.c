#include "sim/packet.h"

#include <stdlib.h>

/* Copies the bytes behind what is there and points the slice at the copy. */
static uint8_t *carry(uint8_t *at, struct slice *s)
{
    if (s->len > 0)
        memcpy(at, s->data, s->len);
    s->data = at;
    return at + s->len;
}

static struct sim_packet *packet_with(size_t bytes)
{
    struct sim_packet *p = malloc(sizeof *p + bytes);

    if (p != NULL) {
        p->refs = 1;
        p->from = p->to = (struct wire_end){0};
    }
    return p;
}

struct sim_packet *sim_packet_peer(const struct raft_message *m)
{
    size_t bytes = m->n_entries * sizeof *m->entries;
    struct sim_packet *p;
    struct entry *entries;
    uint8_t *at;

    for (size_t i = 0; i < m->n_entries; i++)
        bytes += m->entries[i].data.len;
    p = packet_with(bytes);
    if (p == NULL)
        return NULL;
    p->u.peer = *m;
    entries = (struct entry *)p->bytes;
    at = p->bytes + m->n_entries * sizeof *entries;
    for (size_t i = 0; i < m->n_entries; i++) {
        entries[i] = m->entries[i];
        at = carry(at, &entries[i].data);
    }
    p->u.peer.entries = entries;
    return p;
}

struct sim_packet *sim_packet_request(const struct wire_request *m)
{
    const struct op *op = &m->command.op;
    struct sim_packet *p =
        packet_with(op->family.len + op->key.len + op->value.len + op->expected.len);
    struct op *copy;
    uint8_t *at;

    if (p == NULL)
        return NULL;
    p->u.request = *m;
    copy = &p->u.request.command.op;
    at = carry(p->bytes, &copy->family);
    at = carry(at, &copy->key);
    at = carry(at, &copy->value);
    carry(at, &copy->expected);
    return p;
}

struct sim_packet *sim_packet_reply(const struct wire_reply *m)
{
    struct sim_packet *p = packet_with(m->value.len);

    if (p == NULL)
        return NULL;
    p->u.reply = *m;
    carry(p->bytes, &p->u.reply.value);
    return p;
}

void sim_packet_release(struct sim_packet *p)
{
    if (--p->refs == 0)
        free(p);
}
