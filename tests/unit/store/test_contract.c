/* What store.h promises, asked of every store alike. */
#include "tests/unit/store/fixture.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static struct fixture f; /* each test runs in a process of its own */

static void end(void)
{
    fixture_end(&f);
}

TestSuite(store_memory, .fini = end);
TestSuite(store_rocks, .fini = end);

#define CONTRACT(name)                                                                             \
    static void name(void);                                                                        \
    Test(store_memory, name)                                                                       \
    {                                                                                              \
        fixture_start(&f, FIXTURE_MEMORY);                                                         \
        name();                                                                                    \
    }                                                                                              \
    Test(store_rocks, name)                                                                        \
    {                                                                                              \
        fixture_start(&f, FIXTURE_ROCKS);                                                          \
        name();                                                                                    \
    }                                                                                              \
    static void name(void)

static int submit_entry(uint64_t truncate_from, uint64_t index, uint64_t term, struct err *e)
{
    struct entry entry = fixture_entry(index, term, "x");
    uint64_t seq;

    return store_submit(
        f.store,
        &(struct store_batch){.truncate_from = truncate_from, .entries = &entry, .n_entries = 1},
        STORE_SYNCED, &seq, e);
}

/* --- the log ------------------------------------------------------------------------------- */

CONTRACT(a_new_store_is_empty)
{
    cr_assert_str_eq(fixture_recovered(&f), "1..0 hard=0/0 applied=0");
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "");
    cr_assert_null(fixture_get(&f, "k"));
}

CONTRACT(batches_are_numbered_from_one)
{
    struct store_batch nothing = {0};

    cr_assert_eq(fixture_submit(&f, &nothing, STORE_SYNCED), 1);
    cr_assert_eq(fixture_submit(&f, &nothing, STORE_ORDERED), 2);
    cr_assert_eq(fixture_submit(&f, &nothing, STORE_SYNCED), 3);
    fixture_wait(&f, 3);
    cr_assert_eq(f.progress.queued_batches, 0);
    cr_assert_eq(f.progress.queued_bytes, 0);
}

CONTRACT(an_ordered_batch_becomes_durable_without_a_synced_one)
{
    struct store_write write = {FIXTURE_KV, slice_str("k"), slice_str("v"), false};

    fixture_wait(&f, fixture_submit(&f, &(struct store_batch){.writes = &write, .n_writes = 1},
                                    STORE_ORDERED));
    cr_assert_str_eq(fixture_get(&f, "k"), "v");
}

CONTRACT(appended_entries_read_back)
{
    struct entry entries[] = {fixture_entry(1, 1, "a"), fixture_entry(2, 1, ""),
                              fixture_entry(3, 2, "c")};

    entries[1].kind = ENTRY_NOOP;
    fixture_save(&f, &(struct store_batch){.entries = entries, .n_entries = 3});
    fixture_append(&f, 4, 2, "d");
    cr_assert_str_eq(fixture_log(&f, 1, 4, 1000), "1/1=a 2/1= 3/2=c 4/2=d");
    cr_assert_str_eq(fixture_log(&f, 2, 3, 1000), "2/1= 3/2=c");
    cr_assert_str_eq(fixture_log(&f, 3, 100, 1000), "3/2=c 4/2=d");
    cr_assert_str_eq(fixture_log(&f, 5, 100, 1000), "");
}

CONTRACT(the_kind_of_an_entry_reads_back)
{
    struct store_log_result result;
    struct pollfd p = {.fd = store_fd(f.store), .events = POLLIN};
    struct entry entry = fixture_entry(1, 1, "x");

    entry.kind = ENTRY_CONFIG;
    fixture_save(&f, &(struct store_batch){.entries = &entry, .n_entries = 1});
    cr_assert_eq(store_log_read(f.store, 1, 1, 1, 100), 0);
    while (!store_log_next(f.store, &result))
        poll(&p, 1, 10);
    cr_assert_eq(result.n_entries, 1);
    cr_assert_eq(result.entries[0].kind, ENTRY_CONFIG);
}

