#ifndef RIFT_CHECKER_TAKERS_H
#define RIFT_CHECKER_TAKERS_H

#include "checker/placement.h"

/* Looks ahead in queues: whether what is inside can still be taken in its order, and by whom.
 *
 * Who takes an item is decided long before it is taken: the first item inside by the next take, the
 * second by the one behind that, and so on. So each configuration has a *family*: the sets of takes
 * that may be done when everything that is inside now has been taken. It is followed item by item,
 * when they are put in. Where it has no member, no order goes on from here; and two
 * configurations of the same operations that have the same family have the same future, whatever
 * the order of what is inside (docs/checker.md, T). */
struct takers;

/* More open operations or more members are not followed: then nothing is said. */
enum { TAKERS_SLOTS_MAX = 64, TAKERS_MEMBERS_MAX = 256, TAKERS_OPEN_MAX = 1 << 26 };

/* *ret is NULL when the model does not say what passes through its object (`passes`), or there is
 * too much that is open. Errors: -E_NOMEM. */
int takers_create(const struct problem *p, struct takers **ret);
void takers_destroy(struct takers *t);

/* `op` is about to be placed. 1: it is. 0: no order goes on from there, and it is not. Errors:
 * -E_NOMEM, -E_LIMIT; it is not. */
int takers_place(struct takers *t, uint32_t op);

/* Takes back the last one that was placed. */
void takers_remove(struct takers *t);

/* A number that equal families of the same operations of unknown outcome have, and that is no
 * state; or the state of `at`, where the family is not followed. Errors: -E_NOMEM, -E_LIMIT. */
int takers_state(struct takers *t, const struct placement *at, uint32_t *ret);

size_t takers_memory_bytes(const struct takers *t);

#endif
