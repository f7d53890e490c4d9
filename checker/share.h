#ifndef RIFT_CHECKER_SHARE_H
#define RIFT_CHECKER_SHARE_H

#include <stddef.h>

/* How the memory of a check is divided among its partitions. What a search cannot do without grows
 * with the operations of its partition; what it has visited takes the rest, and gives way when
 * there is none (checker/seen.h). So a share is what the partition needs, and an equal part of what
 * the needs of those that run at the same time leave over. */
struct share {
    size_t bytes_max; /* of the whole check; 0: no bound */
    size_t spare;     /* of each, beyond its needs */
    size_t jobs;      /* as many at a time as there is room for; at least one */
};

/* `sizes`: operations of each partition, the longest first, which is the order of the search. */
struct share share_make(size_t bytes_max, size_t jobs, const size_t *sizes, size_t n);

/* The bound of one partition's search; 0: none. */
size_t share_of(const struct share *s, size_t n_ops);

#endif
