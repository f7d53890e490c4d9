#ifndef RIFT_CHECKER_ENGINE_H
#define RIFT_CHECKER_ENGINE_H

#include "checker/checker.h"
#include "checker/problem.h"

/* A way to decide one partition. Engines see a problem and a budget and nothing else; to add one,
 * write its `run` in a file of its own and name it in engine.c. */

struct engine_budget {
    bool (*spent)(void *context); /* NULL: never */
    void *spent_context;
    size_t memory_bytes_max; /* 0: no bound */
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
};

struct check_engine {
    const char *name;
    /* Fills *ret. Errors: -E_NOMEM, -E_LIMIT. */
    int (*run)(const struct problem *p, const struct engine_budget *budget,
               struct engine_result *ret);
};

extern const struct check_engine engine_porcupine;
extern const struct check_engine engine_jit;

/* NULL when there is none of that name. */
const struct check_engine *engine_find(const char *name);

void engine_result_free(struct engine_result *r);

#endif
