#ifndef RIFT_CHECKER_NEEDS_H
#define RIFT_CHECKER_NEEDS_H

#include "checker/placement.h"

/* Looks ahead: whether a value that is still to be observed can still come about.
 *
 * An operation that "wants" v was answered in a way that fits one state only. Behind the place
 * where a search stands, v comes about in one of two ways: an operation that is not placed yet sets
 * it, or one that is not placed appends its end to what grew by appends alone from what is there
 * now or is set by an operation that is not placed. All of them have to be called before the first
 * one returns that wants v. Where nothing of this is left, no order goes on from here. This only
 * ever says that for certain; where it does not look, it says nothing. */
struct needs;

/* *ret is NULL when the model does not say what its operations want and leave behind.
 * Errors: -E_NOMEM. */
int needs_create(const struct problem *p, struct needs **ret);
void needs_destroy(struct needs *n);

/* `op` was placed, or taken back. */
void needs_placed(struct needs *n, uint32_t op);
void needs_removed(struct needs *n, uint32_t op);

/* Whether, placed where `at` stands (and the above said), `op` and the state `next` that it leads
 * to leave nothing wanting that cannot come: asked of the state left behind and of the next
 * few returns that want something. */
bool needs_hopeless(const struct needs *n, const struct placement *at, uint32_t op, uint32_t next);

/* The same before anything is placed, asked of everything that is wanted. */
bool needs_hopeless_at_start(const struct needs *n);

size_t needs_memory_bytes(const struct needs *n);

#endif
