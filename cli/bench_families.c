#include "cli/bench_families.h"

#include "base/rng.h"
#include "cli/bench_keys.h"
#include "cli/bench_lists.h"
#include "cli/bench_objects.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS_MAX = 32, VALUE_TEXT_MAX = 24 };

/* Values are numbers; one that is never written. */
#define NOWHERE UINT64_MAX

/* --- events --------------------------------------------------------------------------------- */

static struct slice value_text(uint64_t value, char text[VALUE_TEXT_MAX])
{
    snprintf(text, VALUE_TEXT_MAX, "%" PRIu64 ".", value);
    return slice_str(text);
}

static int invoke(struct history_writer *w, uint32_t process, enum op_kind kind, uint64_t value,
                  uint64_t expected, struct err *e)
{
    char texts[2][VALUE_TEXT_MAX];
    struct history_event event = {.kind = HISTORY_INVOKE, .process = process};

    event.op.kind = kind;
    event.op.key = slice_str("x");
    if (kind != OP_GET)
        event.op.value = value_text(value, texts[0]);
    if (kind == OP_CAS)
        event.op.expected = value_text(expected, texts[1]);
    return history_write(w, &event, e);
}

static int complete(struct history_writer *w, uint32_t process, enum op_status status,
                    struct slice value, struct err *e)
{
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .process = process,
                                  .outcome = OUTCOME_OK,
                                  .status = status,
                                  .value = value};

    return history_write(w, &event, e);
}

static int read_value(struct history_writer *w, uint32_t process, uint64_t value, struct err *e)
{
    char text[VALUE_TEXT_MAX];
    int rc = invoke(w, process, OP_GET, 0, 0, e);

    return rc < 0 ? rc : complete(w, process, STATUS_OK, value_text(value, text), e);
}

/* --- clients at work ------------------------------------------------------------------------ */

struct mix {
    uint32_t clients;
    uint64_t range; /* of values; 0: each is written once */
    uint32_t cas_ppm;
    uint32_t failed_cas_ppm; /* of all operations */
    uint32_t unknown_ppm;
    bool ends_badly; /* with a read of what nobody wrote */
};

struct client {
    uint32_t process; /* one that did not learn an outcome is not heard of again */
    bool open;
    bool executed;
    enum op_kind kind;
    enum op_status status;
    uint64_t value;
};

struct work {
    const struct mix *mix;
    struct history_writer *writer;
    struct rng rng;
    struct client clients[CLIENTS_MAX];
    uint32_t n_processes;
    uint64_t n_written;
    bool present;
    uint64_t state;
};

static int begin(struct work *k, struct client *c, struct err *e)
{
    uint64_t fresh = k->mix->range > 0 ? rng_below(&k->rng, k->mix->range) : k->n_written;
    uint64_t draw = rng_below(&k->rng, 1000000);
    bool fails = draw < k->mix->failed_cas_ppm;

    c->open = true;
    c->executed = false;
    c->value = fresh;
    c->kind = draw % 2 == 0 ? OP_GET : OP_PUT;
    if (fails || (k->present && draw < k->mix->failed_cas_ppm + k->mix->cas_ppm))
        c->kind = OP_CAS;
    k->n_written += c->kind != OP_GET;
    if (c->kind == OP_CAS) {
        uint64_t expected = fails ? NOWHERE : k->state;

        /* It takes effect at once, so that what it expects is there. */
        c->executed = true;
        c->status = !fails ? STATUS_OK : k->present ? STATUS_MISMATCH : STATUS_NO_KEY;
        if (!fails)
            k->state = fresh;
        return invoke(k->writer, c->process, OP_CAS, fresh, expected, e);
    }
    return invoke(k->writer, c->process, c->kind, fresh, 0, e);
}

static void execute(struct work *k, struct client *c)
{
    c->executed = true;
    c->status = STATUS_OK;
    if (c->kind == OP_PUT) {
        k->state = c->value;
        k->present = true;
    } else {
        c->status = k->present ? STATUS_OK : STATUS_NO_KEY;
        c->value = k->state;
    }
}

static int end(struct work *k, struct client *c, struct err *e)
{
    char text[VALUE_TEXT_MAX];
    struct slice seen = {0};

    c->open = false;
    if (rng_chance(&k->rng, k->mix->unknown_ppm)) {
        c->process = k->n_processes++;
        return 0;
    }
    if (c->kind == OP_GET && c->status == STATUS_OK)
        seen = value_text(c->value, text);
    return complete(k->writer, c->process, c->status, seen, e);
}

static int write_work(const struct mix *mix, size_t n, struct history_writer *w, struct err *e)
{
    struct work k = {.mix = mix, .writer = w, .rng = rng_make(1, rng_stream("bench", 0))};
    int rc = 0;

    for (uint32_t i = 0; i < mix->clients; i++)
        k.clients[i].process = k.n_processes++;
    for (size_t begun = 0; rc == 0 && begun < n;) {
        struct client *c = &k.clients[rng_below(&k.rng, mix->clients)];

        if (!c->open) {
            rc = begin(&k, c, e);
            begun++;
        } else if (!c->executed) {
            execute(&k, c);
        } else {
            rc = end(&k, c, e);
        }
    }
    if (rc == 0 && mix->ends_badly)
        rc = read_value(w, k.n_processes, NOWHERE, e);
    return rc;
}

static int write_distinct(size_t n, struct history_writer *w, struct err *e)
{
    static const struct mix mix = {.clients = 20, .cas_ppm = 200000};

    return write_work(&mix, n, w, e);
}

