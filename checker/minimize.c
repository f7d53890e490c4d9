#include "checker/minimize.h"

#include "checker/excerpt.h"
#include "checker/narrow.h"
#include "checker/partition.h"
#include "checker/sources.h"

#include <stdlib.h>

/* In excerpts of more operations than this only one way down is tried; in keys of more than this a
 * guess comes first. */
enum { WAYS_OPS_MAX = 2000, GUESS_OPS_MIN = 1000 };

struct reduction {
    const struct history *h;
    const struct model *model;
    const struct minimize_options *options;
    struct check_options check;
    const struct partition *part;
    struct partition narrowed; /* `part`, where a guess was right */
    size_t n_whole;            /* operations of the key */

    uint64_t cut;
    struct excerpt *x;
    struct sources *sources;
    bool *keep;     /* what is left of x */
    bool *try;      /* what the next attempt would leave of it */
    uint32_t *turn; /* the order in which operations are tried */
    uint32_t *list; /* of those that are left when a sweep begins */
    uint64_t checks;
    bool spent;
};

/* --- the budget ----------------------------------------------------------------------------- */

static bool is_spent(void *context)
{
    struct reduction *r = context;
    const struct minimize_options *o = r->options;

    r->spent = r->spent || (o->spent != NULL && o->spent(o->spent_context));
    return r->spent;
}

/* Also asked between checks: small ones never ask. */
static bool goes_on(struct reduction *r)
{
    r->spent = r->spent || (r->options->checks_max > 0 && r->checks >= r->options->checks_max);
    return !is_spent(r);
}

/* --- the shortest impossible beginning ------------------------------------------------------ */

static int compare_seqs(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

static size_t list_returns(const struct history *h, const struct partition *p, uint64_t *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct history_op *op = &h->ops[p->inputs[i].original];

        if (op->outcome == OUTCOME_OK)
            ret[n++] = op->return_seq;
    }
    qsort(ret, n, sizeof *ret, compare_seqs);
    return n;
}

static int cut_impossible(struct reduction *r, uint64_t cut)
{
    r->checks++;
    return excerpt_cut_impossible(r->h, r->model, r->part->inputs, r->part->n, cut, &r->check);
}

/* The search that failed got stuck where something had to return: that is likely to be the place.
 * Returns how many returns stand before it. */
static size_t guess(const struct history *h, const struct check_partition *p,
                    const uint64_t *returns, size_t n)
{
    uint64_t first = HISTORY_NEVER;
    size_t i = 0;

    for (size_t k = 0; p != NULL && k < p->n_stuck; k++) {
        if (h->ops[p->stuck[k]].return_seq < first)
            first = h->ops[p->stuck[k]].return_seq;
    }
    while (i < n && returns[i] < first)
        i++;
    return i < n ? i : n - 1;
}

/* Binary search: a beginning of what is possible is possible. The guess and the return in front of
 * it come first, then halves. */
static int find_cut(struct reduction *r, const uint64_t *returns, size_t n, size_t guessed,
                    uint64_t *ret)
{
    size_t low = 0;      /* cut at an earlier return it is possible, or nobody knows... */
    size_t high = n - 1; /* ...and cut at this one it is not */

    for (unsigned tries = 0; low < high && goes_on(r); tries++) {
        size_t at = low + (high - low) / 2;
        int rc;

        if (tries == 0 && guessed < high)
            at = guessed;
        else if (tries <= 1 && guessed == high)
            at = high - 1;
        rc = cut_impossible(r, returns[at]);
        if (rc < 0)
            return rc;
        if (rc == 1)
            high = at;
        else
            low = at + 1;
    }
    *ret = returns[high];
    return 0;
}

static int cut(struct reduction *r, const struct check_partition *checked)
{
    uint64_t *returns = calloc(r->part->n + 1, sizeof *returns);
    size_t n;
    int rc = 0;

    if (returns == NULL)
        return -E_NOMEM;
    n = list_returns(r->h, r->part, returns);
    if (n == 0)
        rc = -E_INVAL; /* nothing returned: nothing is impossible */
    else
        rc = find_cut(r, returns, n, guess(r->h, checked, returns, n), &r->cut);
    free(returns);
    return rc;
}

/* --- leaving out ---------------------------------------------------------------------------- */

static size_t count(const struct reduction *r, const bool *keep)
{
    size_t n = 0;

    for (size_t i = 0; i < r->x->n; i++)
        n += keep[i];
    return n;
}

/* Tries to do without what is not in r->try. 1: done. */
static int attempt(struct reduction *r)
{
    int rc;

    sources_close(r->sources, r->try);
    if (count(r, r->try) == 0)
        return 0;
    r->checks++;
    rc = excerpt_impossible(r->x, r->try, &r->check);
    if (rc == 1)
        memcpy(r->keep, r->try, r->x->n * sizeof *r->keep);
    return rc;
}

