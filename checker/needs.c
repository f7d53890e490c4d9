#include "checker/needs.h"

#include <stdlib.h>

/* Longer chains of prefixes are not followed, and what returns later than this many others is not
 * looked at: then nothing is said. */
enum { CHAIN_MAX = 64, RETURNS_MAX = 64 };

/* What is known of one string that some operation wants, sets or appends. */
struct known {
    uint32_t wanting;   /* required operations that want it and are not placed */
    uint32_t setting;   /* operations that set it and are not placed */
    uint32_t base;      /* the longest proper prefix that some operation sets; 0: none */
    bool is_set;        /* some operation sets it */
    bool begins_append; /* appends alone may make it from nothing: one of them is a prefix */
};

struct needs {
    const struct problem *problem;
    struct model_effect *effects; /* of each class */
    struct known *known;          /* of each string */
    uint32_t n_known;
    bool appends;           /* there are appends at all */
    bool appends_nothing;   /* ...and one of the empty string */
    uint32_t *next_wanting; /* of each place in by_return: the next one, from there on */
};

/* --- what there is -------------------------------------------------------------------------- */

static void note_effects(struct needs *n)
{
    const struct problem *p = n->problem;

    for (uint32_t c = 0; c < p->n_classes; c++) {
        struct model_effect *e = &n->effects[c];

        *e = p->model->effect(&p->env, &p->classes[c].op);
        if (e->kind == EFFECT_SET)
            n->known[e->left].is_set = true;
        if (e->kind == EFFECT_APPEND) {
            n->appends = true;
            n->appends_nothing |= e->left == STRING_EMPTY;
            n->known[e->left].begins_append = true;
        }
    }
    for (uint32_t i = 0; i < p->n_ops; i++)
        needs_removed(n, i);
}

static void note_wanting(struct needs *n)
{
    const struct problem *p = n->problem;

    n->next_wanting[p->n_required] = p->n_required;
    for (uint32_t i = p->n_required; i-- > 0;) {
        bool wants = n->effects[p->ops[p->by_return[i]].class].wants;

        n->next_wanting[i] = wants ? i : n->next_wanting[i + 1];
    }
}

static int compare_strings(const void *a, const void *b, void *context)
{
    const struct strings *s = context;

    return slice_compare(strings_slice(s, *(const uint32_t *)a),
                         strings_slice(s, *(const uint32_t *)b));
}

/* In sorted order the prefixes of a string are what is left of a stack from which everything that
 * is no prefix of it was popped. */
static void link_prefixes(struct needs *n, const uint32_t *sorted, uint32_t count, uint32_t *stack)
{
    const struct strings *s = n->problem->env.strings;
    uint32_t depth = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct known *k = &n->known[sorted[i]];

        while (depth > 0 && !strings_is_prefix(s, stack[depth - 1], sorted[i]))
            depth--;
        if (depth > 0) {
            const struct known *prefix = &n->known[stack[depth - 1]];

            k->base = prefix->is_set ? stack[depth - 1] : prefix->base;
            k->begins_append |= prefix->begins_append;
        }
        stack[depth++] = sorted[i];
    }
}

static int note_prefixes(struct needs *n)
{
    uint32_t *sorted = calloc(2 * (size_t)n->n_known, sizeof *sorted);
    uint32_t count = 0;

    if (sorted == NULL)
        return -E_NOMEM;
    for (uint32_t i = STRING_EMPTY + 1; i < n->n_known; i++)
        sorted[count++] = i;
    qsort_r(sorted, count, sizeof *sorted, compare_strings, n->problem->env.strings);
    link_prefixes(n, sorted, count, sorted + n->n_known);
    free(sorted);
    return 0;
}

