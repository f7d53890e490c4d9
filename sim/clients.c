#include "sim/world.h"

#include "base/clock.h"
#include "sim/packet.h"

#include <stdlib.h>

static void on_invoked(void *context, int64_t now_ns, uint32_t process, const struct op *op)
{
    struct sim_world *w = context;
    struct history_event event = {
        .kind = HISTORY_INVOKE, .time_ns = now_ns, .process = process, .op = *op};

    w->is_strict[process % w->config.clerks] = w->strict;
    sim_record(w, &event);
}

static void on_asked(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                     uint64_t node)
{
    struct history_event event = {
        .kind = HISTORY_ASK, .time_ns = now_ns, .process = process, .node = node};

    (void)op;
    sim_record(context, &event);
}

static void on_completed(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                         const struct clerk_end *end)
{
    struct sim_world *w = context;
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .time_ns = now_ns,
                                  .process = process,
                                  .node = end->node,
                                  .term = end->term,
                                  .outcome = end->outcome,
                                  .status = end->status,
                                  .value = end->value};

    sim_record(w, &event);
    /* A session that has fallen out of the bounded table is refused for good: that is an answer. */
    if (w->is_strict[process % w->config.clerks] && end->outcome != OUTCOME_OK &&
        end->status != STATUS_SESSION_EXPIRED) {
        char text[ERR_TEXT_MAX];

        snprintf(text, sizeof text,
                 "a %s of process %u, begun after all faults had healed, ended as %s (%s)",
                 op_kind_name(op->kind), process, op_outcome_name(end->outcome),
                 op_status_name(end->status));
        sim_find(w, SIM_LIVENESS, text);
    }
}

static bool wanted(void *context, uint32_t clerk, uint64_t k)
{
    const struct sim_ops *ops = context;
    size_t low = 0, high = ops->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct sim_op *at = &ops->items[mid];

        if (at->clerk < clerk || (at->clerk == clerk && at->k < k))
            low = mid + 1;
        else
            high = mid;
    }
    return low < ops->n && ops->items[low].clerk == clerk && ops->items[low].k == k;
}

int sim_clients_create(struct sim_world *w, struct err *e)
{
    const struct sim_config *c = &w->config;
    struct workload_options load = {.name = c->workload,
                                    .seed = c->seed,
                                    .clerks = c->clerks,
                                    .keys = c->keys,
                                    .read_percent = c->read_percent,
                                    .value_bytes = c->value_bytes,
                                    .value_range = 5};
    struct fleet_options o = {.clerks = c->clerks,
                              .sites = c->nodes,
                              .rate = c->rate,
                              .ops_max = c->ops_max,
                              .wander_ppm = c->wander_ppm,
                              .wanted = c->ops != NULL ? wanted : NULL,
                              .wanted_context = (void *)c->ops,
                              .seed = c->seed,
                              .clerk = {.nodes = w->ids,
                                        .n_nodes = c->nodes,
                                        .attempt_timeout_ns = c->attempt_timeout_ms * NS_PER_MS,
                                        .op_timeout_ns = c->op_timeout_ms * NS_PER_MS,
                                        .backoff_ns = c->attempt_timeout_ms * NS_PER_MS / 10}};
    struct fleet_observer observer = {w, on_invoked, on_asked, on_completed};
    int rc;

    w->asked = calloc(SIM_ASKED_MAX, sizeof *w->asked);
    w->is_strict = calloc(c->clerks, sizeof *w->is_strict);
    if (w->asked == NULL || w->is_strict == NULL)
        return err_set(e, -E_NOMEM, "clients");
    rc = workload_create(&load, &w->workload, e);
    if (rc < 0)
        return rc;
    o.workload = w->workload;
    return fleet_create(&o, &observer, &w->fleet, e);
}

static void send_one(struct sim_world *w, const struct fleet_send *send)
{
    struct sim_node *to = &w->nodes[send->node - 1];
    struct sim_event event = {.kind = SIM_REQUEST, .node = (uint32_t)to->index};
    struct sim_packet *p;
    int64_t at[2];
    size_t copies;

    if (to->server == NULL) {
        fleet_unsent(w->fleet, w->now_ns); /* as with a connection that is refused */
        return;
    }
    p = sim_packet_request(&send->request);
    if (p == NULL) {
        sim_fail(w, -E_NOMEM, NULL);
        return;
    }
    p->from = (struct wire_end){.site = true, .id = send->site + 1};
    p->to = (struct wire_end){.id = send->node};
    copies = sim_net_send(w->net, p->from, p->to, 0, w->now_ns, at);
    event.incarnation = to->incarnation;
    event.payload = p;
    for (size_t i = 0; i < copies; i++) {
        event.at_ns = at[i];
        p->refs++;
        sim_put(w, event);
    }
    sim_packet_release(p);
}

void sim_clients_step(struct sim_world *w)
{
    struct fleet_send send;
    struct err e;
    int64_t deadline;
    int rc = fleet_tick(w->fleet, w->now_ns, &e);

    if (rc < 0)
        sim_fail(w, rc, &e);
    while (fleet_next_send(w->fleet, w->now_ns, &send))
        send_one(w, &send);
    deadline = fleet_deadline_ns(w->fleet);
    if (deadline < w->fleet_wake_ns) {
        w->fleet_wake_ns = deadline;
        sim_put(w, (struct sim_event){.at_ns = deadline, .kind = SIM_FLEET});
    }
}

void sim_clients_reply(struct sim_world *w, const struct wire_reply *m)
{
    struct err e;
    int rc = fleet_reply(w->fleet, w->now_ns, m, &e);

    if (rc < 0)
        sim_fail(w, rc, &e);
    sim_clients_step(w);
}
