#include "nemesis/lane.h"

#include "base/clock.h"
#include "nemesis/nemesis.h"

#include <stdlib.h>

struct held {
    zmq_msg_t message;
    int64_t due_ns;
};

struct lane {
    struct lane_options options;
    struct wire_link_rule rule;
    struct rng rng;

    /* Delayed messages, first in first out: one that is due waits for those in front of it. */
    struct held *ring;
    size_t cap; /* a power of two, at most NEMESIS_LINK_QUEUE_MAX */
    size_t head;
    size_t len;
    size_t bytes; /* in the ring and held back */

    struct held back; /* waits for a later message to pass */
    bool has_back;
};

int lane_create(const struct lane_options *o, struct lane **ret, struct err *e)
{
    struct lane *l = calloc(1, sizeof *l);

    if (l == NULL)
        return err_set(e, -E_NOMEM, "link of the proxy");
    l->options = *o;
    l->rng = rng_make(o->seed, o->stream);
    *ret = l;
    return 0;
}

void lane_destroy(struct lane **l)
{
    if (*l == NULL)
        return;
    lane_reset(*l);
    free((*l)->ring);
    free(*l);
    *l = NULL;
}

void lane_set_rule(struct lane *l, const struct wire_link_rule *rule)
{
    l->rule = *rule;
}

/* --- sending and holding -------------------------------------------------------------------- */

static struct wire_nemesis_counters *count(const struct lane *l)
{
    return l->options.counters;
}

static void drop(zmq_msg_t *message, uint64_t *counter)
{
    ++*counter;
    zmq_msg_close(message);
    zmq_msg_init(message);
}

/* The content is gone in any case. */
static void pass(struct lane *l, zmq_msg_t *message)
{
    if (l->options.send(l->options.context, message))
        count(l)->passed++;
    else
        drop(message, &count(l)->overflow);
}

static struct held *slot(const struct lane *l, size_t i)
{
    return &l->ring[(l->head + i) & (l->cap - 1)];
}

static bool grow(struct lane *l)
{
    size_t cap = l->cap == 0 ? 16 : l->cap * 2;
    struct held *ring;

    if (cap > NEMESIS_LINK_QUEUE_MAX)
        return false;
    ring = calloc(cap, sizeof *ring);
    if (ring == NULL)
        return false;
    for (size_t i = 0; i < l->len; i++) {
        struct held *from = slot(l, i);

        zmq_msg_init(&ring[i].message);
        zmq_msg_move(&ring[i].message, &from->message);
        ring[i].due_ns = from->due_ns;
    }
    free(l->ring);
    l->ring = ring;
    l->cap = cap;
    l->head = 0;
    return true;
}

static bool has_room(const struct lane *l, const zmq_msg_t *message)
{
    return zmq_msg_size(message) <= NEMESIS_LINK_BYTES_MAX - l->bytes;
}

/* Moves the content into a place of its own, which is not initialized yet. */
static void hold(struct lane *l, struct held *h, zmq_msg_t *message, int64_t due_ns)
{
    l->bytes += zmq_msg_size(message);
    zmq_msg_init(&h->message);
    zmq_msg_move(&h->message, message);
    h->due_ns = due_ns;
}

static void enqueue(struct lane *l, zmq_msg_t *message, int64_t due_ns)
{
    if (!has_room(l, message) || (l->len == l->cap && !grow(l))) {
        drop(message, &count(l)->overflow);
        return;
    }
    hold(l, slot(l, l->len++), message, due_ns);
}

/* Into the queue if the message is late or others are in front of it, else straight on. */
static void forward(struct lane *l, zmq_msg_t *message, int64_t now_ns, uint32_t delay_ms)
{
    if (delay_ms == 0 && l->len == 0) {
        pass(l, message);
        return;
    }
    count(l)->delayed += delay_ms > 0;
    enqueue(l, message, now_ns + delay_ms * NS_PER_MS);
}

/* --- what becomes of a message -------------------------------------------------------------- */

