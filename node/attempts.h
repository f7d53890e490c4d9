#ifndef RIFT_NODE_ATTEMPTS_H
#define RIFT_NODE_ATTEMPTS_H

#include "base/err.h"

#include <stdint.h>

/* Which attempts of sessions this node has taken in. A refusal promises that the command was not
 * proposed here and will not be; but a request can arrive twice, and of two copies one could be
 * refused and the other proposed. So each attempt is taken in once: a clerk numbers the requests
 * of a session upwards, and what does not rise is dropped without an answer (which promises
 * nothing).
 *
 * The memory is bounded. Where a session had to be forgotten, the oldest first, its later requests
 * are told from new ones by a floor: session ids rise, so a session unknown here and not above the
 * floor may have been forgotten, and has to be refused for good. */
struct attempts;

enum attempt_verdict {
    ATTEMPT_NEW,
    ATTEMPT_SEEN,      /* a copy, or overtaken by a later attempt: drop it */
    ATTEMPT_FORGOTTEN, /* cannot be told: the session is over as far as this node goes */
};

/* Remembers `max` sessions. Errors: -E_NOMEM. */
int attempts_create(size_t max, struct attempts **ret);
void attempts_destroy(struct attempts *a); /* NULL is fine */

/* Takes in request number `request` of a session. `newest_session` is the highest id that a
 * session can have by now: the floor does not rise above it, whatever ids are claimed. Where
 * there is no room and nobody can be forgotten (or no memory) the answer is ATTEMPT_SEEN. */
enum attempt_verdict attempts_take(struct attempts *a, uint64_t session, uint64_t request,
                                   uint64_t newest_session);

#endif
