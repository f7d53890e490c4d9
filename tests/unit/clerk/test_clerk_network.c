#include "base/rng.h"
#include "clerk/clerk.h"

#include <criterion/criterion.h>

/* The clerk against a network that loses, delays and reorders requests and answers, and nodes
 * that refuse, forget and time out at random. What was executed is kept beside it, as simply as
 * can be: the outcome may be vaguer than the truth, never at odds with it. */

enum {
    NODES = 3,
    MAIL_MAX = 256,
    OPERATIONS = 300,
    SEEDS = 60,
    ATTEMPT_NS = 50,
    OP_NS = 400,
    DELAY_NS_MAX = 120, /* more than an attempt waits */
};

struct mail {
    bool used;
    bool is_reply;
    int64_t arrives_ns;
    uint64_t node;
    struct wire_request request;
    struct wire_reply reply;
};

struct world {
    struct rng rng;
    uint64_t refused_percent;
    uint32_t lost_ppm;
    uint64_t delay_ns_max;
    struct mail mail[MAIL_MAX];
    uint64_t live_session;
    uint64_t sessions;

    /* The truth about the operation with this command id. */
    uint64_t id;
    unsigned executed;
    bool proposed[NODES + 1]; /* this node has proposed it: it will not refuse it any more */
};

static void post(struct world *w, const struct mail *m)
{
    if (rng_chance(&w->rng, w->lost_ppm))
        return;
    for (size_t i = 0; i < MAIL_MAX; i++) {
        if (!w->mail[i].used) {
            w->mail[i] = *m;
            w->mail[i].used = true;
            return;
        }
    }
}

static int64_t later(struct world *w, int64_t now)
{
    return now + (int64_t)rng_between(&w->rng, 1, w->delay_ns_max);
}

/* Effect exactly once, as the duplicate table has it. */
static enum op_status execute(struct world *w, const struct command *c)
{
    if (!op_is_read(c->op.kind) && c->session != w->live_session)
        return STATUS_SESSION_EXPIRED;
    if (c->id < w->id)
        return STATUS_BAD_REQUEST; /* long over */
    if (w->executed == 0 || op_is_read(c->op.kind))
        w->executed++;
    return rng_chance(&w->rng, 200000) ? STATUS_MISMATCH : STATUS_OK;
}

static struct wire_reply serve(struct world *w, uint64_t node, const struct wire_request *m)
{
    struct wire_reply reply = {.request = m->request, .node = node};
    uint64_t dice = rng_below(&w->rng, 100);

    reply.leader = rng_below(&w->rng, NODES + 2);
    if (dice < w->refused_percent && !(m->command.id == w->id && w->proposed[node])) {
        reply.status = dice % 4 != 0 ? STATUS_NOT_LEADER : STATUS_BUSY;
        return reply;
    }
    if (m->command.id == w->id && m->command.op.kind != OP_REGISTER)
        w->proposed[node] = true;
    if (dice % 4 == 0) { /* proposed, and then nobody knows: it may be executed or not */
        reply.status = STATUS_TIMEOUT;
        if (m->command.op.kind != OP_REGISTER && rng_chance(&w->rng, 500000))
            execute(w, &m->command);
        return reply;
    }
    if (m->command.op.kind == OP_REGISTER) {
        reply.status = STATUS_OK;
        reply.number = w->live_session = ++w->sessions;
        return reply;
    }
    if (rng_chance(&w->rng, 10000))
        w->live_session = 0; /* somebody else's REGISTER has driven it out */
    reply.status = execute(w, &m->command);
    return reply;
}

static void deliver(struct world *w, struct clerk *c, struct mail *m, int64_t now)
{
    struct mail answer = {.is_reply = true};

    m->used = false;
    if (m->is_reply) {
        clerk_reply(c, now, &m->reply);
        return;
    }
    answer.reply = serve(w, m->node, &m->request);
    answer.arrives_ns = later(w, now);
    post(w, &answer);
    if (rng_chance(&w->rng, 100000))
        post(w, &answer); /* an answer may come twice */
}

