#include "nemesis/names.h"
#include "nemesis/plan.h"
#include "nemesis/shapes.h"

#include <stdlib.h>

/* What a step does once the world is known: its links, its nodes, its story. */

/* The world with its nodes in the order of their ids, and what the step drew. */
struct scene {
    const struct plan_step *step;
    const struct fault_world *world;
    uint64_t ids[CLUSTER_NODES_MAX];
    size_t n;
    size_t leader; /* place in ids; n: unknown */
    size_t homes[CLUSTER_SITES_MAX];
    bool split; /* sites are divided among the sides */
    struct rng rng;
};

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* One site cannot be divided. */
static void set_scene(struct scene *c, const struct plan_step *s, const struct fault_world *w)
{
    *c = (struct scene){.step = s, .world = w, .n = w->n_nodes, .leader = w->n_nodes};
    memcpy(c->ids, w->nodes, w->n_nodes * sizeof *c->ids);
    qsort(c->ids, c->n, sizeof *c->ids, by_id);
    for (size_t i = 0; i < c->n; i++)
        if (c->ids[i] == w->leader)
            c->leader = i;
    for (size_t i = 0; i < w->n_sites; i++)
        c->homes[i] = i % c->n;
    c->split = s->clients == CLIENTS_SPLIT && w->n_sites > 1;
    c->rng = rng_make(s->draw, rng_stream("fault", 0));
}

/* --- links ---------------------------------------------------------------------------------- */

static struct wire_end node_end(const struct scene *c, size_t i)
{
    return (struct wire_end){.site = false, .id = c->ids[i]};
}

static struct wire_end site_end(const struct scene *c, size_t i)
{
    return (struct wire_end){.site = true, .id = c->world->sites[i]};
}

static void add_link(struct fault *f, struct wire_end from, struct wire_end to,
                     struct wire_link_rule rule)
{
    f->links[f->n_links++] = (struct wire_nemesis_link){.link = {from, to}, .rule = rule};
}

/* Both ends of every pair count: n * (n - 1) links between nodes, 2 * n * sites of clerks. */
static int reserve_links(const struct scene *c, struct fault *f)
{
    size_t max = c->n * (c->n - 1) + 2 * c->n * c->world->n_sites;

    f->links = calloc(max == 0 ? 1 : max, sizeof *f->links);
    return f->links == NULL ? -E_NOMEM : 0;
}

/* A node that is cut off alone keeps the clerks of a site, or nobody would see what it answers:
 * where there are fewer sites than nodes one of them moves in with it. */
static void settle_sites(struct scene *c, uint64_t aside)
{
    if ((aside & (aside - 1)) != 0)
        return;
    for (size_t i = 0; i < c->world->n_sites; i++)
        if (set_has(aside, c->homes[i]))
            return;
    c->homes[(size_t)__builtin_ctzll(aside) % c->world->n_sites] = (size_t)__builtin_ctzll(aside);
}

/* The links of a site are cut like those of the node that is its home. */
static void cut_links(struct scene *c, const struct shape *s, struct fault *f)
{
    const struct wire_link_rule cut = {.cut = true};

    for (size_t to = 0; to < c->n; to++)
        for (size_t from = 0; from < c->n; from++)
            if (!set_has(s->hears[to], from))
                add_link(f, node_end(c, from), node_end(c, to), cut);
    if (!c->split)
        return;
    for (size_t i = 0; i < c->world->n_sites; i++) {
        for (size_t node = 0; node < c->n; node++) {
            if (!set_has(s->hears[node], c->homes[i]))
                add_link(f, site_end(c, i), node_end(c, node), cut);
            if (!set_has(s->hears[c->homes[i]], node))
                add_link(f, node_end(c, node), site_end(c, i), cut);
        }
    }
}

/* Chances and delays are the same on all links; with a choice of message types, which only nodes
 * send, on those between nodes. */
