#include "workloads/fleet.h"

#include "base/clock.h"
#include "base/hash.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>

/* A fleet against a server that answers after a while, in virtual time. The observer keeps the
 * rules of processes in view; a hash of all that it hears stands for the history. */

enum { PROCESSES_MAX = 1 << 16, MAIL_MAX = 8192, NODES = 3 };

static const uint64_t nodes[NODES] = {1, 2, 3};

struct mail {
    int64_t arrives_ns;
    struct wire_reply reply;
};

struct world {
    struct rng rng;
    struct workload *workload;
    struct fleet *fleet;
    uint32_t clerks;
    int64_t now;

    uint32_t lost_ppm;
    uint32_t refused_ppm;
    uint32_t unsent_ppm;
    int64_t delay_ns; /* of an answer: from 1 to this */
    struct mail mail[MAIL_MAX];
    size_t n_mail;
    uint64_t sessions;

    enum { NEVER_SEEN, IDLE, OPEN, RETIRED } process[PROCESSES_MAX];
    uint64_t hash;
    uint64_t told[OUTCOME_COUNT];
    uint64_t told_invoked;
    uint64_t told_asked;
    uint64_t told_asked_of[NODES + 1];
    uint32_t asking; /* the process whose request was told last */
};

static struct world world;
static uint32_t wander_ppm;

/* --- observer ----------------------------------------------------------------------------- */

static void hear(struct world *w, const char *what, int64_t now_ns, uint32_t process,
                 const struct op *op, uint64_t number)
{
    struct {
        int64_t now_ns;
        uint64_t process;
        uint64_t kind;
        uint64_t number;
    } heard = {now_ns, process, op->kind, number};

    w->hash = hash_bytes(what, strlen(what), w->hash);
    w->hash = hash_bytes(&heard, sizeof heard, w->hash);
    w->hash = hash_bytes(op->key.data, op->key.len, w->hash);
    w->hash = hash_bytes(op->value.data, op->value.len, w->hash);
    cr_assert(process < PROCESSES_MAX);
    cr_assert(now_ns == w->now, "told of %lld at %lld", (long long)now_ns, (long long)w->now);
}

static void invoked(void *context, int64_t now_ns, uint32_t process, const struct op *op)
{
    struct world *w = context;

    hear(w, "invoked", now_ns, process, op, 0);
    cr_assert(w->process[process] == IDLE || w->process[process] == NEVER_SEEN,
              "process %u invokes while open or retired", process);
    cr_assert(process < w->clerks || w->process[process - w->clerks] == RETIRED,
              "process %u is too early", process);
    w->process[process] = OPEN;
    w->told_invoked++;
}

static void asked(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                  uint64_t node)
{
    struct world *w = context;

    hear(w, "asked", now_ns, process, op, node);
    cr_assert(w->process[process] == OPEN);
    cr_assert(op->kind != OP_REGISTER && node >= 1 && node <= NODES);
    w->told_asked++;
    w->told_asked_of[node]++;
    w->asking = process;
}

static void completed(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                      const struct clerk_end *end)
{
    struct world *w = context;

    hear(w, "completed", now_ns, process, op, end->outcome);
    cr_assert(w->process[process] == OPEN);
    cr_assert(end->outcome != OUTCOME_OK || end->term == process,
              "process %u takes an answer to process %d", process, (int)end->term);
    w->process[process] = end->outcome == OUTCOME_INFO ? RETIRED : IDLE;
    w->told[end->outcome]++;
}

static const struct fleet_observer observer = {
    .context = &world, .invoked = invoked, .asked = asked, .completed = completed};

/* --- the world ---------------------------------------------------------------------------- */

