/* Plans: drawing, printing, reading, and what is said about mistakes. */
#include "base/buf.h"
#include "nemesis/plan.h"

#include <criterion/criterion.h>

static struct plan *drawn(const char *nemesis, uint64_t seed)
{
    struct plan_options o = {.nemesis = nemesis, .seed = seed, .run_ms = 120000};
    struct plan *p = NULL;
    struct err e;

    cr_assert_eq(plan_draw(&o, &p, &e), 0, "%s", e.text);
    return p;
}

static struct buf printed(const struct plan *p)
{
    struct buf text = {0};

    cr_assert_eq(plan_print(p, &text), 0);
    return text;
}

static struct plan *parsed(struct buf text)
{
    struct plan *p = NULL;
    struct err e;

    cr_assert_eq(plan_parse("p.json", (char *)text.data, text.len, &p, &e), 0, "%s", e.text);
    return p;
}

static bool steps_equal(const struct plan_step *a, const struct plan_step *b)
{
    return a->number == b->number && a->at_ms == b->at_ms && a->for_ms == b->for_ms &&
           a->kind == b->kind && a->shape == b->shape && a->target == b->target &&
           a->clients == b->clients && a->ppm == b->ppm && a->delay_ms == b->delay_ms &&
           a->jitter_ms == b->jitter_ms && a->period_ms == b->period_ms && a->types == b->types &&
           a->draw == b->draw;
}

static void assert_same(const struct plan *a, const struct plan *b)
{
    cr_assert_eq(a->seed, b->seed);
    cr_assert_eq(a->n_steps, b->n_steps);
    for (size_t i = 0; i < a->n_steps; i++)
        cr_assert(steps_equal(&a->steps[i], &b->steps[i]), "step %zu", i);
}

Test(plan, drawn_twice_from_a_seed_is_the_same_and_another_seed_differs)
{
    struct plan *a = drawn("all", 7);
    struct plan *b = drawn("all", 7);
    struct plan *c = drawn("all", 8);

    assert_same(a, b);
    cr_assert_gt(a->n_steps, 10);
    cr_assert_neq(a->steps[0].draw, c->steps[0].draw);
    plan_free(&a);
    plan_free(&b);
    plan_free(&c);
}

Test(plan, every_name_draws_a_plan_that_survives_json)
{
    for (const char *const *name = plan_nemesis_names(); *name != NULL; name++) {
        struct plan *a = drawn(*name, UINT64_MAX);
        struct buf text = printed(a);
        struct plan *b = parsed(text);

        cr_assert_eq(a->n_steps == 0, strcmp(*name, "none") == 0, "%s", *name);
        assert_same(a, b);
        buf_free(&text);
        plan_free(&a);
        plan_free(&b);
    }
}

Test(plan, steps_keep_their_times)
{
    struct plan_options o = {.nemesis = "all", .seed = 3, .run_ms = 60000, .quiet_ms = 5000};
    struct plan *p = NULL;
    struct err e;

    cr_assert_eq(plan_draw(&o, &p, &e), 0);
    cr_assert_eq(p->steps[0].at_ms, 2000);
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct plan_step *s = &p->steps[i];

        cr_assert_eq(s->number, i + 1);
        cr_assert(s->for_ms >= 1500 && s->for_ms <= 4500);
        cr_assert_leq(s->at_ms + s->for_ms, 55000);
        if (i > 0)
            cr_assert_geq(s->at_ms, s[-1].at_ms + s[-1].for_ms + 750);
    }
    plan_free(&p);
}

Test(plan, every_kind_and_shape_is_drawn_sooner_or_later)
{
    uint32_t kinds = 0;
    uint32_t shapes = 0;

    for (uint64_t seed = 0; seed < 20; seed++) {
        struct plan *p = drawn("all", seed);

        for (size_t i = 0; i < p->n_steps; i++) {
            kinds |= 1u << p->steps[i].kind;
            if (p->steps[i].kind == FAULT_PARTITION)
                shapes |= 1u << p->steps[i].shape;
        }
        plan_free(&p);
    }
    cr_assert_eq(kinds, (1u << FAULT_KIND_COUNT) - 1);
    cr_assert_eq(shapes, (1u << FAULT_SHAPE_COUNT) - 1);
}

