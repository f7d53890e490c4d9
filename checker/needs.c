#include "checker/needs.h"

#include "base/pages.h"

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

/* Keys have nothing to do with each other. */
struct key_needs {
    struct known *known;  /* of each string */
    bool appends;         /* there are appends at all */
    bool appends_nothing; /* ...and one of the empty string */
};

struct needs {
    const struct problem *problem;
    struct model_effect *effects; /* of each class, on its key */
    struct key_needs *keys;
    struct known *known; /* of all keys */
    uint32_t n_known;    /* strings of each */
    bool appends;
    uint32_t *next_wanting; /* of each place in by_return: the next one, from there on */
};

/* What there is to know of strings in so many keys is not noted of more. */
enum { KNOWN_MAX = 1 << 28 };

static struct key_needs *key_of(const struct needs *n, uint32_t op)
{
    return &n->keys[n->problem->classes[n->problem->ops[op].class].op.key];
}

static const struct model_effect *effect_of(const struct needs *n, uint32_t op)
{
    return &n->effects[n->problem->ops[op].class];
}

/* --- what there is -------------------------------------------------------------------------- */

static void note_effects(struct needs *n)
{
    const struct problem *p = n->problem;

    for (uint32_t c = 0; c < p->n_classes; c++) {
        struct key_needs *key = &n->keys[p->classes[c].op.key];
        struct model_effect *e = &n->effects[c];

        *e = problem_model(p)->effect(&p->env, &p->classes[c].op);
        if (e->kind == EFFECT_SET)
            key->known[e->left].is_set = true;
        if (e->kind == EFFECT_APPEND) {
            n->appends = true;
            key->appends = true;
            key->appends_nothing |= e->left == STRING_EMPTY;
            key->known[e->left].begins_append = true;
        }
    }
    for (uint32_t i = 0; i < p->n_ops; i++)
        needs_removed(n, i);
}

static void note_wanting(struct needs *n)
{
    const struct problem *p = n->problem;

    n->next_wanting[p->n_required] = p->n_required;
    for (uint32_t i = p->n_required; i-- > 0;)
        n->next_wanting[i] = effect_of(n, p->by_return[i])->wants ? i : n->next_wanting[i + 1];
}

static int compare_strings(const void *a, const void *b, void *context)
{
    const struct strings *s = context;

    return slice_compare(strings_slice(s, *(const uint32_t *)a),
                         strings_slice(s, *(const uint32_t *)b));
}

/* In sorted order the prefixes of a string are what is left of a stack from which everything that
 * is no prefix of it was popped. */
