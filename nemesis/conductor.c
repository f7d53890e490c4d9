#include "nemesis/conductor.h"

#include "base/check.h"
#include "wire/cluster.h"

#include <stdlib.h>

enum node_state { NODE_RUNS, NODE_PAUSED, NODE_DEAD };

struct node {
    uint64_t id;
    enum node_state state; /* as far as the actions given out go */
    uint32_t killed_by;    /* faults that are on */
    uint32_t paused_by;
};

struct active {
    const struct plan_step *step;
    struct fault *fault;
    size_t *links;       /* places of fault->links in the table */
    bool links_on;       /* flapping faults switch theirs */
    int64_t switches_ms; /* when; INT64_MAX: never */
    int64_t ends_ms;
    bool over; /* its rules are off; ENDS is still to come */
};

struct conductor {
    struct plan_step *steps;
    size_t n_steps;
    size_t next_step;

    struct node *nodes;
    size_t n_nodes;
    uint64_t *node_ids;
    uint64_t *sites;
    size_t n_sites;

    /* The rule of each directed link, by from * ends + to; nodes are the first ends. */
    size_t ends;
    struct wire_link_rule *rules;      /* as given out */
    struct wire_nemesis_link *changed; /* lent with a RULES action; at most WIRE_LINKS_MAX */
    bool rules_stale;

    struct active *active; /* in the order in which they began; room for all steps */
    size_t n_active;

    struct active told; /* has just ended; its text is lent until the next call */

    struct conductor_action *queue; /* of one event: each node stops or starts, and its words */
    size_t queue_at;
    size_t queue_len;
};

static size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* --- creating ------------------------------------------------------------------------------- */

/* An event restarts or pauses a node with two actions at the most. */
static size_t queue_max(const struct conductor *c)
{
    return 2 * c->n_nodes + 1;
}

static bool take_memory(struct conductor *c)
{
    c->steps = calloc(max_size(c->n_steps, 1), sizeof *c->steps);
    c->active = calloc(max_size(c->n_steps, 1), sizeof *c->active);
    c->nodes = calloc(c->n_nodes, sizeof *c->nodes);
    c->node_ids = calloc(c->n_nodes, sizeof *c->node_ids);
    c->sites = calloc(max_size(c->n_sites, 1), sizeof *c->sites);
    c->rules = calloc(c->ends * c->ends, sizeof *c->rules);
    c->changed = calloc(c->ends * c->ends, sizeof *c->changed);
    c->queue = calloc(queue_max(c), sizeof *c->queue);
    return c->steps != NULL && c->active != NULL && c->nodes != NULL && c->node_ids != NULL &&
           c->sites != NULL && c->rules != NULL && c->changed != NULL && c->queue != NULL;
}

int conductor_create(const struct plan *plan, const uint64_t *nodes, size_t n_nodes,
                     const uint64_t *sites, size_t n_sites, struct conductor **ret, struct err *e)
{
    struct conductor *c;

    if (n_nodes == 0 || n_nodes > CLUSTER_NODES_MAX || n_sites > CLUSTER_SITES_MAX)
        return err_set(e, -E_INVAL, "conductor: %zu nodes and %zu sites", n_nodes, n_sites);
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(e, -E_NOMEM, "conductor");
    c->n_steps = plan->n_steps;
    c->n_nodes = n_nodes;
    c->n_sites = n_sites;
    c->ends = n_nodes + n_sites;
    if (!take_memory(c)) {
        conductor_destroy(c);
        return err_set(e, -E_NOMEM, "conductor");
    }
    for (size_t i = 0; i < n_nodes; i++)
        c->nodes[i].id = c->node_ids[i] = nodes[i];
    for (size_t i = 0; i < n_sites; i++)
        c->sites[i] = sites[i];
    for (size_t i = 0; i < plan->n_steps; i++)
        c->steps[i] = plan->steps[i];
    *ret = c;
    return 0;
}

static void free_active(struct active *a)
{
    fault_free(&a->fault);
    free(a->links);
    a->links = NULL;
}

void conductor_destroy(struct conductor *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->n_active; i++)
        free_active(&c->active[i]);
    free_active(&c->told);
    free(c->steps);
    free(c->active);
    free(c->nodes);
    free(c->node_ids);
    free(c->sites);
    free(c->rules);
    free(c->changed);
    free(c->queue);
    free(c);
}

