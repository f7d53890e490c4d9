#include "checker/sources.h"

#include "checker/models/rows.h"

#include <stdlib.h>

/* --- what it looks things up in -------------------------------------------------------------- */

/* Operations that change the object, by call. reach[i]: of those up to i that are left out, the
 * latest return, plus one; 0: none is. Whoever has to be behind an operation that was invoked at
 * `reach` or later owes none of them anything. */
struct writers {
    uint32_t *ops;
    uint64_t *reach;
    size_t n;
};

enum sources_kind {
    SOURCES_VALUES,   /* the model tells which states an operation wants and leaves */
    SOURCES_ELEMENTS, /* an object of elements that do not mind each other */
    SOURCES_WHOLE,    /* nothing is known: only observers can be left out */
};

struct sources {
    const struct excerpt *x;
    enum sources_kind kind;
    bool appends;

    uint32_t *separators; /* required operations that overwrite, by return */
    size_t n_separators;
    uint64_t *latest; /* of each operation: the latest call of a separator in front of it, or 0 */
    struct writers all;
    struct writers by_state; /* by state that is left, then by call */
    size_t *first;           /* of each state in by_state.ops; one more at the end */
    uint64_t *earliest;      /* of each state: the first call of a writer that is kept */
    struct buf *bytes;       /* of each state, where states grow by appending */
    bool *gone;              /* of each element: an operation that names it is left out */
    size_t n_states;
};

static bool changes(const struct excerpt_op *o)
{
    return !o->observes;
}

static bool overwrites(const struct excerpt_op *o)
{
    return changes(o) && o->effect.kind == EFFECT_SET;
}

static uint64_t return_of(const struct excerpt_op *o)
{
    return excerpt_is_required(o) ? o->op.return_seq : HISTORY_NEVER;
}

/* --- making it ------------------------------------------------------------------------------ */

static enum sources_kind kind_of(const struct model *m)
{
    if (m->effect != NULL)
        return SOURCES_VALUES;
    return m->of_elements ? SOURCES_ELEMENTS : SOURCES_WHOLE;
}

struct return_at {
    uint64_t ret;
    uint32_t op;
};

static int by_return(const void *a, const void *b)
{
    const struct return_at *x = a;
    const struct return_at *y = b;

    return x->ret < y->ret ? -1 : x->ret > y->ret;
}

static int make_separators(struct sources *s)
{
    struct return_at *sorted = calloc(s->x->n + 1, sizeof *sorted);
    size_t n = 0;

    if (sorted == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < s->x->n; i++) {
        const struct excerpt_op *o = &s->x->ops[i];

        if (overwrites(o) && excerpt_is_required(o))
            sorted[n++] = (struct return_at){.ret = o->op.return_seq, .op = i};
    }
    qsort(sorted, n, sizeof *sorted, by_return);
    for (size_t i = 0; i < n; i++)
        s->separators[i] = sorted[i].op;
    s->n_separators = n;
    free(sorted);
    return 0;
}

/* A counting sort: operations that leave the same state stay in the order of their calls. */
static void sort_writers(struct sources *s)
{
    const struct excerpt *x = s->x;
    size_t n = 0;

    for (uint32_t i = 0; i < x->n; i++) {
        s->appends |= changes(&x->ops[i]) && x->ops[i].effect.kind == EFFECT_APPEND;
        if (changes(&x->ops[i])) {
            s->all.ops[s->all.n++] = i;
            s->first[x->ops[i].effect.left]++;
        }
    }
    for (size_t state = 0; state <= s->n_states; state++) {
        size_t here = s->first[state];

        s->first[state] = n;
        n += here;
    }
    for (size_t i = 0; i < s->all.n; i++)
        s->by_state.ops[s->first[x->ops[s->all.ops[i]].effect.left]++] = s->all.ops[i];
    for (size_t state = s->n_states; state > 0; state--)
        s->first[state] = s->first[state - 1];
    s->first[0] = 0;
    s->by_state.n = s->all.n;
}

static int make_bytes_of(struct sources *s, uint32_t state)
{
    if (state == STRING_ABSENT || s->bytes[state].data != NULL)
        return 0;
    return strings_bytes(s->x->env.strings, state, &s->bytes[state]);
}

static int make_bytes(struct sources *s)
{
    int rc = 0;

    if (!s->appends)
        return 0;
    s->bytes = calloc(s->n_states + 1, sizeof *s->bytes);
    if (s->bytes == NULL)
        return -E_NOMEM;
    for (size_t i = 0; rc == 0 && i < s->x->n; i++) {
        const struct excerpt_op *o = &s->x->ops[i];

        if (o->effect.wants)
            rc = make_bytes_of(s, o->effect.wanted);
        if (rc == 0 && changes(o))
            rc = make_bytes_of(s, o->effect.left);
    }
    return rc;
}

