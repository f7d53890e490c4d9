#include "cli/sim_trial.h"

#include "base/clock.h"

#include <stdio.h>

/* Of the search for an order; a history that needs more counts as unknown. */
#define CHECK_BYTES_MAX ((size_t)1 << 30)

static bool spent(void *context)
{
    return clock_thread_ns() >= *(int64_t *)context;
}

static int judge(const struct history *h, const struct trial_options *o, struct check_result **ret,
                 struct err *e)
{
    int64_t end_ns = clock_thread_ns() + (int64_t)(o->check_time_s * (double)NS_PER_S);
    struct check_options check = {.spent = o->check_time_s > 0 ? spent : NULL,
                                  .spent_context = &end_ns,
                                  .memory_bytes_max = CHECK_BYTES_MAX};

    return check_history(h, &check, ret, e);
}

static void explain(const struct history *h, const struct check_result *r,
                    char text[TRIAL_REASON_MAX])
{
    struct buf words = {0};

    if (check_explain(h, r, &words) == 0)
        snprintf(text, TRIAL_REASON_MAX, "%.*s", (int)words.len, (const char *)words.data);
    buf_free(&words);
}

static void conclude(const struct history *h, const struct check_result *check,
                     struct trial_report *t)
{
    static const enum trial_verdict of_finding[] = {[SIM_ORACLE] = TRIAL_ORACLE,
                                                    [SIM_CHECK] = TRIAL_INVARIANT,
                                                    [SIM_LIVENESS] = TRIAL_LIVENESS};

    if (check->verdict == VERDICT_NOT_LINEARIZABLE) {
        t->verdict = TRIAL_HISTORY;
        explain(h, check, t->reason);
    } else if (t->result.finding != SIM_FINE) {
        t->verdict = of_finding[t->result.finding];
        snprintf(t->reason, sizeof t->reason, "%s", t->result.reason);
    } else if (check->verdict == VERDICT_UNKNOWN) {
        t->verdict = TRIAL_UNKNOWN;
        explain(h, check, t->reason);
    } else if (!t->result.bit) {
        t->verdict = TRIAL_NO_BITE;
        snprintf(t->reason, sizeof t->reason, "faults were planned, but none had any effect");
    }
}

int trial_run(const struct sim_config *c, const struct plan *plan, const struct trial_options *o,
              struct trial_report *ret, struct history **ret_history,
              struct check_result **ret_check, struct err *e)
{
    struct history *h = NULL;
    struct check_result *check = NULL;
    int64_t start_ns = clock_thread_ns(), ran_ns;
    int rc;

    memset(ret, 0, sizeof *ret);
    ret->seed = c->seed;
    rc = sim_run(c, plan, NULL, &h, &ret->result, e);
    ran_ns = clock_thread_ns();
    if (rc == 0)
        rc = judge(h, o, &check, e);
    if (rc == 0) {
        ret->sim_ns = ran_ns - start_ns;
        ret->check_ns = clock_thread_ns() - ran_ns;
        conclude(h, check, ret);
    }
    if (rc == 0 && ret_check != NULL) {
        *ret_check = check;
        check = NULL;
    }
    if (rc == 0 && ret_history != NULL) {
        *ret_history = h;
        h = NULL;
    }
    check_result_free(&check);
    history_free(&h);
    return rc;
}

const char *trial_verdict_name(enum trial_verdict v)
{
    static const char *const names[] = {
#define X(name, text) text,
        TRIAL_VERDICTS(X)
#undef X
    };

    return names[v];
}

enum exit_code trial_exit_code(enum trial_verdict v)
{
    if (v == TRIAL_GOOD)
        return EXIT_GOOD;
    return trial_is_violation(v) ? EXIT_VIOLATION : EXIT_UNKNOWN;
}

/* Oracles name their rule before a colon. */
static size_t rule_length(const struct trial_report *t)
{
    return t->verdict == TRIAL_ORACLE ? strcspn(t->reason, ":") : 0;
}

bool trial_same_kind(const struct trial_report *a, const struct trial_report *b)
{
    size_t n = rule_length(a);

    return a->verdict == b->verdict && rule_length(b) == n && strncmp(a->reason, b->reason, n) == 0;
}