/* --- looking up ----------------------------------------------------------------------------- */

static size_t place_of_node(const struct conductor *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_nodes; i++)
        if (c->nodes[i].id == id)
            return i;
    CHECK_THAT(false, "no node %llu", (unsigned long long)id);
    return 0;
}

static size_t place_of_end(const struct conductor *c, struct wire_end end)
{
    if (!end.site)
        return place_of_node(c, end.id);
    for (size_t i = 0; i < c->n_sites; i++)
        if (c->sites[i] == end.id)
            return c->n_nodes + i;
    CHECK_THAT(false, "no site %llu", (unsigned long long)end.id);
    return 0;
}

static struct wire_end end_at(const struct conductor *c, size_t place)
{
    if (place < c->n_nodes)
        return (struct wire_end){.site = false, .id = c->nodes[place].id};
    return (struct wire_end){.site = true, .id = c->sites[place - c->n_nodes]};
}

/* --- links ---------------------------------------------------------------------------------- */

static uint32_t add_ppm(uint32_t a, uint32_t b)
{
    return a + b > 1000000 ? 1000000 : a + b;
}

static bool rule_is_nothing(const struct wire_link_rule *r)
{
    return !r->cut && r->drop_ppm == 0 && r->duplicate_ppm == 0 && r->reorder_ppm == 0 &&
           r->delay_ms == 0 && r->jitter_ms == 0;
}

/* A rule has one choice of types for all it does: joined with one for all types it is for all. */
static struct wire_link_rule join(struct wire_link_rule a, struct wire_link_rule b)
{
    if (rule_is_nothing(&a))
        return b;
    return (struct wire_link_rule){
        .cut = a.cut || b.cut,
        .drop_ppm = add_ppm(a.drop_ppm, b.drop_ppm),
        .duplicate_ppm = add_ppm(a.duplicate_ppm, b.duplicate_ppm),
        .reorder_ppm = add_ppm(a.reorder_ppm, b.reorder_ppm),
        .delay_ms = max_u32(a.delay_ms, b.delay_ms),
        .jitter_ms = max_u32(a.jitter_ms, b.jitter_ms),
        .types = a.types == 0 || b.types == 0 ? 0 : a.types | b.types,
    };
}

static bool rules_equal(const struct wire_link_rule *a, const struct wire_link_rule *b)
{
    return a->cut == b->cut && a->drop_ppm == b->drop_ppm && a->duplicate_ppm == b->duplicate_ppm &&
           a->reorder_ppm == b->reorder_ppm && a->delay_ms == b->delay_ms &&
           a->jitter_ms == b->jitter_ms && a->types == b->types;
}

/* The rule of every link under the faults that are on, into `changed` (used as a table here). */
static void join_rules(struct conductor *c)
{
    for (size_t i = 0; i < c->ends * c->ends; i++)
        c->changed[i].rule = (struct wire_link_rule){0};
    for (size_t i = 0; i < c->n_active; i++) {
        const struct active *a = &c->active[i];

        if (a->over || !a->links_on)
            continue;
        for (size_t k = 0; k < a->fault->n_links; k++) {
            struct wire_link_rule *rule = &c->changed[a->links[k]].rule;

            *rule = join(*rule, a->fault->links[k].rule);
        }
    }
}

/* Gives out the rules that differ from those given out before, at most WIRE_LINKS_MAX at once;
 * what is left follows with the next call. */
static bool give_rules(struct conductor *c, struct conductor_action *ret)
{
    size_t n = 0;

    join_rules(c);
    for (size_t i = 0; i < c->ends * c->ends && n < WIRE_LINKS_MAX; i++) {
        const struct wire_link_rule rule = c->changed[i].rule;

        if (rules_equal(&rule, &c->rules[i]))
            continue;
        c->rules[i] = rule;
        c->changed[n++] = (struct wire_nemesis_link){
            .link = {end_at(c, i / c->ends), end_at(c, i % c->ends)}, .rule = rule};
    }
    c->rules_stale = n == WIRE_LINKS_MAX;
    *ret = (struct conductor_action){.kind = CONDUCTOR_RULES, .links = c->changed, .n_links = n};
    return n > 0;
}

