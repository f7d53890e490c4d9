#ifndef RIFT_HISTORIES_EDN_MODELS_H
#define RIFT_HISTORIES_EDN_MODELS_H

#include "base/op.h"
#include "histories/edn_ops.h"

/* What the functions of Jepsen's tests mean to each model: which operation of base/op.h, and how
 * its question and its answer are written. */

enum edn_form {
    EDN_FORM_NONE,     /* nothing that counts */
    EDN_FORM_ECHO,     /* an answer: nil, or what the operation was invoked with */
    EDN_FORM_VALUE,    /* one value; as an answer nil is no-key */
    EDN_FORM_ITEM,     /* one value, as a row of one item */
    EDN_FORM_CAS,      /* [from to] */
    EDN_FORM_ROW,      /* a vector, as a row of items */
    EDN_FORM_SET,      /* a set or vector, as a sorted row */
    EDN_FORM_MAP,      /* a map, as a sorted row of names and values */
    EDN_FORM_TRANSFER, /* {:from a :to b :amount n} */
    EDN_FORM_IS_THERE, /* an answer: true or false, or [element true] */
    EDN_FORM_TRUE,     /* these two are only written */
    EDN_FORM_FALSE,
    EDN_FORM_TXN, /* [[:append k v]] or [[:r k nil]]: the one step says the operation */
};

struct edn_meaning {
    enum edn_function function;
    enum op_kind kind;
    enum edn_form question;
    enum edn_form answer;
};

struct edn_model {
    const char *name;
    uint32_t tells; /* functions, bits: without one of them the model is not inferred */
    size_t n;
    const struct edn_meaning *meanings;
};

/* NULL when no function is known for a model of that name. */
const struct edn_model *edn_model_find(const char *name);

/* The one whose operations all these functions (bits 1 << EDN_...) are; of several that differ only
 * in what more they have, the smallest. NULL when several differ in more, or none has them: then
 * *ret_names lists them, or is empty. */
enum { EDN_MODEL_NAMES_MAX = 200 };
const struct edn_model *edn_model_infer(uint32_t functions, char ret_names[EDN_MODEL_NAMES_MAX]);

/* The same for operations by their kind, bits 1 << OP_...: an add is read as :add, and so on. */
const struct edn_model *edn_model_of_kinds(uint32_t kinds, char ret_names[EDN_MODEL_NAMES_MAX]);

/* What a function means to the model; NULL when it has none such. */
const struct edn_meaning *edn_meaning_of(const struct edn_model *m, enum edn_function function);

/* The same the other way round: how an operation is written. */
const struct edn_meaning *edn_meaning_for(const struct edn_model *m, enum op_kind kind);

#endif