static void disturb_links(const struct scene *c, struct fault *f)
{
    const struct plan_step *s = c->step;
    struct wire_link_rule rule = {
        .delay_ms = s->delay_ms, .jitter_ms = s->jitter_ms, .types = s->types};

    rule.drop_ppm = s->kind == FAULT_DROP ? s->ppm : 0;
    rule.duplicate_ppm = s->kind == FAULT_DUPLICATE ? s->ppm : 0;
    rule.reorder_ppm = s->kind == FAULT_REORDER ? s->ppm : 0;
    for (size_t to = 0; to < c->n; to++)
        for (size_t from = 0; from < c->n; from++)
            if (from != to)
                add_link(f, node_end(c, from), node_end(c, to), rule);
    if (s->types != 0)
        return;
    for (size_t i = 0; i < c->world->n_sites; i++) {
        for (size_t node = 0; node < c->n; node++) {
            add_link(f, site_end(c, i), node_end(c, node), rule);
            add_link(f, node_end(c, node), site_end(c, i), rule);
        }
    }
}

/* --- nodes ---------------------------------------------------------------------------------- */

static uint64_t pick_targets(struct scene *c)
{
    switch (c->step->target) {
    case TARGET_LEADER:
        return c->leader < c->n ? UINT64_C(1) << c->leader : pick_nodes(&c->rng, c->n, 1);
    case TARGET_RANDOM: return pick_nodes(&c->rng, c->n, 1);
    case TARGET_MINORITY: return pick_nodes(&c->rng, c->n, (c->n - 1) / 2);
    case TARGET_ALL: return set_all(c->n);
    case FAULT_TARGET_COUNT: break;
    }
    return 0;
}

static int list_nodes(const struct scene *c, uint64_t set, struct fault *f)
{
    f->nodes = calloc(c->n, sizeof *f->nodes);
    if (f->nodes == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < c->n; i++)
        if (set_has(set, i))
            f->nodes[f->n_nodes++] = c->ids[i];
    return 0;
}

/* --- the story ------------------------------------------------------------------------------ */

/* "node 2 (leader)", "nodes 1, 3, 4", "nobody" */
static void tell_nodes(const struct scene *c, uint64_t set, struct buf *out)
{
    const char *comma = __builtin_popcountll(set) == 1 ? "node " : "nodes ";

    if (set == 0)
        buf_printf(out, "nobody");
    for (size_t i = 0; i < c->n; i++) {
        if (!set_has(set, i))
            continue;
        buf_printf(out, "%s%llu%s", comma, (unsigned long long)c->ids[i],
                   i == c->leader ? " (leader)" : "");
        comma = ", ";
    }
}

static void tell_sites_with(const struct scene *c, uint64_t nodes, struct buf *out)
{
    const char *comma = "; clerks of site ";

    for (size_t i = 0; i < c->world->n_sites; i++) {
        if (!set_has(nodes, c->homes[i]))
            continue;
        buf_printf(out, "%s%llu", comma, (unsigned long long)c->world->sites[i]);
        comma = ", ";
    }
    buf_printf(out, " stay there, the others with the others");
}

static void tell_ring(const struct scene *c, const struct shape *s, struct buf *out)
{
    buf_printf(out, "ring of majorities:");
    for (size_t i = 0; i < c->n; i++) {
        buf_printf(out, "%s %llu hears", i == 0 ? "" : ";", (unsigned long long)c->ids[i]);
        for (size_t k = 0; k < c->n; k++)
            if (k != i && set_has(s->hears[i], k))
                buf_printf(out, " %llu", (unsigned long long)c->ids[k]);
    }
}

static void tell_bridge(const struct scene *c, const struct shape *s, struct buf *out)
{
    uint64_t rest = set_all(c->n) & ~s->aside;
    uint64_t side = rest == 0 ? 0 : s->hears[__builtin_ctzll(rest)] & rest;

    tell_nodes(c, s->aside, out);
    buf_printf(out, " alone connects ");
    tell_nodes(c, side, out);
    buf_printf(out, " with ");
    tell_nodes(c, rest & ~side, out);
}

