#include "cli/gate.h"

#include "base/bug.h"
#include "base/clock.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/process.h"
#include "cli/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* `rift gate`: a suite from its file to the exit code that a CI job ends with. */

struct gate_values {
    const char *out;
    const char *bug;
    bool json;
};

static const struct arg_option options[] = {
    {.name = "out",
     .kind = ARG_TEXT,
     .offset = offsetof(struct gate_values, out),
     .value = "DIR",
     .help = "folder of the reports and of the evidence",
     .when_absent = "runs/<time>-gate"},
    {.name = "bug",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct gate_values, bug),
     .value = "NAME",
     .help = "plant one in all that runs and has none yet, to see the gate close; see `rift bugs`",
     .choices = bug_names,
     .when_absent = "none"},
    {.name = "json",
     .kind = ARG_FLAG,
     .offset = offsetof(struct gate_values, json),
     .help = "print the result as JSON"},
};

static const struct arg_command command = {
    .name = "rift gate",
    .usage = "[options] FILE",
    .purpose =
        "Runs a suite of runs, simulator seeds, replay files and recorded histories, one after\n"
        "the other, each a process with a budget of time. Leaves a folder with junit.xml,\n"
        "summary.md, result.json and, for each case that did not pass, the evidence and one\n"
        "command that shows it again.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0    every case came to what was expected of it\n"
             "  1    one did not: a violation, or none where one was expected\n"
             "  2    unknown where the suite does not let that pass, or over its budget\n"
             "  3    a case could not run, or the reports could not be written\n"
             "  64   usage\n"
             "  65   the suite, or a file that it names, is wrong\n"
             "  130  interrupted; the reports are there\n"
             "Of several cases the worst counts: 1, 3, 65, 2, 0.\n",
    .operands_min = 1,
    .operands_max = 1,
};

/* --- one case ------------------------------------------------------------------------------- */

/* DIR/02-name-of-the-case: for people, and safe as a name wherever it is copied to. */
static void name_folder(const struct gate *g, size_t i, char ret[PATH_MAX])
{
    enum { SLUG_BYTES_MAX = 40 };
    char slug[SLUG_BYTES_MAX + 1];
    const char *name = g->suite.cases[i].name;
    size_t n = 0;

    for (; *name != '\0' && n < SLUG_BYTES_MAX; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9');

        if (plain)
            slug[n++] = *name;
        else if (n > 0 && slug[n - 1] != '-')
            slug[n++] = '-';
    }
    slug[n] = '\0';
    snprintf(ret, PATH_MAX, "%.*s/%02zu-%s", PATH_MAX - SLUG_BYTES_MAX - 24, g->folder, i + 1,
             slug);
}

static enum gate_verdict verdict_of(const struct gate_child_end *end)
{
    int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : EXIT_HARNESS;

    if (code == EXIT_VIOLATION) /* also of one that was ended: what it knows, it knows */
        return GATE_BAD;
    if (end->interrupted)
        return GATE_INTERRUPTED;
    if (end->overdue)
        return GATE_OVERDUE;
    switch (code) {
    case EXIT_GOOD: return GATE_GOOD;
    case EXIT_UNKNOWN: return GATE_UNKNOWN;
    case EXIT_USAGE:
    case EXIT_DATA: return GATE_DATA;
    default: return GATE_FAILED;
    }
}

static void say_why(const struct gate_case *c, const struct gate_child_end *end,
                    struct gate_result *r)
{
    char tail[FILES_TAIL_BYTES + 1];
    char how[64];
    char path[PATH_MAX];
    size_t len;

    files_join(path, r->folder, GATE_OUTPUT_NAME);
    files_tail(path, tail);
    len = strcspn(tail, "\n");
    process_describe_end(end->status, how, sizeof how);
    if (r->verdict <= GATE_UNKNOWN)
        snprintf(r->message, sizeof r->message, "%s, expected %s", gate_verdict_name(r->verdict),
                 gate_verdict_name(c->expect));
    else if (r->verdict == GATE_OVERDUE)
        snprintf(r->message, sizeof r->message, "over its budget of %g s", c->budget_s);
    else
        snprintf(r->message, sizeof r->message, "%s, %s%s%.*s", gate_verdict_name(r->verdict), how,
                 len > 0 ? ": " : "", (int)len, tail);
}

static void conclude(const struct gate_case *c, const struct gate_child_end *end,
                     struct gate_result *r)
{
    bool open = r->verdict == GATE_UNKNOWN && c->expect != GATE_UNKNOWN && c->unknown_passes;
    char path[PATH_MAX];

    r->skipped = open || r->verdict == GATE_INTERRUPTED;
    r->passed = open || r->verdict == c->expect;
    files_join(path, r->folder, GATE_OUTPUT_NAME);
    (void)files_read_end(path, GATE_OUTPUT_BYTES_MAX, &r->output, NULL);
    if (r->passed && !open)
        return;
    say_why(c, end, r);
    if (!r->skipped)
        gate_evidence_gather(c, r);
}

static int run_case(struct gate *g, size_t i, struct err *e)
{
    const struct gate_case *c = &g->suite.cases[i];
    struct gate_result *r = &g->results[i];
    struct gate_child_end end;
    struct gate_argv argv;
    char log[PATH_MAX];
    int rc;

    name_folder(g, i, r->folder);
    files_join(log, r->folder, GATE_OUTPUT_NAME);
    gate_case_argv(c, r->folder, &argv);
    rc = files_make_folder(r->folder, e);
    if (rc == 0)
        rc = gate_child_run(argv.items, log, c->budget_s, &end, e);
    if (rc < 0)
        return rc;
    r->seconds = end.seconds;
    r->verdict = verdict_of(&end);
    conclude(c, &end, r);
    return r->passed ? files_remove_folder(r->folder, e) : 0;
}