static void make_world(uint32_t clerks, double rate, uint64_t ops_max, uint64_t seed)
{
    struct workload_options wo = {.name = "kv",
                                  .seed = seed,
                                  .clerks = clerks,
                                  .keys = 5,
                                  .read_percent = 50,
                                  .value_range = 5};
    struct fleet_options fo = {.clerks = clerks,
                               .sites = 2,
                               .rate = rate,
                               .ops_max = ops_max,
                               .wander_ppm = wander_ppm,
                               .seed = seed,
                               .clerk = {.nodes = nodes,
                                         .n_nodes = NODES,
                                         .attempt_timeout_ns = 100 * NS_PER_MS,
                                         .op_timeout_ns = 500 * NS_PER_MS,
                                         .backoff_ns = 10 * NS_PER_MS}};
    struct err e = {0};

    memset(&world, 0, sizeof world);
    world.rng = rng_make(seed, 99);
    world.clerks = clerks;
    world.delay_ns = 2 * NS_PER_MS;
    cr_assert(workload_create(&wo, &world.workload, &e) == 0, "%s", e.text);
    fo.workload = world.workload;
    cr_assert(fleet_create(&fo, &observer, &world.fleet, &e) == 0, "%s", e.text);
}

static void destroy_world(void)
{
    fleet_destroy(world.fleet);
    workload_destroy(world.workload);
}

static void answer(const struct fleet_send *send)
{
    struct mail *m = &world.mail[world.n_mail];
    enum op_kind kind = send->request.command.op.kind;

    if (rng_chance(&world.rng, world.lost_ppm))
        return;
    cr_assert(world.n_mail < MAIL_MAX);
    *m = (struct mail){.reply = {.request = send->request.request, .node = send->node}};
    if (rng_chance(&world.rng, world.refused_ppm))
        m->reply.status = STATUS_NOT_LEADER;
    else if (kind == OP_REGISTER)
        m->reply.number = ++world.sessions;
    else
        m->reply.term = world.asking; /* marks whose answer it is */
    m->arrives_ns = world.now + (int64_t)rng_between(&world.rng, 1, (uint64_t)world.delay_ns);
    world.n_mail++;
}

static void send_all(void)
{
    struct fleet_send send;

    while (fleet_next_send(world.fleet, world.now, &send)) {
        uint32_t slot = (uint32_t)(send.request.request & 0xffff);

        cr_assert(send.site == slot % 2);
        if (rng_chance(&world.rng, world.unsent_ppm))
            fleet_unsent(world.fleet, world.now);
        else
            answer(&send);
    }
}

static void deliver(void)
{
    for (size_t i = 0; i < world.n_mail;) {
        struct wire_reply reply = world.mail[i].reply;

        if (world.mail[i].arrives_ns > world.now) {
            i++;
            continue;
        }
        world.mail[i] = world.mail[--world.n_mail];
        cr_assert(fleet_reply(world.fleet, world.now, &reply, NULL) == 0);
    }
}

/* Until `until_ns`, or until nothing will ever happen. */
static void run(int64_t until_ns)
{
    for (;;) {
        int64_t next;

        cr_assert(fleet_tick(world.fleet, world.now, NULL) == 0);
        send_all();
        next = fleet_deadline_ns(world.fleet);
        for (size_t i = 0; i < world.n_mail; i++) {
            if (world.mail[i].arrives_ns < next)
                next = world.mail[i].arrives_ns;
        }
        if (next >= until_ns)
            break;
        cr_assert(next >= world.now, "time goes back");
        world.now = next;
        deliver();
    }
    if (until_ns != INT64_MAX)
        world.now = until_ns;
}

static void expect_totals(void)
{
    struct fleet_totals t;
    uint64_t kinds = 0;

    fleet_totals(world.fleet, &t);
    for (int i = 0; i < OP_KIND_COUNT; i++)
        kinds += t.by_kind[i];
    cr_assert(t.invoked == world.told_invoked && t.asked == world.told_asked && kinds == t.invoked);
    cr_assert(t.ok == world.told[OUTCOME_OK] && t.fail == world.told[OUTCOME_FAIL] &&
              t.info == world.told[OUTCOME_INFO]);
    cr_assert(t.invoked == t.ok + t.fail + t.info + fleet_open(world.fleet));
}

