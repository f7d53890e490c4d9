#ifndef RIFT_CHECKER_ENGINE_H
#define RIFT_CHECKER_ENGINE_H

#include "checker/checker.h"
#include "checker/problem.h"

/* A way to decide one partition. Engines see a problem and a budget and nothing else; to add one,
 * write its `run` in a file of its own and name it in engine.c.
 *
 * A special engine decides only problems of a kind, and those fast. Of others it says "unknown" and
 * in what they are not of its kind; then the next engine decides. */

struct engine_budget {
    bool (*spent)(void *context); /* NULL: never */
    void *spent_context;
    size_t memory_bytes_max; /* of this search; 0: no bound */
    bool verdict_only;       /* of a violation no longest order is looked for */
    uint32_t without;        /* bits of enum check_pruning */
};

/* Orders and stuck operations are numbers of the problem, malloc'ed, the caller's. */
struct engine_result {
    enum verdict verdict;
    const char *reason; /* of UNKNOWN: static text */
    uint64_t steps;
    size_t memory_bytes;
    uint32_t *order;
    size_t n_order;
    uint32_t *stuck;
    size_t n_stuck;
    uint32_t n_explained; /* of UNKNOWN: so many returns, the first ones, are explained */
};

/* The operations of a partition as the history has them: all that a direct engine sees. */
struct engine_part {
    const struct history *history;
    const struct model *model;          /* of each key */
    const struct problem_input *inputs; /* by call */
    size_t n;
    size_t n_keys;
};

/* The order holds indexes of history.ops and is malloc'ed, the caller's. LINEARIZABLE: a whole one.
 * NOT_LINEARIZABLE: one of all that returned before some moment, or none. */
struct direct_result {
    enum verdict verdict;
    const char *reason; /* of UNKNOWN: static text */
    size_t memory_bytes;
    size_t *order;
    size_t n_order;
};

struct check_engine {
    const char *name;
    const char *kind; /* of a special engine: what holds of the problems it decides; else NULL */

    /* Fills *ret. Errors: -E_NOMEM, -E_LIMIT. */
    int (*run)(const struct problem *p, const struct engine_budget *budget,
               struct engine_result *ret);

    /* A direct engine has these instead. It is a special one for one model, and wants to know so
     * little of each operation that making a problem would take longer than the verdict does. */
    const struct model *model;
    int (*run_direct)(const struct engine_part *part, const struct engine_budget *budget,
                      struct direct_result *ret);
};

extern const struct check_engine engine_porcupine;
extern const struct check_engine engine_jit;
extern const struct check_engine engine_priority_queue;
extern const struct check_engine engine_queue;
extern const struct check_engine engine_counter;
extern const struct check_engine engine_mutex;
extern const struct check_engine engine_set;
extern const struct check_engine engine_stack;
extern const struct check_engine engine_zones;

/* NULL when there is none of that name. */
const struct check_engine *engine_find(const char *name);

/* Asks the direct engine for the part's model, if there is one and no other one is named.
 * 1: *decided has the last word, for the reason *why. 0: others have to decide; *why says why it
 * did not, or is NULL. Errors: -E_NOMEM. */
int engine_decide_direct(const struct check_engine *engine, const struct engine_part *part,
                         const struct engine_budget *budget, struct direct_result *ret,
                         const struct check_engine **decided, const char **why);

/* Decides with the engine of that name or, with NULL, with the first that can. *decided: which that
 * was, or the last that tried. *why: why that one, in static text; before, as engine_decide_direct
 * left it. Errors: -E_NOMEM, -E_LIMIT. */
int engine_decide(const struct check_engine *engine, const struct problem *p,
                  const struct engine_budget *budget, struct engine_result *ret,
                  const struct check_engine **decided, const char **why);

void engine_result_free(struct engine_result *r);

/* For a problem that is known to be impossible: fills *ret with the longest order that a bounded
 * search finds. It begins at the end of `start`, n numbers of operations, as far as that is an
 * order. Errors: -E_NOMEM, -E_LIMIT. */
int jit_longest(const struct problem *p, const struct engine_budget *budget, const uint32_t *start,
                size_t n, struct engine_result *ret);

#endif
