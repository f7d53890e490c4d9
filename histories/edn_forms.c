#include "histories/edn_forms.h"

#include "base/items.h"

void edn_forms_free(struct edn_forms *f)
{
    buf_free(&f->value);
    buf_free(&f->expected);
    buf_free(&f->item);
    sorter_free(&f->sorter);
}

static int out_of(const struct edn_forms *f, size_t at, int rc, struct err *e)
{
    return rc < 0 ? edn_blame(&f->r, at, err_set(e, rc, "a value: %s", err_text(rc)), e) : 0;
}

static int expected(const struct edn_forms *f, struct edn_token t, const char *what, struct err *e)
{
    return edn_expected(&f->r, t.at, what, e);
}

/* One value that is there. */
int edn_forms_one(struct edn_forms *f, struct edn_token t, struct buf *out, struct err *e)
{
    if (t.kind == EDN_NIL)
        return expected(f, t, "a value that is not nil", e);
    if (t.kind == EDN_CLOSE || t.kind == EDN_END)
        return expected(f, t, "a value", e);
    buf_clear(out);
    return edn_value(&f->r, t, out, e);
}

/* One value that is there, as what a key holds. */
static int read_whole(struct edn_forms *f, struct edn_token t, struct buf *out, struct err *e)
{
    int stands;
    int rc;

    if (!f->own_bytes || t.kind != EDN_STRING) {
        rc = edn_forms_one(f, t, out, e);
        f->had_other_form |= f->own_bytes;
    } else {
        buf_clear(out);
        rc = edn_string(&f->r, t, out, e);
        stands = rc == 0 ? edn_stands_for_form(buf_slice(out)) : rc;
        f->had_lookalike |= stands == 1;
        rc = stands < 0 && rc == 0 ? out_of(f, t.at, stands, e) : rc;
    }
    if (rc == 0 && f->had_lookalike && f->had_other_form)
        return expected(f, t,
                        "no strings that look like numbers or other forms beside such forms, in a "
                        "history that appends: the bytes would be the same",
                        e);
    return rc;
}

static int read_close(struct edn_forms *f, const char *what, struct err *e)
{
    struct edn_token t;
    int rc = edn_next(&f->r, &t, e);

    return rc < 0 || t.kind == EDN_CLOSE ? rc : expected(f, t, what, e);
}

/* `[from to]`; from may be nil: the key has to be absent. */
static int read_cas(struct edn_forms *f, struct edn_token t, struct op *op, struct err *e)
{
    int rc;

    if (t.kind != EDN_VECTOR)
        return expected(f, t, "[from to]", e);
    rc = edn_next(&f->r, &t, e);
    op->expects_absent = rc == 0 && t.kind == EDN_NIL;
    if (rc == 0 && !op->expects_absent)
        rc = read_whole(f, t, &f->expected, e);
    if (rc == 0)
        rc = edn_next(&f->r, &t, e);
    if (rc == 0)
        rc = read_whole(f, t, &f->value, e);
    if (rc == 0)
        rc = read_close(f, "the end of [from to]", e);
    if (!op->expects_absent)
        op->expected = buf_slice(&f->expected);
    return rc;
}

/* The elements of a vector, list or set as items, in their order. */
static int read_row(struct edn_forms *f, struct edn_token t, struct buf *out, struct err *e)
{
    size_t at = t.at;
    int rc;

    if (t.kind != EDN_VECTOR && t.kind != EDN_LIST && t.kind != EDN_SET)
        return expected(f, t, "a vector or set", e);
    buf_clear(out);
    for (rc = edn_next(&f->r, &t, e); rc == 0 && t.kind != EDN_CLOSE; rc = edn_next(&f->r, &t, e)) {
        buf_clear(&f->item);
        rc = edn_value(&f->r, t, &f->item, e);
        if (rc == 0)
            rc = out_of(f, at, items_add(out, buf_slice(&f->item)), e);
        if (rc < 0)
            break;
    }
    return rc;
}

/* The same sorted: every element, or every name with its value, once. */
static int read_sorted(struct edn_forms *f, struct edn_token t, bool pairs, struct buf *out,
                       struct err *e)
{
    bool is_name = true;
    size_t at = t.at;
    int rc;

    if (pairs ? t.kind != EDN_MAP : t.kind != EDN_VECTOR && t.kind != EDN_LIST && t.kind != EDN_SET)
        return expected(f, t, pairs ? "a map" : "a set or vector", e);
    sorter_start(&f->sorter, pairs);
    for (rc = edn_next(&f->r, &t, e); rc == 0 && t.kind != EDN_CLOSE; rc = edn_next(&f->r, &t, e)) {
        buf_clear(&f->item);
        rc = edn_value(&f->r, t, &f->item, e);
        if (rc == 0)
            rc = out_of(f, at, sorter_add(&f->sorter, buf_slice(&f->item)), e);
        if (rc < 0)
            return rc;
        is_name = !pairs || !is_name;
    }
    if (rc < 0)
        return rc;
    if (!is_name)
        return expected(f, t, "a value for the last key of the map", e);
    buf_clear(out);
    rc = sorter_finish(&f->sorter, out);
    return rc == -E_EXISTS ? edn_expected(&f->r, at, "nothing twice in a set or map", e)
                           : out_of(f, at, rc, e);
}

