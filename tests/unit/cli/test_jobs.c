/* Partitions checked by several threads: the same result as by one. A plain program, so that it
 * runs under ThreadSanitizer too. */
#include "base/check.h"
#include "checker/checker.h"
#include "cli/threads.h"
#include "generate.h"

#include <stdio.h>

enum { HISTORIES = 60, JOBS_MAX = 4 };

static struct check_result *check(const struct history *h, size_t jobs, bool all)
{
    struct check_pool pool = {.jobs = jobs, .run = threads_run};
    struct check_options o = {.pool = &pool, .all = all, .memory_bytes_max = (size_t)64 << 20};
    struct check_result *r = NULL;
    struct err e;
    int rc = check_history(h, &o, &r, &e);

    CHECK_THAT(rc == 0, "%s", e.text);
    return r;
}

static bool same_numbers(const size_t *a, const size_t *b, size_t n)
{
    return n == 0 || memcmp(a, b, n * sizeof *a) == 0;
}

static bool same_partition(const struct check_partition *a, const struct check_partition *b)
{
    return a->verdict == b->verdict && a->steps == b->steps && a->engine == b->engine &&
           a->reason == b->reason && a->n_order == b->n_order && a->n_stuck == b->n_stuck &&
           same_numbers(a->order, b->order, a->n_order) &&
           same_numbers(a->stuck, b->stuck, a->n_stuck);
}

static void expect_same(const struct check_result *a, const struct check_result *b, size_t jobs)
{
    CHECK_THAT(a->verdict == b->verdict && a->worst == b->worst, "with %zu jobs", jobs);
    for (size_t i = 0; i < a->n_partitions; i++)
        CHECK_THAT(same_partition(&a->partitions[i], &b->partitions[i]), "partition %zu, %zu jobs",
                   i, jobs);
}

/* Returns whether some partition was not linearizable. */
static bool try_history(uint64_t seed, bool all)
{
    struct generate_options o = {.model = "kv",
                                 .n_ops = 200,
                                 .n_processes = 8,
                                 .n_keys = 4,
                                 .n_values = 4,
                                 .unknown_ppm = 50000,
                                 .n_spoiled = seed % 4};
    struct rng r = rng_make(seed, rng_stream("jobs", 0));
    struct history *h = generate(&r, &o);
    struct check_result *one = check(h, 1, all);
    bool violated = one->verdict == VERDICT_NOT_LINEARIZABLE;

    for (size_t jobs = 2; jobs <= JOBS_MAX; jobs++) {
        struct check_result *several = check(h, jobs, all);

        expect_same(one, several, jobs);
        check_result_free(&several);
    }
    check_result_free(&one);
    generate_free(h);
    return violated;
}

static void count(void *of, size_t i)
{
    unsigned char *done = of;

    done[i]++;
}

static void every_task_is_done_once(void)
{
    unsigned char done[1000] = {0};

    threads_run(JOBS_MAX, sizeof done, count, done);
    for (size_t i = 0; i < sizeof done; i++)
        CHECK_THAT(done[i] == 1, "task %zu was done %d times", i, done[i]);
    threads_run(JOBS_MAX, 0, count, NULL);
}

int main(void)
{
    size_t violated = 0;

    every_task_is_done_once();
    for (uint64_t seed = 0; seed < HISTORIES; seed++)
        violated += try_history(seed, seed % 2 == 0);
    CHECK_THAT(violated > HISTORIES / 10 && violated < HISTORIES, "%zu violations", violated);
    printf("%d histories, %zu with violations: the same with 1 to %d jobs\n", HISTORIES, violated,
           JOBS_MAX);
    return 0;
}
