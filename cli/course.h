#ifndef RIFT_CLI_COURSE_H
#define RIFT_CLI_COURSE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a run goes, over its time: answers, faults that are on, and changes of the leader, in slots
 * of equal width. There are always at most COURSE_SLOTS_MAX: when a run outgrows them, two become
 * one and the width doubles. Pure. */
struct course;

enum { COURSE_SLOTS_MAX = 512, COURSE_SLOT_FIRST_MS = 50 };

struct course_slot {
    uint64_t answered;
    uint32_t faults;      /* bits as of tally_fault_of that were on at some time in it */
    uint32_t new_leaders; /* terms that got their leader */
};

/* For so many clerks at a time: process p belongs to clerk p % clerks. Errors: -E_NOMEM. */
int course_create(uint32_t clerks, struct course **ret, struct err *e);
void course_destroy(struct course *c);

/* Times are of the run's clock, and do not go back by more than a slot. */
void course_invoked(struct course *c, uint32_t process, int64_t now_ns);
void course_completed(struct course *c, uint32_t process, int64_t now_ns, bool answered);
void course_led(struct course *c, int64_t now_ns);

/* The faults that are on from now on until the next call. */
void course_faults(struct course *c, int64_t now_ns, uint32_t on);

/* What was answered since it was last asked for. */
struct course_window {
    uint64_t answered;
    int64_t p99_ns; /* of the latencies of these; 0 when there are none */
};
struct course_window course_take_window(struct course *c);

/* The slots so far, the first of which begins at 0; lent until the next call that adds to them. */
const struct course_slot *course_slots(const struct course *c, size_t *ret_n,
                                       int64_t *ret_width_ns);

#endif
