#ifndef RIFT_TESTS_CHECKER_OBJECTS_H
#define RIFT_TESTS_CHECKER_OBJECTS_H

#include "base/rng.h"
#include "checker/checker.h"

/* Queues, stacks and the like as a few lines of arithmetic on small numbers, histories of them that
 * are drawn, and a judge that tries all orders. Nothing of the checker is in it. */

enum { OBJECTS_OPS_MAX = 256, OBJECTS_VALUES = 256 };

struct object {
    const char *model;
    uint32_t dialect;
    enum op_kind kinds[4]; /* drawn alike; all are used */
};

/* Ends with a model of NULL. */
extern const struct object OBJECTS[];

struct objects_options {
    const struct object *object;
    size_t n_ops;
    size_t n_processes;
    size_t n_values;      /* 0: each is drawn once */
    uint32_t unknown_ppm; /* share of operations whose outcome nobody learns... */
    bool takes_unknown;   /* ...also of those whose answer holds a value */
    size_t n_spoiled;     /* answers or times that are changed */
};

/* Free with objects_free. */
struct history *objects_generate(struct rng *r, const struct objects_options *o);
void objects_free(struct history *h);

/* Tries every order of every subset. For histories of about eight operations. */
bool objects_linearizable(const struct history *h);

/* Whether `order` holds every completed operation, nothing twice, respects real time, and replays.
 */
bool objects_replays(const struct history *h, const size_t *order, size_t n, const char **why);

void objects_print(const struct history *h);

#endif
