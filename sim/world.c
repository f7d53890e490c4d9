#include "sim/world.h"

#include "base/clock.h"
#include "sim/knobs.h"
#include "sim/packet.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

/* After the faults: time to elect a leader, then a time in which every operation that begins has to
 * come through. A clerk may first have to give up what it began before, so that time is longer than
 * an operation may take. */
enum { SETTLE_ELECTIONS = 20, STRICT_MS = 1000 };

/* Events that may wait. Beyond it messages beget messages faster than they arrive, and the world
 * would come no further. */
enum { QUEUE_MAX = 1 << 14 };

void sim_put(struct sim_world *w, struct sim_event event)
{
    if (event.at_ns < w->now_ns)
        event.at_ns = w->now_ns;
    if (w->queue.n >= QUEUE_MAX)
        sim_find(w, SIM_LIVENESS, "a storm: more messages are on their way than ever arrive");
    if (!sim_queue_put(&w->queue, event))
        sim_fail(w, -E_NOMEM, NULL);
}

void sim_find(struct sim_world *w, enum sim_finding finding, const char *reason)
{
    struct sim_result *r = w->result;

    if (r->finding != SIM_FINE)
        return; /* the first is what counts */
    r->finding = finding;
    r->found_ms = w->now_ns / NS_PER_MS;
    snprintf(r->reason, sizeof r->reason, "%s", reason);
}

void sim_fail(struct sim_world *w, int rc, const struct err *e)
{
    if (w->error == 0) {
        w->error = rc;
        if (e != NULL)
            w->reason = *e;
        else
            err_set(&w->reason, rc, "simulator: %s", err_text(rc));
    }
}

void sim_record(struct sim_world *w, struct history_event *event)
{
    struct err e;
    int rc = history_add_event(w->history, event, &e);

    if (rc == 0 && w->writer != NULL)
        rc = history_write(w->writer, event, &e);
    if (rc < 0)
        sim_fail(w, rc, &e);
}

void sim_note(struct sim_world *w, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    struct history_event event = {.kind = HISTORY_NOTE, .time_ns = w->now_ns, .text = text};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sim_record(w, &event);
}

void sim_record_node(struct sim_world *w, const struct sim_node *n, enum history_node_what what,
                     uint64_t term)
{
    struct history_event event = {
        .kind = HISTORY_NODE, .time_ns = w->now_ns, .node = n->id, .what = what, .term = term};

    sim_record(w, &event);
}

/* --- the conductor -------------------------------------------------------------------------- */

static void carry_out(struct sim_world *w, const struct conductor_action *a)
{
    struct sim_node *n = a->node > 0 ? &w->nodes[a->node - 1] : NULL;

    switch (a->kind) {
    case CONDUCTOR_RULES: sim_net_rules(w->net, a->links, a->n_links); break;
    case CONDUCTOR_KILL:
        n->held_down = true;
        w->result->kills += n->server != NULL;
        sim_node_crash(n);
        break;
    case CONDUCTOR_RESTART:
        n->held_down = false;
        if (n->server == NULL)
            sim_node_start(n);
        break;
    case CONDUCTOR_PAUSE:
        w->result->pauses += n->server != NULL;
        sim_node_pause(n);
        break;
    case CONDUCTOR_RESUME: sim_node_resume(n); break;
    case CONDUCTOR_BEGINS: sim_fault_begins(w, a); break;
    case CONDUCTOR_ENDS: sim_fault_ends(w, a); break;
    }
}

static void step_conductor(struct sim_world *w)
{
    struct conductor_action a;
    int64_t deadline;

    while (conductor_next(w->conductor, w->now_ns / NS_PER_MS, w->leader, &a))
        carry_out(w, &a);
    deadline = conductor_deadline_ms(w->conductor);
    if (deadline < INT64_MAX / NS_PER_MS && deadline * NS_PER_MS < w->conductor_wake_ns) {
        w->conductor_wake_ns = deadline * NS_PER_MS;
        sim_put(w, (struct sim_event){.at_ns = w->conductor_wake_ns, .kind = SIM_CONDUCTOR});
    }
}