CONTRACT(a_log_read_is_bounded_by_bytes_but_gives_at_least_one_entry)
{
    fixture_append(&f, 1, 1, "aaaa");
    fixture_append(&f, 2, 1, "bbbb");
    fixture_append(&f, 3, 1, "cccc");
    cr_assert_str_eq(fixture_log(&f, 1, 3, 8), "1/1=aaaa 2/1=bbbb");
    cr_assert_str_eq(fixture_log(&f, 1, 3, 11), "1/1=aaaa 2/1=bbbb");
    cr_assert_str_eq(fixture_log(&f, 2, 3, 1), "2/1=bbbb");
    cr_assert_str_eq(fixture_log(&f, 2, 3, 0), "2/1=bbbb");
}

CONTRACT(log_reads_beyond_the_bound_are_refused)
{
    struct store_log_result result;
    struct pollfd p = {.fd = store_fd(f.store), .events = POLLIN};

    fixture_append(&f, 1, 1, "a");
    for (uint64_t i = 0; i < STORE_LOG_READS_MAX; i++)
        cr_assert_eq(store_log_read(f.store, i, 1, 1, 1), 0);
    /* Also when all of them are answered: answers that nobody takes count. */
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(store_log_read(f.store, 99, 1, 1, 1), -E_BUSY);
        usleep(1000);
    }
    for (uint64_t i = 0; i < STORE_LOG_READS_MAX; i++) {
        while (!store_log_next(f.store, &result))
            poll(&p, 1, 10);
        cr_assert_eq(result.token, i);
        cr_assert_eq(result.n_entries, 1);
    }
    cr_assert_eq(store_log_read(f.store, 99, 1, 1, 1), 0);
}

CONTRACT(truncation_drops_the_tail_and_the_same_batch_replaces_it)
{
    struct entry other = fixture_entry(2, 3, "B");

    fixture_append(&f, 1, 1, "a");
    fixture_append(&f, 2, 1, "b");
    fixture_append(&f, 3, 2, "c");
    fixture_save(&f, &(struct store_batch){.truncate_from = 2, .entries = &other, .n_entries = 1});
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "1/1=a 2/3=B");
    fixture_save(&f, &(struct store_batch){.truncate_from = 1});
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "");
    fixture_append(&f, 1, 4, "new");
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "1/4=new");
}

CONTRACT(truncation_beyond_the_end_drops_nothing)
{
    fixture_append(&f, 1, 1, "a");
    fixture_save(&f, &(struct store_batch){.truncate_from = 2});
    fixture_save(&f, &(struct store_batch){.truncate_from = 50});
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "1/1=a");
    fixture_append(&f, 2, 1, "b");
}

CONTRACT(a_gap_is_refused_and_nothing_is_taken)
{
    struct err e = {0};

    fixture_append(&f, 1, 1, "a");
    cr_assert_eq(submit_entry(0, 3, 1, &e), -E_GAP);
    cr_assert_str_eq(e.text, "entry 3 where 2 comes next");
    cr_assert_eq(submit_entry(0, 1, 1, &e), -E_GAP);
    cr_assert_eq(submit_entry(1, 2, 1, &e), -E_GAP);
    cr_assert_eq(fixture_submit(&f, &(struct store_batch){0}, STORE_SYNCED), 2);
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "1/1=a");
}

CONTRACT(terms_do_not_go_back)
{
    struct err e = {0};

    fixture_append(&f, 1, 5, "a");
    cr_assert_eq(submit_entry(0, 2, 4, &e), -E_INVAL);
    cr_assert_eq(submit_entry(1, 1, 4, &e), 0, "a truncated entry's term is no bound");
}

/* --- erasing the log ----------------------------------------------------------------------- */

