#ifndef RIFT_CHECKER_PIECES_H
#define RIFT_CHECKER_PIECES_H

#include "checker/strings.h"

/* What is appended in a problem, looked at from the end of a state: which append may have been the
 * last one that made it. */
struct pieces;

#define PIECES_NONE UINT32_MAX          /* nobody appends these bytes */
#define PIECES_SEVERAL (UINT32_MAX - 1) /* more than one operation does */

/* `strings` outlives it; pieces are among those that it has now. Errors: -E_NOMEM. */
int pieces_create(const struct strings *strings, struct pieces **ret);
void pieces_destroy(struct pieces *p);

/* Operation `op` appends the string. False: that is more than is looked at (nothing is appended, a
 * rope is, or the pieces have too many lengths). */
bool pieces_add(struct pieces *p, uint32_t op, uint32_t string);

/* Something may be appended to this string, which nobody appended: it was written. */
void pieces_add_base(struct pieces *p, uint32_t string);

/* The pieces that these bytes end in, up to `max` of them, behind bytes that end as something
 * written or appended does. Returns how many. */
size_t pieces_endings(const struct pieces *p, struct slice bytes, uint32_t *ret, size_t max);

/* The operation that appends the string, or PIECES_NONE or PIECES_SEVERAL. */
uint32_t pieces_op(const struct pieces *p, uint32_t string);

size_t pieces_memory_bytes(const struct pieces *p);

#endif
