#ifndef RIFT_NODE_STORE_MEMORY_FAMILY_H
#define RIFT_NODE_STORE_MEMORY_FAMILY_H

#include "base/buf.h"

/* One key and its value, never changed once made, shared by a family and the cursors over it. */
struct memory_pair {
    size_t refs;
    struct slice key;
    struct slice value;
    uint8_t bytes[];
};

struct memory_pair *memory_pair_create(struct slice key, struct slice value); /* one reference */
void memory_pair_release(struct memory_pair *p);

/* Pairs in key order, in an array: a plain thing that other stores can be compared with. */
struct memory_family {
    struct memory_pair **pairs;
    size_t n;
    size_t cap;
};

/* Room for `more` further pairs, so that memory_family_put cannot fail. -E_NOMEM. */
int memory_family_reserve(struct memory_family *f, size_t more);

void memory_family_put(struct memory_family *f, struct memory_pair *p); /* takes it over */
void memory_family_erase(struct memory_family *f, struct slice key);
const struct memory_pair *memory_family_get(const struct memory_family *f, struct slice key);

/* The pairs from `start` on, as they are now. -E_NOMEM. */
int memory_family_copy(const struct memory_family *f, struct slice start,
                       struct memory_family *ret);
void memory_family_free(struct memory_family *f);

#endif
