#include "checker/models/models.h"

/* A mutex without owners: the state says whether somebody holds it. The same as a register with
 * compare-and-set from absent to empty (lock) and back (unlock). */

enum { UNLOCKED = STRING_ABSENT, LOCKED = STRING_EMPTY };

static uint32_t wanted(const struct model_op *op)
{
    return op->kind == OP_LOCK ? UNLOCKED : LOCKED;
}

static uint32_t left(const struct model_op *op)
{
    return op->kind == OP_LOCK ? LOCKED : UNLOCKED;
}

static int mutex_initial(const struct model_env *env, uint32_t *ret)
{
    (void)env;
    *ret = UNLOCKED;
    return 0;
}

static int mutex_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                      uint32_t *ret)
{
    (void)env;
    *ret = left(op);
    return state == wanted(op);
}

static bool mutex_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    (void)op;
    return false;
}

static struct model_effect mutex_effect(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return (struct model_effect){.wants = true,
                                 .wanted = wanted(op),
                                 .minds = true,
                                 .minded = wanted(op),
                                 .kind = EFFECT_SET,
                                 .left = left(op)};
}

static int mutex_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    (void)env;
    return buf_printf(out, state == LOCKED ? "locked" : "unlocked");
}

const struct model model_mutex = {
    .name = "mutex",
    .noun = "mutex",
    .kinds = 1u << OP_LOCK | 1u << OP_UNLOCK,
    .initial = mutex_initial,
    .step = mutex_step,
    .observes = mutex_observes,
    .effect = mutex_effect,
    .describe_state = mutex_describe,
};
