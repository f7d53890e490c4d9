#include "report/parts.h"

#include <inttypes.h>

/* [time, "node", id, what, term], [time, "note", text] or
 * [time, "fault", step, begins, text, [counts...], [from, to, from, to...]]. */

static int put_fault(const struct history_event *e, struct buf *out)
{
    int rc = buf_printf(out, "\"fault\",%" PRIu32 ",%s,", e->fault, e->begins ? "true" : "false");

    if (rc == 0)
        rc = json_put_str(out, e->text);
    if (rc == 0)
        rc = buf_printf(
            out, ",[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "],[",
            e->dropped, e->delayed, e->duplicated, e->reordered, e->killed, e->paused);
    for (size_t i = 0; rc == 0 && i < e->n_cuts; i++)
        rc = buf_printf(out, "%s%" PRId64 ",%" PRId64, i == 0 ? "" : ",", e->cuts[i].from,
                        e->cuts[i].to);
    return rc < 0 ? rc : buf_append_byte(out, ']');
}

static int put_event(const struct history *h, const struct history_event *e, struct buf *out)
{
    int rc = buf_printf(out, "[%" PRId64 ",", clock_at(h, e->time_ns, e->seq));

    if (rc < 0)
        return rc;
    switch (e->kind) {
    case HISTORY_NODE:
        rc = buf_printf(out, "\"node\",%" PRIu64 ",\"%s\",%" PRIu64, e->node,
                        history_node_what_name(e->what), e->term);
        break;
    case HISTORY_FAULT: rc = put_fault(e, out); break;
    default:
        rc = buf_printf(out, "\"note\",");
        if (rc == 0)
            rc = json_put_str(out, e->text);
        break;
    }
    return rc < 0 ? rc : buf_append_byte(out, ']');
}

int events_put(const struct history *h, struct buf *out)
{
    size_t start = out->len;
    size_t n = 0;
    size_t i;
    int rc = buf_append_byte(out, '[');

    for (i = 0; rc == 0 && i < h->n_events; i++) {
        if (h->events[i].kind == HISTORY_END)
            continue;
        if (n == REPORT_EVENTS_MAX || out->len - start > REPORT_EVENTS_BYTES_MAX)
            break;
        if (n++ > 0)
            rc = buf_append_byte(out, ',');
        if (rc == 0)
            rc = put_event(h, &h->events[i], out);
    }
    if (rc == 0)
        rc = buf_append_byte(out, ']');
    if (rc == 0)
        rc = json_put_name(out, "events_left_out");
    return rc < 0 ? rc : buf_printf(out, "%zu", h->n_events - i);
}
