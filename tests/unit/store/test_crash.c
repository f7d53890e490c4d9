/* kill -9 in the middle of writing, again and again on one folder. (The loss of power, which also
 * takes what was not synced, is the business of the end-to-end tests.) */
#include "tests/unit/store/fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 8, REPORTS_MIN = 20, REPORTS_STEP = 13, SLOTS = 50 };

static struct fixture f;

static void start(void)
{
    fixture_start(&f, FIXTURE_ROCKS);
    fixture_close(&f);
}

static void end(void)
{
    fixture_end(&f);
}

TestSuite(store_crash, .init = start, .fini = end, .timeout = 110);

/* Runs the writer until it has reported `reports` times, kills it, and returns the highest index
 * that it reported, to the last byte in the pipe. */
static uint64_t run_and_kill(int reports)
{
    int ends[2];
    uint64_t durable = 0;
    pid_t child;

    cr_assert_eq(pipe(ends), 0);
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(CRASH_WRITER, CRASH_WRITER, f.path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (int i = 0; i < reports; i++)
        cr_assert_eq(read(ends[0], &durable, sizeof durable), sizeof durable);
    kill(child, SIGKILL);
    while (read(ends[0], &durable, sizeof durable) == sizeof durable)
        continue;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return durable;
}

/* Everything that the folder holds is what the first `n` batches make of it. */
static void expect_prefix(const struct store_recovered *r)
{
    uint64_t n = r->last_index;
    char key[32];
    char value[32];

    cr_assert_eq(r->first_index, 1);
    cr_assert_eq(r->applied_index, n);
    cr_assert_eq(r->n_runs, 1 + n / 100);
    for (uint64_t i = n < SLOTS ? 1 : n - SLOTS + 1; i <= n; i++) {
        snprintf(key, sizeof key, "slot-%" PRIu64, i % SLOTS);
        snprintf(value, sizeof value, "%" PRIu64, i);
        cr_assert_str_eq(fixture_get(&f, key), value, "%" PRIu64 " batches", n);
        snprintf(value, sizeof value, "%" PRIu64 "/%" PRIu64 "=%" PRIu64, i, 1 + i / 100, i);
        cr_assert_str_eq(fixture_log(&f, i, i, 100), value);
    }
}

Test(store_crash, what_was_reported_durable_survives_and_the_rest_is_a_prefix)
{
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t durable = run_and_kill(REPORTS_MIN + round * REPORTS_STEP);
        struct store_recovered r;

        fixture_open(&f);
        store_recovered(f.store, &r);
        cr_assert_geq(r.last_index, durable, "round %d", round);
        expect_prefix(&r);
        fixture_close(&f);
    }
}
