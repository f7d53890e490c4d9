#include "base/items.h"
#include "histories/edn_header.h"
#include "histories/export.h"
#include "histories/quote.h"

#include <inttypes.h>
#include <stdio.h>

/* Op maps as Jepsen's history.edn has them. What a verdict depends on and Jepsen has no word for
 * stands under keys of our own (:rift/status, :rift/family), which other tools pass over. */

/* --- values --------------------------------------------------------------------------------- */

static int put(struct exporter *x, const char *text)
{
    return buf_append_slice(&x->out, slice_str(text));
}

/* The own bytes of the row's next item as a form: 1, or 0 at the end. */
static int put_item(struct exporter *x, struct slice *row)
{
    struct slice item;
    int rc = items_next(row, &item);

    if (rc != 1)
        return rc;
    buf_clear(&x->scratch);
    rc = items_unescape(item, &x->scratch);
    if (rc == 0)
        rc = edn_write(buf_slice(&x->scratch), &x->out);
    return rc < 0 ? rc : 1;
}

static int put_row(struct exporter *x, const char *open, struct slice row, const char *close)
{
    int rc = put(x, open);

    for (bool first = true; rc == 0 && row.len > 0; first = false) {
        if (!first)
            rc = put(x, " ");
        if (rc == 0)
            rc = put_item(x, &row);
        rc = rc == 1 ? 0 : rc;
    }
    return rc == 0 ? put(x, close) : rc;
}

static int put_transfer(struct exporter *x, struct slice row)
{
    static const char *const names[] = {"{:from ", ", :to ", ", :amount "};
    int rc = 0;

    for (int i = 0; rc == 0 && i < 3; i++) {
        rc = put(x, names[i]);
        if (rc == 0)
            rc = put_item(x, &row);
        rc = rc == 1 ? 0 : rc;
    }
    return rc == 0 ? put(x, "}") : rc;
}

/* Where values are appended to each other, they are strings, as the reader takes them then. */
static int put_whole(struct exporter *x, struct slice value)
{
    return x->joins ? quote_append(&x->out, value) : edn_write(value, &x->out);
}

static int put_cas(struct exporter *x, const struct history_op *op)
{
    int rc = put(x, "[");

    if (rc == 0)
        rc = op->expects_absent ? put(x, "nil") : put_whole(x, op->expected);
    if (rc == 0)
        rc = put(x, " ");
    if (rc == 0)
        rc = put_whole(x, op->value);
    return rc == 0 ? put(x, "]") : rc;
}

static int put_form(struct exporter *x, enum edn_form form, const struct history_op *op,
                    struct slice value)
{
    switch (form) {
    case EDN_FORM_VALUE: return put_whole(x, value);
    case EDN_FORM_ITEM: {
        int rc = put_item(x, &value);

        return rc == 1 ? 0 : rc;
    }
    case EDN_FORM_CAS: return put_cas(x, op);
    case EDN_FORM_ROW: return put_row(x, "[", value, "]");
    case EDN_FORM_SET: return put_row(x, "#{", value, "}");
    case EDN_FORM_MAP: return put_row(x, "{", value, "}");
    case EDN_FORM_TRANSFER: return put_transfer(x, value);
    case EDN_FORM_TRUE: return put(x, "true");
    case EDN_FORM_FALSE: return put(x, "false");
    default: return put(x, "nil");
    }
}

/* --- whether it can be said ----------------------------------------------------------------- */

/* nil means that there is nothing: no operation can be given it as its value or key. */
static bool is_nil(struct slice bytes)
{
    return slice_equal(bytes, slice_str("'nil"));
}

/* Items in the order of their bytes, each once; `stride` 2: of every second. 1 or 0, or -E_NOMEM.
 */
static int is_sorted(struct slice row, size_t stride, struct buf names[2])
{
    struct slice item;
    size_t n = 0;
    int rc;

    for (; (rc = items_next(&row, &item)) == 1; n++) {
        struct buf *name = &names[n / stride % 2];

        if (n % stride != 0)
            continue;
        buf_clear(name);
        rc = items_unescape(item, name);
        if (rc < 0)
            return rc;
        if (n > 0 && slice_compare(buf_slice(&names[(n / stride + 1) % 2]), buf_slice(name)) >= 0)
            return 0;
    }
    return rc == 0 ? n % stride == 0 : rc;
}

