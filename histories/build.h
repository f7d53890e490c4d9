#ifndef RIFT_HISTORIES_BUILD_H
#define RIFT_HISTORIES_BUILD_H

#include "histories/history.h"

/* What the importers need of a history that is being built, beyond history.h. */

/* The operation that a process has begun and not ended, or NULL. Valid until the next event. */
const struct history_op *build_open_op(const struct history *h, uint32_t process);

/* Tells the visitor of every event from now on, behind its adding; it is lent until the history is
 * freed or a NULL takes its place. */
void build_visit(struct history *h, const struct history_visitor *visitor);

/* Puts another model into the header, for formats that name none before their operations.
 * Errors: -E_NOMEM. */
int build_set_model(struct history *h, const char *model);

/* The same for the options of `header`. Errors: -E_NOMEM. */
int build_set_options(struct history *h, const struct history_header *header);

#endif
