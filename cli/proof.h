#ifndef RIFT_CLI_PROOF_H
#define RIFT_CLI_PROOF_H

#include "checker/minimize.h"

#include <jansson.h>

/* A violation as a few operations: what check, run, sim and demo show of it. */

/* What `rift run` and the like spend on that, of computing time. */
#define PROOF_QUICK_S 1.0

struct proof_options {
    double time_s;      /* of computing time; 0: no bound */
    uint64_t memory_mb; /* of one check; 0: no bound */
};

/* Errors: those of minimize(). */
int proof_make(const struct history *h, const struct check_result *r, const struct proof_options *o,
               struct minimal **ret, struct err *e);

/* Appends the words and, as wide as the terminal, the drawing. */
int proof_show(const struct history *h, const struct minimal *m, struct buf *out);

/* Both at once, behind an empty line, where that takes no longer than PROOF_QUICK_S; else, and
 * where there is no violation, nothing. */
int proof_show_quickly(const struct history *h, const struct check_result *r, struct buf *out);

/* A new reference; NULL when out of memory. */
json_t *proof_json(const struct history *h, const struct minimal *m);

/* Writes the operations as a history of their own; what stood there is replaced. */
int proof_write(const char *path, const struct history *h, const struct minimal *m, struct err *e);

#endif