/* --- the loop ------------------------------------------------------------------------------- */

static void handle(struct sim_world *w, const struct sim_event *event)
{
    switch (event->kind) {
    case SIM_FLEET:
        if (event->at_ns == w->fleet_wake_ns) {
            w->fleet_wake_ns = INT64_MAX;
            sim_clients_step(w);
        }
        break;
    case SIM_REPLY:
        sim_clients_reply(w, &((struct sim_packet *)event->payload)->u.reply);
        sim_packet_release(event->payload);
        break;
    case SIM_CONDUCTOR:
        if (event->at_ns == w->conductor_wake_ns) {
            w->conductor_wake_ns = INT64_MAX;
            step_conductor(w);
        }
        break;
    default: sim_node_handle(&w->nodes[event->node], event); break;
    }
}

/* Until `end_ns`, or the first finding, or until nothing is open when `drain` is set. */
static void run_until(struct sim_world *w, int64_t end_ns, bool drain)
{
    struct sim_event event;

    while (w->result->finding == SIM_FINE && w->error == 0 &&
           !(drain && fleet_open(w->fleet) == 0) && sim_queue_peek_ns(&w->queue) <= end_ns) {
        if (!sim_queue_take(&w->queue, &event))
            break;
        w->now_ns = event.at_ns;
        if (++w->result->events == w->config.events_max)
            sim_find(w, SIM_LIVENESS, "more events than the run may take");
        handle(w, &event);
    }
    if (w->now_ns < end_ns && !drain)
        w->now_ns = end_ns;
}

/* Damage that nobody has come upon yet is looked for, so that what it costs (a leader, perhaps) is
 * paid before liveness is asked for. */
static void check_disk(struct sim_node *n)
{
    if (n->server == NULL || !sim_disk_damaged(n->disk))
        return;
    sim_note(n->world, "node %" PRIu64 " is stopped to have its disk checked", n->id);
    sim_node_crash(n);
}

/* Everything is well from now on. */
static void heal(struct sim_world *w)
{
    w->healed = true;
    conductor_stop(w->conductor);
    step_conductor(w);
    sim_net_heal(w->net);
    for (size_t i = 0; i < w->config.nodes; i++) {
        sim_disk_heal(w->nodes[i].disk);
        w->nodes[i].held_down = false;
        check_disk(&w->nodes[i]);
        if (w->nodes[i].server == NULL)
            sim_node_start(&w->nodes[i]);
    }
}

/* Only some operations were wanted, and all of them are over. */
static bool nothing_left(const struct sim_world *w)
{
    struct fleet_totals totals;

    if (w->config.ops == NULL)
        return false;
    fleet_totals(w->fleet, &totals);
    return totals.invoked >= w->config.ops->n && fleet_open(w->fleet) == 0;
}

static void run_phases(struct sim_world *w)
{
    const struct sim_config *c = &w->config;
    int64_t stall_ms = c->disk_stall_ppm > 0 ? c->disk_stall_ms : 0; /* one may have just begun */
    int64_t settled_ms = c->run_ms + SETTLE_ELECTIONS * (int64_t)c->election_ms + stall_ms;
    int64_t end_ms = settled_ms + c->op_timeout_ms + STRICT_MS;

    for (size_t i = 0; i < c->nodes; i++)
        sim_node_start(&w->nodes[i]);
    step_conductor(w);
    sim_clients_step(w);
    run_until(w, c->run_ms * NS_PER_MS, false);
    heal(w);
    if (nothing_left(w))
        return;
    run_until(w, settled_ms * NS_PER_MS, false);
    w->strict = true;
    run_until(w, end_ms * NS_PER_MS, false);
    fleet_stop(w->fleet);
    run_until(w, (end_ms + 2 * (int64_t)c->op_timeout_ms) * NS_PER_MS, true);
    if (fleet_open(w->fleet) > 0 && w->result->finding == SIM_FINE && w->error == 0)
        sim_find(w, SIM_LIVENESS, "operations are still open long after all faults had healed");
    fleet_abandon(w->fleet, w->now_ns);
}