Test(plan, isolate_leader_mixes_clerks_that_are_split_and_free)
{
    struct plan *p = drawn("isolate-leader", 1);
    size_t by_clients[FAULT_CLIENTS_COUNT] = {0};

    for (size_t i = 0; i < p->n_steps; i++) {
        cr_assert_eq(p->steps[i].shape, SHAPE_ISOLATE_LEADER);
        by_clients[p->steps[i].clients]++;
    }
    cr_assert_gt(by_clients[CLIENTS_FREE], 3);
    cr_assert_gt(by_clients[CLIENTS_SPLIT], 3);
    plan_free(&p);
}

static size_t count_of(const struct plan *p, const struct plan_step *wanted)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_steps; i++) {
        struct plan_step s = p->steps[i];

        s.number = wanted->number;
        n += steps_equal(&s, wanted);
    }
    return n;
}

Test(plan, a_nemesis_that_is_added_leaves_the_steps_of_the_others)
{
    struct plan *one = drawn("partition", 5);
    struct plan *two = drawn("kill,partition", 5);

    cr_assert_gt(two->n_steps, one->n_steps);
    for (size_t i = 0; i < one->n_steps; i++)
        cr_assert_eq(count_of(two, &one->steps[i]), 1);
    plan_free(&one);
    plan_free(&two);
}

Test(plan, a_step_that_is_taken_out_of_the_file_changes_no_other)
{
    struct plan *p = drawn("all", 9);
    struct buf whole = printed(p);
    struct plan *rest = parsed(whole);
    struct buf text;
    struct plan *again;

    memmove(rest->steps + 2, rest->steps + 3, (rest->n_steps - 3) * sizeof *rest->steps);
    rest->n_steps--;
    text = printed(rest);
    again = parsed(text);
    for (size_t i = 0; i < again->n_steps; i++)
        cr_assert(steps_equal(&again->steps[i], &p->steps[i < 2 ? i : i + 1]));
    buf_free(&whole);
    buf_free(&text);
    plan_free(&p);
    plan_free(&rest);
    plan_free(&again);
}

Test(plan, a_wrong_name_lists_the_right_ones)
{
    struct plan_options o = {.nemesis = "kill,pinch", .run_ms = 10000};
    struct plan *p = NULL;
    struct err e;

    cr_assert_eq(plan_draw(&o, &p, &e), -E_INVAL);
    cr_assert_str_eq(e.text, "no nemesis 'pinch': there are none, partition, halves, "
                             "random-halves, isolate-one, isolate-leader, majorities-ring, bridge, "
                             "one-way, flapping, kill, pause, delay, drop, duplicate, reorder, "
                             "links, all");
    o.nemesis = "kill,kill";
    cr_assert_eq(plan_draw(&o, &p, &e), -E_INVAL);
    cr_assert_str_eq(e.text, "nemesis 'kill' is named twice");
    cr_assert_null(p);
}

/* Each row puts one line in the place of the third step. */
#define STEP_1                                                                                     \
    "{\"number\": 1, \"at_ms\": 0, \"for_ms\": 10, \"fault\": \"kill\", \"target\": \"all\"}"
#define STEP_2                                                                                     \
    "{\"number\": 4, \"at_ms\": 50, \"for_ms\": 10, \"fault\": \"pause\",\n\"target\": \"all\"}"
#define TIMES "\"number\": 5, \"at_ms\": 60, \"for_ms\": 10"

