#include "base/check.h"
#include "base/rng.h"
#include "tests/unit/raft/cluster.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

/* Histories drawn from a seed: messages lost, repeated and reordered, nodes crashing with part of
 * what they had not synced, disks and networks that take their time. The invariants are checked
 * at every step by the harness; a broken one names the seed. */

enum { STEPS = 6000, SEEDS_EACH = 60, FLIGHTS_MAX = 200, PROPOSALS_MAX = 3000 };

struct plan {
    size_t nodes;
    bool pre_vote;
    bool check_quorum;
    bool slow_disks;
    bool small_cache; /* everything that may leave memory does */
    size_t append_entries_max;
    uint32_t loss_ppm; /* of messages, at delivery */
    uint32_t crash_ppm;
};

static const struct plan plans[] = {
    {.nodes = 3, .pre_vote = true, .check_quorum = true, .loss_ppm = 50000, .crash_ppm = 3000},
    {.nodes = 3, .slow_disks = true, .loss_ppm = 100000, .crash_ppm = 10000},
    {.nodes = 4, .pre_vote = true, .slow_disks = true, .loss_ppm = 20000, .crash_ppm = 5000},
    {.nodes = 5,
     .pre_vote = true,
     .check_quorum = true,
     .slow_disks = true,
     .small_cache = true,
     .loss_ppm = 30000,
     .crash_ppm = 8000},
    {.nodes = 5, .check_quorum = true, .small_cache = true, .loss_ppm = 200000, .crash_ppm = 2000},
    {.nodes = 1,
     .pre_vote = true,
     .check_quorum = true,
     .slow_disks = true,
     .small_cache = true,
     .crash_ppm = 10000},
    /* Leaders that fall one after the other, one entry an APPEND. */
    {.nodes = 5, .append_entries_max = 1, .loss_ppm = 100000, .crash_ppm = 25000},
};

enum { N_PLANS = sizeof plans / sizeof plans[0] };

struct run {
    struct cluster *c;
    const struct plan *plan;
    struct rng rng;
    uint64_t n_proposed;
    uint64_t n_reads;
};

static uint64_t draw_node(struct run *run)
{
    return rng_between(&run->rng, 1, run->c->n);
}

static void network_step(struct run *run)
{
    struct cluster *c = run->c;
    size_t at;

    if (c->net.n == 0)
        return;
    /* Mostly in order, as links are, and now and then not. */
    at = rng_chance(&run->rng, 200000) ? (size_t)rng_below(&run->rng, c->net.n) : 0;
    if (c->net.n > FLIGHTS_MAX || rng_chance(&run->rng, run->plan->loss_ppm))
        cluster_drop_at(c, at);
    else if (rng_chance(&run->rng, 20000))
        cluster_repeat_at(c, at);
    else
        cluster_deliver_at(c, at);
}

static void propose_step(struct run *run, uint64_t id)
{
    uint64_t n = rng_between(&run->rng, 1, 4);
    char text[CLUSTER_TEXT_MAX + 1];

    for (; n > 0 && run->n_proposed < PROPOSALS_MAX; n--) {
        snprintf(text, sizeof text, "c%llu", (unsigned long long)run->n_proposed);
        if (cluster_propose(run->c, id, text) == 0)
            run->n_proposed++;
    }
    cluster_pump(run->c, id);
}

static void partition_step(struct run *run)
{
    cluster_heal(run->c);
    if (rng_chance(&run->rng, 400000))
        return;
    for (uint64_t a = 1; a <= run->c->n; a++) {
        for (uint64_t b = 1; b <= run->c->n; b++)
            run->c->cut[a][b] = rng_chance(&run->rng, 300000); /* one-way as well */
    }
}

static void disk_step(struct run *run, uint64_t id)
{
    struct cluster_node *node = &run->c->nodes[id];

    if (node->raft == NULL) {
        if (rng_chance(&run->rng, 50000)) {
            cluster_restart(run->c, id);
            cluster_pump(run->c, id);
        }
    } else if (rng_chance(&run->rng, run->plan->crash_ppm)) {
        node->forgets_state = rng_chance(&run->rng, 500000);
        cluster_crash(run->c, id, (size_t)rng_below(&run->rng, node->disk.n_saves + 1));
    } else {
        cluster_sync(run->c, id);
        cluster_load(run->c, id);
    }
}

