/* The conductor against a script: what it says is written down as text and compared. */
#include "base/buf.h"
#include "nemesis/conductor.h"

#include <criterion/criterion.h>

static const uint64_t nodes[] = {1, 2, 3, 4, 5};
static const uint64_t sites[] = {1, 2, 3};

static struct conductor *conductor_of(struct plan_step *steps, size_t n)
{
    const struct plan p = {.seed = 1, .steps = steps, .n_steps = n};
    struct conductor *c = NULL;
    struct err e;

    cr_assert_eq(conductor_create(&p, nodes, 5, sites, 3, &c, &e), 0);
    return c;
}

static void write_rules(const struct conductor_action *a, struct buf *out)
{
    size_t cut = 0;
    size_t nothing = 0;
    uint32_t drop = 0;
    uint32_t delay = 0;

    for (size_t i = 0; i < a->n_links; i++) {
        const struct wire_link_rule *r = &a->links[i].rule;

        cut += r->cut;
        nothing += !r->cut && r->drop_ppm == 0 && r->delay_ms == 0;
        drop = r->drop_ppm > drop ? r->drop_ppm : drop;
        delay = r->delay_ms > delay ? r->delay_ms : delay;
    }
    buf_printf(out, "rules: %zu links, %zu cut, %zu free", a->n_links, cut, nothing);
    if (drop > 0 || delay > 0)
        buf_printf(out, ", drop %u, delay %u", drop, delay);
    buf_printf(out, "\n");
}

static void write_action(const struct conductor_action *a, struct buf *out)
{
    switch (a->kind) {
    case CONDUCTOR_RULES: write_rules(a, out); break;
    case CONDUCTOR_KILL: buf_printf(out, "kill %d\n", (int)a->node); break;
    case CONDUCTOR_RESTART: buf_printf(out, "restart %d\n", (int)a->node); break;
    case CONDUCTOR_PAUSE: buf_printf(out, "pause %d\n", (int)a->node); break;
    case CONDUCTOR_RESUME: buf_printf(out, "resume %d\n", (int)a->node); break;
    case CONDUCTOR_BEGINS: buf_printf(out, "begins %u: %s\n", a->fault, a->text); break;
    case CONDUCTOR_ENDS: buf_printf(out, "ends %u: %s\n", a->fault, a->text); break;
    }
}

/* All that is to be done at one moment. */
static void expect(struct conductor *c, int64_t now_ms, uint64_t leader, const char *expected)
{
    struct conductor_action a;
    struct buf text = {0};

    buf_printf(&text, "%s", "");
    while (conductor_next(c, now_ms, leader, &a))
        write_action(&a, &text);
    cr_expect_str_eq((char *)text.data, expected, "at %d ms:\n%s", (int)now_ms, (char *)text.data);
    buf_free(&text);
}

Test(conductor, plays_a_partition_and_heals_it)
{
    struct plan_step steps[] = {{.number = 1,
                                 .at_ms = 100,
                                 .for_ms = 50,
                                 .kind = FAULT_PARTITION,
                                 .shape = SHAPE_ISOLATE_LEADER}};
    struct conductor *c = conductor_of(steps, 1);
    uint32_t on;

    expect(c, 99, 2, "");
    cr_assert_eq(conductor_deadline_ms(c), 100);
    expect(c, 100, 2,
           "begins 1: cuts node 2 (leader) off from nodes 1, 3, 4, 5; clerks reach every node\n"
           "rules: 8 links, 8 cut, 0 free\n");
    cr_assert(conductor_cut_off(c, 2));
    cr_assert(!conductor_cut_off(c, 1));
    cr_assert_eq(conductor_active(c, &on, 1), 1);
    cr_assert_eq(on, 1);
    cr_assert_eq(conductor_deadline_ms(c), 150);
    expect(c, 150, 1,
           "rules: 8 links, 0 cut, 8 free\n"
           "ends 1: cuts node 2 (leader) off from nodes 1, 3, 4, 5; clerks reach every node\n");
    cr_assert(!conductor_cut_off(c, 2));
    cr_assert_eq(conductor_deadline_ms(c), INT64_MAX);
    cr_assert_eq(conductor_active(c, NULL, 0), 0);
    conductor_destroy(c);
}

