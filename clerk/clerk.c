#include "clerk/clerk.h"

#include "base/bug.h"
#include "base/check.h"

#include <stdlib.h>

enum {
    CLERK_NODES_MAX = 63,

    /* Requests of one operation that may wait for their answer side by side. Beyond that the
     * oldest is given up: its fate stays unknown. */
    CLERK_OPEN_MAX = 16,
};

enum clerk_state {
    CLERK_IDLE,
    CLERK_READY,   /* a request leaves at `resume_ns` */
    CLERK_WAITING, /* for the answer to request `current`, until `resume_ns` */
    CLERK_ENDED,   /* `end` has not been fetched yet */
};

struct clerk {
    struct clerk_options o;
    struct rng rng;
    enum clerk_state state;
    int64_t resume_ns;
    int64_t op_deadline_ns;

    size_t target; /* index into o.nodes */
    bool pinned;
    uint32_t hops; /* nodes asked one after the other without a pause */

    uint64_t session; /* 0: none */
    uint64_t id;      /* of the command begun last */
    struct op op;     /* points into `bytes` */
    struct buf bytes;

    /* Requests are numbered from 1. Those of the operation itself begin at `first`; before it
     * come those that opened the session, of this operation and of earlier ones. */
    uint64_t last;
    uint64_t first;
    uint64_t register_first; /* 0: no session is being opened */
    uint64_t current;

    /* Refusals are counted request by request: FAIL needs that each one that left was refused. */
    uint64_t open[CLERK_OPEN_MAX]; /* left and not answered, oldest first */
    size_t n_open;
    bool unknown; /* the fate of a request will never be known */

    struct clerk_end end;
    struct buf value;

    uint64_t nodes[];
};

static bool options_valid(const struct clerk_options *o)
{
    return o->n_nodes >= 1 && o->n_nodes <= CLERK_NODES_MAX && o->attempt_timeout_ns > 0 &&
           o->op_timeout_ns > 0 && o->backoff_ns >= 0;
}

int clerk_create(const struct clerk_options *o, struct clerk **ret, struct err *e)
{
    struct clerk *c;

    if (!options_valid(o))
        return err_set(e, -E_INVAL, "clerk: 1 to %d nodes and positive times", CLERK_NODES_MAX);
    c = calloc(1, sizeof *c + o->n_nodes * sizeof c->nodes[0]);
    if (c == NULL)
        return err_set(e, -E_NOMEM, "clerk");
    memcpy(c->nodes, o->nodes, o->n_nodes * sizeof c->nodes[0]);
    c->o = *o;
    c->o.nodes = c->nodes;
    c->rng = rng_make(o->seed, o->stream);
    c->target = (size_t)rng_below(&c->rng, o->n_nodes);
    *ret = c;
    return 0;
}

void clerk_destroy(struct clerk *c)
{
    if (c == NULL)
        return;
    buf_free(&c->bytes);
    buf_free(&c->value);
    free(c);
}

/* --- targets and pauses ------------------------------------------------------------------- */

static bool find_node(const struct clerk *c, uint64_t node, size_t *ret)
{
    for (size_t i = 0; i < c->o.n_nodes; i++) {
        if (c->nodes[i] == node) {
            *ret = i;
            return true;
        }
    }
    return false;
}

uint64_t clerk_target(const struct clerk *c)
{
    return c->nodes[c->target];
}

void clerk_set_target(struct clerk *c, uint64_t node)
{
    size_t index;

    if (find_node(c, node, &index))
        c->target = index;
}

void clerk_pin(struct clerk *c, bool pinned)
{
    c->pinned = pinned;
}

static void rotate(struct clerk *c)
{
    if (!c->pinned)
        c->target = (c->target + 1) % c->o.n_nodes;
}

/* Follows the hint of an answer; false when it has none, or only names who gave it. */
static bool follow_hint(struct clerk *c, const struct wire_reply *m)
{
    size_t index;

    if (c->pinned || m->leader == m->node || !find_node(c, m->leader, &index))
        return false;
    c->target = index;
    return true;
}

static void resume_after_pause(struct clerk *c, int64_t now_ns)
{
    int64_t jitter = (int64_t)rng_below(&c->rng, (uint64_t)c->o.backoff_ns + 1);

    c->state = CLERK_READY;
    c->resume_ns = now_ns + c->o.backoff_ns + jitter;
    c->hops = 0;
}

/* Without a pause, but not round and round: nodes may send each other's clerks in circles while
 * nobody leads. */
