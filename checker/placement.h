#ifndef RIFT_CHECKER_PLACEMENT_H
#define RIFT_CHECKER_PLACEMENT_H

#include "checker/problem.h"

/* Where a search stands: the order so far and what follows from it.
 *
 * The set of placed operations is not kept as a set of n bits. All required operations that
 * returned before the first one that is not placed (by_return[next_return]) are placed, and no
 * operation called after its return can be; so one number and a bit for each slot of the window
 * say it all, and what a search remembers grows with the length of the history, not with its
 * square. Operations of unknown outcome never return and have a bit each, but those of a class
 * are placed in the order of their calls: the bits are a count in unary, and "used at most as many
 * of each class" is "is a subset".
 *
 * A blind operation that is open and not placed while one that hides is being placed might as well
 * stand right before that one: nobody would see it. It is free from then on: it may still be
 * placed for what it does, and when it has to return it may be hidden instead, which is to say that
 * it stood there. So nothing need be decided about it before its return. */
struct placement {
    const struct problem *problem;
    uint32_t state;
    uint32_t next_return;
    uint32_t n_required; /* placed */
    uint32_t limit;      /* what is called later cannot be placed: somebody has to return first */

    uint64_t *window;
    uint64_t *free; /* bits as in `window`, of operations that are not placed */
    uint64_t *pending;
    uint32_t window_words;
    uint32_t pending_words;
    uint64_t window_hash; /* over the set bits, so that one bit costs one XOR */
    uint64_t pending_hash;
    uint64_t fixed_hash; /* as window_hash, without the blind ones */
    bool hides;          /* else nothing is ever free */
    uint32_t covered;    /* what was called before this was open when something hid it */

    uint32_t *next; /* ring of the required operations that are not placed, by call; the last */
    uint32_t *prev; /* element is its head */
    uint32_t *used; /* of each class of unknown outcome */

    struct placed *order;
    uint32_t depth;
};

/* One step of the order, with what it takes to undo it. */
struct placed {
    uint32_t op;
    uint32_t state;       /* before */
    uint32_t next_return; /* before */
    uint32_t covered;     /* before */
    bool hidden;
};

#define PLACEMENT_NONE UINT32_MAX

/* With `hides` operations can become free. Errors: -E_NOMEM. */
int placement_init(struct placement *at, const struct problem *p, bool hides);
void placement_free(struct placement *at);

/* Puts `op` next in the order; the state becomes `state`. */
void placement_push(struct placement *at, uint32_t op, uint32_t state);

/* Whether `op`, required and open, is free. */
static inline bool placement_is_free(const struct placement *at, uint32_t op)
{
    const struct problem_op *o = &at->problem->ops[op];

    return at->problem->classes[o->class].blind && o->call < at->covered;
}

/* Hides the operation that has to return next, which is free. The state stays. */
void placement_hide(struct placement *at);

/* Takes the last one away. Returns it. */
uint32_t placement_pop(struct placement *at);

/* The operations that may come next as far as real time is concerned: the open required ones, by
 * call, and of each class of unknown outcome the first that is left. `after` PLACEMENT_NONE asks
 * for the first of them; PLACEMENT_NONE ends them. */
uint32_t placement_open(const struct placement *at, uint32_t after);
uint32_t placement_pending(const struct placement *at, uint32_t after);

static inline bool placement_complete(const struct placement *at)
{
    return at->n_required == at->problem->n_required;
}

/* Of a required operation that is not behind next_return. Where its call is behind the limit, its
 * slot may still be somebody else's. */
static inline bool placement_holds(const struct placement *at, uint32_t op)
{
    const struct problem_op *o = &at->problem->ops[op];

    return o->call < at->limit && (at->window[o->slot / 64] >> o->slot % 64 & 1) != 0;
}

size_t placement_memory_bytes(const struct placement *at);

#endif
