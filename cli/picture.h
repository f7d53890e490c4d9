#ifndef RIFT_CLI_PICTURE_H
#define RIFT_CLI_PICTURE_H

#include "base/buf.h"
#include "cli/course.h"
#include "cli/terminal.h"

/* The course of a run as a few lines of text: the rate as a sparkline (Tufte, "Beautiful
 * Evidence", 2006), below it a band for each fault, the changes of the leader and, of a violation,
 * the intervals of the operations that no order has room for, all over the same time.
 *
 *     rate            ▂▅▇██▇▁  ▃▆██▇▁▁▅▇█▇  most 1893/s
 *     isolate-leader         ━━━
 *     kill                          ━━
 *     new leader      ▲        ▲      ▲
 *     violation                        ├─┤
 *                     0 s             20 s
 */

struct picture_interval {
    int64_t from_ns;
    int64_t to_ns;
};

enum { PICTURE_WIDTH_MIN = 40, PICTURE_WIDTH_MAX = 120 };

/* Appends the lines; nothing when there is no course. Of the violation's intervals that which
 * spans all of them is drawn. Errors: -E_NOMEM, -E_LIMIT. */
int picture_draw(const struct course *c, int64_t end_ns, const struct picture_interval *violation,
                 size_t n_violation, const struct terminal *t, struct buf *out);

#endif
