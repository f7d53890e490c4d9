#include "sim/net.h"

#include <criterion/criterion.h>

enum { MESSAGES = 5000 };

static const struct wire_end one = {.id = 1}, two = {.id = 2}, site = {.site = true, .id = 1};

static struct sim_net *net_of(struct sim_net_options o)
{
    struct sim_net *n;
    struct err e;

    o.n_nodes = 3;
    o.n_sites = 2;
    o.seed = 5;
    cr_assert_eq(sim_net_create(&o, &n, &e), 0);
    return n;
}

static void set_rule(struct sim_net *n, struct wire_end from, struct wire_end to,
                     struct wire_link_rule rule)
{
    struct wire_nemesis_link link = {.link = {.from = from, .to = to}, .rule = rule};

    sim_net_rules(n, &link, 1);
}

static struct sim_net_totals totals_of(const struct sim_net *n)
{
    struct sim_net_totals t;

    sim_net_totals(n, &t);
    return t;
}

Test(sim_net, a_message_takes_latency_and_at_most_the_jitter)
{
    struct sim_net *n = net_of((struct sim_net_options){.latency_us = 100, .jitter_us = 50});
    int64_t at[2];

    for (int64_t i = 0; i < MESSAGES; i++) {
        int64_t now = i * 1000000;

        cr_assert_eq(sim_net_send(n, one, two, 1, now, at), 1);
        cr_assert(at[0] >= now + 100000 && at[0] < now + 150000);
    }
    sim_net_destroy(n);
}

Test(sim_net, a_link_keeps_order_unless_it_reorders)
{
    for (uint32_t ppm = 0; ppm <= 100000; ppm += 100000) {
        struct sim_net *n = net_of(
            (struct sim_net_options){.latency_us = 100, .jitter_us = 1000, .reorder_ppm = ppm});
        int64_t last = 0, at[2];
        int overtaken = 0;

        for (int64_t i = 0; i < MESSAGES; i++) {
            cr_assert_eq(sim_net_send(n, one, two, 1, i * 1000, at), 1);
            overtaken += at[0] < last;
            last = at[0];
        }
        cr_assert_eq(overtaken > 0, ppm > 0, "%d overtaken", overtaken);
        sim_net_destroy(n);
    }
}

Test(sim_net, a_cut_link_passes_nothing_one_way_and_counts)
{
    struct sim_net *n = net_of((struct sim_net_options){.latency_us = 100});
    int64_t at[2];

    set_rule(n, one, two, (struct wire_link_rule){.cut = true});
    cr_assert_eq(sim_net_send(n, one, two, 1, 0, at), 0);
    cr_assert_eq(sim_net_send(n, two, one, 1, 0, at), 1);
    cr_assert_eq(sim_net_send(n, site, two, 0, 0, at), 1);
    cr_assert_eq(totals_of(n).cut, 1);
    sim_net_heal(n);
    cr_assert_eq(sim_net_send(n, one, two, 1, 0, at), 1);
    sim_net_destroy(n);
}

Test(sim_net, a_rule_for_some_types_leaves_the_others)
{
    struct sim_net *n = net_of((struct sim_net_options){.latency_us = 100});
    int64_t at[2];

    set_rule(n, one, two, (struct wire_link_rule){.drop_ppm = 1000000, .types = 4});
    cr_assert_eq(sim_net_send(n, one, two, 4, 0, at), 0);
    cr_assert_eq(sim_net_send(n, one, two, 2, 0, at), 1);
    cr_assert_eq(totals_of(n).dropped, 1);
    sim_net_destroy(n);
}

Test(sim_net, a_duplicate_comes_no_earlier_than_its_original)
{
    struct sim_net *n = net_of((struct sim_net_options){.latency_us = 100});
    int64_t at[2];

    set_rule(n, one, two, (struct wire_link_rule){.duplicate_ppm = 1000000});
    for (int64_t i = 0; i < MESSAGES; i++) {
        cr_assert_eq(sim_net_send(n, one, two, 1, i * 1000, at), 2);
        cr_assert_geq(at[1], at[0]);
    }
    cr_assert_eq(totals_of(n).duplicated, MESSAGES);
    sim_net_destroy(n);
}

/* What a network does by itself is no proof that a fault bit. */
Test(sim_net, own_loss_is_about_its_chance_and_counts_as_no_fault)
{
    struct sim_net *n = net_of((struct sim_net_options){.latency_us = 100, .loss_ppm = 100000});
    int64_t at[2];
    size_t passed = 0;

    for (int64_t i = 0; i < MESSAGES; i++)
        passed += sim_net_send(n, one, two, 1, i, at);
    cr_assert(passed > MESSAGES * 85 / 100 && passed < MESSAGES * 95 / 100, "%zu passed", passed);
    cr_assert_eq(totals_of(n).dropped, 0);
    sim_net_destroy(n);
}

/* Links draw from streams of their own. */
Test(sim_net, traffic_of_one_link_leaves_the_times_of_another)
{
    struct sim_net *quiet = net_of((struct sim_net_options){.latency_us = 100, .jitter_us = 500});
    struct sim_net *busy = net_of((struct sim_net_options){.latency_us = 100, .jitter_us = 500});
    int64_t a[2], b[2];

    for (int64_t i = 0; i < 100; i++) {
        sim_net_send(quiet, one, two, 1, i * 1000000, a);
        sim_net_send(busy, one, two, 1, i * 1000000, b);
        cr_assert_eq(a[0], b[0]);
        sim_net_send(busy, two, one, 1, i * 1000000, b);
    }
    sim_net_destroy(quiet);
    sim_net_destroy(busy);
}
