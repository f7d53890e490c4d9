#ifndef RIFT_CHECKER_STRINGS_H
#define RIFT_CHECKER_STRINGS_H

#include "base/buf.h"

#include <stdint.h>

/* Byte strings by number: equal strings have the same number and different ones never do, so
 * that a search compares and stores states as 32 bits.
 *
 * A string that was made by appending is kept as a rope of one more piece (Boehm, Atkinson &
 * Plass, "Ropes: an alternative to strings", 1995): a thousand appends take a thousand small
 * nodes and not a thousand ever longer copies. The same bytes reached by other pieces ("ab" + "c"
 * and "a" + "bc") get the same number: candidates are found by a hash that can be computed piece
 * by piece and are then compared byte by byte. */
struct strings;

enum {
    STRING_ABSENT = 0, /* no string at all; differs from the empty one */
    STRING_EMPTY = 1,
};

int strings_create(struct strings **ret);
void strings_destroy(struct strings *s);

/* The number of these bytes. `lend` keeps the pointer: the caller leaves the bytes in place as
 * long as the table lives. `copy` does not. Errors: -E_NOMEM, -E_LIMIT (2^31 strings, or bytes in
 * one of them). */
int strings_lend(struct strings *s, struct slice bytes, uint32_t *ret);
int strings_copy(struct strings *s, struct slice bytes, uint32_t *ret);

/* The number of these bytes, if they have one. */
bool strings_find(const struct strings *s, struct slice bytes, uint32_t *ret);

/* The number of `left` followed by `right`; an absent `left` counts as empty. The same pair again
 * costs one lookup. Errors: as above. */
int strings_append(struct strings *s, uint32_t left, uint32_t right, uint32_t *ret);

/* Whether the first string is a beginning of the second; an absent one is of nothing. */
bool strings_is_prefix(const struct strings *s, uint32_t id, uint32_t of);

/* What is behind the string `front` in `id`, or before `back`: 1, *ret is its number; 0: `id` does
 * not begin, or end, with it. Logarithmic in the number of pieces; nothing is copied. Errors:
 * -E_NOMEM, -E_LIMIT. */
int strings_behind(struct strings *s, uint32_t id, uint32_t front, uint32_t *ret);
int strings_before(struct strings *s, uint32_t id, uint32_t back, uint32_t *ret);

/* Bytes at the front, or at the end, that stand in one piece: no append lies within them. Empty for
 * an empty or an absent string only. Lent. */
struct slice strings_first_piece(const struct strings *s, uint32_t id);
struct slice strings_last_piece(const struct strings *s, uint32_t id);

/* The bytes of a string that was lent or copied, before anything was appended; lent. */
struct slice strings_slice(const struct strings *s, uint32_t id);

size_t strings_count(const struct strings *s); /* numbers are below this */
size_t strings_length(const struct strings *s, uint32_t id);

/* Appends the bytes to `out`. Errors: -E_NOMEM, -E_LIMIT. */
int strings_bytes(const struct strings *s, uint32_t id, struct buf *out);

size_t strings_memory_bytes(const struct strings *s);

#endif