Test(conductor, joins_the_rules_of_faults_that_overlap)
{
    struct plan_step steps[] = {
        {.number = 1, .at_ms = 0, .for_ms = 100, .kind = FAULT_DROP, .ppm = 700000, .types = 1},
        {.number = 2, .at_ms = 10, .for_ms = 40, .kind = FAULT_DROP, .ppm = 600000},
        {.number = 3, .at_ms = 20, .for_ms = 10, .kind = FAULT_DELAY, .delay_ms = 30},
    };
    struct conductor *c = conductor_of(steps, 3);
    struct conductor_action a;

    expect(c, 0, 1,
           "begins 1: drops 70.0 % of messages of type pre-vote\n"
           "rules: 20 links, 0 cut, 0 free, drop 700000, delay 0\n");
    cr_assert(conductor_next(c, 10, 1, &a));
    cr_assert(conductor_next(c, 10, 1, &a));
    cr_assert_eq(a.kind, CONDUCTOR_RULES);
    cr_assert_eq(a.n_links, 20 + 30);
    cr_assert_eq(a.links[0].rule.drop_ppm, 1000000, "chances add up to at most a million");
    cr_assert_eq(a.links[0].rule.types, 0);
    cr_assert(!conductor_next(c, 10, 1, &a));
    expect(c, 20, 1,
           "begins 3: delays messages by 30 to 30 ms\n"
           "rules: 50 links, 0 cut, 0 free, drop 1000000, delay 30\n");
    expect(c, 30, 1,
           "rules: 50 links, 0 cut, 0 free, drop 1000000, delay 0\n"
           "ends 3: delays messages by 30 to 30 ms\n");
    expect(c, 50, 1,
           "rules: 50 links, 0 cut, 30 free, drop 700000, delay 0\n"
           "ends 2: drops 60.0 % of messages\n");
    conductor_destroy(c);
}

Test(conductor, never_restarts_a_node_that_another_fault_keeps_dead)
{
    struct plan_step steps[] = {
        {.number = 1, .at_ms = 0, .for_ms = 100, .kind = FAULT_KILL, .target = TARGET_LEADER},
        {.number = 2, .at_ms = 50, .for_ms = 100, .kind = FAULT_KILL, .target = TARGET_LEADER},
    };
    struct conductor *c = conductor_of(steps, 2);

    expect(c, 0, 3, "begins 1: kills node 3 (leader)\nkill 3\n");
    cr_assert(conductor_cut_off(c, 3));
    expect(c, 50, 3, "begins 2: kills node 3 (leader)\n");
    expect(c, 100, 3, "ends 1: kills node 3 (leader)\n");
    cr_assert(conductor_cut_off(c, 3));
    expect(c, 150, 3, "restart 3\nends 2: kills node 3 (leader)\n");
    cr_assert(!conductor_cut_off(c, 3));
    conductor_destroy(c);
}

Test(conductor, a_paused_node_that_is_killed_comes_back_paused)
{
    struct plan_step steps[] = {
        {.number = 1, .at_ms = 0, .for_ms = 100, .kind = FAULT_PAUSE, .target = TARGET_LEADER},
        {.number = 2, .at_ms = 10, .for_ms = 20, .kind = FAULT_KILL, .target = TARGET_LEADER},
    };
    struct conductor *c = conductor_of(steps, 2);

    expect(c, 0, 3, "begins 1: pauses node 3 (leader)\npause 3\n");
    expect(c, 10, 3, "begins 2: kills node 3 (leader)\nkill 3\n");
    expect(c, 30, 3, "restart 3\npause 3\nends 2: kills node 3 (leader)\n");
    expect(c, 100, 3, "resume 3\nends 1: pauses node 3 (leader)\n");
    conductor_destroy(c);
}