CONTRACT(the_log_is_not_erased_past_the_durable_applied_index)
{
    for (uint64_t i = 1; i <= 5; i++)
        fixture_append(&f, i, 1, "x");
    fixture_save(&f, &(struct store_batch){.erase_to = 4});
    cr_assert_str_eq(fixture_log(&f, 1, 1, 1000), "1/1=x", "nothing is applied");
    fixture_save(&f, &(struct store_batch){.applied_index = 3, .erase_to = 4});
    cr_assert_str_eq(fixture_log(&f, 1, 1, 1000), "1/1=x", "not durably before this batch");
    fixture_save(&f, &(struct store_batch){.erase_to = 4});
    cr_assert_str_eq(fixture_log(&f, 3, 9, 1000), "");
    cr_assert_str_eq(fixture_log(&f, 4, 9, 1000), "4/1=x 5/1=x");
}

CONTRACT(a_log_may_be_erased_whole_and_goes_on)
{
    struct err e = {0};

    fixture_append(&f, 1, 1, "a");
    fixture_append(&f, 2, 1, "b");
    fixture_save(&f, &(struct store_batch){.applied_index = 2});
    fixture_save(&f, &(struct store_batch){.erase_to = 2});
    cr_assert_str_eq(fixture_log(&f, 1, 9, 1000), "");
    cr_assert_eq(submit_entry(0, 1, 1, &e), -E_GAP);
    cr_assert_eq(submit_entry(2, 2, 1, &e), -E_GAP, "what is erased is not truncated");
    fixture_append(&f, 3, 1, "c");
    cr_assert_str_eq(fixture_log(&f, 3, 9, 1000), "3/1=c");
}

/* --- the state ----------------------------------------------------------------------------- */

CONTRACT(writes_of_a_batch_happen_in_their_order)
{
    struct store_write writes[] = {
        {FIXTURE_KV, slice_str("a"), slice_str("1"), false},
        {FIXTURE_KV, slice_str("b"), slice_str("1"), false},
        {FIXTURE_KV, slice_str("a"), slice_str("2"), false},
        {FIXTURE_KV, slice_str("b"), slice_str(""), true},
        {FIXTURE_KV, slice_str("c"), slice_str(""), true},
        {FIXTURE_KV, slice_str("c"), slice_str(""), false},
    };

    fixture_save(&f, &(struct store_batch){.writes = writes, .n_writes = 6});
    cr_assert_str_eq(fixture_get(&f, "a"), "2");
    cr_assert_null(fixture_get(&f, "b"));
    cr_assert_str_eq(fixture_get(&f, "c"), "", "an empty value is a value");
}

CONTRACT(families_are_apart)
{
    struct store_write writes[] = {
        {FIXTURE_KV, slice_str("k"), slice_str("kv"), false},
        {FIXTURE_SESSIONS, slice_str("k"), slice_str("session"), false},
    };
    struct buf value = {0};

    fixture_save(&f, &(struct store_batch){.writes = writes, .n_writes = 2});
    cr_assert_str_eq(fixture_get(&f, "k"), "kv");
    cr_assert_eq(store_get(f.store, FIXTURE_SESSIONS, slice_str("k"), &value), 1);
    cr_assert(slice_equal(buf_slice(&value), slice_str("session")));
    buf_free(&value);
}

CONTRACT(get_appends_to_the_buffer)
{
    struct buf value = {0};

    fixture_put(&f, "k", "tail");
    buf_append_slice(&value, slice_str("head-"));
    cr_assert_eq(store_get(f.store, FIXTURE_KV, slice_str("k"), &value), 1);
    cr_assert(slice_equal(buf_slice(&value), slice_str("head-tail")));
    cr_assert_eq(store_get(f.store, FIXTURE_KV, slice_str("other"), &value), 0);
    cr_assert_eq(value.len, 9);
    buf_free(&value);
}

