#include "checker/engine.h"

#include <stdlib.h>

#define NAMED "asked for by name"

/* Special ones first; the first general one decides what they leave. */
static const struct check_engine *const ENGINES[] = {
    &engine_queue,   &engine_priority_queue, &engine_stack, &engine_set,      &engine_mutex,
    &engine_counter, &engine_zones,          &engine_jit,   &engine_porcupine};

enum { N_ENGINES = sizeof ENGINES / sizeof ENGINES[0] };

const struct check_engine *engine_find(const char *name)
{
    for (size_t i = 0; i < N_ENGINES; i++) {
        if (strcmp(ENGINES[i]->name, name) == 0)
            return ENGINES[i];
    }
    return NULL;
}

const char *const *check_engine_names(void)
{
    static const char *names[N_ENGINES + 1];

    for (size_t i = 0; i < N_ENGINES; i++)
        names[i] = ENGINES[i]->name;
    return names;
}

int engine_decide_direct(const struct check_engine *engine, const struct engine_part *part,
                         const struct engine_budget *budget, struct direct_result *ret,
                         const struct check_engine **decided, const char **why)
{
    int rc = 0;

    *ret = (struct direct_result){.verdict = VERDICT_UNKNOWN, .reason = "made for another model"};
    *decided = engine;
    *why = NULL;
    for (size_t i = 0; i < N_ENGINES; i++) {
        if (part->n_keys != 1 || ENGINES[i]->model != part->model ||
            (engine != NULL && ENGINES[i] != engine))
            continue;
        *decided = ENGINES[i];
        rc = ENGINES[i]->run_direct(part, budget, ret);
        *why = ret->verdict == VERDICT_UNKNOWN ? ret->reason : ENGINES[i]->kind;
    }
    if (rc < 0)
        return rc;
    if (engine != NULL) {
        *why = NAMED;
        return engine->run_direct != NULL;
    }
    return ret->verdict != VERDICT_UNKNOWN;
}

int engine_decide(const struct check_engine *engine, const struct problem *p,
                  const struct engine_budget *budget, struct engine_result *ret,
                  const struct check_engine **decided, const char **why)
{
    const char *not_special = *why != NULL ? *why : NAMED;
    bool was_asked = *why != NULL;
    int rc = -E_INVAL;

    for (size_t i = 0; i < N_ENGINES; i++) {
        if (ENGINES[i]->run == NULL || (engine != NULL && ENGINES[i] != engine))
            continue;
        rc = ENGINES[i]->run(p, budget, ret);
        *decided = ENGINES[i];
        *why = ENGINES[i]->kind == NULL || engine != NULL ? not_special : ENGINES[i]->kind;
        if (rc < 0 || engine != NULL || ENGINES[i]->kind == NULL || ret->verdict != VERDICT_UNKNOWN)
            break;
        if (!was_asked)
            not_special = ret->reason;
        engine_result_free(ret);
    }
    return rc;
}

void engine_result_free(struct engine_result *r)
{
    free(r->order);
    free(r->stuck);
    *r = (struct engine_result){0};
}
