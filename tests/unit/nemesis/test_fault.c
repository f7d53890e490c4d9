/* What steps do to a world: exhaustive properties of the shapes for small clusters. */
#include "nemesis/plan.h"
#include "wire/cluster.h"

#include <criterion/criterion.h>

enum { NODES_MAX = 9, DRAWS = 20 };

static const uint64_t ids[NODES_MAX] = {11, 12, 13, 14, 15, 16, 17, 18, 19};
static const uint64_t site_ids[NODES_MAX] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static struct fault *resolved(struct plan_step s, size_t n, size_t sites, uint64_t leader)
{
    const struct fault_world w = {ids, n, site_ids, sites, leader};
    struct fault *f = NULL;
    struct err e;

    cr_assert_eq(fault_resolve(&s, &w, &f, &e), 0, "%s", e.text);
    return f;
}

static struct fault *partitioned(enum fault_shape shape, size_t n, uint64_t draw)
{
    return resolved((struct plan_step){.kind = FAULT_PARTITION, .shape = shape, .draw = draw}, n, 0,
                    ids[n - 1]);
}

static bool is_cut(const struct fault *f, struct wire_end from, struct wire_end to)
{
    for (size_t i = 0; i < f->n_links; i++) {
        const struct wire_link *l = &f->links[i].link;

        if (l->from.site == from.site && l->from.id == from.id && l->to.site == to.site &&
            l->to.id == to.id)
            return f->links[i].rule.cut;
    }
    return false;
}

static bool node_hears(const struct fault *f, size_t to, size_t from)
{
    return !is_cut(f, (struct wire_end){false, ids[from]}, (struct wire_end){false, ids[to]});
}

static bool both_ways(const struct fault *f, size_t a, size_t b)
{
    return node_hears(f, a, b) && node_hears(f, b, a);
}

static uint32_t heard_by(const struct fault *f, size_t n, size_t node)
{
    uint32_t set = 0;

    for (size_t i = 0; i < n; i++)
        set |= (uint32_t)node_hears(f, node, i) << i;
    return set;
}

#define FOR_EACH_WORLD(n, draw)                                                                    \
    for (size_t n = 1; n <= NODES_MAX; n++)                                                        \
        for (uint64_t draw = 0; draw < DRAWS; draw++)

Test(shape, ring_shows_each_node_a_majority_and_no_two_the_same)
{
    FOR_EACH_WORLD(n, draw)
    {
        struct fault *f = partitioned(SHAPE_RING, n, draw);
        size_t more = 0;

        for (size_t i = 0; i < n; i++) {
            size_t heard = (size_t)__builtin_popcount(heard_by(f, n, i));

            cr_assert(heard == n / 2 + 1 || heard == n / 2 + 2, "n=%zu node %zu", n, i);
            more += heard == n / 2 + 2;
            for (size_t j = 0; j < n; j++) {
                cr_assert_eq(node_hears(f, i, j), node_hears(f, j, i));
                if (i != j && n > 2)
                    cr_assert_neq(heard_by(f, n, i), heard_by(f, n, j), "n=%zu %zu %zu", n, i, j);
            }
        }
        cr_assert_leq(more, 1);
        fault_free(&f);
    }
}

Test(shape, halves_are_the_first_half_by_id_and_the_rest)
{
    for (size_t n = 1; n <= NODES_MAX; n++) {
        struct fault *f = partitioned(SHAPE_HALVES, n, 0);

        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                cr_assert_eq(node_hears(f, i, j), (i < n / 2) == (j < n / 2));
        fault_free(&f);
    }
}

/* Whom a node hears is the same for all of its side, and the sides have the sizes they should. */
static void assert_two_sides(const struct fault *f, size_t n, size_t smaller)
{
    cr_assert_eq(f->n_nodes, smaller);
    for (size_t i = 0; i < n; i++) {
        size_t heard = (size_t)__builtin_popcount(heard_by(f, n, i));

        cr_assert(heard == smaller || heard == n - smaller);
        for (size_t j = 0; j < n; j++)
            if (node_hears(f, i, j))
                cr_assert_eq(heard_by(f, n, i), heard_by(f, n, j));
    }
}

Test(shape, random_halves_and_isolation_make_two_sides_of_the_right_size)
{
    FOR_EACH_WORLD(n, draw)
    {
        struct fault *halves = partitioned(SHAPE_RANDOM_HALVES, n, draw);
        struct fault *one = partitioned(SHAPE_ISOLATE_ONE, n, draw);
        struct fault *flapping = partitioned(SHAPE_FLAPPING, n, draw);
        struct fault *leader = partitioned(SHAPE_ISOLATE_LEADER, n, draw);

        assert_two_sides(halves, n, n / 2);
        assert_two_sides(one, n, 1);
        assert_two_sides(flapping, n, 1);
        assert_two_sides(leader, n, 1);
        cr_assert_eq(leader->nodes[0], ids[n - 1]);
        fault_free(&halves);
        fault_free(&one);
        fault_free(&flapping);
        fault_free(&leader);
    }
}

