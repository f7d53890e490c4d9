#include "sim/net.h"

#include "base/check.h"

#include <stdlib.h>

enum { LATE_DOUBLINGS = 13, LATE_NS_MAX = 1000000000 };

struct link {
    struct wire_link_rule rule;
    struct rng rng;
    int64_t last_ns; /* when its last message in order arrives */
};

struct sim_net {
    struct sim_net_options options;
    size_t n_ends;
    struct link *links; /* [from * n_ends + to] */
    struct sim_net_totals totals;
};

int sim_net_create(const struct sim_net_options *o, struct sim_net **ret, struct err *e)
{
    struct sim_net *n = calloc(1, sizeof *n);

    if (n == NULL)
        return err_set(e, -E_NOMEM, "virtual network");
    n->options = *o;
    n->n_ends = o->n_nodes + o->n_sites;
    n->links = calloc(n->n_ends * n->n_ends, sizeof *n->links);
    if (n->links == NULL) {
        sim_net_destroy(n);
        return err_set(e, -E_NOMEM, "virtual network");
    }
    for (size_t i = 0; i < n->n_ends * n->n_ends; i++)
        n->links[i].rng = rng_make(o->seed, rng_stream("link", i));
    *ret = n;
    return 0;
}

void sim_net_destroy(struct sim_net *n)
{
    if (n == NULL)
        return;
    free(n->links);
    free(n);
}

static size_t end_index(const struct sim_net *n, struct wire_end end)
{
    size_t i = (end.site ? n->options.n_nodes : 0) + end.id - 1;

    CHECK(end.id >= 1 && end.id <= (end.site ? n->options.n_sites : n->options.n_nodes));
    return i;
}

static struct link *find(struct sim_net *n, struct wire_end from, struct wire_end to)
{
    return &n->links[end_index(n, from) * n->n_ends + end_index(n, to)];
}

void sim_net_rules(struct sim_net *n, const struct wire_nemesis_link *links, size_t n_links)
{
    for (size_t i = 0; i < n_links; i++)
        find(n, links[i].link.from, links[i].link.to)->rule = links[i].rule;
}

void sim_net_heal(struct sim_net *n)
{
    for (size_t i = 0; i < n->n_ends * n->n_ends; i++)
        n->links[i].rule = (struct wire_link_rule){0};
    n->options.loss_ppm = n->options.duplicate_ppm = n->options.reorder_ppm = 0;
}

/* True with either chance; counts it as a fault when the rule's was the one. */
static bool either(struct link *l, uint32_t rule_ppm, uint32_t own_ppm, uint64_t *count)
{
    if (rule_ppm > 0 && rng_chance(&l->rng, rule_ppm)) {
        (*count)++;
        return true;
    }
    return own_ppm > 0 && rng_chance(&l->rng, own_ppm);
}

static int64_t drawn_latency(struct sim_net *n, struct link *l, const struct wire_link_rule *rule)
{
    int64_t us = n->options.latency_us;

    if (n->options.jitter_us > 0)
        us += (int64_t)rng_below(&l->rng, n->options.jitter_us);
    if (rule->delay_ms > 0 || rule->jitter_ms > 0) {
        us += (int64_t)rule->delay_ms * 1000;
        us += (int64_t)rng_below(&l->rng, (uint64_t)rule->jitter_ms * 1000 + 1);
        n->totals.delayed++;
    }
    return us * 1000;
}

/* How much later than it should a message comes that others overtake: a few latencies as often as
 * a hundred, so that some arrive in another term. */
static int64_t drawn_lateness(struct sim_net *n, struct link *l)
{
    uint32_t doublings = (uint32_t)rng_below(&l->rng, LATE_DOUBLINGS);
    int64_t ns = ((int64_t)(n->options.latency_us + 100) * 1000) << doublings;

    return ns < LATE_NS_MAX ? ns : LATE_NS_MAX;
}

size_t sim_net_send(struct sim_net *n, struct wire_end from, struct wire_end to, uint64_t type_bit,
                    int64_t now_ns, int64_t ret_at_ns[2])
{
    struct link *l = find(n, from, to);
    struct wire_link_rule rule = l->rule;
    int64_t at;

    if (rule.types != 0 && (rule.types & type_bit) == 0)
        rule = (struct wire_link_rule){0};
    if (rule.cut) {
        n->totals.cut++;
        return 0;
    }
    if (either(l, rule.drop_ppm, n->options.loss_ppm, &n->totals.dropped))
        return 0;
    n->totals.passed++;
    at = now_ns + drawn_latency(n, l, &rule);
    if (either(l, rule.reorder_ppm, n->options.reorder_ppm, &n->totals.reordered)) {
        at += drawn_lateness(n, l);
    } else {
        if (at < l->last_ns)
            at = l->last_ns;
        l->last_ns = at;
    }
    ret_at_ns[0] = at;
    if (!either(l, rule.duplicate_ppm, n->options.duplicate_ppm, &n->totals.duplicated))
        return 1;
    ret_at_ns[1] = at + drawn_lateness(n, l);
    return 2;
}

void sim_net_totals(const struct sim_net *n, struct sim_net_totals *faults)
{
    *faults = n->totals;
}
