#ifndef RIFT_CLI_CONDUCT_H
#define RIFT_CLI_CONDUCT_H

#include "cli/harness.h"
#include "cli/tally.h"
#include "nemesis/conductor.h"
#include "nemesis/plan.h"

/* Plays a plan on the real cluster: asks the conductor what is due, has the harness do it, and
 * keeps for every step of the plan what proves that it bit. */
struct conduct;

/* What came of one step. */
struct conduct_record {
    const struct plan_step *step; /* lent by the plan */
    bool begun;
    bool ended;
    bool cut_short; /* ended before its time: what it would have done is not known */
    bool bit;
    uint64_t dropped; /* messages cut or dropped while it was on */
    uint64_t delayed, duplicated, reordered;
    uint64_t killed; /* processes seen dead by the signal they were sent */
    uint64_t paused; /* processes seen stopped */
};

/* Told when a step begins and ends, with its record and what the conductor says of it. */
struct conduct_observer {
    void *context;
    void (*fault)(void *context, const struct conduct_record *record,
                  const struct conductor_action *action);
};

/* Plan and harness are borrowed. Errors: -E_NOMEM. */
int conduct_create(const struct plan *plan, struct harness *h, const struct conduct_observer *o,
                   struct conduct **ret, struct err *e);
void conduct_destroy(struct conduct *c);

/* Does everything that is due at `now_ms` since the start of the run. Errors of the harness. */
int conduct_turn(struct conduct *c, int64_t now_ms, struct err *e);
int64_t conduct_deadline_ms(const struct conduct *c);

/* Ends every fault now. */
int conduct_stop(struct conduct *c, int64_t now_ms, struct err *e);

/* News of the harness, which prove kills and pauses. */
void conduct_node_changed(struct conduct *c, const struct harness_node *node,
                          enum history_node_what what, int signal);

/* The faults that are on, as tally_set_faults wants them. */
uint32_t conduct_faults_on(const struct conduct *c);

/* The role in which a request finds the node now. */
enum tally_role conduct_role_of(const struct conduct *c, const struct harness_node *node);

/* One record for each step of the plan, in its order. */
const struct conduct_record *conduct_records(const struct conduct *c, size_t *ret_n);

#endif
