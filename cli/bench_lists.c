#include "cli/bench_lists.h"

#include "base/rng.h"

#include <inttypes.h>
#include <stdio.h>

enum { CLIENTS_MAX = 32, KEYS_MAX = 16, TEXT_MAX = 24 };

struct list_mix {
    uint32_t clients;
    uint32_t keys;
    uint64_t range;          /* of values; 0: each is written once */
    uint32_t puts_per_mille; /* of writes; so are deletes, and the rest are appends */
    uint32_t deletes_per_mille;
};

struct client {
    bool open;
    bool executed;
    enum op_kind kind;
    enum op_status status;
    uint32_t key;
    char piece[TEXT_MAX];
    struct buf seen;
};

struct list_work {
    const struct list_mix *mix;
    struct history_writer *writer;
    struct rng rng;
    struct client clients[CLIENTS_MAX];
    struct buf lists[KEYS_MAX]; /* an empty one is absent: no piece is empty */
};

static enum op_kind draw_kind(struct list_work *k)
{
    bool reads = rng_chance(&k->rng, 500000);
    uint64_t draw = rng_below(&k->rng, 1000);

    if (reads)
        return OP_GET;
    if (draw < k->mix->puts_per_mille)
        return OP_PUT;
    return draw < k->mix->puts_per_mille + k->mix->deletes_per_mille ? OP_DELETE : OP_APPEND;
}

static int begin(struct list_work *k, uint32_t process, uint64_t n, struct err *e)
{
    struct history_event event = {.kind = HISTORY_INVOKE, .process = process};
    struct client *c = &k->clients[process];
    char key[TEXT_MAX];

    c->open = true;
    c->executed = false;
    c->kind = draw_kind(k);
    c->key = (uint32_t)rng_below(&k->rng, k->mix->keys);
    snprintf(c->piece, sizeof c->piece, "%" PRIu64 ".",
             k->mix->range > 0 ? rng_below(&k->rng, k->mix->range) : n);
    snprintf(key, sizeof key, "k%" PRIu32, c->key);
    event.op.kind = c->kind;
    event.op.key = slice_str(key);
    if (c->kind == OP_PUT || c->kind == OP_APPEND)
        event.op.value = slice_str(c->piece);
    return history_write(k->writer, &event, e);
}

static int execute(struct list_work *k, struct client *c, struct err *e)
{
    struct buf *list = &k->lists[c->key];
    bool needs_it = c->kind == OP_GET || c->kind == OP_DELETE;
    int rc = 0;

    c->executed = true;
    c->status = needs_it && list->len == 0 ? STATUS_NO_KEY : STATUS_OK;
    buf_clear(&c->seen);
    if (c->kind == OP_GET)
        rc = buf_append_slice(&c->seen, buf_slice(list));
    if (c->kind == OP_PUT || c->kind == OP_DELETE)
        buf_clear(list);
    if (c->kind == OP_PUT || c->kind == OP_APPEND)
        rc = buf_append_slice(list, slice_str(c->piece));
    return rc < 0 ? err_set(e, rc, "a list of %zu bytes", list->len) : 0;
}

static int end(struct list_work *k, uint32_t process, struct err *e)
{
    struct client *c = &k->clients[process];
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .process = process,
                                  .outcome = OUTCOME_OK,
                                  .status = c->status,
                                  .value = buf_slice(&c->seen)};

    c->open = false;
    return history_write(k->writer, &event, e);
}

static int write_work(const struct list_mix *mix, size_t n, struct history_writer *w, struct err *e)
{
    struct list_work k = {.mix = mix, .writer = w, .rng = rng_make(1, rng_stream("bench", 1))};
    int rc = 0;

    for (size_t begun = 0; rc == 0 && begun < n;) {
        uint32_t process = (uint32_t)rng_below(&k.rng, mix->clients);
        struct client *c = &k.clients[process];

        if (!c->open)
            rc = begin(&k, process, begun++, e);
        else if (!c->executed)
            rc = execute(&k, c, e);
        else
            rc = end(&k, process, e);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        buf_free(&k.clients[i].seen);
    for (size_t i = 0; i < KEYS_MAX; i++)
        buf_free(&k.lists[i]);
    return rc;
}

int bench_write_lists(size_t size, struct history_writer *w, struct err *e)
{
    static const struct list_mix mix = {.clients = 20, .keys = 1, .puts_per_mille = 31};

    return write_work(&mix, size, w, e);
}

int bench_write_busy(size_t size, struct history_writer *w, struct err *e)
{
    static const struct list_mix mix = {
        .clients = 30, .keys = 1, .range = 5, .puts_per_mille = 333, .deletes_per_mille = 333};

    return write_work(&mix, size, w, e);
}

int bench_write_store(size_t size, struct history_writer *w, struct err *e)
{
    static const struct list_mix mix = {.clients = 10, .keys = 10, .puts_per_mille = 100};

    return write_work(&mix, size, w, e);
}