/* --- tests -------------------------------------------------------------------------------- */

Test(fleet, works_off_as_many_operations_as_it_is_given)
{
    make_world(10, 0, 1000, 1);
    run(INT64_MAX);
    cr_assert(world.told_invoked == 1000 && world.told[OUTCOME_OK] == 1000);
    cr_assert(fleet_open(world.fleet) == 0 && fleet_deadline_ns(world.fleet) == INT64_MAX);
    expect_totals();
    destroy_world();
}

Test(fleet, keeps_the_rules_of_processes_on_a_bad_network)
{
    make_world(50, 0, 0, 2);
    world.lost_ppm = 500000;
    world.refused_ppm = 200000;
    world.unsent_ppm = 50000;
    world.delay_ns = 150 * NS_PER_MS; /* many an answer comes after its attempt has timed out */
    run(60 * NS_PER_S);
    cr_assert(world.told[OUTCOME_OK] > 1000 && world.told[OUTCOME_INFO] > 100, "%d, %d",
              (int)world.told[OUTCOME_OK], (int)world.told[OUTCOME_INFO]);
    expect_totals();
    destroy_world();
}

/* Some answers come when not only the operation is over but its clerk is gone. */
Test(fleet, answers_to_retired_clerks_are_ignored)
{
    make_world(20, 0, 0, 3);
    world.lost_ppm = 200000;
    world.delay_ns = 2 * NS_PER_S;
    run(60 * NS_PER_S);
    cr_assert(world.told[OUTCOME_INFO] > 500);
    expect_totals();
    destroy_world();
}

Test(fleet, the_same_seed_gives_the_same_run)
{
    uint64_t hash[3];

    for (uint64_t i = 0; i < 3; i++) {
        make_world(20, 10, 0, i < 2 ? 4 : 5);
        world.lost_ppm = 50000;
        run(20 * NS_PER_S);
        hash[i] = world.hash;
        destroy_world();
    }
    cr_assert(hash[0] == hash[1] && hash[0] != hash[2]);
}

Test(fleet, keeps_to_its_rate)
{
    make_world(40, 5, 0, 6);
    run(10 * NS_PER_S);
    cr_assert(world.told_invoked >= 40 * 5 * 10 - 40 && world.told_invoked <= 40 * 5 * 10 + 40,
              "%d operations", (int)world.told_invoked);
    destroy_world();
}

Test(fleet, does_not_catch_up_after_a_gap)
{
    uint64_t before;

    make_world(1, 100, 0, 7);
    world.lost_ppm = 1000000;
    run(10 * NS_PER_S);
    world.lost_ppm = 0;
    run(10 * NS_PER_S + 600 * NS_PER_MS); /* the last of those without an answer is over */
    before = world.told_invoked;
    run(11 * NS_PER_S + 600 * NS_PER_MS);
    cr_assert(world.told_invoked - before <= 101, "%d operations in a second",
              (int)(world.told_invoked - before));
    destroy_world();
}

Test(fleet, clerks_that_wander_ask_every_node)
{
    make_world(1, 0, 300, 13);
    run(INT64_MAX);
    for (uint64_t node = 1; node <= NODES; node++)
        cr_assert(world.told_asked_of[node] == 0 || world.told_asked_of[node] == 300,
                  "a clerk that does not wander stays where it is answered");
    destroy_world();
    wander_ppm = 1000000;
    make_world(1, 0, 300, 13);
    run(INT64_MAX);
    for (uint64_t node = 1; node <= NODES; node++)
        cr_assert(world.told_asked_of[node] > 50, "node %d: %d", (int)node,
                  (int)world.told_asked_of[node]);
    destroy_world();
}

