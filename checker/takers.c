#include "checker/takers.h"

#include "base/check.h"
#include "base/pages.h"
#include "base/rng.h"

#include <stdlib.h>

enum { STEPS_CACHED = 1 << 12, MEMBERS_HELD = 1 << 10 };

/* Families are numbers of strings, which hold their members in ascending order. */
#define NOBODY STRING_EMPTY
#define ANYBODY STRING_ABSENT /* not followed */

/* Numbers of families and of states do not meet. */
#define NO_STATE (UINT32_C(1) << 31)

/* Takes that are done: all before `next`, by return, and those open then that have a bit, by slot.
 */
struct member {
    uint32_t next;
    uint32_t used; /* so many of unknown outcome, the first ones */
    uint64_t done;
};

/* One step of the search, with what it takes to undo it. */
struct frame {
    struct member base;
    size_t n_changes;
    enum passage passage;
};

struct change {
    uint32_t rank;
    uint32_t family; /* before */
};

struct cached {
    uint32_t family;
    uint32_t item;
    uint32_t leads_to;
    bool is_set;
};

struct takers {
    const struct problem *problem;
    struct passing *passing; /* of each class */

    uint32_t *takes; /* the required ones that took something, by return */
    uint32_t n_takes;
    uint32_t *open; /* those open at the return of takes[i]: from first_open[i] on */
    size_t *first_open;
    uint32_t *pending; /* those of unknown outcome, by call */
    uint32_t n_pending;
    bool any_order; /* nobody found the queue empty: of like takes the first to return will do */

    /* Of those placed. What was put in has ranks; what is inside, from front to back. */
    struct member base;
    uint32_t front;
    uint32_t back;
    uint32_t *items;
    uint32_t *families; /* at each rank: when all items before it have been taken */
    struct frame *frames;
    uint32_t depth;
    struct change *changes;
    size_t n_changes;
    size_t cap_changes;

    struct strings *strings; /* of families */
    struct cached *cache;
    struct member *members; /* of the family that is being made */
    uint32_t n_members;
    uint64_t *words; /* the operations of unknown outcome that are placed, behind a family */
};

static const struct passing *passing_of(const struct takers *t, uint32_t op)
{
    return &t->passing[t->problem->ops[op].class];
}

/* --- what there is -------------------------------------------------------------------------- */

static void note_classes(struct takers *t)
{
    const struct problem *p = t->problem;

    t->any_order = true;
    for (uint32_t c = 0; c < p->n_classes; c++) {
        t->passing[c] = p->model->passes(&p->env, &p->classes[c].op);
        t->any_order &= t->passing[c].passage != PASSAGE_NONE;
    }
}

static void note_takes(struct takers *t)
{
    const struct problem *p = t->problem;

    for (uint32_t i = 0; i < p->n_required; i++) {
        if (passing_of(t, p->by_return[i])->passage == PASSAGE_OUT)
            t->takes[t->n_takes++] = p->by_return[i];
    }
    for (uint32_t i = p->n_required; i < p->n_ops; i++) {
        if (passing_of(t, i)->passage == PASSAGE_OUT)
            t->pending[t->n_pending++] = i;
    }
}

/* Calls `note` with each take that is open at the return of each. */
static size_t sweep(const struct takers *t, uint32_t *open, size_t *first_open)
{
    const struct problem *p = t->problem;
    uint32_t by_slot[TAKERS_SLOTS_MAX];
    uint64_t is_open = 0;
    uint32_t called = 0;
    size_t n = 0;

    for (uint32_t i = 0; i < t->n_takes; i++) {
        const struct problem_op *returns = &p->ops[t->takes[i]];

        for (; called < p->n_required && p->ops[called].call < returns->ret; called++) {
            if (passing_of(t, called)->passage != PASSAGE_OUT)
                continue;
            by_slot[p->ops[called].slot] = called;
            is_open |= UINT64_C(1) << p->ops[called].slot;
        }
        if (open != NULL) {
            first_open[i] = n;
            for (uint64_t left = is_open; left != 0; left &= left - 1)
                open[n++] = by_slot[__builtin_ctzll(left)];
        } else {
            n += (size_t)__builtin_popcountll(is_open);
        }
        is_open &= ~(UINT64_C(1) << returns->slot);
    }
    if (open != NULL)
        first_open[t->n_takes] = n;
    return n;
}

/* 1: it is ready. 0: there is too much that is open. */
static int note_open(struct takers *t)
{
    size_t n = sweep(t, NULL, NULL);

    if (n > TAKERS_OPEN_MAX)
        return 0;
    t->open = pages_calloc(n + 1, sizeof *t->open);
    t->first_open = pages_calloc((size_t)t->n_takes + 1, sizeof *t->first_open);
    if (t->open == NULL || t->first_open == NULL)
        return -E_NOMEM;
    sweep(t, t->open, t->first_open);
    return 1;
}

