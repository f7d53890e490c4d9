#include "cli/sim.h"

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* `rift sim`. */

enum { PROGRESS_EVERY_MS = 250 };

struct sim_show {
    const struct sim_options *o;
    struct sim_summary summary;
    json_t *notable; /* all that is not good */
    bool terminal;
    int64_t start_ns, next_progress_ns;
};

static double elapsed_s(const struct sim_show *s)
{
    return (double)(clock_monotonic_ns() - s->start_ns) / (double)NS_PER_S;
}

static void clear_progress(const struct sim_show *s)
{
    if (s->terminal)
        fputs("\r\033[K", stderr);
}

static void show_progress(struct sim_show *s)
{
    const struct sim_summary *sum = &s->summary;
    uint64_t asked = s->o->last - s->o->first + 1;
    uint64_t bad = 0;

    if (!s->terminal || clock_monotonic_ns() < s->next_progress_ns)
        return;
    for (unsigned v = 0; v < TRIAL_VERDICT_COUNT; v++)
        bad += trial_is_violation((enum trial_verdict)v) ? sum->verdicts[v] : 0;
    clear_progress(s);
    fprintf(stderr, "%" PRIu64 " of %" PRIu64 " seeds, %.1f a second, %" PRIu64 " violations",
            sum->seeds, asked, (double)sum->seeds / (elapsed_s(s) + 1e-9), bad);
    fflush(stderr);
    s->next_progress_ns = clock_monotonic_ns() + PROGRESS_EVERY_MS * NS_PER_MS;
}

/* A seed that is not good: what is wrong, and how to see it again. */
static void show_notable(struct sim_show *s, const struct trial_report *t)
{
    struct buf again = {0};

    (void)sim_options_command(s->o, t->seed, &again);
    if (s->o->json) {
        json_array_append_new(
            s->notable,
            json_pack("{s:I, s:s, s:b, s:s, s:I, s:s%}", "seed", (json_int_t)t->seed, "verdict",
                      trial_verdict_name(t->verdict), "violation", trial_is_violation(t->verdict),
                      "reason", t->reason, "at_ms", (json_int_t)t->result.found_ms, "command",
                      (const char *)again.data, again.len));
    } else {
        clear_progress(s);
        printf("seed %" PRIu64 ": %s", t->seed, trial_verdict_name(t->verdict));
        if (t->result.finding != SIM_FINE)
            printf(" at %" PRId64 " ms", t->result.found_ms);
        printf("\n%s%sagain: %.*s%s\n\n", t->reason,
               t->reason[0] != '\0' && t->reason[strlen(t->reason) - 1] == '\n' ? "" : "\n",
               (int)again.len, (const char *)again.data,
               trial_is_violation(t->verdict) ? " (and --shrink for its story)" : "");
        fflush(stdout);
    }
    buf_free(&again);
}

static void on_report(void *context, const struct trial_report *t)
{
    struct sim_show *s = context;

    sim_summary_add(&s->summary, t);
    if (t->verdict != TRIAL_GOOD)
        show_notable(s, t);
    show_progress(s);
}

static void show_summary(struct sim_show *s)
{
    json_t *all;

    clear_progress(s);
    if (!s->o->json) {
        sim_summary_print(&s->summary, elapsed_s(s));
        return;
    }
    all = sim_summary_json(&s->summary, elapsed_s(s));
    json_object_set(all, "notable", s->notable);
    json_object_set_new(all, "exit", json_integer(s->summary.code));
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
}

static int run_seeds(const struct sim_options *o)
{
    struct sim_show s = {.o = o,
                         .notable = json_array(),
                         .terminal = terminal_of(STDERR_FILENO).live,
                         .start_ns = clock_monotonic_ns()};
    struct err e = {0};
    int rc = sim_pool_run(o, on_report, &s, &e);

    if (rc < 0)
        s.summary.code =
            exit_worse(s.summary.code, rc == -E_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_HARNESS);
    show_summary(&s);
    if (rc < 0)
        fprintf(stderr, "rift sim: %s\n", e.text);
    json_decref(s.notable);
    return s.summary.code;
}

int command_sim(int argc, char **argv)
{
    struct sim_options o;
    struct err e;
    int code = sim_options_enter(argc, argv, &o);

    if (code < 0 && signals_open(&e) < 0) {
        fprintf(stderr, "rift sim: %s\n", e.text);
        code = EXIT_HARNESS;
    }
    if (code < 0)
        code = o.seed != 0 || o.replay != NULL ? sim_single_run(&o) : run_seeds(&o);
    sim_options_free(&o);
    return code;
}
