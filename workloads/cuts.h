#ifndef RIFT_WORKLOADS_CUTS_H
#define RIFT_WORKLOADS_CUTS_H

#include "histories/history.h"
#include "wire/wire.h"

/* Which of a fault's links let nothing pass, as the history writes them down: the run and the
 * simulator share it. `ret` has room for HISTORY_CUTS_MAX; returns how many there are. */
size_t cuts_of(const struct wire_nemesis_link *links, size_t n, struct history_link *ret);

#endif
