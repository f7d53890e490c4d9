#include "checker/models/models.h"

/* The state is the bytes of an array: the state of each key, in the order of their numbers. */

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

/* The states of all keys, and that of one. */
static int unpack(const struct model_env *env, uint32_t state, uint32_t key, struct buf *all,
                  uint32_t *ret)
{
    int rc = strings_bytes(env->strings, state, all);

    if (rc < 0 || key >= env->n_keys || all->len != state_bytes(env))
        return rc < 0 ? rc : -E_INVAL;
    memcpy(ret, all->data + key * sizeof *ret, sizeof *ret);
    return 0;
}

static int whole_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                      uint32_t *ret)
{
    struct buf all = {0};
    uint32_t before;
    uint32_t after;
    int legal = unpack(env, state, op->key, &all, &before);

    if (legal == 0)
        legal = env->part->step(env, before, op, &after);
    if (legal == 1 && after == before) {
        *ret = state;
    } else if (legal == 1) {
        int rc;

        memcpy(all.data + op->key * sizeof after, &after, sizeof after);
        rc = strings_copy(env->strings, buf_slice(&all), ret);
        legal = rc < 0 ? rc : 1;
    }
    buf_free(&all);
    return legal;
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
