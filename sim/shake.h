#ifndef RIFT_SIM_SHAKE_H
#define RIFT_SIM_SHAKE_H

#include "base/rng.h"
#include "sim/case.h"

/* Faults of a case: steps of its plan, and deaths that are named. Those that chance brings do not
 * count. */
size_t sim_case_faults(const struct sim_case *c);

/* Turns the case into one nearby that has at least one fault less: some of them go, the others move
 * in time, nodes may go, whatever is drawn may be drawn anew, and deaths may be left to a chance of
 * `crash_ppm` again, for fewer of them. Taking away alone gets stuck: one message less, and all
 * that follows comes otherwise, so that what was needed later misses its moment. Without faults
 * nothing changes. Errors: -E_NOMEM. */
int sim_case_shake(struct sim_case *c, uint32_t crash_ppm, struct rng *r, struct err *e);

#endif