static int write_faulty(size_t n, struct history_writer *w, struct err *e)
{
    static const struct mix mix = {
        .clients = 20, .cas_ppm = 200000, .failed_cas_ppm = 20000, .unknown_ppm = 500};

    return write_work(&mix, n, w, e);
}

static int write_few_values(size_t n, struct history_writer *w, struct err *e)
{
    static const struct mix mix = {.clients = 20, .range = 5, .cas_ppm = 200000};

    return write_work(&mix, n, w, e);
}

static int write_two_clients(size_t n, struct history_writer *w, struct err *e)
{
    static const struct mix mix = {.clients = 2, .range = 5};

    return write_work(&mix, n, w, e);
}

static int write_timeouts(size_t n, struct history_writer *w, struct err *e)
{
    static const struct mix mix = {
        .clients = 5, .range = 5, .cas_ppm = 300000, .unknown_ppm = 300000, .ends_badly = true};

    return write_work(&mix, n, w, e);
}

/* --- many at once --------------------------------------------------------------------------- */

/* Operations of `kind` that are all open at once, of values 0, 1, 2... modulo `range`. */
static int write_round(size_t n, enum op_kind kind, uint64_t range, bool returns,
                       struct history_writer *w, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = invoke(w, (uint32_t)i, kind, i % range, 0, e);
    for (size_t i = 0; rc == 0 && returns && i < n; i++)
        rc = complete(w, (uint32_t)i, STATUS_OK, (struct slice){0}, e);
    return rc;
}

static int write_unknown_puts(size_t n, struct history_writer *w, struct err *e)
{
    int rc = write_round(n, OP_PUT, n, false, w, e);

    return rc < 0 ? rc : read_value(w, (uint32_t)n, NOWHERE, e);
}

static int write_rounds(size_t n, struct history_writer *w, struct err *e)
{
    int rc = 0;

    for (int round = 0; rc == 0 && round < 3; round++)
        rc = write_round(n, OP_PUT, 3, true, w, e);
    return rc < 0 ? rc : read_value(w, (uint32_t)n, NOWHERE, e);
}

static int write_appends(size_t n, struct history_writer *w, struct err *e)
{
    int rc = write_round(n, OP_APPEND, n, true, w, e);

    return rc < 0 ? rc : read_value(w, (uint32_t)n, NOWHERE, e);
}

/* --- the list ------------------------------------------------------------------------------- */

static const struct bench_family FAMILIES[] = {
    {"distinct", "20 clients, each value written once, 20 % cas", "cas-register", 1000000, true,
     true, write_distinct, false},
    {"faulty", "the same, 2 % failed cas, 0.05 % unknown", "cas-register", 1000000, true, true,
     write_faulty, false},
    {"few-values", "20 clients, values 0 to 4, 20 % cas", "cas-register", 1000000, true, true,
     write_few_values, false},
    {"two-clients", "two clients, values 0 to 4", "register", 1000000, true, true,
     write_two_clients, false},
    {"lists", "20 clients, appends, one write in 32 a put, reads", "kv", 1000000, true, true,
     bench_write_lists, false},
    {"keys", "256 clerks of the workload kv on 1,000 keys, recorded as by a run", "kv", 10000000,
     true, true, bench_write_keys, false},
    {"queue", "8 clients, each value put in once", "queue", 1000000, true, true, bench_write_queue,
     false},
    {"few-queued", "8 clients, values 1 to 10, 0.05 % unknown", "queue", 1000000, true, true,
     bench_write_queue_of_few, false},
    {"stack", "8 clients, each value pushed once", "stack", 1000000, true, true, bench_write_stack,
     false},
    {"priorities", "8 clients, each value put in once", "priority-queue", 1000000, true, true,
     bench_write_priority_queue, false},
    {"elements", "8 clients, 1,000 elements come and go", "set", 1000000, true, true,
     bench_write_elements, false},
    {"mutex", "8 clients", "mutex", 1000000, true, true, bench_write_mutex, false},
    {"counter", "8 clients, 1 is added", "counter", 1000000, true, true, bench_write_counter,
     false},
    {"unknown-puts", "puts of unknown outcome, then a bad read", "register", 1000, false, false,
     write_unknown_puts, false},
    {"rounds", "so many puts at once, 3 values, 3 times, bad read", "register", 20, false, false,
     write_rounds, false},
    {"appends", "so many appends at once, then a bad read", "kv", 14, false, false, write_appends,
     false},
    {"timeouts", "5 clients, 30 % unknown, values 0 to 4, bad read", "cas-register", 200, false,
     false, write_timeouts, false},
    {"busy", "30 clients, 5 values, put, append, delete, reads", "kv", 4000, false, true,
     bench_write_busy, false},
    {"store", "10 clients, 10 keys as one object, appends, reads", "kv", 1000, false, true,
     bench_write_store, true},
    {"increments", "so many increments at once, then a bad read", "counter", 1000, false, false,
     bench_write_increments, false},
};

const struct bench_family *bench_families(size_t *ret_n)
{
    *ret_n = sizeof FAMILIES / sizeof FAMILIES[0];
    return FAMILIES;
}

int bench_family_write(const struct bench_family *f, size_t size, const char *path, struct err *e)
{
    struct history_header header = {
        .version = HISTORY_FORMAT_VERSION, .model = f->model, .workload = f->name, .cluster = ""};
    struct history_writer *w;
    int closed;
    int rc;

    if (strcmp(f->model, "set") == 0)
        header.dialect = HISTORY_SET_ANSWERS;
    rc = history_writer_open(path, &header, &w, e);
    if (rc < 0)
        return rc;
    rc = f->write(size, w, e);
    closed = history_writer_close(&w, e);
    return rc < 0 ? rc : closed;
}