static void resume_at_once(struct clerk *c, int64_t now_ns)
{
    if (c->pinned || ++c->hops > c->o.n_nodes) {
        resume_after_pause(c, now_ns);
        return;
    }
    c->state = CLERK_READY;
    c->resume_ns = now_ns;
}

/* --- the fate of requests ----------------------------------------------------------------- */

static void open_add(struct clerk *c, uint64_t request)
{
    if (c->n_open == CLERK_OPEN_MAX) {
        c->n_open--;
        memmove(&c->open[0], &c->open[1], c->n_open * sizeof c->open[0]);
        c->unknown = true;
    }
    c->open[c->n_open++] = request;
}

/* False when it was answered before, or given up. */
static bool open_remove(struct clerk *c, uint64_t request)
{
    for (size_t i = 0; i < c->n_open; i++) {
        if (c->open[i] == request) {
            c->n_open--;
            memmove(&c->open[i], &c->open[i + 1], (c->n_open - i) * sizeof c->open[0]);
            return true;
        }
    }
    return false;
}

static void end_op(struct clerk *c, enum op_outcome outcome)
{
    c->state = CLERK_ENDED;
    c->end.outcome = outcome;
    c->register_first = 0;
}

/* The deadline of the operation is over, or nothing better can come. */
static void end_without_answer(struct clerk *c)
{
    bool refused = !c->unknown && c->n_open == 0;

    end_op(c, refused ? OUTCOME_FAIL : OUTCOME_INFO);
}

/* --- events ------------------------------------------------------------------------------- */

static int keep_op(struct clerk *c, const struct op *op)
{
    const struct slice *parts[] = {&op->family, &op->key, &op->value, &op->expected};
    struct slice *kept[] = {&c->op.family, &c->op.key, &c->op.value, &c->op.expected};
    size_t bytes = op->family.len + op->key.len + op->value.len + op->expected.len;
    int rc;

    buf_clear(&c->bytes);
    rc = buf_reserve(&c->bytes,
                     bytes + 1); /* the slices below stay where they are, and are not NULL */
    if (rc < 0)
        return rc;
    c->op = *op;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *kept[i] = slice_of(c->bytes.data + c->bytes.len, parts[i]->len);
        buf_append_slice(&c->bytes, *parts[i]);
    }
    return 0;
}

int clerk_begin(struct clerk *c, int64_t now_ns, const struct op *op, struct err *e)
{
    CHECK(c->state == CLERK_IDLE);
    if (!op_valid(op) || op->kind == OP_REGISTER)
        return err_set(e, -E_INVAL, "an operation beyond the limits");
    if (keep_op(c, op) < 0)
        return err_set(e, -E_NOMEM, "an operation of %zu bytes", op->key.len + op->value.len);
    buf_clear(&c->value);
    c->state = CLERK_READY;
    c->resume_ns = now_ns;
    c->op_deadline_ns = now_ns + c->o.op_timeout_ns;
    c->hops = 0;
    c->id++;
    c->first = c->last + 1;
    c->register_first = op_is_read(op->kind) || c->session != 0 ? 0 : c->first;
    c->n_open = 0;
    c->unknown = false;
    c->end = (struct clerk_end){.status = STATUS_TIMEOUT};
    return 0;
}

bool clerk_next_send(struct clerk *c, int64_t now_ns, struct clerk_send *ret)
{
    bool registering = c->register_first != 0;

    if (c->state != CLERK_READY || now_ns < c->resume_ns || now_ns >= c->op_deadline_ns)
        return false;
    c->current = ++c->last;
    c->state = CLERK_WAITING;
    c->resume_ns = now_ns + c->o.attempt_timeout_ns;
    *ret = (struct clerk_send){.node = clerk_target(c)};
    ret->request.request = c->current;
    ret->request.kind = WIRE_REQUEST_COMMAND;
    if (BUG(RETRY_UNDER_NEW_ID))
        c->id++;
    ret->request.command.id = c->id;
    if (registering) {
        ret->request.command.op.kind = OP_REGISTER;
        return true;
    }
    ret->request.command.session = op_is_read(c->op.kind) ? 0 : c->session;
    ret->request.command.op = c->op;
    open_add(c, c->current);
    c->end.attempts++;
    return true;
}

void clerk_unsent(struct clerk *c, int64_t now_ns)
{
    if (c->state != CLERK_WAITING)
        return;
    if (open_remove(c, c->current))
        c->end.attempts--;
    rotate(c);
    resume_at_once(c, now_ns);
}

