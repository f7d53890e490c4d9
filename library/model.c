#include "library/model.h"

#include "base/buf.h"
#include "checker/describe.h"

/* A caller's model as one of the checker's: states and values turn from numbers into bytes. */

struct rift_output {
    struct buf bytes;
};

int rift_output_append(struct rift_output *out, const void *data, size_t len)
{
    int rc = buf_append(&out->bytes, data, len);

    return rc == -E_LIMIT ? RIFT_LIMIT : rc < 0 ? RIFT_OUT_OF_MEMORY : 0;
}

static const struct rift_model *user(const struct model_env *env)
{
    return env->context;
}

/* What a caller's function returned, as a code of the checker's. */
static int code_of(int rc)
{
    if (rc >= 0)
        return rc > 0;
    return rc == RIFT_OUT_OF_MEMORY ? -E_NOMEM : -E_LIMIT;
}

static struct rift_bytes bytes_of(const struct model_env *env, uint32_t id)
{
    struct slice s = {0};

    if (id != STRING_ABSENT)
        s = strings_slice(env->strings, id);
    return (struct rift_bytes){.data = s.data, .len = s.len};
}

static struct rift_operation operation_of(const struct model_env *env, const struct model_op *op)
{
    return (struct rift_operation){
        .size = sizeof(struct rift_operation),
        .kind = (enum rift_kind)op->kind,
        .outcome = op->known ? RIFT_OK : RIFT_INFO,
        .answer = (enum rift_answer)op->status,
        .expects_absent = op->expects_absent,
        .value = bytes_of(env, op->value),
        .expected = bytes_of(env, op->expected),
        .result = bytes_of(env, op->result),
    };
}

static int custom_initial(const struct model_env *env, uint32_t *ret)
{
    struct rift_output out = {0};
    int rc = code_of(user(env)->initial(user(env)->context, &out));

    if (rc >= 0)
        rc = strings_copy(env->strings, buf_slice(&out.bytes), ret);
    buf_free(&out.bytes);
    return rc;
}

static int custom_step(const struct model_env *env, uint32_t state, const struct model_op *op,
                       uint32_t *ret)
{
    struct rift_operation asked = operation_of(env, op);
    struct rift_output out = {0};
    int legal = code_of(user(env)->step(user(env)->context, bytes_of(env, state), &asked, &out));
    int rc = 0;

    if (legal == 1)
        rc = strings_copy(env->strings, buf_slice(&out.bytes), ret);
    buf_free(&out.bytes);
    if (rc < 0 || legal != 1)
        return rc < 0 ? rc : legal;
    return op->known || *ret != state;
}

static bool custom_observes(const struct model_env *env, const struct model_op *op)
{
    struct rift_operation asked = operation_of(env, op);

    return op->known && user(env)->observes != NULL &&
           user(env)->observes(user(env)->context, &asked) != 0;
}

static int custom_describe(const struct model_env *env, uint32_t state, struct buf *out)
{
    struct rift_bytes bytes = bytes_of(env, state);
    struct rift_output text = {0};
    int rc;

    if (user(env)->describe == NULL)
        return describe_bytes(slice_of(bytes.data, bytes.len), out);
    rc = code_of(user(env)->describe(user(env)->context, bytes, &text));
    if (rc >= 0)
        rc = buf_append_slice(out, buf_slice(&text.bytes));
    buf_free(&text.bytes);
    return rc;
}

const char *library_model(const struct rift_model *from, struct library_model *ret)
{
    if (!library_take(&ret->user, sizeof ret->user, from))
        return "the model has no size";
    if (ret->user.name == NULL || ret->user.initial == NULL || ret->user.step == NULL)
        return "a model needs a name and the functions initial and step";
    ret->model = (struct model){
        .name = ret->user.name,
        .noun = ret->user.name,
        .kinds = ret->user.kinds,
        .context = &ret->user,
        .initial = custom_initial,
        .step = custom_step,
        .observes = custom_observes,
        .describe_state = custom_describe,
    };
    return NULL;
}
