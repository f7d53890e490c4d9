#include "node/raft/log.h"

#include "base/check.h"

#include <stdlib.h>

enum { WINDOW_CAP_MIN = 64, RUNS_CAP_MIN = 16 };

static size_t window_count(const struct entry_log *l)
{
    return (size_t)(l->last_index + 1 - l->window_first);
}

static int check_runs(const struct raft_options *o, struct err *e)
{
    uint64_t covered_from = o->last_index < o->first_index ? o->last_index : o->first_index;

    for (size_t i = 0; i < o->n_runs; i++) {
        const struct raft_term_run *run = &o->runs[i];

        if (run->first == 0 || run->first > o->last_index)
            return err_set(e, -E_INVAL, "term run %zu starts outside the log", i);
        if (run->term == 0 || run->term > o->hard.term)
            return err_set(e, -E_INVAL, "term run %zu has a term the node never saw", i);
        if (i > 0 && (run->first <= run[-1].first || run->term <= run[-1].term))
            return err_set(e, -E_INVAL, "term run %zu does not follow on", i);
    }
    /* An empty log needs the term of the entry before it: elections compare it. */
    if (covered_from > 0 && (o->n_runs == 0 || o->runs[0].first > covered_from))
        return err_set(e, -E_INVAL, "term of entry %llu is missing",
                       (unsigned long long)covered_from);
    return 0;
}

int entry_log_init(struct entry_log *l, const struct raft_options *o, struct err *e)
{
    int rc;

    if (o->first_index == 0 || o->last_index + 1 < o->first_index || o->last_index == UINT64_MAX)
        return err_set(e, -E_INVAL, "the log's ends do not make sense");
    rc = check_runs(o, e);
    if (rc < 0)
        return rc;
    *l = (struct entry_log){
        .first_index = o->first_index,
        .last_index = o->last_index,
        .window_first = o->last_index + 1,
        .settled = o->last_index,
        .cache_bytes_max = o->cache_bytes_max,
    };
    if (o->n_runs == 0)
        return 0;
    l->runs = malloc(o->n_runs * sizeof *l->runs);
    if (l->runs == NULL)
        return err_set(e, -E_NOMEM, "raft log");
    memcpy(l->runs, o->runs, o->n_runs * sizeof *l->runs);
    l->n_runs = l->runs_cap = o->n_runs;
    return 0;
}

void entry_log_free(struct entry_log *l)
{
    for (size_t i = 0; l->slots != NULL && i < window_count(l); i++)
        free((void *)l->slots[l->head + i].data.data);
    free(l->slots);
    free(l->runs);
    *l = (struct entry_log){0};
}

/* The run that covers `index`, or NULL. Almost every question is about the end of the log. */
static const struct raft_term_run *run_of(const struct entry_log *l, uint64_t index)
{
    size_t low = 0;
    size_t high = l->n_runs;

    if (high > 0 && l->runs[high - 1].first <= index)
        return &l->runs[high - 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->runs[middle].first <= index)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &l->runs[low - 1];
}

bool entry_log_term(const struct entry_log *l, uint64_t index, uint64_t *ret)
{
    const struct raft_term_run *run;

    if (index == 0) {
        *ret = 0;
        return true;
    }
    if (index > l->last_index || index + 1 < l->first_index)
        return false;
    run = run_of(l, index);
    if (run == NULL)
        return false;
    *ret = run->term;
    return true;
}

bool entry_log_matches(const struct entry_log *l, uint64_t index, uint64_t term)
{
    uint64_t own;

    return entry_log_term(l, index, &own) && own == term;
}

uint64_t entry_log_last_term(const struct entry_log *l)
{
    uint64_t term = 0;

    (void)entry_log_term(l, l->last_index, &term);
    return term;
}

uint64_t entry_log_back_off(const struct entry_log *l, uint64_t index, uint64_t term)
{
    const struct raft_term_run *run;

    if (index > l->last_index)
        index = l->last_index;
    run = run_of(l, index);
    while (run != NULL && run->term > term) {
        index = run->first - 1;
        run = run == l->runs ? NULL : run - 1;
    }
    return index;
}

