#ifndef RIFT_NEMESIS_CONDUCTOR_H
#define RIFT_NEMESIS_CONDUCTOR_H

#include "nemesis/plan.h"

/* Plays a plan against a world: says at each moment what has to be done. Pure: the harness feeds
 * it the run's clock and carries the actions out through the nemesis process; the simulator
 * carries them out on virtual links and nodes. Steps may overlap: the rules of a link are those
 * of all faults that are on, joined (cut if any cuts; chances add up to at most a million;
 * the longest delay). */
struct conductor;

enum conductor_action_kind {
    CONDUCTOR_RULES,   /* set these rules (links not named keep theirs) */
    CONDUCTOR_KILL,    /* node */
    CONDUCTOR_RESTART, /* node */
    CONDUCTOR_PAUSE,   /* node */
    CONDUCTOR_RESUME,  /* node */
    CONDUCTOR_BEGINS,  /* step `fault` has begun; text says what it does to whom */
    CONDUCTOR_ENDS,    /* ... and is over */
};

struct conductor_action {
    enum conductor_action_kind kind;
    const struct wire_nemesis_link *links; /* RULES; BEGINS: the step's own, as it began */
    size_t n_links;
    uint64_t node;
    uint32_t fault; /* number of the step */
    const char *text;
};

/* Keeps a copy of the plan. Errors: -E_INVAL (too many nodes or sites, none), -E_NOMEM. */
int conductor_create(const struct plan *plan, const uint64_t *nodes, size_t n_nodes,
                     const uint64_t *sites, size_t n_sites, struct conductor **ret, struct err *e);
void conductor_destroy(struct conductor *c);

/* The next thing to do at `now_ms`, with the leader as known now; false when there is nothing.
 * Call until false. Lent until the next call. */
bool conductor_next(struct conductor *c, int64_t now_ms, uint64_t leader,
                    struct conductor_action *ret);

/* When conductor_next has something new: in the past if at once, INT64_MAX if the plan is over. */
int64_t conductor_deadline_ms(const struct conductor *c);

/* Heals everything at once: what conductor_next gives from now on ends all faults. */
void conductor_stop(struct conductor *c);

/* What is on now, for the summary of operations by fault. */

/* The node is dead or paused, or, itself counted, less than a majority exchanges messages with it
 * both ways, by the actions given out so far. */
bool conductor_cut_off(const struct conductor *c, uint64_t node);

/* Writes the numbers of at most `max` steps that are on; returns how many are. */
size_t conductor_active(const struct conductor *c, uint32_t *faults, size_t max);
const struct plan_step *conductor_step(const struct conductor *c, uint32_t fault); /* or NULL */

#endif
