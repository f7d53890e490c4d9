#include "histories/edn_models.h"

#include <stdio.h>

static const struct edn_meaning kv[] = {
    {EDN_READ, OP_GET, EDN_FORM_NONE, EDN_FORM_VALUE},
    {EDN_WRITE, OP_PUT, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_CAS, OP_CAS, EDN_FORM_CAS, EDN_FORM_ECHO},
    {EDN_GET, OP_GET, EDN_FORM_NONE, EDN_FORM_VALUE},
    {EDN_PUT, OP_PUT, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_APPEND, OP_APPEND, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_DELETE, OP_DELETE, EDN_FORM_NONE, EDN_FORM_NONE},
};
/* The two smaller models have the first of these. */
enum { REGISTER_MEANINGS = 2, CAS_REGISTER_MEANINGS = 3 };

static const struct edn_meaning list_append[] = {
    {EDN_READ, OP_GET, EDN_FORM_NONE, EDN_FORM_ROW},
    {EDN_WRITE, OP_PUT, EDN_FORM_ROW, EDN_FORM_ECHO},
    {EDN_APPEND, OP_APPEND, EDN_FORM_ITEM, EDN_FORM_ECHO},
    {EDN_TXN, OP_GET, EDN_FORM_TXN, EDN_FORM_TXN},
};

static const struct edn_meaning multi_register[] = {
    {EDN_READ, OP_GET, EDN_FORM_NONE, EDN_FORM_MAP},
    {EDN_WRITE, OP_PUT, EDN_FORM_MAP, EDN_FORM_ECHO},
};

static const struct edn_meaning set[] = {
    {EDN_READ, OP_GET, EDN_FORM_NONE, EDN_FORM_SET},
    {EDN_ADD, OP_ADD, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_REMOVE, OP_REMOVE, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_CONTAINS, OP_CONTAINS, EDN_FORM_VALUE, EDN_FORM_IS_THERE},
};

static const struct edn_meaning queue[] = {
    {EDN_ENQUEUE, OP_ENQUEUE, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_DEQUEUE, OP_DEQUEUE, EDN_FORM_NONE, EDN_FORM_VALUE},
};

static const struct edn_meaning stack[] = {
    {EDN_PUSH, OP_PUSH, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_POP, OP_POP, EDN_FORM_NONE, EDN_FORM_VALUE},
};

static const struct edn_meaning priority_queue[] = {
    {EDN_INSERT, OP_INSERT, EDN_FORM_VALUE, EDN_FORM_ECHO},
    {EDN_POLL, OP_POLL, EDN_FORM_NONE, EDN_FORM_VALUE},
};

static const struct edn_meaning counter[] = {
    {EDN_READ, OP_GET, EDN_FORM_NONE, EDN_FORM_VALUE},
    {EDN_ADD, OP_ADD, EDN_FORM_VALUE, EDN_FORM_ECHO},
};

static const struct edn_meaning bank[] = {
    {EDN_READ, OP_GET, EDN_FORM_NONE, EDN_FORM_MAP},
    {EDN_TRANSFER, OP_TRANSFER, EDN_FORM_TRANSFER, EDN_FORM_ECHO},
};

static const struct edn_meaning mutex[] = {
    {EDN_ACQUIRE, OP_LOCK, EDN_FORM_NONE, EDN_FORM_NONE},
    {EDN_RELEASE, OP_UNLOCK, EDN_FORM_NONE, EDN_FORM_NONE},
    {EDN_LOCK, OP_LOCK, EDN_FORM_NONE, EDN_FORM_NONE},
    {EDN_UNLOCK, OP_UNLOCK, EDN_FORM_NONE, EDN_FORM_NONE},
};

/* A model whose table begins with another's stands behind it: edn_model_infer takes the first. */
#define ALL(table) sizeof(table) / sizeof(table)[0], table
#define BIT(name) (1u << EDN_##name)
static const struct edn_model models[] = {
    {"register", BIT(READ) | BIT(WRITE), REGISTER_MEANINGS, kv},
    {"cas-register", BIT(CAS), CAS_REGISTER_MEANINGS, kv},
    {"kv", BIT(GET) | BIT(PUT) | BIT(APPEND) | BIT(DELETE), ALL(kv)},
    {"list-append", BIT(APPEND) | BIT(TXN), ALL(list_append)},
    {"multi-register", 0, ALL(multi_register)},
    {"set", BIT(ADD) | BIT(REMOVE) | BIT(CONTAINS), ALL(set)},
    {"queue", BIT(ENQUEUE) | BIT(DEQUEUE), ALL(queue)},
    {"stack", BIT(PUSH) | BIT(POP), ALL(stack)},
    {"priority-queue", BIT(INSERT) | BIT(POLL), ALL(priority_queue)},
    {"counter", BIT(ADD), ALL(counter)},
    {"bank", BIT(TRANSFER), ALL(bank)},
    {"mutex", BIT(ACQUIRE) | BIT(RELEASE) | BIT(LOCK) | BIT(UNLOCK), ALL(mutex)},
};
enum { MODELS = sizeof models / sizeof models[0] };

const struct edn_model *edn_model_find(const char *name)
{
    for (size_t i = 0; i < MODELS; i++) {
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    }
    return NULL;
}

static uint32_t functions_of(const struct edn_model *m)
{
    uint32_t all = 0;

    for (size_t i = 0; i < m->n; i++)
        all |= 1u << m->meanings[i].function;
    return all;
}

const struct edn_model *edn_model_infer(uint32_t functions, char ret_names[EDN_MODEL_NAMES_MAX])
{
    const struct edn_model *first = NULL;
    size_t len = 0;
    bool several = false;

    ret_names[0] = '\0';
    for (size_t i = 0; i < MODELS; i++) {
        if ((functions & ~functions_of(&models[i])) != 0 || (functions & models[i].tells) == 0)
            continue;
        len += (size_t)snprintf(ret_names + len, EDN_MODEL_NAMES_MAX - len, "%s%s",
                                len == 0 ? "" : ", ", models[i].name);
        if (first == NULL)
            first = &models[i];
        else if (first->meanings != models[i].meanings)
            several = true;
    }
    return several ? NULL : first;
}

/* Every kind has its first function in the first model that knows it. */
static uint32_t function_of(unsigned kind)
{
    for (size_t i = 0; i < MODELS; i++) {
        const struct edn_meaning *m = edn_meaning_for(&models[i], (enum op_kind)kind);

        if (m != NULL)
            return 1u << m->function;
    }
    return 0;
}

const struct edn_model *edn_model_of_kinds(uint32_t kinds, char ret_names[EDN_MODEL_NAMES_MAX])
{
    uint32_t functions = 0;

    for (unsigned i = 0; i < OP_ANY_KIND_COUNT; i++)
        functions |= (kinds >> i & 1) != 0 ? function_of(i) : 0;
    return functions == 0 ? &models[0] : edn_model_infer(functions, ret_names);
}

const struct edn_meaning *edn_meaning_of(const struct edn_model *m, enum edn_function function)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->meanings[i].function == function)
            return &m->meanings[i];
    }
    return NULL;
}

const struct edn_meaning *edn_meaning_for(const struct edn_model *m, enum op_kind kind)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->meanings[i].kind == kind)
            return &m->meanings[i];
    }
    return NULL;
}
