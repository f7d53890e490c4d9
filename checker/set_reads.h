#ifndef RIFT_CHECKER_SET_READS_H
#define RIFT_CHECKER_SET_READS_H

#include "checker/direct.h"

/* Sets to which each element is added once, from which nothing is removed, and that are read as a
 * whole: what has been found has to grow from read to read, and that is all there is to an order.
 * Time and memory are near-linear in the operations and in what the reads returned. Of other sets:
 * unknown, and why. Errors: -E_NOMEM, -E_LIMIT. */
int set_reads_decide(const struct engine_part *part, struct direct_result *ret);

#endif
