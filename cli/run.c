#include "cli/run.h"

#include "base/clock.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/page.h"
#include "cli/signals.h"
#include "cli/threads.h"
#include "report/report.h"
#include "workloads/drive.h"
#include "workloads/workload.h"

#include <inttypes.h>
#include <stdlib.h>

/* `rift run`: from the options to the verdict. */

enum {
    FIRST_LEADER_MS = 20000,
    SLICE_MS = 50,              /* at most this long between two looks at the nodes */
    FLUSH_MS = 1000,            /* a killed harness loses no more of the history than this */
    FLUSH_ONLINE_MS = SLICE_MS, /* somebody reads along */
    DRAIN_EXTRA_MS = 500,       /* beyond the deadline of the last open operation */
    BACKOFF_MS = 10,
    PROBE_OP_MS = 1000,
};

/* --- setting up ----------------------------------------------------------------------------- */

static int make_folder(struct run *r, struct err *e)
{
    files_run_folder(r->folder, r->o->out, r->o->workload);
    files_join(r->history_path, r->folder, "history.msgpack");
    return files_make_folder(r->folder, e);
}

static int write_plan(const struct run *r, struct err *e)
{
    struct buf text = {0};
    char path[PATH_MAX];
    int rc = plan_print(r->plan, &text);

    files_join(path, r->folder, "plan.json");
    rc = rc < 0 ? err_set(e, rc, "plan") : files_write(path, buf_slice(&text), e);
    buf_free(&text);
    return rc;
}

static int create_workload(struct run *r, struct err *e)
{
    struct workload_options w = {
        .name = r->o->workload,
        .seed = r->o->seed,
        .clerks = (uint32_t)r->o->clerks,
        .keys = (uint32_t)r->o->keys,
        .read_percent = (uint32_t)r->o->read_percent,
        .value_bytes = (uint32_t)r->o->value_bytes,
        .value_range = 5,
        .key_skew = r->o->key_skew,
    };

    return workload_create(&w, &r->workload, e);
}

static int start_cluster(struct run *r, struct err *e)
{
    struct harness_options h = {
        .folder = r->folder,
        .name = "run",
        .nodes = r->o->nodes,
        .sites = r->o->nodes,
        .node = r->o->node,
        .seed = r->o->seed,
    };
    struct harness_observer on_nodes = run_record_harness(r);
    struct conduct_observer on_faults = run_record_faults(r);
    uint64_t leader;
    int rc = harness_start(&h, &on_nodes, &r->harness, e);

    if (rc == 0)
        rc = conduct_create(r->plan, r->harness, &on_faults, &r->conduct, e);
    if (rc == 0)
        rc = harness_await_leader(r->harness, 0, 0, FIRST_LEADER_MS, &leader, e);
    return rc;
}

static int start_clerks(struct run *r, struct err *e)
{
    struct fleet_observer observer = run_record_fleet(r);
    struct fleet_options f = {
        .workload = r->workload,
        .clerks = (uint32_t)r->o->clerks,
        .clerk = {.attempt_timeout_ns = (int64_t)r->o->attempt_timeout_ms * NS_PER_MS,
                  .op_timeout_ns = (int64_t)r->o->op_timeout_ms * NS_PER_MS,
                  .backoff_ns = BACKOFF_MS * NS_PER_MS},
        .rate = r->o->rate,
        .ops_max = r->o->ops,
        .wander_ppm = (uint32_t)(r->o->wander_percent * 10000),
        .seed = r->o->seed,
    };
    int rc = links_create(harness_zmq(r->harness), harness_cluster(r->harness), &r->links, e);

    if (rc < 0)
        return rc;
    f.sites = links_sites(r->links);
    f.clerk.nodes = harness_node_ids(r->harness, &f.clerk.n_nodes);
    return fleet_create(&f, &observer, &r->fleet, e);
}

static int start_online(struct run *r, struct err *e)
{
    int rc = history_flush(r->writer, e);

    if (rc < 0)
        return rc;
    return run_online_start(&r->online, r->folder, r->history_path, r->o->check_memory_mb, e);
}

static int set_up(struct run *r, struct err *e)
{
    int rc = write_plan(r, e);

    if (rc == 0)
        rc = tally_create((uint32_t)r->o->clerks, &r->tally, e);
    if (rc == 0)
        rc = course_create((uint32_t)r->o->clerks, &r->course, e);
    if (rc == 0)
        rc = run_record_open(r, e);
    if (rc == 0)
        rc = run_record_plan(r, e);
    if (rc == 0)
        rc = start_cluster(r, e);
    if (rc == 0)
        rc = start_clerks(r, e);
    return rc == 0 && r->o->online ? start_online(r, e) : rc;
}