/* --- nodes ---------------------------------------------------------------------------------- */

static void push(struct conductor *c, struct conductor_action action)
{
    CHECK(c->queue_len < queue_max(c));
    c->queue[c->queue_len++] = action;
}

static void push_node(struct conductor *c, enum conductor_action_kind kind, uint64_t node,
                      uint32_t fault)
{
    push(c, (struct conductor_action){.kind = kind, .node = node, .fault = fault});
}

/* Brings a node to what the faults that are on want of it: a node that one of them keeps dead is
 * not restarted because another is over. */
static void settle_node(struct conductor *c, struct node *n, uint32_t fault)
{
    enum node_state want = NODE_RUNS;

    if (n->killed_by > 0)
        want = NODE_DEAD;
    else if (n->paused_by > 0)
        want = NODE_PAUSED;
    if (want == n->state)
        return;
    if (want == NODE_DEAD)
        push_node(c, CONDUCTOR_KILL, n->id, fault);
    else if (n->state == NODE_DEAD)
        push_node(c, CONDUCTOR_RESTART, n->id, fault);
    else if (want == NODE_RUNS)
        push_node(c, CONDUCTOR_RESUME, n->id, fault);
    if (want == NODE_PAUSED)
        push_node(c, CONDUCTOR_PAUSE, n->id, fault);
    n->state = want;
}

static void apply_to_nodes(struct conductor *c, const struct active *a, bool begins)
{
    uint32_t step = begins ? 1u : UINT32_MAX; /* plus or minus one, modulo 2^32 */

    for (size_t i = 0; i < a->fault->n_nodes; i++) {
        struct node *n = &c->nodes[place_of_node(c, a->fault->nodes[i])];

        if (a->step->kind == FAULT_KILL)
            n->killed_by += step;
        else if (a->step->kind == FAULT_PAUSE)
            n->paused_by += step;
        settle_node(c, n, a->step->number);
    }
}

/* --- events --------------------------------------------------------------------------------- */

static void push_words(struct conductor *c, const struct active *a, enum conductor_action_kind kind)
{
    struct conductor_action action = {
        .kind = kind, .fault = a->step->number, .text = a->fault->text};

    if (kind == CONDUCTOR_BEGINS) {
        action.links = a->fault->links;
        action.n_links = a->fault->n_links;
    }
    push(c, action);
}

/* The few kilobytes of a fault are all the memory it takes after conductor_create; without them
 * there is no run to go on with. */
static void resolve(struct conductor *c, struct active *a, uint64_t leader)
{
    const struct fault_world world = {.nodes = c->node_ids,
                                      .n_nodes = c->n_nodes,
                                      .sites = c->sites,
                                      .n_sites = c->n_sites,
                                      .leader = leader};
    struct err e;
    int rc = fault_resolve(a->step, &world, &a->fault, &e);

    CHECK_THAT(rc == 0, "%s", e.text);
    a->links = calloc(max_size(a->fault->n_links, 1), sizeof *a->links);
    CHECK(a->links != NULL);
    for (size_t i = 0; i < a->fault->n_links; i++) {
        const struct wire_link *link = &a->fault->links[i].link;

        a->links[i] = place_of_end(c, link->from) * c->ends + place_of_end(c, link->to);
    }
}

static void begin(struct conductor *c, uint64_t leader)
{
    const struct plan_step *s = &c->steps[c->next_step++];
    struct active *a = &c->active[c->n_active++];
    bool flaps = s->kind == FAULT_PARTITION && s->shape == SHAPE_FLAPPING && s->period_ms > 0;

    *a = (struct active){.step = s,
                         .links_on = true,
                         .switches_ms = flaps ? s->at_ms + s->period_ms : INT64_MAX,
                         .ends_ms = s->at_ms + s->for_ms};
    resolve(c, a, leader);
    push_words(c, a, CONDUCTOR_BEGINS);
    apply_to_nodes(c, a, true);
    c->rules_stale = a->fault->n_links > 0;
}

static void end(struct conductor *c, struct active *a)
{
    a->over = true;
    apply_to_nodes(c, a, false);
    c->rules_stale = a->fault->n_links > 0;
}

