#include "checker/models/models.h"
#include "checker/models/rows.h"

/* A list that grows at its end, and is read as a whole. The state is its row of items: appending an
 * item is appending bytes, so what the search knows of appends and prefixes holds here as well. */

static int refuse(const struct history_op *op, const char *what, struct err *e)
{
    return err_set(e, -E_INVAL, "process %u: '%s' of a list %s", op->process,
                   op_kind_name(op->kind), what);
}

static int list_admits(const struct history_header *header, const struct history_op *op,
                       struct err *e)
{
    size_t n = 0;

    (void)header;
    if (op->kind != OP_GET && row_count(op->value, &n) < 0)
        return refuse(op, "takes a row of items", e);
    if (op->kind == OP_APPEND && n != 1)
        return refuse(op, "takes one item", e);
    if (op->kind == OP_GET && op->outcome == OUTCOME_OK && op->status == STATUS_OK &&
        row_count(op->result, &n) < 0)
        return refuse(op, "returned no row of items", e);
    return 0;
}

static int list_prepare(const struct model_env *env, struct model_op *op)
{
    (void)env;
    if (op->kind == OP_GET && op->status == STATUS_NO_KEY)
        op->result = STRING_EMPTY;
    return 0;
}

static int list_initial(const struct model_env *env, uint32_t *ret)
{
    (void)env;
    *ret = STRING_EMPTY;
    return 0;
}

static int list_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                     uint32_t *ret)
{
    int rc;

    if (op->kind == OP_APPEND) {
        rc = strings_append(env->strings, state, op->value, ret);
        return rc < 0 ? rc : 1;
    }
    *ret = op->kind == OP_PUT ? op->value : state;
    if (op->kind == OP_PUT)
        return op->known || *ret != state;
    return state == op->result;
}

static bool list_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return op->kind == OP_GET;
}

static struct model_effect list_effect(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    if (op->kind == OP_GET)
        return (struct model_effect){
            .wants = true, .wanted = op->result, .minds = true, .minded = op->result};
    return (struct model_effect){.kind = op->kind == OP_PUT ? EFFECT_SET : EFFECT_APPEND,
                                 .left = op->value,
                                 .blind = true,
                                 .hides = op->kind == OP_PUT};
}

static int list_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    struct buf row = {0};
    int rc = strings_bytes(env->strings, state, &row);

    if (rc == 0)
        rc = row_describe(buf_slice(&row), out);
    buf_free(&row);
    return rc;
}

const struct model model_list_append = {
    .name = "list-append",
    .noun = "list",
    .kinds = 1u << OP_APPEND | 1u << OP_PUT | 1u << OP_GET,
    .admits = list_admits,
    .prepare = list_prepare,
    .initial = list_initial,
    .step = list_step,
    .observes = list_observes,
    .effect = list_effect,
    .describe_state = list_describe,
};
