#ifndef RIFT_HISTORIES_BUILD_H
#define RIFT_HISTORIES_BUILD_H

#include "histories/history.h"

/* What the importers need of a history that is being built, beyond history.h. */

/* The operation that a process has begun and not ended, or NULL. Valid until the next event. */
const struct history_op *build_open_op(const struct history *h, uint32_t process);

#endif
