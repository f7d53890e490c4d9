#include "cli/bench_check.h"

#include "base/clock.h"
#include "checker/checker.h"
#include "cli/args.h"
#include "cli/bench_families.h"
#include "cli/exit_code.h"
#include "cli/memory.h"
#include "cli/threads.h"

#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* `rift bench check`: histories of known verdict, one row each, each in a process of its own so
 * that its peak of memory is its own; then, for the long ones, how time grows with the length. */

enum { GROWTH_STEPS = 4 }; /* a doubling each */

enum { OPS = 1000000, FAMILIES_MAX = 64 };

/* A history is measured so many times, or until that many seconds are spent; the least counts. What
 * else happens on a machine only ever adds to the time of a process. */
enum { MEASURED_TIMES_MAX = 3, MEASURED_S_MAX = 5 };

struct check_bench {
    double time_s;
    uint64_t ops;
    uint64_t jobs;
    const char *family; /* NULL: all */
    bool json;
};

static const char *const *family_names(void)
{
    static const char *names[FAMILIES_MAX + 1];
    size_t n;
    const struct bench_family *families = bench_families(&n);

    for (size_t i = 0; i < n && i < FAMILIES_MAX; i++)
        names[i] = families[i].name;
    return names;
}

static const struct arg_option options[] = {
    {.name = "time",
     .kind = ARG_REAL,
     .offset = offsetof(struct check_bench, time_s),
     .value = "S",
     .help = "seconds for each search; then: unknown",
     .max = 100000},
    {.name = "family",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct check_bench, family),
     .value = "NAME",
     .help = "only this one",
     .choices = family_names,
     .when_absent = "all"},
    {.name = "jobs",
     .kind = ARG_UINT,
     .offset = offsetof(struct check_bench, jobs),
     .value = "N",
     .help = "keys searched at a time; the time shown is that of all threads together",
     .min = 1,
     .max = THREADS_MAX},
    {.name = "ops",
     .kind = ARG_UINT,
     .offset = offsetof(struct check_bench, ops),
     .value = "N",
     .help = "length of the long histories; that of many keys is ten times as long",
     .min = 1000,
     .max = 100000000},
    {.name = "json",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_bench, json),
     .help = "the rows as JSON"},
};

static const struct arg_command command = {
    .name = "rift bench check",
    .usage = "[options]",
    .purpose =
        "Time, memory and configurations of the checker: on long histories as clerks make\n"
        "them, and on families that are known to make searches explode. The time is that of\n"
        "reading the file and of the verdict, on the processor, the least of up to three times.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0    every verdict is the known one\n"
             "  1    a verdict is wrong\n"
             "  2    a search ran out of time\n"
             "  3    a history could not be written or read\n"
             "  64   usage\n",
};

/* What a process that measures sends to the one that prints. */
struct row {
    int rc;
    enum verdict verdict;
    char engine[16];
    size_t n_ops;
    uint64_t steps;
    double read_s;
    double check_s;
    double wall_s; /* of both */
    long peak_kb;
};

/* --- one history ---------------------------------------------------------------------------- */

static bool spent(void *context)
{
    return clock_monotonic_ns() >= *(int64_t *)context;
}

