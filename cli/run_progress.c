#include "cli/run.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* What a person at the terminal sees while the run goes on, on standard error: one line that is
 * rewritten each second, and faults scrolling above it. Without a terminal a plain line now and
 * then. */

enum { LIVE_EVERY_S = 1, PLAIN_EVERY_S = 10, LINE_BYTES_MAX = 256 };

static void clear_line(const struct run *r)
{
    if (r->terminal.live)
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

    r->terminal = terminal_of(STDERR_FILENO);
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

/* Seconds, operations, rate, p99 and leader. */
static void describe(struct run *r, int64_t now_ns, char *text, size_t len)
{
    struct course_window w = course_take_window(r->course);
    double seconds = (double)(now_ns - r->last_progress_ns) / (double)NS_PER_S;
    uint64_t leader = harness_leader(r->harness);
    char who[64] = "no leader";
    char p99[32] = "";

    if (leader != 0)
        snprintf(who, sizeof who, "node %" PRIu64 " leads in term %" PRIu64, leader,
                 harness_node(r->harness, leader)->term);
    if (w.answered > 0)
        snprintf(p99, sizeof p99, ", p99 %.3g ms", (double)w.p99_ns / (double)NS_PER_MS);
    snprintf(text, len, "%4" PRId64 " s  %" PRIu64 " operations, %.0f/s%s  %s", now_ns / NS_PER_S,
             tally_totals(r->tally)->answered, seconds > 0 ? (double)w.answered / seconds : 0, p99,
             who);
}

/* On a terminal no longer than its line, or the next rewriting would leave some of it behind. */
static void print_line(const struct run *r, const char *text, const char *faults)
{
    const struct terminal *t = &r->terminal;
    int room = t->live ? (int)t->width - 1 : LINE_BYTES_MAX;
    int shown = (int)strlen(text) < room ? (int)strlen(text) : room;

    fprintf(stderr, "%.*s", shown, text);
    if (faults[0] != '\0')
        fprintf(stderr, "%s%.*s%s", terminal_color(t, COLOR_YELLOW), room - shown, faults,
                terminal_color(t, COLOR_NONE));
    if (!t->live)
        fputc('\n', stderr);
    fflush(stderr);
}

void run_progress_turn(struct run *r)
{
    static const char prefix[] = "  faults: ";
    int64_t every_s = r->terminal.live ? LIVE_EVERY_S : PLAIN_EVERY_S;
    int64_t now_ns = run_now_ns(r);
    char faults[128];
    char line[LINE_BYTES_MAX];

    if (now_ns < r->next_progress_ns)
        return;
    memcpy(faults, prefix, sizeof prefix);
    append_faults(conduct_faults_on(r->conduct), faults + sizeof prefix - 1,
                  sizeof faults - sizeof prefix + 1);
    describe(r, now_ns, line, sizeof line);
    clear_line(r);
    print_line(r, line, faults[sizeof prefix - 1] == '\0' ? "" : faults);
    r->last_progress_ns = now_ns;
    r->next_progress_ns = now_ns + every_s * NS_PER_S;
}

void run_progress_fault(struct run *r, const struct conduct_record *record, const char *text)
{
    int64_t now_ns = run_now_ns(r);

    if (!r->terminal.live)
        return;
    clear_line(r);
    fprintf(stderr, "%6.1f s  fault %u %s: %s\n", (double)now_ns / (double)NS_PER_S,
            record->step->number, record->ended ? "ends" : "begins", text);
}
