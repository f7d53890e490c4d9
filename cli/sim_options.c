#include "cli/sim.h"

#include "base/bug.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define AT(field) offsetof(struct sim_options, field)

/* The knobs of the simulator follow these; see enter_table. */
static const struct arg_option own_options[] = {
    {"seeds", ARG_TEXT, AT(seeds), "A..B", "one world for each seed", 0, 0, NULL, "1..100"},
    {"seed", ARG_UINT, AT(seed), "N", "one world, told in more detail", 1, UINT64_MAX, NULL,
     "see --seeds"},
    {"jobs", ARG_UINT, AT(jobs), "N", "worker processes; also -j N", 1, SIM_JOBS_MAX, NULL, NULL},
    {"plain", ARG_FLAG, AT(plain), NULL,
     "the same world for each seed (5 nodes, 10 clerks at 10/s), not a drawn one", 0, 0, NULL,
     NULL},
    {"plan", ARG_TEXT, AT(plan), "FILE", "play these faults instead of drawn ones", 0, 0, NULL,
     NULL},
    {"bug", ARG_CHOICE, AT(bug), "NAME", "plant one, see `rift bugs`", 0, 0, bug_names, NULL},
    {"history", ARG_TEXT, AT(history), "FILE", "with --seed: keep what the clerks saw", 0, 0, NULL,
     NULL},
    {"report", ARG_TEXT, AT(report), "FILE", "with --seed or --replay: the page that shows it", 0,
     0, NULL, NULL},
    {"shrink", ARG_FLAG, AT(shrink), NULL,
     "with --seed: look for a smaller world with the same violation, and tell its story", 0, 0,
     NULL, NULL},
    {"tries", ARG_UINT, AT(tries), "N", "runs that --shrink may take", 1, 1000000, NULL, NULL},
    {"replay", ARG_TEXT, AT(replay), "FILE", "repeat what --shrink has found", 0, 0, NULL, NULL},
    {"out", ARG_TEXT, AT(out), "FILE", "where --shrink puts its replay file", 0, 0, NULL,
     "sim-<seed>.json"},
    {"check-time", ARG_REAL, AT(check_time_s), "S",
     "of computing for the verdict on one seed, 0 for no bound", 0, 1000000, NULL, NULL},
    {"json", ARG_FLAG, AT(json), NULL, "print the result as JSON", 0, 0, NULL, NULL},
};

enum { OWN_OPTIONS = ARGS_COUNT(own_options) };

static struct arg_option table[OWN_OPTIONS + SIM_KNOBS_MAX];

static struct arg_command command = {
    .name = "rift sim",
    .usage = "[options]",
    .purpose =
        "Runs whole clusters, their clerks and their faults in one thread under virtual time,\n"
        "drawn from a seed, and judges each run by its history and by the nodes' inner states.\n"
        "The same seed gives the same run to the byte. What is not fixed by an option is drawn\n"
        "for each seed.",
    .options = table,
    .exits = "  0    every seed linearizable\n"
             "  1    a history not linearizable, an oracle or a CHECK failed, or the cluster did\n"
             "       not come back after its faults\n"
             "  2    unknown: the time for a check was spent, or planned faults had no effect\n"
             "  3    a worker ended, or out of memory\n"
             "  64   usage\n"
             "  65   the plan or replay file is wrong\n"
             "  130  interrupted\n",
};

/* Own options first, then a text option for each knob, which checks its value itself. */
static void make_table(void)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);

    memcpy(table, own_options, sizeof own_options);
    for (size_t i = 0; i < n && i < SIM_KNOBS_MAX; i++)
        table[OWN_OPTIONS + i] = (struct arg_option){.name = knobs[i].name,
                                                     .kind = ARG_TEXT,
                                                     .offset = AT(knobs) + i * sizeof(char *),
                                                     .value = knobs[i].value,
                                                     .help = knobs[i].help};
    command.n_options = OWN_OPTIONS + n;
}

int sim_options_complain(const struct err *e)
{
    return args_complain(&command, e);
}

static int parse_seeds(struct sim_options *o, struct err *e)
{
    const char *text = o->seeds;
    char *end;

    errno = 0;
    o->first = o->last = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && strncmp(end, "..", 2) == 0 && end[2] >= '0' &&
        end[2] <= '9')
        o->last = strtoull(end + 2, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || o->first == 0 || o->last < o->first)
        return err_set(e, -E_INVAL, "--seeds: expected A..B with 1 <= A <= B, not '%s'", text);
    return 0;
}

