#include "checker/partition.h"

#include "base/hash.h"
#include "base/pages.h"

#include <stdlib.h>

/* --- what enters ---------------------------------------------------------------------------- */

/* A failed operation did not happen; a read that nobody saw the answer of says nothing. */
static bool enters(const struct history_op *op)
{
    if (op->outcome == OUTCOME_FAIL)
        return false;
    return op->outcome == OUTCOME_OK || !op_is_read(op->kind);
}

/* `last`: the operation in front of it, if there is one. */
static int validate(const struct history *h, const struct history_op *op,
                    const struct history_op *last, const struct model *m, struct err *e)
{
    int rc = model_admits(m, &h->header, op, e);

    if (rc < 0)
        return rc;
    if (last != NULL && op->call_seq < last->call_seq)
        return err_set(e, -E_INVAL, "invoked before the one that stands first");
    if (op->outcome == OUTCOME_OK && op->return_seq < op->call_seq)
        return err_set(e, -E_INVAL, "returned before it was invoked");
    return 0;
}

/* Instead of the number of a key: the operation does not enter. */
#define NOT_CHECKED UINT32_MAX

/* --- by key --------------------------------------------------------------------------------- */

struct slice partition_family(struct slice family)
{
    return family.len > 0 ? family : slice_str("default");
}

static struct slice family_of(const struct history_op *op)
{
    return partition_family(op->family);
}

/* Finds the number of (family, key) or, of elements, of (number of the key, element); open
 * addressing over numbers + 1. */
struct key_table {
    uint32_t *slots;
    size_t cap;
    const struct history_op **first; /* of each number, an operation on that key */
    uint32_t *keys;                  /* of elements: the key of each */
    uint32_t n;
    uint64_t default_seed; /* of the family that most operations are of */
};

static int key_table_init(struct key_table *t, size_t n_ops)
{
    struct slice family = family_of(&(struct history_op){0});

    *t = (struct key_table){.cap = 16, .default_seed = hash_bytes(family.data, family.len, 0)};
    while (t->cap < 2 * n_ops)
        t->cap *= 2;
    t->slots = calloc(t->cap, sizeof *t->slots);
    t->first = calloc(n_ops + 1, sizeof(struct history_op *));
    t->keys = calloc(n_ops + 1, sizeof *t->keys);
    return t->slots == NULL || t->first == NULL || t->keys == NULL ? -E_NOMEM : 0;
}

static void key_table_free(struct key_table *t)
{
    free(t->slots);
    free(t->first);
    free(t->keys);
}

bool partition_same_key(const struct history_op *a, const struct history_op *b)
{
    return slice_equal(a->key, b->key) && slice_equal(family_of(a), family_of(b));
}

static uint32_t number_of(struct key_table *t, const struct history_op *op)
{
    uint64_t seed = op->family.len > 0 ? hash_bytes(op->family.data, op->family.len, 0)
                                       : t->default_seed;
    size_t i = hash_bytes(op->key.data, op->key.len, seed) & (t->cap - 1);

    while (t->slots[i] != 0 && !partition_same_key(t->first[t->slots[i] - 1], op))
        i = (i + 1) & (t->cap - 1);
    if (t->slots[i] == 0) {
        t->first[t->n] = op;
        t->slots[i] = ++t->n;
    }
    return t->slots[i] - 1;
}

/* --- by element ----------------------------------------------------------------------------- */

/* Of each key: whether some operation on it is on more than one element. */
static void note_whole(const struct history *h, const struct model *m, const uint32_t *numbers,
                       bool *whole)
{
    struct slice element;

    for (size_t i = 0; i < h->n_ops; i++) {
        if (numbers[i] != NOT_CHECKED && !m->element_of(&h->ops[i], &element))
            whole[numbers[i]] = true;
    }
}

/* `whole`: the operation is with all others on its key. */
static uint32_t number_in_key(struct key_table *t, const struct model *m,
                              const struct history_op *op, uint32_t key, bool whole)
{
    struct slice element = slice_of(NULL, 0);
    struct slice other;
    size_t i;

    if (!whole)
        m->element_of(op, &element);
    for (i = hash_bytes(element.data, element.len, key) & (t->cap - 1); t->slots[i] != 0;
         i = (i + 1) & (t->cap - 1)) {
        uint32_t n = t->slots[i] - 1;

        if (t->keys[n] == key &&
            (whole || (m->element_of(t->first[n], &other) && slice_equal(other, element))))
            return n;
    }
    t->first[t->n] = op;
    t->keys[t->n] = key;
    t->slots[i] = ++t->n;
    return t->n - 1;
}

/* Replaces the numbers of keys by those of elements where that can be. *split: of each number,
 * whether it is one of an element. */
