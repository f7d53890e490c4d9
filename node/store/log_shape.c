#include "node/store/log_shape.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdlib.h>

void log_shape_free(struct log_shape *l)
{
    free(l->runs);
    *l = (struct log_shape){.first = 1};
}

static int reserve_runs(struct log_shape *l, size_t more)
{
    size_t cap = l->cap_runs == 0 ? 16 : l->cap_runs;
    struct raft_term_run *grown;

    if (l->n_runs + more <= l->cap_runs)
        return 0;
    while (cap < l->n_runs + more)
        cap *= 2;
    grown = realloc(l->runs, cap * sizeof *grown);
    if (grown == NULL)
        return -E_NOMEM;
    l->runs = grown;
    l->cap_runs = cap;
    return 0;
}

int log_shape_admit(struct log_shape *l, const struct store_batch *b, struct err *e)
{
    uint64_t end = l->last + 1;
    uint64_t term;
    size_t changes = 0;
    size_t runs;

    if (b->truncate_from != 0 && b->truncate_from < l->first)
        return err_set(e, -E_GAP, "cannot truncate from %" PRIu64 ": the log begins at %" PRIu64,
                       b->truncate_from, l->first);
    if (b->truncate_from != 0 && b->truncate_from < end)
        end = b->truncate_from;
    runs = log_shape_runs_from(l, end);
    term = runs == 0 ? 0 : l->runs[runs - 1].term;
    for (size_t i = 0; i < b->n_entries; i++) {
        if (b->entries[i].index != end + i)
            return err_set(e, -E_GAP, "entry %" PRIu64 " where %" PRIu64 " comes next",
                           b->entries[i].index, end + i);
        if (b->entries[i].term < term)
            return err_set(e, -E_INVAL,
                           "entry %" PRIu64 " of term %" PRIu64 " after one of %" PRIu64,
                           b->entries[i].index, b->entries[i].term, term);
        if (b->entries[i].term > term || runs == 0)
            changes++;
        term = b->entries[i].term;
    }
    if (reserve_runs(l, changes) < 0)
        return err_set(e, -E_NOMEM, "%zu term runs", l->n_runs + changes);
    return 0;
}

size_t log_shape_runs_from(const struct log_shape *l, uint64_t index)
{
    size_t at = l->n_runs;

    /* Backwards, because truncation concerns the newest terms. */
    while (at > 0 && l->runs[at - 1].first >= index)
        at--;
    return at;
}

void log_shape_truncate(struct log_shape *l, uint64_t index)
{
    CHECK_THAT(index >= l->first, "index=%" PRIu64 " first=%" PRIu64, index, l->first);
    if (index > l->last)
        return;
    l->n_runs = log_shape_runs_from(l, index);
    l->last = index - 1;
}

bool log_shape_append(struct log_shape *l, uint64_t term)
{
    l->last++;
    if (l->n_runs > 0 && l->runs[l->n_runs - 1].term == term)
        return false;
    CHECK(l->n_runs < l->cap_runs);
    l->runs[l->n_runs++] = (struct raft_term_run){.first = l->last, .term = term};
    return true;
}

size_t log_shape_erase(struct log_shape *l, uint64_t index)
{
    size_t covering = log_shape_runs_from(l, index + 1);

    CHECK_THAT(l->first <= index && index <= l->last && covering > 0,
               "index=%" PRIu64 " first=%" PRIu64 " last=%" PRIu64, index, l->first, l->last);
    covering--;
    memmove(l->runs, l->runs + covering, (l->n_runs - covering) * sizeof *l->runs);
    l->n_runs -= covering;
    l->runs[0].first = index;
    l->first = index + 1;
    return covering;
}

uint64_t log_shape_clip_erase(const struct log_shape *l, uint64_t erase_to,
                              uint64_t durable_applied)
{
    uint64_t to = erase_to < durable_applied ? erase_to : durable_applied;

    if (to > l->last)
        to = l->last;
    return to >= l->first ? to : 0;
}
