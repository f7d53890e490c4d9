#ifndef RIFT_CHECKER_SEEN_H
#define RIFT_CHECKER_SEEN_H

#include "checker/placement.h"

/* The configurations that a search has visited. Found by hash, compared whole: a fingerprint
 * that collides would be a wrong verdict.
 *
 * With `dominance` a configuration also counts as seen when one is there that waits for the same
 * return, in the same state, and can do all that the new one can: of each class of unknown
 * outcome it used at most as many, and each open operation is free there or as it is in the new one
 * (placed, or neither). Without, both have to be equal in all of that.
 *
 * Under a bound of its memory the newest records replace the oldest. What is forgotten may be
 * visited again; that costs time and nothing else. */
struct seen {
    uint64_t *records; /* each: next_return and state, the next of its chain, a hash of what has to
                          be equal; window, free (where anything can be), pending */
    size_t record_words;
    size_t n;
    size_t cap;
    size_t oldest;           /* the next to be replaced; until then 0 */
    size_t bytes_max;        /* SIZE_MAX: no bound */
    bool full;               /* grows no more */
    struct seen_slot *table; /* open addressing; each slot heads a chain of records with the
                                same place and hash */
    size_t n_slots;
    size_t table_cap;
    uint32_t window_words;
    uint32_t free_words;
    uint32_t pending_words;
    bool dominance;
};

struct seen_slot {
    uint32_t tag;  /* of the hash */
    uint32_t head; /* number of a record + 1; 0: free */
};

int seen_init(struct seen *s, const struct placement *shape, bool dominance);
void seen_free(struct seen *s);

#define SEEN_ANY_STATE UINT32_MAX

/* Sets the bound; what is above it already is forgotten, down to a small table that always stays.
 */
void seen_bound(struct seen *s, size_t bytes_max);

/* `state`: that of `at`, or SEEN_ANY_STATE when all that is left to be done cannot tell it from
 * others of which the same was said. 1: the configuration was not there, and is now. 0: seen. Where
 * memory cannot be had, old records are replaced instead. */
int seen_add(struct seen *s, const struct placement *at, uint32_t state);

size_t seen_memory_bytes(const struct seen *s);

#endif