CONTRACT(keys_and_values_are_any_bytes)
{
    static const uint8_t key[] = {0, 0xff, 0, 'k'};
    static const uint8_t bytes[] = {0, 1, 0, 0xff};
    struct store_write write = {FIXTURE_KV, slice_of(key, sizeof key),
                                slice_of(bytes, sizeof bytes), false};
    struct buf value = {0};

    fixture_save(&f, &(struct store_batch){.writes = &write, .n_writes = 1});
    cr_assert_eq(store_get(f.store, FIXTURE_KV, slice_of(key, sizeof key), &value), 1);
    cr_assert(slice_equal(buf_slice(&value), slice_of(bytes, sizeof bytes)));
    cr_assert_eq(store_get(f.store, FIXTURE_KV, slice_of(key, 1), &value), 0);
    buf_free(&value);
}

CONTRACT(submitted_bytes_are_copied)
{
    char key[] = "key";
    char text[] = "text";
    struct entry entry = fixture_entry(1, 1, text);
    struct store_write write = {FIXTURE_KV, slice_str(key), slice_str(text), false};
    uint64_t seq = fixture_submit(
        &f,
        &(struct store_batch){.entries = &entry, .n_entries = 1, .writes = &write, .n_writes = 1},
        STORE_SYNCED);

    memset(key, '!', sizeof key - 1);
    memset(text, '!', sizeof text - 1);
    fixture_wait(&f, seq);
    cr_assert_str_eq(fixture_get(&f, "key"), "text");
    cr_assert_str_eq(fixture_log(&f, 1, 1, 100), "1/1=text");
}

CONTRACT(a_cursor_walks_in_key_order_from_its_start)
{
    fixture_put(&f, "b", "2");
    fixture_put(&f, "a", "1");
    fixture_put(&f, "ab", "12");
    fixture_put(&f, "c", "3");
    cr_assert_str_eq(fixture_walk(&f, fixture_cursor(&f, "")), "a=1 ab=12 b=2 c=3");
    cr_assert_str_eq(fixture_walk(&f, fixture_cursor(&f, "ab")), "ab=12 b=2 c=3");
    cr_assert_str_eq(fixture_walk(&f, fixture_cursor(&f, "bb")), "c=3");
    cr_assert_str_eq(fixture_walk(&f, fixture_cursor(&f, "d")), "");
}

CONTRACT(later_writes_do_not_show_in_a_cursor)
{
    struct store_write erase = {.family = FIXTURE_KV, .key = slice_str("b"), .erase = true};
    struct store_cursor *c;

    fixture_put(&f, "a", "1");
    fixture_put(&f, "b", "2");
    c = fixture_cursor(&f, "");
    fixture_put(&f, "a", "changed");
    fixture_put(&f, "c", "new");
    fixture_save(&f, &(struct store_batch){.writes = &erase, .n_writes = 1});
    cr_assert_str_eq(fixture_walk(&f, c), "a=1 b=2");
    cr_assert_str_eq(fixture_walk(&f, fixture_cursor(&f, "")), "a=changed c=new");
}

/* --- bounds -------------------------------------------------------------------------------- */

CONTRACT(a_batch_that_never_fits_is_refused)
{
    size_t huge = STORE_QUEUE_BYTES_MAX + 1;
    uint8_t *bytes = calloc(huge, 1);
    struct store_write write = {FIXTURE_KV, slice_str("k"), slice_of(bytes, huge), false};
    struct err e = {0};
    uint64_t seq;

    cr_assert_not_null(bytes);
    cr_assert_eq(store_submit(f.store, &(struct store_batch){.writes = &write, .n_writes = 1},
                              STORE_SYNCED, &seq, &e),
                 -E_LIMIT);
    cr_assert_eq(fixture_submit(&f, &(struct store_batch){0}, STORE_SYNCED), 1);
    free(bytes);
}

CONTRACT(destroying_nothing_is_fine)
{
    store_destroy(NULL);
    store_cursor_close(f.store, NULL);
}
