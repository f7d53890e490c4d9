#include "sim/sim.h"

#include "base/rng.h"

#include <stdio.h>
#include <string.h>

/* Operations on one key, about. */
enum { KEY_OPS_MAX = 500 };

void sim_config_plain(uint64_t seed, struct sim_config *ret)
{
    *ret = (struct sim_config){.seed = seed,
                               .nodes = 5,
                               .clerks = 10,
                               .keys = 5,
                               .read_percent = 50,
                               .workload = "kv",
                               .nemesis = "partition,kill",
                               .rate = 10,
                               .run_ms = 30000,
                               .fault_ms = 3000,
                               .pause_ms = 1500,
                               .read_mode = READ_INDEX,
                               .check_quorum = true,
                               .pre_vote = true,
                               .tick_ms = 10,
                               .election_ms = 150,
                               .heartbeat_ms = 50,
                               .attempt_timeout_ms = 200,
                               .op_timeout_ms = 2000,
                               .latency_us = 100,
                               .jitter_us = 100,
                               .disk_us = 300,
                               .disk_jitter_us = 300,
                               .oracles = true};
}

static uint32_t pick(struct rng *r, const uint32_t *choices, size_t n)
{
    return choices[rng_below(r, n)];
}

#define PICK(r, ...)                                                                               \
    pick(r, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

/* Each group of knobs has a stream of its own, so that fixing one knob leaves the others. */
static void draw_cluster(struct sim_config *c)
{
    struct rng r = rng_make(c->seed, rng_stream("config-cluster", 0));

    c->nodes = PICK(&r, 1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 7);
    c->read_mode = PICK(&r, READ_INDEX, READ_INDEX, READ_LOG);
    c->check_quorum = rng_chance(&r, 750000);
    c->pre_vote = rng_chance(&r, 750000);
    c->tick_ms = PICK(&r, 2, 5, 10, 10, 20, 50); /* coarse ones make elections collide */
    c->heartbeat_ms = c->tick_ms * (uint32_t)rng_between(&r, 1, 5);
    c->election_ms = c->heartbeat_ms * (uint32_t)rng_between(&r, 3, 10);
    c->sessions_max = rng_chance(&r, 200000) ? c->clerks + 4 : 0;
    c->append_entries = PICK(&r, 0, 1, 1, 2);
}

static void draw_load(struct sim_config *c)
{
    static const char *const workloads[] = {"register", "cas-register", "append", "kv", "kv"};
    struct rng r = rng_make(c->seed, rng_stream("config-load", 0));

    c->clerks = PICK(&r, 1, 2, 3, 5, 5, 10, 10, 20);
    c->keys = PICK(&r, 1, 1, 2, 3, 5, 10);
    c->value_bytes = PICK(&r, 0, 0, 0, 10, 100);
    c->read_percent = PICK(&r, 20, 50, 50, 80);
    snprintf(c->workload, sizeof c->workload, "%s", workloads[rng_below(&r, 5)]);
    c->rate = PICK(&r, 5, 10, 20, 50);
    c->attempt_timeout_ms = PICK(&r, 50, 100, 200, 500);
    c->op_timeout_ms = c->attempt_timeout_ms * (uint32_t)rng_between(&r, 2, 10);
    c->run_ms = PICK(&r, 5000, 10000, 10000, 20000);
    c->wander_ppm = PICK(&r, 0, 50000, 300000, 1000000);
}

static void draw_faults(struct sim_config *c)
{
    static const char *const nemeses[] = {
        "none",  "partition",      "kill", "pause", "partition,kill",
        "links", "isolate-leader", "all",  "all",   "all"};
    struct rng r = rng_make(c->seed, rng_stream("config-faults", 0));

    snprintf(c->nemesis, sizeof c->nemesis, "%s", nemeses[rng_below(&r, 10)]);
    c->fault_ms = PICK(&r, 200, 500, 1000, 3000);
    c->pause_ms = PICK(&r, 100, 500, 1000, 2000);
    c->latency_us = PICK(&r, 20, 100, 100, 500, 5000);
    c->jitter_us = c->latency_us * PICK(&r, 0, 1, 1, 5);
    c->loss_ppm = PICK(&r, 0, 0, 0, 1000, 10000, 50000, 200000);
    c->duplicate_ppm = PICK(&r, 0, 0, 1000, 20000);
    c->reorder_ppm = PICK(&r, 0, 0, 1000, 50000);
    c->disk_us = PICK(&r, 50, 300, 300, 3000);
    c->disk_jitter_us = c->disk_us * PICK(&r, 0, 1, 5, 20);
    c->crash_ppm = PICK(&r, 0, 0, 50, 300, 2000, 10000);
    c->drift_ppm = PICK(&r, 0, 100, 10000, 200000);
}

/* Disks and clocks that misbehave now and then. */
static void draw_hardware(struct sim_config *c)
{
    struct rng r = rng_make(c->seed, rng_stream("config-hardware", 0));

    c->disk_stall_ppm = PICK(&r, 0, 0, 0, 1000, 20000);
    c->disk_stall_ms = PICK(&r, 20, 100, 500);
    c->disk_fail_ppm = PICK(&r, 0, 0, 0, 0, 200);
    c->jump_ppm = PICK(&r, 0, 0, 0, 500, 5000);
    c->jump_ms = PICK(&r, 50, 500, 2000);
}

/* A stream of its own keeps the other hardware as it was without. */
static void draw_damage(struct sim_config *c)
{
    struct rng r = rng_make(c->seed, rng_stream("config-damage", 0));

    c->disk_flip_ppm = PICK(&r, 0, 0, 0, 0, 0, 0, 300, 3000);
}

/* A node alone has no links that could be cut, and of two nodes no minority can go: faults that hit
 * somebody nevertheless. */
static void fit_faults(struct sim_config *c)
{
    if (c->nodes > 2 || strcmp(c->nemesis, "none") == 0)
        return;
    if (c->nodes == 1 && c->crash_ppm == 0)
        c->crash_ppm = 300;
    snprintf(c->nemesis, sizeof c->nemesis, "%s",
             c->nodes == 1 ? "kill,pause" : "kill,pause,isolate-one");
}

/* The search for an order takes the longer the more operations share a key (the problem is
 * NP-complete: Gibbons & Korach, "Testing shared memories", 1997). */
static void fit_keys(struct sim_config *c)
{
    int64_t ms = c->run_ms + 20 * (int64_t)c->election_ms + c->op_timeout_ms; /* and settling */
    uint32_t ops = (uint32_t)((double)c->clerks * c->rate * (double)ms / 1000);
    uint32_t floor = ops / KEY_OPS_MAX + 1;

    if (c->keys < floor)
        c->keys = floor;
}

/* An election timeout has to be well above a message and a write to disk at their slowest
 * (dissertation 3.9), or no leader lasts and liveness cannot be asked for. */
static void fit_elections(struct sim_config *c)
{
    uint32_t slowest_us = 2 * (c->latency_us + c->jitter_us) + c->disk_us + c->disk_jitter_us;
    uint32_t floor_ms = 4 * slowest_us / 1000 + 2 * c->heartbeat_ms;

    if (c->election_ms < floor_ms)
        c->election_ms = floor_ms;
    if (c->attempt_timeout_ms < 2 * slowest_us / 1000)
        c->attempt_timeout_ms = 2 * slowest_us / 1000;
    if (c->op_timeout_ms < 4 * c->election_ms)
        c->op_timeout_ms = 4 * c->election_ms;
}

void sim_config_draw(uint64_t seed, struct sim_config *ret)
{
    *ret = (struct sim_config){.seed = seed, .oracles = true};
    draw_load(ret);
    draw_cluster(ret);
    draw_faults(ret);
    draw_hardware(ret);
    draw_damage(ret);
    fit_elections(ret);
    fit_faults(ret);
    fit_keys(ret);
}
