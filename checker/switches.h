#ifndef RIFT_CHECKER_SWITCHES_H
#define RIFT_CHECKER_SWITCHES_H

#include "checker/direct.h"

/* Objects that are in one of two states, off at the start: a mutex, each element of a set.
 * Near-linear, and nothing need be written once. */

/* About what it takes for an operation, the uses included. */
enum { SWITCHES_OP_BYTES = 160 };

struct switch_use {
    uint32_t object; /* 0, 1, 2... */
    enum {
        USE_TURN, /* from the other state to this one */
        USE_SET,  /* to this state, from either; of each object only to one of the states */
        USE_SEE,  /* only where this is the state, and leaves it so */
    } use;
    bool on;
};

/* Decides a part whose operations are the uses, by input, of that many objects. An operation of
 * unknown outcome turns or does not happen. Errors: -E_NOMEM. */
int switches_decide(const struct engine_part *part, const struct switch_use *uses,
                    uint32_t n_objects, struct direct_result *ret);

#endif