static int check_options(struct sim_options *o, struct err *e)
{
    bool single = o->seed != 0 || o->replay != NULL;
    struct sim_config c;
    struct plan *plan;
    int rc;

    if (o->seeds != NULL && single)
        return err_set(e, -E_INVAL, "--seeds does not go with --seed or --replay");
    if (o->history != NULL && !single)
        return err_set(e, -E_INVAL, "--history wants one seed: --seed N");
    if (o->report != NULL && !single)
        return err_set(e, -E_INVAL, "--report wants one seed: --seed N");
    if (o->shrink && o->seed == 0)
        return err_set(e, -E_INVAL, "--shrink wants one seed: --seed N");
    o->first = o->last = o->seed;
    if (o->seeds == NULL && o->seed == 0)
        o->seeds = "1..100";
    rc = o->seeds != NULL ? parse_seeds(o, e) : 0;
    if (rc == 0)
        rc = sim_options_config(o, o->first, &c, e);
    if (rc == 0) /* says now what is wrong with a nemesis, once and for all seeds */
        rc = sim_draw_plan(&c, &plan, e);
    if (rc == 0)
        plan_free(&plan);
    return rc;
}

/* Everybody writes -j; the parser knows long names only. */
static void spell_out_jobs(int argc, char **argv)
{
    static char jobs[] = "--jobs";

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-j") == 0)
            argv[i] = jobs;
}

#define DEFAULTS                                                                                   \
    (struct sim_options)                                                                           \
    {                                                                                              \
        .jobs = 1, .tries = 10000, .check_time_s = 10                                              \
    }

const struct arg_command *sim_options_command_table(void)
{
    make_table();
    return &command;
}

int sim_options_try(int argc, char **argv, struct err *e)
{
    struct sim_options o = DEFAULTS;
    struct arg_operands none;
    int rc;

    make_table();
    rc = args_parse(&command, argc, argv, &o, &none, e);
    return rc == 0 ? check_options(&o, e) : rc;
}

int sim_options_enter(int argc, char **argv, struct sim_options *ret)
{
    struct arg_operands none;
    struct err e = {0};
    int code;

    *ret = DEFAULTS;
    make_table();
    spell_out_jobs(argc, argv);
    code = args_enter(&command, argc, argv, ret, &none);
    if (code >= 0)
        return code;
    if (check_options(ret, &e) < 0 || (ret->bug != NULL && bug_select(ret->bug, &e) < 0))
        return args_complain(&command, &e);
    if (ret->plan != NULL && plan_load(ret->plan, &ret->given, &e) < 0) {
        fprintf(stderr, "rift sim: %s\n", e.text);
        return EXIT_DATA;
    }
    return -1;
}

void sim_options_free(struct sim_options *o)
{
    plan_free(&o->given);
}

int sim_options_config(const struct sim_options *o, uint64_t seed, struct sim_config *ret,
                       struct err *e)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);
    int rc = 0;

    if (o->plain)
        sim_config_plain(seed, ret);
    else
        sim_config_draw(seed, ret);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (o->knobs[i] != NULL && sim_knob_set(ret, &knobs[i], o->knobs[i], e) < 0)
            rc = err_prefix(e, -E_INVAL, "--");
    return rc == 0 ? sim_config_check(ret, e) : rc;
}

int sim_options_command(const struct sim_options *o, uint64_t seed, struct buf *out)
{
    size_t n;
    const struct sim_knob *knobs = sim_knobs(&n);
    int rc = buf_printf(out, "rift sim --seed %" PRIu64 "%s", seed, o->plain ? " --plain" : "");

    if (rc == 0 && o->bug != NULL)
        rc = buf_printf(out, " --bug %s", o->bug);
    if (rc == 0 && o->plan != NULL)
        rc = buf_printf(out, " --plan '%s'", o->plan);
    for (size_t i = 0; i < n && rc == 0; i++)
        if (o->knobs[i] != NULL)
            rc = buf_printf(out, " --%s %s", knobs[i].name, o->knobs[i]);
    return rc;
}
