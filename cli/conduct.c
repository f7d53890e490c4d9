#include "cli/conduct.h"

#include "base/check.h"
#include "cli/layout.h"

#include <signal.h>
#include <stdlib.h>

enum { FAULTS_ON_MAX = 64 }; /* that are looked at for the tally; plans overlap a few at most */

struct conduct {
    const struct plan *plan;
    struct harness *harness;
    struct conduct_observer observer;
    struct conductor *conductor;
    bool stopping;
    struct conduct_record *records;              /* by step number - 1 */
    struct wire_nemesis_counters *before;        /* the counters when the step began */
    uint32_t signalled_by[LAYOUT_NODES_MAX + 1]; /* step that killed or paused the node; 0: none */
};

int conduct_create(const struct plan *plan, struct harness *h, const struct conduct_observer *o,
                   struct conduct **ret, struct err *e)
{
    struct conduct *c = calloc(1, sizeof *c);
    const struct cluster *cluster = harness_cluster(h);
    uint64_t sites[CLUSTER_SITES_MAX];
    size_t n_nodes;
    const uint64_t *nodes = harness_node_ids(h, &n_nodes);
    int rc = -E_NOMEM;

    if (c == NULL)
        return err_set(e, rc, "conduct");
    c->plan = plan;
    c->harness = h;
    c->observer = *o;
    c->records = calloc(plan->n_steps + 1, sizeof *c->records);
    c->before = calloc(plan->n_steps + 1, sizeof *c->before);
    if (c->records == NULL || c->before == NULL) {
        err_set(e, rc, "conduct");
        goto fail;
    }
    for (size_t i = 0; i < plan->n_steps; i++)
        c->records[i].step = &plan->steps[i];
    for (size_t i = 0; i < cluster->n_sites; i++)
        sites[i] = cluster->sites[i].id;
    rc = conductor_create(plan, nodes, n_nodes, sites, cluster->n_sites, &c->conductor, e);
    if (rc < 0)
        goto fail;
    *ret = c;
    return 0;

fail:
    conduct_destroy(c);
    return rc;
}

void conduct_destroy(struct conduct *c)
{
    if (c == NULL)
        return;
    conductor_destroy(c->conductor);
    free(c->records);
    free(c->before);
    free(c);
}

static struct conduct_record *record_of(struct conduct *c, uint32_t step)
{
    for (size_t i = 0; i < c->plan->n_steps; i++) {
        if (c->plan->steps[i].number == step)
            return &c->records[i];
    }
    return NULL;
}

/* --- proofs --------------------------------------------------------------------------------- */

static uint64_t proof_of(const struct conduct_record *r)
{
    switch (r->step->kind) {
    case FAULT_PARTITION:
    case FAULT_DROP: return r->dropped;
    case FAULT_DELAY: return r->delayed;
    case FAULT_DUPLICATE: return r->duplicated;
    case FAULT_REORDER: return r->reordered;
    case FAULT_KILL: return r->killed;
    case FAULT_PAUSE: return r->paused;
    default: return 0;
    }
}

/* The counters are of all links together: where two faults of one kind overlap, both are given
 * what either did. */
static void take_difference(struct conduct_record *r, const struct wire_nemesis_counters *before,
                            const struct wire_nemesis_counters *now)
{
    if (r->step->kind == FAULT_PARTITION)
        r->dropped = now->cut - before->cut;
    if (r->step->kind == FAULT_DROP)
        r->dropped = now->dropped - before->dropped;
    if (r->step->kind == FAULT_DELAY)
        r->delayed = now->delayed - before->delayed;
    if (r->step->kind == FAULT_DUPLICATE)
        r->duplicated = now->duplicated - before->duplicated;
    if (r->step->kind == FAULT_REORDER)
        r->reordered = now->reordered - before->reordered;
}

void conduct_node_changed(struct conduct *c, const struct harness_node *node,
                          enum history_node_what what, int signal)
{
    struct conduct_record *r = record_of(c, c->signalled_by[node->id]);

    if (r == NULL)
        return;
    if (what == NODE_DIED && signal == SIGKILL && r->step->kind == FAULT_KILL)
        r->killed++;
    if (what == NODE_PAUSED && r->step->kind == FAULT_PAUSE)
        r->paused++;
    r->bit = proof_of(r) > 0;
}

