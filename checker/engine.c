#include "checker/engine.h"

#include <stdlib.h>

static const struct check_engine *const ENGINES[] = {&engine_jit, &engine_porcupine};

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

void engine_result_free(struct engine_result *r)
{
    free(r->order);
    free(r->stuck);
    *r = (struct engine_result){0};
}
