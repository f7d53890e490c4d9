#include "workloads/fleet.h"

#include "base/check.h"
#include "base/clock.h"
#include "workloads/slot_heap.h"

#include <math.h>
#include <stdlib.h>

/* The clerks live in slots. A slot is in exactly one place: in the queue of those that may have
 * something to send, or else in the heap under the time at which it wants to be called (unless
 * that is never). */

/* A request's number on the wire names its slot in the low bits. The rest is the clerk's own
 * number for it plus what the slot's earlier clerks have used, so that no number comes twice and
 * an answer to a retired clerk is known by being too low. */
enum { SLOT_BITS = 16 };

struct slot {
    struct clerk *clerk;
    uint32_t process;
    bool queued;
    bool open;            /* an operation is invoked and has not ended */
    uint64_t k;           /* operations begun */
    uint64_t numbers;     /* used by earlier clerks of this slot */
    uint64_t number_last; /* the clerk's own, so far */
    int64_t begin_ns;     /* when the next operation begins */
};

struct fleet {
    struct fleet_options o;
    struct fleet_observer observer;
    uint64_t *nodes;
    struct slot *slots;
    struct slot_heap heap;
    int64_t period_ns; /* between the operations of a clerk; 0: none */
    bool stopped;
    size_t n_open;

    uint32_t *queue; /* ring of o.clerks slots */
    uint32_t queue_first;
    uint32_t queue_n;

    uint32_t sent; /* the slot whose request was taken last */
    struct fleet_totals totals;
};

/* --- queue of slots that may have something to send ---------------------------------------- */

static void queue_push(struct fleet *f, uint32_t slot)
{
    if (f->slots[slot].queued)
        return;
    slot_heap_remove(&f->heap, slot);
    f->slots[slot].queued = true;
    f->queue[(f->queue_first + f->queue_n) % f->o.clerks] = slot;
    f->queue_n++;
}

static void queue_pop(struct fleet *f)
{
    f->slots[f->queue[f->queue_first]].queued = false;
    f->queue_first = (f->queue_first + 1) % f->o.clerks;
    f->queue_n--;
}

static bool may_begin(const struct fleet *f)
{
    return !f->stopped && (f->o.ops_max == 0 || f->totals.invoked < f->o.ops_max);
}

static void sleep_until_due(struct fleet *f, uint32_t index)
{
    const struct slot *s = &f->slots[index];

    if (s->open)
        slot_heap_put(&f->heap, index, clerk_deadline_ns(s->clerk));
    else if (may_begin(f))
        slot_heap_put(&f->heap, index, s->begin_ns);
}

/* --- making and ending --------------------------------------------------------------------- */

static int new_clerk(const struct fleet *f, uint32_t process, struct clerk **ret, struct err *e)
{
    struct clerk_options o = f->o.clerk;

    o.seed = f->o.seed;
    o.stream = rng_stream("clerk", process);
    return clerk_create(&o, ret, e);
}

static int fill_slots(struct fleet *f, struct err *e)
{
    int rc = 0;

    for (uint32_t i = 0; i < f->o.clerks && rc == 0; i++) {
        struct slot *s = &f->slots[i];
        uint64_t phase = rng_at(f->o.seed, rng_stream("fleet phase", i), 0);

        s->process = i;
        s->begin_ns = f->period_ns == 0 ? 0 : (int64_t)(phase % (uint64_t)f->period_ns);
        rc = new_clerk(f, i, &s->clerk, e);
        if (rc == 0)
            slot_heap_put(&f->heap, i, s->begin_ns);
    }
    return rc;
}

static int check_options(const struct fleet_options *o, struct err *e)
{
    if (o->clerks < 1 || o->clerks > FLEET_CLERKS_MAX || o->sites < 1)
        return err_set(e, -E_INVAL, "1 to %d clerks, and at least one site", FLEET_CLERKS_MAX);
    if (!isfinite(o->rate) || o->rate < 0 || o->rate > (double)NS_PER_S)
        return err_set(e, -E_INVAL, "the rate of operations is 0 to 10^9 a second and clerk");
    return 0;
}

int fleet_create(const struct fleet_options *o, const struct fleet_observer *observer,
                 struct fleet **ret, struct err *e)
{
    struct fleet *f;
    int rc = check_options(o, e);