static void tell_partition(const struct scene *c, const struct shape *s, struct buf *out)
{
    bool sides = c->step->shape != SHAPE_RING && c->step->shape != SHAPE_BRIDGE;

    switch (c->step->shape) {
    case SHAPE_RING: tell_ring(c, s, out); break;
    case SHAPE_BRIDGE: tell_bridge(c, s, out); break;
    case SHAPE_ONE_WAY:
        tell_nodes(c, s->aside, out);
        buf_printf(out, " hears nobody, but is heard");
        break;
    default:
        buf_printf(out, "cuts ");
        tell_nodes(c, s->aside, out);
        buf_printf(out, " off from ");
        tell_nodes(c, set_all(c->n) & ~s->aside, out);
        if (c->step->shape == SHAPE_FLAPPING)
            buf_printf(out, ", on and off every %u ms", c->step->period_ms);
    }
    if (c->world->n_sites == 0)
        return;
    if (!c->split)
        buf_printf(out, "; clerks reach every node");
    else if (sides)
        tell_sites_with(c, s->aside, out);
    else
        buf_printf(out, "; clerks reach what the node of their site reaches");
}

static void tell_disturbance(const struct plan_step *s, struct buf *out)
{
    if (s->kind == FAULT_DELAY)
        buf_printf(out, "delays messages by %u to %u ms", s->delay_ms, s->delay_ms + s->jitter_ms);
    else
        buf_printf(out, "%ss %.1f %% of messages", fault_kind_name(s->kind), s->ppm / 10000.0);
    for (uint32_t type = 0, first = 1; type < RAFT_MESSAGE_TYPE_COUNT; type++) {
        if ((s->types >> type & 1) == 0)
            continue;
        buf_printf(out, "%s %s", first ? " of type" : ",", message_type_name(type));
        first = 0;
    }
}

/* --- resolving ------------------------------------------------------------------------------ */

static int resolve_partition(struct scene *c, struct fault *f, struct buf *text)
{
    struct shape s = shape_make(c->step->shape, c->n, c->leader, &c->rng);
    int rc = reserve_links(c, f);

    if (rc < 0)
        return rc;
    if (c->split && s.aside != 0)
        settle_sites(c, s.aside);
    cut_links(c, &s, f);
    tell_partition(c, &s, text);
    return list_nodes(c, s.aside, f);
}

static int resolve_disturbance(struct scene *c, struct fault *f, struct buf *text)
{
    int rc = reserve_links(c, f);

    if (rc < 0)
        return rc;
    disturb_links(c, f);
    tell_disturbance(c->step, text);
    return 0;
}

static int resolve_process(struct scene *c, struct fault *f, struct buf *text)
{
    uint64_t set = pick_targets(c);

    buf_printf(text, "%ss ", fault_kind_name(c->step->kind));
    tell_nodes(c, set, text);
    return list_nodes(c, set, f);
}

static int resolve(struct scene *c, struct fault *f, struct buf *text)
{
    switch (c->step->kind) {
    case FAULT_PARTITION: return resolve_partition(c, f, text);
    case FAULT_DELAY:
    case FAULT_DROP:
    case FAULT_DUPLICATE:
    case FAULT_REORDER: return resolve_disturbance(c, f, text);
    case FAULT_KILL:
    case FAULT_PAUSE: return resolve_process(c, f, text);
    case FAULT_KIND_COUNT: break;
    }
    return -E_INVAL;
}

int fault_resolve(const struct plan_step *s, const struct fault_world *w, struct fault **ret,
                  struct err *e)
{
    struct buf text = {0};
    struct fault *f;
    struct scene c;
    int rc;

    if (w->n_nodes == 0 || w->n_nodes > CLUSTER_NODES_MAX || w->n_sites > CLUSTER_SITES_MAX)
        return err_set(e, -E_LIMIT, "fault: %zu nodes and %zu sites", w->n_nodes, w->n_sites);
    f = calloc(1, sizeof *f);
    if (f == NULL || buf_reserve(&text, FAULT_TEXT_MAX) < 0) {
        free(f);
        return err_set(e, -E_NOMEM, "fault");
    }
    set_scene(&c, s, w);
    rc = resolve(&c, f, &text);
    f->text = (char *)text.data; /* buf_printf keeps a NUL behind it */
    if (rc < 0) {
        fault_free(&f);
        return err_set(e, rc, "fault of step %u", s->number);
    }
    *ret = f;
    return 0;
}

void fault_free(struct fault **f)
{
    if (*f == NULL)
        return;
    free((*f)->links);
    free((*f)->nodes);
    free((*f)->text);
    free(*f);
    *f = NULL;
}
