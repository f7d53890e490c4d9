#include "cli/run.h"

#include "base/clock.h"
#include "cli/layout.h"
#include "workloads/cuts.h"
#include "workloads/workload.h"

/* The run's observers: every event goes into the history first, then to whoever counts. */

int64_t run_now_ns(const struct run *r)
{
    return r->start_ns == 0 ? 0 : clock_monotonic_ns() - r->start_ns;
}

/* Callbacks cannot fail; the loop looks at record_rc. */
static void record(struct run *r, struct history_event *event)
{
    struct err e = {0};
    int rc;

    if (r->record_rc < 0 || r->writer == NULL)
        return;
    rc = history_write(r->writer, event, &e);
    if (rc < 0) {
        r->record_rc = rc;
        r->record_error = e;
    }
}

int run_record_open(struct run *r, struct err *e)
{
    const struct run_options *o = r->o;
    struct run_facts facts;
    uint64_t nodes[LAYOUT_NODES_MAX];
    struct history_header header = {
        .version = HISTORY_FORMAT_VERSION,
        .model = workload_model(r->workload),
        .workload = o->workload,
        .cluster = "run",
        .seed = o->seed,
        .started_wall_ns = clock_wall_ns(),
        .nodes = nodes,
        .n_nodes = o->nodes,
        .options = facts.items,
    };

    run_options_facts(o, &facts);
    header.n_options = facts.n;
    for (size_t i = 0; i < o->nodes; i++)
        nodes[i] = i + 1;
    return history_writer_open(r->history_path, &header, &r->writer, e);
}

/* The schedule is part of the history, one sentence a step. */
int run_record_plan(struct run *r, struct err *e)
{
    struct buf line = {0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->plan->n_steps; i++) {
        buf_clear(&line);
        rc = buf_printf(&line, "planned: ");
        if (rc == 0)
            rc = plan_describe_step(&r->plan->steps[i], &line);
        if (rc == 0)
            rc = buf_append_byte(&line, '\0');
        if (rc == 0) {
            struct history_event note = {.kind = HISTORY_NOTE, .text = (const char *)line.data};

            record(r, &note);
        }
    }
    buf_free(&line);
    if (rc < 0)
        return err_set(e, rc, "cannot write down the plan");
    return r->record_rc < 0 ? err_set(e, r->record_rc, "%s", r->record_error.text) : 0;
}

int run_record_close(struct run *r, struct err *e)
{
    return r->writer == NULL ? 0 : history_writer_close(&r->writer, e);
}

/* --- clerks --------------------------------------------------------------------------------- */

static void on_invoked(void *context, int64_t now_ns, uint32_t process, const struct op *op)
{
    struct run *r = context;
    struct history_event event = {
        .kind = HISTORY_INVOKE, .time_ns = now_ns, .process = process, .op = *op};

    record(r, &event);
    tally_invoked(r->tally, process, op->kind);
    course_invoked(r->course, process, now_ns);
}

static void on_asked(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                     uint64_t node)
{
    struct run *r = context;
    struct history_event event = {
        .kind = HISTORY_ASK, .time_ns = now_ns, .process = process, .node = node};

    record(r, &event);
    tally_asked(r->tally, process, op->kind,
                conduct_role_of(r->conduct, harness_node(r->harness, node)));
}

static void on_completed(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                         const struct clerk_end *end)
{
    struct run *r = context;
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .time_ns = now_ns,
                                  .process = process,
                                  .node = end->node,
                                  .term = end->term,
                                  .outcome = end->outcome,
                                  .status = end->status};

    if (op->kind == OP_GET && end->outcome == OUTCOME_OK && end->status == STATUS_OK)
        event.value = end->value;
    record(r, &event);
    tally_completed(r->tally, op->kind, end->outcome);
    course_completed(r->course, process, now_ns, end->outcome == OUTCOME_OK);
}

struct fleet_observer run_record_fleet(struct run *r)
{
    return (struct fleet_observer){
        .context = r, .invoked = on_invoked, .asked = on_asked, .completed = on_completed};
}

/* --- nodes ---------------------------------------------------------------------------------- */

static void remember_leader(struct run *r, const struct harness_node *node)
{
    for (size_t i = 0; i < r->n_leaders; i++) {
        if (r->leaders[i].term == node->term)
            return;
    }
    course_led(r->course, run_now_ns(r));
    if (r->n_leaders < RUN_LEADERS_MAX)
        r->leaders[r->n_leaders++] = (struct run_leader){.term = node->term, .node = node->id};
}

static void on_node_changed(void *context, const struct harness_node *node,
                            enum history_node_what what, int signal)
{
    struct run *r = context;
    struct history_event event = {.kind = HISTORY_NODE,
                                  .time_ns = run_now_ns(r),
                                  .node = node->id,
                                  .term = node->term,
                                  .what = what};

    record(r, &event);
    if (what == NODE_LEADER)
        remember_leader(r, node);
    if (r->conduct != NULL)
        conduct_node_changed(r->conduct, node, what, signal);
}

struct harness_observer run_record_harness(struct run *r)
{
    return (struct harness_observer){.context = r, .changed = on_node_changed};
}

/* --- faults --------------------------------------------------------------------------------- */

static void on_fault(void *context, const struct conduct_record *f,
                     const struct conductor_action *action)
{
    struct run *r = context;
    struct history_link cuts[HISTORY_CUTS_MAX];
    struct history_event event = {
        .kind = HISTORY_FAULT,
        .time_ns = run_now_ns(r),
        .fault = f->step->number,
        .begins = !f->ended,
        .text = action->text,
    };

    if (!f->ended) {
        event.cuts = cuts;
        event.n_cuts = cuts_of(action->links, action->n_links, cuts);
    } else {
        event.dropped = f->dropped;
        event.delayed = f->delayed;
        event.duplicated = f->duplicated;
        event.reordered = f->reordered;
        event.killed = f->killed;
        event.paused = f->paused;
    }
    record(r, &event);
    run_progress_fault(r, f, action->text);
}

struct conduct_observer run_record_faults(struct run *r)
{
    return (struct conduct_observer){.context = r, .fault = on_fault};
}