Test(shape, bridge_has_one_node_that_all_hear_between_two_halves)
{
    FOR_EACH_WORLD(n, draw)
    {
        struct fault *f = partitioned(SHAPE_BRIDGE, n, draw);
        size_t bridges = 0;

        for (size_t i = 0; i < n; i++) {
            size_t heard = (size_t)__builtin_popcount(heard_by(f, n, i));

            if (heard == n && ids[i] == f->nodes[0]) {
                bridges++;
                continue;
            }
            cr_assert(heard == (n - 1) / 2 + 1 || heard == n / 2 + 1, "n=%zu heard=%zu", n, heard);
        }
        cr_assert_eq(bridges, 1);
        fault_free(&f);
    }
}

Test(shape, one_way_leaves_one_node_deaf_but_heard)
{
    FOR_EACH_WORLD(n, draw)
    {
        struct fault *f = partitioned(SHAPE_ONE_WAY, n, draw);

        cr_assert_eq(f->n_links, n - 1);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                cr_assert_eq(node_hears(f, i, j), i == j || ids[i] != f->nodes[0]);
        fault_free(&f);
    }
}

Test(shape, random_choices_hit_every_node)
{
    uint32_t seen = 0;

    for (uint64_t draw = 0; draw < 200; draw++) {
        struct fault *f = partitioned(SHAPE_ISOLATE_ONE, 5, draw);

        seen |= 1u << (f->nodes[0] - ids[0]);
        fault_free(&f);
    }
    cr_assert_eq(seen, 31);
}

/* --- clerks --------------------------------------------------------------------------------- */

static bool site_reaches(const struct fault *f, size_t site, size_t node)
{
    const struct wire_end s = {true, site_ids[site]};
    const struct wire_end n = {false, ids[node]};

    return !is_cut(f, s, n) && !is_cut(f, n, s);
}

Test(clients, split_sites_reach_exactly_what_the_node_of_their_place_reaches)
{
    for (uint32_t shape = 0; shape < FAULT_SHAPE_COUNT; shape++) {
        struct fault *f = resolved((struct plan_step){.kind = FAULT_PARTITION,
                                                      .shape = (enum fault_shape)shape,
                                                      .clients = CLIENTS_SPLIT,
                                                      .period_ms = 100},
                                   5, 5, ids[2]);

        for (size_t site = 0; site < 5; site++)
            for (size_t node = 0; node < 5; node++)
                cr_assert_eq(site_reaches(f, site, node), both_ways(f, site, node));
        fault_free(&f);
    }
}

Test(clients, an_isolated_leader_keeps_clerks_and_so_do_the_others)
{
    for (size_t sites = 2; sites <= 7; sites++) {
        for (size_t leader = 0; leader < 5; leader++) {
            struct fault *f = resolved((struct plan_step){.kind = FAULT_PARTITION,
                                                          .shape = SHAPE_ISOLATE_LEADER,
                                                          .clients = CLIENTS_SPLIT},
                                       5, sites, ids[leader]);
            size_t with_leader = 0;

            for (size_t site = 0; site < sites; site++) {
                bool there = site_reaches(f, site, leader);

                with_leader += there;
                cr_assert_neq(there, site_reaches(f, site, (leader + 1) % 5));
            }
            cr_assert(with_leader > 0 && with_leader < sites, "%zu of %zu", with_leader, sites);
            fault_free(&f);
        }
    }
}

Test(clients, free_clerks_reach_every_node)
{
    struct fault *f = resolved(
        (struct plan_step){.kind = FAULT_PARTITION, .shape = SHAPE_ISOLATE_LEADER}, 5, 5, ids[2]);

    for (size_t i = 0; i < f->n_links; i++)
        cr_assert(!f->links[i].link.from.site && !f->links[i].link.to.site);
    cr_assert_eq(f->n_links, 8);
    fault_free(&f);
}

/* --- other faults --------------------------------------------------------------------------- */