static int count_items(struct slice row, size_t *ret)
{
    struct slice item;
    int rc;

    *ret = 0;
    while ((rc = items_next(&row, &item)) == 1)
        ++*ret;
    return rc;
}

/* 1, 0 or -E_NOMEM. */
static int can_put(enum edn_form form, const struct history_op *op, struct slice value)
{
    struct buf names[2] = {{0}, {0}};
    size_t n = 0;
    int rc = 1;

    switch (form) {
    case EDN_FORM_VALUE: return !is_nil(value);
    case EDN_FORM_CAS: return !is_nil(value) && (op->expects_absent || !is_nil(op->expected));
    case EDN_FORM_ITEM:
        return count_items(value, &n) == 0 && n == 1 &&
               !is_nil(slice_of(value.data, value.len - 1));
    case EDN_FORM_ROW: return count_items(value, &n) == 0;
    case EDN_FORM_TRANSFER: return count_items(value, &n) == 0 && n == 3;
    case EDN_FORM_SET:
    case EDN_FORM_MAP:
        rc = is_sorted(value, form == EDN_FORM_MAP ? 2 : 1, names);
        buf_free(&names[0]);
        buf_free(&names[1]);
        return rc == -E_PARSE ? 0 : rc;
    default: return 1;
    }
}

static int admit(struct exporter *x, size_t i, struct err *e)
{
    const struct history_op *op = &x->h->ops[i];
    const struct edn_meaning *m = edn_meaning_for(x->model, op->kind);
    bool found = op->outcome == OUTCOME_OK && op->status == STATUS_OK && op_returns_value(op->kind);
    int rc;

    if (m == NULL)
        return export_refuse(x, i, "the model of the history has no such operation", e);
    if (is_nil(op->key) || is_nil(op->family))
        return export_refuse(x, i, "EDN takes this key for nil", e);
    rc = can_put(m->question, op, op->value);
    if (rc == 1 && found)
        rc = can_put(m->answer, op, op->result);
    if (rc < 0)
        return err_set(e, rc, "operation %zu: %s", i, err_text(rc));
    return rc == 1 ? 0 : export_refuse(x, i, "EDN has no such value for this model", e);
}

static int edn_admits(struct exporter *x, struct err *e)
{
    int rc = 0;
    bool puts = false;

    x->model = edn_model_find(x->h->header.model);
    if (x->model == NULL)
        return err_set(e, -E_UNSUPPORTED, "no function of Jepsen's is known for the model '%s'",
                       x->h->header.model);
    for (size_t i = 0; rc == 0 && i < x->h->n_ops; i++) {
        x->keyed |= x->h->ops[i].key.len > 0;
        puts |= x->h->ops[i].kind == OP_PUT;
        x->joins |= x->h->ops[i].kind == OP_APPEND && strcmp(x->model->name, "kv") == 0;
        rc = admit(x, i, e);
    }
    x->transactions = !puts && edn_meaning_of(x->model, EDN_TXN) != NULL;
    return rc;
}

/* --- lines ---------------------------------------------------------------------------------- */

static int end_line(struct exporter *x, int64_t time_ns)
{
    return buf_printf(&x->out, ", :time %" PRId64 ", :index %" PRIu64 "}\n", time_ns, x->n_lines++);
}

static int start_line(struct exporter *x, const struct history_op *op, const char *type)
{
    enum edn_function f = x->transactions ? EDN_TXN : edn_meaning_for(x->model, op->kind)->function;

    return buf_printf(&x->out, "{:process %u, :type :%s, :f :%s, :value ", op->process, type,
                      edn_function_name(f));
}

/* What Elle and Jepsen check lists by: a transaction of one step. */
static int put_step(struct exporter *x, enum edn_form form, const struct history_op *op,
                    struct slice value)
{
    int rc = put(x, op->kind == OP_APPEND ? "[[:append " : "[[:r ");

    if (rc == 0)
        rc = edn_write(op->key, &x->out);
    if (rc == 0)
        rc = put(x, " ");
    if (rc == 0)
        rc = put_form(x, form, op, value);
    return rc == 0 ? put(x, "]]") : rc;
}

/* `[key value]`, or the value alone. */
static int put_value(struct exporter *x, enum edn_form form, const struct history_op *op,
                     struct slice value)
{
    int rc = 0;

