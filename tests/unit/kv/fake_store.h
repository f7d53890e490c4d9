#ifndef RIFT_TESTS_KV_FAKE_STORE_H
#define RIFT_TESTS_KV_FAKE_STORE_H

#include "node/kv/kv.h"

/* What stands behind a kv in these tests: rows in one unsorted array, and batches that were
 * submitted and cannot be read yet. Ends the test when memory or an array runs out. */
enum { FAKE_ROWS_MAX = 256, FAKE_BATCHES_MAX = 64 };

struct fake_row {
    uint32_t family;
    struct buf key;
    struct buf value;
    bool erase; /* in a batch */
};

struct fake_batch {
    struct fake_row *rows;
    size_t n;
    uint64_t seq;
    uint64_t applied_index;
};

struct fake_store {
    struct fake_row rows[FAKE_ROWS_MAX];
    size_t n_rows;
    struct fake_batch batches[FAKE_BATCHES_MAX];
    size_t n_batches;
    uint64_t applied_index; /* of the rows */
};

struct kv_reader fake_reader(struct fake_store *s);

/* Takes over what the kv wants written, as batch `seq`. */
void fake_submit(struct fake_store *s, struct kv *kv, uint64_t seq, uint64_t applied_index);

/* Makes the oldest n batches readable; returns the last seq among them, 0 when n is 0. */
uint64_t fake_make_visible(struct fake_store *s, size_t n);

/* Loses the batches that are not readable yet. */
void fake_crash(struct fake_store *s);

/* NULL when there is no such row. */
const struct fake_row *fake_find(const struct fake_store *s, uint32_t family, struct slice key);
bool fake_equal(const struct fake_store *a, const struct fake_store *b);
void fake_load_sessions(const struct fake_store *s, struct kv *kv);
void fake_clear(struct fake_store *s);

#endif
