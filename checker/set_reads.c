#include "checker/set_reads.h"

#include "base/items.h"
#include "base/pages.h"
#include "checker/keyed.h"

#include <stdlib.h>

/* Reads that returned the same are a level; levels go by what they returned, the smallest first.
 * Each has to hold the one before it. The elements that are new in a level are added right before
 * its reads, and those that no read found behind all of them. So the order is forced, but for what
 * is added, or read, at one level; there it goes by call. docs/checker.md has the rest. */

/* Of an add: no read has found its element. */
#define UNSEEN UINT32_MAX

struct set_reads {
    const struct engine_part *part;
    struct numbering names;
    uint32_t *adds;      /* of each element: the input */
    uint32_t *levels;    /* of each add and each read, by input */
    struct keyed *reads; /* by the length of what they returned; a part of it is shorter */
    size_t n_reads;
    uint32_t last_level;
    struct buf name; /* of an item */
};

static struct slice name_of(const void *of, uint32_t element)
{
    const struct set_reads *s = of;

    return direct_op(s->part, s->adds[element])->value;
}

static struct slice row_of(const struct set_reads *s, uint32_t read)
{
    const struct history_op *op = direct_op(s->part, read);

    return op->status == STATUS_NO_KEY ? slice_str("") : op->result;
}

/* Why this is no such set, or NULL. */
static const char *take_ops(struct set_reads *s)
{
    for (uint32_t i = 0; i < s->part->n; i++) {
        const struct history_op *op = direct_op(s->part, i);
        uint32_t n = s->names.n;

        if (op->kind == OP_GET) {
            s->reads[s->n_reads++] = (struct keyed){.key = row_of(s, i).len, .value = i};
            continue;
        }
        if (op->kind != OP_ADD)
            return "the set is read as a whole, and elements are removed or looked for";
        if (op->outcome == OUTCOME_OK && op->status != STATUS_OK)
            return "the set is read as a whole, and an element was there when it was added";
        if (numbering_of(&s->names, op->value) != n)
            return "the set is read as a whole, and an element is added more than once";
        s->adds[n] = i;
        s->levels[i] = UNSEEN;
    }
    return NULL;
}

/* --- levels --------------------------------------------------------------------------------- */

/* Puts an element that a read found into the present level. 1: done. 0: nobody added it. */
static int add_to_level(struct set_reads *s, struct slice item)
{
    uint32_t n = s->names.n;
    uint32_t element;
    int rc;

    buf_clear(&s->name);
    rc = items_unescape(item, &s->name);
    if (rc < 0)
        return rc;
    element = numbering_of(&s->names, buf_slice(&s->name));
    if (element == n)
        return 0;
    s->levels[s->adds[element]] = s->last_level;
    return 1;
}

/* What `row` has beside `smaller` comes to the present level. Both are sorted. 1: done. 0:
 * something of `smaller` is missing, or something was never added. */
static int compare_rows(struct set_reads *s, struct slice smaller, struct slice row)
{
    struct slice expected = {0};
    struct slice item;
    int left = items_next(&smaller, &expected);
    int rc = 1;

    while (rc == 1 && items_next(&row, &item) == 1) {
        if (left == 1 && slice_equal(item, expected))
            left = items_next(&smaller, &expected);
        else
            rc = add_to_level(s, item);
    }
    return rc == 1 ? left == 0 : rc;
}

/* 1: every read has its level. 0: what two of them returned does not fit together. */
static int make_levels(struct set_reads *s)
{
    struct slice last = slice_str("");
    int rc = keyed_sort(&s->reads, s->n_reads);

    rc = rc < 0 ? rc : 1;
    for (size_t i = 0; rc == 1 && i < s->n_reads; i++) {
        struct slice row = row_of(s, s->reads[i].value);

        if (!slice_equal(row, last)) {
            s->last_level++;
            rc = compare_rows(s, last, row);
            last = row;
        }
        s->levels[s->reads[i].value] = s->last_level;
    }
    return rc;
}

/* --- the order ------------------------------------------------------------------------------ */

