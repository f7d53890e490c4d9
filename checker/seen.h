#ifndef RIFT_CHECKER_SEEN_H
#define RIFT_CHECKER_SEEN_H

#include "checker/placement.h"

/* The configurations that a search has visited. Found by hash, compared whole: a fingerprint
 * that collides would be a wrong verdict.
 *
 * With `dominance` a configuration also counts as seen when one is there with the same required
 * operations placed, the same state, and of each class of unknown outcome at most as many used:
 * whatever completes the one completes the other. */
struct seen {
    uint64_t *records; /* each: next_return and state, the next of its chain, window, pending */
    size_t record_words;
    size_t n;
    size_t cap;
    struct seen_slot *table; /* open addressing; each slot heads a chain of records that differ
                                in what they used of unknown outcome, and in nothing else */
    size_t n_slots;
    size_t table_cap;
    uint32_t window_words;
    uint32_t pending_words;
    bool dominance;
};

struct seen_slot {
    uint32_t tag;  /* of the hash */
    uint32_t head; /* number of a record + 1; 0: free */
};

int seen_init(struct seen *s, const struct placement *shape, bool dominance);
void seen_free(struct seen *s);

/* 1: the configuration was not there, and is now. 0: seen. Errors: -E_NOMEM, -E_LIMIT. */
int seen_add(struct seen *s, const struct placement *at);

size_t seen_memory_bytes(const struct seen *s);

#endif