    if (rc < 0)
        return rc;
    f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_set(e, -E_NOMEM, "%u clerks", o->clerks);
    f->o = *o;
    f->observer = *observer;
    f->period_ns = o->rate == 0 ? 0 : (int64_t)((double)NS_PER_S / o->rate);
    f->nodes = malloc((o->clerk.n_nodes + 1) * sizeof *f->nodes);
    f->slots = calloc(o->clerks, sizeof *f->slots);
    f->queue = calloc(o->clerks, sizeof *f->queue);
    if (f->nodes == NULL || f->slots == NULL || f->queue == NULL ||
        slot_heap_init(&f->heap, o->clerks) < 0) {
        fleet_destroy(f);
        return err_set(e, -E_NOMEM, "%u clerks", o->clerks);
    }
    memcpy(f->nodes, o->clerk.nodes, o->clerk.n_nodes * sizeof *f->nodes);
    f->o.clerk.nodes = f->nodes;
    rc = fill_slots(f, e);
    if (rc < 0) {
        fleet_destroy(f);
        return rc;
    }
    *ret = f;
    return 0;
}

void fleet_destroy(struct fleet *f)
{
    if (f == NULL)
        return;
    for (uint32_t i = 0; f->slots != NULL && i < f->o.clerks; i++)
        clerk_destroy(f->slots[i].clerk);
    slot_heap_free(&f->heap);
    free(f->queue);
    free(f->slots);
    free(f->nodes);
    free(f);
}

/* As a clerk would that has just come and knows no leader. Drawn by (seed, clerk, k), like what it
 * asks for. */
static void wander(struct fleet *f, struct slot *s, uint32_t index)
{
    struct rng r = rng_make(f->o.seed, rng_stream("fleet wander", index));

    r.counter = 2 * s->k;
    if (rng_chance(&r, f->o.wander_ppm))
        clerk_set_target(s->clerk, f->nodes[rng_below(&r, f->o.clerk.n_nodes)]);
}

static bool wanted(const struct fleet *f, uint32_t index)
{
    return f->o.wanted == NULL || f->o.wanted(f->o.wanted_context, index, f->slots[index].k);
}

static int begin_op(struct fleet *f, uint32_t index, int64_t now_ns, struct err *e)
{
    struct slot *s = &f->slots[index];
    struct op op;
    int rc;

    wander(f, s, index);
    workload_next(f->o.workload, index, s->k, &op);
    rc = clerk_begin(s->clerk, now_ns, &op, e);
    if (rc < 0)
        return rc;
    s->k++;
    s->open = true;
    f->n_open++;
    f->totals.invoked++;
    f->totals.by_kind[op.kind]++;
    f->observer.invoked(f->observer.context, now_ns, s->process, &op);
    return 0;
}

/* Passes over an operation that is not to happen. Without a rate there is no time at which the
 * next one is due; some has to pass, or a clerk that wants nothing more would never let it. */
static void pass_over(struct fleet *f, uint32_t index)
{
    struct slot *s = &f->slots[index];

    s->k++;
    s->begin_ns += f->period_ns == 0 ? NS_PER_MS : f->period_ns;
    queue_push(f, index);
}

/* After INFO nobody knows when the operation takes effect, or whether: its process must never
 * act again, and a process is what has one thing to do at a time. A new one begins in its place,
 * where the old one last looked for the leader. */
static int retire(struct fleet *f, struct slot *s, struct err *e)
{
    struct clerk *fresh;
    int rc = new_clerk(f, s->process + f->o.clerks, &fresh, e);

    if (rc < 0)
        return rc;
    clerk_set_target(fresh, clerk_target(s->clerk));
    clerk_destroy(s->clerk);
    s->clerk = fresh;
    s->process += f->o.clerks;
    s->numbers += s->number_last;
    s->number_last = 0;
    return 0;
}

static void count_end(struct fleet_totals *t, enum op_outcome outcome)
{
    t->ok += outcome == OUTCOME_OK;
    t->fail += outcome == OUTCOME_FAIL;
    t->info += outcome == OUTCOME_INFO;
}

