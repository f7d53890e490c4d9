/* How the RocksDB store treats its disk. fdatasync is ours here: the program's symbol comes before
 * libc's, and RocksDB syncs its write-ahead log with it. */
#include "tests/unit/store/fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct fixture f;
static atomic_int syncs;   /* that were begun */
static atomic_bool hold;   /* the disk is slow: a sync does not end */
static atomic_bool broken; /* the disk is broken: a sync fails */
static const int TICK_US = 1000;

int fdatasync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    while (atomic_load(&hold))
        usleep(TICK_US);
    if (atomic_load(&broken)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static void start(void)
{
    fixture_start(&f, FIXTURE_ROCKS);
}

static void end(void)
{
    atomic_store(&hold, false);
    fixture_end(&f);
}

TestSuite(store_disk, .init = start, .fini = end);

static uint64_t submit_put(const char *key, const char *value, enum store_sync sync)
{
    struct store_write write = {FIXTURE_KV, slice_str(key), slice_str(value), false};

    return fixture_submit(&f, &(struct store_batch){.writes = &write, .n_writes = 1}, sync);
}

/* Submits a batch and waits until the writer hangs in its sync. */
static uint64_t hang_in_sync(void)
{
    int before = atomic_load(&syncs);
    uint64_t seq;

    atomic_store(&hold, true);
    seq = submit_put("held", "1", STORE_SYNCED);
    while (atomic_load(&syncs) == before)
        usleep(TICK_US);
    return seq;
}

Test(store_disk, nothing_is_durable_before_its_sync_has_ended)
{
    uint64_t seq = hang_in_sync();

    store_poll(f.store, &f.progress);
    cr_assert_lt(f.progress.durable_seq, seq);
    cr_assert_eq(f.progress.queued_batches, 1);
    atomic_store(&hold, false);
    fixture_wait(&f, seq);
}

Test(store_disk, what_gathers_during_a_sync_shares_the_next)
{
    uint64_t seq = hang_in_sync();
    int before = atomic_load(&syncs);

    for (int i = 0; i < 100; i++)
        seq = submit_put("k", "v", STORE_SYNCED);
    atomic_store(&hold, false);
    fixture_wait(&f, seq);
    cr_assert_eq(atomic_load(&syncs), before + 1);
}

Test(store_disk, an_ordered_batch_rides_along_with_a_synced_one)
{
    int before = atomic_load(&syncs);
    uint64_t seq = hang_in_sync();

    submit_put("a", "1", STORE_ORDERED);
    submit_put("b", "1", STORE_ORDERED);
    seq = submit_put("c", "1", STORE_SYNCED);
    atomic_store(&hold, false);
    fixture_wait(&f, seq);
    cr_assert_eq(atomic_load(&syncs), before + 2, "the one that hung, and one for all three");
}

Test(store_disk, reads_do_not_wait_for_a_sync)
{
    uint64_t seq;

    fixture_append(&f, 1, 1, "entry");
    fixture_put(&f, "k", "v");
    seq = hang_in_sync();
    cr_assert_str_eq(fixture_get(&f, "k"), "v");
    cr_assert_str_eq(fixture_log(&f, 1, 1, 100), "1/1=entry");
    cr_assert_str_eq(fixture_walk(&f, fixture_cursor(&f, "")), "k=v");
    atomic_store(&hold, false);
    fixture_wait(&f, seq);
}

Test(store_disk, a_full_queue_is_busy_and_takes_nothing)
{
    enum { VALUE_BYTES = 16 << 20 };
    uint8_t *value = calloc(VALUE_BYTES, 1);
    struct store_write write = {FIXTURE_KV, slice_str("big"), slice_of(value, VALUE_BYTES), false};
    struct store_batch b = {.writes = &write, .n_writes = 1};
    uint64_t seq = hang_in_sync();
    uint64_t none = 0;
    size_t taken = 0;
    struct err e;
    int rc;

    while ((rc = store_submit(f.store, &b, STORE_SYNCED, &seq, &e)) == 0)
        taken++;
    cr_assert_eq(rc, -E_BUSY);
    cr_assert_geq(taken, STORE_QUEUE_BYTES_MAX / VALUE_BYTES - 1);
    cr_assert_leq(taken, STORE_QUEUE_BYTES_MAX / VALUE_BYTES);
    cr_assert_eq(store_submit(f.store, &b, STORE_SYNCED, &none, NULL), -E_BUSY);
    cr_assert_eq(none, 0);
    free(value);
    atomic_store(&hold, false);
    fixture_wait(&f, seq);
    cr_assert_eq(fixture_submit(&f, &(struct store_batch){0}, STORE_SYNCED), seq + 1);
}

/* Polls until the store says that it has failed. */
static void wait_for_failure(void)
{
    while (!f.progress.failed) {
        store_poll(f.store, &f.progress);
        usleep(TICK_US);
    }
}

Test(store_disk, a_failed_sync_is_fatal_though_the_next_would_succeed)
{
    struct err e = {0};
    uint64_t good = submit_put("k", "v", STORE_SYNCED);
    uint64_t seq;

    fixture_wait(&f, good);
    atomic_store(&broken, true);
    submit_put("lost", "1", STORE_SYNCED);
    wait_for_failure();
    atomic_store(&broken, false);
    cr_assert_eq(f.progress.durable_seq, good);
    cr_assert_not_null(strstr(f.progress.reason, "IO error"), "%s", f.progress.reason);
    cr_assert_eq(store_submit(f.store, &(struct store_batch){0}, STORE_SYNCED, &seq, &e), -E_IO);
    cr_assert_str_eq(e.text, f.progress.reason);
    store_poll(f.store, &f.progress);
    cr_assert_eq(f.progress.durable_seq, good);
}

Test(store_disk, closing_makes_everything_durable)
{
    int before = atomic_load(&syncs);

    submit_put("a", "1", STORE_ORDERED);
    fixture_close(&f);
    cr_assert_gt(atomic_load(&syncs), before);
    fixture_open(&f);
    cr_assert_str_eq(fixture_get(&f, "a"), "1");
}