int needs_create(const struct problem *p, struct needs **ret)
{
    struct needs *n;
    int rc = -E_NOMEM;

    *ret = NULL;
    if (p->model->effect == NULL)
        return 0;
    n = calloc(1, sizeof *n);
    if (n == NULL)
        return rc;
    n->problem = p;
    n->n_known = p->n_strings;
    n->effects = calloc((size_t)p->n_classes + 1, sizeof *n->effects);
    n->known = calloc(n->n_known, sizeof *n->known);
    n->next_wanting = calloc((size_t)p->n_required + 1, sizeof *n->next_wanting);
    if (n->effects != NULL && n->known != NULL && n->next_wanting != NULL) {
        note_effects(n);
        note_wanting(n);
        rc = n->appends ? note_prefixes(n) : 0;
    }
    if (rc < 0) {
        needs_destroy(n);
        return rc;
    }
    *ret = n;
    return 0;
}

void needs_destroy(struct needs *n)
{
    if (n == NULL)
        return;
    free(n->effects);
    free(n->known);
    free(n->next_wanting);
    free(n);
}

/* --- what is left --------------------------------------------------------------------------- */

void needs_placed(struct needs *n, uint32_t op)
{
    const struct model_effect *e = &n->effects[n->problem->ops[op].class];

    if (e->wants && problem_is_required(n->problem, op))
        n->known[e->wanted].wanting--;
    if (e->kind == EFFECT_SET)
        n->known[e->left].setting--;
}

void needs_removed(struct needs *n, uint32_t op)
{
    const struct model_effect *e = &n->effects[n->problem->ops[op].class];

    if (e->wants && problem_is_required(n->problem, op))
        n->known[e->wanted].wanting++;
    if (e->kind == EFFECT_SET)
        n->known[e->left].setting++;
}

/* --- looking ahead -------------------------------------------------------------------------- */

/* Whether appends alone may lead from `state` to `wanted`. */
static bool may_grow(const struct needs *n, uint32_t state, uint32_t wanted)
{
    if (state == wanted)
        return true;
    if (!n->appends || wanted == STRING_ABSENT)
        return false;
    if (state <= STRING_EMPTY)
        return n->appends_nothing || n->known[wanted].begins_append;
    return strings_is_prefix(n->problem->env.strings, state, wanted);
}

/* Whether some operation that is not placed sets `wanted`, or what may grow into it. */
static bool may_be_set(const struct needs *n, uint32_t wanted)
{
    uint32_t at = wanted;

    if (n->known[wanted].setting > 0)
        return true;
    for (uint32_t nothing = STRING_ABSENT; nothing <= STRING_EMPTY; nothing++) {
        if (n->known[nothing].setting > 0 && may_grow(n, nothing, wanted))
            return true;
    }
    for (int i = 0; n->appends && at != STRING_ABSENT; i++) {
        if (i == CHAIN_MAX || n->known[at].setting > 0)
            return true;
        at = n->known[at].base;
    }
    return false;
}

static bool can_come(const struct needs *n, uint32_t wanted, uint32_t state)
{
    return may_grow(n, state, wanted) || may_be_set(n, wanted);
}

bool needs_hopeless(const struct needs *n, const struct placement *at, uint32_t op, uint32_t next)
{
    const struct problem *p = n->problem;
    uint32_t k = n->next_wanting[at->next_return];

    if (n->effects[p->ops[op].class].kind == EFFECT_NONE)
        return false;
    if (at->state < n->n_known && n->known[at->state].wanting > 0 && !can_come(n, at->state, next))
        return true;
    for (int i = 0; i < RETURNS_MAX && k < p->n_required; i++) {
        uint32_t wanting = p->by_return[k];

        if (wanting != op && !placement_holds(at, wanting) &&
            !can_come(n, n->effects[p->ops[wanting].class].wanted, next))
            return true;
        k = n->next_wanting[k + 1];
    }
    return false;
}

bool needs_hopeless_at_start(const struct needs *n)
{
    for (uint32_t i = 0; i < n->n_known; i++) {
        if (n->known[i].wanting > 0 && !can_come(n, i, n->problem->initial))
            return true;
    }
    return false;
}

size_t needs_memory_bytes(const struct needs *n)
{
    return n == NULL ? 0
                     : n->problem->n_classes * sizeof *n->effects + n->n_known * sizeof *n->known +
                           n->problem->n_required * sizeof *n->next_wanting;
}