static int intern(struct takers *t, const struct member *members, uint32_t n, uint32_t *ret)
{
    return strings_copy(t->strings, slice_of(members, n * sizeof *members), ret);
}

static int takers_init(struct takers *t, const struct problem *p)
{
    size_t n = (size_t)p->n_ops + 1;
    int rc = strings_create(&t->strings);

    if (rc < 0)
        return rc;
    t->problem = p;
    t->passing = calloc((size_t)p->n_classes + 1, sizeof *t->passing);
    t->takes = pages_calloc(n, sizeof *t->takes);
    t->pending = pages_calloc(n, sizeof *t->pending);
    t->items = pages_calloc(n, sizeof *t->items);
    t->families = pages_calloc(n, sizeof *t->families);
    t->frames = pages_calloc(n, sizeof *t->frames);
    t->cache = calloc(STEPS_CACHED, sizeof *t->cache);
    t->members = calloc(MEMBERS_HELD, sizeof *t->members);
    t->words = calloc(n / 64 + 3, sizeof *t->words);
    if (t->passing == NULL || t->takes == NULL || t->pending == NULL || t->items == NULL ||
        t->families == NULL || t->frames == NULL || t->cache == NULL || t->members == NULL ||
        t->words == NULL)
        return -E_NOMEM;
    note_classes(t);
    note_takes(t);
    rc = note_open(t);
    return rc != 1 ? rc : intern(t, &t->base, 1, &t->families[0]) < 0 ? -E_NOMEM : 1;
}

int takers_create(const struct problem *p, struct takers **ret)
{
    struct takers *t;
    int rc;

    *ret = NULL;
    if (p->model->passes == NULL || p->model->effect != NULL || p->n_slots > TAKERS_SLOTS_MAX)
        return 0;
    t = calloc(1, sizeof *t);
    if (t == NULL)
        return -E_NOMEM;
    rc = takers_init(t, p);
    if (rc == 1)
        *ret = t;
    else
        takers_destroy(t);
    return rc < 0 ? rc : 0;
}

void takers_destroy(struct takers *t)
{
    if (t == NULL)
        return;
    strings_destroy(t->strings);
    free(t->passing);
    free(t->takes);
    free(t->open);
    free(t->first_open);
    free(t->pending);
    free(t->items);
    free(t->families);
    free(t->frames);
    free(t->changes);
    free(t->cache);
    free(t->members);
    free(t->words);
    free(t);
}

/* --- one more item -------------------------------------------------------------------------- */

/* With the take `op` done, which is open at the return of the next one. */
static struct member with(const struct takers *t, struct member m, uint32_t op)
{
    const struct problem_op *ops = t->problem->ops;

    m.done |= UINT64_C(1) << ops[op].slot;
    while (m.next < t->n_takes && (m.done >> ops[t->takes[m.next]].slot & 1) != 0)
        m.done &= ~(UINT64_C(1) << ops[t->takes[m.next++]].slot);
    return m;
}

static void add(struct takers *t, struct member m)
{
    if (t->n_members < MEMBERS_HELD)
        t->members[t->n_members++] = m;
}

/* Adds what becomes of a member when a take that is known takes the item. */
static void add_known(struct takers *t, struct member m, uint32_t item)
{
    const struct problem_op *ops = t->problem->ops;
    uint32_t first = UINT32_MAX;

    for (size_t i = t->first_open[m.next]; i < t->first_open[m.next + 1]; i++) {
        uint32_t op = t->open[i];

        if ((m.done >> ops[op].slot & 1) != 0 || passing_of(t, op)->item != item)
            continue;
        if (!t->any_order)
            add(t, with(t, m, op));
        else if (first == UINT32_MAX || ops[op].ret < ops[first].ret)
            first = op;
    }
    if (first != UINT32_MAX)
        add(t, with(t, m, first));
}

static void add_next(struct takers *t, struct member m, uint32_t item)
{
    const struct problem_op *ops = t->problem->ops;
    uint32_t limit = PROBLEM_NEVER;

    if (m.next == t->n_takes) {
        add(t, m); /* it stays inside for good, and so does what is behind it */
    } else {
        limit = ops[t->takes[m.next]].ret;
        add_known(t, m, item);
    }
    if (m.used < t->n_pending && ops[t->pending[m.used]].call < limit) {
        m.used++;
        add(t, m);
    }
}

static int compare_members(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct member));
}

/* Sorts the members, each once. */
static void settle(struct takers *t)
{
    uint32_t n = 0;

    qsort(t->members, t->n_members, sizeof *t->members, compare_members);
    for (uint32_t i = 0; i < t->n_members; i++) {
        if (n == 0 || compare_members(&t->members[n - 1], &t->members[i]) != 0)
            t->members[n++] = t->members[i];
    }
    t->n_members = n;
}