/* Tries to leave out each stretch of so many operations. 1: some could be. */
static int sweep(struct reduction *r, size_t stretch)
{
    size_t n = 0;
    int progress = 0;

    for (size_t i = 0; i < r->x->n; i++) {
        if (r->keep[r->turn[i]])
            r->list[n++] = r->turn[i];
    }
    for (size_t from = 0; from < n && goes_on(r); from += stretch) {
        bool any = false;
        int rc;

        memcpy(r->try, r->keep, r->x->n * sizeof *r->try);
        for (size_t i = from; i < n && i < from + stretch; i++) {
            any |= r->try[r->list[i]];
            r->try[r->list[i]] = false;
        }
        rc = any ? attempt(r) : 0;
        if (rc < 0)
            return rc;
        progress |= rc;
    }
    return progress;
}

/* Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input" (TSE 2002): ever smaller
 * stretches, then single operations until none can go. */
static int reduce(struct reduction *r)
{
    size_t stretch = (r->x->n + 1) / 2;
    int rc = 0;

    while (rc >= 0 && stretch > 1 && goes_on(r)) {
        rc = sweep(r, stretch);
        stretch /= 2;
    }
    do {
        rc = rc < 0 ? rc : sweep(r, 1);
    } while (rc == 1 && goes_on(r));
    return rc < 0 ? rc : 0;
}

/* --- several ways down ---------------------------------------------------------------------- */

enum way { WAY_OBSERVERS_FIRST, WAY_BY_CALL, WAY_FROM_THE_END, WAY_COUNT };

static void set_turns(struct reduction *r, enum way way)
{
    size_t n = 0;

    for (int changing = 0; changing <= (way == WAY_OBSERVERS_FIRST); changing++) {
        for (size_t i = 0; i < r->x->n; i++) {
            size_t at = way == WAY_FROM_THE_END ? r->x->n - 1 - i : i;

            if (way != WAY_OBSERVERS_FIRST || r->x->ops[at].observes != (changing == 1))
                r->turn[n++] = (uint32_t)at;
        }
    }
}

static void keep_all(struct reduction *r)
{
    for (size_t i = 0; i < r->x->n; i++)
        r->keep[i] = true;
}

/* A smaller result depends on what is tried first; where checks are cheap several ways are gone. */
static int reduce_best(struct reduction *r)
{
    size_t n = r->x->n;
    bool *best = calloc(n + 1, sizeof *best);
    size_t n_best = n + 1;
    int rc = best == NULL ? -E_NOMEM : 0;

    for (int way = 0; rc == 0 && way < (n > WAYS_OPS_MAX ? 1 : WAY_COUNT); way++) {
        keep_all(r);
        set_turns(r, (enum way)way);
        rc = reduce(r);
        if (rc == 0 && count(r, r->keep) < n_best) {
            n_best = count(r, r->keep);
            memcpy(best, r->keep, n * sizeof *best);
        }
        if (r->spent)
            break;
    }
    if (rc == 0)
        memcpy(r->keep, best, n * sizeof *best);
    free(best);
    return rc;
}

/* --- before the cut ------------------------------------------------------------------------- */

/* `end` is due in any case. */
static int begin(struct reduction *r, uint64_t cut)
{
    int rc = excerpt_create(r->h, r->model, r->part->inputs, r->part->n, cut, &r->x);

    if (rc == 0)
        rc = sources_create(r->x, &r->sources);
    if (rc < 0)
        return rc;
    r->keep = calloc(r->x->n + 1, sizeof *r->keep);
    r->try = calloc(r->x->n + 1, sizeof *r->try);
    r->turn = calloc(r->x->n + 1, sizeof *r->turn);
    r->list = calloc(r->x->n + 1, sizeof *r->list);
    return r->keep == NULL || r->try == NULL || r->turn == NULL || r->list == NULL ? -E_NOMEM : 0;
}

static void end(struct reduction *r)
{
    sources_destroy(r->sources);
    excerpt_destroy(r->x);
    free(r->keep);
    free(r->try);
    free(r->turn);
    free(r->list);
    r->sources = NULL;
    r->x = NULL;
    r->keep = NULL;
    r->try = NULL;
    r->turn = NULL;
    r->list = NULL;
}

/* What is kept is all that there is from now on. */
static int take_kept(struct reduction *r)
{
    struct partition *p = &r->narrowed;

    p->inputs = calloc(r->x->n + 1, sizeof *p->inputs);
    if (p->inputs == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < r->x->n; i++) {
        if (r->keep[i])
            p->inputs[p->n++] = (struct problem_input){.original = r->x->ops[i].original};
    }
    r->part = p;
    return 0;
}

/* All operations of two values: as a rule that is where it is. 1: it is. */
static int try_guess(struct reduction *r)
{
    int rc = narrow_guess(r->x, r->try);

    return rc == 1 ? attempt(r) : rc;
}

/* A cut leaves operations open that took an element, and nobody knows any more which: such
 * histories are hard to check. So first the elements go that it takes not. */
