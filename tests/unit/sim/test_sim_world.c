#include "sim/case.h"
#include "sim/knobs.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Whole runs. */

static int append_bytes(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

/* The history of a configuration as its file would be. */
static struct buf bytes_of(const struct sim_config *c, struct sim_result *result)
{
    uint64_t nodes[SIM_NODES_MAX];
    struct history_header header = sim_history_header(c, nodes);
    struct buf bytes = {0};
    struct history_sink sink = {append_bytes, &bytes};
    struct history_writer *w;
    struct err e;

    cr_assert_eq(history_writer_create(&sink, &header, &w, &e), 0);
    cr_assert_eq(sim_run(c, NULL, w, NULL, result, &e), 0, "%s", e.text);
    cr_assert_eq(history_writer_close(&w, &e), 0);
    return bytes;
}

Test(sim_world, the_same_seed_gives_the_same_bytes)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_config c;
        struct sim_result result;
        struct buf first, second;

        sim_config_draw(seed, &c);
        first = bytes_of(&c, &result);
        second = bytes_of(&c, &result);
        cr_assert(slice_equal(buf_slice(&first), buf_slice(&second)), "seed %d", (int)seed);
        cr_assert_eq(result.finding, SIM_FINE, "seed %d: %s", (int)seed, result.reason);
        buf_free(&first);
        buf_free(&second);
    }
}

Test(sim_world, different_seeds_give_different_runs)
{
    struct sim_config a, b;
    struct sim_result result;
    struct buf first, second;

    sim_config_plain(1, &a);
    sim_config_plain(2, &b);
    a.run_ms = b.run_ms = 2000;
    first = bytes_of(&a, &result);
    second = bytes_of(&b, &result);
    cr_assert_not(slice_equal(buf_slice(&first), buf_slice(&second)));
    buf_free(&first);
    buf_free(&second);
}

/* What watches must not touch. */
Test(sim_world, oracles_change_nothing)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim_config c;
        struct sim_result result;
        struct buf with, without;

        sim_config_draw(seed, &c);
        with = bytes_of(&c, &result);
        c.oracles = false;
        without = bytes_of(&c, &result);
        cr_assert(slice_equal(buf_slice(&with), buf_slice(&without)), "seed %d", (int)seed);
        buf_free(&with);
        buf_free(&without);
    }
}

/* The first of three nodes against the rest: two links, both ways. */
Test(sim_world, a_fault_names_the_links_that_it_cuts_and_what_proves_it)
{
    struct plan_step step = {.number = 1,
                             .at_ms = 500,
                             .for_ms = 500,
                             .kind = FAULT_PARTITION,
                             .shape = SHAPE_HALVES,
                             .clients = CLIENTS_FREE};
    struct plan plan = {.steps = &step, .n_steps = 1};
    struct history *h = NULL;
    struct sim_config c;
    struct sim_result r;
    const struct history_event *begins = NULL;
    const struct history_event *ends = NULL;

    sim_config_plain(1, &c);
    c.nodes = 3;
    c.run_ms = 2000;
    cr_assert_eq(sim_run(&c, &plan, NULL, &h, &r, NULL), 0);
    for (size_t i = 0; i < h->n_events; i++) {
        if (h->events[i].kind == HISTORY_FAULT && h->events[i].begins)
            begins = &h->events[i];
        else if (h->events[i].kind == HISTORY_FAULT)
            ends = &h->events[i];
    }
    cr_assert(begins != NULL && ends != NULL);
    cr_assert(ends->dropped > 0 && ends->delayed == 0, "what proves it is of its own kind");
    cr_assert_eq(begins->n_cuts, 4, "%s cuts %zu links", begins->text, begins->n_cuts);
    for (size_t i = 0; i < begins->n_cuts; i++)
        cr_assert((begins->cuts[i].from == 1) != (begins->cuts[i].to == 1), "%s", begins->text);
    history_free(&h);
}

Test(sim_world, faults_of_every_kind_come_up_and_bite)
{
    struct sim_result sum = {0};

    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct sim_config c;
        struct sim_result r;

        sim_config_draw(seed, &c);
        c.run_ms = 5000;
        cr_assert_eq(sim_run(&c, NULL, NULL, NULL, &r, NULL), 0);
        for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
            sum.faults[i] += r.faults[i];
        sum.crashes += r.crashes;
        sum.disk_stalls += r.disk_stalls;
        sum.disk_failures += r.disk_failures;
        sum.disk_flips += r.disk_flips;
        sum.nodes_lost += r.nodes_lost;
        sum.clock_jumps += r.clock_jumps;
        sum.kills += r.kills;
        sum.dropped += r.dropped;
    }
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        cr_assert_gt(sum.faults[i], 0, "%s", fault_kind_name((enum fault_kind)i));
    cr_assert(sum.crashes > 0 && sum.disk_stalls > 0 && sum.disk_failures > 0 &&
              sum.disk_flips > 0 && sum.nodes_lost > 0 && sum.clock_jumps > 0 && sum.kills > 0 &&
              sum.dropped > 0);
}

