/* The RocksDB store against the one in memory: the same random batches go to both, and both have
 * to say the same of them, also after the RocksDB one was closed and opened again. */
#include "tests/unit/store/fixture.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 12, STEPS = 150, ENTRIES_MAX = 6, WRITES_MAX = 6, KEYS = 20 };

static struct fixture memory;
static struct fixture rocks;

static void end(void)
{
    fixture_end(&rocks);
    fixture_end(&memory);
}

TestSuite(store_random, .fini = end, .timeout = 110);

/* What the test knows of the log, to make batches that mostly fit. */
struct model {
    struct rng rng;
    uint64_t first;
    uint64_t last;
    uint64_t term;
    uint64_t applied;
};

/* A batch with the memory that it points into. */
struct drawn {
    struct store_batch batch;
    struct entry entries[ENTRIES_MAX];
    struct store_write writes[WRITES_MAX];
    char texts[ENTRIES_MAX + 2 * WRITES_MAX][24];
    struct raft_hard_state hard;
};

static void draw_entries(struct model *m, struct drawn *d)
{
    uint64_t end = m->last + 1;

    if (rng_chance(&m->rng, 150000) && m->last > m->applied) {
        d->batch.truncate_from = rng_between(&m->rng, m->applied + 1, m->last + 1);
        end = d->batch.truncate_from;
        m->term++;
    } else if (rng_chance(&m->rng, 100000)) {
        m->term++;
    }
    if (rng_chance(&m->rng, 50000))
        end += 2; /* a gap: both refuse */
    d->batch.entries = d->entries;
    d->batch.n_entries = rng_below(&m->rng, ENTRIES_MAX + 1);
    for (size_t i = 0; i < d->batch.n_entries; i++) {
        snprintf(d->texts[i], sizeof d->texts[i], "%" PRIx64, rng_next(&m->rng));
        d->entries[i] = fixture_entry(end + i, m->term, d->texts[i]);
    }
}

static void draw_writes(struct model *m, struct drawn *d)
{
    d->batch.writes = d->writes;
    d->batch.n_writes = rng_below(&m->rng, WRITES_MAX + 1);
    for (size_t i = 0; i < d->batch.n_writes; i++) {
        char *key = d->texts[ENTRIES_MAX + 2 * i];
        char *value = d->texts[ENTRIES_MAX + 2 * i + 1];
        uint64_t number = rng_below(&m->rng, KEYS);

        snprintf(key, sizeof d->texts[0], "key-%" PRIu64, number);
        snprintf(value, sizeof d->texts[0], "%" PRIx64, rng_next(&m->rng));
        d->writes[i] = (struct store_write){
            .family = FIXTURE_KV, .key = slice_str(key), .value = slice_str(value)};
        d->writes[i].erase = rng_chance(&m->rng, 300000);
    }
}

static void draw(struct model *m, struct drawn *d)
{
    memset(d, 0, sizeof *d);
    draw_entries(m, d);
    draw_writes(m, d);
    if (rng_chance(&m->rng, 300000)) {
        d->hard.term = m->term;
        d->hard.vote = rng_below(&m->rng, 4);
        d->batch.hard = &d->hard;
    }
    /* The model's last index may be one that this batch truncates: not below what is applied. */
    if (rng_chance(&m->rng, 300000) && d->batch.truncate_from == 0)
        d->batch.applied_index = rng_between(&m->rng, m->applied, m->last);
    if (rng_chance(&m->rng, 100000))
        d->batch.erase_to = rng_below(&m->rng, m->last + 3);
}

static void learn(struct model *m, const struct drawn *d)
{
    uint64_t erase_to = d->batch.erase_to;

    if (d->batch.truncate_from != 0)
        m->last = d->batch.truncate_from - 1;
    m->last += d->batch.n_entries;
    if (erase_to > m->applied) /* as of before this batch */
        erase_to = m->applied;
    if (erase_to >= m->first)
        m->first = erase_to + 1;
    if (d->batch.applied_index != 0)
        m->applied = d->batch.applied_index;
}

static void step(struct model *m)
{
    enum store_sync sync = rng_chance(&m->rng, 800000) ? STORE_SYNCED : STORE_ORDERED;
    uint64_t seq[2] = {0, 0};
    struct err errors[2] = {0};
    struct drawn d;
    int rc;

    draw(m, &d);
    rc = store_submit(memory.store, &d.batch, sync, &seq[0], &errors[0]);
    cr_assert_eq(store_submit(rocks.store, &d.batch, sync, &seq[1], &errors[1]), rc);
    cr_assert_str_eq(errors[0].text, errors[1].text);
    if (rc < 0)
        return;
    fixture_wait(&memory, seq[0]);
    fixture_wait(&rocks, seq[1]);
    learn(m, &d);
}

static void compare(const struct model *m)
{
    char *expected = strdup(fixture_walk(&memory, fixture_cursor(&memory, "")));

    cr_assert_str_eq(fixture_walk(&rocks, fixture_cursor(&rocks, "")), expected);
    free(expected);
    expected = strdup(fixture_log(&memory, m->first, m->last + 1, 1 << 14));
    cr_assert_str_eq(fixture_log(&rocks, m->first, m->last + 1, 1 << 14), expected);
    free(expected);
    expected = strdup(fixture_log(&memory, m->first - 1, m->last, 1 << 14));
    cr_assert_str_eq(fixture_log(&rocks, m->first - 1, m->last, 1 << 14), expected);
    free(expected);
}

static void reopen(const struct model *m)
{
    struct store_recovered r;

    fixture_close(&rocks);
    fixture_open(&rocks);
    store_recovered(rocks.store, &r);
    cr_assert_eq(r.first_index, m->first);
    cr_assert_eq(r.last_index, m->last);
    cr_assert_eq(r.applied_index, m->applied);
}

static void run_seed(uint64_t seed)
{
    struct model m = {.rng = rng_make(seed, rng_stream("store", 0)), .first = 1, .term = 1};

    fixture_start(&memory, FIXTURE_MEMORY);
    fixture_start(&rocks, FIXTURE_ROCKS);
    for (int i = 0; i < STEPS; i++) {
        step(&m);
        if (rng_chance(&m.rng, 50000))
            reopen(&m);
        if (rng_chance(&m.rng, 200000))
            compare(&m);
    }
    reopen(&m);
    compare(&m);
    fixture_end(&rocks);
    fixture_end(&memory);
}

Test(store_random, rocks_and_memory_agree)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_seed(seed);
}
