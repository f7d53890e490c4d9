/* One thread drives the RocksDB store as a node does, as fast as it can, so that its own threads
 * are always at work beside it. A plain program: it runs under ThreadSanitizer too. */
#include "tests/unit/store/fixture.h"

#include "base/check.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

enum { BATCHES = 20000, AHEAD_MAX = 200, SLOTS = 100, READ_EVERY = 7, GET_EVERY = 5 };

struct driver {
    struct fixture f;
    uint64_t submitted;
    uint64_t durable;
    uint64_t asked;
    uint64_t answered;
};

static void submit(struct driver *d)
{
    uint64_t i = ++d->submitted;
    char key[32];
    char text[32];
    struct entry entry;
    struct store_write write = {.family = FIXTURE_KV};

    snprintf(key, sizeof key, "slot-%" PRIu64, i % SLOTS);
    snprintf(text, sizeof text, "%" PRIu64, i);
    entry = fixture_entry(i, 1, text);
    write.key = slice_str(key);
    write.value = slice_str(text);
    CHECK(fixture_submit(&d->f,
                         &(struct store_batch){.entries = &entry,
                                               .n_entries = 1,
                                               .writes = &write,
                                               .n_writes = 1,
                                               .applied_index = i},
                         i % 4 == 0 ? STORE_ORDERED : STORE_SYNCED) == i);
}

/* What is visible of a slot is a number of that slot, no older than what was visible before. */
static void check_get(struct driver *d)
{
    uint64_t slot = d->submitted % SLOTS;
    char key[32];
    const char *text;
    uint64_t value = 0;

    snprintf(key, sizeof key, "slot-%" PRIu64, slot);
    text = fixture_get(&d->f, key);
    CHECK(text != NULL || d->durable < SLOTS);
    if (text == NULL)
        return;
    CHECK(sscanf(text, "%" SCNu64, &value) == 1 && value % SLOTS == slot);
    CHECK_THAT(value + SLOTS > d->durable && value <= d->submitted,
               "value=%" PRIu64 " durable=%" PRIu64, value, d->durable);
}

static void ask_log(struct driver *d)
{
    uint64_t from = d->durable / 2 + 1;

    if (d->durable == 0 || store_log_read(d->f.store, from, from, d->durable, 256) < 0)
        return;
    d->asked++;
}

static void take_answers(struct driver *d)
{
    struct store_log_result result;

    while (store_log_next(d->f.store, &result)) {
        d->answered++;
        CHECK(result.n_entries > 0);
        for (size_t i = 0; i < result.n_entries; i++) {
            char text[32];

            snprintf(text, sizeof text, "%" PRIu64, result.token + i);
            CHECK(result.entries[i].index == result.token + i);
            CHECK(slice_equal(result.entries[i].data, slice_str(text)));
        }
    }
}

static void turn(struct driver *d)
{
    struct pollfd p = {.fd = store_fd(d->f.store), .events = POLLIN};

    while (d->submitted < BATCHES && d->submitted < d->durable + AHEAD_MAX) {
        submit(d);
        if (d->submitted % READ_EVERY == 0)
            ask_log(d);
        if (d->submitted % GET_EVERY == 0)
            check_get(d);
    }
    CHECK(poll(&p, 1, 60000) == 1);
    store_poll(d->f.store, &d->f.progress);
    CHECK_THAT(!d->f.progress.failed, "%s", d->f.progress.reason);
    CHECK(d->f.progress.durable_seq >= d->durable);
    d->durable = d->f.progress.durable_seq;
    take_answers(d);
}

int main(void)
{
    struct driver d = {0};

    fixture_start(&d.f, FIXTURE_ROCKS);
    while (d.durable < BATCHES || d.answered < d.asked)
        turn(&d);
    CHECK(d.asked > 0);
    fixture_end(&d.f);
    return 0;
}
