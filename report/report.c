#include "report/parts.h"

#include "report/page.h"

#include <inttypes.h>

/* --- the run -------------------------------------------------------------------------------- */

static int put_member(struct buf *out, const char *name, const char *text)
{
    int rc = json_put_name(out, name);

    return rc < 0 ? rc : json_put_str(out, text);
}

static int put_verdict(const struct report_verdict *v, struct buf *out)
{
    int rc = put_member(out, "verdict", v->verdict);

    if (rc == 0)
        rc = json_put_name(out, "reason");
    if (rc == 0)
        rc = json_put_text(out, slice_str(v->reason == NULL ? "" : v->reason),
                           REPORT_REASON_BYTES_MAX);
    if (rc == 0)
        rc = put_member(out, "command", v->command);
    return rc < 0 ? rc : put_member(out, "also", v->also);
}

static int put_header(const struct history *h, struct buf *out)
{
    const struct history_header *header = &h->header;
    int rc = put_member(out, "model", header->model);

    if (rc == 0)
        rc = put_member(out, "workload", header->workload);
    if (rc == 0)
        rc = put_member(out, "cluster", header->cluster);
    if (rc == 0) /* a string: JavaScript's numbers do not hold 64 bits */
        rc = buf_printf(out, ",\"seed\":\"%" PRIu64 "\",\"started_ms\":%" PRId64 ",\"nodes\":[",
                        header->seed, header->started_wall_ns / 1000000);
    for (size_t i = 0; rc == 0 && i < header->n_nodes; i++)
        rc = buf_printf(out, "%s%" PRIu64, i == 0 ? "" : ",", header->nodes[i]);
    if (rc == 0)
        rc = buf_printf(out, "],\"options\":[");
    for (size_t i = 0; rc == 0 && i < header->n_options; i++) {
        rc = buf_printf(out, i == 0 ? "[" : ",[");
        if (rc == 0)
            rc = json_put_str(out, header->options[i].name);
        if (rc == 0)
            rc = buf_append_byte(out, ',');
        if (rc == 0)
            rc = json_put_str(out, header->options[i].value);
        if (rc == 0)
            rc = buf_append_byte(out, ']');
    }
    return rc < 0 ? rc : buf_append_byte(out, ']');
}

/* --- names ---------------------------------------------------------------------------------- */

static int put_names(struct buf *out)
{
    int rc = buf_printf(out, ",\"kinds\":[");

    for (unsigned i = 0; rc == 0 && i < OP_ANY_KIND_COUNT; i++)
        rc = buf_printf(out, "%s\"%s\"", i == 0 ? "" : ",", op_kind_name((enum op_kind)i));
    if (rc == 0)
        rc = buf_printf(out, "],\"statuses\":[");
    for (unsigned i = 0; rc == 0 && i < STATUS_COUNT; i++)
        rc = buf_printf(out, "%s\"%s\"", i == 0 ? "" : ",", op_status_name((enum op_status)i));
    if (rc == 0)
        rc = buf_printf(out, "],\"outcomes\":[");
    for (unsigned i = 0; rc == 0 && i < OUTCOME_COUNT; i++)
        rc = buf_printf(out, "%s\"%s\"", i == 0 ? "" : ",", op_outcome_name((enum op_outcome)i));
    return rc < 0 ? rc : buf_append_byte(out, ']');
}

/* --- operations ----------------------------------------------------------------------------- */

static int put_places(const struct report_verdict *v, const size_t *places, struct buf *out)
{
    int rc = buf_append_byte(out, '[');

    for (size_t i = 0; rc == 0 && i < v->n_violating && i < REPORT_VIOLATING_MAX; i++)
        rc = buf_printf(out, "%s%zu", i == 0 ? "" : ",", places[i]);
    return rc < 0 ? rc : buf_append_byte(out, ']');
}

static int put_operations(const struct history *h, const struct report_asks *asks,
                          const struct report_verdict *v, struct buf *out)
{
    size_t places[REPORT_VIOLATING_MAX] = {0};
    struct columns_kept kept;
    int rc = buf_printf(out,
                        ",\"total\":%zu,\"clock\":\"%s\",\"end\":%" PRId64 ",\"ops\":", h->n_ops,
                        clock_is_order(h) ? "order" : "time", clock_end(h));

    if (rc == 0)
        rc = columns_put(h, v, places, &kept, out);
    if (rc == 0)
        rc = json_put_name(out, "asks");
    if (rc == 0)
        rc = asks_put(h, asks, &kept, out);
    if (rc == 0)
        rc = json_put_name(out, "violating");
    if (rc == 0)
        rc = put_places(v, places, out);
    if (rc == 0)
        rc = json_put_name(out, "constraints");
    return rc < 0 ? rc : constraints_put(h, v, places, out);
}

static int put_data(const struct history *h, const struct report_asks *asks,
                    const struct report_verdict *v, struct buf *out)
{
    int rc = buf_append_byte(out, '{');

    if (rc == 0)
        rc = put_verdict(v, out);
    if (rc == 0)
        rc = put_header(h, out);
    if (rc == 0)
        rc = put_names(out);
    if (rc == 0)
        rc = put_operations(h, asks, v, out);
    if (rc == 0)
        rc = json_put_name(out, "events");
    if (rc == 0)
        rc = events_put(h, out);
    if (rc == 0)
        rc = json_put_name(out, "rates");
    if (rc == 0)
        rc = rates_put(h, out);
    return rc < 0 ? rc : buf_append_byte(out, '}');
}

int report_page(const struct history *h, const struct report_asks *asks,
                const struct report_verdict *v, struct buf *out, struct err *e)
{
    size_t start = out->len;
    int rc = buf_append(out, page_before_data, page_before_data_bytes);

    if (rc == 0)
        rc = put_data(h, asks, v, out);
    if (rc == 0)
        rc = buf_append(out, page_after_data, page_after_data_bytes);
    if (rc < 0) {
        out->len = start;
        return err_set(e, rc, "report: %s", err_text(rc));
    }
    return 0;
}