static int make_next(struct takers *t, uint32_t family, uint32_t item, uint32_t *ret)
{
    struct slice bytes = strings_slice(t->strings, family);
    uint32_t n = (uint32_t)(bytes.len / sizeof(struct member));

    t->n_members = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct member m;

        memcpy(&m, bytes.data + i * sizeof m, sizeof m);
        add_next(t, m, item);
    }
    if (t->n_members == MEMBERS_HELD) { /* there may have been more */
        *ret = ANYBODY;
        return 0;
    }
    if (t->n_members > 1)
        settle(t);
    if (t->n_members > TAKERS_MEMBERS_MAX) {
        *ret = ANYBODY;
        return 0;
    }
    return intern(t, t->members, t->n_members, ret);
}

/* The family when one more item is inside. */
static int next_family(struct takers *t, uint32_t family, uint32_t item, uint32_t *ret)
{
    struct cached *c = &t->cache[rng_at(item, 1, family) % STEPS_CACHED];
    uint32_t found;
    int rc;

    *ret = family;
    if (family == ANYBODY)
        return 0;
    if (!c->is_set || c->family != family || c->item != item) {
        rc = make_next(t, family, item, &found);
        if (rc < 0)
            return rc;
        *c = (struct cached){.family = family, .item = item, .leads_to = found, .is_set = true};
    }
    *ret = c->leads_to;
    return 0;
}

/* --- steps ---------------------------------------------------------------------------------- */

static int change(struct takers *t, uint32_t rank, uint32_t family)
{
    if (t->n_changes == t->cap_changes) {
        size_t cap = t->cap_changes == 0 ? 1024 : 2 * t->cap_changes;
        struct change *grown = realloc(t->changes, cap * sizeof *grown);

        if (grown == NULL)
            return -E_NOMEM;
        t->changes = grown;
        t->cap_changes = cap;
    }
    t->changes[t->n_changes++] = (struct change){.rank = rank, .family = t->families[rank]};
    t->families[rank] = family;
    return 0;
}

static int put_in(struct takers *t, uint32_t item)
{
    int rc = next_family(t, t->families[t->back], item, &t->families[t->back + 1]);

    if (rc < 0)
        return rc;
    t->items[t->back] = item;
    t->back++;
    return t->families[t->back] != NOBODY;
}

/* The first item is taken. Families are followed again from there on, until one is what it was. */
static int take_out(struct takers *t, uint32_t op)
{
    uint32_t family;
    uint32_t rank = ++t->front;
    int rc;

    if (problem_is_required(t->problem, op))
        t->base = with(t, t->base, op);
    else
        t->base.used++;
    rc = intern(t, &t->base, 1, &family);
    while (rc == 0 && family != t->families[rank]) {
        rc = change(t, rank, family);
        if (rc == 0 && family == NOBODY)
            return 0;
        if (rank == t->back)
            break;
        if (rc == 0)
            rc = next_family(t, family, t->items[rank++], &family);
    }
    return rc < 0 ? rc : 1;
}

int takers_place(struct takers *t, uint32_t op)
{
    const struct passing *passing = passing_of(t, op);
    int rc = 1;

    t->frames[t->depth++] =
        (struct frame){.base = t->base, .n_changes = t->n_changes, .passage = passing->passage};
    if (passing->passage == PASSAGE_IN)
        rc = put_in(t, passing->item);
    if (passing->passage == PASSAGE_OUT)
        rc = take_out(t, op);
    if (rc != 1)
        takers_remove(t);
    return rc;
}

void takers_remove(struct takers *t)
{
    const struct frame *f = &t->frames[--t->depth];

    while (t->n_changes > f->n_changes) {
        const struct change *c = &t->changes[--t->n_changes];

        t->families[c->rank] = c->family;
    }
    t->base = f->base;
    t->back -= f->passage == PASSAGE_IN;
    t->front -= f->passage == PASSAGE_OUT;
}

int takers_state(struct takers *t, const struct placement *at, uint32_t *ret)
{
    uint32_t family = t->families[t->back];
    size_t n = at->pending_words;
    int rc = 0;

    *ret = at->state;
    if (family == ANYBODY)
        return 0;
    if (n > 0) {
        /* An odd number of half words: no family has as many. */
        memcpy(t->words, at->pending, n * sizeof *t->words);
        memcpy(t->words + n, &family, sizeof family);
        rc = strings_copy(t->strings, slice_of(t->words, n * sizeof *t->words + sizeof family),
                          &family);
    }
    *ret = family | NO_STATE;
    return rc;
}

size_t takers_memory_bytes(const struct takers *t)
{
    if (t == NULL)
        return 0;
    return strings_memory_bytes(t->strings) + t->first_open[t->n_takes] * sizeof *t->open +
           t->n_takes * sizeof *t->first_open + t->cap_changes * sizeof *t->changes +
           t->problem->n_ops * (sizeof *t->frames + 4 * sizeof *t->items);
}
