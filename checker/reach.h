#ifndef RIFT_CHECKER_REACH_H
#define RIFT_CHECKER_REACH_H

#include <stdint.h>

/* Intervals by their beginnings, each with its end: finds those that hold a cell, and takes them
 * out. A tree of maxima of the ends. */
struct reach {
    uint32_t *nodes; /* the largest end below, plus 1; 0: nothing is left there */
    uint32_t size;   /* leaves, a power of two */
};

#define REACH_NONE UINT32_MAX

/* `ends`: of each interval. Errors: -E_NOMEM; reach_free is due in any case. */
int reach_init(struct reach *r, const uint32_t *ends, uint32_t n);
void reach_free(struct reach *r);

/* One of the first n intervals that ends in `cell` or behind it, or REACH_NONE. It is taken out. */
uint32_t reach_take(struct reach *r, uint32_t n, uint32_t cell);

#endif
