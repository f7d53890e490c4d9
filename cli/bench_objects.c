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
    uint32_t process; /* another one after an operation of unknown outcome */
};

struct work {
    struct history_writer *writer;
    struct rng rng;
    struct inside inside;
    enum op_kind put;
    struct client clients[CLIENTS];
    uint32_t n_put;
    uint32_t n_values;    /* 0: each value is put in once */
    uint32_t unknown_ppm; /* of the operations */
};

static struct slice text_of(uint32_t value, char text[TEXT_MAX])
{
    snprintf(text, TEXT_MAX, "%" PRIu32, value);
    return slice_str(text);
}

static uint32_t next_value(struct work *k)
{
    if (k->n_values > 0)
        return 1 + (uint32_t)rng_below(&k->rng, k->n_values);
    return k->n_put++ * UINT32_C(2654435761); /* odd: so each number comes up once */
}

static int begin(struct work *k, struct client *c, struct err *e)
{
    struct history_event event = {.kind = HISTORY_INVOKE, .process = c->process};
    char text[TEXT_MAX];

    *c = (struct client){.open = true, .puts = rng_chance(&k->rng, 500000), .process = c->process};
    event.op.kind = c->puts ? k->put : k->inside.take;
    if (c->puts) {
        c->value = next_value(k);
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

static int end(struct work *k, struct client *c, struct err *e)
{
    struct history_event event = {
        .kind = HISTORY_COMPLETE, .process = c->process, .outcome = OUTCOME_OK};
    char text[TEXT_MAX];

    c->open = false;
    if (k->unknown_ppm > 0 && rng_chance(&k->rng, k->unknown_ppm)) {
        event.outcome = OUTCOME_INFO;
        event.status = STATUS_TIMEOUT;
        c->process += CLIENTS;
        return history_write(k->writer, &event, e);
    }
    event.status = c->empty ? STATUS_NO_KEY : STATUS_OK;
    if (!c->puts && !c->empty)
        event.value = text_of(c->value, text);
    return history_write(k->writer, &event, e);
}

/* `k` says what there is to do; the rest of it is filled in here. */
static int write_work(struct work k, size_t n, struct history_writer *w, struct err *e)
{
    int rc = 0;

    k.writer = w;
    k.rng = rng_make(n, rng_stream("bench", 1));
    k.inside.values = calloc(n + 1, sizeof *k.inside.values);
    if (k.inside.values == NULL)
        return err_set(e, -E_NOMEM, "%zu values", n);
    for (uint32_t i = 0; i < CLIENTS; i++)
        k.clients[i].process = i;
    for (size_t begun = 0; rc == 0 && begun < n;) {
        struct client *c = &k.clients[rng_below(&k.rng, CLIENTS)];

        if (!c->open) {
            rc = begin(&k, c, e);
            begun++;
        } else if (!c->executed) {
            execute(&k, c);
        } else {
            rc = end(&k, c, e);
        }
    }
    for (uint32_t i = 0; rc == 0 && i < CLIENTS; i++) {
        if (k.clients[i].open && !k.clients[i].executed)
            execute(&k, &k.clients[i]);
        if (k.clients[i].open)
            rc = end(&k, &k.clients[i], e);
    }
    free(k.inside.values);
    return rc;
}

int bench_write_queue(size_t n, struct history_writer *w, struct err *e)
{
    return write_work((struct work){.put = OP_ENQUEUE, .inside.take = OP_DEQUEUE}, n, w, e);
}

int bench_write_queue_of_few(size_t n, struct history_writer *w, struct err *e)
{
    return write_work(
        (struct work){
            .put = OP_ENQUEUE, .inside.take = OP_DEQUEUE, .n_values = 10, .unknown_ppm = 500},
        n, w, e);
}

int bench_write_stack(size_t n, struct history_writer *w, struct err *e)
{
    return write_work((struct work){.put = OP_PUSH, .inside.take = OP_POP}, n, w, e);
}

int bench_write_priority_queue(size_t n, struct history_writer *w, struct err *e)
{
    return write_work((struct work){.put = OP_INSERT, .inside.take = OP_POLL}, n, w, e);
}

/* --- values that come again ----------------------------------------------------------------- */

enum { ELEMENTS = 1000 };

/* What a set of elements, a mutex or a counter is asked in turn. */
struct again {
    struct history_writer *writer;
    struct rng rng;
    enum op_kind first; /* OP_CONTAINS: a set. OP_LOCK. OP_GET: a counter */
    bool inside[ELEMENTS];
    bool locked;
    uint32_t sum;
    struct {
        bool open;
        bool executed;
        bool holds; /* the mutex */
        enum op_kind kind;
        enum op_status status;
        uint32_t value; /* element, or what a get has found */
    } clients[CLIENTS];
};

static int begin_again(struct again *k, uint32_t process, struct err *e)
{
    static const enum op_kind of_set[] = {OP_CONTAINS, OP_ADD, OP_REMOVE};
    struct history_event event = {.kind = HISTORY_INVOKE, .process = process};
    uint32_t draw = (uint32_t)rng_below(&k->rng, 3 * ELEMENTS);
    char text[TEXT_MAX];

    if (k->first == OP_LOCK)
        event.op.kind = k->clients[process].holds ? OP_UNLOCK : OP_LOCK;
    else if (k->first == OP_GET)
        event.op.kind = draw % 2 == 0 ? OP_GET : OP_ADD;
    else
        event.op.kind = of_set[draw % 3];
    k->clients[process].open = true;
    k->clients[process].executed = false;
    k->clients[process].kind = event.op.kind;
    k->clients[process].value = draw / 3;
    if (op_takes_value(event.op.kind))
        event.op.value = text_of(k->first == OP_GET ? 1 : draw / 3, text);
    return history_write(k->writer, &event, e);
}

static enum op_status change_element(struct again *k, enum op_kind kind, uint32_t element)
{
    bool was_inside = k->inside[element];

    if (kind == OP_CONTAINS)
        return was_inside ? STATUS_OK : STATUS_NO_KEY;
    k->inside[element] = kind == OP_ADD;
    if (was_inside != (kind == OP_ADD))
        return STATUS_OK;
    return kind == OP_ADD ? STATUS_MISMATCH : STATUS_NO_KEY;
}

/* A lock waits while somebody holds it. */
static void execute_again(struct again *k, uint32_t process)
{
    enum op_kind kind = k->clients[process].kind;

    if (kind == OP_LOCK && k->locked)
        return;
    k->clients[process].executed = true;
    k->clients[process].status = STATUS_OK;
    if (k->first == OP_LOCK)
        k->locked = k->clients[process].holds = kind == OP_LOCK;
    else if (k->first == OP_CONTAINS)
        k->clients[process].status = change_element(k, kind, k->clients[process].value);
    else if (kind == OP_ADD)
        k->sum++;
    else
        k->clients[process].value = k->sum;
}

static int end_again(struct again *k, uint32_t process, struct err *e)
{
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .process = process,
                                  .outcome = OUTCOME_OK,
                                  .status = k->clients[process].status};
    char text[TEXT_MAX];

    k->clients[process].open = false;
    if (k->clients[process].kind == OP_GET)
        event.value = text_of(k->clients[process].value, text);
    return history_write(k->writer, &event, e);
}

static int write_again(size_t n, enum op_kind first, struct history_writer *w, struct err *e)
{
    struct again k = {.writer = w, .rng = rng_make(n, rng_stream("bench", 2)), .first = first};
    int rc = 0;

    for (size_t begun = 0; rc == 0 && begun < n;) {
        uint32_t process = (uint32_t)rng_below(&k.rng, CLIENTS);

        if (!k.clients[process].open) {
            rc = begin_again(&k, process, e);
            begun++;
        } else if (!k.clients[process].executed) {
            execute_again(&k, process);
        } else {
            rc = end_again(&k, process, e);
        }
    }
    return rc; /* what is open stays open */
}

int bench_write_elements(size_t n, struct history_writer *w, struct err *e)
{
    return write_again(n, OP_CONTAINS, w, e);
}

int bench_write_mutex(size_t n, struct history_writer *w, struct err *e)
{
    return write_again(n, OP_LOCK, w, e);
}

int bench_write_counter(size_t n, struct history_writer *w, struct err *e)
{
    return write_again(n, OP_GET, w, e);
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
