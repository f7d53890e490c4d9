#include "base/check.h"
#include "checker/models/models.h"

#include <stdlib.h>

/* The state is the bytes of an array: the state of each key, in the order of their numbers. */

enum { FEW_KEYS = 64 }; /* as many fit on the stack */

static size_t state_bytes(const struct model_env *env)
{
    return env->n_keys * sizeof(uint32_t);
}

static int whole_initial(const struct model_env *env, uint32_t *ret)
{
    struct buf all = {0};
    uint32_t one;
    int rc = env->part->initial(env, &one);

    for (size_t i = 0; rc == 0 && i < env->n_keys; i++)
        rc = buf_append(&all, &one, sizeof one);
    if (rc == 0)
        rc = strings_copy(env->strings, buf_slice(&all), ret);
    buf_free(&all);
    return rc;
}

/* The states of all keys; lent. Every state was copied whole. */
static const uint8_t *parts_of(const struct model_env *env, uint32_t state)
{
    struct slice all = strings_slice(env->strings, state);

    CHECK_THAT(all.len == state_bytes(env), "%zu bytes of %zu keys", all.len, env->n_keys);
    return all.data;
}

uint32_t whole_part(const struct model_env *env, uint32_t state, uint32_t key)
{
    uint32_t part;

    memcpy(&part, parts_of(env, state) + key * sizeof part, sizeof part);
    return part;
}

/* The state in which that of one key is another one. */
static int replace(const struct model_env *env, uint32_t state, uint32_t key, uint32_t after,
                   uint32_t *ret)
{
    uint8_t few[FEW_KEYS * sizeof after];
    size_t len = state_bytes(env);
    uint8_t *all = len <= sizeof few ? few : malloc(len);
    int rc;

    if (all == NULL)
        return -E_NOMEM;
    memcpy(all, parts_of(env, state), len);
    memcpy(all + key * sizeof after, &after, sizeof after);
    rc = strings_copy(env->strings, slice_of(all, len), ret);
    if (all != few)
        free(all);
    return rc < 0 ? rc : 1;
}

static int whole_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                      uint32_t *ret)
{
    uint32_t before = whole_part(env, state, op->key);
    uint32_t after;
    int legal = env->part->step(env, before, op, &after);

    if (legal != 1)
        return legal;
    if (after != before)
        return replace(env, state, op->key, after, ret);
    *ret = state;
    return 1;
}

static bool whole_observes(const struct model_env *env, const struct model_op *op)
{
    return env->part->observes(env, op);
}

const struct model model_whole = {
    .name = "whole",
    .kinds = 0, /* those of the part; never looked up by name */
    .initial = whole_initial,
    .step = whole_step,
    .observes = whole_observes,
};
