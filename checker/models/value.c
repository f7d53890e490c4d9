#include "checker/describe.h"
#include "checker/models/models.h"

/* One value that may be absent, and what a key-value store does with it. The three models differ
 * in the operations that they have. The state is the number of the value. */

/* How a store without absence says it: with the empty string. */
static uint32_t absent(const struct model_env *env)
{
    return (env->dialect & HISTORY_ABSENT_IS_EMPTY) != 0 ? STRING_EMPTY : STRING_ABSENT;
}

static int value_initial(const struct model_env *env, uint32_t *ret)
{
    *ret = absent(env);
    return 0;
}

static int step_get(const struct model_env *env, uint32_t state, const struct model_op *op,
                    uint32_t *ret)
{
    *ret = state;
    return state == (op->status == STATUS_OK ? op->result : absent(env));
}

static int step_cas(const struct model_env *env, uint32_t state, const struct model_op *op,
                    uint32_t *ret)
{
    bool is_absent = state == absent(env);
    bool hits = op->expects_absent ? is_absent : state == op->expected;

    *ret = hits ? op->value : state;
    if (!op->known || op->status == STATUS_OK)
        return hits;
    if (op->status == STATUS_NO_KEY)
        return !hits && is_absent;
    if ((env->dialect & (HISTORY_ABSENT_IS_EMPTY | HISTORY_CAS_FAILS_PLAINLY)) != 0)
        return !hits;
    return !hits && !is_absent;
}

static int step_delete(const struct model_env *env, uint32_t state, const struct model_op *op,
                       uint32_t *ret)
{
    bool is_absent = state == absent(env);
    bool either = (env->dialect & (HISTORY_ABSENT_IS_EMPTY | HISTORY_DELETE_OK_PLAINLY)) != 0;

    *ret = absent(env);
    if (!op->known)
        return 1;
    return op->status == STATUS_NO_KEY ? is_absent : !is_absent || either;
}

static int value_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                      uint32_t *ret)
{
    int rc = 1;

    switch ((enum op_kind)op->kind) {
    case OP_GET: return step_get(env, state, op, ret);
    case OP_PUT: *ret = op->value; break;
    case OP_APPEND:
        rc = strings_append(env->strings, state, op->value, ret);
        rc = rc < 0 ? rc : 1;
        break;
    case OP_CAS: rc = step_cas(env, state, op, ret); break;
    case OP_DELETE: rc = step_delete(env, state, op, ret); break;
    default: return 0;
    }
    if (rc < 0)
        return rc;
    return rc == 1 && (op->known || *ret != state);
}

static bool value_observes(const struct model_env *env, const struct model_op *op)
{
    (void)env;
    if (op->kind == OP_GET)
        return true;
    if (!op->known)
        return false;
    /* A cas from a value to itself changes nothing even when it succeeds. */
    if (op->kind == OP_CAS && !op->expects_absent && op->value == op->expected)
        return true;
    return (op->kind == OP_CAS || op->kind == OP_DELETE) && op->status != STATUS_OK;
}

/* The one state that the answer fits, if there is one. A cas of unknown outcome has a place in an
 * order only where it succeeds. */
static bool wanted_state(const struct model_env *env, const struct model_op *op, uint32_t *ret)
{
    bool no_key = op->status == STATUS_NO_KEY;

    if (op->known ? op->status == STATUS_MISMATCH : op->kind != OP_CAS)
        return false;
    if (no_key || (op->kind == OP_CAS && op->expects_absent))
        *ret = absent(env);
    else if (op->kind == OP_GET)
        *ret = op->result;
    else
        *ret = op->expected;
    return no_key || op->kind == OP_GET || op->kind == OP_CAS;
}

static struct model_effect value_effect(const struct model_env *env, const struct model_op *op)
{
    struct model_effect e = {.kind = EFFECT_NONE};

    e.wants = wanted_state(env, op, &e.wanted);
    e.minds = e.wants || (op->kind == OP_CAS && !op->expects_absent);
    e.minded = e.wants ? e.wanted : op->expected;
    if (value_observes(env, op))
        return e;
    e.kind = op->kind == OP_APPEND ? EFFECT_APPEND : EFFECT_SET;
    e.left = op->kind == OP_DELETE ? absent(env) : op->value;
    e.blind = op->kind == OP_PUT || op->kind == OP_APPEND;
    e.hides = op->kind == OP_PUT || op->kind == OP_DELETE;
    return e;
}

static int value_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    struct buf bytes = {0};
    int rc;

    if (state == STRING_ABSENT)
        return buf_printf(out, "absent");
    rc = strings_bytes(env->strings, state, &bytes);
    if (rc == 0)
        rc = describe_bytes(buf_slice(&bytes), out);
    buf_free(&bytes);
    return rc;
}

#define VALUE_MODEL(shown_name, shown_kinds)                                                       \
    {                                                                                              \
        .name = shown_name, .noun = "register", .kinds = shown_kinds, .initial = value_initial,    \
        .step = value_step, .observes = value_observes, .effect = value_effect,                    \
        .describe_state = value_describe,                                                          \
    }

const struct model model_register = VALUE_MODEL("register", 1u << OP_GET | 1u << OP_PUT);

const struct model model_cas_register =
    VALUE_MODEL("cas-register", 1u << OP_GET | 1u << OP_PUT | 1u << OP_CAS);

const struct model model_kv = VALUE_MODEL("kv", 1u << OP_GET | 1u << OP_PUT | 1u << OP_CAS |
                                                    1u << OP_APPEND | 1u << OP_DELETE);
