#include "sim/world.h"

#include "workloads/cuts.h"

#include <stdlib.h>

/* What had happened when a step of the plan began: what has happened beyond it when it ends proves
 * that it bit. Where steps of one kind overlap, both are given what either did. */
struct sim_fault_on {
    uint32_t step; /* 0: free */
    struct sim_net_totals net;
    uint64_t kills, pauses;
};

int sim_faults_create(struct sim_world *w, struct err *e)
{
    w->faults_on = calloc(w->steps + 1, sizeof *w->faults_on);
    return w->faults_on == NULL ? err_set(e, -E_NOMEM, "faults") : 0;
}

/* The place of a step that is on, or a free one for step 0. */
static struct sim_fault_on *find(struct sim_world *w, uint32_t step)
{
    size_t i = 0;

    while (i < w->steps && w->faults_on[i].step != step)
        i++;
    return &w->faults_on[i];
}

void sim_fault_begins(struct sim_world *w, const struct conductor_action *a)
{
    struct history_link cuts[HISTORY_CUTS_MAX];
    struct history_event event = {.kind = HISTORY_FAULT,
                                  .time_ns = w->now_ns,
                                  .fault = a->fault,
                                  .begins = true,
                                  .text = a->text,
                                  .cuts = cuts,
                                  .n_cuts = cuts_of(a->links, a->n_links, cuts)};
    struct sim_fault_on *on = find(w, 0);

    *on = (struct sim_fault_on){
        .step = a->fault, .kills = w->result->kills, .pauses = w->result->pauses};
    sim_net_totals(w->net, &on->net);
    w->result->faults[conductor_step(w->conductor, a->fault)->kind]++;
    sim_record(w, &event);
}

void sim_fault_ends(struct sim_world *w, const struct conductor_action *a)
{
    struct history_event event = {
        .kind = HISTORY_FAULT, .time_ns = w->now_ns, .fault = a->fault, .text = a->text};
    struct sim_fault_on *on = find(w, a->fault);
    struct sim_net_totals net;

    sim_net_totals(w->net, &net);
    switch (conductor_step(w->conductor, a->fault)->kind) {
    case FAULT_PARTITION: event.dropped = net.cut - on->net.cut; break;
    case FAULT_DROP: event.dropped = net.dropped - on->net.dropped; break;
    case FAULT_DELAY: event.delayed = net.delayed - on->net.delayed; break;
    case FAULT_DUPLICATE: event.duplicated = net.duplicated - on->net.duplicated; break;
    case FAULT_REORDER: event.reordered = net.reordered - on->net.reordered; break;
    case FAULT_KILL: event.killed = w->result->kills - on->kills; break;
    case FAULT_PAUSE: event.paused = w->result->pauses - on->pauses; break;
    default: break;
    }
    on->step = 0;
    sim_record(w, &event);
}