/* A broken invariant leaves the run by this jump. */
struct jump {
    jmp_buf to;
    char text[ERR_TEXT_MAX];
};

static void on_check(void *context, const char *text)
{
    struct jump *jump = context;

    snprintf(jump->text, sizeof jump->text, "%s", text);
    longjmp(jump->to, 1);
}

static void run_guarded(struct sim_world *w)
{
    struct jump jump;

    check_set_hook(on_check, &jump);
    if (setjmp(jump.to) == 0)
        run_phases(w);
    else
        sim_find(w, SIM_CHECK, jump.text);
    check_set_hook(NULL, NULL);
}

/* --- making and unmaking -------------------------------------------------------------------- */

int sim_draw_plan(const struct sim_config *c, struct plan **ret, struct err *e)
{
    struct plan_options o = {.nemesis = c->nemesis,
                             .seed = c->seed,
                             .run_ms = c->run_ms,
                             .first_ms = 500,
                             .fault_ms = c->fault_ms,
                             .pause_ms = c->pause_ms,
                             .quiet_ms = 500};

    return plan_draw(&o, ret, e);
}

static int create_plan(struct sim_world *w, const struct plan *plan, struct err *e)
{
    int rc = 0;

    if (plan == NULL) {
        rc = sim_draw_plan(&w->config, &w->plan, e);
        plan = w->plan;
    }
    if (rc < 0)
        return rc;
    w->steps = plan->n_steps;
    rc = sim_faults_create(w, e);
    if (rc < 0)
        return rc;
    return conductor_create(plan, w->ids, w->config.nodes, w->ids, w->config.nodes, &w->conductor,
                            e);
}

static int create_net(struct sim_world *w, struct err *e)
{
    const struct sim_config *c = &w->config;
    struct sim_net_options o = {.n_nodes = c->nodes,
                                .n_sites = c->nodes,
                                .seed = c->seed,
                                .latency_us = c->latency_us,
                                .jitter_us = c->jitter_us,
                                .loss_ppm = c->loss_ppm,
                                .duplicate_ppm = c->duplicate_ppm,
                                .reorder_ppm = c->reorder_ppm};

    return sim_net_create(&o, &w->net, e);
}

struct history_header sim_history_header(const struct sim_config *c, uint64_t nodes[SIM_NODES_MAX])
{
    for (size_t i = 0; i < c->nodes; i++)
        nodes[i] = i + 1;
    return (struct history_header){.version = HISTORY_FORMAT_VERSION,
                                   .model = workload_model_of(c->workload),
                                   .workload = c->workload,
                                   .cluster = "sim",
                                   .seed = c->seed,
                                   .nodes = nodes,
                                   .n_nodes = c->nodes};
}

static int create_world(struct sim_world *w, const struct plan *plan, struct err *e)
{
    struct history_header header = sim_history_header(&w->config, w->ids);
    int rc = history_new(&header, &w->history, e);

    if (rc == 0 && w->config.oracles)
        rc = oracle_create(w->config.nodes, &w->oracle, e);
    if (rc == 0)
        rc = create_plan(w, plan, e);
    if (rc == 0)
        rc = create_net(w, e);
    for (size_t i = 0; i < w->config.nodes && rc == 0; i++)
        rc = sim_node_create(w, i, e);
    if (rc == 0)
        rc = sim_clients_create(w, e);
    return rc;
}

