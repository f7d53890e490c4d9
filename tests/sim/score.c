/* How good the harness is at its work: plants each bug of the catalogue and counts the seeds of
 * the simulator that it takes to see it, once by the history alone, as for a foreign system, and
 * once with the oracles and invariants beside it. Without a bug nothing may be seen.
 *
 *     rift_score [--starts N] [--seeds N] [--history-seeds N] [--clean N] [--gate] [BUG...]
 *
 * Prints a row of the table in docs/bugs.md for each bug. With --gate it ends with 1 when a bug
 * was not caught, too few were caught by the history alone, or the clean seeds showed anything. */

#include "base/bug.h"
#include "base/clock.h"
#include "checker/checker.h"
#include "sim/sim.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STARTS_MAX = 9,
    START_STEP = 10000, /* between starting points */
    CHECK_MS = 1000, /* of computing, for the verdict on one seed; past it the seed shows nothing */
    CHECK_MB = 512,  /* likewise */
    BY_HISTORY_MIN = 18,
    EVENTS_MAX = 2000000, /* ten times the busiest world; some bugs set off storms of messages */
    BY_MAX = 2 * ERR_TEXT_MAX,
};

struct score_options {
    uint64_t starts;
    uint64_t seeds;         /* tried from each starting point */
    uint64_t history_seeds; /* the same, by the history alone */
    uint64_t clean;         /* tried without a bug */
    bool gate;
};

/* What one pass over seeds found. */
struct catch
{
    uint64_t seeds; /* that it took; 0: not caught */
    char by[BY_MAX];
};

static bool is_spent(void *context)
{
    return clock_thread_ns() > *(const int64_t *)context;
}

static enum verdict judge(const struct history *h)
{
    int64_t until_ns = clock_thread_ns() + CHECK_MS * NS_PER_MS;
    struct check_options o = {
        .spent = is_spent, .spent_context = &until_ns, .memory_bytes_max = (size_t)CHECK_MB << 20};
    struct check_result *result = NULL;
    enum verdict verdict = VERDICT_UNKNOWN;
    struct err e;

    if (check_history(h, &o, &result, &e) == 0)
        verdict = result->verdict;
    check_result_free(&result);
    return verdict;
}

/* Runs one world; true when something was seen, and by what. */
static bool try_seed(uint64_t seed, bool oracles, char by[BY_MAX])
{
    struct sim_config config;
    struct sim_result result;
    struct history *history = NULL;
    bool seen = false;
    struct err e;

    sim_config_draw(seed, &config);
    config.oracles = oracles;
    config.events_max = EVENTS_MAX;
    if (sim_run(&config, NULL, NULL, &history, &result, &e) < 0) {
        fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, e.text);
        exit(3);
    }
    if (oracles && result.finding != SIM_FINE) {
        snprintf(by, BY_MAX, "%s: %s", sim_finding_name(result.finding), result.reason);
        seen = true;
    } else if (judge(history) == VERDICT_NOT_LINEARIZABLE) {
        snprintf(by, BY_MAX, "history");
        seen = true;
    }
    history_free(&history);
    return seen;
}

static struct catch hunt(uint64_t first, uint64_t seeds, bool oracles)
{
    struct catch found = {.by = "nothing"};

    for (uint64_t i = 0; i < seeds && found.seeds == 0; i++)
        if (try_seed(first + i, oracles, found.by))
            found.seeds = i + 1;
    return found;
}

/* Not caught counts as more than any number. */
static int by_seeds(const void *a, const void *b)
{
    uint64_t x = ((const struct catch *)a)->seeds - 1;
    uint64_t y = ((const struct catch *)b)->seeds - 1;

    return (x > y) - (x < y);
}

/* The one in the middle of all starting points. */
static struct catch median(const struct score_options *o, bool oracles, uint64_t seeds)
{
    struct catch found[STARTS_MAX];

    for (uint64_t i = 0; i < o->starts; i++)
        found[i] = hunt(1 + i * START_STEP, seeds, oracles);
    qsort(found, o->starts, sizeof *found, by_seeds);
    return found[o->starts / 2];
}

static void print_seeds(const struct catch *c, uint64_t seeds)
{
    char text[32];

    if (c->seeds > 0)
        snprintf(text, sizeof text, "%" PRIu64, c->seeds);
    else
        snprintf(text, sizeof text, "over %" PRIu64, seeds);
    printf(" %8s |", text);
}

struct tally {
    size_t bugs, by_history, missed;
};

static void score(const struct score_options *o, const char *name, struct tally *t)
{
    struct catch history, any;
    struct err e;

    if (bug_select(name, &e) < 0) {
        fprintf(stderr, "rift_score: %s\n", e.text);
        exit(64);
    }
    history = median(o, false, o->history_seeds);
    any = median(o, true, o->seeds);
    bug_select(NULL, NULL);
    t->bugs++;
    t->by_history += history.seeds > 0;
    t->missed += history.seeds == 0 && any.seeds == 0;
    printf("| %-24s |", name);
    print_seeds(&history, o->history_seeds);
    print_seeds(&any, o->seeds);
    printf(" %s |\n", any.by);
    fflush(stdout);
}

static const struct number {
    const char *name;
    size_t offset;
    uint64_t min, max;
} numbers[] = {
    {"--starts", offsetof(struct score_options, starts), 1, STARTS_MAX},
    {"--seeds", offsetof(struct score_options, seeds), 1, START_STEP},
    {"--history-seeds", offsetof(struct score_options, history_seeds), 1, START_STEP},
    {"--clean", offsetof(struct score_options, clean), 0, UINT32_MAX},
};

static bool parse_number(struct score_options *o, const char *name, const char *text)
{
    char *end = NULL;
    unsigned long long value = text == NULL ? 0 : strtoull(text, &end, 10);

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const struct number *n = &numbers[i];

        if (strcmp(n->name, name) != 0)
            continue;
        *(uint64_t *)((char *)o + n->offset) = value;
        return end != NULL && *end == '\0' && value >= n->min && value <= n->max;
    }
    return false;
}

/* Returns where the names of bugs begin. */
static int parse(int argc, char **argv, struct score_options *o)
{
    int at = 1;

    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--gate") == 0) {
            o->gate = true;
        } else if (parse_number(o, argv[at], at + 1 < argc ? argv[at + 1] : NULL)) {
            at++;
        } else {
            fprintf(stderr, "rift_score: %s is no option, or its number is out of range\n",
                    argv[at]);
            exit(64);
        }
    }
    return at;
}

static int verdict_of(const struct score_options *o, const struct tally *t, bool dirty)
{
    printf("\n%zu bugs: %zu caught by the history alone, %zu not caught\n", t->bugs, t->by_history,
           t->missed);
    if (!o->gate)
        return 0;
    return dirty || t->missed > 0 || t->by_history < BY_HISTORY_MIN;
}

int main(int argc, char **argv)
{
    struct score_options o = {.starts = 3, .seeds = 500, .history_seeds = 500};
    int at = parse(argc, argv, &o);
    const char *const *names = at < argc ? (const char *const *)&argv[at] : bug_names();
    struct catch clean = hunt(1, o.clean, true);
    struct tally tally = {0};

    if (clean.seeds > 0)
        printf("seed %" PRIu64 " without a bug: %s\n", clean.seeds, clean.by);
    printf("| bug | seeds, history alone | seeds, with oracles | seen by |\n|---|---|---|---|\n");
    for (; *names != NULL; names++)
        score(&o, *names, &tally);
    return verdict_of(&o, &tally, clean.seeds > 0);
}