static int leave_elements_out(struct reduction *r)
{
    int rc;

    keep_all(r);
    set_turns(r, WAY_BY_CALL);
    rc = reduce(r);
    return rc < 0 ? rc : 1;
}

static int narrow(struct reduction *r)
{
    bool elements = r->model->effect == NULL && r->model->of_elements;
    int rc;

    if (!elements && r->part->n < GUESS_OPS_MIN)
        return 0;
    rc = begin(r, HISTORY_NEVER - 1);
    if (rc == 0)
        rc = elements ? leave_elements_out(r) : try_guess(r);
    if (rc == 1)
        rc = take_kept(r);
    end(r);
    return rc;
}

/* --- which times matter --------------------------------------------------------------------- */

/* Lets one operation return at any later time, for good if what is left stays impossible. */
static int widen(struct reduction *r, struct history_op *op, bool *ret_matters)
{
    uint64_t was = op->return_seq;
    int rc = 0;

    op->return_seq = HISTORY_NEVER - 1;
    if (goes_on(r)) {
        r->checks++;
        rc = excerpt_impossible(r->x, r->keep, &r->check);
    }
    *ret_matters = rc != 1;
    if (rc != 1)
        op->return_seq = was;
    return rc < 0 ? rc : 0;
}

static int find_what_matters(struct reduction *r, struct minimal *m)
{
    size_t n = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->x->n; i++) {
        if (!r->keep[i])
            continue;
        if (excerpt_is_required(&r->x->ops[i]))
            rc = widen(r, &r->x->ops[i].op, &m->ops[n].return_matters);
        n++;
    }
    return rc;
}

/* --- the whole ------------------------------------------------------------------------------ */

static int conclude(struct reduction *r, struct minimal **ret)
{
    struct minimal *m = calloc(1, sizeof *m);
    size_t n = 0;
    int rc = 0;

    if (m != NULL)
        m->last = count(r, r->keep);
    if (m != NULL)
        m->ops = calloc(m->last + 1, sizeof *m->ops);
    if (m == NULL || m->ops == NULL) {
        minimal_free(&m);
        return -E_NOMEM;
    }
    for (size_t i = 0; i < r->x->n; i++) {
        if (!r->keep[i])
            continue;
        if (r->x->ops[i].op.return_seq == r->cut)
            m->last = n;
        m->ops[n++] = (struct minimal_op){.op = r->x->ops[i].original};
    }
    m->model = r->model;
    m->n = n;
    m->n_whole = r->n_whole;
    m->finished = !r->spent;
    rc = find_what_matters(r, m);
    m->checks = r->checks;
    if (rc < 0)
        minimal_free(&m);
    else
        *ret = m;
    return rc;
}

static int minimize_part(struct reduction *r, const struct check_partition *checked,
                         struct minimal **ret)
{
    int rc;

    if (r->part->of_element)
        r->model = r->model->element;
    r->n_whole = r->part->n;
    rc = narrow(r);
    if (rc == 0)
        rc = cut(r, checked);
    if (rc == 0)
        rc = begin(r, r->cut);
    if (rc == 0)
        rc = reduce_best(r);
    if (rc == 0)
        rc = conclude(r, ret);
    end(r);
    free(r->narrowed.inputs);
    return rc;
}

/* What was checked as one object is impossible because one of its keys is. */
static int find_part(struct reduction *r, const struct partitions *parts)
{
    for (size_t i = 0; i < parts->n; i++) {
        int rc;

        r->part = &parts->items[i];
        rc = cut_impossible(r, HISTORY_NEVER - 1);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    return -E_TIMEOUT;
}

int minimize(const struct history *h, const struct check_result *r,
             const struct minimize_options *o, struct minimal **ret, struct err *e)
{
    struct reduction reduction = {
        .h = h, .model = o->custom != NULL ? o->custom : model_find(r->model), .options = o};
    const struct check_partition *worst = &r->partitions[r->worst];
    struct partitions *parts;
    int rc;

    if (r->verdict != VERDICT_NOT_LINEARIZABLE)
        return err_set(e, -E_INVAL, "there is no violation to minimize");
    reduction.check = (struct check_options){
        .spent = is_spent, .spent_context = &reduction, .memory_bytes_max = o->memory_bytes_max};
    rc = partitions_make(h, reduction.model, PARTITION_BY_ELEMENT, &parts, e);
    if (rc < 0)
        return rc;
    if (worst->family.len == 0) { /* all keys together */
        rc = find_part(&reduction, parts);
        worst = NULL;
    } else {
        reduction.part = &parts->items[r->worst];
    }
    if (rc == 0)
        rc = minimize_part(&reduction, worst, ret);
    partitions_destroy(parts);
    return rc < 0 ? err_set(e, rc, "minimizing: %s", err_text(rc)) : 0;
}

void minimal_free(struct minimal **m)
{
    if (*m == NULL)
        return;
    free((*m)->ops);
    free(*m);
    *m = NULL;
}
