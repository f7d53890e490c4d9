#ifndef RIFT_CLI_SIM_TRIAL_H
#define RIFT_CLI_SIM_TRIAL_H

#include "checker/checker.h"
#include "cli/exit_code.h"
#include "sim/sim.h"

/* One world run and judged: by the simulator's oracles and its liveness phase, and by the checker
 * on what the clerks saw. */

#define TRIAL_VERDICTS(X)                                                                          \
    X(GOOD, "linearizable")                                                                        \
    X(NO_BITE, "no fault had any effect")                                                          \
    X(UNKNOWN, "unknown")                                                                          \
    X(LIVENESS, "liveness")                                                                        \
    X(ORACLE, "oracle")                                                                            \
    X(INVARIANT, "invariant")                                                                      \
    X(HISTORY, "not linearizable")

/* From good to bad; several may hold, the last one counts. */
enum trial_verdict {
#define X(name, text) TRIAL_##name,
    TRIAL_VERDICTS(X)
#undef X
        TRIAL_VERDICT_COUNT
};

enum { TRIAL_REASON_MAX = 4096 };

/* Plain data, so that a worker can hand it over as it is. */
struct trial_report {
    uint64_t seed;
    enum trial_verdict verdict;
    struct sim_result result;
    int64_t sim_ns, check_ns;      /* of computing time, so that neither load nor -j counts */
    char reason[TRIAL_REASON_MAX]; /* of all but GOOD: in words, may be several lines */
};

struct trial_options {
    double check_time_s; /* of computing time; 0: no bound */
};

/* `plan` NULL: drawn. `ret_history` and `ret_check` may be NULL, else they are the caller's.
 * Errors: of sim_run and check_history. */
int trial_run(const struct sim_config *c, const struct plan *plan, const struct trial_options *o,
              struct trial_report *ret, struct history **ret_history,
              struct check_result **ret_check, struct err *e);

static inline bool trial_is_violation(enum trial_verdict v)
{
    return v >= TRIAL_LIVENESS;
}

const char *trial_verdict_name(enum trial_verdict v);
enum exit_code trial_exit_code(enum trial_verdict v);

/* Two violations are of one kind when their verdicts are the same and, of an oracle, its rule. */
bool trial_same_kind(const struct trial_report *a, const struct trial_report *b);

#endif