    if (x->transactions)
        return put_step(x, form, op, value);
    if (x->keyed) {
        rc = put(x, "[");
        if (rc == 0)
            rc = edn_write(op->key, &x->out);
        if (rc == 0)
            rc = put(x, " ");
    }
    if (rc == 0)
        rc = put_form(x, form, op, value);
    return rc == 0 && x->keyed ? put(x, "]") : rc;
}

static int put_question(struct exporter *x, const struct history_op *op)
{
    return put_value(x, edn_meaning_for(x->model, op->kind)->question, op, op->value);
}

static int edn_header(struct exporter *x, const struct history_header *header)
{
    x->left->header |= header->workload[0] != '\0' || header->cluster[0] != '\0' ||
                       header->seed != 0 || header->n_nodes > 0 || header->started_wall_ns != 0;
    x->n_lines = 1;
    return edn_header_write(header, x->keyed, &x->out);
}

static int edn_invoke(struct exporter *x, const struct history_op *op,
                      const struct history_event *event)
{
    int rc = start_line(x, op, "invoke");

    if (rc == 0)
        rc = put_question(x, op);
    if (rc == 0 && op->family.len > 0) {
        rc = put(x, ", :rift/family ");
        if (rc == 0)
            rc = edn_write(op->family, &x->out);
    }
    return rc == 0 ? end_line(x, event->time_ns) : rc;
}

/* What an operation that is ok answered; *ret_natural is the status that a reader takes that for.
 */
static int put_answer(struct exporter *x, const struct history_op *op, enum op_status *ret_natural)
{
    enum edn_form form = edn_meaning_for(x->model, op->kind)->answer;
    bool ok = op->status == STATUS_OK;

    *ret_natural = STATUS_OK;
    if (form == EDN_FORM_ECHO || form == EDN_FORM_NONE)
        return put_question(x, op);
    *ret_natural = ok ? STATUS_OK : STATUS_NO_KEY;
    if (form == EDN_FORM_IS_THERE)
        return put_value(x, ok ? EDN_FORM_TRUE : EDN_FORM_FALSE, op, op->value);
    return put_value(x, ok ? form : EDN_FORM_NONE, op, op->result);
}

/* Jepsen's clients call a compare that failed :fail; with an :error, it was not carried out. */
static int edn_complete(struct exporter *x, const struct history_op *op,
                        const struct history_event *event)
{
    bool ok = op->outcome == OUTCOME_OK;
    bool failed_cas = ok && op->kind == OP_CAS && op->status != STATUS_OK;
    enum op_status natural = failed_cas ? STATUS_MISMATCH : STATUS_TIMEOUT;
    bool reason_lost = op->outcome == OUTCOME_FAIL && op->status <= STATUS_MISMATCH;
    int rc = start_line(x, op, failed_cas ? "fail" : op_outcome_name(op->outcome));

    if (rc == 0)
        rc = ok && !failed_cas ? put_answer(x, op, &natural) : put_question(x, op);
    if (rc == 0 && !ok)
        rc = buf_printf(&x->out, ", :error :%s", op_status_name(op->status));
    if (rc == 0 && op->status != natural && !reason_lost)
        rc = buf_printf(&x->out, ", :rift/status :%s", op_status_name(op->status));
    x->left->reasons += reason_lost;
    x->left->answerers += event->node != 0;
    return rc == 0 ? end_line(x, event->time_ns) : rc;
}

static int put_text(struct exporter *x, const struct history_event *event, const char *process,
                    const char *f, const char *text)
{
    int rc = buf_printf(&x->out, "{:process :%s, :type :info, :f :%s, :value ", process, f);

    if (rc == 0)
        rc = quote_append(&x->out, slice_str(text));
    return rc == 0 ? end_line(x, event->time_ns) : rc;
}

static int edn_other(struct exporter *x, const struct history_event *event)
{
    char node[100];

    switch (event->kind) {
    case HISTORY_NOTE: return put_text(x, event, "rift", "rift/note", event->text);
    case HISTORY_FAULT:
        x->left->faults_as_notes++;
        return put_text(x, event, "nemesis", event->begins ? "begin" : "end", event->text);
    case HISTORY_NODE:
        x->left->faults_as_notes++;
        snprintf(node, sizeof node, "node %" PRIu64 " %s in term %" PRIu64, event->node,
                 history_node_what_name(event->what), event->term);
        return put_text(x, event, "rift", "node", node);
    default: x->left->asks++; return 0;
    }
}

const struct export_format export_edn = {edn_admits, edn_header, edn_invoke, edn_complete,
                                         edn_other};
