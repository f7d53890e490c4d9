#include "base/check.h"
#include "histories/accounts.h"
#include "histories/arena.h"
#include "histories/build.h"
#include "histories/edn_forms.h"
#include "histories/edn_header.h"
#include "histories/import.h"

#include <stdio.h>
#include <stdlib.h>

/* The histories of Jepsen (history.edn): the op maps are read twice, once for which functions there
 * are and what the values look like, which tells the model and whether the values name keys, once
 * for what they mean. docs/convert.md has the rules. */

struct importer {
    struct edn_forms forms;
    const struct edn_model *model;
    bool keyed;     /* values are [key value] */
    int failed_cas; /* as in struct history_load_options */
    struct history *h;
    struct buf key;
    struct buf family;
};

/* --- keys ----------------------------------------------------------------------------------- */

/* What one operation says of whether values are [key value]. */
enum keyness { MAY_BE, IS_KEYED, IS_PLAIN };

static enum keyness keyness_of(const struct edn_op *op, const struct edn_meaning *m)
{
    if (op->shape == EDN_SHAPE_TUPLE)
        return IS_KEYED;
    if (m->question == EDN_FORM_TXN)
        return IS_PLAIN;
    switch (op->shape) {
    case EDN_SHAPE_PAIR_OF_NIL: return m->question == EDN_FORM_NONE ? IS_KEYED : MAY_BE;
    case EDN_SHAPE_PAIR_OF_VECTOR: return m->question == EDN_FORM_CAS ? IS_KEYED : MAY_BE;
    case EDN_SHAPE_PAIR: return m->question == EDN_FORM_CAS ? IS_PLAIN : MAY_BE;
    default: return IS_PLAIN;
    }
}

/* Every client's operations have to agree; where none says anything, pairs are [key value]. */
static int tell_keys(struct importer *im, const struct edn_ops *ops, struct err *e)
{
    bool said[3] = {false, false, false};
    size_t at[3] = {0, 0, 0};

    for (size_t i = 0; i < ops->n; i++) {
        const struct edn_op *op = &ops->items[i];
        enum keyness k;

        if (!op->is_client || op->type != EDN_INVOKE)
            continue;
        k = keyness_of(op, edn_meaning_of(im->model, (enum edn_function)op->function));
        if (!said[k])
            at[k] = op->at;
        said[k] = true;
    }
    if (said[IS_KEYED] && said[IS_PLAIN])
        return edn_expected(&im->forms.r, at[at[IS_KEYED] > at[IS_PLAIN] ? IS_KEYED : IS_PLAIN],
                            "either all values or none as [key value]; --keys yes or --keys no "
                            "says which",
                            e);
    im->keyed = !said[IS_PLAIN] && (said[IS_KEYED] || said[MAY_BE]);
    return 0;
}

/* --- the model ------------------------------------------------------------------------------ */

static int check_functions(const struct importer *im, const struct edn_ops *ops, struct err *e)
{
    for (size_t i = 0; i < ops->n; i++) {
        const struct edn_op *op = &ops->items[i];
        char what[100];

        if (!op->is_client || edn_meaning_of(im->model, (enum edn_function)op->function) != NULL)
            continue;
        snprintf(what, sizeof what, "a function of the model '%s'", im->model->name);
        return edn_expected(&im->forms.r, op->f_at, what, e);
    }
    return 0;
}

/* The functions of a history whose model nobody named. */
static int infer_model(struct importer *im, const struct edn_ops *ops, struct err *e)
{
    char names[EDN_MODEL_NAMES_MAX];
    char list[EDN_MODEL_NAMES_MAX];
    uint32_t functions = 0;
    size_t len = 0;

    for (size_t i = 0; i < ops->n; i++)
        functions |= ops->items[i].is_client ? 1u << ops->items[i].function : 0;
    im->model = functions == 0 ? edn_model_find("register") : edn_model_infer(functions, names);
    if (im->model != NULL)
        return 0;
    for (unsigned i = 0; i < EDN_FUNCTION_COUNT && len < sizeof list; i++) {
        if ((functions >> i & 1) != 0)
            len += (size_t)snprintf(list + len, sizeof list - len, " :%s",
                                    edn_function_name((enum edn_function)i));
    }
    if (names[0] == '\0')
        return err_set(e, -E_PARSE, "%s: no model has all of these functions:%s", im->forms.r.name,
                       list);
    return err_set(e, -E_PARSE, "%s: the functions%s fit several models (%s): --model says which",
                   im->forms.r.name, list, names);
}

/* The only model in which one value is put behind another. */
static bool joins_values(const struct importer *im, const struct edn_ops *ops)
{
    if (strcmp(im->model->name, "kv") != 0)
        return false;
    for (size_t i = 0; i < ops->n; i++) {
        if (ops->items[i].is_client && ops->items[i].function == EDN_APPEND)
            return true;
    }
    return false;
}