static int reserve_slot(struct entry_log *l)
{
    size_t n = window_count(l);
    size_t cap = l->slots_cap * 2 < WINDOW_CAP_MIN ? WINDOW_CAP_MIN : l->slots_cap * 2;
    struct entry *slots;

    if (l->head + n < l->slots_cap)
        return 0;
    /* At least as many have left as are moved: constant work for each entry in the long run. */
    if (l->head > 0 && l->head >= l->slots_cap / 2) {
        memmove(l->slots, l->slots + l->head, n * sizeof *slots);
        l->head = 0;
        return 0;
    }
    slots = malloc(cap * sizeof *slots);
    if (slots == NULL)
        return -E_NOMEM;
    if (n > 0)
        memcpy(slots, l->slots + l->head, n * sizeof *slots);
    free(l->slots);
    l->slots = slots;
    l->slots_cap = cap;
    l->head = 0;
    return 0;
}

static int reserve_run(struct entry_log *l)
{
    size_t cap = l->runs_cap * 2 < RUNS_CAP_MIN ? RUNS_CAP_MIN : l->runs_cap * 2;
    struct raft_term_run *runs;

    if (l->n_runs < l->runs_cap)
        return 0;
    runs = realloc(l->runs, cap * sizeof *runs);
    if (runs == NULL)
        return -E_NOMEM;
    l->runs = runs;
    l->runs_cap = cap;
    return 0;
}

int entry_log_reserve(struct entry_log *l)
{
    int rc = reserve_slot(l);

    return rc < 0 ? rc : reserve_run(l);
}

int entry_log_append(struct entry_log *l, const struct entry *e)
{
    struct entry copy = *e;
    int rc = entry_log_reserve(l);

    CHECK_THAT(e->index == l->last_index + 1, "index=%llu last=%llu", (unsigned long long)e->index,
               (unsigned long long)l->last_index);
    if (rc < 0)
        return rc;
    copy.data = (struct slice){0};
    if (e->data.len > 0) {
        copy.data = slice_of(slice_dup(e->data), e->data.len);
        if (copy.data.data == NULL)
            return -E_NOMEM;
    }
    if (entry_log_last_term(l) != e->term)
        l->runs[l->n_runs++] = (struct raft_term_run){.first = e->index, .term = e->term};
    l->slots[l->head + window_count(l)] = copy;
    l->last_index = e->index;
    return 0;
}

void entry_log_truncate(struct entry_log *l, uint64_t from)
{
    CHECK(from >= l->first_index && from <= l->last_index);
    while (l->last_index >= from && l->last_index >= l->window_first) {
        free((void *)l->slots[l->head + window_count(l) - 1].data.data);
        l->last_index--;
    }
    l->last_index = from - 1;
    if (l->window_first > from)
        l->window_first = from;
    while (l->n_runs > 0 && l->runs[l->n_runs - 1].first >= from)
        l->n_runs--;
    if (l->settled >= from)
        l->settled = from - 1;
}

const struct entry *entry_log_at(const struct entry_log *l, uint64_t index)
{
    CHECK(index >= l->window_first && index <= l->last_index);
    return &l->slots[l->head + (size_t)(index - l->window_first)];
}

size_t entry_log_batch(const struct entry_log *l, uint64_t from, uint64_t to, size_t entries_max,
                       size_t bytes_max)
{
    size_t n = 0;
    size_t bytes = 0;

    while (n < entries_max && from + n <= to) {
        bytes += entry_cost(entry_log_at(l, from + n));
        if (n > 0 && bytes > bytes_max)
            break;
        n++;
    }
    return n;
}

void entry_log_settle(struct entry_log *l, uint64_t index)
{
    while (l->settled < index) {
        l->settled++;
        if (l->settled >= l->window_first)
            l->settled_bytes += entry_cost(entry_log_at(l, l->settled));
    }
    while (l->settled_bytes > l->cache_bytes_max) {
        struct entry *oldest = &l->slots[l->head];

        l->settled_bytes -= entry_cost(oldest);
        free((void *)oldest->data.data);
        l->head++;
        l->window_first++;
    }
}
