#include "tests/unit/raft/cluster.h"

#include "base/check.h"

#include <stdlib.h>

static struct entry *copy_entries(const struct raft_message *m)
{
    struct entry *copy;

    if (m->n_entries == 0)
        return NULL;
    copy = calloc(m->n_entries, sizeof *copy);
    CHECK(copy != NULL);
    for (size_t i = 0; i < m->n_entries; i++) {
        copy[i] = m->entries[i];
        copy[i].data = slice_of(slice_dup(m->entries[i].data), m->entries[i].data.len);
    }
    return copy;
}

void flights_add(struct flights *f, const struct raft_message *m, uint64_t after_seq)
{
    if (f->n == f->cap) {
        f->cap = f->cap == 0 ? 64 : f->cap * 2;
        f->items = realloc(f->items, f->cap * sizeof *f->items);
        CHECK(f->items != NULL);
    }
    f->items[f->n] = (struct flight){.message = *m, .after_seq = after_seq};
    f->items[f->n].message.entries = copy_entries(m);
    f->n++;
}

struct flight flights_take(struct flights *f, size_t at)
{
    struct flight taken = f->items[at];

    f->n--;
    memmove(f->items + at, f->items + at + 1, (f->n - at) * sizeof *f->items);
    return taken;
}

void flight_free(struct flight *f)
{
    for (size_t i = 0; i < f->message.n_entries; i++)
        free((void *)f->message.entries[i].data.data);
    free((void *)f->message.entries);
}

void flights_free(struct flights *f)
{
    for (size_t i = 0; i < f->n; i++)
        flight_free(&f->items[i]);
    free(f->items);
    *f = (struct flights){0};
}

void cluster_deliver_at(struct cluster *c, size_t at)
{
    struct flight f = flights_take(&c->net, at);
    const struct raft_message *m = &f.message;

    if (c->cut[m->from][m->to] || c->nodes[m->to].raft == NULL) {
        trace_message(c, "lost: ", m);
    } else {
        CHECK(raft_step(c->nodes[m->to].raft, m) == 0);
        cluster_pump(c, m->to);
    }
    flight_free(&f);
}

void cluster_drop_at(struct cluster *c, size_t at)
{
    struct flight f = flights_take(&c->net, at);

    trace_message(c, "dropped: ", &f.message);
    flight_free(&f);
}

void cluster_repeat_at(struct cluster *c, size_t at)
{
    struct raft_message m = c->net.items[at].message;

    flights_add(&c->net, &m, 0);
}

void cluster_deliver_all(struct cluster *c)
{
    enum { MESSAGES_MAX = 1000000 };
    size_t n = 0;

    for (; c->net.n > 0; n++) {
        CHECK_THAT(n < MESSAGES_MAX, "the cluster does not come to rest");
        cluster_deliver_at(c, 0);
    }
}

static bool selected(const struct raft_message *m, uint64_t from, uint64_t to,
                     enum raft_message_type type)
{
    return (from == 0 || m->from == from) && (to == 0 || m->to == to) &&
           (type == RAFT_MESSAGE_TYPE_COUNT || m->type == type);
}

static void for_selected(struct cluster *c, uint64_t from, uint64_t to, enum raft_message_type type,
                         void (*act)(struct cluster *c, size_t at))
{
    size_t left = c->net.n; /* what is sent meanwhile belongs to the next round */
    size_t at = 0;

    for (; left > 0; left--) {
        if (selected(&c->net.items[at].message, from, to, type))
            act(c, at);
        else
            at++;
    }
}

void cluster_deliver(struct cluster *c, uint64_t from, uint64_t to, enum raft_message_type type)
{
    for_selected(c, from, to, type, cluster_deliver_at);
}

void cluster_drop(struct cluster *c, uint64_t from, uint64_t to, enum raft_message_type type)
{
    for_selected(c, from, to, type, cluster_drop_at);
}

const struct raft_message *cluster_sent(const struct cluster *c, enum raft_message_type type,
                                        uint64_t from, uint64_t to)
{
    for (size_t i = c->net.n; i > 0; i--) {
        if (selected(&c->net.items[i - 1].message, from, to, type))
            return &c->net.items[i - 1].message;
    }
    return NULL;
}

size_t cluster_in_flight(const struct cluster *c, enum raft_message_type type, uint64_t from,
                         uint64_t to)
{
    size_t n = 0;

    for (size_t i = 0; i < c->net.n; i++) {
        if (selected(&c->net.items[i].message, from, to, type))
            n++;
    }
    return n;
}

void cluster_cut(struct cluster *c, uint64_t a, uint64_t b)
{
    c->cut[a][b] = true;
    c->cut[b][a] = true;
}

void cluster_isolate(struct cluster *c, uint64_t id)
{
    for (uint64_t other = 1; other <= c->n; other++) {
        if (other != id)
            cluster_cut(c, id, other);
    }
}

void cluster_heal(struct cluster *c)
{
    memset(c->cut, 0, sizeof c->cut);
}