static void destroy_world(struct sim_world *w)
{
    struct sim_event event;

    while (sim_queue_take(&w->queue, &event))
        if (event.payload != NULL)
            sim_packet_release(event.payload);
    sim_queue_free(&w->queue);
    for (size_t i = 0; i < w->config.nodes; i++)
        sim_node_destroy(&w->nodes[i]);
    fleet_destroy(w->fleet);
    workload_destroy(w->workload);
    conductor_destroy(w->conductor);
    plan_free(&w->plan);
    sim_net_destroy(w->net);
    oracle_destroy(w->oracle);
    free(w->faults_on);
    free(w->applied_ids);
    free(w->asked);
    free(w->is_strict);
    history_free(&w->history);
    free(w);
}

static void sum_up(struct sim_world *w)
{
    struct sim_result *r = w->result;
    struct fleet_totals fleet;
    struct sim_net_totals net;

    fleet_totals(w->fleet, &fleet);
    sim_net_totals(w->net, &net);
    for (size_t i = 0; i < w->config.nodes; i++) {
        struct sim_disk_totals disk;

        sim_disk_totals(w->nodes[i].disk, &disk);
        r->disk_stalls += disk.stalls;
        r->disk_failures += disk.failures;
    }
    r->virtual_ms = w->now_ns / NS_PER_MS;
    r->invoked = fleet.invoked;
    r->ok = fleet.ok;
    r->fail = fleet.fail;
    r->info = fleet.info;
    r->dropped = net.cut + net.dropped;
    r->duplicated = net.duplicated;
    r->reordered = net.reordered;
    r->delayed = net.delayed;
    r->bit = w->steps == 0 || r->dropped + r->duplicated + r->reordered + r->delayed + r->kills +
                                      r->pauses + r->crashes + r->disk_failures + r->nodes_lost >
                                  0;
}

/* `died`, with `ret_n_died`, and `ret_history` may be NULL. */
static int run_world(const struct sim_config *c, const struct plan *plan,
                     struct history_writer *writer, struct sim_died *died, size_t *ret_n_died,
                     struct history **ret_history, struct sim_result *ret, struct err *e)
{
    int rc = sim_config_check(c, e);
    struct sim_world *w;

    if (rc < 0)
        return rc;
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, -E_NOMEM, "simulator");
    *ret = (struct sim_result){.finding = SIM_FINE};
    w->config = *c;
    w->result = ret;
    w->writer = writer;
    w->died = died;
    w->fleet_wake_ns = w->conductor_wake_ns = INT64_MAX;
    w->restarts = rng_make(c->seed, rng_stream("restart", 0));
    rc = create_world(w, plan, e);
    if (rc == 0) {
        run_guarded(w);
        sum_up(w);
        rc = w->error;
        if (rc < 0 && e != NULL)
            *e = w->reason;
        if (rc == 0 && died != NULL)
            *ret_n_died = w->n_died;
    }
    if (rc == 0 && ret_history != NULL) {
        *ret_history = w->history;
        w->history = NULL;
    }
    destroy_world(w);
    return rc;
}

int sim_run(const struct sim_config *c, const struct plan *plan, struct history_writer *writer,
            struct history **ret_history, struct sim_result *ret, struct err *e)
{
    return run_world(c, plan, writer, NULL, NULL, ret_history, ret, e);
}

int sim_find_deaths(const struct sim_config *c, const struct plan *plan, struct sim_died **ret,
                    size_t *ret_n, struct err *e)
{
    struct sim_died *died = calloc(SIM_DEATHS_MAX, sizeof *died);
    struct sim_result result;
    int rc;

    if (died == NULL)
        return err_set(e, -E_NOMEM, "deaths");
    rc = run_world(c, plan, NULL, died, ret_n, NULL, &result, e);
    if (rc < 0)
        free(died);
    else
        *ret = died;
    return rc;
}

const char *sim_finding_name(enum sim_finding finding)
{
    static const char *const names[] = {"fine", "oracle", "invariant", "liveness"};

    return names[finding];
}
