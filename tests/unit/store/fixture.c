#include "tests/unit/store/fixture.h"

#include "base/check.h"
#include "base/clock.h"

#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 16, WAIT_MS = 10 };
static const int64_t DEADLINE_NS = 60 * NS_PER_S;

static const char *const FAMILIES[FIXTURE_FAMILIES] = {"sessions", "default"};

const struct store_options FIXTURE_OPTIONS = {
    .identity = {.cluster = 7, .node = 3},
    .families = FAMILIES,
    .n_families = FIXTURE_FAMILIES,
};

void fixture_start(struct fixture *f, enum fixture_kind kind)
{
    *f = (struct fixture){.kind = kind, .path = "/tmp/rift-store-XXXXXX"};
    if (kind == FIXTURE_ROCKS)
        CHECK(mkdtemp(f->path) != NULL);
    fixture_open(f);
}

void fixture_open(struct fixture *f)
{
    struct err e = {0};
    int rc = f->kind == FIXTURE_MEMORY ? store_memory_open(&FIXTURE_OPTIONS, &f->store, &e)
                                       : store_rocks_open(f->path, &FIXTURE_OPTIONS, &f->store, &e);

    CHECK_THAT(rc == 0, "%s", e.text);
}

void fixture_close(struct fixture *f)
{
    store_destroy(f->store);
    f->store = NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void fixture_end(struct fixture *f)
{
    fixture_close(f);
    if (f->kind == FIXTURE_ROCKS && f->path[0] != '\0')
        nftw(f->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    f->path[0] = '\0';
}

void fixture_newest_wal(const struct fixture *f, char *ret, size_t ret_size)
{
    DIR *folder = opendir(f->path);
    const struct dirent *file;
    unsigned long newest = 0;

    CHECK(folder != NULL);
    while ((file = readdir(folder)) != NULL) {
        char *end;
        unsigned long number = strtoul(file->d_name, &end, 10);

        if (strcmp(end, ".log") == 0 && number > newest)
            newest = number;
    }
    closedir(folder);
    CHECK(newest != 0);
    snprintf(ret, ret_size, "%s/%06lu.log", f->path, newest);
}

uint64_t fixture_submit(struct fixture *f, const struct store_batch *b, enum store_sync sync)
{
    struct err e = {0};
    uint64_t seq = 0;
    int rc = store_submit(f->store, b, sync, &seq, &e);

    CHECK_THAT(rc == 0, "%s", e.text);
    return seq;
}

static void wait_for_news(struct fixture *f)
{
    struct pollfd p = {.fd = store_fd(f->store), .events = POLLIN};

    poll(&p, 1, WAIT_MS);
}

void fixture_wait(struct fixture *f, uint64_t seq)
{
    int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;

    for (;;) {
        store_poll(f->store, &f->progress);
        CHECK_THAT(!f->progress.failed, "%s", f->progress.reason);
        CHECK(f->progress.visible_seq >= f->progress.durable_seq);
        if (f->progress.durable_seq >= seq)
            return;
        CHECK_THAT(clock_monotonic_ns() < deadline_ns, "%" PRIu64 " never became durable", seq);
        wait_for_news(f);
    }
}

void fixture_save(struct fixture *f, const struct store_batch *b)
{
    fixture_wait(f, fixture_submit(f, b, STORE_SYNCED));
}

struct entry fixture_entry(uint64_t index, uint64_t term, const char *text)
{
    return (struct entry){.index = index, .term = term, .data = slice_str(text)};
}

void fixture_append(struct fixture *f, uint64_t index, uint64_t term, const char *text)
{
    struct entry entry = fixture_entry(index, term, text);

    fixture_save(f, &(struct store_batch){.entries = &entry, .n_entries = 1});
}

void fixture_put(struct fixture *f, const char *key, const char *value)
{
    struct store_write write = {
        .family = FIXTURE_KV, .key = slice_str(key), .value = slice_str(value)};

    fixture_save(f, &(struct store_batch){.writes = &write, .n_writes = 1});
}

const char *fixture_get(struct fixture *f, const char *key)
{
    static char text[TEXT_MAX];
    struct buf value = {0};
    int rc = store_get(f->store, FIXTURE_KV, slice_str(key), &value);

    CHECK_THAT(rc >= 0, "%s", err_name(rc));
    snprintf(text, sizeof text, "%.*s", (int)value.len, value.len == 0 ? "" : (char *)value.data);
    buf_free(&value);
    return rc == 1 ? text : NULL;
}

static const char *finish(struct buf *b, char *text)
{
    CHECK(b->len < TEXT_MAX);
    memcpy(text, b->len == 0 ? (const uint8_t *)"" : b->data, b->len);
    text[b->len] = '\0';
    buf_free(b);
    return text;
}

const char *fixture_log(struct fixture *f, uint64_t from, uint64_t to, size_t bytes_max)
{
    static char text[TEXT_MAX];
    static uint64_t token;
    int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
    struct store_log_result result;
    struct buf b = {0};

    CHECK(store_log_read(f->store, ++token, from, to, bytes_max) == 0);
    while (!store_log_next(f->store, &result)) {
        CHECK(clock_monotonic_ns() < deadline_ns);
        wait_for_news(f);
    }
    CHECK(result.token == token);
    for (size_t i = 0; i < result.n_entries; i++) {
        const struct entry *entry = &result.entries[i];

        buf_printf(&b, "%s%" PRIu64 "/%" PRIu64 "=%.*s", i == 0 ? "" : " ", entry->index,
                   entry->term, (int)entry->data.len, (const char *)entry->data.data);
    }
    return finish(&b, text);
}

const char *fixture_recovered(const struct fixture *f)
{
    static char text[TEXT_MAX];
    struct store_recovered r;
    struct buf b = {0};

    store_recovered(f->store, &r);
    buf_printf(&b, "%" PRIu64 "..%" PRIu64, r.first_index, r.last_index);
    for (size_t i = 0; i < r.n_runs; i++)
        buf_printf(&b, " t%" PRIu64 "@%" PRIu64, r.runs[i].term, r.runs[i].first);
    buf_printf(&b, " hard=%" PRIu64 "/%" PRIu64 " applied=%" PRIu64, r.hard.term, r.hard.vote,
               r.applied_index);
    return finish(&b, text);
}

struct store_cursor *fixture_cursor(struct fixture *f, const char *start)
{
    struct store_cursor *c;

    CHECK(store_cursor_open(f->store, FIXTURE_KV, slice_str(start), &c) == 0);
    return c;
}

const char *fixture_walk(struct fixture *f, struct store_cursor *c)
{
    static char text[TEXT_MAX];
    struct buf b = {0};
    struct slice key;
    struct slice value;

    for (; store_cursor_get(f->store, c, &key, &value); store_cursor_next(f->store, c))
        buf_printf(&b, "%s%.*s=%.*s", b.len == 0 ? "" : " ", (int)key.len, (const char *)key.data,
                   (int)value.len, (const char *)value.data);
    store_cursor_close(f->store, c);
    return finish(&b, text);
}