/* A node would not propose it: elsewhere, or later. */
static void refused(struct clerk *c, int64_t now_ns, const struct wire_reply *m)
{
    if (follow_hint(c, m)) {
        if (m->status == STATUS_BUSY)
            resume_after_pause(c, now_ns);
        else
            resume_at_once(c, now_ns);
        return;
    }
    if (m->status != STATUS_BUSY)
        rotate(c);
    resume_after_pause(c, now_ns);
}

/* The node does not know what becomes of it: asking again under the same id is safe. */
static void not_known(struct clerk *c, int64_t now_ns, const struct wire_reply *m)
{
    if (!follow_hint(c, m))
        rotate(c);
    resume_at_once(c, now_ns);
}

static void note_answer(struct clerk *c, const struct wire_reply *m)
{
    c->end.status = m->status;
    c->end.node = m->node;
    c->end.term = m->term;
}

/* Whatever becomes of requests that open a session, the operation itself has not left. */
static void register_reply(struct clerk *c, int64_t now_ns, const struct wire_reply *m)
{
    bool is_current = c->state == CLERK_WAITING && m->request == c->current;

    if (m->status == STATUS_OK && m->number != 0) {
        c->session = m->number;
        c->register_first = 0;
        c->first = c->last + 1;
        c->state = CLERK_READY;
        c->resume_ns = now_ns;
        c->hops = 0;
        return;
    }
    if (!is_current)
        return;
    note_answer(c, m);
    if (m->status == STATUS_TIMEOUT)
        not_known(c, now_ns, m);
    else
        refused(c, now_ns, m);
}

/* An answer that counts, to whichever of the operation's requests. */
static void answered(struct clerk *c, const struct wire_reply *m)
{
    if (op_is_read(c->op.kind) && m->status == STATUS_OK &&
        buf_append_slice(&c->value, m->value) < 0) {
        buf_clear(&c->value); /* no memory: as if the answer had been lost */
        return;
    }
    note_answer(c, m);
    c->end.value = buf_slice(&c->value);
    end_op(c, OUTCOME_OK);
}

static void op_reply(struct clerk *c, int64_t now_ns, const struct wire_reply *m)
{
    bool is_current = c->state == CLERK_WAITING && m->request == c->current;

    switch (m->status) {
    case STATUS_OK:
    case STATUS_NO_KEY:
    case STATUS_MISMATCH: answered(c, m); return;
    case STATUS_BAD_REQUEST:
        /* It can have no effect, now or ever: whoever executes it finds the same. */
        note_answer(c, m);
        end_op(c, OUTCOME_FAIL);
        return;
    case STATUS_SESSION_EXPIRED:
        /* An earlier request may have been executed while the session lived. */
        note_answer(c, m);
        c->session = 0;
        end_op(c, OUTCOME_INFO);
        return;
    default: break;
    }
    open_remove(c, m->request);
    if (m->status == STATUS_TIMEOUT)
        c->unknown = true;
    if (!is_current)
        return; /* a refusal that comes late settles its own request and no more */
    note_answer(c, m);
    if (m->status == STATUS_TIMEOUT)
        not_known(c, now_ns, m);
    else
        refused(c, now_ns, m);
}

void clerk_reply(struct clerk *c, int64_t now_ns, const struct wire_reply *m)
{
    bool active = c->state == CLERK_READY || c->state == CLERK_WAITING;

    if (!active || m->kind != WIRE_REQUEST_COMMAND || m->request > c->last)
        return;
    if (c->register_first != 0) {
        if (m->request >= c->register_first)
            register_reply(c, now_ns, m);
    } else if (m->request >= c->first) {
        op_reply(c, now_ns, m);
    }
}

void clerk_tick(struct clerk *c, int64_t now_ns)
{
    if (c->state != CLERK_READY && c->state != CLERK_WAITING)
        return;
    if (now_ns >= c->op_deadline_ns) {
        end_without_answer(c);
    } else if (c->state == CLERK_WAITING && now_ns >= c->resume_ns) {
        rotate(c);
        c->hops = 0; /* the wait was pause enough */
        resume_at_once(c, now_ns);
    }
}

int64_t clerk_deadline_ns(const struct clerk *c)
{
    if (c->state != CLERK_READY && c->state != CLERK_WAITING)
        return INT64_MAX;
    return c->resume_ns < c->op_deadline_ns ? c->resume_ns : c->op_deadline_ns;
}

bool clerk_ended(struct clerk *c, struct clerk_end *ret)
{
    if (c->state != CLERK_ENDED)
        return false;
    c->state = CLERK_IDLE;
    *ret = c->end;
    return true;
}

bool clerk_idle(const struct clerk *c)
{
    return c->state == CLERK_IDLE;
}

const struct op *clerk_op(const struct clerk *c)
{
    return &c->op;
}