static int choose_model(struct importer *im, const struct history_load_options *o,
                        const char *named, const struct edn_ops *ops, struct err *e)
{
    const char *name = o->model != NULL ? o->model : named;

    if (name == NULL)
        return infer_model(im, ops, e);
    im->model = edn_model_find(name);
    if (im->model == NULL)
        return err_set(e, -E_PARSE, "%s: no function of Jepsen's is known for the model '%s'",
                       im->forms.r.name, name);
    return check_functions(im, ops, e);
}

/* --- questions ------------------------------------------------------------------------------ */

static struct edn_token token_at(struct edn *r, uint32_t at)
{
    struct edn_token t = {.kind = EDN_NIL, .at = at};

    /* It was read once without a mistake. */
    if (at > 0) {
        r->at = at;
        CHECK(edn_next(r, &t, NULL) == 0);
    }
    return t;
}

/* Where the value begins, behind its key when there is one. */
static int enter_value(struct importer *im, const struct edn_op *op, struct edn_token *ret,
                       struct slice *ret_key, struct err *e)
{
    struct edn *r = &im->forms.r;
    int rc;

    *ret = token_at(r, op->value_at);
    if (!im->keyed)
        return 0;
    if (op->value_at == 0)
        return edn_expected(r, op->at, "a :value that names the key", e);
    if (op->shape < EDN_SHAPE_PAIR_OF_NIL || op->shape > EDN_SHAPE_TUPLE)
        return edn_expected(r, ret->at, "[key value]", e);
    rc = edn_next(r, ret, e);
    if (rc == 0)
        rc = edn_forms_one(&im->forms, *ret, &im->key, e);
    *ret_key = buf_slice(&im->key);
    return rc < 0 ? rc : edn_next(r, ret, e);
}

/* What the operation asks. */
static int read_question(struct importer *im, const struct edn_op *in, struct op *op, struct err *e)
{
    const struct edn_meaning *m = edn_meaning_of(im->model, (enum edn_function)in->function);
    struct edn_token t;
    bool appends;
    int rc;

    op->kind = m->kind;
    if (m->question == EDN_FORM_TXN) {
        t = token_at(&im->forms.r, in->value_at);
        rc = edn_forms_step(&im->forms, t, &im->key, &appends, &t, e);
        op->key = buf_slice(&im->key);
        op->kind = rc == 0 && appends ? OP_APPEND : OP_GET;
        if (rc == 0)
            rc = appends ? edn_forms_question(&im->forms, EDN_FORM_ITEM, t, op, e)
                         : edn_skip(&im->forms.r, t, e);
        return rc < 0 ? rc : edn_forms_step_end(&im->forms, e);
    }
    rc = enter_value(im, in, &t, &op->key, e);
    return rc < 0 ? rc : edn_forms_question(&im->forms, m->question, t, op, e);
}

static int read_family(struct importer *im, const struct edn_op *in, struct op *op, struct err *e)
{
    int rc;

    if (in->family_at == 0)
        return 0;
    rc = edn_forms_one(&im->forms, token_at(&im->forms.r, in->family_at), &im->family, e);
    op->family = buf_slice(&im->family);
    return rc;
}

static int add_event(struct importer *im, const struct edn_op *in,
                     const struct history_event *event, struct err *e)
{
    int rc = history_add_event(im->h, event, e);

    return rc < 0 ? edn_blame(&im->forms.r, in->at, rc, e) : 0;
}

static int add_invoke(struct importer *im, const struct edn_op *in, struct err *e)
{
    struct history_event event = {
        .kind = HISTORY_INVOKE, .process = in->process, .time_ns = in->time_ns};
    int rc = read_question(im, in, &event.op, e);

    if (rc == 0)
        rc = read_family(im, in, &event.op, e);
    return rc < 0 ? rc : add_event(im, in, &event, e);
}

/* --- answers -------------------------------------------------------------------------------- */

/* What an answer repeats of its question has to be the same; nil repeats nothing. */
static int check_echo(struct importer *im, const struct edn_op *in, const struct history_op *asked,
                      struct err *e)
{
    struct op echo = {.kind = OP_GET};
    int rc = read_question(im, in, &echo, e);

    if (rc < 0)
        return rc;
    if (!slice_equal(echo.value, asked->value) || !slice_equal(echo.expected, asked->expected) ||
        echo.expects_absent != asked->expects_absent || !slice_equal(echo.key, asked->key))
        return edn_expected(&im->forms.r, in->value_at, "what the operation was invoked with", e);
    return 0;
}

/* The answer of a transaction of one step repeats the step; a read has its list in it. */
static int read_step_answer(struct importer *im, const struct edn_op *in,
                            const struct history_op *asked, struct history_event *event,
                            struct err *e)
{
    struct edn_token t = token_at(&im->forms.r, in->value_at);
    bool appends;
    int rc;

