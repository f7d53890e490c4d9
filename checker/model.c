#include "checker/model.h"

#include "checker/checker.h"
#include "checker/models/models.h"

static const struct model *const MODELS[] = {
    &model_register,    &model_cas_register, &model_multi_register, &model_kv,
    &model_list_append, &model_set,          &model_queue,          &model_priority_queue,
    &model_stack,       &model_counter,      &model_bank,           &model_mutex,
};

enum { N_MODELS = sizeof MODELS / sizeof MODELS[0] };

const struct model *model_find(const char *name)
{
    for (size_t i = 0; i < N_MODELS; i++) {
        if (strcmp(MODELS[i]->name, name) == 0)
            return MODELS[i];
    }
    return NULL;
}

const char *const *check_model_names(void)
{
    static const char *names[N_MODELS + 1];

    for (size_t i = 0; i < N_MODELS; i++)
        names[i] = MODELS[i]->name;
    return names;
}

/* The answers that observe the object. The others (busy, timeout...) say something about the way
 * there, and an operation that ended with one of them has not the outcome OK. */
static const uint32_t ANSWERS[OP_ANY_KIND_COUNT] = {
    [OP_GET] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_PUT] = 1u << STATUS_OK,
    [OP_APPEND] = 1u << STATUS_OK,
    [OP_CAS] = 1u << STATUS_OK | 1u << STATUS_MISMATCH | 1u << STATUS_NO_KEY,
    [OP_DELETE] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_ADD] = 1u << STATUS_OK | 1u << STATUS_MISMATCH,
    [OP_REMOVE] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_CONTAINS] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_ENQUEUE] = 1u << STATUS_OK,
    [OP_DEQUEUE] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_PUSH] = 1u << STATUS_OK,
    [OP_POP] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_INSERT] = 1u << STATUS_OK,
    [OP_POLL] = 1u << STATUS_OK | 1u << STATUS_NO_KEY,
    [OP_LOCK] = 1u << STATUS_OK,
    [OP_UNLOCK] = 1u << STATUS_OK,
    [OP_TRANSFER] = 1u << STATUS_OK | 1u << STATUS_MISMATCH,
};

int model_admits(const struct model *m, const struct history_header *header,
                 const struct history_op *op, struct err *e)
{
    if (op->kind >= OP_ANY_KIND_COUNT || (m->kinds >> op->kind & 1) == 0)
        return err_set(e, -E_INVAL, "process %u: the model '%s' has no operation '%s'", op->process,
                       m->name, op_kind_name(op->kind));
    if (op->outcome == OUTCOME_OK &&
        (op->status >= STATUS_COUNT || (ANSWERS[op->kind] >> op->status & 1) == 0))
        return err_set(e, -E_INVAL,
                       "process %u: '%s' cannot have the outcome 'ok' with status '%s'",
                       op->process, op_kind_name(op->kind), op_status_name(op->status));
    return m->admits == NULL ? 0 : m->admits(header, op, e);
}

int model_op_make(const struct model *m, const struct model_env *env, const struct history_op *op,
                  uint32_t key, struct model_op *ret)
{
    bool known = op->outcome == OUTCOME_OK;
    int rc = 0;

    memset(ret, 0, sizeof *ret); /* padding too: classes are found by comparing bytes */
    ret->kind = (uint8_t)op->kind;
    ret->known = known;
    ret->status = known ? (uint8_t)op->status : 0;
    ret->key = key;
    if (op_takes_value(op->kind))
        rc = strings_lend(env->strings, op->value, &ret->value);
    if (rc == 0 && op->kind == OP_CAS) {
        ret->expects_absent = op->expects_absent;
        if (!op->expects_absent)
            rc = strings_lend(env->strings, op->expected, &ret->expected);
    }
    if (rc == 0 && op_returns_value(op->kind) && known && op->status == STATUS_OK)
        rc = strings_lend(env->strings, op->result, &ret->result);
    return rc < 0 || m->prepare == NULL ? rc : m->prepare(env, ret);
}
