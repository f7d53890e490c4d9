#include "cli/sim.h"

#include "base/bug.h"
#include "base/clock.h"
#include "cli/files.h"
#include "cli/proof.h"
#include "cli/sim_story.h"
#include "cli/terminal.h"
#include "sim/shake.h"
#include "sim/shrink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

/* One world in this very process: a seed or a replay file, with its history and its story, and
 * the search for a smaller one. */

struct single {
    const struct sim_options *o;
    struct sim_case *c;
    uint64_t seed; /* before shrinking */
    struct trial_report report;
    struct history *history;
    struct check_result *check;
};

static int run_case(const struct sim_options *o, const struct sim_case *c,
                    struct trial_report *report, struct history **ret_history,
                    struct check_result **ret_check, struct err *e)
{
    struct trial_options trial = {.check_time_s = o->check_time_s};

    return trial_run(&c->config, c->plan, &trial, report, ret_history, ret_check, e);
}

static int create_case(const struct sim_options *o, struct sim_case **ret, struct err *e)
{
    struct sim_config config;
    int rc;

    if (o->replay != NULL) {
        rc = sim_case_load(o->replay, ret, e);
        return rc == 0 && (*ret)->bug[0] != '\0' ? bug_select((*ret)->bug, e) : rc;
    }
    rc = sim_options_config(o, o->seed, &config, e);
    if (rc == 0)
        rc = sim_case_create(&config, o->given, ret, e);
    if (rc == 0 && o->bug != NULL)
        snprintf((*ret)->bug, sizeof(*ret)->bug, "%s", o->bug);
    return rc;
}

/* --- the history ---------------------------------------------------------------------------- */

/* Runs once more with a writer: the events are the same to the byte. */
static int write_history(const struct single *s, struct err *e)
{
    uint64_t nodes[SIM_NODES_MAX];
    struct history_header header = sim_history_header(&s->c->config, nodes);
    struct history_writer *writer = NULL;
    struct sim_result result;
    int rc = history_writer_open(s->o->history, &header, &writer, e);
    int closed;

    if (rc < 0)
        return rc;
    rc = sim_run(&s->c->config, s->c->plan, writer, NULL, &result, e);
    closed = history_writer_close(&writer, rc == 0 ? e : NULL);
    return rc < 0 ? rc : closed;
}

/* --- shrinking ------------------------------------------------------------------------------ */

static struct history *fails(void *context, const struct sim_case *c)
{
    const struct single *s = context;
    struct trial_report *report = malloc(sizeof *report);
    struct history *h = NULL;

    if (report != NULL && run_case(s->o, c, report, &h, NULL, NULL) == 0 &&
        !trial_same_kind(report, &s->report))
        history_free(&h);
    free(report);
    return h;
}

static void progress(void *context, const struct sim_case *best, uint64_t tries)
{
    (void)context;
    if (!terminal_of(STDERR_FILENO).live)
        return;
    fprintf(stderr,
            "\r\033[K%" PRIu64 " tries: %u nodes, %zu operations, %zu faults, %" PRId64 " ms",
            tries, best->config.nodes, best->ops.n, sim_case_faults(best), best->config.run_ms);
    fflush(stderr);
}

static void free_run(struct single *s)
{
    check_result_free(&s->check);
    history_free(&s->history);
}

static int shrink(struct single *s, struct err *e)
{
    struct sim_shrink_options o = {
        .fails = fails, .progress = progress, .context = s, .tries_max = s->o->tries};
    uint64_t tries;
    int rc = sim_shrink(&s->c, &o, &tries, e);

    if (terminal_of(STDERR_FILENO).live)
        fputs("\r\033[K", stderr);
    if (rc < 0)
        return rc;
    if (!s->o->json)
        printf("shrunk in %" PRIu64 " tries\n\n", tries);
    free_run(s);
    return run_case(s->o, s->c, &s->report, &s->history, &s->check, e);
}

static void replay_path(const struct single *s, char path[PATH_MAX])
{
    if (s->o->out != NULL)
        snprintf(path, PATH_MAX, "%s", s->o->out);
    else
        snprintf(path, PATH_MAX, "sim-%" PRIu64 ".json", s->seed);
}

/* FILE.json, and FILE.plan.json for `rift run --plan`. */
static int write_replay(struct single *s, char path[PATH_MAX], char plan_path[PATH_MAX],
                        struct err *e)
{
    struct buf text = {0};
    size_t stem;
    int rc;

