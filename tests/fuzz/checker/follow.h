#ifndef RIFT_TESTS_CHECKER_FOLLOW_H
#define RIFT_TESTS_CHECKER_FOLLOW_H

#include "base/rng.h"
#include "checker/online.h"

/* A history of operations as the events that a recorder would have written. */
struct follow {
    const struct history *h;
    struct history_event *events;
    size_t n;
};

/* Operations that ended as INFO do so somewhere behind their invocation. Free with follow_free. */
struct follow follow_make(const struct history *h, struct rng *r);
void follow_free(struct follow *f);

/* The history as it was when the first n events were recorded, for a checker of whole histories:
 * what is open is PENDING. Slices are lent. Free with follow_prefix_free. */
struct history *follow_prefix(const struct follow *f, size_t n);
void follow_prefix_free(struct history *h);

/* The verdict of the online checker on that prefix. */
struct online_status follow_verdict(const struct follow *f, size_t n);

#endif
