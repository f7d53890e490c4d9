#include "checker/checker.h"
#include "sim/knobs.h"
#include "sim/shake.h"
#include "sim/shrink.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Replay files, and shrinking. */

static struct sim_case *drawn(uint64_t seed)
{
    struct sim_config config;
    struct sim_case *c;
    struct err e;

    sim_config_draw(seed, &config);
    cr_assert_eq(sim_case_create(&config, NULL, &c, &e), 0, "%s", e.text);
    return c;
}

static struct buf printed(const struct sim_case *c)
{
    struct buf text = {0};

    cr_assert_eq(sim_case_print(c, &text), 0);
    return text;
}

static bool same_death(const struct sim_death *a, const struct sim_death *b)
{
    return a->node == b->node && a->at_ns == b->at_ns && a->effects == b->effects &&
           a->down_ms == b->down_ms;
}

Test(sim_case, a_replay_file_reads_back_as_it_was)
{
    static const struct sim_op ops[] = {{3, 4}, {0, UINT32_MAX}, {0, 1}};
    static const struct sim_death deaths[] = {
        {7, 5, 0, 1}, {1, INT64_MAX / 2, UINT32_MAX, UINT32_MAX}, {1, 0, 3, 1024}};

    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct sim_case *c = drawn(seed == 50 ? UINT64_MAX : seed), *again;
        struct buf first, second;
        struct err e;

        if (seed % 2 == 0)
            cr_assert_eq(sim_case_set_ops(c, ops, seed % 4, &e), 0);
        if (seed % 3 == 0)
            cr_assert_eq(sim_case_set_deaths(c, deaths, 3, &e), 0);
        snprintf(c->bug, sizeof c->bug, "some-bug");
        first = printed(c);
        cr_assert_eq(sim_case_parse("x", buf_slice(&first), &again, &e), 0, "%s", e.text);
        cr_assert_eq(again->config.seed, c->config.seed);
        cr_assert_eq(again->config.ops == NULL, c->config.ops == NULL);
        cr_assert_eq(again->deaths.n, c->deaths.n);
        for (size_t i = 0; i < c->deaths.n; i++)
            cr_assert(same_death(&again->deaths.items[i], &c->deaths.items[i]), "%zu", i);
        second = printed(again);
        cr_assert(slice_equal(buf_slice(&first), buf_slice(&second)));
        buf_free(&first);
        buf_free(&second);
        sim_case_destroy(c);
        sim_case_destroy(again);
    }
}

/* One replacement in a good file, and what is said about it. */
static const struct {
    const char *from, *to, *said;
} mistakes[] = {
    {"\"replay\": 1", "\"replay\": 2", "x: expected \"replay\": 1"},
    {"\"nodes\": ", "\"nodes\": 9", "x: config: nodes: expected a number from 1 to 7, not '9"},
    {"\"nodes\"", "\"knots\"", "x: config.nodes: missing"},
    {"\"config\": {", "\"config\": {\"more\": 1,", "x: config: there is a field that is no knob"},
    {"\"seed\": \"", "\"seed\": \"-", "x: config.seed: expected a number, or a string of digits"},
    {"\"operations\": [[", "\"operations\": [[-", "x: operations[0]: expected [clerk, count]"},
    {"\"deaths\": [", "\"deaths\": [7, ", "x: deaths[0]: expected node (1 to 7), at_ns, effects"},
    {"\"node\": ", "\"node\": 1", "x: deaths[0]: expected node"},
    {"\"at_ns\": ", "\"at_ns\": -", "x: deaths[0]: expected node"},
    {"\"down_ms\": 9", "\"down_ms\": 0", "x: deaths[0]: expected node"},
    {"\"down_ms\"", "\"more\": 1, \"down_ms\"", "x: deaths[0]: expected node"},
    {"\"plan\": {", "\"plan\": {\"more\": 1,", "x: plan"},
    {"\"nemesis\": \"", "\"nemesis\": \"\\u0022",
     "x: config: nemesis: expected at most 95 letters"},
    {"\"config\"", "\"bug\": \"A\", \"config\"", "x: bug: expected at most 63 letters"},
    {"\"config\"", "config", "x: line "},
};