/* `{:from a, :to b, :amount n}` as three items. */
static int read_transfer(struct edn_forms *f, struct edn_token t, struct buf *out, struct err *e)
{
    static const char *const names[3] = {"from", "to", "amount"};
    struct edn_token parts[3] = {{.kind = EDN_END}, {.kind = EDN_END}, {.kind = EDN_END}};
    struct edn_token open = t;
    int rc;

    if (t.kind != EDN_MAP)
        return expected(f, t, "{:from account, :to account, :amount number}", e);
    for (rc = edn_next(&f->r, &t, e); rc == 0 && t.kind != EDN_CLOSE; rc = edn_next(&f->r, &t, e)) {
        struct edn_token value;

        rc = edn_skip(&f->r, t, e);
        if (rc == 0)
            rc = edn_next(&f->r, &value, e);
        for (int i = 0; rc == 0 && i < 3; i++) {
            if (slice_equal(edn_name(t), slice_str(names[i])))
                parts[i] = value;
        }
        if (rc == 0)
            rc = edn_skip(&f->r, value, e);
        if (rc < 0)
            return rc;
    }
    buf_clear(out);
    for (int i = 0; rc == 0 && i < 3; i++) {
        struct edn part = f->r;

        if (parts[i].kind == EDN_END)
            return expected(f, open, "{:from account, :to account, :amount number}", e);
        part.at = parts[i].at + parts[i].text.len;
        buf_clear(&f->item);
        rc = edn_value(&part, parts[i], &f->item, e);
        if (rc == 0)
            rc = out_of(f, open.at, items_add(out, buf_slice(&f->item)), e);
    }
    return rc;
}

static int read_item(struct edn_forms *f, struct edn_token t, struct err *e)
{
    int rc = edn_forms_one(f, t, &f->item, e);

    buf_clear(&f->value);
    return rc < 0 ? rc : out_of(f, t.at, items_add(&f->value, buf_slice(&f->item)), e);
}

int edn_forms_question(struct edn_forms *f, enum edn_form form, struct edn_token t, struct op *op,
                       struct err *e)
{
    int rc;

    switch (form) {
    case EDN_FORM_VALUE: rc = read_whole(f, t, &f->value, e); break;
    case EDN_FORM_ITEM: rc = read_item(f, t, e); break;
    case EDN_FORM_CAS: rc = read_cas(f, t, op, e); break;
    case EDN_FORM_ROW: rc = read_row(f, t, &f->value, e); break;
    case EDN_FORM_SET: rc = read_sorted(f, t, false, &f->value, e); break;
    case EDN_FORM_MAP: rc = read_sorted(f, t, true, &f->value, e); break;
    case EDN_FORM_TRANSFER: rc = read_transfer(f, t, &f->value, e); break;
    default: return 0;
    }
    op->value = buf_slice(&f->value);
    return rc;
}

/* `true`, or `[element true]`: then the element is in *ret_element. */
static int read_is_there(struct edn_forms *f, struct edn_token t, struct slice *ret_element,
                         enum op_status *ret, struct err *e)
{
    bool paired = t.kind == EDN_VECTOR;
    int rc = 0;

    if (paired) {
        rc = edn_next(&f->r, &t, e);
        if (rc == 0)
            rc = edn_forms_one(f, t, &f->value, e);
        *ret_element = buf_slice(&f->value);
        if (rc == 0)
            rc = edn_next(&f->r, &t, e);
    }
    if (rc == 0 && t.kind != EDN_TRUE && t.kind != EDN_FALSE)
        rc = expected(f, t, "true or false", e);
    *ret = t.kind == EDN_TRUE ? STATUS_OK : STATUS_NO_KEY;
    return rc == 0 && paired ? read_close(f, "the end of [element true]", e) : rc;
}

int edn_forms_answer(struct edn_forms *f, enum edn_form form, struct edn_token t,
                     struct slice *ret_value, enum op_status *ret_status, struct err *e)
{
    struct op op = {.kind = OP_GET};
    int rc;

    if (form == EDN_FORM_IS_THERE)
        return read_is_there(f, t, ret_value, ret_status, e);
    *ret_status = t.kind == EDN_NIL && form != EDN_FORM_NONE ? STATUS_NO_KEY : STATUS_OK;
    if (t.kind == EDN_NIL || form == EDN_FORM_NONE)
        return 0;
    rc = edn_forms_question(f, form, t, &op, e);
    *ret_value = op.value;
    return rc;
}

int edn_forms_step(struct edn_forms *f, struct edn_token t, struct buf *key, bool *ret_appends,
                   struct edn_token *ret_value, struct err *e)
{
    static const char what[] = "a transaction of one step, [[:append key value]] or [[:r key nil]]";
    struct edn_token name;
    int rc = 0;

    if (t.kind == EDN_VECTOR)
        rc = edn_next(&f->r, &t, e);
    if (rc == 0 && t.kind == EDN_VECTOR)
        rc = edn_next(&f->r, &name, e);
    if (rc == 0 && (t.kind != EDN_VECTOR || name.kind != EDN_KEYWORD))
        return expected(f, t, what, e);
    *ret_appends = rc == 0 && slice_equal(name.text, slice_str(":append"));
    if (rc == 0 && !*ret_appends && !slice_equal(name.text, slice_str(":r")))
        return expected(f, name, ":append or :r", e);
    if (rc == 0)
        rc = edn_next(&f->r, &t, e);
    if (rc == 0)
        rc = edn_forms_one(f, t, key, e);
    return rc < 0 ? rc : edn_next(&f->r, ret_value, e);
}

int edn_forms_step_end(struct edn_forms *f, struct err *e)
{
    int rc = read_close(f, "the end of the step", e);

    return rc < 0 ? rc
                  : read_close(f,
                               "the end of the transaction: those of several steps are not "
                               "single operations",
                               e);
}