/* --- the run -------------------------------------------------------------------------------- */

/* Drives the clerks up to `until_ns`, then looks after the nodes. */
static int drive(struct run *r, int64_t until_ns, struct err *e)
{
    int fds[HARNESS_FDS];
    bool readable[HARNESS_FDS];
    int rc;

    harness_fds(r->harness, fds);
    rc = drive_fleet(r->fleet, r->links, r->start_ns, until_ns, fds, HARNESS_FDS, readable, e);
    if (rc < 0)
        return rc;
    rc = harness_poll(r->harness, e);
    if (rc == 0 && r->record_rc < 0)
        rc = err_set(e, r->record_rc, "%s", r->record_error.text);
    return rc;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool all_done(const struct run *r)
{
    struct fleet_totals t;

    if (r->o->ops == 0)
        return false;
    fleet_totals(r->fleet, &t);
    return t.invoked >= r->o->ops && fleet_open(r->fleet) == 0;
}

/* Plays the plan while the clerks work; with --online up to a violation. */
static int play(struct run *r, struct err *e)
{
    int64_t end_ns = (int64_t)(r->o->time_s * (double)NS_PER_S);
    int64_t flush_ns = (r->o->online ? FLUSH_ONLINE_MS : FLUSH_MS) * NS_PER_MS;
    int64_t next_flush_ns = 0;
    int64_t now_ns = 0;
    int rc = 0;

    while (rc == 0 && now_ns < end_ns && !all_done(r)) {
        int64_t plan_ms;

        rc = conduct_turn(r->conduct, now_ns / NS_PER_MS, e);
        if (rc < 0)
            break;
        tally_set_faults(r->tally, conduct_faults_on(r->conduct));
        course_faults(r->course, run_now_ns(r), conduct_faults_on(r->conduct));
        plan_ms = least(conduct_deadline_ms(r->conduct), end_ns / NS_PER_MS);
        rc = drive(r, least(least(end_ns, plan_ms * NS_PER_MS), now_ns + SLICE_MS * NS_PER_MS), e);
        run_progress_turn(r);
        if (rc == 0 && now_ns >= next_flush_ns) {
            rc = history_flush(r->writer, e);
            next_flush_ns = now_ns + flush_ns;
        }
        now_ns = run_now_ns(r);
        if (run_online_violated(&r->online, now_ns))
            break;
    }
    return rc;
}

/* Heals everything and lets what is open come to its end. */
static int settle(struct run *r, struct err *e)
{
    int64_t end_ns;
    int rc = conduct_stop(r->conduct, run_now_ns(r) / NS_PER_MS, e);

    if (rc < 0)
        return rc;
    tally_set_faults(r->tally, 0);
    r->healed_ns = run_now_ns(r);
    course_faults(r->course, r->healed_ns, 0);
    end_ns = r->healed_ns + (int64_t)(r->o->op_timeout_ms + DRAIN_EXTRA_MS) * NS_PER_MS;
    fleet_stop(r->fleet);
    while (rc == 0 && fleet_open(r->fleet) > 0 && run_now_ns(r) < end_ns)
        rc = drive(r, least(end_ns, run_now_ns(r) + SLICE_MS * NS_PER_MS), e);
    return rc;
}

/* The system has to come back: a write has to succeed within a bound after all faults are gone.
 * It goes to a key of its own family of names, which no workload uses, and is not part of the
 * history. */
static int probe(struct run *r, struct err *e)
{
    struct client_options o = {
        .links = r->links,
        .cluster = harness_cluster(r->harness),
        .attempt_timeout_ms = (int64_t)r->o->attempt_timeout_ms,
        .op_timeout_ms = PROBE_OP_MS,
        .seed = r->o->seed,
    };
    struct op write = {.kind = OP_PUT, .key = slice_str("rift:probe"), .value = slice_str("1")};
    int64_t bound_ns = r->healed_ns + (int64_t)(r->o->recover_s * (double)NS_PER_S);
    struct client *client = NULL;
    struct clerk_end end;
    int rc = client_create(&o, &client, e);

    while (rc == 0 && !r->recovered && (!r->probed || run_now_ns(r) < bound_ns)) {
        r->probed = true;
        rc = client_do(client, &write, &end, e);
        r->recovered = rc == 0 && end.outcome == OUTCOME_OK && end.status == STATUS_OK;
        r->recovered_s = (double)(run_now_ns(r) - r->healed_ns) / (double)NS_PER_S;
        if (rc == 0)
            rc = harness_poll(r->harness, e);
    }
    client_destroy(client);
    return rc;
}

/* Everything up to the closed history; `e` says why it ended early. */
static int work(struct run *r, struct err *e)
{
    struct err close_error = {0};
    int closed;
    int rc = set_up(r, e);

    if (rc == 0) {
        run_progress_begin(r);
        r->start_ns = clock_monotonic_ns();
        rc = play(r, e);
        if (rc == 0)
            rc = settle(r, e);
        fleet_abandon(r->fleet, run_now_ns(r));
        if (rc == 0)
            rc = probe(r, e);
        if (rc == 0)
            rc = harness_counters(r->harness, &r->counters, e);
    }
    closed = run_record_close(r, &close_error);
    run_online_stop(&r->online, run_now_ns(r));
    if (rc == 0 && closed < 0)
        return err_set(e, closed, "%s", close_error.text);
    return rc;
}

static void stop(struct run *r)
{
    fleet_destroy(r->fleet);
    links_destroy(r->links);
    harness_stop(&r->harness);
}

static void tear_down(struct run *r)
{
    conduct_destroy(r->conduct);
    tally_destroy(r->tally);
    course_destroy(r->course);
    workload_destroy(r->workload);
    plan_free(&r->plan);
    run_online_free(&r->online);
    free(r);
}

/* --- the end -------------------------------------------------------------------------------- */

static enum exit_code code_of_failure(int rc)
{
    return rc == 0 ? EXIT_GOOD : rc == -E_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_HARNESS;
}

static int judge(const struct run *r, struct run_end *end, struct judgement *j, struct err *e)
{
    struct judge_options o = {.time_s = r->o->check_time_s,
                              .memory_mb = r->o->check_memory_mb,
                              .jobs = threads_default(),
                              .signals_end_it = true};
    char missing[160];
    int rc = page_judge(r->history_path, o, j, &end->asks, e);

    if (rc < 0) {
        end->code = exit_worse(end->code, EXIT_HARNESS);
        return rc;
    }
    end->judgement = j;
    end->code = exit_worse(end->code, j->code);
    if (r->probed && !r->recovered)
        end->code = EXIT_VIOLATION;
    if (run_faults_missing(r, missing, sizeof missing) != NULL)
        end->code = exit_worse(end->code, EXIT_UNKNOWN);
    return 0;
}

static void publish(const struct run *r, const struct run_end *end)
{
    json_t *result = run_summary_json(r, end);
    char *text = result == NULL ? NULL
                                : json_dumps(result, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    char path[PATH_MAX];
    struct err e = {0};

    files_join(path, r->folder, "result.json");
    if (text == NULL || files_write(path, slice_str(text), &e) < 0)
        fprintf(stderr, "rift run: result.json: %s\n", text == NULL ? "out of memory" : e.text);
    if (r->o->json && text != NULL)
        puts(text);
    else if (!r->o->json)
        run_summary_print(r, end);
    free(text);
    json_decref(result);
}

static enum exit_code run_and_judge(struct run *r)
{
    struct judgement j = {0};
    struct err e = {0};
    struct err judge_error = {0};
    struct run_end end = {.rc = work(r, &e), .reason = e.text};

    stop(r);
    end.code = code_of_failure(end.rc);
    if (end.rc == -E_INTERRUPTED) {
        run_progress_say(r, "interrupted; every process is gone");
        fprintf(stderr, "the history so far: %s (rift check takes it)\n", r->history_path);
        return end.code;
    }
    if (end.rc < 0) {
        run_progress_say(r, "the run failed:");
        fprintf(stderr, "rift run: %s\n", e.text);
    }
    if (r->start_ns == 0)
        return end.code; /* nobody has worked yet: there is nothing to judge */
    run_progress_say(r, "checking the history");
    if (judge(r, &end, &j, &judge_error) < 0)
        fprintf(stderr, "rift run: %s\n", judge_error.text);
    publish(r, &end);
    if (end.judgement != NULL)
        run_summary_page(r, &end);
    report_asks_destroy(end.asks);
    judgement_free(&j);
    return end.code;
}

int command_run(int argc, char **argv)
{
    struct run_options o;
    struct run *r;
    struct err e = {0};
    int code = run_options_enter(argc, argv, &o);
    int rc;

    if (code >= 0)
        return code;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return EXIT_HARNESS;
    r->o = &o;
    rc = run_options_plan(&o, &r->plan, &e);
    if (rc == 0)
        rc = create_workload(r, &e);
    if (rc < 0) {
        code = rc == -E_INVAL ? run_options_complain(&e) : EXIT_DATA;
        if (code == EXIT_DATA)
            fprintf(stderr, "rift run: %s\n", e.text);
    } else if (signals_open(&e) < 0 || make_folder(r, &e) < 0) {
        fprintf(stderr, "rift run: %s\n", e.text);
        code = EXIT_HARNESS;
    } else {
        code = (int)run_and_judge(r);
    }
    tear_down(r);
    return code;
}
