#ifndef RIFT_REPORT_REPORT_H
#define RIFT_REPORT_REPORT_H

#include "histories/history.h"

/* One run as one HTML page that needs nothing else: no server, no network, no other file. The
 * page's program and looks stand in page/ and are joined at build time; what is written here is its
 * data, as JSON in which nothing can end the element it stands in (docs/report.md). Pure but for
 * memory. */

enum {
    REPORT_OPS_MAX = 200000,         /* operations that the page holds; the charts count all */
    REPORT_OPS_BYTES_MAX = 12 << 20, /* of them as JSON */
    REPORT_ASKS_READ_MAX = 4000000,  /* requests that are collected: 32 bytes each */
    REPORT_ASKS_MAX = 200000,        /* requests that the replay shows */
    REPORT_EVENTS_MAX = 20000,       /* faults, changes of nodes, notes */
    REPORT_EVENTS_BYTES_MAX = 2 << 20,
    REPORT_VIOLATING_MAX = 60,       /* operations that are marked */
    REPORT_TEXT_BYTES_MAX = 1 << 10, /* of one note, option or fault */
    REPORT_REASON_BYTES_MAX = 64 << 10,
    REPORT_BUCKETS = 240, /* of time, for rates and latencies */
};

/* What the checker came to, in words, and what repeats the run. Strings are lent; NULL: nothing. */
struct report_verdict {
    const char *verdict;     /* "linearizable", "not linearizable", "unknown" */
    const char *reason;      /* sentences */
    const char *command;     /* repeats what the page shows */
    const char *also;        /* what else the run came to, such as a fault that never bit */
    const size_t *violating; /* indexes into history.ops: operations that cannot all have been */
    size_t n_violating;      /* those behind REPORT_VIOLATING_MAX are not marked */
};

/* The requests of a history. A loaded one only counts them; a history that is given this visitor
 * while it is loaded has the first REPORT_ASKS_READ_MAX of them collected. */
struct report_asks;

int report_asks_create(struct report_asks **ret, struct err *e);
void report_asks_destroy(struct report_asks *a);
struct history_visitor report_asks_visitor(struct report_asks *a);

/* Appends the page. `asks` may be NULL: the replay then shows no requests.
 * Errors: -E_NOMEM, -E_LIMIT. */
int report_page(const struct history *h, const struct report_asks *asks,
                const struct report_verdict *v, struct buf *out, struct err *e);

#endif