Test(sim_world, only_the_operations_that_are_wanted_happen)
{
    struct sim_op wanted[] = {{0, 3}, {2, 0}, {2, 7}};
    struct sim_ops ops = {wanted, 3};
    struct sim_config c;
    struct sim_result r;
    struct history *h;

    sim_config_plain(4, &c);
    c.run_ms = 3000;
    c.ops = &ops;
    cr_assert_eq(sim_run(&c, NULL, NULL, &h, &r, NULL), 0);
    cr_assert_eq(h->n_ops, 3);
    cr_assert_eq(r.ok, 3);
    history_free(&h);
}

Test(sim_world, a_cluster_that_cannot_elect_a_leader_fails_its_liveness_phase)
{
    struct sim_config c;
    struct sim_result r;

    sim_config_plain(3, &c);
    c.run_ms = 2000;
    snprintf(c.nemesis, sizeof c.nemesis, "none");
    c.latency_us = 500000; /* far above the election timeout */
    cr_assert_eq(sim_run(&c, NULL, NULL, NULL, &r, NULL), 0);
    cr_assert_eq(r.finding, SIM_LIVENESS, "%s", sim_finding_name(r.finding));
}

/* A clock that stands still for a minute is a fault, and ends with the others. */
Test(sim_world, faults_of_disks_and_clocks_end_when_everything_is_healed)
{
    uint64_t jumps = 0, failures = 0, stalls = 0;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_config c;
        struct sim_result r;

        sim_config_plain(seed, &c);
        c.nodes = 2;
        c.run_ms = 3000;
        c.jump_ppm = 50000;
        c.jump_ms = 60000;
        c.disk_stall_ppm = c.disk_fail_ppm = 100000;
        c.disk_stall_ms = 3000;
        cr_assert_eq(sim_run(&c, NULL, NULL, NULL, &r, NULL), 0);
        cr_assert_eq(r.finding, SIM_FINE, "seed %d: %s", (int)seed, r.reason);
        jumps += r.clock_jumps;
        failures += r.disk_failures;
        stalls += r.disk_stalls;
    }
    cr_assert(jumps > 0 && failures > 0 && stalls > 0);
}

/* Nodes that start and stop all the time read their disks back all the time. */
Test(sim_world, flipped_bits_cost_a_minority_for_good_and_nothing_else)
{
    for (uint32_t nodes = 1; nodes <= SIM_NODES_MAX; nodes++) {
        uint64_t lost_most = 0;

        for (uint64_t seed = 1; seed <= 12; seed++) {
            struct sim_config c;
            struct sim_result r;

            sim_config_plain(seed, &c);
            c.nodes = nodes;
            c.run_ms = 4000;
            c.crash_ppm = 3000;
            c.append_entries = 1;
            c.disk_flip_ppm = 20000;
            cr_assert_eq(sim_run(&c, NULL, NULL, NULL, &r, NULL), 0);
            cr_assert_eq(r.finding, SIM_FINE, "%d nodes, seed %d: %s", (int)nodes, (int)seed,
                         r.reason);
            cr_assert_leq(r.nodes_lost, (nodes - 1) / 2);
            cr_assert(r.nodes_lost <= r.disk_flips);
            if (r.nodes_lost > lost_most)
                lost_most = r.nodes_lost;
        }
        cr_assert_eq(lost_most, (nodes - 1) / 2, "%d nodes", (int)nodes);
    }
}

/* --- configurations ------------------------------------------------------------------------- */

Test(sim_config, every_drawn_world_is_one_that_can_run)
{
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct sim_config c;
        struct plan *plan;
        struct err e;

        sim_config_draw(seed, &c);
        cr_assert_eq(sim_config_check(&c, &e), 0, "seed %d: %s", (int)seed, e.text);
        cr_assert_eq(sim_draw_plan(&c, &plan, &e), 0, "seed %d: %s", (int)seed, e.text);
        plan_free(&plan);
    }
}

Test(sim_config, every_knob_reads_what_it_prints)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);

    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct sim_config from, to = {0};
        char a[SIM_KNOB_TEXT_MAX], b[SIM_KNOB_TEXT_MAX];

        sim_config_draw(seed, &from);
        for (size_t i = 0; i < n; i++) {
            sim_knob_text(&from, &knobs[i], a);
            cr_assert_eq(sim_knob_set(&to, &knobs[i], a, NULL), 0, "%s", knobs[i].name);
            sim_knob_text(&to, &knobs[i], b);
            cr_assert_str_eq(a, b, "%s", knobs[i].name);
        }
    }
}