static const struct {
    const char *step;
    const char *text;
} bad_steps[] = {
    {"7", "p.json:6: steps[2]: expected an object"},
    {"{\"at_ms\": 60}", "p.json:6: steps[2].number: expected a whole number from 1 to 4294967295"},
    {"{\"number\": 4, \"at_ms\": 60, \"for_ms\": 10, \"fault\": \"kill\", \"target\": \"all\"}",
     "p.json:6: steps[2].number: expected more than in the step before"},
    {"{\"number\": 5, \"at_ms\": 49, \"for_ms\": 10, \"fault\": \"kill\", \"target\": \"all\"}",
     "p.json:6: steps[2].at_ms: expected no less than in the step before"},
    {"{\"number\": 5, \"at_ms\": 60, \"for_ms\":\n0}",
     "p.json:7: steps[2].for_ms: expected a whole number from 1 to 604800000"},
    {"{" TIMES ", \"fault\": \"murder\"}",
     "p.json:6: steps[2].fault: expected one of partition, delay, drop, duplicate, reorder, kill, "
     "pause"},
    {"{" TIMES ",\n\"fault\": \"kill\"}",
     "p.json:6: steps[2].target: expected one of leader, random, minority, all"},
    {"{" TIMES ", \"fault\": \"kill\", \"target\": \"all\",\n\"shape\": \"ring\"}",
     "p.json:7: steps[2].shape: no field of such a step (kill)"},
    {"{" TIMES ", \"fault\": \"partition\", \"shape\": \"halves\", \"period_ms\": 100}",
     "p.json:6: steps[2].period_ms: no field of such a step (partition)"},
    {"{" TIMES ", \"fault\": \"partition\", \"shape\": \"flapping\"}",
     "p.json:6: steps[2].period_ms: expected a whole number from 10 to 60000"},
    {"{" TIMES ", \"fault\": \"drop\", \"ppm\": 1000001}",
     "p.json:6: steps[2].ppm: expected a whole number from 1 to 1000000"},
    {"{" TIMES ", \"fault\": \"drop\", \"ppm\": 1, \"types\": [\"append\", \"gossip\"]}",
     "p.json:6: steps[2].types: expected an array of pre-vote, pre-vote-reply, vote, vote-reply, "
     "append, append-reply, heartbeat, heartbeat-reply"},
    {"{" TIMES ", \"fault\": \"drop\", \"ppm\": 1, \"draw\": \"18446744073709551616\"}",
     "p.json:6: steps[2].draw: expected a number from 0 to 2^64 - 1 (as a string from 2^63 on)"},
};

Test(plan, a_mistake_in_a_step_is_reported_with_its_line_and_what_was_expected)
{
    for (size_t i = 0; i < sizeof bad_steps / sizeof bad_steps[0]; i++) {
        struct buf text = {0};
        struct plan *p = NULL;
        struct err e = {0};

        buf_printf(&text,
                   "{\"plan\": 1, \"seed\": 3,\n\"steps\": [\n" STEP_1 ",\n" STEP_2 ",\n%s]}",
                   bad_steps[i].step);
        cr_expect_eq(plan_parse("p.json", (char *)text.data, text.len, &p, &e), -E_PARSE);
        cr_expect_str_eq(e.text, bad_steps[i].text, "'%s', not '%s'", e.text, bad_steps[i].text);
        cr_expect_null(p);
        buf_free(&text);
    }
}

static const struct {
    const char *text;
    const char *expected;
} bad_plans[] = {
    {"", "p.json:1: '[' or '{' expected near end of file"},
    {"{\n\"plan\": 1,\n}", "p.json:3: string or '}' expected near '}'"},
    {"[]", "p.json:1: plan: expected 1, the version of the format"},
    {"{\n\"plan\": 2}", "p.json:2: plan: expected 1, the version of the format"},
    {"{\"plan\": 1}", "p.json:1: steps: expected an array of at most 10000 steps"},
    {"{\"plan\": 1,\n\"seed\": -1}", "p.json:2: seed: expected a number from 0 to 2^64 - 1"},
    {"{\"plan\": 1, \"steps\": [],\n\"sleeps\": 1}", "p.json:2: sleeps: no field of a plan"},
};

Test(plan, a_file_that_is_no_plan_is_refused_with_the_reason)
{
    for (size_t i = 0; i < sizeof bad_plans / sizeof bad_plans[0]; i++) {
        struct plan *p = NULL;
        struct err e = {0};
        const char *text = bad_plans[i].text;

        cr_expect_eq(plan_parse("p.json", text, strlen(text), &p, &e), -E_PARSE);
        cr_expect_str_eq(e.text, bad_plans[i].expected, "'%s'", e.text);
    }
}

Test(plan, steps_are_described_in_a_line)
{
    const struct plan_step s = {.number = 3,
                                .at_ms = 2500,
                                .for_ms = 1000,
                                .kind = FAULT_DROP,
                                .ppm = 250000,
                                .types = 1u << RAFT_APPEND};
    struct buf text = {0};

    cr_assert_eq(plan_describe_step(&s, &text), 0);
    cr_assert_str_eq((char *)text.data,
                     "step 3 at 2.5 s for 1.0 s: drop 25.0 % of messages, append");
    buf_free(&text);
}

Test(plan, loading_tells_a_missing_file_from_a_folder)
{
    struct plan *p = NULL;
    struct err e;

    cr_assert_eq(plan_load("/nonexistent/plan.json", &p, &e), -E_NOT_FOUND);
    cr_assert_eq(plan_load("/", &p, &e), -E_IO);
}
