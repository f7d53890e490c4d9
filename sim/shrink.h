#ifndef RIFT_SIM_SHRINK_H
#define RIFT_SIM_SHRINK_H

#include "sim/case.h"

/* Makes a failing case smaller: fewer faults, operations, clerks and nodes, a shorter run, a
 * calmer network. Lists are shortened by delta debugging (Zeller & Hildebrandt, "Simplifying and
 * isolating failure-inducing input", TSE 2002), numbers by bisection; deaths by chance are called
 * by name first. What has many faults left is shaken (sim/shake.h) and made smaller again. Every
 * candidate is run, and taken only if it fails in the same way. */
struct sim_shrink_options {
    /* Runs a case. The history if it fails in the way that is wanted, which is then the
     * shrinker's to free, else NULL. */
    struct history *(*fails)(void *context, const struct sim_case *c);
    void (*progress)(void *context, const struct sim_case *best, uint64_t tries); /* or NULL */
    void *context;
    uint64_t tries_max;
};

/* Replaces *c by the smallest that was found. Errors: -E_INVAL (it does not fail to begin with),
 * -E_NOMEM. */
int sim_shrink(struct sim_case **c, const struct sim_shrink_options *o, uint64_t *ret_tries,
               struct err *e);

#endif
