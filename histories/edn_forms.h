#ifndef RIFT_HISTORIES_EDN_FORMS_H
#define RIFT_HISTORIES_EDN_FORMS_H

#include "histories/edn_models.h"
#include "histories/sorter.h"

/* Reads the :value of an op map as the question or the answer that it is. What it returns is lent
 * until the next call. Errors: -E_PARSE (with the place), -E_NOMEM, -E_LIMIT. */
struct edn_forms {
    struct edn r; /* over the whole text; its place is wherever the last call left it */
    struct buf value;
    struct buf expected;
    struct buf item;
    struct sorter sorter;
    /* Where values are appended to each other, a string is its own bytes: quotes would stand in the
     * middle of the sum. Then strings that look like another form, and forms that are no strings,
     * cannot be told apart, and only one of the two may occur. */
    bool own_bytes;
    bool had_lookalike;
    bool had_other_form;
};

void edn_forms_free(struct edn_forms *f);

/* One value, which is not nil, as bytes. */
int edn_forms_one(struct edn_forms *f, struct edn_token t, struct buf *out, struct err *e);

/* Sets what of `op` the form holds: value, expected, expects_absent. */
int edn_forms_question(struct edn_forms *f, enum edn_form form, struct edn_token t, struct op *op,
                       struct err *e);

/* Sets the value of an answer that was ok, and whether it is no-key. Of [element true] the value is
 * the element. */
int edn_forms_answer(struct edn_forms *f, enum edn_form form, struct edn_token t,
                     struct slice *ret_value, enum op_status *ret_status, struct err *e);

/* A transaction of one step, `[[:append key value]]` or `[[:r key value]]`, up to the value's first
 * token; behind the value edn_forms_step_end closes it. */
int edn_forms_step(struct edn_forms *f, struct edn_token t, struct buf *key, bool *ret_appends,
                   struct edn_token *ret_value, struct err *e);
int edn_forms_step_end(struct edn_forms *f, struct err *e);

#endif
