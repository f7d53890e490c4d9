#include "cli/run.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* What a person at the terminal sees while the run goes on, on standard error: one line that is
 * rewritten each second, and faults scrolling above it. Without a terminal a plain line now and
 * then. */

enum { LIVE_EVERY_S = 1, PLAIN_EVERY_S = 10 };

static void clear_line(const struct run *r)
{
    if (r->terminal)
        fputs("\r\033[K", stderr);
}

void run_progress_say(struct run *r, const char *text)
{
    clear_line(r);
    fprintf(stderr, "%s\n", text);
}

void run_progress_begin(struct run *r)
{
    const struct run_options *o = r->o;

    r->terminal = isatty(STDERR_FILENO);
    fprintf(stderr,
            "%" PRIu64 " nodes (%s, reads %s), %" PRIu64 " clerks, %g s of %s; faults: %s; seed "
            "%" PRIu64 "\neverything goes to %s\n",
            o->nodes, o->node.store, o->node.reads, o->clerks, o->time_s, o->workload,
            o->plan == NULL ? o->nemesis : o->plan, o->seed, r->folder);
}

static void append_faults(uint32_t on, char *text, size_t len)
{
    size_t used = 0;

    text[0] = '\0';
    for (unsigned fault = 1; fault < TALLY_FAULTS; fault++) {
        if ((on & 1u << fault) == 0 || used >= len)
            continue;
        used += (size_t)snprintf(text + used, len - used, "%s%s", used == 0 ? "" : ", ",
                                 tally_fault_name(fault));
    }
}

void run_progress_turn(struct run *r)
{
    const struct tally_totals *t = tally_totals(r->tally);
    int64_t every_s = r->terminal ? LIVE_EVERY_S : PLAIN_EVERY_S;
    int64_t now_ns = run_now_ns(r);
    uint64_t leader = harness_leader(r->harness);
    char faults[128];

    if (now_ns < r->next_progress_ns)
        return;
    append_faults(conduct_faults_on(r->conduct), faults, sizeof faults);
    clear_line(r);
    fprintf(stderr, "%4" PRId64 " s  %" PRIu64 " operations, %" PRIu64 "/s", now_ns / NS_PER_S,
            t->answered, (t->answered - r->last_answered) / (uint64_t)every_s);
    if (leader == 0)
        fputs("  no leader", stderr);
    else
        fprintf(stderr, "  node %" PRIu64 " leads in term %" PRIu64, leader,
                harness_node(r->harness, leader)->term);
    fprintf(stderr, "%s%s%s", faults[0] == '\0' ? "" : "  faults: ", faults,
            r->terminal ? "" : "\n");
    fflush(stderr);
    r->last_answered = t->answered;
    r->next_progress_ns = now_ns + every_s * NS_PER_S;
}

void run_progress_fault(struct run *r, const struct conduct_record *record, const char *text)
{
    int64_t now_ns = run_now_ns(r);

    if (!r->terminal)
        return;
    clear_line(r);
    fprintf(stderr, "%6.1f s  fault %u %s: %s\n", (double)now_ns / (double)NS_PER_S,
            record->step->number, record->ended ? "ends" : "begins", text);
}