/* --- playing -------------------------------------------------------------------------------- */

static int begin_step(struct conduct *c, const struct conductor_action *a, struct err *e)
{
    struct conduct_record *r = record_of(c, a->fault);

    CHECK_THAT(r != NULL, "step %u is not in the plan", a->fault);
    r->begun = true;
    c->observer.fault(c->observer.context, r, a);
    return harness_counters(c->harness, &c->before[r - c->records], e);
}

static int end_step(struct conduct *c, const struct conductor_action *a, struct err *e)
{
    struct conduct_record *r = record_of(c, a->fault);
    struct wire_nemesis_counters now;
    int rc = harness_counters(c->harness, &now, e);

    CHECK_THAT(r != NULL, "step %u is not in the plan", a->fault);
    if (rc < 0)
        return rc;
    take_difference(r, &c->before[r - c->records], &now);
    r->ended = true;
    r->cut_short = c->stopping;
    r->bit = proof_of(r) > 0;
    c->observer.fault(c->observer.context, r, a);
    return 0;
}

static int carry_out(struct conduct *c, const struct conductor_action *a, struct err *e)
{
    switch (a->kind) {
    case CONDUCTOR_RULES: return harness_set_rules(c->harness, a->links, a->n_links, e);
    case CONDUCTOR_KILL:
        c->signalled_by[a->node] = a->fault;
        return harness_kill(c->harness, a->node, e);
    case CONDUCTOR_RESTART: return harness_restart(c->harness, a->node, e);
    case CONDUCTOR_PAUSE:
        c->signalled_by[a->node] = a->fault;
        return harness_pause(c->harness, a->node, e);
    case CONDUCTOR_RESUME: return harness_resume(c->harness, a->node, e);
    case CONDUCTOR_BEGINS: return begin_step(c, a, e);
    case CONDUCTOR_ENDS: return end_step(c, a, e);
    }
    return 0;
}

int conduct_turn(struct conduct *c, int64_t now_ms, struct err *e)
{
    struct conductor_action action;

    while (conductor_next(c->conductor, now_ms, harness_leader(c->harness), &action)) {
        int rc = carry_out(c, &action, e);

        if (rc < 0)
            return rc;
    }
    return 0;
}

int64_t conduct_deadline_ms(const struct conduct *c)
{
    return conductor_deadline_ms(c->conductor);
}

int conduct_stop(struct conduct *c, int64_t now_ms, struct err *e)
{
    int rc;

    c->stopping = true;
    conductor_stop(c->conductor);
    rc = conduct_turn(c, now_ms, e);
    return rc < 0 ? rc : harness_heal(c->harness, e);
}

/* --- what is on ----------------------------------------------------------------------------- */

uint32_t conduct_faults_on(const struct conduct *c)
{
    uint32_t steps[FAULTS_ON_MAX];
    size_t n = conductor_active(c->conductor, steps, FAULTS_ON_MAX);
    uint32_t on = 0;

    for (size_t i = 0; i < n && i < FAULTS_ON_MAX; i++) {
        const struct plan_step *step = conductor_step(c->conductor, steps[i]);

        if (step != NULL)
            on |= 1u << tally_fault_of(step);
    }
    return on;
}

enum tally_role conduct_role_of(const struct conduct *c, const struct harness_node *node)
{
    bool cut_off = conductor_cut_off(c->conductor, node->id);

    if (node->life == LIFE_DEAD)
        return TALLY_DEAD;
    if (node->life == LIFE_PAUSED)
        return TALLY_PAUSED;
    if (node->role == RAFT_LEADER)
        return cut_off ? TALLY_LEADER_CUT_OFF : TALLY_LEADER;
    if (node->role == RAFT_FOLLOWER)
        return cut_off ? TALLY_FOLLOWER_CUT_OFF : TALLY_FOLLOWER;
    return TALLY_CANDIDATE;
}

const struct conduct_record *conduct_records(const struct conduct *c, size_t *ret_n)
{
    *ret_n = c->plan->n_steps;
    return c->records;
}
