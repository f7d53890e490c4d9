#include "sim/disk.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Bits that flip on the virtual disk: what is damaged is found by whoever reads it, and never
 * handed out. */

enum { ENTRIES = 8, VALUES = 8, SEEDS = 300, TOKEN = 77 };

struct stored {
    struct sim_disk *disk;
    struct store *store;
    struct rng r;
};

/* What the disk holds: entry i and value i are texts of their own. */
static struct slice text_of(size_t i, char text[16])
{
    snprintf(text, 16, "text-%zu", i);
    return slice_str(text);
}

static void submit(struct stored *d, const struct store_batch *b, enum store_sync sync)
{
    uint64_t seq;
    int64_t ns;
    struct err e;

    cr_assert_eq(store_submit(d->store, b, sync, &seq, &e), 0, "%s", e.text);
    cr_assert(sim_disk_begin(d->disk, &ns));
    sim_disk_finish(d->disk);
}

static struct stored filled(uint64_t seed, enum store_sync sync)
{
    struct stored d = {.r = rng_make(seed, 2)};
    struct sim_disk_options o = {
        .store = {.n_families = 1}, .write_ns = 1000, .rng = rng_make(seed, 1)};
    struct entry entries[ENTRIES];
    struct store_write writes[VALUES];
    struct raft_hard_state hard = {.term = 3, .vote = 2};
    struct store_batch b = {.hard = &hard,
                            .entries = entries,
                            .n_entries = ENTRIES,
                            .writes = writes,
                            .n_writes = VALUES,
                            .applied_index = 1};
    char texts[ENTRIES + VALUES][16];
    uint8_t keys[VALUES];

    cr_assert_eq(sim_disk_create(&o, &d.disk, NULL), 0);
    cr_assert_eq(sim_disk_open(d.disk, &d.store, NULL), 0);
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = (struct entry){.index = i + 1, .term = 1, .data = text_of(i, texts[i])};
    for (size_t i = 0; i < VALUES; i++) {
        keys[i] = (uint8_t)i;
        writes[i] = (struct store_write){.key = slice_of(&keys[i], 1),
                                         .value = text_of(i, texts[ENTRIES + i])};
    }
    submit(&d, &b, sync);
    return d;
}

static bool failed(struct stored *d)
{
    struct store_progress progress;

    store_poll(d->store, &progress);
    return progress.failed;
}

/* --- reading it back; each returns whether damage was found --------------------------------- */

static bool get_finds_damage(struct stored *d, uint8_t key)
{
    struct buf value = {0};
    char text[16];
    int rc = store_get(d->store, 0, slice_of(&key, 1), &value);

    cr_assert(rc == 1 || rc == -E_CORRUPT);
    if (rc == 1)
        cr_assert(slice_equal(buf_slice(&value), text_of(key, text)), "damaged data was served");
    else
        cr_assert_eq(value.len, 0);
    buf_free(&value);
    return rc < 0;
}

static bool log_read_finds_damage(struct stored *d, uint64_t from, uint64_t to)
{
    struct store_log_result found;
    char text[16];

    cr_assert_eq(store_log_read(d->store, TOKEN, from, to, 1000), 0);
    if (!store_log_next(d->store, &found))
        return true;
    for (size_t i = 0; i < found.n_entries; i++)
        cr_assert(slice_equal(found.entries[i].data, text_of(from - 1 + i, text)),
                  "damaged data was served");
    return false;
}

static size_t walk(struct stored *d, struct store_cursor *c)
{
    struct slice key, value;
    char text[16];
    size_t n = 0;

    for (; store_cursor_get(d->store, c, &key, &value); store_cursor_next(d->store, c), n++)
        cr_assert(slice_equal(value, text_of(key.data[0], text)), "damaged data was served");
    return n;
}

static bool walk_finds_damage(struct stored *d)
{
    struct store_cursor *c;
    size_t n;

    cr_assert_eq(store_cursor_open(d->store, 0, slice_of(NULL, 0), &c), 0);
    n = walk(d, c);
    store_cursor_close(d->store, c);
    return n < VALUES;
}

static bool reopening_finds_damage(struct stored *d)
{
    struct store *again;
    struct err e = {0};
    int rc;

    sim_disk_crash(d->disk);
    rc = sim_disk_open(d->disk, &again, &e);
    cr_assert(rc == 0 || rc == -E_CORRUPT);
    cr_assert_eq(rc < 0, strstr(e.text, "checksum mismatch in ") != NULL, "'%s'", e.text);
    return rc < 0;
}

/* --- claims --------------------------------------------------------------------------------- */

