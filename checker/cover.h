#ifndef RIFT_CHECKER_COVER_H
#define RIFT_CHECKER_COVER_H

#include <stdint.h>

/* How many intervals cover each of n cells, while intervals are taken away: finds the cells that no
 * interval covers any more. A tree of minima in which a node holds by how much the least cell below
 * it exceeds that below its sibling, so that an interval changes a path or two. */
struct cover {
    int32_t *nodes;
    uint32_t size; /* leaves, a power of two */
};

#define COVER_NONE UINT32_MAX

/* `counts`: of each cell; those of 0 are known to be bare. Errors: -E_NOMEM; cover_free is due in
 * any case. */
int cover_init(struct cover *c, const uint32_t *counts, uint32_t n);
void cover_free(struct cover *c);

/* Takes away an interval of the cells first to last. */
void cover_remove(struct cover *c, uint32_t first, uint32_t last);

/* A cell that nothing covers any more, or COVER_NONE. Each is found once. No interval that is taken
 * away later holds it. */
uint32_t cover_take_bare(struct cover *c);

#endif