Test(sim_config, a_knob_says_what_it_expects)
{
    static const char *const bad[] = {"", "-1", "x", "8", "1 ", "99999999999999999999"};
    size_t n;
    const struct sim_knob *nodes = sim_knobs(&n);
    struct sim_config c = {.nodes = 3};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char expected[128];
        struct err e;

        snprintf(expected, sizeof expected, "nodes: expected a number from 1 to 7, not '%s'",
                 bad[i]);
        cr_assert_eq(sim_knob_set(&c, nodes, bad[i], &e), -E_INVAL);
        cr_assert_str_eq(e.text, expected);
        cr_assert_eq(c.nodes, 3);
    }
}

/* --- deaths that are named ------------------------------------------------------------------- */

Test(sim_world, deaths_by_name_repeat_those_by_chance_to_the_byte)
{
    size_t seen = 0;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct sim_config c;
        struct sim_result result;
        struct sim_died *died;
        struct sim_death *deaths;
        size_t n_died, n = 0;
        struct sim_case *named;
        struct buf first, second;
        struct err e;

        sim_config_draw(seed, &c);
        c.run_ms = 3000;
        c.crash_ppm = 1000;
        c.disk_fail_ppm = seed % 2 == 0 ? 1000 : 0;
        first = bytes_of(&c, &result);
        cr_assert_eq(sim_find_deaths(&c, NULL, &died, &n_died, &e), 0, "%s", e.text);
        deaths = calloc(n_died + 1, sizeof *deaths);
        for (size_t i = 0; i < n_died; i++)
            if (died[i].between) {
                cr_assert_eq(strncmp(died[i].told, "before ", 7), 0, "%s", died[i].told);
                deaths[n++] = died[i].death;
            }
        seen += n;
        cr_assert_eq(sim_case_create(&c, NULL, &named, &e), 0, "%s", e.text);
        cr_assert_eq(sim_case_set_deaths(named, deaths, n, &e), 0);
        named->config.crash_ppm = 0;
        second = bytes_of(&named->config, &result);
        cr_assert(slice_equal(buf_slice(&first), buf_slice(&second)), "seed %d", (int)seed);
        sim_case_destroy(named);
        free(died);
        free(deaths);
        buf_free(&first);
        buf_free(&second);
    }
    cr_assert_gt(seen, 50, "%zu deaths", seen);
}

/* The times at which a node died and started, one line each. */
static struct buf life_of(const struct sim_config *c, uint64_t node)
{
    struct history *h = NULL;
    struct sim_result result;
    struct buf out = {0};

    cr_assert_eq(sim_run(c, NULL, NULL, &h, &result, NULL), 0);
    for (size_t i = 0; i < h->n_events; i++) {
        const struct history_event *e = &h->events[i];

        if (e->kind == HISTORY_NODE && e->node == node && e->time_ns > 0 &&
            (e->what == NODE_DIED || e->what == NODE_STARTED))
            cr_assert_eq(buf_printf(&out, "%s %d\n", e->what == NODE_DIED ? "died" : "started",
                                    (int)(e->time_ns / 1000000)),
                         0);
    }
    history_free(&h);
    cr_assert_eq(buf_append_byte(&out, '\0'), 0);
    return out;
}

Test(sim_world, a_named_death_happens_once_and_not_while_the_node_is_down)
{
    /* A tick of 10 ms is the rarest thing that has an effect on a leader; hence the tens. */
    static struct sim_death items[] = {
        {2, 1000000000, 0, 50}, {2, 1040000000, 0, 50}, {2, 2000000000, 3, 7}, {3, 5, 1, 1}};
    struct sim_deaths deaths = {items, 4};
    struct sim_config c;
    struct buf life;
    int died, back, died_again, back_again, n;

    sim_config_plain(1, &c);
    snprintf(c.nemesis, sizeof c.nemesis, "none");
    c.rate = 100;
    c.run_ms = 4000;
    c.deaths = &deaths;
    life = life_of(&c, 2);
    n = sscanf((const char *)life.data, "died %d\nstarted %d\ndied %d\nstarted %d\n%*c", &died,
               &back, &died_again, &back_again);
    cr_assert_eq(n, 4, "%s", (const char *)life.data);
    cr_assert(died >= 1000 && died < 1040, "%d", died);
    cr_assert_eq(back, died + 50);
    cr_assert(died_again >= 2000 && died_again < 2040, "%d", died_again);
    cr_assert_eq(back_again, died_again + 7);
    buf_free(&life);
}