/* Of the processor, since the process began: what else runs on the machine changes little in it. */
static double seconds_used(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static int measure_file(const char *path, bool whole, const struct check_bench *b, struct row *ret,
                        struct err *e)
{
    struct check_pool pool = {.jobs = b->jobs, .run = threads_run};
    int64_t began_ns = clock_monotonic_ns();
    double began_s = seconds_used();
    int64_t end_ns;
    struct check_options o = {
        .whole = whole, .pool = &pool, .spent = spent, .spent_context = &end_ns};
    struct check_result *r = NULL;
    struct history *h;
    struct rusage usage;
    int rc = history_load(path, &h, e);

    if (rc < 0)
        return rc;
    ret->read_s = seconds_used() - began_s;
    began_s += ret->read_s;
    end_ns = clock_monotonic_ns() + (int64_t)(b->time_s * (double)NS_PER_S);
    rc = check_history(h, &o, &r, e);
    if (rc == 0) {
        ret->check_s = seconds_used() - began_s;
        ret->wall_s = (double)(clock_monotonic_ns() - began_ns) / (double)NS_PER_S;
        getrusage(RUSAGE_SELF, &usage);
        ret->peak_kb = usage.ru_maxrss;
        ret->verdict = r->verdict;
        ret->n_ops = r->n_ops;
        ret->steps = r->partitions[0].steps;
        snprintf(ret->engine, sizeof ret->engine, "%s", r->partitions[0].engine);
    }
    check_result_free(&r);
    history_free(&h);
    return rc;
}

static int measure_here(const struct bench_family *f, size_t size, const struct check_bench *b,
                        struct row *ret)
{
    char folder[] = "/tmp/rift-bench-XXXXXX";
    char path[PATH_MAX];
    struct err e = {0};
    int rc;

    if (mkdtemp(folder) == NULL) {
        rc = err_sys(&e, "%s", folder);
    } else {
        snprintf(path, sizeof path, "%s/%s.rift", folder, f->name);
        rc = bench_family_write(f, size, path, &e);
        if (rc == 0)
            rc = measure_file(path, f->whole, b, ret, &e);
        unlink(path);
        rmdir(folder);
    }
    if (rc < 0)
        fprintf(stderr, "rift bench check: %s\n", e.text);
    return rc;
}

/* In a process of its own. */
static int measure(const struct bench_family *f, size_t size, const struct check_bench *b,
                   struct row *ret)
{
    struct row row = {.rc = -E_IO};
    int ends[2];
    pid_t child;

    fflush(stdout);
    if (pipe(ends) < 0)
        return -E_IO;
    child = fork();
    if (child == 0) {
        memory_keep();
        row.rc = measure_here(f, size, b, &row);
        _exit(write(ends[1], &row, sizeof row) == (ssize_t)sizeof row ? 0 : 1);
    }
    close(ends[1]);
    if (child > 0 && read(ends[0], &row, sizeof row) != (ssize_t)sizeof row)
        row.rc = -E_IO;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    *ret = row;
    return row.rc;
}

static int measure_least(const struct bench_family *f, size_t size, const struct check_bench *b,
                         struct row *ret)
{
    double spent_s = 0;

    for (int i = 0; i < MEASURED_TIMES_MAX && spent_s < MEASURED_S_MAX; i++) {
        struct row row;
        int rc = measure(f, size, b, &row);

        if (rc < 0)
            return rc;
        spent_s += row.read_s + row.check_s;
        if (i == 0 || row.read_s + row.check_s < ret->read_s + ret->check_s)
            *ret = row;
    }
    return 0;
}

/* --- rows ----------------------------------------------------------------------------------- */

static enum exit_code code_of(const struct bench_family *f, const struct row *r)
{
    if (r->verdict == VERDICT_UNKNOWN)
        return EXIT_UNKNOWN;
    return (r->verdict == VERDICT_LINEARIZABLE) == f->linearizable ? EXIT_GOOD : EXIT_VIOLATION;
}

static void print_row(const struct bench_family *f, const struct row *r)
{
    printf("%-13s %9zu  %-17s %-10s %8.3f %8.3f %8.3f %8.1f %10" PRIu64 "  %s\n", f->name, r->n_ops,
           verdict_name(r->verdict), r->engine, r->read_s, r->check_s, r->wall_s,
           (double)r->peak_kb / 1024, r->steps, f->what);
}

static json_t *row_json(const struct bench_family *f, const struct row *r)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:f, s:f, s:f, s:I, s:I}", "family", f->name,
                     "operations", (json_int_t)r->n_ops, "verdict", verdict_name(r->verdict),
                     "engine", r->engine, "read_s", r->read_s, "check_s", r->check_s, "wall_s",
                     r->wall_s, "peak_kb", (json_int_t)r->peak_kb, "configurations",
                     (json_int_t)r->steps);
}

/* One row, or for a family that grows one for each doubling and a line on how it grew. */
static enum exit_code bench_family(const struct bench_family *f, const struct check_bench *b,
                                   json_t *rows)
{
    size_t size = f->grows ? b->ops * (f->size / OPS) >> (GROWTH_STEPS - 1) : f->size;
    int n = f->grows ? GROWTH_STEPS : 1;
    double seconds[GROWTH_STEPS];
    enum exit_code code = EXIT_GOOD;

    for (int i = 0; i < n; i++, size *= 2) {
        struct row r;

        if (measure_least(f, size, b, &r) < 0)
            return EXIT_HARNESS;
        seconds[i] = r.read_s + r.check_s;
        code = exit_worse(code, code_of(f, &r));
        if (!b->json)
            print_row(f, &r);
        json_array_append_new(rows, row_json(f, &r));
    }
    for (int i = 1; i < n && !b->json; i++)
        printf("%s%.2f%s", i == 1 ? "              each doubling takes " : ", ",
               seconds[i] / seconds[i - 1], i == n - 1 ? " times as long\n" : "");
    return code;
}

int bench_check(int argc, char **argv)
{
    struct check_bench b = {.time_s = 20, .ops = OPS, .jobs = 1};
    enum exit_code worst = EXIT_GOOD;
    struct arg_operands none;
    size_t n;
    const struct bench_family *families = bench_families(&n);
    json_t *rows;
    int code = args_enter(&command, argc, argv, &b, &none);

    if (code >= 0)
        return code;
    rows = json_array();
    if (!b.json)
        printf("%-13s %9s  %-17s %-10s %8s %8s %8s %8s %10s\n", "family", "ops", "verdict",
               "engine", "read s", "check s", "wall s", "peak MB", "configs");
    for (size_t i = 0; i < n; i++) {
        if (b.family != NULL && strcmp(b.family, families[i].name) != 0)
            continue;
        worst = exit_worse(worst, bench_family(&families[i], &b, rows));
    }
    if (b.json) {
        json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    }
    json_decref(rows);
    return worst;
}
