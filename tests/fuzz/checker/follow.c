#include "follow.h"

#include "base/check.h"

#include <stdlib.h>

/* --- events --------------------------------------------------------------------------------- */

struct timed {
    uint64_t at; /* a sequence number of the operations */
    struct history_event event;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a;
    const struct timed *y = b;

    return x->at < y->at ? -1 : x->at > y->at;
}

static struct history_event invoke(const struct history_op *op)
{
    return (struct history_event){.kind = HISTORY_INVOKE,
                                  .process = op->process,
                                  .time_ns = op->call_ns,
                                  .op = {.kind = op->kind,
                                         .family = op->family,
                                         .key = op->key,
                                         .value = op->value,
                                         .expected = op->expected,
                                         .expects_absent = op->expects_absent}};
}

static struct history_event complete(const struct history_op *op)
{
    return (struct history_event){.kind = HISTORY_COMPLETE,
                                  .process = op->process,
                                  .time_ns = op->return_ns,
                                  .outcome = op->outcome,
                                  .status = op->status,
                                  .value = op->result};
}

struct follow follow_make(const struct history *h, struct rng *r)
{
    struct timed *timed = calloc(2 * h->n_ops + 1, sizeof *timed);
    struct follow f = {.h = h, .events = calloc(2 * h->n_ops + 1, sizeof *f.events)};

    CHECK(timed != NULL && f.events != NULL);
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];
        /* Two places between each two events, so that an INFO has one of its own. */
        uint64_t call = 2 * op->call_seq;

        timed[f.n++] = (struct timed){.at = call, .event = invoke(op)};
        if (op->outcome == OUTCOME_OK || op->outcome == OUTCOME_FAIL)
            timed[f.n++] = (struct timed){.at = 2 * op->return_seq, .event = complete(op)};
        else if (op->outcome == OUTCOME_INFO)
            timed[f.n++] =
                (struct timed){.at = call + 1 + 2 * rng_below(r, 10), .event = complete(op)};
    }
    qsort(timed, f.n, sizeof *timed, by_time);
    for (size_t i = 0; i < f.n; i++) {
        f.events[i] = timed[i].event;
        f.events[i].seq = i + 1;
    }
    free(timed);
    return f;
}

void follow_free(struct follow *f)
{
    free(f->events);
}

/* --- prefixes ------------------------------------------------------------------------------- */

/* The operation of that process that is open. */
static struct history_op *open_of(struct history *h, uint32_t process)
{
    for (size_t i = h->n_ops; i-- > 0;) {
        if (h->ops[i].process == process)
            return &h->ops[i];
    }
    CHECK(false);
}

static void apply(struct history *h, const struct history_event *e)
{
    struct history_op *op;

    if (e->kind == HISTORY_INVOKE) {
        h->ops[h->n_ops++] = (struct history_op){.process = e->process,
                                                 .kind = e->op.kind,
                                                 .family = e->op.family,
                                                 .key = e->op.key,
                                                 .value = e->op.value,
                                                 .expected = e->op.expected,
                                                 .expects_absent = e->op.expects_absent,
                                                 .call_seq = e->seq,
                                                 .call_ns = e->time_ns,
                                                 .return_seq = HISTORY_NEVER};
        return;
    }
    op = open_of(h, e->process);
    op->outcome = e->outcome;
    op->status = e->status;
    op->return_ns = e->time_ns;
    if (e->outcome == OUTCOME_OK && e->status == STATUS_OK)
        op->result = e->value;
    if (e->outcome != OUTCOME_INFO)
        op->return_seq = e->seq;
}

struct history *follow_prefix(const struct follow *f, size_t n)
{
    struct history *h = calloc(1, sizeof *h);

    CHECK(h != NULL);
    h->header = f->h->header;
    h->ops = calloc(n + 1, sizeof *h->ops);
    CHECK(h->ops != NULL);
    for (size_t i = 0; i < n; i++)
        apply(h, &f->events[i]);
    return h;
}

void follow_prefix_free(struct history *h)
{
    free(h->ops);
    free(h);
}

struct online_status follow_verdict(const struct follow *f, size_t n)
{
    struct online_options options = {0};
    struct online_status status;
    struct online *o;
    struct err e;
    int rc = online_create(&f->h->header, &options, &o, &e);

    CHECK_THAT(rc == 0, "%s", e.text);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = online_event(o, &f->events[i], &e);
    CHECK_THAT(rc >= 0, "%s", e.text);
    online_finish(o);
    status = online_status(o);
    online_destroy(o);
    return status;
}
