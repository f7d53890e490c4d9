#include "sim/disk.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The disk beside a model that keeps a copy of its whole state after every batch. */

enum { KEYS = 4, LOG_MAX = 64, BATCHES_MAX = 200, ROUNDS = 150, STEPS = 400 };

struct image {
    struct raft_hard_state hard;
    uint64_t last;
    uint64_t terms[LOG_MAX + 1];
    uint64_t applied;
    uint8_t values[KEYS]; /* 0: absent */
};

struct pair {
    struct rng r;
    struct sim_disk *disk;
    struct store *store;
    struct image images[BATCHES_MAX + 1]; /* [n]: after n batches since the disk was opened */
    uint64_t n;
    uint64_t durable; /* as last reported */
};

static struct sim_disk *disk_of(uint64_t seed, uint32_t fail_ppm)
{
    static const char *const families[] = {"a"};
    struct sim_disk_options o = {.store = {.families = families, .n_families = 1},
                                 .write_ns = 1000,
                                 .jitter_ns = 5000,
                                 .fail_ppm = fail_ppm,
                                 .rng = rng_make(seed, 9)};
    struct sim_disk *d;
    struct err e;

    cr_assert_eq(sim_disk_create(&o, &d, &e), 0);
    return d;
}

static struct store *opened(struct sim_disk *d)
{
    struct store *s = NULL;
    struct err e;

    cr_assert_eq(sim_disk_open(d, &s, &e), 0, "%s", e.text);
    return s;
}

static uint8_t value_of(struct store *s, uint8_t key)
{
    struct buf value = {0};
    uint8_t got = 0;

    if (store_get(s, 0, slice_of(&key, 1), &value) == 1)
        got = value.data[0];
    buf_free(&value);
    return got;
}

static struct image image_of(struct store *s)
{
    struct image got = {0};
    struct store_recovered r;

    store_recovered(s, &r);
    got.hard = r.hard;
    got.last = r.last_index;
    got.applied = r.applied_index;
    for (size_t i = 0; i < r.n_runs; i++)
        for (uint64_t k = r.runs[i].first; k <= r.last_index; k++)
            got.terms[k] = r.runs[i].term;
    for (uint8_t k = 0; k < KEYS; k++)
        got.values[k] = value_of(s, k);
    return got;
}

static bool same(const struct image *a, const struct image *b)
{
    return a->hard.term == b->hard.term && a->hard.vote == b->hard.vote && a->last == b->last &&
           a->applied == b->applied && memcmp(a->values, b->values, KEYS) == 0 &&
           memcmp(a->terms, b->terms, (a->last + 1) * sizeof *a->terms) == 0;
}

/* Truncates now and then, appends a few, moves the term, writes or erases a key. */
static void submit(struct pair *p)
{
    struct image next = p->images[p->n];
    struct entry entries[3];
    uint8_t key = (uint8_t)rng_below(&p->r, KEYS), value = (uint8_t)rng_below(&p->r, 5);
    struct store_write write = {
        .key = slice_of(&key, 1), .value = slice_of(&value, 1), .erase = value == 0};
    struct store_batch b = {.writes = &write, .n_writes = 1, .entries = entries};
    enum store_sync sync = rng_chance(&p->r, 300000) ? STORE_SYNCED : STORE_ORDERED;
    uint64_t seq;
    struct err e;

    if (p->n == BATCHES_MAX)
        return;
    if (next.last > 0 && rng_chance(&p->r, 300000)) {
        b.truncate_from = rng_between(&p->r, 1, next.last);
        next.last = b.truncate_from - 1;
        next.hard.term++;
    }
    next.hard.vote = rng_below(&p->r, 4);
    b.hard = &next.hard;
    next.hard.term += next.last == 0;
    for (size_t i = rng_below(&p->r, 4); i > 0 && next.last < LOG_MAX; i--) {
        entries[b.n_entries++] =
            (struct entry){.index = ++next.last, .term = next.hard.term, .data = slice_str("x")};
        next.terms[next.last] = next.hard.term;
    }
    next.values[key] = value;
    b.applied_index = next.applied = p->images[p->n].applied + 1;
    cr_assert_eq(store_submit(p->store, &b, sync, &seq, &e), 0, "%s", e.text);
    p->images[++p->n] = next;
    cr_assert_eq(seq, p->n);
}

static void poll(struct pair *p)
{
    struct store_progress progress;
    struct image visible;

    store_poll(p->store, &progress);
    cr_assert(progress.durable_seq >= p->durable && progress.durable_seq <= progress.visible_seq &&
              progress.visible_seq <= p->n);
    p->durable = progress.durable_seq;
    visible = image_of(p->store);
    cr_assert(same(&visible, &p->images[progress.visible_seq]));
}

/* Returns how many batches are left. */
static uint64_t crash(struct pair *p)
{
    struct image left;
    uint64_t kept = p->n + 1;

    sim_disk_crash(p->disk);
    p->store = opened(p->disk);
    left = image_of(p->store);
    while (kept > 0 && !same(&left, &p->images[kept - 1]))
        kept--;
    cr_assert_gt(kept, 0, "what is left is no prefix");
    cr_assert_geq(kept - 1, p->durable, "%d of %d batches left, %d were durable", (int)kept - 1,
                  (int)p->n, (int)p->durable);
    p->images[0] = left;
    p->n = p->durable = 0;
    return kept - 1;
}

