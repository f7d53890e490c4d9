#ifndef RIFT_CHECKER_OVERWRITTEN_H
#define RIFT_CHECKER_OVERWRITTEN_H

#include "checker/staleness.h"

/* The reads of a register or store whose value had certainly been overwritten when they were
 * called: each write that could have written it had returned before another was called, and that
 * one had returned before the read was. Keys that are appended to are left out: there a value has
 * no one write. *ret is by age, the oldest first; the caller frees it. Errors: -E_NOMEM. */
int overwritten_find(const struct history *h, struct staleness_read **ret, size_t *n);

#endif
