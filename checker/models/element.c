#include "checker/models/models.h"

/* One element of a set: there or not. The state is its name, or absent. */

static bool is_there(uint32_t state)
{
    return state != STRING_ABSENT;
}

static bool answers(const struct model_env *env, const struct model_op *op)
{
    return op->known && (env->dialect & HISTORY_SET_ANSWERS) != 0;
}

static uint32_t left_by(const struct model_op *op)
{
    return op->kind == OP_ADD ? op->value : STRING_ABSENT;
}

static int element_initial(const struct model_env *env, uint32_t *ret)
{
    (void)env;
    *ret = STRING_ABSENT;
    return 0;
}

static int element_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                        uint32_t *ret)
{
    bool changes = is_there(state) != (op->kind == OP_ADD);

    *ret = state;
    if (op->kind == OP_CONTAINS)
        return is_there(state) == (op->status == STATUS_OK);
    if (answers(env, op) && changes != (op->status == STATUS_OK))
        return 0;
    *ret = left_by(op);
    return op->known || changes;
}

static bool element_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return op_is_read((enum op_kind)op->kind) || (op->known && op->status != STATUS_OK);
}

/* The state that an answer tells of: an add that is told "ok" found the element missing. */
static uint32_t told_of(const struct model_op *op)
{
    bool there = (op->status == STATUS_OK) != (op->kind == OP_ADD);

    return there ? op->value : STRING_ABSENT;
}

static struct model_effect element_effect(const struct model_env *env, const struct model_op *op)
{
    struct model_effect e = {.kind = EFFECT_NONE};

    e.wants = op->kind == OP_CONTAINS || answers(env, op);
    e.wanted = e.wants ? told_of(op) : STRING_ABSENT;
    e.minds = e.wants;
    e.minded = e.wanted;
    if (element_observes(env, op))
        return e;
    e.kind = EFFECT_SET;
    e.left = left_by(op);
    e.blind = !e.wants;
    e.hides = !e.wants;
    return e;
}

static int element_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    (void)env;
    return buf_printf(out, is_there(state) ? "there" : "absent");
}

const struct model model_element = {
    .name = "set",
    .noun = "element",
    .kinds = 1u << OP_ADD | 1u << OP_REMOVE | 1u << OP_CONTAINS,
    .initial = element_initial,
    .step = element_step,
    .observes = element_observes,
    .effect = element_effect,
    .describe_state = element_describe,
};