/* Fills `order` with all inputs that count, level by level. */
static int make_order(struct set_reads *s, uint32_t *order, size_t *ret_n)
{
    struct keyed *steps = pages_calloc(s->part->n + 1, sizeof *steps);
    size_t n = 0;
    int rc = -E_NOMEM;

    for (uint32_t i = 0; steps != NULL && i < s->part->n; i++) {
        const struct history_op *op = direct_op(s->part, i);

        if (s->levels[i] != UNSEEN)
            steps[n++] = (struct keyed){.key = 2 * (uint64_t)s->levels[i] + (op->kind == OP_GET),
                                        .value = i};
        else if (op->outcome == OUTCOME_OK)
            steps[n++] = (struct keyed){.key = 2 * (uint64_t)s->last_level + 2, .value = i};
    }
    if (steps != NULL)
        rc = keyed_sort(&steps, n);
    for (size_t i = 0; rc == 0 && i < n; i++)
        order[i] = steps[i].value;
    *ret_n = n;
    free(steps);
    return rc;
}

/* --- the proof ------------------------------------------------------------------------------ */

/* Whether the row holds exactly the elements of which so many are in the set. */
static int holds_exactly(struct set_reads *s, struct slice row, const bool *inside, uint32_t n)
{
    struct slice item;
    int rc = 1;

    for (; rc == 1 && items_next(&row, &item) == 1; n--) {
        uint32_t element;

        buf_clear(&s->name);
        rc = items_unescape(item, &s->name);
        if (rc < 0)
            return rc;
        element = numbering_of(&s->names, buf_slice(&s->name));
        rc = n > 0 && inside[s->adds[element]];
    }
    return rc == 1 ? n == 0 : rc;
}

/* Executes the order. A row that has just been compared is not compared again. */
static int replay(struct set_reads *s, const uint32_t *order, size_t n)
{
    bool *inside = calloc(s->part->n + 1, sizeof *inside);
    struct slice last = {0};
    bool changed = true;
    uint32_t n_inside = 0;
    int rc = inside == NULL ? -E_NOMEM : 1;

    for (size_t i = 0; rc == 1 && i < n; i++) {
        struct slice row = row_of(s, order[i]);

        if (direct_op(s->part, order[i])->kind == OP_ADD) {
            inside[order[i]] = true;
            n_inside++;
            changed = true;
        } else if (changed || !slice_equal(row, last)) {
            rc = holds_exactly(s, row, inside, n_inside);
            last = row;
            changed = false;
        }
    }
    free(inside);
    return rc;
}

/* The order is forced: if real time forbids it, there is none. */
static int settle(struct set_reads *s, uint32_t *order, struct direct_result *ret)
{
    size_t n;
    int rc = make_order(s, order, &n);

    if (rc < 0)
        return rc;
    ret->reason = DIRECT_NO_PROOF;
    rc = replay(s, order, n);
    if (rc != 1)
        return rc;
    rc = direct_accept(s->part, order, n, ret);
    if (rc == 0)
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
    return rc;
}

static int decide(struct set_reads *s, struct direct_result *ret)
{
    uint32_t *order = pages_calloc(s->part->n + 1, sizeof *order);
    int rc = order == NULL ? -E_NOMEM : make_levels(s);

    if (rc == 0)
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
    if (rc == 1)
        rc = settle(s, order, ret);
    free(order);
    return rc < 0 ? rc : 0;
}

int set_reads_decide(const struct engine_part *part, struct direct_result *ret)
{
    struct set_reads s = {.part = part};
    int rc = numbering_init(&s.names, part->n, name_of, &s);

    s.adds = pages_calloc(part->n + 1, sizeof *s.adds);
    s.levels = pages_calloc(part->n + 1, sizeof *s.levels);
    s.reads = pages_calloc(part->n + 1, sizeof *s.reads);
    if (s.adds == NULL || s.levels == NULL || s.reads == NULL)
        rc = -E_NOMEM;
    if (rc == 0) {
        const char *not_why = take_ops(&s);

        if (not_why != NULL)
            ret->reason = not_why;
        else
            rc = decide(&s, ret);
    }
    numbering_free(&s.names);
    buf_free(&s.name);
    free(s.adds);
    free(s.levels);
    free(s.reads);
    return rc;
}
