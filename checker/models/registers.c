#include "checker/describe.h"
#include "checker/models/map.h"
#include "checker/models/models.h"

/* Several registers that are written and read together. The state is the tree of a map, without
 * those that nobody wrote yet. */

static int registers_admits(const struct history_header *header, const struct history_op *op,
                            struct err *e)
{
    int rc = 0;

    (void)header;
    if (op->kind == OP_PUT)
        rc = map_check("what 'put' writes", op->value, NULL, e);
    else if (op->outcome == OUTCOME_OK && op->status == STATUS_OK)
        rc = map_check("what 'get' returned", op->result, NULL, e);
    return rc < 0 ? err_prefix(e, rc, "process %u", op->process) : 0;
}

static int registers_prepare(const struct model_env *env, struct model_op *op)
{
    uint32_t *map = op->kind == OP_PUT ? &op->value : &op->result;

    if (op->status != STATUS_OK)
        return 0;
    return map_tree(env->strings, strings_slice(env->strings, *map), NULL, map);
}

static int registers_initial(const struct model_env *env, uint32_t *ret)
{
    (void)env;
    *ret = TREE_EMPTY;
    return 0;
}

struct walk {
    struct tree tree;
    uint32_t state;
};

/* 1 ends the walk: another value stands there. */
static int differs(void *context, uint32_t name, uint32_t value)
{
    struct walk *w = context;

    return tree_get(&w->tree, w->state, name) != value;
}

static int write_one(void *context, uint32_t name, uint32_t value)
{
    struct walk *w = context;

    return tree_set(&w->tree, w->state, name, value, &w->state);
}

static int registers_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                          uint32_t *ret)
{
    struct walk w = {.tree = map_of(env->strings), .state = state};
    int rc;

    *ret = state;
    if (op->kind == OP_GET && op->status == STATUS_NO_KEY)
        return state == TREE_EMPTY;
    if (op->kind == OP_GET)
        return tree_walk(&w.tree, op->result, differs, &w) == 0;
    rc = tree_walk(&w.tree, op->value, write_one, &w);
    *ret = w.state;
    return rc < 0 ? rc : op->known || *ret != state;
}

static bool registers_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return op->kind == OP_GET;
}

static int describe_value(const struct strings *s, uint32_t value, struct buf *out)
{
    return describe_bytes(strings_slice(s, value), out);
}

static int registers_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    return map_describe(env->strings, state, describe_value, out);
}

const struct model model_multi_register = {
    .name = "multi-register",
    .noun = "registers",
    .kinds = 1u << OP_GET | 1u << OP_PUT,
    .admits = registers_admits,
    .prepare = registers_prepare,
    .initial = registers_initial,
    .step = registers_step,
    .observes = registers_observes,
    .carry = map_carry,
    .describe_state = registers_describe,
};