Test(sim_flip, what_is_damaged_is_found_when_it_is_read_and_all_else_reads_as_it_was)
{
    size_t in_log = 0, in_state = 0, elsewhere = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct stored d = filled(seed, STORE_SYNCED);
        size_t entries = 0, values = 0;

        cr_assert(sim_disk_flip(d.disk, &d.r));
        cr_assert(sim_disk_damaged(d.disk) && !failed(&d), "nobody has read it yet");
        for (uint64_t i = 1; i <= ENTRIES; i++)
            entries += log_read_finds_damage(&d, i, i);
        for (uint8_t i = 0; i < VALUES; i++)
            values += get_finds_damage(&d, i);
        cr_assert_leq(entries + values, 1);
        cr_assert_eq(failed(&d), entries + values == 1);
        cr_assert_eq(log_read_finds_damage(&d, 1, ENTRIES), entries == 1);
        cr_assert_eq(walk_finds_damage(&d), values == 1);
        cr_assert(reopening_finds_damage(&d));
        in_log += entries;
        in_state += values;
        elsewhere += entries + values == 0; /* the term and the vote: read by opening only */
        sim_disk_destroy(d.disk);
    }
    cr_assert(in_log > SEEDS / 4 && in_state > SEEDS / 5 && elsewhere > SEEDS / 20, "%zu, %zu, %zu",
              in_log, in_state, elsewhere);
}

Test(sim_flip, without_a_flip_nothing_is_found)
{
    struct stored d = filled(1, STORE_SYNCED);

    cr_assert(!log_read_finds_damage(&d, 1, ENTRIES) && !walk_finds_damage(&d));
    for (uint8_t i = 0; i < VALUES; i++)
        cr_assert(!get_finds_damage(&d, i));
    cr_assert(!failed(&d) && !sim_disk_damaged(d.disk) && !reopening_finds_damage(&d));
    sim_disk_destroy(d.disk);
}

/* Writes all of it anew, as it was. */
static void replace_everything(struct stored *d, enum store_sync sync)
{
    struct raft_hard_state hard = {.term = 4, .vote = 1};
    struct store_write writes[VALUES];
    struct store_batch b = {.hard = &hard,
                            .truncate_from = 1,
                            .writes = writes,
                            .n_writes = VALUES,
                            .applied_index = 2};
    char texts[VALUES][16];
    uint8_t keys[VALUES];

    for (size_t i = 0; i < VALUES; i++) {
        keys[i] = (uint8_t)i;
        writes[i] =
            (struct store_write){.key = slice_of(&keys[i], 1), .value = text_of(i, texts[i])};
    }
    submit(d, &b, sync);
}

Test(sim_flip, what_is_overwritten_is_damaged_no_longer)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct stored d = filled(seed, STORE_SYNCED);

        cr_assert(sim_disk_flip(d.disk, &d.r));
        replace_everything(&d, STORE_SYNCED);
        cr_assert(!sim_disk_damaged(d.disk) && !walk_finds_damage(&d));
        cr_assert(!reopening_finds_damage(&d));
        sim_disk_destroy(d.disk);
    }
}

Test(sim_flip, a_crash_that_loses_the_overwriting_brings_the_damage_back)
{
    size_t lost = 0, kept = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct stored d = filled(seed, STORE_SYNCED);
        bool found;
        struct store_recovered r;

        cr_assert(sim_disk_flip(d.disk, &d.r));
        replace_everything(&d, STORE_ORDERED);
        cr_assert_not(sim_disk_damaged(d.disk));
        found = reopening_finds_damage(&d);
        store_recovered(d.store, &r);
        cr_assert_eq(found, r.applied_index == 1, "seed %d", (int)seed);
        lost += found;
        kept += !found;
        sim_disk_destroy(d.disk);
    }
    cr_assert(lost > 0 && kept > 0);
}

Test(sim_flip, a_view_taken_of_damage_finds_it_even_when_it_was_overwritten_since)
{
    size_t found = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct stored d = filled(seed, STORE_SYNCED);
        struct store_cursor *c;

        cr_assert(sim_disk_flip(d.disk, &d.r));
        cr_assert_eq(store_cursor_open(d.store, 0, slice_of(NULL, 0), &c), 0);
        replace_everything(&d, STORE_SYNCED);
        if (walk(&d, c) < VALUES) {
            cr_assert(failed(&d));
            found++;
        }
        store_cursor_close(d.store, c);
        sim_disk_destroy(d.disk);
    }
    cr_assert_gt(found, SEEDS / 5);
}

Test(sim_flip, only_what_is_durable_is_struck_and_one_damage_at_a_time)
{
    struct stored d = filled(1, STORE_ORDERED), empty = {.r = rng_make(1, 1)};
    struct sim_disk_options o = {.store = {.n_families = 1}, .write_ns = 1};
    size_t struck = 0;

    cr_assert_not(sim_disk_flip(d.disk, &d.r));
    replace_everything(&d, STORE_SYNCED);
    while (!sim_disk_flip(d.disk, &d.r)) { /* the log is empty now */
    }
    for (int i = 0; i < 100; i++)
        cr_assert_not(sim_disk_flip(d.disk, &d.r));
    sim_disk_destroy(d.disk);

    cr_assert_eq(sim_disk_create(&o, &empty.disk, NULL), 0);
    for (int i = 0; i < 4; i++)
        struck += sim_disk_flip(empty.disk, &empty.r);
    cr_assert_leq(struck, 1, "a disk with nothing on it still has a term and a vote");
    sim_disk_destroy(empty.disk);
}
