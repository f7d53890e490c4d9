#ifndef RIFT_CHECKER_LOOSE_H
#define RIFT_CHECKER_LOOSE_H

#include "checker/versions.h"

/* Puts the loose operations (a compare-and-set that failed fits all states but one) into an order
 * of all others, each at the earliest place where real time and its answer let it stand. `end` of
 * the versions says where each one's stretch of the order ends. 1: done, *order is replaced.
 * 0: one of them has no place in this order; it may have one in another. Errors: -E_NOMEM. */
int loose_place(const struct versions *v, uint32_t **order, uint32_t *n_order);

#endif
