/* What a store in a folder finds there when it opens. */
#include "tests/unit/store/fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture f;

static void start(void)
{
    fixture_start(&f, FIXTURE_ROCKS);
}

static void end(void)
{
    fixture_end(&f);
}

TestSuite(store_recovery, .init = start, .fini = end);

static void reopen(void)
{
    fixture_close(&f);
    fixture_open(&f);
}

/* Opens the folder anew, expecting it to fail; the code, and the reason in *e. */
static int open_fails(const struct store_options *o, struct err *e)
{
    struct store *s = NULL;
    int rc = store_rocks_open(f.path, o, &s, e);

    cr_assert_lt(rc, 0);
    cr_assert_null(s);
    return rc;
}

static void append_run(uint64_t from, uint64_t to, uint64_t term)
{
    for (uint64_t i = from; i <= to; i++)
        fixture_append(&f, i, term, "x");
}

/* --- what comes back ----------------------------------------------------------------------- */

Test(store_recovery, everything_saved_comes_back)
{
    struct raft_hard_state hard = {.term = 9, .vote = 2};

    append_run(1, 3, 1);
    append_run(4, 5, 9);
    fixture_put(&f, "k", "v");
    fixture_save(&f, &(struct store_batch){.hard = &hard, .applied_index = 4});
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "1..5 t1@1 t9@4 hard=9/2 applied=4");
    cr_assert_str_eq(fixture_log(&f, 3, 9, 100), "3/1=x 4/9=x 5/9=x");
    cr_assert_str_eq(fixture_get(&f, "k"), "v");
}

Test(store_recovery, the_last_hard_state_of_many_batches_counts)
{
    uint64_t seq = 0;

    for (uint64_t term = 1; term <= 50; term++) {
        struct raft_hard_state hard = {.term = term, .vote = term % 3};

        seq = fixture_submit(&f, &(struct store_batch){.hard = &hard}, STORE_ORDERED);
    }
    fixture_wait(&f, seq);
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "1..0 hard=50/2 applied=0");
}

Test(store_recovery, term_runs_follow_truncation)
{
    struct entry other = fixture_entry(3, 4, "y");

    append_run(1, 2, 1);
    append_run(3, 4, 2);
    append_run(5, 6, 3);
    fixture_save(&f, &(struct store_batch){.truncate_from = 3, .entries = &other, .n_entries = 1});
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "1..3 t1@1 t4@3 hard=0/0 applied=0");
    fixture_save(&f, &(struct store_batch){.truncate_from = 2});
    append_run(2, 4, 4);
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "1..4 t1@1 t4@2 hard=0/0 applied=0");
}

Test(store_recovery, term_runs_follow_erasing_and_keep_the_term_before_the_log)
{
    append_run(1, 3, 1);
    append_run(4, 6, 2);
    append_run(7, 8, 3);
    fixture_save(&f, &(struct store_batch){.applied_index = 8});
    fixture_save(&f, &(struct store_batch){.erase_to = 5});
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "6..8 t2@5 t3@7 hard=0/0 applied=8");
    fixture_save(&f, &(struct store_batch){.erase_to = 8});
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "9..8 t3@8 hard=0/0 applied=8");
    append_run(9, 9, 3);
    append_run(10, 10, 5);
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "9..10 t3@8 t5@10 hard=0/0 applied=8");
}

Test(store_recovery, the_recovered_applied_index_allows_erasing)
{
    append_run(1, 3, 1);
    fixture_save(&f, &(struct store_batch){.applied_index = 2});
    reopen();
    fixture_save(&f, &(struct store_batch){.erase_to = 3});
    reopen();
    cr_assert_str_eq(fixture_recovered(&f), "3..3 t1@2 hard=0/0 applied=2");
}

/* --- whose data it is ---------------------------------------------------------------------- */

Test(store_recovery, data_of_another_node_is_foreign)
{
    struct store_options other = FIXTURE_OPTIONS;
    struct err e = {0};

    fixture_close(&f);
    other.identity.node = 4;
    cr_assert_eq(open_fails(&other, &e), -E_FOREIGN);
    cr_assert_not_null(strstr(e.text, "belongs to node 3 of cluster 0000000000000007"), "%s",
                       e.text);
    cr_assert_not_null(strstr(e.text, "this is node 4"), "%s", e.text);
    other.identity = (struct store_identity){.cluster = 8, .node = 3};
    cr_assert_eq(open_fails(&other, &e), -E_FOREIGN);
    fixture_open(&f);
}

Test(store_recovery, two_stores_on_one_folder_are_refused)
{
    struct err e = {0};

    cr_assert_eq(open_fails(&FIXTURE_OPTIONS, &e), -E_BUSY);
    cr_assert_not_null(strstr(e.text, "another process has it open"), "%s", e.text);
}