Test(sim_case, a_mistake_is_named)
{
    static const struct sim_op op = {1, 1};
    static const struct sim_death death = {2, 3, 4, 9};
    struct sim_case *c = drawn(3), *got = NULL;
    struct buf good;

    cr_assert_eq(sim_case_set_ops(c, &op, 1, NULL), 0);
    cr_assert_eq(sim_case_set_deaths(c, &death, 1, NULL), 0);
    good = printed(c);
    cr_assert_eq(buf_append_byte(&good, '\0'), 0);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const char *text = (const char *)good.data;
        const char *at = strstr(text, mistakes[i].from);
        struct buf bad = {0};
        struct err e;

        cr_assert_not_null(at, "%s", mistakes[i].from);
        cr_assert_eq(buf_printf(&bad, "%.*s%s%s", (int)(at - text), text, mistakes[i].to,
                                at + strlen(mistakes[i].from)),
                     0);
        cr_assert_lt(sim_case_parse("x", buf_slice(&bad), &got, &e), 0, "%s", mistakes[i].to);
        cr_assert_eq(strncmp(e.text, mistakes[i].said, strlen(mistakes[i].said)), 0, "'%s'",
                     e.text);
        buf_free(&bad);
    }
    buf_free(&good);
    sim_case_destroy(c);
}

Test(sim_case, a_knob_that_came_later_is_off_in_files_without_it)
{
    struct sim_case *c = drawn(3), *got = NULL;
    struct buf good, old = {0};
    const char *text, *at;
    struct err e;

    c->config.disk_flip_ppm = 4711;
    good = printed(c);
    cr_assert_eq(buf_append_byte(&good, '\0'), 0);
    text = (const char *)good.data;
    at = strstr(text, "\"disk-flip-ppm\": 4711,");
    cr_assert_not_null(at);
    cr_assert_eq(buf_printf(&old, "%.*s%s", (int)(at - text), text, strchr(at, ',') + 1), 0);
    cr_assert_eq(sim_case_parse("x", buf_slice(&old), &got, &e), 0, "%s", e.text);
    cr_assert_eq(got->config.disk_flip_ppm, 0);
    buf_free(&old);
    buf_free(&good);
    sim_case_destroy(got);
    sim_case_destroy(c);
}

Test(sim_case, half_a_file_is_a_mistake_wherever_it_ends)
{
    struct sim_case *c = drawn(3), *got = NULL;
    struct buf good = printed(c);

    for (size_t len = 0; len + 2 < good.len; len += 7) /* the last bytes are blank */
        cr_assert_eq(sim_case_parse("x", slice_of(good.data, len), &got, NULL), -E_PARSE);
    buf_free(&good);
    sim_case_destroy(c);
}

/* --- shrinking ------------------------------------------------------------------------------ */

/* A leader that nobody follows any more answers reads from what it has. */
static struct sim_config stale_reads(uint64_t seed)
{
    struct sim_config c;

    sim_config_plain(seed, &c);
    c.read_mode = READ_LOCAL;
    c.check_quorum = false;
    c.wander_ppm = 200000;
    c.run_ms = 10000;
    snprintf(c.workload, sizeof c.workload, "register");
    snprintf(c.nemesis, sizeof c.nemesis, "isolate-leader");
    return c;
}

static struct history *not_linearizable(void *context, const struct sim_case *c)
{
    struct check_options o = {0};
    struct check_result *check = NULL;
    struct history *h = NULL;
    struct sim_result r;

    (void)context;
    cr_assert_eq(sim_run(&c->config, c->plan, NULL, &h, &r, NULL), 0);
    cr_assert_eq(check_history(h, &o, &check, NULL), 0);
    if (check->verdict != VERDICT_NOT_LINEARIZABLE)
        history_free(&h);
    check_result_free(&check);
    return h;
}

Test(sim_shrink, a_stale_read_shrinks_to_a_handful_of_operations_and_still_fails)
{
    struct sim_shrink_options o = {.fails = not_linearizable, .tries_max = 2000};
    int found = 0;

    for (uint64_t seed = 1; seed <= 20 && found < 3; seed++) {
        struct sim_config config = stale_reads(seed);
        struct sim_case *c;
        struct history *h;
        uint64_t tries;
        struct err e;

        cr_assert_eq(sim_case_create(&config, NULL, &c, &e), 0);
        h = not_linearizable(NULL, c);
        if (h != NULL) {
            history_free(&h);
            found++;
            cr_assert_eq(sim_shrink(&c, &o, &tries, &e), 0, "%s", e.text);
            cr_assert_leq(tries, o.tries_max);
            cr_assert_leq(c->ops.n, 10, "%zu operations", c->ops.n);
            cr_assert_leq(c->plan->n_steps, 3, "%zu faults", c->plan->n_steps);
            h = not_linearizable(NULL, c);
            cr_assert_not_null(h, "the smallest case does not fail");
            history_free(&h);
        }
        sim_case_destroy(c);
    }
    cr_assert_eq(found, 3, "%d seeds showed a stale read", found);
}

