#ifndef RIFT_CHECKER_SOURCES_H
#define RIFT_CHECKER_SOURCES_H

#include "checker/excerpt.h"

/* Which operations of an excerpt can be left out together, so that what is left proves the same.
 *
 * Dropping a write makes the reads of its value impossible, and proves nothing. So an operation is
 * left out only with all whose answers may be owed to it in some order: then, if all of the
 * excerpt has an order, what is left of it is an order of the rest. docs/checker.md has the
 * argument for each kind of model. */
struct sources;

/* Errors: -E_NOMEM, -E_LIMIT. */
int sources_create(const struct excerpt *x, struct sources **ret);
void sources_destroy(struct sources *s);

/* Takes out of `keep` what may owe its answer to an operation that is not in it, and what may owe
 * its answer to that, and so on. What is left may be nothing. */
void sources_close(struct sources *s, bool *keep);

#endif
