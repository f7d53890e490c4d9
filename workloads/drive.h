#ifndef RIFT_WORKLOADS_DRIVE_H
#define RIFT_WORKLOADS_DRIVE_H

#include "clerk/link.h"
#include "workloads/fleet.h"

/* The thin loop between a fleet and real links: waits, takes replies, ticks, sends. Times are
 * clock_monotonic_ns() - start_ns. Runs until `deadline_ns` (of the same scale), or until nothing
 * is open after fleet_stop, or until one of `fds` is readable. 1: a descriptor is readable
 * (readable[i]); 0: otherwise; or a negative code. */
int drive_fleet(struct fleet *f, struct links *l, int64_t start_ns, int64_t deadline_ns,
                const int *fds, size_t n_fds, bool *readable, struct err *e);

#endif
