#ifndef RIFT_TESTS_UNIT_STORE_FIXTURE_H
#define RIFT_TESTS_UNIT_STORE_FIXTURE_H

#include "node/store/store.h"

/* A store in a folder of its own under /tmp, and short words for what tests do with it. Helpers
 * stop the process when something is not as it has to be; what a test is about it asserts
 * itself. */
enum fixture_kind { FIXTURE_MEMORY, FIXTURE_ROCKS };

enum { FIXTURE_SESSIONS, FIXTURE_KV, FIXTURE_FAMILIES };

struct fixture {
    enum fixture_kind kind;
    char path[64]; /* the folder's; ROCKS only */
    struct store *store;
    struct store_progress progress; /* as of the last wait */
};

extern const struct store_options FIXTURE_OPTIONS;

void fixture_start(struct fixture *f, enum fixture_kind kind); /* fresh and open */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f); /* the folder stays */
void fixture_end(struct fixture *f);   /* closes and removes the folder; more than once is fine */

/* The path of the newest file of RocksDB's write-ahead log. */
void fixture_newest_wal(const struct fixture *f, char *ret, size_t ret_size);

/* Submits; returns the batch's number. */
uint64_t fixture_submit(struct fixture *f, const struct store_batch *b, enum store_sync sync);
void fixture_wait(struct fixture *f, uint64_t seq);                /* until it is durable */
void fixture_save(struct fixture *f, const struct store_batch *b); /* submit synced, and wait */

/* One entry with `text` as its data. */
struct entry fixture_entry(uint64_t index, uint64_t term, const char *text);
void fixture_append(struct fixture *f, uint64_t index, uint64_t term, const char *text);
void fixture_put(struct fixture *f, const char *key, const char *value); /* into FIXTURE_KV */

/* The value as text in a static buffer; NULL when absent. */
const char *fixture_get(struct fixture *f, const char *key);

/* The log from `from` to `to` as "index/term=data ..." in a static buffer. */
const char *fixture_log(struct fixture *f, uint64_t from, uint64_t to, size_t bytes_max);

/* Like it, for what stood there at opening: "first..last t1@1 t2@7 hard=t/v applied=n". */
const char *fixture_recovered(const struct fixture *f);

/* The family from `start` on as "key=value ...", in a static buffer. */
const char *fixture_walk(struct fixture *f, struct store_cursor *c);
struct store_cursor *fixture_cursor(struct fixture *f, const char *start);

#endif