static void link_prefixes(const struct needs *n, struct key_needs *key, const uint32_t *sorted,
                          uint32_t count, uint32_t *stack)
{
    const struct strings *s = n->problem->env.strings;
    uint32_t depth = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct known *k = &key->known[sorted[i]];

        while (depth > 0 && !strings_is_prefix(s, stack[depth - 1], sorted[i]))
            depth--;
        if (depth > 0) {
            const struct known *prefix = &key->known[stack[depth - 1]];

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
    for (size_t k = 0; k < n->problem->env.n_keys; k++) {
        if (n->keys[k].appends)
            link_prefixes(n, &n->keys[k], sorted, count, sorted + n->n_known);
    }
    free(sorted);
    return 0;
}

static int needs_init(struct needs *n, const struct problem *p)
{
    size_t n_keys = p->env.n_keys;

    n->problem = p;
    n->n_known = p->n_strings;
    n->effects = pages_calloc((size_t)p->n_classes + 1, sizeof *n->effects);
    n->keys = calloc(n_keys, sizeof *n->keys);
    n->known = pages_calloc(n_keys * n->n_known, sizeof *n->known);
    n->next_wanting = pages_calloc((size_t)p->n_required + 1, sizeof *n->next_wanting);
    if (n->effects == NULL || n->keys == NULL || n->known == NULL || n->next_wanting == NULL)
        return -E_NOMEM;
    for (size_t k = 0; k < n_keys; k++)
        n->keys[k].known = n->known + k * n->n_known;
    note_effects(n);
    note_wanting(n);
    return n->appends ? note_prefixes(n) : 0;
}

int needs_create(const struct problem *p, struct needs **ret)
{
    struct needs *n;
    int rc;

    *ret = NULL;
    if (problem_model(p)->effect == NULL || p->env.n_keys > KNOWN_MAX / p->n_strings)
        return 0;
    n = calloc(1, sizeof *n);
    if (n == NULL)
        return -E_NOMEM;
    rc = needs_init(n, p);
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
    free(n->keys);
    free(n->known);
    free(n->next_wanting);
    free(n);
}

/* --- what is left --------------------------------------------------------------------------- */

void needs_placed(struct needs *n, uint32_t op)
{
    const struct model_effect *e = effect_of(n, op);
    struct known *known = key_of(n, op)->known;

    if (e->wants && problem_is_required(n->problem, op))
        known[e->wanted].wanting--;
    if (e->kind == EFFECT_SET)
        known[e->left].setting--;
}

void needs_removed(struct needs *n, uint32_t op)
{
    const struct model_effect *e = effect_of(n, op);
    struct known *known = key_of(n, op)->known;

    if (e->wants && problem_is_required(n->problem, op))
        known[e->wanted].wanting++;
    if (e->kind == EFFECT_SET)
        known[e->left].setting++;
}

/* --- looking ahead -------------------------------------------------------------------------- */

/* Whether appends alone may lead from `state` to `wanted`. */
static bool may_grow(const struct needs *n, const struct key_needs *key, uint32_t state,
                     uint32_t wanted)
{
    if (state == wanted)
        return true;
    if (!key->appends || wanted == STRING_ABSENT)
        return false;
    if (state <= STRING_EMPTY)
        return key->appends_nothing || key->known[wanted].begins_append;
    return strings_is_prefix(n->problem->env.strings, state, wanted);
}

/* Whether some operation that is not placed sets `wanted`, or what may grow into it. */
static bool may_be_set(const struct needs *n, const struct key_needs *key, uint32_t wanted)
{
    uint32_t at = wanted;

    if (key->known[wanted].setting > 0)
        return true;
    for (uint32_t nothing = STRING_ABSENT; nothing <= STRING_EMPTY; nothing++) {
        if (key->known[nothing].setting > 0 && may_grow(n, key, nothing, wanted))
            return true;
    }
    for (int i = 0; key->appends && at != STRING_ABSENT; i++) {
        if (i == CHAIN_MAX || key->known[at].setting > 0)
            return true;
        at = key->known[at].base;
    }
    return false;
}

static bool can_come(const struct needs *n, const struct key_needs *key, uint32_t wanted,
                     uint32_t state)
{
    return may_grow(n, key, state, wanted) || may_be_set(n, key, wanted);
}

/* Whether `state` is wanted and cannot come once `next` is there. */
static bool is_lost(const struct needs *n, const struct key_needs *key, uint32_t state,
                    uint32_t next)
{
    return state < n->n_known && key->known[state].wanting > 0 && !can_come(n, key, state, next);
}

/* Of what the next few returns want of the key, as far as it is not placed. */
static bool any_is_lost(const struct needs *n, const struct placement *at, uint32_t op,
                        uint32_t next)
{
    const struct problem *p = n->problem;
    const struct key_needs *key = key_of(n, op);
    uint32_t k = n->next_wanting[at->next_return];

    for (int i = 0; i < RETURNS_MAX && k < p->n_required; i++) {
        uint32_t wanting = p->by_return[k];

        if (wanting != op && key_of(n, wanting) == key && !placement_holds(at, wanting) &&
            !can_come(n, key, effect_of(n, wanting)->wanted, next))
            return true;
        k = n->next_wanting[k + 1];
    }
    return false;
}

bool needs_hopeless(const struct needs *n, const struct placement *at, uint32_t op, uint32_t next)
{
    const struct key_needs *key = key_of(n, op);
    const struct model_effect *e = effect_of(n, op);
    uint32_t number = n->problem->classes[n->problem->ops[op].class].op.key;

    if (e->kind == EFFECT_NONE)
        return false;
    next = problem_part(n->problem, next, number);
    /* Without appends a step takes two values away: what was there, and, when it is hidden, what
     * it sets. */
    if (is_lost(n, key, problem_part(n->problem, at->state, number), next) ||
        (e->kind == EFFECT_SET && is_lost(n, key, e->left, next)))
        return true;
    return key->appends && any_is_lost(n, at, op, next);
}

bool needs_hopeless_at_start(const struct needs *n)
{
    for (uint32_t k = 0; k < n->problem->env.n_keys; k++) {
        uint32_t initial = problem_part(n->problem, n->problem->initial, k);

        for (uint32_t i = 0; i < n->n_known; i++) {
            if (is_lost(n, &n->keys[k], i, initial))
                return true;
        }
    }
    return false;
}

size_t needs_memory_bytes(const struct needs *n)
{
    if (n == NULL)
        return 0;
    return n->problem->n_classes * sizeof *n->effects +
           n->problem->env.n_keys * (sizeof *n->keys + n->n_known * sizeof *n->known) +
           n->problem->n_required * sizeof *n->next_wanting;
}
