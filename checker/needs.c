#include "checker/needs.h"

#include "base/pages.h"

#include <stdlib.h>

/* Longer chains of prefixes are not followed, and what returns later than this many others is not
 * looked at: then nothing is said. */
enum { CHAIN_MAX = 64, RETURNS_MAX = 64 };

#define NONE UINT32_MAX

/* What is known of one string that some operation wants, sets or appends. Of required operations
 * that are not placed, the first: the rest hang on it. */
struct known {
    uint32_t wanting;           /* by return */
    uint32_t setting;           /* by call */
    uint32_t appending;         /* by call */
    uint32_t pending_setting;   /* so many of unknown outcome that are not placed... */
    uint32_t pending_appending; /* ...set it, or append it */
    uint32_t base;              /* the longest proper prefix that some operation sets; 0: none */
    uint32_t tail;              /* the longest proper ending that some operation appends; 0: none */
    bool is_set;
    bool is_appended;
    bool begins_append; /* appends alone may make it from nothing: one of them is a prefix */
};

/* Of an operation, in a list of those that are not placed. One that is taken out keeps its links,
 * and is put back when everything that was taken out later is back (Knuth, "Dancing links", 2000).
 */
struct link {
    uint32_t next;
    uint32_t prev;
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
    struct link *wanting;   /* of each required operation that wants something... */
    struct link *writing;   /* ...or sets or appends something */
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

/* --- lists ---------------------------------------------------------------------------------- */

static void push(struct link *links, uint32_t *first, uint32_t op)
{
    links[op] = (struct link){.next = *first, .prev = NONE};
    if (*first != NONE)
        links[*first].prev = op;
    *first = op;
}

static void take_out(struct link *links, uint32_t *first, uint32_t op)
{
    struct link link = links[op];

    if (link.next != NONE)
        links[link.next].prev = link.prev;
    if (link.prev != NONE)
        links[link.prev].next = link.next;
    else
        *first = link.next;
}

static void put_back(struct link *links, uint32_t *first, uint32_t op)
{
    struct link link = links[op];

    if (link.next != NONE)
        links[link.next].prev = op;
    if (link.prev != NONE)
        links[link.prev].next = op;
    else
        *first = op;
}

/* --- what there is -------------------------------------------------------------------------- */

static void note_classes(struct needs *n)
{
    const struct problem *p = n->problem;

    for (uint32_t c = 0; c < p->n_classes; c++) {
        struct key_needs *key = &n->keys[p->classes[c].op.key];
        struct model_effect *e = &n->effects[c];

        *e = problem_model(p)->effect(&p->env, &p->classes[c].op);
        if (e->kind == EFFECT_SET) {
            key->known[e->left].is_set = true;
            key->known[e->left].pending_setting += p->classes[c].n;
        }
        if (e->kind == EFFECT_APPEND) {
            n->appends = true;
            key->appends = true;
            key->appends_nothing |= e->left == STRING_EMPTY;
            key->known[e->left].is_appended = true;
            key->known[e->left].begins_append = true;
            key->known[e->left].pending_appending += p->classes[c].n;
        }
    }
}

/* The list that a required operation is in for what it does. */
static uint32_t *writers_of(const struct needs *n, uint32_t op)
{
    const struct model_effect *e = effect_of(n, op);
    struct known *known = &key_of(n, op)->known[e->left];

    return e->kind == EFFECT_SET ? &known->setting : &known->appending;
}

static void note_ops(struct needs *n)
{
    const struct problem *p = n->problem;

    for (uint32_t i = p->n_required; i-- > 0;) {
        uint32_t returns = p->by_return[i];

        if (effect_of(n, returns)->wants)
            push(n->wanting, &key_of(n, returns)->known[effect_of(n, returns)->wanted].wanting,
                 returns);
        if (effect_of(n, i)->kind != EFFECT_NONE)
            push(n->writing, writers_of(n, i), i);
    }
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

/* From the last byte to the first. */
static int compare_endings(const void *a, const void *b, void *context)
{
    const struct strings *s = context;
    struct slice x = strings_slice(s, *(const uint32_t *)a);
    struct slice y = strings_slice(s, *(const uint32_t *)b);

    while (x.len > 0 && y.len > 0) {
        int differs = (int)x.data[--x.len] - (int)y.data[--y.len];

        if (differs != 0)
            return differs;
    }
    return x.len < y.len ? -1 : x.len > y.len;
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

static bool is_ending(const struct strings *s, uint32_t id, uint32_t of)
{
    struct slice end = strings_slice(s, id);
    struct slice whole = strings_slice(s, of);

    return end.len <= whole.len && memcmp(whole.data + whole.len - end.len, end.data, end.len) == 0;
}

/* The same for endings, sorted from theirs. */
static void link_endings(const struct needs *n, struct key_needs *key, const uint32_t *sorted,
                         uint32_t count, uint32_t *stack)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < count; i++) {
        while (depth > 0 && !is_ending(n->problem->env.strings, stack[depth - 1], sorted[i]))
            depth--;
        if (depth > 0) {
            const struct known *ending = &key->known[stack[depth - 1]];

            key->known[sorted[i]].tail = ending->is_appended ? stack[depth - 1] : ending->tail;
        }
        stack[depth++] = sorted[i];
    }
}

typedef int compare_function(const void *a, const void *b, void *context);
typedef void link_function(const struct needs *n, struct key_needs *key, const uint32_t *sorted,
                           uint32_t count, uint32_t *stack);

static void sort_and_link(struct needs *n, uint32_t *sorted, uint32_t count,
                          compare_function *compare, link_function *link_all)
{
    qsort_r(sorted, count, sizeof *sorted, compare, n->problem->env.strings);
    for (size_t k = 0; k < n->problem->env.n_keys; k++) {
        if (n->keys[k].appends)
            link_all(n, &n->keys[k], sorted, count, sorted + n->n_known);
    }
}

static int note_parts(struct needs *n)
{
    uint32_t *sorted = calloc(2 * (size_t)n->n_known, sizeof *sorted);
    uint32_t count = 0;

    if (sorted == NULL)
        return -E_NOMEM;
    for (uint32_t i = STRING_EMPTY + 1; i < n->n_known; i++)
        sorted[count++] = i;
    sort_and_link(n, sorted, count, compare_strings, link_prefixes);
    sort_and_link(n, sorted, count, compare_endings, link_endings);
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
    n->wanting = pages_calloc((size_t)p->n_required + 1, sizeof *n->wanting);
    n->writing = pages_calloc((size_t)p->n_required + 1, sizeof *n->writing);
    if (n->effects == NULL || n->keys == NULL || n->known == NULL || n->next_wanting == NULL ||
        n->wanting == NULL || n->writing == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n_keys * n->n_known; i++)
        n->known[i] = (struct known){.wanting = NONE, .setting = NONE, .appending = NONE};
    for (size_t k = 0; k < n_keys; k++)
        n->keys[k].known = n->known + k * n->n_known;
    note_classes(n);
    note_ops(n);
    note_wanting(n);
    return n->appends ? note_parts(n) : 0;
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
    free(n->wanting);
    free(n->writing);
    free(n->next_wanting);
    free(n);
}

/* --- what is left --------------------------------------------------------------------------- */

static uint32_t *pending_of(const struct needs *n, uint32_t op)
{
    const struct model_effect *e = effect_of(n, op);
    struct known *known = &key_of(n, op)->known[e->left];

    return e->kind == EFFECT_SET ? &known->pending_setting : &known->pending_appending;
}

void needs_placed(struct needs *n, uint32_t op)
{
    const struct model_effect *e = effect_of(n, op);

    if (!problem_is_required(n->problem, op)) {
        *pending_of(n, op) -= e->kind != EFFECT_NONE;
        return;
    }
    if (e->wants)
        take_out(n->wanting, &key_of(n, op)->known[e->wanted].wanting, op);
    if (e->kind != EFFECT_NONE)
        take_out(n->writing, writers_of(n, op), op);
}

void needs_removed(struct needs *n, uint32_t op)
{
    const struct model_effect *e = effect_of(n, op);

    if (!problem_is_required(n->problem, op)) {
        *pending_of(n, op) += e->kind != EFFECT_NONE;
        return;
    }
    if (e->kind != EFFECT_NONE)
        put_back(n->writing, writers_of(n, op), op);
    if (e->wants)
        put_back(n->wanting, &key_of(n, op)->known[e->wanted].wanting, op);
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

/* Whether an operation that is not placed, and is called before `end`, sets the string. */
static bool is_set_before(const struct needs *n, const struct known *k, uint32_t end)
{
    return k->pending_setting > 0 || (k->setting != NONE && n->problem->ops[k->setting].call < end);
}

static bool is_appended_before(const struct needs *n, const struct known *k, uint32_t end)
{
    return k->pending_appending > 0 ||
           (k->appending != NONE && n->problem->ops[k->appending].call < end);
}

/* Whether one of the appends that are left could be the last one before `wanted`. */
static bool may_be_finished(const struct needs *n, const struct key_needs *key, uint32_t wanted,
                            uint32_t end)
{
    uint32_t at = wanted;

    if (!key->appends)
        return false;
    for (int i = 0; at > STRING_EMPTY; i++) {
        if (i == CHAIN_MAX || is_appended_before(n, &key->known[at], end))
            return true;
        at = key->known[at].tail;
    }
    return key->appends_nothing;
}

/* Whether some operation that is left sets what may grow into `wanted`. */
static bool may_be_begun(const struct needs *n, const struct key_needs *key, uint32_t wanted,
                         uint32_t end)
{
    uint32_t at = key->known[wanted].base;

    for (uint32_t nothing = STRING_ABSENT; nothing <= STRING_EMPTY; nothing++) {
        if (is_set_before(n, &key->known[nothing], end) && may_grow(n, key, nothing, wanted))
            return true;
    }
    for (int i = 0; at != STRING_ABSENT; i++) {
        if (i == CHAIN_MAX || is_set_before(n, &key->known[at], end))
            return true;
        at = key->known[at].base;
    }
    return false;
}

/* Whether `wanted` can be there before the place `end` among the events. */
static bool can_come(const struct needs *n, const struct key_needs *key, uint32_t wanted,
                     uint32_t state, uint32_t end)
{
    if (state == wanted || is_set_before(n, &key->known[wanted], end))
        return true;
    return may_be_finished(n, key, wanted, end) &&
           (may_grow(n, key, state, wanted) || may_be_begun(n, key, wanted, end));
}

/* Whether `state` is wanted and cannot come in time once `next` is there. */
static bool is_lost(const struct needs *n, const struct key_needs *key, uint32_t state,
                    uint32_t next)
{
    uint32_t first = state < n->n_known ? key->known[state].wanting : NONE;

    return first != NONE && !can_come(n, key, state, next, n->problem->ops[first].ret);
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
            !can_come(n, key, effect_of(n, wanting)->wanted, next, p->ops[wanting].ret))
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
           n->problem->n_required * (2 * sizeof *n->wanting + sizeof *n->next_wanting);
}
