#ifndef RIFT_CHECKER_NARROW_H
#define RIFT_CHECKER_NARROW_H

#include "checker/excerpt.h"

/* Where to look first in a long violation: all operations of two values that contradict each other
 * whatever the rest does, after Gibbons & Korach ("Testing shared memories", SIAM J. Computing
 * 1997). A guess: whoever uses it checks it.
 *
 * 1: keep[] is set. 0: there is no guess. Errors: -E_NOMEM. */
int narrow_guess(const struct excerpt *x, bool *keep);

#endif
