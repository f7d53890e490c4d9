#include "base/items.h"
#include "checker/models/models.h"
#include "checker/models/rows.h"
#include "checker/models/tree.h"

#include <ctype.h>
#include <stdlib.h>

/* Set and priority queue. The state is a tree (tree.h) from elements to how many there are. */

/* --- orders --------------------------------------------------------------------------------- */

bool priority_is_number(struct slice s)
{
    size_t digits = s.len > 0 && s.data[0] == '-' ? 1 : 0;

    if (s.len == digits || (s.data[digits] == '0' && s.len > 1))
        return false;
    for (size_t i = digits; i < s.len; i++) {
        if (!isdigit(s.data[i]))
            return false;
    }
    return true;
}

static int compare_numbers(struct slice a, struct slice b)
{
    bool a_negative = a.data[0] == '-';
    bool b_negative = b.data[0] == '-';
    int order;

    if (a_negative != b_negative)
        return a_negative ? -1 : 1;
    order = a.len != b.len ? (a.len < b.len ? -1 : 1) : slice_compare(a, b);
    return a_negative ? -order : order;
}

int priority_compare(struct slice a, struct slice b)
{
    bool a_is_number = priority_is_number(a);
    bool b_is_number = priority_is_number(b);

    if (a_is_number != b_is_number)
        return a_is_number ? -1 : 1;
    return a_is_number ? compare_numbers(a, b) : slice_compare(a, b);
}

static struct tree elements(const struct model_env *env)
{
    return (struct tree){.strings = env->strings, .compare = slice_compare};
}

static struct tree priorities(const struct model_env *env)
{
    return (struct tree){.strings = env->strings, .compare = priority_compare};
}

/* --- both ----------------------------------------------------------------------------------- */

static int bag_initial(const struct model_env *env, uint32_t *ret)
{
    (void)env;
    *ret = TREE_EMPTY;
    return 0;
}

struct shown {
    const struct model_env *env;
    struct buf row;
};

static int show(void *context, uint32_t key, uint32_t count)
{
    struct shown *s = context;
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        struct slice bytes = strings_slice(s->env->strings, key);

        rc = items_add(&s->row, bytes);
    }
    return rc;
}

static int bag_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    struct tree t = elements(env);
    struct shown s = {.env = env};
    int rc = tree_walk(&t, state, show, &s);

    if (rc == 0)
        rc = row_describe(buf_slice(&s.row), out);
    buf_free(&s.row);
    return rc;
}

/* --- set ------------------------------------------------------------------------------------ */

static int set_admits(const struct history_header *header, const struct history_op *op,
                      struct err *e)
{
    bool answers = (header->dialect & HISTORY_SET_ANSWERS) != 0;
    int rc;

    if (op->outcome != OUTCOME_OK)
        return 0;
    if (!answers && (op->kind == OP_ADD || op->kind == OP_REMOVE) && op->status != STATUS_OK)
        return err_set(e, -E_INVAL, "process %u: in this dialect '%s' cannot answer '%s'",
                       op->process, op_kind_name(op->kind), op_status_name(op->status));
    if (op->kind != OP_GET || op->status != STATUS_OK)
        return 0;
    rc = row_is_sorted(op->result, 1);
    if (rc == -E_PARSE)
        return err_set(e, -E_INVAL, "process %u: 'get' of a set returned no sorted row of items",
                       op->process);
    return rc < 0 ? err_set(e, rc, "process %u", op->process) : 0;
}

/* What a get has found becomes the state in which it finds that. */
static int set_prepare(const struct model_env *env, struct model_op *op)
{
    struct tree t = elements(env);
    uint32_t *keys;
    uint32_t *ones;
    size_t n;
    int rc;

    if (op->kind != OP_GET)
        return 0;
    if (op->status == STATUS_NO_KEY) {
        op->result = TREE_EMPTY;
        return 0;
    }
    rc = row_numbers(env->strings, strings_slice(env->strings, op->result), &keys, &n);
    if (rc < 0)
        return rc;
    ones = calloc(n + 1, sizeof *ones);
    for (size_t i = 0; ones != NULL && i < n; i++)
        ones[i] = 1;
    rc = ones == NULL ? -E_NOMEM : tree_build(&t, keys, ones, n, &op->result);
    free(keys);
    free(ones);
    return rc;
}

