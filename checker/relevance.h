#ifndef RIFT_CHECKER_RELEVANCE_H
#define RIFT_CHECKER_RELEVANCE_H

#include "checker/placement.h"

/* Whether what exactly the state is still matters. Values pile up that nobody asks for: appended
 * to, overwritten, never seen. Two configurations that differ in such a value alone have the same
 * future.
 *
 * A state matters when an operation that may still meet it, or what appends alone make of it, tells
 * that from other states. Such an operation is called before some operation that hides and is not
 * free has to return: by then something else stands there. */
struct relevance;

/* *ret is NULL when the model does not say what its operations tell apart. Errors: -E_NOMEM. */
int relevance_create(const struct problem *p, struct relevance **ret);
void relevance_destroy(struct relevance *r);

bool relevance_matters(const struct relevance *r, const struct placement *at);

size_t relevance_memory_bytes(const struct relevance *r);

#endif
