#ifndef RIFT_CHECKER_STALENESS_H
#define RIFT_CHECKER_STALENESS_H

#include "checker/checker.h"

/* How old were the answers? For registers and keys of a store; docs/checker.md, "Staleness". After
 * Golab, Li & Shah, "Analyzing consistency properties for fun and profit" (PODC 2011): Delta is the
 * smallest time such that the history is linearizable once each read is called that much earlier.
 */

/* A read whose value had certainly been overwritten when it was called. */
struct staleness_read {
    size_t op;          /* these two: of history.ops */
    size_t overwritten; /* the write that had returned first among those behind the value's own */
    uint64_t versions;  /* at least so many writes stand between; 1 or more */
    int64_t age_ns;     /* from the return of `overwritten` to the call of the read */
};

struct staleness {
    enum {
        STALENESS_IS,       /* Delta is delta_ns; 0 of a linearizable history */
        STALENESS_AT_LEAST, /* the budget was spent: it is not less */
        STALENESS_NONE,     /* old reads do not explain it, however old: something else is wrong */
    } kind;
    int64_t delta_ns;
    size_t n_reads;               /* that were answered */
    struct staleness_read *stale; /* by age, the oldest first */
    size_t n_stale;
};

/* `o` is what the verdict was asked with; `all`, `whole` and `engine` do not matter. Errors:
 * -E_INVAL (a model without stale reads), -E_NOMEM, those of check_history. */
int staleness_measure(const struct history *h, const struct check_options *o,
                      struct staleness **ret, struct err *e);
void staleness_free(struct staleness **s);

/* Appends some lines in words. Errors: -E_NOMEM, -E_LIMIT. */
enum { STALENESS_TOLD_MAX = 10 };
int staleness_tell(const struct history *h, const struct staleness *s, struct buf *out);

#endif