/* Tells of the slot's operation if it has ended; true then. */
static bool complete(struct fleet *f, struct slot *s, int64_t now_ns, struct clerk_end *ret)
{
    if (!clerk_ended(s->clerk, ret))
        return false;
    s->open = false;
    f->n_open--;
    count_end(&f->totals, ret->outcome);
    f->observer.completed(f->observer.context, now_ns, s->process, clerk_op(s->clerk), ret);
    /* A clerk that is late does not catch up: that would be another load than was asked for. */
    s->begin_ns += f->period_ns;
    if (s->begin_ns < now_ns)
        s->begin_ns = now_ns;
    return true;
}

/* After every event of a slot. */
static int settle(struct fleet *f, uint32_t index, int64_t now_ns, struct err *e)
{
    struct slot *s = &f->slots[index];
    struct clerk_end end;
    int rc = 0;

    if (complete(f, s, now_ns, &end) && end.outcome == OUTCOME_INFO)
        rc = retire(f, s, e);
    queue_push(f, index);
    return rc;
}

/* --- events -------------------------------------------------------------------------------- */

int fleet_tick(struct fleet *f, int64_t now_ns, struct err *e)
{
    uint32_t index;
    int64_t due_ns;

    while (slot_heap_first(&f->heap, &index, &due_ns) && due_ns <= now_ns) {
        struct slot *s = &f->slots[index];
        int rc = 0;

        slot_heap_remove(&f->heap, index);
        if (!s->open && !wanted(f, index)) {
            pass_over(f, index);
            continue;
        }
        if (s->open)
            clerk_tick(s->clerk, now_ns);
        else if (may_begin(f))
            rc = begin_op(f, index, now_ns, e);
        if (rc == 0)
            rc = settle(f, index, now_ns, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int64_t fleet_deadline_ns(const struct fleet *f)
{
    uint32_t index;
    int64_t due_ns;

    return slot_heap_first(&f->heap, &index, &due_ns) ? due_ns : INT64_MAX;
}

bool fleet_next_send(struct fleet *f, int64_t now_ns, struct fleet_send *ret)
{
    while (f->queue_n > 0) {
        uint32_t index = f->queue[f->queue_first];
        struct slot *s = &f->slots[index];
        struct clerk_send send;

        if (!s->open || !clerk_next_send(s->clerk, now_ns, &send)) {
            queue_pop(f);
            sleep_until_due(f, index);
            continue;
        }
        f->sent = index;
        s->number_last = send.request.request;
        *ret = (struct fleet_send){
            .site = index % f->o.sites, .node = send.node, .request = send.request};
        ret->request.request = (s->numbers + s->number_last) << SLOT_BITS | index;
        if (send.request.command.op.kind != OP_REGISTER) {
            f->totals.asked++;
            f->observer.asked(f->observer.context, now_ns, s->process, clerk_op(s->clerk),
                              send.node);
        }
        return true;
    }
    return false;
}

void fleet_unsent(struct fleet *f, int64_t now_ns)
{
    clerk_unsent(f->slots[f->sent].clerk, now_ns);
}

int fleet_reply(struct fleet *f, int64_t now_ns, const struct wire_reply *m, struct err *e)
{
    uint32_t index = (uint32_t)(m->request & ((1u << SLOT_BITS) - 1));
    uint64_t number = m->request >> SLOT_BITS;
    struct wire_reply own = *m;
    struct slot *s;

    if (index >= f->o.clerks)
        return 0;
    s = &f->slots[index];
    if (!s->open || number <= s->numbers)
        return 0; /* to an operation that is over, or to a clerk that was retired */
    own.request = number - s->numbers;
    clerk_reply(s->clerk, now_ns, &own);
    return settle(f, index, now_ns, e);
}

void fleet_stop(struct fleet *f)
{
    f->stopped = true;
    for (uint32_t i = 0; i < f->o.clerks; i++) {
        if (!f->slots[i].open)
            slot_heap_remove(&f->heap, i);
    }
}

size_t fleet_open(const struct fleet *f)
{
    return f->n_open;
}

void fleet_abandon(struct fleet *f, int64_t now_ns)
{
    struct clerk_end end;

    fleet_stop(f);
    for (uint32_t i = 0; i < f->o.clerks; i++) {
        struct slot *s = &f->slots[i];

        if (!s->open)
            continue;
        clerk_tick(s->clerk, INT64_MAX); /* no deadline is later */
        CHECK(complete(f, s, now_ns, &end));
        slot_heap_remove(&f->heap, i);
    }
}

void fleet_totals(const struct fleet *f, struct fleet_totals *ret)
{
    *ret = f->totals;
}
