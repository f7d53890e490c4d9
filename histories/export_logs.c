#include "histories/export.h"

#include <ctype.h>

/* The two text logs: operations and their order, nothing else. */

static int put(struct exporter *x, const char *text)
{
    return buf_append_slice(&x->out, slice_str(text));
}

static int logs_header(struct exporter *x, const struct history_header *header)
{
    x->left->header = header->workload[0] != '\0' || header->cluster[0] != '\0' ||
                      header->seed != 0 || header->n_nodes > 0 || header->started_wall_ns != 0 ||
                      header->n_options > 0;
    return 0;
}

static int logs_other(struct exporter *x, const struct history_event *event)
{
    export_count_event(x, event);
    return 0;
}

/* An answer that no reader could make sense of stands in no log. */
static const char *strange_answer(const struct history_op *op)
{
    bool writes = op->kind == OP_PUT || op->kind == OP_APPEND;

    if (op->outcome != OUTCOME_OK || op->status == STATUS_OK)
        return NULL;
    if (writes || (op->kind == OP_GET && op->status != STATUS_NO_KEY))
        return "the format has no such answer";
    return NULL;
}

/* --- etcd ----------------------------------------------------------------------------------- */

static bool is_integer(struct slice s)
{
    size_t sign = s.len > 0 && s.data[0] == '-';

    for (size_t i = sign; i < s.len; i++) {
        if (!isdigit(s.data[i]))
            return false;
    }
    return s.len > sign;
}

static const char *etcd_lacks(const struct history_op *op)
{
    bool found = op->kind == OP_GET && op->outcome == OUTCOME_OK && op->status == STATUS_OK;

    if (op->key.len > 0 || op->family.len > 0)
        return "the format has one register only, without a name";
    if (op->kind != OP_GET && op->kind != OP_PUT && op->kind != OP_CAS)
        return "the format has read, write and cas only";
    if ((op_takes_value(op->kind) && !is_integer(op->value)) || (found && !is_integer(op->result)))
        return "the format has whole numbers only";
    if (op->kind == OP_CAS && (op->expects_absent || !is_integer(op->expected)))
        return "the format has whole numbers only";
    return strange_answer(op);
}

static int etcd_admits(struct exporter *x, struct err *e)
{
    bool plain = (x->h->header.dialect & HISTORY_CAS_FAILS_PLAINLY) != 0;

    for (size_t i = 0; i < x->h->n_ops; i++) {
        const struct history_op *op = &x->h->ops[i];
        const char *why = etcd_lacks(op);

        if (why != NULL)
            return export_refuse(x, i, why, e);
        x->left->less_exact += op->kind == OP_CAS && op->outcome == OUTCOME_OK &&
                               op->status != STATUS_OK && !(plain && op->status == STATUS_MISMATCH);
    }
    return 0;
}

static int etcd_line(struct exporter *x, const struct history_op *op, const char *type)
{
    const char *f = op->kind == OP_GET ? "read" : op->kind == OP_PUT ? "write" : "cas";

    return buf_printf(&x->out, "INFO  jepsen.util - %u\t:%s\t:%s\t", op->process, type, f);
}

static int etcd_question(struct exporter *x, const struct history_op *op)
{
    int rc = op->kind == OP_CAS ? put(x, "[") : 0;

    if (op->kind == OP_GET)
        return put(x, "nil\n");
    if (rc == 0 && op->kind == OP_CAS)
        rc = buf_append_slice(&x->out, op->expected);
    if (rc == 0 && op->kind == OP_CAS)
        rc = put(x, " ");
    if (rc == 0)
        rc = buf_append_slice(&x->out, op->value);
    return rc == 0 ? put(x, op->kind == OP_CAS ? "]\n" : "\n") : rc;
}

static int etcd_invoke(struct exporter *x, const struct history_op *op,
                       const struct history_event *event)
{
    int rc = etcd_line(x, op, "invoke");

    export_count_event(x, event);
    return rc == 0 ? etcd_question(x, op) : rc;
}

