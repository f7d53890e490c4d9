#ifndef RIFT_CLI_RUN_H
#define RIFT_CLI_RUN_H

#include "cli/conduct.h"
#include "cli/course.h"
#include "cli/judge.h"
#include "cli/run_online.h"
#include "cli/run_options.h"
#include "cli/terminal.h"
#include "workloads/fleet.h"

#include <limits.h>

/* One run, as its parts see it: run.c leads through it, run_record.c writes down what happens,
 * run_progress.c tells the terminal, run_summary.c says what came of it. */

enum { RUN_LEADERS_MAX = 4096 }; /* that are remembered; the history has all of them */

struct run_leader {
    uint64_t term;
    uint64_t node;
};

struct run {
    const struct run_options *o;
    char folder[PATH_MAX];
    char history_path[PATH_MAX];

    struct plan *plan;
    struct workload *workload;
    struct history_writer *writer;
    struct tally *tally;
    struct course *course;
    struct harness *harness;
    struct conduct *conduct;
    struct links *links;
    struct fleet *fleet;
    struct run_online online;

    int64_t start_ns;  /* of the monotonic clock, when the clerks began; 0: not yet */
    int64_t healed_ns; /* on the run's clock */
    struct run_leader leaders[RUN_LEADERS_MAX];
    size_t n_leaders;

    int record_rc; /* the first failure to write the history, from inside a callback */
    struct err record_error;

    struct terminal terminal; /* standard error */
    int64_t next_progress_ns;
    int64_t last_progress_ns;

    bool probed; /* the cluster was asked to come back after healing */
    bool recovered;
    double recovered_s; /* from the heal to the first write that succeeded */
    struct wire_nemesis_counters counters;
};

int64_t run_now_ns(const struct run *r);

/* --- run_record.c --------------------------------------------------------------------------- */
int run_record_open(struct run *r, struct err *e);
int run_record_plan(struct run *r, struct err *e);
int run_record_close(struct run *r, struct err *e);
struct fleet_observer run_record_fleet(struct run *r);
struct harness_observer run_record_harness(struct run *r);
struct conduct_observer run_record_faults(struct run *r);

/* --- run_progress.c ------------------------------------------------------------------------- */
void run_progress_begin(struct run *r);
void run_progress_turn(struct run *r); /* cheap; prints now and then */
void run_progress_fault(struct run *r, const struct conduct_record *record, const char *text);
void run_progress_say(struct run *r, const char *text);

/* --- run_summary.c -------------------------------------------------------------------------- */

/* What the run came to, besides the history's verdict. */
struct run_end {
    int rc; /* 0, or why it ended early: -E_CLOSED, -E_INTERRUPTED, ... */
    const char *reason;
    const struct judgement *judgement; /* NULL: the history was not judged */
    struct report_asks *asks;          /* of that history; NULL: not collected */
    enum exit_code code;
};

/* NULL when every kind of fault that was planned is proved to have bitten; else why not. Lent
 * from `text`. */
const char *run_faults_missing(const struct run *r, char *text, size_t len);

void run_summary_print(const struct run *r, const struct run_end *end);

/* Writes report.html; what goes wrong with it is said and changes no verdict. */
void run_summary_page(const struct run *r, const struct run_end *end);
json_t *run_summary_json(const struct run *r, const struct run_end *end);

#endif
