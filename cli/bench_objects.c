#include "cli/bench_objects.h"

#include "base/rng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 8, TEXT_MAX = 24 };

/* --- the object ----------------------------------------------------------------------------- */

/* What is inside: an array from `first` to `end`; of a priority queue a heap, the highest first. */
struct inside {
    enum op_kind take;
    uint32_t *values;
    size_t first;
    size_t end;
};

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t kept = *a;

    *a = *b;
    *b = kept;
}

static void put(struct inside *in, uint32_t value)
{
    size_t i = in->end++;

    in->values[i] = value;
    for (; in->take == OP_POLL && i > 0 && in->values[(i - 1) / 2] < in->values[i]; i = (i - 1) / 2)
        swap(&in->values[i], &in->values[(i - 1) / 2]);
}

static uint32_t take_highest(struct inside *in)
{
    uint32_t highest = in->values[0];

    in->values[0] = in->values[--in->end];
    for (size_t i = 0, child = 1; child < in->end; i = child, child = 2 * i + 1) {
        child += child + 1 < in->end && in->values[child + 1] > in->values[child];
        if (in->values[i] >= in->values[child])
            break;
        swap(&in->values[i], &in->values[child]);
    }
    return highest;
}

static uint32_t take(struct inside *in)
{
    switch (in->take) {
    case OP_DEQUEUE: return in->values[in->first++];
    case OP_POP: return in->values[--in->end];
    default: return take_highest(in);
    }
}

/* --- clients at work ------------------------------------------------------------------------ */

struct client {
    bool open;
    bool executed;
    bool puts;
    bool empty; /* the answer */
    uint32_t value;
};

struct work {
    struct history_writer *writer;
    struct rng rng;
    struct inside inside;
    enum op_kind put;
    struct client clients[CLIENTS];
    uint32_t n_put;
};

static struct slice text_of(uint32_t value, char text[TEXT_MAX])
{
    snprintf(text, TEXT_MAX, "%" PRIu32, value);
    return slice_str(text);
}

static int begin(struct work *k, uint32_t process, struct err *e)
{
    struct client *c = &k->clients[process];
    struct history_event event = {.kind = HISTORY_INVOKE, .process = process};
    char text[TEXT_MAX];

    *c = (struct client){.open = true, .puts = rng_chance(&k->rng, 500000)};
    event.op.kind = c->puts ? k->put : k->inside.take;
    if (c->puts) {
        c->value = k->n_put++ * UINT32_C(2654435761); /* odd: so each number comes up once */
        event.op.value = text_of(c->value, text);
    }
    return history_write(k->writer, &event, e);
}

static void execute(struct work *k, struct client *c)
{
    c->executed = true;
    if (c->puts)
        put(&k->inside, c->value);
    else if (k->inside.first == k->inside.end)
        c->empty = true;
    else
        c->value = take(&k->inside);
}

static int end(struct work *k, uint32_t process, struct err *e)
{
    struct client *c = &k->clients[process];
    struct history_event event = {
        .kind = HISTORY_COMPLETE, .process = process, .outcome = OUTCOME_OK};
    char text[TEXT_MAX];

    c->open = false;
    event.status = c->empty ? STATUS_NO_KEY : STATUS_OK;
    if (!c->puts && !c->empty)
        event.value = text_of(c->value, text);
    return history_write(k->writer, &event, e);
}

static int write_work(size_t n, enum op_kind put_kind, enum op_kind take_kind,
                      struct history_writer *w, struct err *e)
{
    struct work k = {.writer = w, .rng = rng_make(n, rng_stream("bench", 1)), .put = put_kind};
    int rc = 0;

    k.inside.take = take_kind;
    k.inside.values = calloc(n + 1, sizeof *k.inside.values);
    if (k.inside.values == NULL)
        return err_set(e, -E_NOMEM, "%zu values", n);
    for (size_t begun = 0; rc == 0 && begun < n;) {
        uint32_t process = (uint32_t)rng_below(&k.rng, CLIENTS);
        struct client *c = &k.clients[process];

        if (!c->open) {
            rc = begin(&k, process, e);
            begun++;
        } else if (!c->executed) {
            execute(&k, c);
        } else {
            rc = end(&k, process, e);
        }
    }
    for (uint32_t i = 0; rc == 0 && i < CLIENTS; i++) {
        if (k.clients[i].open && !k.clients[i].executed)
            execute(&k, &k.clients[i]);
        if (k.clients[i].open)
            rc = end(&k, i, e);
    }
    free(k.inside.values);
    return rc;
}

int bench_write_queue(size_t n, struct history_writer *w, struct err *e)
{
    return write_work(n, OP_ENQUEUE, OP_DEQUEUE, w, e);
}

int bench_write_stack(size_t n, struct history_writer *w, struct err *e)
{
    return write_work(n, OP_PUSH, OP_POP, w, e);
}

int bench_write_priority_queue(size_t n, struct history_writer *w, struct err *e)
{
    return write_work(n, OP_INSERT, OP_POLL, w, e);
}

/* --- many at once --------------------------------------------------------------------------- */

static int invoke(uint32_t process, enum op_kind kind, const char *value, struct history_writer *w,
                  struct err *e)
{
    struct history_event event = {.kind = HISTORY_INVOKE, .process = process};

    event.op.kind = kind;
    event.op.value = slice_str(value);
    return history_write(w, &event, e);
}

static int complete(uint32_t process, const char *value, struct history_writer *w, struct err *e)
{
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .process = process,
                                  .outcome = OUTCOME_OK,
                                  .value = slice_str(value)};

    return history_write(w, &event, e);
}

int bench_write_increments(size_t n, struct history_writer *w, struct err *e)
{
    char more[TEXT_MAX];
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = invoke((uint32_t)i, OP_ADD, "1", w, e);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = complete((uint32_t)i, "", w, e);
    if (rc == 0)
        rc = invoke((uint32_t)n, OP_GET, "", w, e);
    snprintf(more, sizeof more, "%zu", n + 1);
    return rc < 0 ? rc : complete((uint32_t)n, more, w, e);
}