Test(conductor, flapping_cuts_and_heals_within_the_step)
{
    struct plan_step steps[] = {{.number = 1,
                                 .at_ms = 0,
                                 .for_ms = 250,
                                 .kind = FAULT_PARTITION,
                                 .shape = SHAPE_FLAPPING,
                                 .period_ms = 100}};
    struct conductor *c = conductor_of(steps, 1);
    struct conductor_action a;

    while (conductor_next(c, 0, 0, &a))
        ;
    expect(c, 99, 0, "");
    expect(c, 100, 0, "rules: 8 links, 0 cut, 8 free\n");
    expect(c, 200, 0, "rules: 8 links, 8 cut, 0 free\n");
    cr_assert(conductor_next(c, 250, 0, &a));
    cr_assert_eq(a.kind, CONDUCTOR_RULES);
    cr_assert(conductor_next(c, 250, 0, &a));
    cr_assert_eq(a.kind, CONDUCTOR_ENDS);
    cr_assert(!conductor_next(c, 250, 0, &a));
    conductor_destroy(c);
}

Test(conductor, stop_heals_everything_at_once)
{
    struct plan_step steps[] = {
        {.number = 1, .at_ms = 0, .for_ms = 1000, .kind = FAULT_KILL, .target = TARGET_LEADER},
        {.number = 2, .at_ms = 0, .for_ms = 1000, .kind = FAULT_DELAY, .delay_ms = 5},
        {.number = 3, .at_ms = 500, .for_ms = 1000, .kind = FAULT_KILL, .target = TARGET_ALL},
    };
    struct conductor *c = conductor_of(steps, 3);

    expect(c, 0, 4,
           "begins 1: kills node 4 (leader)\nkill 4\n"
           "begins 2: delays messages by 5 to 5 ms\n"
           "rules: 50 links, 0 cut, 0 free, drop 0, delay 5\n");
    conductor_stop(c);
    expect(c, 1, 4,
           "restart 4\nends 1: kills node 4 (leader)\n"
           "rules: 50 links, 0 cut, 50 free\nends 2: delays messages by 5 to 5 ms\n");
    expect(c, 5000, 4, "");
    cr_assert_eq(conductor_deadline_ms(c), INT64_MAX);
    conductor_destroy(c);
}

Test(conductor, a_late_harness_gets_every_step_in_order)
{
    struct plan_step steps[] = {
        {.number = 1, .at_ms = 0, .for_ms = 10, .kind = FAULT_KILL, .target = TARGET_LEADER},
        {.number = 2, .at_ms = 10, .for_ms = 10, .kind = FAULT_PAUSE, .target = TARGET_LEADER},
    };
    struct conductor *c = conductor_of(steps, 2);

    expect(c, 100, 1,
           "begins 1: kills node 1 (leader)\nkill 1\nrestart 1\nends 1: kills node 1 (leader)\n"
           "begins 2: pauses node 1 (leader)\npause 1\nresume 1\n"
           "ends 2: pauses node 1 (leader)\n");
    cr_assert_eq(conductor_step(c, 2)->kind, FAULT_PAUSE);
    cr_assert_null(conductor_step(c, 3));
    conductor_destroy(c);
}

Test(conductor, a_majority_of_dead_peers_cuts_a_node_off)
{
    struct plan_step steps[] = {
        {.number = 1, .at_ms = 0, .for_ms = 10, .kind = FAULT_KILL, .target = TARGET_MINORITY},
        {.number = 2, .at_ms = 1, .for_ms = 9, .kind = FAULT_PARTITION, .shape = SHAPE_RING},
    };
    struct conductor *c = conductor_of(steps, 2);
    struct conductor_action a;
    size_t dead = 0;
    size_t cut_off = 0;

    while (conductor_next(c, 0, 0, &a))
        dead += a.kind == CONDUCTOR_KILL;
    cr_assert_eq(dead, 2);
    for (size_t i = 0; i < 5; i++)
        cut_off += conductor_cut_off(c, nodes[i]);
    cr_assert_eq(cut_off, 2, "the three that are left are a majority");
    while (conductor_next(c, 1, 0, &a))
        ;
    cut_off = 0;
    for (size_t i = 0; i < 5; i++)
        cut_off += conductor_cut_off(c, nodes[i]);
    cr_assert_geq(cut_off, 4, "in a ring of five each needs both neighbours");
    conductor_destroy(c);
}
