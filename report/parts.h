#ifndef RIFT_REPORT_PARTS_H
#define RIFT_REPORT_PARTS_H

#include "report/report.h"

/* The parts of a page's data; each appends one JSON value. Errors of all: -E_NOMEM, -E_LIMIT. */

/* --- json.c --------------------------------------------------------------------------------- */

/* A string: everything that could mean something to HTML is escaped, bytes that are no UTF-8 stand
 * as \xNN, and behind `max` bytes it is cut and says so. */
int json_put_text(struct buf *out, struct slice text, size_t max);
int json_put_str(struct buf *out, const char *text); /* NULL: the empty string */

/* "name": with a comma in front of it unless it is the first of its object. */
int json_put_name(struct buf *out, const char *name);

/* --- clock.c -------------------------------------------------------------------------------- */

/* A history from a text log has no times; then the places of its events stand for them. */
bool clock_is_order(const struct history *h);
int64_t clock_end(const struct history *h); /* of the axis, in microseconds or events */
int64_t clock_at(const struct history *h, int64_t time_ns, uint64_t seq);

/* --- columns.c ------------------------------------------------------------------------------ */

/* The operations that the page holds, by column, and the keys they name. */
struct columns_kept {
    size_t n;          /* of all operations */
    size_t first, end; /* the operations between them are there, as far as there is room */
};

/* `places` takes for each violating operation its place in the columns. */
int columns_put(const struct history *h, const struct report_verdict *v, size_t *places,
                struct columns_kept *ret, struct buf *out);

/* --- asks.c --------------------------------------------------------------------------------- */

int asks_put(const struct history *h, const struct report_asks *a, const struct columns_kept *kept,
             struct buf *out);

/* --- events.c ------------------------------------------------------------------------------- */
int events_put(const struct history *h, struct buf *out);

/* --- constraints.c -------------------------------------------------------------------------- */

/* Between violating operations: who returned before whom was called, without what follows from the
 * rest, and whose value was seen by whom. [[from, to, kind]...] in places of the columns. */
int constraints_put(const struct history *h, const struct report_verdict *v, const size_t *places,
                    struct buf *out);

/* --- rates.c -------------------------------------------------------------------------------- */

/* By kind of operation: how many ended how, quantiles of their latency, and both over time. */
int rates_put(const struct history *h, struct buf *out);

#endif
