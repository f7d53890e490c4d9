#ifndef RIFT_NODE_STORE_LOG_SHAPE_H
#define RIFT_NODE_STORE_LOG_SHAPE_H

#include "node/store/store.h"

/* Where a log begins and ends, and where its terms change: what every store has to know to tell
 * whether a batch follows on, without looking at entries. It is ahead of the disk: it counts
 * what was submitted. All zeros but for `first` is an empty log. */
struct log_shape {
    uint64_t first;
    uint64_t last; /* first - 1: empty */

    /* runs[0] begins at first - 1 or later: the term of the entry before the log is kept as long
     * as it is known, since Raft names it in its first append. */
    struct raft_term_run *runs;
    size_t n_runs;
    size_t cap_runs;
};

void log_shape_free(struct log_shape *l);

/* Whether the log part of `b` fits, and room for the runs it adds, so that the functions below
 * cannot fail after it. Errors: -E_GAP, -E_INVAL (terms go back: no log of Raft has that, and
 * recovery takes it for damage), -E_NOMEM; nothing changes. */
int log_shape_admit(struct log_shape *l, const struct store_batch *b, struct err *e);

/* The first run that begins at `index` or later; n_runs when there is none. */
size_t log_shape_runs_from(const struct log_shape *l, uint64_t index);

/* Drops entries from `index` on; beyond the end: nothing. */
void log_shape_truncate(struct log_shape *l, uint64_t index);

/* One more entry. True when it begins a new run. */
bool log_shape_append(struct log_shape *l, uint64_t term);

/* Entries up to and including `index`, first <= index <= last, are gone. The run that covered
 * `index` now begins there. Returns how many runs before it were dropped. */
size_t log_shape_erase(struct log_shape *l, uint64_t index);

/* What may be erased of what was asked: not past the durable applied index (the state would have
 * a hole after a crash), not past the end. 0: nothing. */
uint64_t log_shape_clip_erase(const struct log_shape *l, uint64_t erase_to,
                              uint64_t durable_applied);

#endif
