#include "base/items.h"
#include "checker/models/map.h"
#include "checker/models/models.h"
#include "checker/models/number.h"
#include "checker/models/rows.h"

#include <stdlib.h>

/* Accounts between which money is moved. The state is the tree of a map from accounts to balances
 * (number_intern), without those that are 0. */

/* --- the header ----------------------------------------------------------------------------- */

static const char *option(const struct history_header *header, const char *name)
{
    for (size_t i = 0; header != NULL && i < header->n_options; i++) {
        if (strcmp(header->options[i].name, name) == 0)
            return header->options[i].value;
    }
    return "";
}

static bool may_overdraw(const struct model_env *env)
{
    return strcmp(option(env->header, "overdraft"), "true") == 0;
}

static bool is_balance(struct slice text)
{
    number ignored;

    return number_parse(text, NUMBER_SUM_DIGITS_MAX, &ignored);
}

static int bank_admits_header(const struct history_header *header, struct err *e)
{
    return map_check("option 'accounts'", slice_str(option(header, "accounts")), is_balance, e);
}

/* --- operations ----------------------------------------------------------------------------- */

/* What a transfer is made of, as bytes: numbers of strings. */
struct transfer {
    uint32_t from;
    uint32_t to;
    uint32_t amount;
};

static int check_transfer(struct slice row, struct err *e)
{
    struct slice items[3];
    number amount = -1;
    size_t n = 0;
    int rc = row_count(row, &n);

    for (size_t i = 0; rc == 0 && n == 3 && i < n; i++)
        items_next(&row, &items[i]);
    if (rc == 0 && n == 3)
        number_parse(items[2], NUMBER_STEP_DIGITS_MAX, &amount);
    if (amount < 0)
        return err_set(e, -E_INVAL, "a transfer takes from, to and an amount of up to %d digits",
                       NUMBER_STEP_DIGITS_MAX);
    return 0;
}

static int bank_admits(const struct history_header *header, const struct history_op *op,
                       struct err *e)
{
    int rc = 0;

    (void)header;
    if (op->kind == OP_TRANSFER)
        rc = check_transfer(op->value, e);
    else if (op->outcome == OUTCOME_OK && op->status == STATUS_OK)
        rc = map_check("what 'get' returned", op->result, is_balance, e);
    return rc < 0 ? err_prefix(e, rc, "process %u", op->process) : 0;
}

/* 0 stands for no account. */
static int balance_of(struct strings *s, uint32_t text, uint32_t *ret)
{
    int rc = number_of_text(s, text, ret);

    if (rc == 0 && number_of(s, *ret) == 0)
        *ret = 0;
    return rc;
}

static int prepare_transfer(struct strings *s, struct model_op *op)
{
    uint32_t *items;
    size_t n;
    int rc = row_numbers(s, strings_slice(s, op->value), &items, &n);

    if (rc < 0)
        return rc;
    rc = number_of_text(s, items[2], &items[2]);
    if (rc == 0)
        rc = strings_copy(s, slice_of(items, sizeof(struct transfer)), &op->value);
    free(items);
    return rc;
}

static int bank_prepare(const struct model_env *env, struct model_op *op)
{
    struct strings *s = env->strings;

    if (op->kind == OP_TRANSFER)
        return prepare_transfer(s, op);
    if (op->status == STATUS_NO_KEY)
        return 0;
    return map_tree(s, strings_slice(s, op->result), balance_of, &op->result);
}

static struct transfer transfer_of(const struct model_env *env, const struct model_op *op)
{
    struct transfer t;

    memcpy(&t, strings_slice(env->strings, op->value).data, sizeof t);
    return t;
}

/* --- the object ----------------------------------------------------------------------------- */

static int bank_initial(const struct model_env *env, uint32_t *ret)
{
    return map_tree(env->strings, slice_str(option(env->header, "accounts")), balance_of, ret);
}

static number balance(const struct model_env *env, uint32_t state, uint32_t account)
{
    struct tree t = map_of(env->strings);
    uint32_t id = tree_get(&t, state, account);

    return id == 0 ? 0 : number_of(env->strings, id);
}

static int change(const struct model_env *env, uint32_t *state, uint32_t account, number by)
{
    struct tree t = map_of(env->strings);
    number sum = balance(env, *state, account) + by;
    uint32_t id = 0;
    int rc = sum == 0 ? 0 : number_intern(env->strings, sum, &id);

    return rc < 0 ? rc : tree_set(&t, *state, account, id, state);
}

static int step_transfer(const struct model_env *env, uint32_t state, const struct model_op *op,
                         uint32_t *ret)
{
    struct transfer t = transfer_of(env, op);
    number amount = number_of(env->strings, t.amount);
    bool enough = may_overdraw(env) || balance(env, state, t.from) >= amount;
    int rc;

    *ret = state;
    if (!enough || (op->known && op->status == STATUS_MISMATCH))
        return op->known && enough == (op->status == STATUS_OK);
    rc = change(env, ret, t.from, -amount);
    if (rc == 0)
        rc = change(env, ret, t.to, amount);
    return rc < 0 ? rc : op->known || *ret != state;
}

static int bank_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                     uint32_t *ret)
{
    if (op->kind == OP_TRANSFER)
        return step_transfer(env, state, op, ret);
    *ret = state;
    return state == (op->status == STATUS_NO_KEY ? TREE_EMPTY : op->result);
}

static bool bank_observes(const struct model_env *env, const struct model_op *op)
{
    struct transfer t;

    if (op->kind == OP_GET)
        return true;
    t = transfer_of(env, op);
    return (op->known && op->status == STATUS_MISMATCH) || t.from == t.to ||
           number_of(env->strings, t.amount) == 0;
}

static int describe_balance(const struct strings *s, uint32_t value, struct buf *out)
{
    return number_write(number_of(s, value), out);
}

static int bank_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    return map_describe(env->strings, state, describe_balance, out);
}

const struct model model_bank = {
    .name = "bank",
    .noun = "bank",
    .kinds = 1u << OP_TRANSFER | 1u << OP_GET,
    .admits_header = bank_admits_header,
    .admits = bank_admits,
    .prepare = bank_prepare,
    .initial = bank_initial,
    .step = bank_step,
    .observes = bank_observes,
    .carry = map_carry,
    .describe_state = bank_describe,
};
