#ifndef RIFT_CHECKER_WITNESS_H
#define RIFT_CHECKER_WITNESS_H

#include "base/mp.h"
#include "checker/checker.h"

/* The order that proves a history linearizable, as bytes: docs/witness-format.md. Written from any
 * engine's result; checked by checker/verify.h. */

enum { WITNESS_VERSION = 1, WITNESS_MODEL_BYTES_MAX = 64 };

/* Names a history by what was asked, answered and when: of its operations and its dialect, not of
 * the bytes of its file. Errors: -E_NOMEM, -E_LIMIT. */
int witness_digest(const struct history *h, uint64_t *ret);

/* Appends the whole witness. What was checked as one object is told key by key: an order of all
 * keys holds one of each (Herlihy & Wing, theorem 1).
 * Errors: -E_INVAL (the verdict is not "linearizable"), -E_NOMEM, -E_LIMIT. */
int witness_encode(const struct history *h, const struct check_result *r, struct buf *out);

/* A witness that is being read. It lends from the bytes and takes no memory of its own. */
struct witness {
    struct mp_reader at;
    char model[WITNESS_MODEL_BYTES_MAX + 1];
    uint64_t n_ops; /* of the history */
    uint64_t digest;
    uint64_t n_parts;
    uint64_t n_read;
};

/* One key with its order. Indexes are read from `order` with mp_read_uint. */
struct witness_part {
    struct slice family;
    struct slice key;
    struct mp_reader order;
    size_t n_order;
};

/* Errors: -E_PARSE (no witness), -E_CORRUPT (its checksum does not fit), -E_UNSUPPORTED (of a later
 * version). */
int witness_open(struct slice bytes, struct witness *ret, struct err *e);

/* 1: *ret is filled. 0: that was all. Errors: -E_PARSE, -E_CORRUPT. */
int witness_next(struct witness *w, struct witness_part *ret, struct err *e);

#endif
