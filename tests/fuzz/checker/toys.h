#ifndef RIFT_TESTS_CHECKER_TOYS_H
#define RIFT_TESTS_CHECKER_TOYS_H

#include "base/rng.h"
#include "checker/checker.h"

/* Queues, stacks and the like as a few lines of arithmetic on small numbers, histories of them that
 * are drawn, and a judge that tries all orders. Nothing of the checker is in it. */

enum { TOYS_OPS_MAX = 256, TOYS_VALUES = 256 };

struct toy {
    const char *name;
    const char *model;
    uint32_t dialect;
    const char *engine;    /* that is made for it */
    enum op_kind kinds[4]; /* drawn alike; all are used */
    enum {
        VALUES_DIFFER, /* each is drawn once, but for a few histories */
        VALUES_FEW,    /* one to three */
        VALUES_ONE,    /* one number, but for a few histories */
    } values;
};

/* Ends with a model of NULL. */
extern const struct toy TOYS[];

struct toys_options {
    const struct toy *toy;
    size_t n_ops;
    size_t n_processes;
    size_t n_values;      /* 0: each is drawn once */
    uint32_t unknown_ppm; /* share of operations whose outcome nobody learns... */
    bool takes_unknown;   /* ...also of those whose answer holds a value */
    size_t n_spoiled;     /* answers or times that are changed */
};

/* Free with toys_free. */
struct history *toys_generate(struct rng *r, const struct toys_options *o);
void toys_free(struct history *h);

/* Tries every order of every subset. For histories of about eight operations. */
bool toys_linearizable(const struct history *h);

/* Whether `order` has nothing twice, respects real time, and replays. `whole`: and holds every
 * completed operation. On failure *why is static text. */
bool toys_replays(const struct history *h, const size_t *order, size_t n, bool whole,
                  const char **why);

void toys_print(const struct history *h);

#endif
