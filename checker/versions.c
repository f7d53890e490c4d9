#include "checker/versions.h"

#include "base/pages.h"

#include <stdlib.h>

/* What is decided here holds in any order: it looks at values and not at times. */

/* So many endings of a state are told apart; with as many nothing is said. */
enum { ENDINGS_MAX = 8 };

static const char *const UNCLEAR = "a value may have come about in more than one way";

/* Makes all versions below n; those that are new have no writer. */
static int make_room(struct versions *v, uint32_t n)
{
    if (n > v->cap) {
        uint32_t cap = n > v->cap + v->cap / 2 ? n : v->cap + v->cap / 2;
        struct version *items = pages_grow(v->items, (size_t)cap * sizeof *items);

        if (items == NULL)
            return -E_NOMEM;
        v->items = items;
        v->cap = cap;
    }
    for (; v->n < n; v->n++)
        v->items[v->n] =
            (struct version){.writer = VERSION_NONE, .prev = VERSION_NONE, .next = VERSION_NONE};
    return 0;
}

static int versions_init(struct versions *v, const struct problem *p)
{
    v->effects = pages_calloc((size_t)p->n_classes + 1, sizeof *v->effects);
    v->of = pages_calloc((size_t)p->n_ops + 1, sizeof *v->of);
    if (v->effects == NULL || v->of == NULL)
        return -E_NOMEM;
    for (uint32_t c = 0; c < p->n_classes; c++)
        v->effects[c] = p->model->effect(&p->env, &p->classes[c].op);
    return make_room(v, (uint32_t)strings_count(p->env.strings));
}

void versions_free(struct versions *v)
{
    free(v->effects);
    free(v->of);
    free(v->items);
    pieces_destroy(v->pieces);
    *v = (struct versions){0};
}

/* --- what there is -------------------------------------------------------------------------- */

static int note_append(struct versions *v, uint32_t op, const char **why)
{
    if (v->pieces == NULL) {
        int rc = pieces_create(v->problem->env.strings, &v->pieces);

        if (rc < 0)
            return rc;
    }
    if (!pieces_add(v->pieces, op, versions_effect(v, op)->left))
        *why = "something empty is appended, or pieces of many lengths";
    return 0;
}

static void note_set(struct versions *v, uint32_t op, const char **why)
{
    const struct model_effect *e = versions_effect(v, op);
    struct version *version = &v->items[e->left];

    if (e->wants && e->wanted == e->left) {
        /* Of unknown outcome it can be left out. */
        if (problem_is_required(v->problem, op))
            *why = "a value is replaced by itself";
        return;
    }
    version->rewritten = version->writer != VERSION_NONE;
    version->writer = op;
}

static void note_observer(struct versions *v, uint32_t op)
{
    const struct model_effect *e = versions_effect(v, op);

    if (!problem_is_required(v->problem, op))
        return; /* changes nothing, and nobody saw its answer */
    if (!e->wants) {
        v->n_loose++;
        return;
    }
    v->of[op] = e->wanted;
    v->items[e->wanted].n_readers++;
}

static int note_ops(struct versions *v, const char **why)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && *why == NULL && i < v->problem->n_ops; i++) {
        v->of[i] = VERSION_NONE;
        switch (versions_effect(v, i)->kind) {
        case EFFECT_NONE: note_observer(v, i); break;
        case EFFECT_SET: note_set(v, i, why); break;
        case EFFECT_APPEND: rc = note_append(v, i, why); break;
        }
    }
    for (uint32_t i = 0; v->pieces != NULL && i < v->n; i++) {
        if (v->items[i].writer != VERSION_NONE)
            pieces_add_base(v->pieces, i);
    }
    return rc;
}

/* --- how a state came about ----------------------------------------------------------------- */

struct way {
    uint32_t writer;
    uint32_t prev;
};

static bool is_written(const struct versions *v, uint32_t state)
{
    return state < v->n && (state == v->problem->initial || v->items[state].writer != VERSION_NONE);
}

/* Whether anything might have led to these bytes: false is certain. */
static bool may_be(const struct versions *v, struct slice bytes)
{
    uint32_t found;

    return bytes.len == 0 || pieces_endings(v->pieces, bytes, &found, 1) > 0 ||
           (strings_find(v->problem->env.strings, bytes, &found) && is_written(v, found));
}

/* What `piece`, the end of `state`, was appended to: how many states that could be. */
static int find_front(struct versions *v, uint32_t state, uint32_t piece, uint32_t *ret)
{
    int rc;

    if (strings_length(v->problem->env.strings, state) ==
        strings_length(v->problem->env.strings, piece)) {
        /* Something absent counts as empty. */
        *ret = is_written(v, STRING_ABSENT) ? STRING_ABSENT : STRING_EMPTY;
        return is_written(v, STRING_ABSENT) + is_written(v, STRING_EMPTY);
    }
    rc = strings_before(v->problem->env.strings, state, piece, ret);
    if (rc == 1 && make_room(v, *ret + 1) < 0)
        rc = -E_NOMEM;
    return rc;
}

/* The ways in which appending made `state`: 0, 1 (*ret is the one) or more. `others`: it may have
 * come about without. */
