#ifndef RIFT_CLI_GATE_H
#define RIFT_CLI_GATE_H

#include "base/buf.h"
#include "cli/exit_code.h"
#include "cli/gate_suite.h"
#include "cli/terminal.h"

#include <limits.h>

/* `rift gate`, as its parts see it: gate.c leads through the suite, gate_child.c runs one process,
 * gate_evidence.c gathers what shows a failure, gate_report.c writes it all down. */

enum {
    GATE_EVIDENCE_S = 60, /* for each process that gathers evidence */
    GATE_DETAILS_BYTES_MAX = 24 << 10,
    GATE_OUTPUT_BYTES_MAX = 16 << 10, /* the end of what a case printed */
};

/* What came of one case. */
struct gate_result {
    enum gate_verdict verdict;
    bool passed;
    bool skipped; /* nothing is known, which the suite lets pass, or it was not begun */
    double seconds;
    char folder[PATH_MAX]; /* of the evidence; removed when the case passed */
    char message[ERR_TEXT_MAX];
    struct buf repeat;  /* the command, as it is typed where the gate was started; ends with NUL */
    struct buf again;   /* RUN: the run itself, where `repeat` is something surer; likewise */
    struct buf details; /* the explanation of a violation */
    struct buf output;  /* the end of what it printed */
};

struct gate {
    struct gate_suite suite;
    struct gate_result *results; /* one a case */
    char folder[PATH_MAX];
    char timestamp[32];
    struct terminal terminal; /* standard output */
    bool json;
};

/* --- gate_child.c --------------------------------------------------------------------------- */

struct gate_child_end {
    int status; /* as of waitpid */
    bool overdue;
    bool interrupted;
    double seconds;
};

/* Runs `rift ARGV...` to its end, its output into `log`. When the budget is over or somebody
 * interrupts, its process group gets SIGTERM, on which every command of rift ends what it has
 * started and writes down what it knows; later SIGKILL, from which its own children die with it.
 * In the end it is reaped. Errors: -E_IO. */
int gate_child_run(const char *const *argv, const char *log, double budget_s,
                   struct gate_child_end *ret, struct err *e);

/* --- gate_evidence.c ------------------------------------------------------------------------ */

/* The command of a case, its files and output going to `folder`; ends with NULL. */
enum { GATE_ARGV_MAX = GATE_WORDS_MAX + 8 };
struct gate_argv {
    const char *items[GATE_ARGV_MAX];
    size_t n;
};
void gate_case_argv(const struct gate_case *c, const char *folder, struct gate_argv *ret);

/* The name of the file in a case's folder that its process printed into. */
#define GATE_OUTPUT_NAME "output.txt"

/* Fills the folder of a case that did not pass, and r->repeat and r->details with it; what cannot
 * be had is left out, and the log beside it says why. May find that a run which nobody had time to
 * judge was not linearizable: then the verdict changes. */
void gate_evidence_gather(const struct gate_case *c, struct gate_result *r);

/* --- gate_report.c -------------------------------------------------------------------------- */

/* junit.xml, summary.md and result.json in the gate's folder. */
int gate_report_write(const struct gate *g, struct err *e);

/* For whoever watches: before a case, after it, and at the end. */
void gate_report_begin(const struct gate *g, size_t i);
void gate_report_end(const struct gate *g, size_t i);
void gate_report_total(const struct gate *g);

#endif