    if (asked->kind == OP_APPEND)
        return in->value_at == 0 ? 0 : check_echo(im, in, asked, e);
    rc = edn_forms_step(&im->forms, t, &im->key, &appends, &t, e);
    if (rc == 0 && (appends || !slice_equal(buf_slice(&im->key), asked->key)))
        rc = edn_expected(&im->forms.r, in->value_at, "the step that was invoked", e);
    if (rc == 0)
        rc = edn_forms_answer(&im->forms, EDN_FORM_ROW, t, &event->value, &event->status, e);
    return rc < 0 ? rc : edn_forms_step_end(&im->forms, e);
}

static int read_ok(struct importer *im, const struct edn_op *in, const struct history_op *asked,
                   struct history_event *event, struct err *e)
{
    const struct edn_meaning *m = edn_meaning_of(im->model, (enum edn_function)in->function);
    struct slice key = asked->key;
    struct edn_token t;
    int rc;

    if (m->answer == EDN_FORM_TXN)
        return read_step_answer(im, in, asked, event, e);
    if (in->value_at == 0 && (m->answer == EDN_FORM_ECHO || m->answer == EDN_FORM_NONE))
        return 0;
    rc = enter_value(im, in, &t, &key, e);
    if (rc < 0)
        return rc;
    if (!slice_equal(key, asked->key))
        return edn_expected(&im->forms.r, in->value_at, "the key that was invoked", e);
    if (m->answer == EDN_FORM_ECHO)
        return t.kind == EDN_NIL ? 0 : check_echo(im, in, asked, e);
    rc = edn_forms_answer(&im->forms, m->answer, t, &event->value, &event->status, e);
    if (rc == 0 && m->answer == EDN_FORM_IS_THERE && t.kind == EDN_VECTOR &&
        !slice_equal(event->value, asked->value))
        rc = edn_expected(&im->forms.r, t.at, "the element that was asked for", e);
    return rc;
}

/* A compare that failed is an answer, which has to fit the order. One that says why it failed was
 * rather not carried out: the error is a timeout or a refusal in most clients. */
static bool is_mismatch(const struct importer *im, const struct edn_op *in,
                        const struct history_op *asked)
{
    if (asked->kind != OP_CAS || im->failed_cas == HISTORY_FAILED_CAS_NEVER_RAN)
        return false;
    return im->failed_cas == HISTORY_FAILED_CAS_MISMATCH || !in->names_error;
}

static int read_answer(struct importer *im, const struct edn_op *in, const struct history_op *asked,
                       struct history_event *event, struct err *e)
{
    enum op_status named = in->status > 0 ? (enum op_status)(in->status - 1) : STATUS_TIMEOUT;

    event->status = named;
    if (in->type == EDN_FAIL && in->status > 0 && named <= STATUS_MISMATCH) {
        event->outcome = OUTCOME_OK;
    } else if (in->type == EDN_FAIL && in->status == 0 && is_mismatch(im, in, asked)) {
        event->outcome = OUTCOME_OK;
        event->status = STATUS_MISMATCH;
    } else if (in->type != EDN_OK) {
        event->outcome = in->type == EDN_FAIL ? OUTCOME_FAIL : OUTCOME_INFO;
    } else {
        int rc;

        event->outcome = OUTCOME_OK;
        event->status = STATUS_OK;
        rc = read_ok(im, in, asked, event, e);
        if (in->status > 0)
            event->status = named;
        return rc;
    }
    return 0;
}

static int add_complete(struct importer *im, const struct edn_op *in, struct err *e)
{
    const struct history_op *asked = build_open_op(im->h, in->process);
    struct history_event event = {
        .kind = HISTORY_COMPLETE, .process = in->process, .time_ns = in->time_ns};
    int rc = 0;

    /* Without a question there is nothing to read the answer by: history_add_event says so. */
    if (asked != NULL) {
        const struct edn_meaning *m = edn_meaning_of(im->model, (enum edn_function)in->function);

        if (m->question != EDN_FORM_TXN && m->kind != asked->kind)
            return edn_expected(&im->forms.r, in->f_at, "the function that the process invoked", e);
        rc = read_answer(im, in, asked, &event, e);
    }
    return rc < 0 ? rc : add_event(im, in, &event, e);
}

/* --- everybody else ------------------------------------------------------------------------- */

enum { NOTE_BYTES_MAX = 4096 }; /* a longer one is cut */