static int split_keys(struct key_table *t, const struct history *h, const struct model *m,
                      uint32_t *numbers, bool **split)
{
    struct key_table elements = {0};
    bool *whole = calloc((size_t)t->n + 1, sizeof *whole);
    int rc = whole == NULL ? -E_NOMEM : key_table_init(&elements, h->n_ops);

    if (rc == 0)
        note_whole(h, m, numbers, whole);
    for (size_t i = 0; rc == 0 && i < h->n_ops; i++) {
        if (numbers[i] != NOT_CHECKED)
            numbers[i] = number_in_key(&elements, m, &h->ops[i], numbers[i], whole[numbers[i]]);
    }
    *split = calloc((size_t)elements.n + 1, sizeof **split);
    if (rc == 0 && *split == NULL)
        rc = -E_NOMEM;
    for (uint32_t n = 0; rc == 0 && n < elements.n; n++)
        (*split)[n] = !whole[elements.keys[n]];
    key_table_free(t);
    *t = elements;
    free(whole);
    return rc;
}

/* --- partitions ----------------------------------------------------------------------------- */

/* Looks at each operation of the history once: long ones do not fit into any cache. */
static int number_all(struct key_table *t, const struct history *h, const struct model *m,
                      uint32_t *numbers, struct err *e)
{
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];
        int rc;

        numbers[i] = NOT_CHECKED;
        if (!enters(op))
            continue;
        rc = validate(h, op, i == 0 ? NULL : op - 1, m, e);
        if (rc < 0)
            return err_prefix(e, rc, "operation %zu", i);
        numbers[i] = number_of(t, op);
    }
    return 0;
}

static int fill(struct partitions *p, size_t n_ops, const uint32_t *numbers, bool whole)
{
    for (size_t i = 0; i < n_ops; i++) {
        if (numbers[i] != NOT_CHECKED)
            p->items[whole ? 0 : numbers[i]].n++;
    }
    for (size_t i = 0; i < p->n; i++) {
        p->items[i].inputs = pages_calloc(p->items[i].n + 1, sizeof *p->items[i].inputs);
        if (p->items[i].inputs == NULL)
            return -E_NOMEM;
        p->n_ops += p->items[i].n;
        p->items[i].n = 0;
    }
    for (size_t i = 0; i < n_ops; i++) {
        struct partition *part;

        if (numbers[i] == NOT_CHECKED)
            continue;
        part = &p->items[whole ? 0 : numbers[i]];
        part->inputs[part->n++] =
            (struct problem_input){.original = i, .key = whole ? numbers[i] : 0};
    }
    return 0;
}

/* `split`: as of split_keys; NULL: there are no elements. */
static int make(struct partitions *p, const struct key_table *t, const struct model *m,
                const uint32_t *numbers, const bool *split, size_t n_ops, bool whole)
{
    p->n = whole && t->n > 0 ? 1 : t->n;
    p->items = calloc(p->n + 1, sizeof *p->items);
    if (p->items == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < p->n; i++) {
        p->items[i].n_keys = whole ? t->n : 1;
        if (!whole) {
            p->items[i].family = family_of(t->first[i]);
            p->items[i].key = t->first[i]->key;
            p->items[i].of_element = split != NULL && split[i] &&
                                     m->element_of(t->first[i], &p->items[i].element);
        }
    }
    return fill(p, n_ops, numbers, whole);
}

int partitions_make(const struct history *h, const struct model *m, enum partition_by by,
                    struct partitions **ret, struct err *e)
{
    struct partitions *p = calloc(1, sizeof *p);
    uint32_t *numbers = pages_calloc(h->n_ops + 1, sizeof *numbers);
    struct key_table t = {0};
    bool *split = NULL;
    int rc = p == NULL || numbers == NULL ? -E_NOMEM : key_table_init(&t, h->n_ops);

    if (rc == 0 && m->admits_header != NULL)
        rc = m->admits_header(&h->header, e);
    if (rc == 0)
        rc = number_all(&t, h, m, numbers, e);
    if (rc == 0 && m->element_of != NULL && by == PARTITION_BY_ELEMENT)
        rc = split_keys(&t, h, m, numbers, &split);
    if (rc == 0)
        rc = make(p, &t, m, numbers, split, h->n_ops, by == PARTITION_NOT_AT_ALL);
    key_table_free(&t);
    free(split);
    free(numbers);
    if (rc < 0) {
        partitions_destroy(p);
        return rc == -E_INVAL ? rc : err_set(e, rc, "partitions of %zu operations", h->n_ops);
    }
    *ret = p;
    return 0;
}

void partitions_destroy(struct partitions *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; p->items != NULL && i < p->n; i++)
        free(p->items[i].inputs);
    free(p->items);
    free(p);
}
