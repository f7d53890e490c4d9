#ifndef RIFT_CLI_TALLY_H
#define RIFT_CLI_TALLY_H

#include "base/op.h"
#include "nemesis/plan.h"

/* Counts what became of a run's operations, and which fault each met: an operation counts once
 * for each pair of a fault that was on and the role its node was in when it was asked. Pure. */

/* The role of a node at the moment at which it was asked, as far as the harness had heard. */
#define TALLY_ROLES(X)                                                                             \
    X(LEADER, "leader")                                                                            \
    X(LEADER_CUT_OFF, "leader, cut off")                                                           \
    X(FOLLOWER, "follower")                                                                        \
    X(FOLLOWER_CUT_OFF, "follower, cut off")                                                       \
    X(CANDIDATE, "candidate")                                                                      \
    X(PAUSED, "paused")                                                                            \
    X(DEAD, "dead")

enum tally_role {
#define X(name, text) TALLY_##name,
    TALLY_ROLES(X)
#undef X
        TALLY_ROLE_COUNT
};

/* Faults by name: 0 is "none"; each shape of a partition counts as a fault of its own. */
enum { TALLY_FAULTS = 1 + FAULT_KIND_COUNT + FAULT_SHAPE_COUNT };

unsigned tally_fault_of(const struct plan_step *step);
const char *tally_fault_name(unsigned fault);
const char *tally_role_name(enum tally_role role);

struct tally_cell {
    uint64_t ops;
    uint64_t reads; /* of them */
};

struct tally_totals {
    uint64_t by_outcome[OP_KIND_COUNT][OUTCOME_COUNT]; /* PENDING: invoked, whatever came of it */
    uint64_t ops;
    uint64_t answered;         /* ended as OK */
    uint64_t reads_of_cut_off; /* reads asked of a leader while it was cut off, each once */
    struct tally_cell cells[TALLY_FAULTS][TALLY_ROLE_COUNT];
};

struct tally;

/* For so many clerks at a time: process p belongs to clerk p % clerks. */
int tally_create(uint32_t clerks, struct tally **ret, struct err *e);
void tally_destroy(struct tally *t);

/* What is on now, as bits 1 << fault; 0: nothing, which counts as "none". */
void tally_set_faults(struct tally *t, uint32_t on);

void tally_invoked(struct tally *t, uint32_t process, enum op_kind kind);
void tally_asked(struct tally *t, uint32_t process, enum op_kind kind, enum tally_role role);
void tally_completed(struct tally *t, enum op_kind kind, enum op_outcome outcome);

const struct tally_totals *tally_totals(const struct tally *t);

#endif
