#ifndef RIFT_CHECKER_VERSIONS_H
#define RIFT_CHECKER_VERSIONS_H

#include "checker/pieces.h"
#include "checker/problem.h"

/* A problem in which every state that somebody saw came about in one way only: who wrote it, who
 * saw it, and which state a compare-and-set or an append made of which.
 *
 * A version is a state that has to have been there; its number is that of the state. Behind those
 * come the versions that nobody saw: one for each write that has to have happened and left
 * what no answer tells of. */

#define VERSION_NONE UINT32_MAX

struct version {
    uint32_t writer;    /* operation; VERSION_NONE of the state at the start */
    uint32_t prev;      /* what it was made of; VERSION_NONE: of nothing */
    uint32_t next;      /* what was made of it, if that has to have happened */
    uint32_t n_readers; /* required operations that want it and change nothing */
    uint32_t end;       /* of those operations in an order: the place behind the last */
    uint32_t first;     /* of its operations, the earliest return and the latest call, as */
    uint32_t last;      /* places among the events + 1 */
    bool needed;        /* it has to have been there */
    bool rewritten;     /* several operations write it */
};

struct versions {
    const struct problem *problem;
    struct model_effect *effects; /* of each class */
    struct pieces *pieces;        /* NULL: there are no appends */
    uint32_t *of;                 /* of each operation: see versions_of */
    struct version *items;        /* by state, then those that nobody saw */
    uint32_t n;
    uint32_t n_states; /* the first that nobody saw */
    uint32_t cap;
    uint32_t n_needed;
    uint32_t n_loose; /* required operations that change nothing and fit more than one state */
};

enum versions_outcome {
    VERSIONS_MADE,
    VERSIONS_IMPOSSIBLE,  /* no order exists, whatever the times are */
    VERSIONS_NOT_THIS_WAY /* another engine has to decide; `why` says so in static text */
};

/* Fills *ret in any case; versions_free is due. Errors: -E_NOMEM, -E_LIMIT. */
int versions_make(const struct problem *p, struct versions *ret, enum versions_outcome *outcome,
                  const char **why);
void versions_free(struct versions *v);

static inline const struct model_effect *versions_effect(const struct versions *v, uint32_t op)
{
    return &v->effects[v->problem->ops[op].class];
}

/* The version that an operation belongs to: what it leaves, or what it saw. VERSION_NONE: it need
 * not have happened, or it is loose. */
static inline uint32_t versions_of(const struct versions *v, uint32_t op)
{
    return v->of[op];
}

/* VERSION_NONE: what it is depends on what was there before. */
uint32_t versions_state(const struct versions *v, uint32_t version);

size_t versions_memory_bytes(const struct versions *v);

#endif