/* The text of the field at an offset, as it stands there. */
static int append_form(struct importer *im, uint32_t at, struct buf *out, struct err *e)
{
    struct edn_token t = token_at(&im->forms.r, at);
    int rc = at == 0 ? 0 : edn_skip(&im->forms.r, t, e);

    if (rc < 0 || at == 0)
        return rc;
    if (out->len > 0)
        rc = buf_append_byte(out, ' ');
    if (rc == 0)
        rc = buf_append(out, im->forms.r.text.data + t.at, im->forms.r.at - t.at);
    return rc < 0 ? err_set(e, rc, "%s: %s", im->forms.r.name, err_text(rc)) : 0;
}

/* What the nemesis did, as a sentence: `:nemesis :start [:n1 :n2]`. A note that this program has
 * written is a string that stands for itself. */
static int add_note(struct importer *im, const struct edn_op *in, struct err *e)
{
    struct history_event event = {.kind = HISTORY_NOTE, .time_ns = in->time_ns};
    struct buf text = {0};
    struct edn_token f = token_at(&im->forms.r, in->f_at);
    struct edn_token t = token_at(&im->forms.r, in->value_at);
    int rc = 0;

    if (slice_equal(edn_name(f), slice_str("rift/note")) && t.kind == EDN_STRING) {
        rc = edn_string(&im->forms.r, t, &text, e);
    } else {
        rc = append_form(im, in->process_at, &text, e);
        if (rc == 0)
            rc = append_form(im, in->f_at, &text, e);
        if (rc == 0)
            rc = append_form(im, in->value_at, &text, e);
        text.len = text.len < NOTE_BYTES_MAX ? text.len : NOTE_BYTES_MAX;
    }
    for (uint8_t *nul; text.len > 0 && (nul = memchr(text.data, 0, text.len)) != NULL;)
        *nul = ' ';
    if (rc == 0)
        rc = buf_append_byte(&text, '\0');
    event.text = (const char *)text.data;
    if (rc == 0)
        rc = add_event(im, in, &event, e);
    buf_free(&text);
    return rc;
}

/* --- whole ---------------------------------------------------------------------------------- */

static int add_op(struct importer *im, const struct edn_op *in, struct err *e)
{
    if (!in->is_client)
        return add_note(im, in, e);
    return in->type == EDN_INVOKE ? add_invoke(im, in, e) : add_complete(im, in, e);
}

/* The line that this program writes in front of what it exports. */
static bool has_header(struct importer *im, const struct edn_ops *ops)
{
    struct edn_token f = {.kind = EDN_NIL};

    if (ops->n > 0 && !ops->items[0].is_client && ops->items[0].value_at > 0)
        f = token_at(&im->forms.r, ops->items[0].f_at);
    return slice_equal(edn_name(f), slice_str("rift/header"));
}

static int understand(struct importer *im, const struct edn_ops *ops, bool headed,
                      const struct history_load_options *o, struct err *e)
{
    struct arena arena = {.blocks = NULL};
    struct history_header header = {.version = HISTORY_FORMAT_VERSION,
                                    .dialect = HISTORY_CAS_FAILS_PLAINLY |
                                               HISTORY_DELETE_OK_PLAINLY};
    int keyed = -1;
    int rc = 0;

    if (headed)
        rc = edn_header_read(&im->forms.r, ops->items[0].value_at, &arena, &header, &keyed, e);
    if (rc == 0)
        rc = choose_model(im, o, header.model, ops, e);
    if (rc == 0 && strcmp(im->model->name, "bank") == 0 && o->accounts == NULL && !headed)
        rc = accounts_missing(im->forms.r.name, e);
    if (rc == 0 && o->keys == HISTORY_KEYS_TOLD && keyed < 0)
        rc = tell_keys(im, ops, e);
    else if (o->keys == HISTORY_KEYS_TOLD)
        im->keyed = keyed > 0;
    if (rc == 0) {
        im->forms.own_bytes = joins_values(im, ops);
        header.model = im->model->name;
        rc = import_new(im->forms.r.name, &header, o, &im->h, e);
    }
    arena_free(&arena);
    return rc;
}

int import_edn(const char *name, struct slice text, const struct history_load_options *o,
               struct history **ret, struct err *e)
{
    struct importer im = {.forms.r = {.name = name, .text = text},
                          .keyed = o->keys == HISTORY_KEYS,
                          .failed_cas = o->failed_cas};
    struct edn_ops ops;
    bool headed = false;
    int rc = edn_ops_read(&im.forms.r, &ops, e);

    if (rc == 0) {
        headed = has_header(&im, &ops);
        rc = understand(&im, &ops, headed, o, e);
    }
    for (size_t i = headed; rc == 0 && i < ops.n; i++)
        rc = add_op(&im, &ops.items[i], e);
    free(ops.items);
    edn_forms_free(&im.forms);
    buf_free(&im.key);
    buf_free(&im.family);
    if (rc < 0) {
        history_free(&im.h);
        return rc;
    }
    *ret = im.h;
    return 0;
}
