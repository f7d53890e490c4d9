#include "nemesis/shapes.h"

#include "base/check.h"

static uint64_t bit(size_t i)
{
    return UINT64_C(1) << i;
}

uint64_t pick_nodes(struct rng *r, size_t n, size_t count)
{
    uint32_t order[CLUSTER_NODES_MAX];
    uint64_t set = 0;

    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(r, order, n);
    for (size_t i = 0; i < count; i++)
        set |= bit(order[i]);
    return set;
}

/* Those in `side` hear each other, and so do the rest; `middle` hears all and is heard by all. */
static void split(struct shape *s, uint64_t side, uint64_t middle)
{
    for (size_t i = 0; i < s->n; i++) {
        uint64_t own = set_has(side, i) ? side : set_all(s->n) & ~side;

        s->hears[i] = set_has(middle, i) ? set_all(s->n) : own | middle;
    }
}

static void link_both(struct shape *s, const uint32_t *order, size_t i, size_t j)
{
    s->hears[order[i % s->n]] |= bit(order[j % s->n]);
    s->hears[order[j % s->n]] |= bit(order[i % s->n]);
}

/* The "majorities ring" of Jepsen's nemesis library: every node hears a majority, and no two the
 * same one. Jepsen has an exact ring for five nodes and a random search for other sizes; here it
 * is made directly for any size. A majority is the node itself and n / 2 others. On a shuffled
 * circle each node gets n / 4 neighbours on either side. If n / 2 is odd one more is needed: the
 * opposite node, or with n odd, where no perfect pairing exists, nearly opposite ones, so that
 * exactly one node hears one more than it needs. Two nodes cannot differ, so they stay whole. */
static void make_ring(struct shape *s, struct rng *r)
{
    uint32_t order[CLUSTER_NODES_MAX];
    size_t n = s->n;

    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(r, order, n);
    for (size_t i = 0; i < n; i++) {
        s->hears[i] |= bit(i);
        for (size_t near = 1; near <= n / 4; near++)
            link_both(s, order, i, i + near);
    }
    if (n / 2 % 2 == 1)
        for (size_t i = 0; i < (n + 1) / 2; i++)
            link_both(s, order, i, i + (n + 1) / 2);
}

/* A random node in the middle, the others in two halves that hear only their own and it. */
static void make_bridge(struct shape *s, struct rng *r)
{
    uint32_t order[CLUSTER_NODES_MAX];
    uint64_t side = 0;

    for (size_t i = 0; i < s->n; i++)
        order[i] = (uint32_t)i;
    rng_shuffle(r, order, s->n);
    for (size_t i = 1; i <= (s->n - 1) / 2; i++)
        side |= bit(order[i]);
    s->aside = bit(order[0]);
    split(s, side, s->aside);
}

static void make_deaf(struct shape *s, struct rng *r)
{
    split(s, 0, 0);
    s->aside = pick_nodes(r, s->n, 1);
    for (size_t i = 0; i < s->n; i++)
        if (set_has(s->aside, i))
            s->hears[i] = bit(i);
}

struct shape shape_make(enum fault_shape kind, size_t n, size_t leader, struct rng *r)
{
    struct shape s = {.n = n};

    CHECK_THAT(n > 0 && n <= CLUSTER_NODES_MAX, "n=%zu", n);
    switch (kind) {
    case SHAPE_HALVES: s.aside = set_all(n / 2); break;
    case SHAPE_RANDOM_HALVES: s.aside = pick_nodes(r, n, n / 2); break;
    case SHAPE_ISOLATE_LEADER: s.aside = leader < n ? bit(leader) : pick_nodes(r, n, 1); break;
    case SHAPE_ISOLATE_ONE:
    case SHAPE_FLAPPING: s.aside = pick_nodes(r, n, 1); break;
    case SHAPE_RING: make_ring(&s, r); return s;
    case SHAPE_BRIDGE: make_bridge(&s, r); return s;
    case SHAPE_ONE_WAY: make_deaf(&s, r); return s;
    case FAULT_SHAPE_COUNT: break;
    }
    split(&s, s.aside, 0);
    return s;
}