int sources_create(const struct excerpt *x, struct sources **ret)
{
    struct sources *s = calloc(1, sizeof *s);
    int rc = -E_NOMEM;

    if (s == NULL)
        return rc;
    s->x = x;
    s->kind = kind_of(x->model);
    s->n_states = strings_count(x->env.strings);
    s->separators = calloc(x->n + 1, sizeof *s->separators);
    s->latest = calloc(x->n + 1, sizeof *s->latest);
    s->all.ops = calloc(x->n + 1, sizeof *s->all.ops);
    s->all.reach = calloc(x->n + 1, sizeof *s->all.reach);
    s->by_state.ops = calloc(x->n + 1, sizeof *s->by_state.ops);
    s->by_state.reach = calloc(x->n + 1, sizeof *s->by_state.reach);
    s->first = calloc(s->n_states + 2, sizeof *s->first);
    s->earliest = calloc(s->n_states + 1, sizeof *s->earliest);
    s->gone = calloc(s->n_states + 1, sizeof *s->gone);
    if (s->separators != NULL && s->latest != NULL && s->all.ops != NULL && s->all.reach != NULL &&
        s->by_state.ops != NULL && s->by_state.reach != NULL && s->first != NULL &&
        s->earliest != NULL && s->gone != NULL)
        rc = make_separators(s);
    if (rc == 0) {
        sort_writers(s);
        rc = make_bytes(s);
    }
    if (rc < 0) {
        sources_destroy(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void sources_destroy(struct sources *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; s->bytes != NULL && i < s->n_states; i++)
        buf_free(&s->bytes[i]);
    free(s->bytes);
    free(s->separators);
    free(s->latest);
    free(s->all.ops);
    free(s->all.reach);
    free(s->by_state.ops);
    free(s->by_state.reach);
    free(s->first);
    free(s->earliest);
    free(s->gone);
    free(s);
}

/* --- values --------------------------------------------------------------------------------- */

static void note_reach(const struct sources *s, struct writers *w, const bool *keep, size_t from,
                       size_t to)
{
    uint64_t reach = 0;

    for (size_t i = from; i < to; i++) {
        const struct excerpt_op *p = &s->x->ops[w->ops[i]];
        uint64_t ret = return_of(p);

        if (!keep[w->ops[i]]) {
            ret = ret == HISTORY_NEVER ? ret : ret + 1;
            reach = ret > reach ? ret : reach;
        }
        w->reach[i] = reach;
    }
}

static void note_latest(struct sources *s, const bool *keep)
{
    uint64_t latest = 0;
    size_t n = 0;

    for (size_t i = 0; i < s->x->n; i++) {
        uint64_t call = s->x->ops[i].op.call_seq;

        for (; n < s->n_separators; n++) {
            const struct excerpt_op *w = &s->x->ops[s->separators[n]];

            if (w->op.return_seq >= call)
                break;
            if (keep[s->separators[n]] && w->op.call_seq > latest)
                latest = w->op.call_seq;
        }
        s->latest[i] = latest;
    }
}

static void note_kept(struct sources *s, const bool *keep)
{
    note_latest(s, keep);
    note_reach(s, &s->all, keep, 0, s->all.n);
    for (size_t state = 0; state < s->n_states; state++) {
        note_reach(s, &s->by_state, keep, s->first[state], s->first[state + 1]);
        s->earliest[state] = HISTORY_NEVER;
        for (size_t i = s->first[state]; i < s->first[state + 1]; i++) {
            uint32_t p = s->by_state.ops[i];

            if (keep[p] && s->x->ops[p].op.call_seq < s->earliest[state])
                s->earliest[state] = s->x->ops[p].op.call_seq;
        }
    }
}

/* Of the writers [from .. to) those that may stand before operation o as far as o's return goes: up
 * to which of them. */
static size_t invoked_in_time(const struct sources *s, const struct writers *w, size_t from,
                              size_t to, size_t o)
{
    uint64_t ret = return_of(&s->x->ops[o]);

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (s->x->ops[w->ops[middle]].op.call_seq <= ret)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Whether among writers[from .. to) one is left out that may stand before operation o with nothing
 * that is kept and overwrites certainly between them. */
static bool owes(const struct sources *s, const struct writers *w, size_t from, size_t to, size_t o)
{
    size_t end = invoked_in_time(s, w, from, to, o);

    return end > from && w->reach[end - 1] > s->latest[o];
}

/* Whether the state that o wants can have something of operation p in it. */
static bool may_hold(const struct sources *s, size_t o, size_t p)
{
    uint32_t wanted = s->x->ops[o].effect.wanted;
    const struct model_effect *e = &s->x->ops[p].effect;
    const struct buf *whole = &s->bytes[wanted];
    const struct buf *part = &s->bytes[e->left];

    if (part->len == 0) /* all begin with nothing, and it stands everywhere */
        return true;
    if (e->kind == EFFECT_APPEND)
        return whole->len > 0 && memmem(whole->data, whole->len, part->data, part->len) != NULL;
    return whole->len >= part->len && memcmp(whole->data, part->data, part->len) == 0;
}

/* As owes(), where a state is put together from pieces. */
static bool owes_a_piece(const struct sources *s, const bool *keep, size_t o)
{
    for (size_t i = invoked_in_time(s, &s->all, 0, s->all.n, o);
         i > 0 && s->all.reach[i - 1] > s->latest[o]; i--) {
        uint32_t p = s->all.ops[i - 1];

        if (!keep[p] && return_of(&s->x->ops[p]) >= s->latest[o] && may_hold(s, o, p))
            return true;
    }
    return false;
}

/* Whether all pieces of the state that o wants are gone. */
static bool lost_its_pieces(const struct sources *s, const bool *keep, size_t o)
{
    bool had = false;

    for (size_t i = invoked_in_time(s, &s->all, 0, s->all.n, o); i > 0; i--) {
        uint32_t p = s->all.ops[i - 1];

        if (p == o || !may_hold(s, o, p))
            continue;
        if (keep[p])
            return false;
        had = true;
    }
    return had;
}

/* Whether nobody who is kept wrote the state that o wants, and somebody who is not may have. */
static bool lost_its_writer(const struct sources *s, size_t o)
{
    uint32_t wanted = s->x->ops[o].effect.wanted;
    uint64_t ret = return_of(&s->x->ops[o]);
    uint32_t p;

    if (s->first[wanted] == s->first[wanted + 1] || s->earliest[wanted] <= ret)
        return false;
    p = s->by_state.ops[s->first[wanted]];
    return s->x->ops[p].op.call_seq <= ret;
}

static bool breaks_off(const struct sources *s, const bool *keep, size_t o)
{
    const struct model_effect *e = &s->x->ops[o].effect;

    if (e->blind)
        return false;
    if (!e->wants)
        return owes(s, &s->all, 0, s->all.n, o);
    if (s->appends)
        return owes_a_piece(s, keep, o) || lost_its_pieces(s, keep, o);
    return owes(s, &s->by_state, s->first[e->wanted], s->first[e->wanted + 1], o) ||
           lost_its_writer(s, o);
}

static void close_values(struct sources *s, bool *keep)
{
    bool changed = true;

    while (changed) {
        changed = false;
        note_kept(s, keep);
        for (size_t o = 0; o < s->x->n; o++) {
            if (keep[o] && breaks_off(s, keep, o)) {
                keep[o] = false;
                changed = true;
            }
        }
    }
}

/* --- elements ------------------------------------------------------------------------------- */

/* Whether a get found one of the elements that are gone. */
static bool found_any(const struct sources *s, const struct excerpt_op *o)
{
    uint32_t *found;
    size_t n;
    bool any = false;

    if (row_numbers(s->x->env.strings, o->op.result, &found, &n) < 0)
        return true; /* nobody knows */
    for (size_t i = 0; i < n; i++)
        any |= found[i] < s->n_states && s->gone[found[i]];
    free(found);
    return any;
}

/* The element that an operation names: what it puts in, or what it took out. */
static bool element_of(const struct excerpt_op *o, uint32_t *ret)
{
    if (op_takes_value(o->op.kind)) {
        *ret = o->asked.value;
        return true;
    }
    *ret = o->asked.result;
    return op_returns_value(o->op.kind) && o->asked.known && o->asked.status == STATUS_OK;
}

static void close_elements(struct sources *s, bool *keep)
{
    bool all_gone = false;
    uint32_t element;

    memset(s->gone, 0, s->n_states * sizeof *s->gone);
    for (size_t i = 0; i < s->x->n; i++) {
        const struct excerpt_op *o = &s->x->ops[i];

        if (keep[i] || !changes(o))
            continue;
        if (element_of(o, &element))
            s->gone[element] = true;
        else
            all_gone = true;
    }
    for (size_t i = 0; i < s->x->n; i++) {
        const struct excerpt_op *o = &s->x->ops[i];

        if (all_gone || (o->op.kind == OP_GET ? keep[i] && found_any(s, o)
                                              : element_of(o, &element) && s->gone[element]))
            keep[i] = false;
    }
}

/* --- any ------------------------------------------------------------------------------------ */

static void close_whole(struct sources *s, bool *keep)
{
    bool gone = false;

    for (size_t i = 0; i < s->x->n; i++)
        gone |= !keep[i] && changes(&s->x->ops[i]);
    for (size_t i = 0; gone && i < s->x->n; i++)
        keep[i] = false;
}

void sources_close(struct sources *s, bool *keep)
{
    switch (s->kind) {
    case SOURCES_VALUES: close_values(s, keep); break;
    case SOURCES_ELEMENTS: close_elements(s, keep); break;
    case SOURCES_WHOLE: close_whole(s, keep); break;
    }
}
