#ifndef RIFT_CLI_SIM_H
#define RIFT_CLI_SIM_H

#include "base/buf.h"
#include "cli/args.h"
#include "cli/sim_trial.h"
#include "sim/case.h"
#include "sim/knobs.h"

#include <jansson.h>

/* The parts of `rift sim`, shared by the cli/sim*.c files. */

enum { SIM_KNOBS_MAX = 48, SIM_JOBS_MAX = 256 };

struct sim_options {
    const char *seeds; /* "A..B" or "N" */
    uint64_t seed;
    uint64_t jobs;
    bool plain;
    const char *plan;
    const char *history;
    const char *report;
    const char *bug;
    bool shrink;
    uint64_t tries;
    const char *replay;
    const char *out;
    double check_time_s;
    bool json;
    const char *knobs[SIM_KNOBS_MAX]; /* by index into sim_knobs; NULL: drawn */

    uint64_t first, last; /* the seeds that are asked for */
    struct plan *given;   /* that of --plan; NULL: drawn for each seed */
};

/* -1: go on; else the exit code to end with. */
int sim_options_enter(int argc, char **argv, struct sim_options *ret);
void sim_options_free(struct sim_options *o);
int sim_options_complain(const struct err *e); /* returns EXIT_USAGE */

/* The table, and whether a command line can be meant, for others who put one together.
 * Errors: -E_INVAL. */
const struct arg_command *sim_options_command_table(void);
int sim_options_try(int argc, char **argv, struct err *e);

/* The world of a seed with the knobs that were fixed. Errors: -E_INVAL. */
int sim_options_config(const struct sim_options *o, uint64_t seed, struct sim_config *ret,
                       struct err *e);

/* Appends the command that repeats one seed. */
int sim_options_command(const struct sim_options *o, uint64_t seed, struct buf *out);

/* --- workers (sim_pool.c) ------------------------------------------------------------------- */

/* Runs every seed that is asked for in worker processes and hands out the reports in the order of
 * the seeds, whatever the number of workers. Errors: a worker that ended or could not run a seed
 * (which one, and how); -E_INTERRUPTED. */
int sim_pool_run(const struct sim_options *o,
                 void (*on_report)(void *context, const struct trial_report *t), void *context,
                 struct err *e);

/* --- one world (sim_single.c) --------------------------------------------------------------- */

/* Runs the seed or the replay file, shrinks it when asked to, shows what came of it. Returns the
 * exit code. */
int sim_single_run(const struct sim_options *o);

/* --- its report (sim_page.c) ---------------------------------------------------------------- */

/* Writes the page of a world that was judged so. Errors: of the simulator, of the file. */
int sim_page_write(const char *path, const struct sim_case *c, const struct check_result *check,
                   const struct trial_report *t, const char *command, struct err *e);

/* --- what it came to (sim_summary.c) -------------------------------------------------------- */

struct sim_summary {
    uint64_t seeds;
    uint64_t verdicts[TRIAL_VERDICT_COUNT];
    uint64_t invoked, ok, fail, info;
    uint64_t faults[FAULT_KIND_COUNT];
    uint64_t dropped, delayed, duplicated, reordered, kills, pauses, crashes;
    uint64_t disk_stalls, disk_failures, disk_flips, nodes_lost, clock_jumps;
    uint64_t events;
    int64_t virtual_ms, sim_ns, check_ns;
    enum exit_code code;
};

void sim_summary_add(struct sim_summary *s, const struct trial_report *t);
void sim_summary_print(const struct sim_summary *s, double wall_s);
json_t *sim_summary_json(const struct sim_summary *s, double wall_s); /* a new reference */

#endif