static int etcd_complete(struct exporter *x, const struct history_op *op,
                         const struct history_event *event)
{
    bool ok = op->outcome == OUTCOME_OK;
    bool failed_cas = ok && op->kind == OP_CAS && op->status != STATUS_OK;
    int rc = etcd_line(x, op, failed_cas ? "fail" : op_outcome_name(op->outcome));

    export_count_event(x, event);
    x->left->reasons += !ok && op->status != STATUS_TIMEOUT;
    if (rc < 0)
        return rc;
    if (!ok)
        return put(x, ":timed-out\n");
    if (op->kind != OP_GET || op->status != STATUS_OK)
        return etcd_question(x, op);
    rc = buf_append_slice(&x->out, op->result);
    return rc == 0 ? put(x, "\n") : rc;
}

const struct export_format export_etcd = {etcd_admits, logs_header, etcd_invoke, etcd_complete,
                                          logs_other};

/* --- Porcupine ------------------------------------------------------------------------------ */

static bool is_plain_string(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\' || s.data[i] == '\n')
            return false;
    }
    return true;
}

static const char *porcupine_lacks(const struct history_op *op)
{
    if (op->family.len > 0)
        return "the format has no families";
    if (op->kind != OP_GET && op->kind != OP_PUT && op->kind != OP_APPEND)
        return "the format has get, put and append only";
    if (!is_plain_string(op->key) || !is_plain_string(op->value) || !is_plain_string(op->result))
        return "the format has no strings with quotes, backslashes or newlines";
    return strange_answer(op);
}

static int porcupine_admits(struct exporter *x, struct err *e)
{
    bool alike = (x->h->header.dialect & HISTORY_ABSENT_IS_EMPTY) != 0;

    for (size_t i = 0; i < x->h->n_ops; i++) {
        const struct history_op *op = &x->h->ops[i];
        const char *why = porcupine_lacks(op);

        if (why != NULL)
            return export_refuse(x, i, why, e);
        x->left->less_exact += !alike && op->kind == OP_GET && op->outcome == OUTCOME_OK &&
                               op->result.len == 0;
    }
    return 0;
}

static int porcupine_line(struct exporter *x, const struct history_op *op, const char *type)
{
    int rc = buf_printf(&x->out, "{:process %u, :type :%s, :f :%s, :key \"", op->process, type,
                        op_kind_name(op->kind));

    if (rc == 0)
        rc = buf_append_slice(&x->out, op->key);
    return rc == 0 ? put(x, "\", :value ") : rc;
}

static int porcupine_string(struct exporter *x, struct slice bytes)
{
    int rc = put(x, "\"");

    if (rc == 0)
        rc = buf_append_slice(&x->out, bytes);
    return rc == 0 ? put(x, "\"}\n") : rc;
}

static int porcupine_invoke(struct exporter *x, const struct history_op *op,
                            const struct history_event *event)
{
    int rc = porcupine_line(x, op, "invoke");

    export_count_event(x, event);
    if (rc < 0)
        return rc;
    return op->kind == OP_GET ? put(x, "nil}\n") : porcupine_string(x, op->value);
}

static int porcupine_complete(struct exporter *x, const struct history_op *op,
                              const struct history_event *event)
{
    bool ok = op->outcome == OUTCOME_OK;
    int rc = porcupine_line(x, op, op_outcome_name(op->outcome));

    export_count_event(x, event);
    x->left->reasons += !ok && op->status != STATUS_TIMEOUT;
    if (rc < 0)
        return rc;
    return ok ? porcupine_string(x, op->kind == OP_GET ? op->result : op->value) : put(x, "nil}\n");
}

const struct export_format export_porcupine = {porcupine_admits, logs_header, porcupine_invoke,
                                               porcupine_complete, logs_other};
