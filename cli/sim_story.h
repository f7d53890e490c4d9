#ifndef RIFT_CLI_SIM_STORY_H
#define RIFT_CLI_SIM_STORY_H

#include "cli/sim_trial.h"
#include "sim/case.h"

/* What happened in a run, step by step, in about a page: the world, then faults, elections and the
 * operations on the key whose order is impossible (or all, when no key is to blame), then why it
 * is a violation. Longer runs are cut in the middle. Errors: -E_NOMEM. */
int sim_story(const struct sim_case *c, const struct history *h, const struct check_result *check,
              const struct trial_report *t, struct buf *out);

#endif
