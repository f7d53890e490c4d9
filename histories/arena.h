#ifndef RIFT_HISTORIES_ARENA_H
#define RIFT_HISTORIES_ARENA_H

#include "base/buf.h"

/* Memory that is taken piece by piece and given back at once: the strings of a history. All
 * zeros is a valid empty one; arena_free returns it to that. */
struct arena {
    struct arena_block *blocks; /* the newest first */
    uint8_t *at;
    size_t left;
};

/* `size` bytes aligned for any type; NULL when out of memory. */
void *arena_take(struct arena *a, size_t size);

/* Copies bytes, without alignment. Empty slices take no memory. False when out of memory. */
bool arena_copy(struct arena *a, struct slice bytes, struct slice *ret);

/* Copies bytes and puts a NUL behind them; NULL when out of memory. */
char *arena_string(struct arena *a, struct slice text);

void arena_free(struct arena *a);

#endif
