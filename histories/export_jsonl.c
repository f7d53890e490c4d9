#include "histories/accounts.h"
#include "histories/export.h"
#include "histories/jsonl.h"
#include "histories/quote.h"

#include <inttypes.h>

/* JSON lines: everything that a history of our own holds. Fields that are empty or 0 are left out
 * where the reader takes their absence for that. */

static int jsonl_admits(struct exporter *x, struct err *e)
{
    (void)x;
    (void)e;
    return 0;
}

static int put(struct exporter *x, const char *text)
{
    return buf_append_slice(&x->out, slice_str(text));
}

static int put_bytes(struct exporter *x, const char *name, struct slice bytes)
{
    int rc = buf_printf(&x->out, ",\"%s\":", name);

    return rc < 0 ? rc : quote_append(&x->out, bytes);
}

static int put_some_bytes(struct exporter *x, const char *name, struct slice bytes)
{
    return bytes.len == 0 ? 0 : put_bytes(x, name, bytes);
}

static int put_number(struct exporter *x, const char *name, uint64_t value)
{
    return value == 0 ? 0 : buf_printf(&x->out, ",\"%s\":%" PRIu64, name, value);
}

static int end_line(struct exporter *x, const struct history_event *event)
{
    int rc = put_number(x, "time", (uint64_t)event->time_ns);

    return rc < 0 ? rc : put(x, "}\n");
}

/* --- the header ----------------------------------------------------------------------------- */

static int put_nodes(struct exporter *x, const struct history_header *header)
{
    int rc = header->n_nodes == 0 ? 0 : put(x, ",\"nodes\":[");

    for (size_t i = 0; rc == 0 && i < header->n_nodes; i++)
        rc = buf_printf(&x->out, "%s%" PRIu64, i == 0 ? "" : ",", header->nodes[i]);
    return rc == 0 && header->n_nodes > 0 ? put(x, "]") : rc;
}

/* A reader wants to be told a bank's accounts; of one without, that there are none. */
static int put_options(struct exporter *x, const struct history_header *header)
{
    bool bare = accounts_matter(header) && !accounts_known(header);
    size_t n = header->n_options + bare;
    int rc = n == 0 ? 0 : put(x, ",\"options\":{");

    for (size_t i = 0; rc == 0 && i < header->n_options; i++) {
        rc = quote_append(&x->out, slice_str(header->options[i].name));
        if (rc == 0)
            rc = put(x, ":");
        if (rc == 0)
            rc = quote_append(&x->out, slice_str(header->options[i].value));
        if (rc == 0 && i + 1 < n)
            rc = put(x, ",");
    }
    if (rc == 0 && bare)
        rc = put(x, "\"accounts\":\"\"");
    return rc == 0 && n > 0 ? put(x, "}") : rc;
}

static int jsonl_put_header(struct exporter *x, const struct history_header *header)
{
    int rc = buf_printf(&x->out, "{\"rift\":%d", HISTORY_FORMAT_VERSION);

    if (rc == 0)
        rc = put_bytes(x, "model", slice_str(header->model));
    if (rc == 0)
        rc = put_number(x, "dialect", header->dialect);
    if (rc == 0)
        rc = put_some_bytes(x, "workload", slice_str(header->workload));
    if (rc == 0)
        rc = put_some_bytes(x, "cluster", slice_str(header->cluster));
    if (rc == 0)
        rc = put_number(x, "seed", header->seed);
    if (rc == 0)
        rc = put_number(x, "started_wall_ns", (uint64_t)header->started_wall_ns);
    if (rc == 0)
        rc = put_nodes(x, header);
    if (rc == 0)
        rc = put_options(x, header);
    return rc == 0 ? put(x, "}\n") : rc;
}

/* --- events --------------------------------------------------------------------------------- */

static int start_line(struct exporter *x, enum jsonl_type type, uint32_t process)
{
    return buf_printf(&x->out, "{\"type\":\"%s\",\"process\":%u", jsonl_type_name(type), process);
}