Test(store_recovery, other_families_are_refused_and_change_nothing)
{
    static const char *const more[] = {"sessions", "default", "blue"};
    struct store_options other = FIXTURE_OPTIONS;
    struct err e = {0};

    fixture_close(&f);
    other.n_families = 1;
    cr_assert_eq(open_fails(&other, &e), -E_INVAL);
    cr_assert_not_null(strstr(e.text, "'state.default' that is not asked for"), "%s", e.text);
    other.families = more;
    other.n_families = 3;
    cr_assert_eq(open_fails(&other, &e), -E_INVAL);
    cr_assert_not_null(strstr(e.text, "without the family 'state.blue'"), "%s", e.text);
    fixture_open(&f);
}

Test(store_recovery, a_missing_parent_folder_is_said_so)
{
    struct store *s;
    struct err e = {0};

    cr_assert_eq(store_rocks_open("/tmp/rift-no-such/a/b", &FIXTURE_OPTIONS, &s, &e), -E_NOT_FOUND);
    cr_assert_not_null(strstr(e.text, "/tmp/rift-no-such/a/b"), "%s", e.text);
}

/* --- torn and damaged ---------------------------------------------------------------------- */

static off_t size_of(const char *path)
{
    struct stat st;

    cr_assert_eq(stat(path, &st), 0);
    return st.st_size;
}

Test(store_recovery, a_torn_last_write_leaves_what_was_before_it)
{
    char wal[256];

    append_run(1, 9, 1);
    fixture_append(&f, 10, 2, "torn");
    fixture_close(&f);
    fixture_newest_wal(&f, wal, sizeof wal);
    cr_assert_eq(truncate(wal, size_of(wal) - 3), 0);
    fixture_open(&f);
    cr_assert_str_eq(fixture_recovered(&f), "1..9 t1@1 hard=0/0 applied=0");
    fixture_append(&f, 10, 3, "again");
}

/* Opens a copy of the folder whose newest log of writes lacks its last `cut` bytes, since opening
 * replays and replaces that log. Returns the last index found. */
static uint64_t last_index_after_cut(const char *wal, long cut)
{
    struct fixture copy = {.kind = FIXTURE_ROCKS};
    struct store_recovered r;
    char command[512];

    snprintf(copy.path, sizeof copy.path, "%s.cut", f.path);
    snprintf(command, sizeof command, "cp -r %s %s && truncate -s -%ld %s%s", f.path, copy.path,
             cut, copy.path, wal + strlen(f.path));
    cr_assert_eq(system(command), 0);
    fixture_open(&copy);
    store_recovered(copy.store, &r);
    cr_assert_eq(r.n_runs, r.last_index > 0 ? 1 : 0);
    fixture_end(&copy);
    return r.last_index;
}

Test(store_recovery, wherever_the_log_of_writes_is_torn_a_prefix_is_left)
{
    enum { ENTRIES = 6, STEP = 7 };
    uint64_t found[ENTRIES + 1] = {0};
    uint64_t last = ENTRIES;
    char wal[256];
    off_t size;

    append_run(1, ENTRIES, 1);
    fixture_close(&f);
    fixture_newest_wal(&f, wal, sizeof wal);
    size = size_of(wal);
    for (long cut = 1; cut < size; cut += STEP) {
        uint64_t now = last_index_after_cut(wal, cut);

        cr_assert_leq(now, last, "%ld bytes less left more", cut);
        found[now]++;
        last = now;
    }
    cr_assert_eq(found[ENTRIES], 0, "the last write was torn each time");
    cr_assert_gt(found[ENTRIES - 1], 0);
    cr_assert_gt(found[0], 0);
}

Test(store_recovery, damage_in_front_of_the_end_is_reported_and_not_cut_off)
{
    char wal[256];
    struct err e = {0};
    uint8_t byte;
    int fd;

    append_run(1, 50, 1);
    fixture_close(&f);
    fixture_newest_wal(&f, wal, sizeof wal);
    fd = open(wal, O_RDWR | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(pread(fd, &byte, 1, size_of(wal) / 2), 1);
    byte ^= 0x10;
    cr_assert_eq(pwrite(fd, &byte, 1, size_of(wal) / 2), 1);
    close(fd);
    cr_assert_eq(open_fails(&FIXTURE_OPTIONS, &e), -E_CORRUPT);
    cr_assert_not_null(strstr(e.text, "Corruption"), "%s", e.text);
}

Test(store_recovery, data_without_its_index_is_not_taken_for_a_new_folder)
{
    char path[128];
    struct err e = {0};

    append_run(1, 3, 1);
    fixture_close(&f);
    snprintf(path, sizeof path, "%s/CURRENT", f.path);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(open_fails(&FIXTURE_OPTIONS, &e), -E_CORRUPT);
    cr_assert_not_null(strstr(e.text, "CURRENT is missing"), "%s", e.text);
}
