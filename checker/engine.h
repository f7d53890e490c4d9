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

struct check_engine {
    const char *name;
    const char *kind; /* of a special engine: what holds of the problems it decides; else NULL */
    /* Fills *ret. Errors: -E_NOMEM, -E_LIMIT. */
    int (*run)(const struct problem *p, const struct engine_budget *budget,
               struct engine_result *ret);
};

extern const struct check_engine engine_porcupine;
extern const struct check_engine engine_jit;
extern const struct check_engine engine_zones;

/* NULL when there is none of that name. */
const struct check_engine *engine_find(const char *name);

/* Decides with the engine of that name or, with NULL, with the first that can. *decided: which that
 * was, or the last that tried; *why: why that one, in static text. Errors: -E_NOMEM, -E_LIMIT. */
int engine_decide(const struct check_engine *engine, const struct problem *p,
                  const struct engine_budget *budget, struct engine_result *ret,
                  const struct check_engine **decided, const char **why);

void engine_result_free(struct engine_result *r);

/* For a problem that is known to be impossible: fills *ret with the longest order that a bounded
 * search finds. Errors: -E_NOMEM, -E_LIMIT. */
int jit_longest(const struct problem *p, const struct engine_budget *budget,
                struct engine_result *ret);

#endif