static int jsonl_invoke(struct exporter *x, const struct history_op *op,
                        const struct history_event *event)
{
    int rc = start_line(x, JSONL_INVOKE, op->process);

    if (rc == 0)
        rc = buf_printf(&x->out, ",\"f\":\"%s\"", op_kind_name(op->kind));
    if (rc == 0)
        rc = put_some_bytes(x, "family", op->family);
    if (rc == 0)
        rc = put_some_bytes(x, "key", op->key);
    if (rc == 0 && op->kind == OP_CAS)
        rc = op->expects_absent ? put(x, ",\"expected\":null")
                                : put_bytes(x, "expected", op->expected);
    if (rc == 0 && op_takes_value(op->kind))
        rc = put_bytes(x, "value", op->value);
    return rc == 0 ? end_line(x, event) : rc;
}

static int jsonl_complete(struct exporter *x, const struct history_op *op,
                          const struct history_event *event)
{
    enum jsonl_type type = op->outcome == OUTCOME_OK     ? JSONL_OK
                           : op->outcome == OUTCOME_FAIL ? JSONL_FAIL
                                                         : JSONL_INFO;
    int rc = start_line(x, type, op->process);

    if (rc == 0)
        rc = buf_printf(&x->out, ",\"status\":\"%s\"", op_status_name(op->status));
    if (rc == 0 && type == JSONL_OK && op->status == STATUS_OK && op_returns_value(op->kind))
        rc = put_bytes(x, "value", op->result);
    if (rc == 0)
        rc = put_number(x, "node", event->node);
    if (rc == 0)
        rc = put_number(x, "term", event->term);
    return rc == 0 ? end_line(x, event) : rc;
}

/* From and to in turn: nodes are their ids, the places of clerks are negative. */
static int put_cuts(struct exporter *x, const struct history_event *event)
{
    int rc = event->n_cuts == 0 ? 0 : put(x, ",\"cuts\":[");

    for (size_t i = 0; rc == 0 && i < event->n_cuts; i++)
        rc = buf_printf(&x->out, "%s%" PRId64 ",%" PRId64, i == 0 ? "" : ",", event->cuts[i].from,
                        event->cuts[i].to);
    return rc == 0 && event->n_cuts > 0 ? put(x, "]") : rc;
}

static int put_fault(struct exporter *x, const struct history_event *event)
{
    int rc = buf_printf(&x->out, "{\"type\":\"fault\",\"step\":%u,\"begins\":%s", event->fault,
                        event->begins ? "true" : "false");

    if (rc == 0)
        rc = put_bytes(x, "text", slice_str(event->text));
    if (rc == 0)
        rc = put_number(x, "dropped", event->dropped);
    if (rc == 0)
        rc = put_number(x, "delayed", event->delayed);
    if (rc == 0)
        rc = put_number(x, "duplicated", event->duplicated);
    if (rc == 0)
        rc = put_number(x, "reordered", event->reordered);
    if (rc == 0)
        rc = put_number(x, "killed", event->killed);
    if (rc == 0)
        rc = put_number(x, "paused", event->paused);
    return rc == 0 ? put_cuts(x, event) : rc;
}

static int jsonl_other(struct exporter *x, const struct history_event *event)
{
    int rc;

    switch (event->kind) {
    case HISTORY_ASK:
        rc = start_line(x, JSONL_ASK, event->process);
        if (rc == 0)
            rc = put_number(x, "node", event->node);
        break;
    case HISTORY_FAULT: rc = put_fault(x, event); break;
    case HISTORY_NODE:
        rc = buf_printf(&x->out, "{\"type\":\"node\",\"what\":\"%s\"",
                        history_node_what_name(event->what));
        if (rc == 0)
            rc = put_number(x, "node", event->node);
        if (rc == 0)
            rc = put_number(x, "term", event->term);
        break;
    default:
        rc = put(x, "{\"type\":\"note\"");
        if (rc == 0)
            rc = put_bytes(x, "text", slice_str(event->text));
        break;
    }
    return rc == 0 ? end_line(x, event) : rc;
}

const struct export_format export_jsonl = {jsonl_admits, jsonl_put_header, jsonl_invoke,
                                           jsonl_complete, jsonl_other};
