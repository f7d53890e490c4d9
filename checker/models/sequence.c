#include "checker/models/models.h"
#include "checker/models/rows.h"

/* Queue and stack. The state is a row of items (base/items.h), oldest first; operations hold rows
 * of one item. Both ends of a rope are cheap, so that a long queue is never copied. */

static int sequence_initial(const struct model_env *env, uint32_t *ret)
{
    (void)env;
    *ret = STRING_EMPTY;
    return 0;
}

static int sequence_prepare(const struct model_env *env, struct model_op *op)
{
    if (op_takes_value((enum op_kind)op->kind))
        return row_of_one(env->strings, op->value, &op->value);
    if (op->known && op->status == STATUS_OK)
        return row_of_one(env->strings, op->result, &op->result);
    return 0;
}

static bool is_putting(const struct model_op *op)
{
    return op->kind == OP_ENQUEUE || op->kind == OP_PUSH;
}

static int put(const struct model_env *env, uint32_t state, const struct model_op *op,
               uint32_t *ret)
{
    int rc = strings_append(env->strings, state, op->value, ret);

    return rc < 0 ? rc : 1;
}

/* The first item of a row, or the last, with its space. Pieces hold whole items, since only whole
 * ones are appended. */
static struct slice first_item(const struct strings *s, uint32_t row)
{
    struct slice piece = strings_first_piece(s, row);
    size_t n = 0;

    while (n < piece.len && piece.data[n] != ' ')
        n++;
    return slice_of(piece.data, n + 1);
}

static struct slice last_item(const struct strings *s, uint32_t row)
{
    struct slice piece = strings_last_piece(s, row);
    size_t from = piece.len - 1;

    while (from > 0 && piece.data[from - 1] != ' ')
        from--;
    return slice_of(piece.data + from, piece.len - from);
}

/* What is taken, when anything is. Of unknown outcome: whatever stands there. */
static int taken(const struct model_env *env, uint32_t state, const struct model_op *op,
                 uint32_t *ret)
{
    if (op->known) {
        *ret = op->result;
        return 0;
    }
    return strings_copy(env->strings,
                        op->kind == OP_DEQUEUE ? first_item(env->strings, state)
                                               : last_item(env->strings, state),
                        ret);
}

/* No item is a beginning of another one, but it may be an end: "b " of "ab ". */
static bool may_be_last(const struct model_env *env, uint32_t state, const struct model_op *op)
{
    return op->kind != OP_POP || !op->known ||
           last_item(env->strings, state).len == strings_length(env->strings, op->result);
}

static int sequence_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                         uint32_t *ret)
{
    uint32_t item;
    int rc;

    if (is_putting(op))
        return put(env, state, op, ret);
    *ret = state;
    if (op->known && op->status == STATUS_NO_KEY)
        return state == STRING_EMPTY;
    if (state == STRING_EMPTY || !may_be_last(env, state, op))
        return 0;
    rc = taken(env, state, op, &item);
    if (rc < 0)
        return rc;
    return op->kind == OP_DEQUEUE ? strings_behind(env->strings, state, item, ret)
                                  : strings_before(env->strings, state, item, ret);
}

static bool sequence_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return op->known && op->status == STATUS_NO_KEY;
}

static int sequence_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    struct buf row = {0};
    int rc = strings_bytes(env->strings, state, &row);

    if (rc == 0)
        rc = row_describe(buf_slice(&row), out);
    buf_free(&row);
    return rc;
}

static struct passing queue_passes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    if (op->kind == OP_ENQUEUE)
        return (struct passing){.passage = PASSAGE_IN, .item = op->value};
    if (op->known && op->status == STATUS_NO_KEY)
        return (struct passing){.passage = PASSAGE_NONE};
    return (struct passing){.passage = PASSAGE_OUT, .item = op->result};
}

const struct model model_queue = {
    .name = "queue",
    .noun = "queue",
    .kinds = 1u << OP_ENQUEUE | 1u << OP_DEQUEUE,
    .of_elements = true,
    .prepare = sequence_prepare,
    .initial = sequence_initial,
    .step = sequence_step,
    .observes = sequence_observes,
    .passes = queue_passes,
    .describe_state = sequence_describe,
};

const struct model model_stack = {
    .name = "stack",
    .noun = "stack",
    .kinds = 1u << OP_PUSH | 1u << OP_POP,
    .of_elements = true,
    .prepare = sequence_prepare,
    .initial = sequence_initial,
    .step = sequence_step,
    .observes = sequence_observes,
    .describe_state = sequence_describe,
};