Test(fault, targets_have_the_right_number_of_nodes)
{
    static const size_t minority[NODES_MAX] = {0, 0, 1, 1, 2, 2, 3, 3, 4};

    FOR_EACH_WORLD(n, draw)
    {
        const size_t counts[FAULT_TARGET_COUNT] = {1, 1, minority[n - 1], n};

        for (uint32_t t = 0; t < FAULT_TARGET_COUNT; t++) {
            struct fault *f = resolved((struct plan_step){.kind = FAULT_KILL,
                                                          .target = (enum fault_target)t,
                                                          .draw = draw},
                                       n, 0, ids[n / 2]);

            cr_assert_eq(f->n_nodes, counts[t], "n=%zu target %u", n, t);
            if (t == TARGET_LEADER)
                cr_assert_eq(f->nodes[0], ids[n / 2]);
            fault_free(&f);
        }
    }
}

Test(fault, without_a_leader_a_random_node_is_taken)
{
    struct fault *f = resolved(
        (struct plan_step){.kind = FAULT_PAUSE, .target = TARGET_LEADER, .draw = 4}, 5, 0, 0);

    cr_assert_eq(f->n_nodes, 1);
    fault_free(&f);
}

Test(fault, chances_are_on_all_links_and_those_by_type_on_links_between_nodes)
{
    struct plan_step s = {.kind = FAULT_DROP, .ppm = 5000};
    struct fault *all = resolved(s, 5, 3, 0);
    struct fault *some;

    s.types = 1u << RAFT_APPEND;
    some = resolved(s, 5, 3, 0);
    cr_assert_eq(all->n_links, 20 + 30);
    cr_assert_eq(some->n_links, 20);
    for (size_t i = 0; i < all->n_links; i++)
        cr_assert_eq(all->links[i].rule.drop_ppm, 5000);
    cr_assert_eq(some->links[0].rule.types, s.types);
    fault_free(&all);
    fault_free(&some);
}

static const struct {
    struct plan_step step;
    size_t nodes;
    const char *text;
} stories[] = {
    {{.kind = FAULT_PARTITION, .shape = SHAPE_ISOLATE_LEADER, .clients = CLIENTS_SPLIT},
     5,
     "cuts node 13 (leader) off from nodes 11, 12, 14, 15; clerks of site 3 stay there, the others "
     "with the others"},
    {{.kind = FAULT_PARTITION, .shape = SHAPE_HALVES},
     5,
     "cuts nodes 11, 12 off from nodes 13 (leader), 14, 15; clerks reach every node"},
    {{.kind = FAULT_KILL, .target = TARGET_LEADER}, 3, "kills node 13 (leader)"},
    {{.kind = FAULT_KILL, .target = TARGET_MINORITY}, 2, "kills nobody"},
    {{.kind = FAULT_PAUSE, .target = TARGET_ALL}, 3, "pauses nodes 11, 12, 13 (leader)"},
    {{.kind = FAULT_DELAY, .delay_ms = 20, .jitter_ms = 5}, 3, "delays messages by 20 to 25 ms"},
    {{.kind = FAULT_DROP, .ppm = 100000, .types = 1u << RAFT_VOTE | 1u << RAFT_APPEND},
     3,
     "drops 10.0 % of messages of type vote, append"},
};

Test(fault, stories_are_told_in_words)
{
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct fault *f = resolved(stories[i].step, stories[i].nodes, 5, ids[2]);

        cr_expect_str_eq(f->text, stories[i].text, "'%s'", f->text);
        fault_free(&f);
    }
}

Test(fault, the_order_in_which_nodes_are_named_does_not_matter)
{
    const uint64_t mixed[5] = {14, 11, 15, 13, 12};
    const struct fault_world w = {mixed, 5, NULL, 0, 0};
    const struct plan_step s = {.kind = FAULT_PARTITION, .shape = SHAPE_HALVES};
    struct fault *f = NULL;

    cr_assert_eq(fault_resolve(&s, &w, &f, NULL), 0);
    cr_assert_str_eq(f->text, "cuts nodes 11, 12 off from nodes 13, 14, 15");
    fault_free(&f);
}

Test(fault, the_largest_world_fits)
{
    uint64_t nodes[CLUSTER_NODES_MAX];
    uint64_t sites[CLUSTER_SITES_MAX];

    for (size_t i = 0; i < CLUSTER_NODES_MAX; i++)
        nodes[i] = sites[i] = UINT32_MAX - i;
    for (uint32_t shape = 0; shape < FAULT_SHAPE_COUNT; shape++) {
        const struct fault_world w = {nodes, CLUSTER_NODES_MAX, sites, CLUSTER_SITES_MAX, 0};
        const struct plan_step s = {
            .kind = FAULT_PARTITION, .shape = (enum fault_shape)shape, .clients = CLIENTS_SPLIT};
        struct fault *f = NULL;

        cr_assert_eq(fault_resolve(&s, &w, &f, NULL), 0);
        cr_assert_gt(f->n_links, 0);
        fault_free(&f);
    }
}