static int64_t event_ms(const struct active *a)
{
    return a->switches_ms < a->ends_ms ? a->switches_ms : a->ends_ms;
}

/* The fault that wants something first; NULL when none is on. */
static struct active *first_active(const struct conductor *c)
{
    struct active *first = NULL;

    for (size_t i = 0; i < c->n_active; i++)
        if (first == NULL || event_ms(&c->active[i]) < event_ms(first))
            first = &c->active[i];
    return first;
}

static int64_t next_step_ms(const struct conductor *c)
{
    return c->next_step < c->n_steps ? c->steps[c->next_step].at_ms : INT64_MAX;
}

/* Carries out the earliest thing that is due; at the same time ends come before beginnings. */
static bool do_event(struct conductor *c, int64_t now_ms, uint64_t leader)
{
    struct active *a = first_active(c);
    int64_t active_ms = a == NULL ? INT64_MAX : event_ms(a);
    int64_t begins_ms = next_step_ms(c);

    if (active_ms > now_ms && begins_ms > now_ms)
        return false;
    if (begins_ms < active_ms) {
        begin(c, leader);
    } else if (a->ends_ms <= a->switches_ms) {
        end(c, a);
    } else {
        a->links_on = !a->links_on;
        a->switches_ms += a->step->period_ms;
        c->rules_stale = true;
    }
    return true;
}

/* A fault that is over says so last, when its rules are off and its nodes are back. */
static bool retire(struct conductor *c)
{
    for (size_t i = 0; i < c->n_active; i++) {
        struct active *a = &c->active[i];

        if (!a->over)
            continue;
        push_words(c, a, CONDUCTOR_ENDS);
        c->told = *a;
        memmove(a, a + 1, (c->n_active - i - 1) * sizeof *a);
        c->n_active--;
        return true;
    }
    return false;
}

static bool pop(struct conductor *c, struct conductor_action *ret)
{
    if (c->queue_at == c->queue_len) {
        c->queue_at = c->queue_len = 0;
        return false;
    }
    *ret = c->queue[c->queue_at++];
    return true;
}

/* What one event calls for goes out in full before the next one is looked at. */
bool conductor_next(struct conductor *c, int64_t now_ms, uint64_t leader,
                    struct conductor_action *ret)
{
    free_active(&c->told);
    do {
        if (pop(c, ret))
            return true;
        if (c->rules_stale && give_rules(c, ret))
            return true;
    } while (retire(c) || do_event(c, now_ms, leader));
    return false;
}

int64_t conductor_deadline_ms(const struct conductor *c)
{
    const struct active *a = first_active(c);
    int64_t active_ms = a == NULL ? INT64_MAX : event_ms(a);

    if (c->queue_at < c->queue_len || c->rules_stale || (a != NULL && a->over))
        return INT64_MIN;
    return active_ms < next_step_ms(c) ? active_ms : next_step_ms(c);
}

void conductor_stop(struct conductor *c)
{
    c->next_step = c->n_steps;
    for (size_t i = 0; i < c->n_active; i++)
        c->active[i].ends_ms = INT64_MIN;
}

/* --- what is on ----------------------------------------------------------------------------- */

static bool passes(const struct conductor *c, size_t from, size_t to)
{
    const struct wire_link_rule *r = &c->rules[from * c->ends + to];

    return r->types != 0 || (!r->cut && r->drop_ppm < 1000000);
}

bool conductor_cut_off(const struct conductor *c, uint64_t node)
{
    size_t self = place_of_node(c, node);
    size_t reached = 1;

    if (c->nodes[self].state != NODE_RUNS)
        return true;
    for (size_t i = 0; i < c->n_nodes; i++)
        if (i != self && c->nodes[i].state == NODE_RUNS && passes(c, self, i) && passes(c, i, self))
            reached++;
    return reached < c->n_nodes / 2 + 1;
}

size_t conductor_active(const struct conductor *c, uint32_t *faults, size_t max)
{
    for (size_t i = 0; i < c->n_active && i < max; i++)
        faults[i] = c->active[i].step->number;
    return c->n_active;
}

const struct plan_step *conductor_step(const struct conductor *c, uint32_t fault)
{
    for (size_t i = 0; i < c->n_steps; i++)
        if (c->steps[i].number == fault)
            return &c->steps[i];
    return NULL;
}