static int step_change(const struct model_env *env, uint32_t state, const struct model_op *op,
                       uint32_t *ret)
{
    struct tree t = elements(env);
    bool adds = op->kind == OP_ADD;
    bool is_there = tree_get(&t, state, op->value) != 0;
    bool changes = adds != is_there;
    int rc = 0;

    *ret = state;
    if (op->known && (env->dialect & HISTORY_SET_ANSWERS) != 0 &&
        changes != (op->status == STATUS_OK))
        return 0;
    if (changes)
        rc = tree_set(&t, state, op->value, adds, ret);
    return rc < 0 ? rc : op->known || changes;
}

static int set_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                    uint32_t *ret)
{
    struct tree t = elements(env);

    *ret = state;
    if (op->kind == OP_GET)
        return state == op->result;
    if (op->kind == OP_CONTAINS)
        return (tree_get(&t, state, op->value) != 0) == (op->status == STATUS_OK);
    return step_change(env, state, op, ret);
}

static bool set_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return op_is_read((enum op_kind)op->kind) || (op->known && op->status != STATUS_OK);
}

static int set_carry(const struct model_env *from, uint32_t state, const struct model_env *to,
                     uint32_t *ret)
{
    struct tree t = elements(from);
    struct tree u = elements(to);

    return tree_carry(&t, state, &u, NULL, ret);
}

static bool set_element_of(const struct history_op *op, struct slice *ret)
{
    *ret = op->value;
    return op->kind != OP_GET;
}

const struct model model_set = {
    .name = "set",
    .noun = "set",
    .kinds = 1u << OP_ADD | 1u << OP_REMOVE | 1u << OP_CONTAINS | 1u << OP_GET,
    .of_elements = true,
    .element_of = set_element_of,
    .element = &model_element,
    .admits = set_admits,
    .prepare = set_prepare,
    .initial = bag_initial,
    .step = set_step,
    .observes = set_observes,
    .carry = set_carry,
    .describe_state = bag_describe,
};

/* --- priority queue ------------------------------------------------------------------------- */

static int queue_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                      uint32_t *ret)
{
    struct tree t = priorities(env);
    uint32_t highest;
    int rc;

    *ret = state;
    if (op->kind == OP_INSERT) {
        rc = tree_set(&t, state, op->value, tree_get(&t, state, op->value) + 1, ret);
        return rc < 0 ? rc : 1;
    }
    if (op->known && op->status == STATUS_NO_KEY)
        return state == TREE_EMPTY;
    if (state == TREE_EMPTY)
        return 0;
    highest = tree_last(&t, state);
    if (op->known && op->result != highest)
        return 0;
    rc = tree_set(&t, state, highest, tree_get(&t, state, highest) - 1, ret);
    return rc < 0 ? rc : 1;
}

static bool queue_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    return op->known && op->status == STATUS_NO_KEY;
}

static int queue_carry(const struct model_env *from, uint32_t state, const struct model_env *to,
                       uint32_t *ret)
{
    struct tree t = priorities(from);
    struct tree u = priorities(to);

    return tree_carry(&t, state, &u, NULL, ret);
}

const struct model model_priority_queue = {
    .name = "priority-queue",
    .noun = "priority queue",
    .kinds = 1u << OP_INSERT | 1u << OP_POLL,
    .of_elements = true,
    .initial = bag_initial,
    .step = queue_step,
    .observes = queue_observes,
    .carry = queue_carry,
    .describe_state = bag_describe,
};