Test(sim_shrink, what_does_not_fail_is_left_as_it_is)
{
    struct sim_shrink_options o = {.fails = not_linearizable, .tries_max = 10};
    struct sim_config config;
    struct sim_case *c, *before;
    uint64_t tries;

    sim_config_plain(1, &config);
    config.run_ms = 1000;
    cr_assert_eq(sim_case_create(&config, NULL, &c, NULL), 0);
    before = c;
    cr_assert_eq(sim_shrink(&c, &o, &tries, NULL), -E_INVAL);
    cr_assert_eq(c, before);
    sim_case_destroy(c);
}

/* One node dies, and later another one: what has to be left is exactly these two. */
static struct history *two_deaths(void *context, const struct sim_case *c)
{
    struct history *h = NULL;
    struct sim_result r;
    uint64_t first = 0;
    bool both = false;

    (void)context;
    cr_assert_eq(sim_run(&c->config, c->plan, NULL, &h, &r, NULL), 0);
    for (size_t i = 0; i < h->n_events; i++)
        if (h->events[i].kind == HISTORY_NODE && h->events[i].what == NODE_DIED) {
            both |= first != 0 && h->events[i].node != first;
            first = h->events[i].node;
        }
    if (!both)
        history_free(&h);
    return h;
}

Test(sim_shrink, deaths_by_chance_come_down_to_those_that_are_needed)
{
    struct sim_shrink_options o = {.fails = two_deaths, .tries_max = 5000};

    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct sim_config config;
        struct sim_case *c;
        struct history *h;
        uint64_t tries;
        struct err e;

        sim_config_plain(seed, &config);
        snprintf(config.nemesis, sizeof config.nemesis, "links");
        config.run_ms = 5000;
        config.crash_ppm = 5000;
        cr_assert_eq(sim_case_create(&config, NULL, &c, &e), 0);
        cr_assert_eq(sim_shrink(&c, &o, &tries, &e), 0, "%s", e.text);
        cr_assert_eq(c->config.crash_ppm, 0);
        cr_assert_eq(c->deaths.n, 2, "seed %d: %zu deaths", (int)seed, c->deaths.n);
        cr_assert_eq(c->plan->n_steps, 0, "seed %d: %zu faults", (int)seed, c->plan->n_steps);
        h = two_deaths(NULL, c);
        cr_assert_not_null(h);
        history_free(&h);
        sim_case_destroy(c);
    }
}

/* Those that chance may bring counted in. */
static size_t faults_at_most(const struct sim_case *c)
{
    return sim_case_faults(c) + (c->config.crash_ppm > 0 ? c->config.crashes_max : 0);
}

Test(sim_shrink, a_shaken_case_is_sound_and_has_fewer_faults)
{
    struct rng r = rng_make(1, 2);

    for (uint64_t seed = 1; seed <= 300; seed++) {
        static const struct sim_death deaths[] = {{1, 5, 0, 1}, {2, 4000000, 2, 9}, {2, 9, 7, 3}};
        struct sim_case *c = drawn(seed), *again;
        struct buf text;
        size_t before;
        struct err e;

        c->config.crash_ppm = 0;
        cr_assert_eq(sim_case_set_deaths(c, deaths, seed % 4, &e), 0);
        before = faults_at_most(c);
        cr_assert_eq(sim_case_shake(c, seed % 2 == 0 ? 0 : 300, &r, &e), 0);
        cr_assert(before == 0 ? faults_at_most(c) == 0 : faults_at_most(c) < before);
        for (size_t i = 1; i < c->deaths.n; i++)
            cr_assert_leq(c->deaths.items[i - 1].node, c->deaths.items[i].node);
        text = printed(c); /* the reader says what is out of order */
        cr_assert_eq(sim_case_parse("x", buf_slice(&text), &again, &e), 0, "%s", e.text);
        sim_case_destroy(again);
        buf_free(&text);
        sim_case_destroy(c);
    }
}