Test(fleet, stops_in_an_orderly_way)
{
    uint64_t invoked_before;

    make_world(30, 0, 0, 8);
    run(NS_PER_S);
    invoked_before = world.told_invoked;
    cr_assert(fleet_open(world.fleet) > 0);
    fleet_stop(world.fleet);
    run(INT64_MAX);
    cr_assert(world.told_invoked == invoked_before && fleet_open(world.fleet) == 0);
    expect_totals();
    destroy_world();
}

Test(fleet, abandoned_operations_are_info_or_fail_if_nothing_left)
{
    make_world(30, 0, 0, 9);
    world.lost_ppm = 1000000;
    run(50 * NS_PER_MS);
    cr_assert(fleet_open(world.fleet) == 30 && world.told_asked > 0 && world.told_asked < 30);
    fleet_abandon(world.fleet, world.now);
    cr_assert(fleet_open(world.fleet) == 0);
    cr_assert(world.told[OUTCOME_INFO] == world.told_asked, "reads have left");
    cr_assert(world.told[OUTCOME_FAIL] == 30 - world.told_asked, "writes wait for a session");
    cr_assert(fleet_deadline_ns(world.fleet) == INT64_MAX);
    run(INT64_MAX);
    expect_totals();
    destroy_world();
}

Test(fleet, numbers_of_nobody_are_ignored)
{
    static const uint64_t numbers[] = {0, 5, 0xffff, 1 << 16, UINT64_MAX, UINT64_MAX - 0xffff};

    make_world(3, 0, 0, 10);
    world.lost_ppm = 1000000;
    run(NS_PER_MS);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct wire_reply reply = {.request = numbers[i], .status = STATUS_OK, .number = 1};

        if (numbers[i] != 1 << 16) /* the first request of the first clerk: not sent by chance */
            cr_assert(fleet_reply(world.fleet, world.now, &reply, NULL) == 0);
    }
    cr_assert(world.told[OUTCOME_OK] == 0 && fleet_open(world.fleet) == 3);
    destroy_world();
}

Test(fleet, memory_does_not_grow_with_the_number_of_operations)
{
    size_t early;
    size_t late;

    make_world(100, 0, 0, 11);
    world.lost_ppm = 300000; /* so that clerks are retired as well */
    run(10 * NS_PER_S);
    early = mallinfo2().uordblks; /* AddressSanitizer does not count: 0 there */
    run(60 * NS_PER_S);
    late = mallinfo2().uordblks;
    cr_assert(world.told_invoked > 50000 && world.told[OUTCOME_INFO] > 200, "%d, %d",
              (int)world.told_invoked, (int)world.told[OUTCOME_INFO]);
    cr_assert(late <= early + 64 * 1024, "%zu bytes, then %zu", early, late);
    destroy_world();
}

Test(fleet, a_thousand_clerks_and_more)
{
    make_world(4000, 1, 0, 12);
    run(3 * NS_PER_S);
    cr_assert(world.told_invoked >= 3 * 4000 - 4000 && world.told[OUTCOME_INFO] == 0);
    expect_totals();
    destroy_world();
}

Test(fleet, options_are_checked)
{
    struct fleet_options o = {
        .clerks = 0,
        .sites = 1,
        .clerk = {.nodes = nodes, .n_nodes = 3, .attempt_timeout_ns = 1, .op_timeout_ns = 1}};
    struct fleet *f;

    cr_assert(fleet_create(&o, &observer, &f, NULL) == -E_INVAL);
    o.clerks = FLEET_CLERKS_MAX + 1;
    cr_assert(fleet_create(&o, &observer, &f, NULL) == -E_INVAL);
    o.clerks = 1;
    o.rate = -1;
    cr_assert(fleet_create(&o, &observer, &f, NULL) == -E_INVAL);
    o.rate = 0;
    o.clerk.n_nodes = 0;
    cr_assert(fleet_create(&o, &observer, &f, NULL) == -E_INVAL);
    fleet_destroy(NULL);
}
