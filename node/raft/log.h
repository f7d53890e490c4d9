#ifndef RIFT_NODE_RAFT_LOG_H
#define RIFT_NODE_RAFT_LOG_H

#include "node/raft/raft.h"

/* The log as the core sees it: the term of every entry, and the entries themselves of a window
 * at the end. What is not yet durable or not yet applied always stands in the window; what is
 * both may leave it, oldest first, once there is more of it than cache_bytes_max. What has left
 * is read back from the disk by token (cold.c). */
struct entry_log {
    uint64_t first_index;
    uint64_t last_index; /* first_index - 1: empty */

    struct raft_term_run *runs; /* ascending; one for each change of term */
    size_t n_runs;
    size_t runs_cap;

    /* The window is [window_first, last_index], slots[head] its first. It is one piece of
     * memory and not a ring, so that any range of it can be lent as an array. */
    struct entry *slots;
    size_t head;
    size_t slots_cap;
    uint64_t window_first;

    uint64_t settled;     /* durable and applied up to here: these may leave */
    size_t settled_bytes; /* of those in the window */
    size_t cache_bytes_max;
};

/* What an entry counts for in every bound that is given in bytes. */
static inline size_t entry_cost(const struct entry *e)
{
    return e->data.len + sizeof *e;
}

/* Takes over what was recovered; the window is empty. Errors: -E_NOMEM, -E_INVAL. */
int entry_log_init(struct entry_log *l, const struct raft_options *o, struct err *e);
void entry_log_free(struct entry_log *l);

/* False when the log does not know: behind the end, or before what it still holds. */
bool entry_log_term(const struct entry_log *l, uint64_t index, uint64_t *ret);
bool entry_log_matches(const struct entry_log *l, uint64_t index, uint64_t term);
uint64_t entry_log_last_term(const struct entry_log *l);

/* The highest index up to `index` whose term is at most `term`; may be 0. */
uint64_t entry_log_back_off(const struct entry_log *l, uint64_t index, uint64_t term);

/* Makes room for one more entry, so that the next append of one without data cannot fail. */
int entry_log_reserve(struct entry_log *l);
/* Appends a copy; e->index has to be last_index + 1. Errors: -E_NOMEM, nothing changes. */
int entry_log_append(struct entry_log *l, const struct entry *e);
/* Drops `from` and what follows. */
void entry_log_truncate(struct entry_log *l, uint64_t from);

/* A window entry; those that follow it stand behind it in memory. */
const struct entry *entry_log_at(const struct entry_log *l, uint64_t index);
/* How many entries of the window make one batch: at least one, when from <= to. */
size_t entry_log_batch(const struct entry_log *l, uint64_t from, uint64_t to, size_t entries_max,
                       size_t bytes_max);

/* Everything up to `index` is durable and applied. */
void entry_log_settle(struct entry_log *l, uint64_t index);

#endif