static void one_step(struct run *run)
{
    uint64_t what = rng_below(&run->rng, 100);
    uint64_t id = draw_node(run);
    bool up = run->c->nodes[id].raft != NULL;

    if (what < 60)
        network_step(run);
    else if (what < 75)
        disk_step(run, id);
    else if (what < 90)
        cluster_tick(run->c, id, 1);
    else if (what < 91 && rng_chance(&run->rng, 100000))
        partition_step(run);
    else if (what < 95 && up && raft_role(run->c->nodes[id].raft) == RAFT_LEADER)
        propose_step(run, id);
    else if (up && raft_role(run->c->nodes[id].raft) == RAFT_LEADER)
        cluster_read(run->c, id, ++run->n_reads);
}

/* After the faults: a leader is found, a new command is applied by all, reads are answered. */
static void heal(struct run *run)
{
    enum { TICKS_MAX = 2000 };
    struct cluster *c = run->c;
    bool proposed = false;
    uint64_t goal = UINT64_MAX;

    cluster_heal(c);
    for (uint64_t id = 1; id <= c->n; id++) {
        c->nodes[id].slow_disk = c->nodes[id].slow_reads = false;
        if (c->nodes[id].raft == NULL)
            cluster_restart(c, id);
        cluster_pump(c, id);
    }
    for (int tick = 0; tick < TICKS_MAX; tick++) {
        bool all = true;

        for (uint64_t id = 1; id <= c->n; id++) {
            cluster_tick(c, id, 1);
            cluster_deliver_all(c);
            if (raft_role(c->nodes[id].raft) == RAFT_LEADER && !proposed && tick > 100) {
                proposed = cluster_propose(c, id, "after the faults") == 0;
                goal = c->nodes[id].disk.newest.last + 1;
                cluster_pump(c, id);
            }
            all = all && c->nodes[id].applied >= goal;
        }
        if (all)
            return;
    }
    CHECK_THAT(false, "no progress after the faults");
}

static void prepare(struct run *run, const struct plan *plan, uint64_t seed)
{
    struct raft_options o = cluster_options();

    o.heartbeat_ticks = 2;
    o.seed = seed;
    o.pre_vote = plan->pre_vote;
    o.check_quorum = plan->check_quorum;
    o.append_entries_max = plan->append_entries_max == 0 ? 5 : plan->append_entries_max;
    o.inflight_max = 4;
    o.uncommitted_bytes_max = 4000;
    o.cache_bytes_max = plan->small_cache ? 1 : 0;
    *run = (struct run){.plan = plan, .rng = rng_make(seed, rng_stream("raft-random", 0))};
    run->c = cluster_create(plan->nodes, &o);
    for (uint64_t id = 1; id <= plan->nodes; id++)
        run->c->nodes[id].slow_disk = run->c->nodes[id].slow_reads = plan->slow_disks;
}

static void name_seed(void *context, const char *text)
{
    fprintf(stderr, "seed %llu: %s\n", *(const unsigned long long *)context, text);
}

ParameterizedTestParameters(raft_random, invariants_hold_and_faults_pass)
{
    static int indexes[N_PLANS];

    for (int i = 0; i < N_PLANS; i++)
        indexes[i] = i;
    return cr_make_param_array(int, indexes, N_PLANS);
}

ParameterizedTest(int *index, raft_random, invariants_hold_and_faults_pass, .timeout = 100)
{
    uint64_t committed = 0;
    size_t read = 0;

    for (unsigned long long seed = 1; seed <= SEEDS_EACH; seed++) {
        struct run run;

        check_set_hook(name_seed, &seed);
        prepare(&run, &plans[*index], seed * N_PLANS + (uint64_t)*index);
        for (int step = 0; step < STEPS; step++) {
            one_step(&run);
            if (step % 50 == 0)
                invariants_logs_match(run.c);
        }
        heal(&run);
        invariants_logs_match(run.c);
        committed += run.c->n_committed;
        for (size_t i = 0; i < run.c->n_reads; i++)
            read += run.c->reads[i].done && !run.c->reads[i].refused;
        cluster_destroy(run.c);
    }
    check_set_hook(NULL, NULL);
    cr_assert_gt(committed, SEEDS_EACH * 20);
    cr_assert_gt(read, (size_t)SEEDS_EACH);
}