Test(sim_disk, a_crash_leaves_a_prefix_no_shorter_than_what_was_durable)
{
    static struct pair p;
    bool writing = false;
    uint64_t lost = 0, crashes = 0;
    int64_t ns;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        p = (struct pair){.r = rng_make(round, 1), .disk = disk_of(round, 0)};
        p.store = opened(p.disk);
        writing = false;
        for (int step = 0; step < STEPS; step++) {
            uint64_t what = rng_below(&p.r, 100);

            if (what < 50) {
                submit(&p);
            } else if (what < 98 && !writing) {
                writing = sim_disk_begin(p.disk, &ns);
            } else if (what < 98) {
                sim_disk_finish(p.disk);
                writing = false;
                poll(&p);
            } else {
                uint64_t before = p.n;

                lost += before - crash(&p);
                crashes++;
                writing = false;
            }
        }
        sim_disk_destroy(p.disk);
    }
    cr_assert(crashes > 500 && lost > 500, "%d crashes lost %d batches", (int)crashes, (int)lost);
}

Test(sim_disk, a_full_disk_says_so_takes_nothing_more_and_is_well_after_a_restart)
{
    static struct pair p;
    struct store_progress progress;
    struct store_batch nothing = {.applied_index = 1};
    uint64_t seq;
    struct err e;
    int64_t ns;

    p = (struct pair){.r = rng_make(1, 1), .disk = disk_of(1, 1000000)};
    p.store = opened(p.disk);
    submit(&p);
    cr_assert(sim_disk_begin(p.disk, &ns));
    sim_disk_finish(p.disk);
    store_poll(p.store, &progress);
    cr_assert(progress.failed);
    cr_assert_eq(progress.durable_seq, 0);
    cr_assert_eq(store_submit(p.store, &nothing, STORE_SYNCED, &seq, &e), -E_IO);
    sim_disk_heal(p.disk);
    crash(&p);
    submit(&p);
    cr_assert(sim_disk_begin(p.disk, &ns));
    sim_disk_finish(p.disk);
    store_poll(p.store, &progress);
    cr_assert_not(progress.failed);
    cr_assert_eq(progress.visible_seq, 1);
    sim_disk_destroy(p.disk);
}

Test(sim_disk, a_write_takes_its_time_and_a_stalled_one_up_to_the_stall_more)
{
    for (uint32_t stall = 0; stall <= 1; stall++) {
        struct sim_disk_options o = {.store = {.n_families = 1},
                                     .write_ns = 1000,
                                     .stall_ppm = stall * 1000000,
                                     .stall_ns = 500000,
                                     .rng = rng_make(3, 3)};
        struct store_batch b = {.applied_index = 1};
        struct sim_disk *d;
        struct store *s;
        uint64_t seq;
        int64_t ns;

        cr_assert_eq(sim_disk_create(&o, &d, NULL), 0);
        s = opened(d);
        cr_assert_not(sim_disk_begin(d, &ns));
        cr_assert_eq(store_submit(s, &b, STORE_SYNCED, &seq, NULL), 0);
        cr_assert(sim_disk_begin(d, &ns));
        cr_assert(stall == 1 ? ns > 1000 && ns <= 501000 : ns == 1000);
        sim_disk_finish(d);
        sim_disk_destroy(d);
    }
}

/* A disk whose log holds `n` entries of a term, durable or only visible. */
static struct sim_disk *disk_with(size_t n, uint64_t term, enum store_sync sync)
{
    struct sim_disk *d = disk_of(1, 0);
    struct entry entries[3];
    struct store_batch b = {.entries = entries, .n_entries = n};
    uint64_t seq;
    int64_t ns;

    for (size_t i = 0; i < n; i++)
        entries[i] = (struct entry){.index = i + 1, .term = term, .data = slice_str("x")};
    cr_assert_eq(store_submit(opened(d), &b, sync, &seq, NULL), 0);
    cr_assert(sim_disk_begin(d, &ns));
    sim_disk_finish(d);
    return d;
}

Test(sim_disk, a_log_is_ahead_by_its_last_term_then_by_its_length_and_by_what_is_durable_only)
{
    /* Each is ahead of those before it and of none behind it; the first two have nothing. */
    struct sim_disk *disks[] = {disk_with(0, 0, STORE_SYNCED), disk_with(3, 7, STORE_ORDERED),
                                disk_with(2, 1, STORE_SYNCED), disk_with(3, 1, STORE_SYNCED),
                                disk_with(1, 2, STORE_SYNCED)};
    enum { N = sizeof disks / sizeof *disks };

    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++)
            cr_assert_eq(sim_disk_is_ahead(disks[i], disks[k]), i > k && i > 1, "%zu of %zu", i, k);
    for (size_t i = 0; i < N; i++)
        sim_disk_destroy(disks[i]);
}
