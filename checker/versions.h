#ifndef RIFT_CHECKER_VERSIONS_H
#define RIFT_CHECKER_VERSIONS_H

#include "checker/problem.h"

/* A problem in which every value comes about in one way only: who wrote each value, who saw it, and
 * which value a compare-and-set made of which. A version is a state that some operation leaves
 * behind or wants; its number is that of the state. */

#define VERSION_NONE UINT32_MAX

struct version {
    uint32_t writer;    /* operation; VERSION_NONE of the state at the start */
    uint32_t next;      /* what a compare-and-set made of it, if that has to have happened */
    uint32_t n_readers; /* required operations that want it and change nothing */
    uint32_t end;       /* of those operations in an order: the place behind the last */
    bool wanted;        /* by any operation */
    bool needed;        /* it has to have been there */
};

struct versions {
    const struct problem *problem;
    struct model_effect *effects; /* of each class */
    struct version *items;        /* by state */
    uint32_t n;
    uint32_t n_needed;
    uint32_t n_ops;   /* that have to be in an order, without the loose ones */
    uint32_t n_loose; /* required operations that change nothing and fit more than one state */
};

enum versions_outcome {
    VERSIONS_MADE,
    VERSIONS_IMPOSSIBLE,  /* no order exists, whatever the times are */
    VERSIONS_NOT_THIS_WAY /* another engine has to decide; `why` says so in static text */
};

/* Fills *ret in any case; versions_free is due. Errors: -E_NOMEM. */
int versions_make(const struct problem *p, struct versions *ret, enum versions_outcome *outcome,
                  const char **why);
void versions_free(struct versions *v);

static inline const struct model_effect *versions_effect(const struct versions *v, uint32_t op)
{
    return &v->effects[v->problem->ops[op].class];
}

/* The version that a required or needed operation belongs to: what it leaves, or what it saw.
 * VERSION_NONE: it is loose. */
static inline uint32_t versions_of(const struct versions *v, uint32_t op)
{
    const struct model_effect *e = versions_effect(v, op);

    if (e->kind == EFFECT_SET)
        return e->left;
    return e->wants ? e->wanted : VERSION_NONE;
}

#endif
