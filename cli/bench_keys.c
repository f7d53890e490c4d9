#include "cli/bench_keys.h"

#include "base/rng.h"
#include "workloads/workload.h"

#include <stdlib.h>

enum { CLERKS = 256, KEYS = 1000, NODES = 5, EVENT_NS = 3000, UNKNOWN_PPM = 100 };

/* What stands under a key. */
struct place {
    bool present;
    struct buf value;
};

struct clerk {
    uint32_t process;
    uint64_t k; /* operations drawn */
    enum { IDLE, ASKED, DONE } state;
    enum op_kind kind;
    struct place *place;
    struct buf value; /* to write; what was read */
    struct buf expected;
    bool expects_absent;
    enum op_status status;
};

struct store_run {
    struct history_writer *writer;
    struct workload *workload;
    struct rng rng;
    struct place places[KEYS];
    struct clerk clerks[CLERKS];
    uint32_t n_processes;
    int64_t now_ns;
};

static int write(struct store_run *s, struct history_event event, struct err *e)
{
    s->now_ns += EVENT_NS;
    event.time_ns = s->now_ns;
    return history_write(s->writer, &event, e);
}

static int set(struct buf *b, struct slice bytes)
{
    buf_clear(b);
    return buf_append_slice(b, bytes);
}

/* The workload's keys are k0, k1... */
static struct place *place_of(struct store_run *s, struct slice key)
{
    size_t number = 0;

    for (size_t i = 1; i < key.len; i++)
        number = number * 10 + (size_t)(key.data[i] - '0');
    return &s->places[number % KEYS];
}

static int ask(struct store_run *s, struct clerk *c, struct err *e)
{
    struct op op;
    struct history_event invoke = {.kind = HISTORY_INVOKE, .process = c->process};
    struct history_event asked = {.kind = HISTORY_ASK, .process = c->process};
    int rc;

    workload_next(s->workload, (uint32_t)(c - s->clerks), c->k++, &op);
    c->kind = op.kind;
    c->place = place_of(s, op.key);
    c->expects_absent = op.expects_absent;
    c->state = ASKED;
    if (set(&c->value, op.value) < 0 || set(&c->expected, op.expected) < 0)
        return err_set(e, -E_NOMEM, "%s", err_text(-E_NOMEM));
    invoke.op = op;
    rc = write(s, invoke, e);
    asked.node = 1 + rng_below(&s->rng, NODES);
    return rc < 0 ? rc : write(s, asked, e);
}

static enum op_status swap(struct place *at, const struct clerk *c, int *rc)
{
    bool hits = c->expects_absent
                    ? !at->present
                    : at->present && slice_equal(buf_slice(&at->value), buf_slice(&c->expected));

    if (!hits)
        return at->present ? STATUS_MISMATCH : STATUS_NO_KEY;
    at->present = true;
    *rc = set(&at->value, buf_slice(&c->value));
    return STATUS_OK;
}

static int execute(struct clerk *c)
{
    struct place *at = c->place;
    bool was_present = at->present;
    int rc = 0;

    c->state = DONE;
    c->status = STATUS_OK;
    if (!was_present)
        buf_clear(&at->value);
    switch (c->kind) {
    case OP_GET: rc = set(&c->value, buf_slice(&at->value)); break;
    case OP_PUT: rc = set(&at->value, buf_slice(&c->value)); break;
    case OP_APPEND: rc = buf_append_slice(&at->value, buf_slice(&c->value)); break;
    case OP_CAS: c->status = swap(at, c, &rc); break;
    default: break;
    }
    if (c->kind == OP_PUT || c->kind == OP_APPEND)
        at->present = true;
    if (c->kind == OP_DELETE)
        at->present = false;
    if ((c->kind == OP_GET || c->kind == OP_DELETE) && !was_present)
        c->status = STATUS_NO_KEY;
    return rc;
}

static int answer(struct store_run *s, struct clerk *c, struct err *e)
{
    bool unknown = c->kind != OP_GET && rng_chance(&s->rng, UNKNOWN_PPM);
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .process = c->process,
                                  .outcome = unknown ? OUTCOME_INFO : OUTCOME_OK,
                                  .status = unknown ? STATUS_TIMEOUT : c->status,
                                  .node = unknown ? 0 : 1,
                                  .term = 1};

    c->state = IDLE;
    if (unknown)
        c->process = s->n_processes++;
    else if (c->kind == OP_GET && c->status == STATUS_OK)
        event.value = buf_slice(&c->value);
    return write(s, event, e);
}

static int work(struct store_run *s, size_t n, struct err *e)
{
    size_t begun = 0;
    int rc = 0;

    for (uint32_t i = 0; i < CLERKS; i++)
        s->clerks[i].process = s->n_processes++;
    while (rc == 0 && begun < n) {
        struct clerk *c = &s->clerks[rng_below(&s->rng, CLERKS)];

        switch (c->state) {
        case IDLE:
            rc = ask(s, c, e);
            begun++;
            break;
        case ASKED:
            if (execute(c) < 0)
                rc = err_set(e, -E_NOMEM, "%s", err_text(-E_NOMEM));
            break;
        case DONE: rc = answer(s, c, e); break;
        }
    }
    return rc;
}

int bench_write_keys(size_t n, struct history_writer *w, struct err *e)
{
    struct workload_options o = {.name = "kv",
                                 .seed = n,
                                 .clerks = CLERKS,
                                 .keys = KEYS,
                                 .read_percent = 50,
                                 .value_range = 5};
    struct store_run *s = calloc(1, sizeof *s);
    int rc;

    if (s == NULL)
        return err_set(e, -E_NOMEM, "%s", err_text(-E_NOMEM));
    s->writer = w;
    s->rng = rng_make(n, rng_stream("keys", 0));
    rc = workload_create(&o, &s->workload, e);
    if (rc == 0)
        rc = work(s, n, e);
    workload_destroy(s->workload);
    for (size_t i = 0; i < KEYS; i++)
        buf_free(&s->places[i].value);
    for (size_t i = 0; i < CLERKS; i++) {
        buf_free(&s->clerks[i].value);
        buf_free(&s->clerks[i].expected);
    }
    free(s);
    return rc;
}
