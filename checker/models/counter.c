#include "checker/models/models.h"
#include "checker/models/number.h"

/* A number that is added to. The state is that of number_intern. */

static int counter_admits(const struct history_header *header, const struct history_op *op,
                          struct err *e)
{
    number ignored;

    (void)header;
    if (op->kind == OP_ADD && !number_parse(op->value, NUMBER_STEP_DIGITS_MAX, &ignored))
        return err_set(e, -E_INVAL,
                       "process %u: 'add' to a counter takes a number of up to %d digits",
                       op->process, NUMBER_STEP_DIGITS_MAX);
    if (op->outcome != OUTCOME_OK)
        return 0;
    if (op->kind == OP_ADD && op->status != STATUS_OK)
        return err_set(e, -E_INVAL, "process %u: 'add' to a counter cannot answer '%s'",
                       op->process, op_status_name(op->status));
    if (op->kind == OP_GET && op->status == STATUS_OK &&
        !number_parse(op->result, NUMBER_SUM_DIGITS_MAX, &ignored))
        return err_set(e, -E_INVAL,
                       "process %u: 'get' of a counter returned no number of up to %d digits",
                       op->process, NUMBER_SUM_DIGITS_MAX);
    return 0;
}

static int counter_prepare(const struct model_env *env, struct model_op *op)
{
    if (op->kind == OP_ADD)
        return number_of_text(env->strings, op->value, &op->value);
    if (op->status == STATUS_NO_KEY)
        return number_intern(env->strings, 0, &op->result);
    return number_of_text(env->strings, op->result, &op->result);
}

static int counter_initial(const struct model_env *env, uint32_t *ret)
{
    return number_intern(env->strings, 0, ret);
}

static int counter_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                        uint32_t *ret)
{
    number sum;
    int rc;

    *ret = state;
    if (op->kind == OP_GET)
        return state == op->result;
    sum = number_of(env->strings, state) + number_of(env->strings, op->value);
    rc = number_intern(env->strings, sum, ret);
    return rc < 0 ? rc : op->known || *ret != state;
}

static bool counter_observes(const struct model_env *env, const struct model_op *op)
{
    return op->kind == OP_GET || number_of(env->strings, op->value) == 0;
}

static int counter_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    return number_write(number_of(env->strings, state), out);
}

const struct model model_counter = {
    .name = "counter",
    .noun = "counter",
    .kinds = 1u << OP_ADD | 1u << OP_GET,
    .admits = counter_admits,
    .prepare = counter_prepare,
    .initial = counter_initial,
    .step = counter_step,
    .observes = counter_observes,
    .describe_state = counter_describe,
};