static bool rule_is_for(const struct lane *l, zmq_msg_t *message)
{
    struct slice bytes = slice_of(zmq_msg_data(message), zmq_msg_size(message));
    enum raft_message_type type;

    if (l->rule.types == 0)
        return true;
    return l->options.between_nodes && wire_peek_peer_type(bytes, &type) == 0 &&
           l->rule.types >> type & 1;
}

static bool is_cut(const struct lane *l, zmq_msg_t *message)
{
    return l->rule.cut && rule_is_for(l, message);
}

static void release_back(struct lane *l, int64_t now_ns, uint32_t delay_ms)
{
    l->has_back = false;
    l->bytes -= zmq_msg_size(&l->back.message);
    if (is_cut(l, &l->back.message))
        drop(&l->back.message, &count(l)->cut);
    else
        forward(l, &l->back.message, now_ns, delay_ms);
}

/* Chances that are 0 draw nothing: a link without rules costs no random numbers. */
static bool chance(struct lane *l, uint32_t ppm)
{
    return ppm > 0 && rng_chance(&l->rng, ppm);
}

static uint32_t draw_delay_ms(struct lane *l)
{
    uint32_t jitter_ms = l->rule.jitter_ms;

    return l->rule.delay_ms + (jitter_ms == 0 ? 0 : (uint32_t)rng_between(&l->rng, 0, jitter_ms));
}

static void disturb(struct lane *l, zmq_msg_t *message, int64_t now_ns)
{
    uint32_t delay_ms = draw_delay_ms(l);
    bool twice = chance(l, l->rule.duplicate_ppm);
    bool held_back = chance(l, l->rule.reorder_ppm);
    zmq_msg_t copy;

    if (held_back && !l->has_back && has_room(l, message)) {
        hold(l, &l->back, message, now_ns + NEMESIS_REORDER_MS_MAX * NS_PER_MS);
        l->has_back = true;
        return;
    }
    zmq_msg_init(&copy);
    twice = twice && zmq_msg_copy(&copy, message) == 0;
    forward(l, message, now_ns, delay_ms);
    if (twice) {
        count(l)->duplicated++;
        forward(l, &copy, now_ns, delay_ms);
    }
    zmq_msg_close(&copy);
    if (l->has_back) {
        count(l)->reordered++;
        release_back(l, now_ns, delay_ms);
    }
}

void lane_take(struct lane *l, zmq_msg_t *message, int64_t now_ns)
{
    if (!rule_is_for(l, message))
        forward(l, message, now_ns, 0);
    else if (l->rule.cut)
        drop(message, &count(l)->cut);
    else if (chance(l, l->rule.drop_ppm))
        drop(message, &count(l)->dropped);
    else
        disturb(l, message, now_ns);
}

/* --- as time goes on ------------------------------------------------------------------------ */

void lane_release(struct lane *l, int64_t now_ns)
{
    if (l->has_back && l->back.due_ns <= now_ns)
        release_back(l, now_ns, 0);
    while (l->len > 0 && l->ring[l->head].due_ns <= now_ns) {
        zmq_msg_t *message = &l->ring[l->head].message;

        l->bytes -= zmq_msg_size(message);
        l->head = (l->head + 1) & (l->cap - 1);
        l->len--;
        if (is_cut(l, message))
            drop(message, &count(l)->cut);
        else
            pass(l, message);
    }
}

int64_t lane_due_ns(const struct lane *l)
{
    int64_t due_ns = l->len > 0 ? l->ring[l->head].due_ns : INT64_MAX;

    return l->has_back && l->back.due_ns < due_ns ? l->back.due_ns : due_ns;
}

void lane_reset(struct lane *l)
{
    for (size_t i = 0; i < l->len; i++)
        zmq_msg_close(&slot(l, i)->message);
    if (l->has_back)
        zmq_msg_close(&l->back.message);
    count(l)->reset += l->len + l->has_back;
    l->head = l->len = l->bytes = 0;
    l->has_back = false;
}
