#ifndef RIFT_CHECKER_MODELS_TREE_H
#define RIFT_CHECKER_MODELS_TREE_H

#include "checker/strings.h"

/* A sorted map from strings to numbers above 0, for states that are sets, bags and maps. It never
 * changes: a change gives another map, which shares with the old one all but the nodes on one path,
 * some two for each doubling of the size.
 *
 * Equal maps have equal numbers, whatever way led to them, because a map has one shape: it is a
 * treap (Seidel & Aragon, "Randomized search trees", Algorithmica 1996) whose priorities are a hash
 * of the key, and each node is interned as a string of its key, its value and its two subtrees. */
struct tree {
    struct strings *strings;
    int (*compare)(struct slice a, struct slice b); /* total: 0 for equal bytes only */
};

#define TREE_EMPTY STRING_EMPTY

/* Deeper ones, which chance does not make, are -E_LIMIT. */
enum { TREE_DEPTH_MAX = 256 };

/* The value of a key, 0 when it is not there. */
uint32_t tree_get(const struct tree *t, uint32_t root, uint32_t key);

/* The map with this value for this key; 0 takes the key away. Errors: -E_NOMEM, -E_LIMIT. */
int tree_set(const struct tree *t, uint32_t root, uint32_t key, uint32_t value, uint32_t *ret);

/* The map of n ascending keys. Errors: -E_NOMEM, -E_LIMIT. */
int tree_build(const struct tree *t, const uint32_t *keys, const uint32_t *values, size_t n,
               uint32_t *ret);

/* Writes a map into the strings of another tree. `value_of`: what a value is there; NULL: the same.
 * Errors: -E_NOMEM, -E_LIMIT, those of `value_of`. */
int tree_carry(const struct tree *from, uint32_t root, const struct tree *to,
               int (*value_of)(const struct strings *from, uint32_t value, struct strings *to,
                               uint32_t *ret),
               uint32_t *ret);

/* The highest key; the map is not empty. */
uint32_t tree_last(const struct tree *t, uint32_t root);

/* Calls `visit` with each, ascending, until it returns other than 0, which is returned. */
int tree_walk(const struct tree *t, uint32_t root,
              int (*visit)(void *context, uint32_t key, uint32_t value), void *context);

#endif