/* --- all of them ---------------------------------------------------------------------------- */

static enum exit_code code_of(const struct gate_case *c, const struct gate_result *r)
{
    if (r->passed)
        return EXIT_GOOD;
    switch (r->verdict) {
    case GATE_GOOD: return EXIT_VIOLATION; /* what had to be caught was not */
    case GATE_BAD: return EXIT_VIOLATION;
    case GATE_UNKNOWN: return c->expect == GATE_BAD ? EXIT_VIOLATION : EXIT_UNKNOWN;
    case GATE_OVERDUE: return EXIT_UNKNOWN;
    case GATE_DATA: return EXIT_DATA;
    case GATE_INTERRUPTED:
    case GATE_NOT_BEGUN: return EXIT_INTERRUPTED;
    case GATE_FAILED:
    case GATE_VERDICT_COUNT: break;
    }
    return EXIT_HARNESS;
}

static void skip(struct gate_result *r)
{
    r->verdict = GATE_NOT_BEGUN;
    r->skipped = true;
    snprintf(r->message, sizeof r->message, "%s: the gate was interrupted",
             gate_verdict_name(GATE_NOT_BEGUN));
}

static enum exit_code run_all(struct gate *g)
{
    enum exit_code worst = EXIT_GOOD;

    for (size_t i = 0; i < g->suite.n_cases; i++) {
        struct gate_result *r = &g->results[i];
        struct err e = {0};

        if (signals_interrupted()) {
            skip(r);
        } else {
            gate_report_begin(g, i);
            if (run_case(g, i, &e) < 0) {
                r->verdict = GATE_FAILED;
                r->passed = false;
                snprintf(r->message, sizeof r->message, "%s", e.text);
            }
            gate_report_end(g, i);
        }
        worst = exit_worse(worst, code_of(&g->suite.cases[i], r));
    }
    return worst;
}

/* --- the command ---------------------------------------------------------------------------- */

/* A run that names no seed gets one here, so that the command that repeats it can name it. */
static int complete_suite(struct gate *g, const char *bug, struct err *e)
{
    enum { RUNS = 1u << GATE_RUN, ALL_THAT_RUN = RUNS | 1u << GATE_SIM | 1u << GATE_REPLAY };
    char seed[24];
    int rc;

    snprintf(seed, sizeof seed, "%" PRIu64, (uint64_t)clock_wall_ns() & UINT32_MAX);
    rc = gate_suite_give(&g->suite, RUNS, "seed", seed, e);
    return rc == 0 && bug != NULL ? gate_suite_give(&g->suite, ALL_THAT_RUN, "bug", bug, e) : rc;
}

/* Evidence of two gates in one folder would be taken for that of one. */
static int make_folder(struct gate *g, const char *out, struct err *e)
{
    char parent[PATH_MAX];
    int rc;

    files_run_folder(g->folder, out, "gate");
    files_folder_of(parent, g->folder);
    rc = files_make_folder(parent, e);
    if (rc < 0)
        return rc;
    if (rmdir(g->folder) < 0 && errno != ENOENT)
        return err_sys(e, "folder '%s' is not a new one", g->folder);
    return mkdir(g->folder, 0777) < 0 ? err_sys(e, "folder '%s'", g->folder) : 0;
}

static void note_start(struct gate *g)
{
    time_t now = time(NULL);
    struct tm t;

    gmtime_r(&now, &t);
    strftime(g->timestamp, sizeof g->timestamp, "%Y-%m-%dT%H:%M:%S", &t);
    g->terminal = terminal_of(STDOUT_FILENO);
}

static int complain(const struct err *e, int code)
{
    fprintf(stderr, "rift gate: %s\n", e->text);
    return code;
}

static int run_suite(struct gate *g, const struct gate_values *v)
{
    struct err e = {0};
    enum exit_code code;

    g->results = calloc(g->suite.n_cases, sizeof *g->results);
    if (g->results == NULL)
        err_set(&e, -E_NOMEM, "out of memory");
    if (g->results == NULL || complete_suite(g, v->bug, &e) < 0 || signals_open(&e) < 0 ||
        make_folder(g, v->out, &e) < 0)
        return complain(&e, EXIT_HARNESS);
    note_start(g);
    code = run_all(g);
    gate_report_total(g);
    if (gate_report_write(g, &e) < 0)
        code = exit_worse(code, (enum exit_code)complain(&e, EXIT_HARNESS));
    return (int)code;
}

static void tear_down(struct gate *g)
{
    for (size_t i = 0; g->results != NULL && i < g->suite.n_cases; i++) {
        buf_free(&g->results[i].repeat);
        buf_free(&g->results[i].again);
        buf_free(&g->results[i].details);
        buf_free(&g->results[i].output);
    }
    free(g->results);
    gate_suite_free(&g->suite);
}

int command_gate(int argc, char **argv)
{
    struct gate_values v = {0};
    struct gate g = {0};
    struct arg_operands files;
    struct err e = {0};
    int code = args_enter(&command, argc, argv, &v, &files);
    int rc;

    if (code >= 0)
        return code;
    g.json = v.json;
    rc = gate_suite_load(files.items[0], &g.suite, &e);
    if (rc < 0)
        return complain(&e, rc == -E_NOMEM ? EXIT_HARNESS : EXIT_DATA);
    code = run_suite(&g, &v);
    tear_down(&g);
    return code;
}
