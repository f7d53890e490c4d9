#ifndef RIFT_CHECKER_TELL_H
#define RIFT_CHECKER_TELL_H

#include "checker/minimize.h"

/* A minimal violation for people. Both append to `out`; errors are -E_NOMEM and -E_LIMIT. */

/* Which of m->ops the words blame, so that a drawing can mark it; m->n when they blame none. */
size_t minimal_blamed(const struct history *h, const struct minimal *m);

/* Some lines: how many operations it takes and, where there is a short reason, that. Every sentence
 * holds of the whole history. */
int minimal_tell(const struct history *h, const struct minimal *m, struct buf *out);

struct draw_options {
    size_t width; /* of the terminal, in characters */
    bool utf8;    /* else ASCII */
};

enum { DRAW_WIDTH_MIN = 40, DRAW_WIDTH_DEFAULT = 80, DRAW_OPS_MAX = 16 };

/* Intervals on lines of their processes, in the order of events. Of more than DRAW_OPS_MAX
 * operations those are drawn whose time matters, and as many of the last ones as there is room
 * for. Labels are cut to fit the width; what cannot be made to fit is listed instead. Nothing where
 * the time of more than DRAW_OPS_MAX matters: that is for nobody to look at. */
int minimal_draw(const struct history *h, const struct minimal *m, const struct draw_options *o,
                 struct buf *out);

#endif
