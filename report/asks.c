#include "report/parts.h"

#include <inttypes.h>
#include <stdlib.h>

struct ask {
    int64_t time_ns;
    uint64_t seq;
    uint64_t node;
    uint32_t process;
};

/* Which operations the page has room for is known when the last one is read. */
struct report_asks {
    struct ask *items;
    size_t n, cap;
};

int report_asks_create(struct report_asks **ret, struct err *e)
{
    struct report_asks *a = calloc(1, sizeof *a);

    if (a == NULL)
        return err_set(e, -E_NOMEM, "requests: %s", err_text(-E_NOMEM));
    *ret = a;
    return 0;
}

void report_asks_destroy(struct report_asks *a)
{
    if (a == NULL)
        return;
    free(a->items);
    free(a);
}

static int take_header(void *context, const struct history_header *header, struct err *e)
{
    (void)context;
    (void)header;
    (void)e;
    return 0;
}

static int take_event(void *context, const struct history_event *event, struct err *e)
{
    struct report_asks *a = context;

    if (event->kind != HISTORY_ASK || a->n == REPORT_ASKS_READ_MAX)
        return 0;
    if (a->n == a->cap) {
        size_t cap = a->cap == 0 ? 256 : 2 * a->cap;
        struct ask *items = reallocarray(a->items, cap, sizeof *items);

        if (items == NULL)
            return err_set(e, -E_NOMEM, "requests: %s", err_text(-E_NOMEM));
        a->items = items;
        a->cap = cap;
    }
    a->items[a->n++] = (struct ask){.time_ns = event->time_ns,
                                    .seq = event->seq,
                                    .node = event->node,
                                    .process = event->process};
    return 0;
}

struct history_visitor report_asks_visitor(struct report_asks *a)
{
    return (struct history_visitor){take_header, take_event, a};
}

/* --- writing -------------------------------------------------------------------------------- */

/* Those of the operations that the page holds: from the first one's call to the last one's. */
static void bounds_of(const struct history *h, const struct report_asks *a,
                      const struct columns_kept *kept, size_t *ret_first, size_t *ret_end)
{
    size_t first = 0;
    size_t end;

    if (a == NULL || kept->first == kept->end) {
        *ret_first = *ret_end = 0;
        return;
    }
    while (first < a->n && a->items[first].seq < h->ops[kept->first].call_seq)
        first++;
    end = first;
    while (end < a->n && end - first < REPORT_ASKS_MAX &&
           (kept->end == h->n_ops || a->items[end].seq < h->ops[kept->end].call_seq))
        end++;
    *ret_first = first;
    *ret_end = end;
}

int asks_put(const struct history *h, const struct report_asks *a, const struct columns_kept *kept,
             struct buf *out)
{
    int64_t last = 0;
    size_t first, end;
    int rc;

    bounds_of(h, a, kept, &first, &end);
    rc = buf_printf(out, "{\"time\":[");
    for (size_t i = first; rc == 0 && i < end; i++) {
        int64_t at = clock_at(h, a->items[i].time_ns, a->items[i].seq);

        rc = buf_printf(out, "%s%" PRId64, i == first ? "" : ",", at - last);
        last = at;
    }
    if (rc == 0)
        rc = buf_printf(out, "],\"process\":[");
    for (size_t i = first; rc == 0 && i < end; i++)
        rc = buf_printf(out, "%s%" PRIu32, i == first ? "" : ",", a->items[i].process);
    if (rc == 0)
        rc = buf_printf(out, "],\"node\":[");
    for (size_t i = first; rc == 0 && i < end; i++)
        rc = buf_printf(out, "%s%" PRIu64, i == first ? "" : ",", a->items[i].node);
    return rc < 0 ? rc : buf_printf(out, "]}");
}