    replay_path(s, path);
    stem = strlen(path);
    if (stem > 5 && strcmp(path + stem - 5, ".json") == 0)
        stem -= 5;
    snprintf(plan_path, PATH_MAX, "%.*s.plan.json", (int)stem, path);
    rc = sim_case_print(s->c, &text);
    if (rc == 0)
        rc = files_write(path, buf_slice(&text), e);
    buf_clear(&text);
    if (rc == 0)
        rc = plan_print(s->c->plan, &text);
    if (rc == 0)
        rc = files_write(plan_path, buf_slice(&text), e);
    buf_free(&text);
    return rc;
}

/* --- what is shown -------------------------------------------------------------------------- */

static void print_story(const struct single *s)
{
    struct buf text = {0};

    if (sim_story(s->c, s->history, s->check, &s->report, &text) == 0 &&
        proof_show_quickly(s->history, s->check, &text) == 0)
        printf("%.*s", (int)text.len, (const char *)text.data);
    buf_free(&text);
}

static void print_json(const struct single *s)
{
    const struct trial_report *t = &s->report;
    struct buf story = {0};
    json_t *all;

    (void)sim_story(s->c, s->history, s->check, t, &story);
    all = json_pack(
        "{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i}", "verdict", trial_verdict_name(t->verdict),
        "reason", t->reason, "story", story.data == NULL ? "" : (const char *)story.data,
        "operations", (json_int_t)s->history->n_ops, "faults", (json_int_t)s->c->plan->n_steps,
        "crashes", (json_int_t)t->result.crashes, "events", (json_int_t)t->result.events,
        "simulated_ms", (json_int_t)t->result.virtual_ms, "exit", (int)trial_exit_code(t->verdict));
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
    buf_free(&story);
}

static int show(struct single *s, bool shrunk, struct err *e)
{
    char path[PATH_MAX], plan_path[PATH_MAX];
    int rc = shrunk ? write_replay(s, path, plan_path, e) : 0;

    if (rc < 0)
        return rc;
    if (s->o->json) {
        print_json(s);
        return 0;
    }
    print_story(s);
    if (!shrunk) {
        struct sim_summary sum = {0};

        sim_summary_add(&sum, &s->report);
        sim_summary_print(&sum, (double)(s->report.sim_ns + s->report.check_ns) / NS_PER_S);
    }
    if (shrunk)
        printf("\nagain: rift sim --replay %s\n"
               "on real processes: rift run --plan %s --nodes %u --reads %s --check-quorum %s\n",
               path, plan_path, s->c->config.nodes, read_mode_name(s->c->config.read_mode),
               s->c->config.check_quorum ? "on" : "off");
    return 0;
}

static int write_page(const struct single *s, bool shrunk, struct err *e)
{
    char path[PATH_MAX];
    struct buf command = {0};
    int rc;

    replay_path(s, path);
    if (s->o->replay != NULL || shrunk)
        rc = buf_printf(&command, "rift sim --replay '%s'", shrunk ? path : s->o->replay);
    else
        rc = sim_options_command(s->o, s->seed, &command);
    if (rc == 0)
        rc = buf_append_byte(&command, '\0');
    rc = rc < 0 ? err_set(e, rc, "report: %s", err_text(rc))
                : sim_page_write(s->o->report, s->c, s->check, &s->report,
                                 (const char *)command.data, e);
    buf_free(&command);
    return rc;
}

static int run_single(struct single *s, struct err *e)
{
    int rc = create_case(s->o, &s->c, e);
    bool shrunk = false;

    if (rc == 0) {
        s->seed = s->c->config.seed;
        rc = run_case(s->o, s->c, &s->report, &s->history, &s->check, e);
    }
    if (rc == 0 && s->o->shrink && trial_is_violation(s->report.verdict)) {
        rc = shrink(s, e);
        shrunk = true;
    }
    if (rc == 0)
        snprintf(s->c->violation, sizeof s->c->violation, "%s",
                 trial_verdict_name(s->report.verdict));
    if (rc == 0)
        rc = show(s, shrunk, e);
    if (rc == 0 && s->o->history != NULL)
        rc = write_history(s, e);
    if (rc == 0 && s->o->report != NULL)
        rc = write_page(s, shrunk, e);
    return rc;
}

int sim_single_run(const struct sim_options *o)
{
    struct single *s = calloc(1, sizeof *s);
    struct err e = {0};
    int code = EXIT_HARNESS;
    int rc;

    if (s == NULL)
        return EXIT_HARNESS;
    s->o = o;
    rc = run_single(s, &e);
    if (rc == 0)
        code = trial_exit_code(s->report.verdict);
    else
        fprintf(stderr, "rift sim: %s\n", e.text);
    if (rc < 0 && s->c == NULL && o->replay != NULL)
        code = EXIT_DATA;
    free_run(s);
    sim_case_destroy(s->c);
    free(s);
    return code;
}