static int find_appends(struct versions *v, uint32_t state, bool others, struct way *ret)
{
    struct slice bytes = strings_last_piece(v->problem->env.strings, state);
    uint32_t endings[ENDINGS_MAX];
    size_t found = pieces_endings(v->pieces, bytes, endings, ENDINGS_MAX);
    size_t n = found;
    int fronts;

    if (found == ENDINGS_MAX || bytes.len != strings_length(v->problem->env.strings, state))
        return ENDINGS_MAX;
    if (n > 1 || others) {
        n = 0;
        for (size_t i = 0; i < found; i++) {
            size_t piece_len = strings_length(v->problem->env.strings, endings[i]);

            if (may_be(v, slice_of(bytes.data, bytes.len - piece_len)))
                endings[n++] = endings[i];
        }
    }
    if (n != 1)
        return (int)n;
    ret->writer = pieces_op(v->pieces, endings[0]);
    fronts = find_front(v, state, endings[0], &ret->prev);
    return fronts > 0 && ret->writer == PIECES_SEVERAL ? 2 : fronts;
}

/* 0: `state` cannot be. 1: *ret is the only way to it. More: that is not clear. */
static int find_way(struct versions *v, uint32_t state, struct way *ret)
{
    const struct version *version = &v->items[state];
    int n = (state == v->problem->initial) + (version->writer != VERSION_NONE) + version->rewritten;
    struct way appended;
    int appends;

    *ret = (struct way){.writer = version->writer, .prev = VERSION_NONE};
    if (n == 1 && ret->writer != VERSION_NONE && versions_effect(v, ret->writer)->wants)
        ret->prev = versions_effect(v, ret->writer)->wanted;
    if (v->pieces == NULL || state <= STRING_EMPTY)
        return n;
    appends = find_appends(v, state, n > 0, &appended);
    if (n == 0 && appends == 1)
        *ret = appended;
    return appends < 0 ? appends : n + appends;
}

/* --- what has to have been there ------------------------------------------------------------ */

/* False: two operations consumed the same state. */
static bool link_to_prev(struct versions *v, uint32_t at)
{
    struct version *prev = &v->items[v->items[at].prev];

    if (prev->next != VERSION_NONE)
        return false;
    prev->next = at;
    return true;
}

/* Version `at` has to have been there, and so has what it was made of. */
static int need(struct versions *v, uint32_t at, enum versions_outcome *outcome)
{
    while (at != VERSION_NONE && !v->items[at].needed) {
        struct way way;
        int n = find_way(v, at, &way);
        struct version *version = &v->items[at];

        if (n < 0)
            return n;
        *outcome = n == 1 ? VERSIONS_MADE : n == 0 ? VERSIONS_IMPOSSIBLE : VERSIONS_NOT_THIS_WAY;
        if (n != 1)
            return 0;
        version->needed = true;
        version->writer = way.writer;
        version->prev = way.prev;
        v->n_needed++;
        if (way.writer != VERSION_NONE) {
            if (v->of[way.writer] != VERSION_NONE)
                *outcome = VERSIONS_IMPOSSIBLE; /* one append, and two states that it made */
            v->of[way.writer] = at;
        }
        if (way.prev != VERSION_NONE && !link_to_prev(v, at))
            *outcome = VERSIONS_IMPOSSIBLE;
        if (*outcome != VERSIONS_MADE)
            return 0;
        at = way.prev;
    }
    return 0;
}

static int need_all(struct versions *v, enum versions_outcome *outcome)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && *outcome == VERSIONS_MADE && i < v->problem->n_required; i++) {
        if (versions_effect(v, i)->wants)
            rc = need(v, versions_effect(v, i)->wanted, outcome);
    }
    return rc;
}

/* Versions of what has to have been written though nobody saw it. */
static int add_unseen(struct versions *v, enum versions_outcome *outcome)
{
    uint32_t n = 0;
    int rc;

    v->n_states = v->n;
    for (uint32_t i = 0; i < v->problem->n_required; i++)
        n += versions_effect(v, i)->kind != EFFECT_NONE && v->of[i] == VERSION_NONE;
    if (n >= UINT32_MAX - v->n)
        return -E_LIMIT;
    rc = make_room(v, v->n + n);
    if (rc < 0)
        return rc;
    v->n_needed += n;
    for (uint32_t i = 0, at = v->n_states; at < v->n; i++) {
        const struct model_effect *e = versions_effect(v, i);

        if (e->kind == EFFECT_NONE || v->of[i] != VERSION_NONE)
            continue;
        v->of[i] = at;
        v->items[at].needed = true;
        v->items[at].writer = i;
        v->items[at].prev = e->wants ? e->wanted : VERSION_NONE;
        if (e->wants && !link_to_prev(v, at))
            *outcome = VERSIONS_IMPOSSIBLE;
        at++;
    }
    return 0;
}

int versions_make(const struct problem *p, struct versions *ret, enum versions_outcome *outcome,
                  const char **why)
{
    int rc;

    *why = "the model does not tell states apart";
    *outcome = VERSIONS_NOT_THIS_WAY;
    *ret = (struct versions){.problem = p};
    if (p->model->effect == NULL)
        return 0;
    *why = NULL;
    rc = versions_init(ret, p);
    if (rc == 0)
        rc = note_ops(ret, why);
    if (rc < 0 || *why != NULL)
        return rc;
    *outcome = VERSIONS_MADE;
    *why = UNCLEAR;
    rc = need_all(ret, outcome);
    if (rc == 0 && *outcome == VERSIONS_MADE)
        rc = add_unseen(ret, outcome);
    return rc;
}

uint32_t versions_state(const struct versions *v, uint32_t version)
{
    const struct model_effect *e;

    if (version < v->n_states)
        return version;
    e = versions_effect(v, v->items[version].writer);
    return e->kind == EFFECT_SET ? e->left : VERSION_NONE;
}

size_t versions_memory_bytes(const struct versions *v)
{
    const struct problem *p = v->problem;

    return v->cap * sizeof *v->items + p->n_classes * sizeof *v->effects +
           p->n_ops * sizeof *v->of + pieces_memory_bytes(v->pieces);
}