static void send_all(struct world *w, struct clerk *c, int64_t now)
{
    struct clerk_send send;

    while (clerk_next_send(c, now, &send)) {
        struct mail m = {.node = send.node, .request = send.request};

        if (rng_chance(&w->rng, 50000)) {
            clerk_unsent(c, now);
            continue;
        }
        /* A clerk keeps no more than one operation: its bytes are not looked at here. */
        m.request.command.op = (struct op){.kind = send.request.command.op.kind};
        m.arrives_ns = later(w, now);
        post(w, &m);
    }
}

/* The next moment at which anything happens. */
static int64_t next_event(const struct world *w, const struct clerk *c)
{
    int64_t next = clerk_deadline_ns(c);

    for (size_t i = 0; i < MAIL_MAX; i++) {
        if (w->mail[i].used && w->mail[i].arrives_ns < next)
            next = w->mail[i].arrives_ns;
    }
    return next;
}

static struct clerk_end run_op(struct world *w, struct clerk *c, int64_t *now)
{
    struct clerk_end end;

    while (!clerk_ended(c, &end)) {
        send_all(w, c, *now);
        *now = next_event(w, c);
        for (size_t i = 0; i < MAIL_MAX; i++) {
            if (w->mail[i].used && w->mail[i].arrives_ns <= *now)
                deliver(w, c, &w->mail[i], *now);
        }
        clerk_tick(c, *now);
    }
    return end;
}

static void begin(struct world *w, struct clerk *c, int64_t now, uint64_t k)
{
    struct op op = {.kind = k % 3 == 0 ? OP_GET : OP_APPEND, .key = slice_str("x")};

    w->id = k + 1; /* as the clerk counts them */
    w->executed = 0;
    memset(w->proposed, 0, sizeof w->proposed);
    cr_assert(clerk_begin(c, now, &op, NULL) == 0);
}

/* A failed operation must not take effect later either: lets everything under way arrive. */
static void let_everything_arrive(struct world *w, struct clerk *c, int64_t *now)
{
    *now += DELAY_NS_MAX;
    for (size_t i = 0; i < MAIL_MAX; i++) {
        if (w->mail[i].used && !w->mail[i].is_reply)
            deliver(w, c, &w->mail[i], *now);
    }
}

static void run_seed(uint64_t seed, unsigned seen[OUTCOME_COUNT])
{
    static const uint64_t nodes[] = {1, 2, 3};
    struct clerk_options o = {.nodes = nodes,
                              .n_nodes = NODES,
                              .attempt_timeout_ns = ATTEMPT_NS,
                              .op_timeout_ns = OP_NS,
                              .backoff_ns = 20,
                              .seed = seed};
    struct world w = {.rng = rng_make(seed, 1)};
    struct clerk *c;
    int64_t now = 0;

    w.refused_percent = 30 + seed % 4 * 20;
    w.lost_ppm = (uint32_t)(seed / 4 % 3) * 125000;
    w.delay_ns_max = seed / 12 % 2 == 0 ? DELAY_NS_MAX : DELAY_NS_MAX / 12;
    cr_assert(clerk_create(&o, &c, NULL) == 0);
    for (uint64_t k = 0; k < OPERATIONS; k++) {
        bool is_read = k % 3 == 0;
        struct clerk_end end;

        begin(&w, c, now, k);
        end = run_op(&w, c, &now);
        if (end.outcome == OUTCOME_FAIL)
            let_everything_arrive(&w, c, &now);
        seen[end.outcome]++;
        cr_assert(end.outcome != OUTCOME_FAIL || w.executed == 0,
                  "seed %d, operation %d: fail, but it was executed", (int)seed, (int)k);
        cr_assert(end.outcome != OUTCOME_OK || (is_read ? w.executed >= 1 : w.executed == 1),
                  "seed %d, operation %d: ok, but it was executed %u times", (int)seed, (int)k,
                  w.executed);
    }
    clerk_destroy(c);
}

Test(clerk_network, no_outcome_is_ever_at_odds_with_what_was_executed)
{
    unsigned seen[OUTCOME_COUNT] = {0};

    for (uint64_t seed = 0; seed < SEEDS; seed++)
        run_seed(seed, seen);
    for (enum op_outcome outcome = OUTCOME_OK; outcome < OUTCOME_COUNT; outcome++)
        cr_assert(seen[outcome] > SEEDS, "%s came %u times only", op_outcome_name(outcome),
                  seen[outcome]);
}
