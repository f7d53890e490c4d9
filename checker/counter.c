#include "base/pages.h"
#include "checker/direct.h"
#include "checker/keyed.h"
#include "checker/models/models.h"
#include "checker/models/number.h"

#include <stdlib.h>

/* Counters to which always the same is added, in near-linear time. What stands there follows from
 * how many adds are done (Lee & Mathur, PLDI 2026, for all objects of which the like holds), so a
 * read says how many it has seen.
 *
 * One sweep over the calls and returns. An add is done only when some operation returns that needs
 * it: an add itself, or a read of more; and then that one is done which returns first of all that
 * are open. A read has its place as soon as so many adds are done as it has seen. So at any moment
 * no order has fewer done, or more time left for those that are not: what is impossible here is
 * impossible. */

#define NOBODY UINT32_MAX

struct counter {
    const struct engine_part *part;
    number step;       /* what is added */
    uint32_t n_adds;   /* in all */
    uint32_t n_done;   /* so far */
    uint32_t *seen;    /* of each read, by input: how many adds */
    uint32_t *waiting; /* of each number of adds: the first open read that saw so many */
    uint32_t *next;    /* of each read that waits, by input */
    bool *has_place;   /* by input */
    struct heap adds;  /* open and not done, by return; those of unknown outcome are the last */
    struct heap open;  /* by return */
    uint32_t *order;
    size_t n_order;
};

/* --- what it says --------------------------------------------------------------------------- */

/* Why this is no such counter, or NULL. */
static const char *note_adds(struct counter *c)
{
    for (uint32_t i = 0; i < c->part->n; i++) {
        const struct history_op *op = direct_op(c->part, i);
        number step = 0;

        if (op->kind != OP_ADD)
            continue;
        number_parse(op->value, NUMBER_STEP_DIGITS_MAX, &step);
        if (step == 0)
            return "nothing is added";
        if (c->n_adds++ > 0 && step != c->step)
            return "what is added is not always the same";
        c->step = step;
    }
    return NULL;
}

static number read_value(const struct history_op *op)
{
    number value = 0;

    if (op->status == STATUS_OK)
        number_parse(op->result, NUMBER_SUM_DIGITS_MAX, &value);
    return value;
}

/* False: some read saw what no number of adds makes. */
static bool note_reads(struct counter *c)
{
    for (uint32_t i = 0; i < c->part->n; i++) {
        const struct history_op *op = direct_op(c->part, i);
        number value = op->kind == OP_ADD ? 0 : read_value(op);

        if (value == 0)
            continue;
        if (c->n_adds == 0 || value % c->step != 0 || value / c->step < 0 ||
            value / c->step > c->n_adds)
            return false;
        c->seen[i] = (uint32_t)(value / c->step);
    }
    return true;
}

/* --- the sweep ------------------------------------------------------------------------------ */

static void give_place(struct counter *c, uint32_t input)
{
    c->has_place[input] = true;
    c->order[c->n_order++] = input;
}

/* 1: one more add is done. 0: none is open. */
static int add_one(struct counter *c)
{
    if (heap_is_empty(&c->adds))
        return 0;
    give_place(c, heap_pop(&c->adds).value);
    c->n_done++;
    for (uint32_t i = c->waiting[c->n_done]; i != NOBODY; i = c->next[i])
        give_place(c, i);
    return 1;
}

/* 1: it is open. 0: it cannot have a place. */
static int begin(struct counter *c, uint32_t input)
{
    const struct history_op *op = direct_op(c->part, input);
    bool is_known = op->outcome == OUTCOME_OK;
    int rc = 0;

    if (op->kind == OP_ADD) {
        rc = heap_push(&c->adds, is_known ? op->return_seq : HISTORY_NEVER, input);
    } else if (c->seen[input] < c->n_done) {
        return 0;
    } else if (c->seen[input] == c->n_done) {
        give_place(c, input);
    } else {
        c->next[input] = c->waiting[c->seen[input]];
        c->waiting[c->seen[input]] = input;
    }
    if (rc == 0 && is_known)
        rc = heap_push(&c->open, op->return_seq, input);
    return rc < 0 ? rc : 1;
}

/* 1: the operation that returns first has a place. 0: it cannot have one. */
static int end_first(struct counter *c)
{
    uint32_t first = heap_pop(&c->open).value;
    int rc = 1;

    while (rc == 1 && !c->has_place[first])
        rc = add_one(c);
    return rc;
}

/* 1: everything has a place. 0: something cannot have one. */
static int sweep(struct counter *c)
{
    int rc = 1;

    for (uint32_t i = 0; rc == 1 && i < c->part->n; i++) {
        uint64_t call = direct_op(c->part, i)->call_seq;

        while (rc == 1 && !heap_is_empty(&c->open) && heap_first(&c->open).key < call)
            rc = end_first(c);
        if (rc == 1)
            rc = begin(c, i);
    }
    while (rc == 1 && !heap_is_empty(&c->open))
        rc = end_first(c);
    return rc;
}

/* --- the verdict ---------------------------------------------------------------------------- */

/* Executes the order. */
static bool replays(const struct counter *c)
{
    number sum = 0;
    bool fits = true;

    for (size_t i = 0; fits && i < c->n_order; i++) {
        const struct history_op *op = direct_op(c->part, c->order[i]);

        if (op->kind == OP_ADD)
            sum += c->step;
        else
            fits = read_value(op) == sum;
    }
    return fits;
}

static int decide(struct counter *c, struct direct_result *ret)
{
    const char *not_why = note_adds(c);
    int rc;

    if (not_why != NULL) {
        ret->reason = not_why;
        return 0;
    }
    for (uint32_t i = 0; i <= c->n_adds; i++)
        c->waiting[i] = NOBODY;
    rc = note_reads(c) ? sweep(c) : 0;
    if (rc < 0)
        return rc;
    if (rc == 0) {
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
        return direct_keep(c->part, c->order, c->n_order, ret);
    }
    ret->reason = DIRECT_NO_PROOF;
    rc = replays(c) ? direct_accept(c->part, c->order, c->n_order, ret) : 0;
    return rc < 0 ? rc : 0;
}

enum { OP_BYTES = 64 };

static int run(const struct engine_part *part, const struct engine_budget *budget,
               struct direct_result *ret)
{
    struct counter c = {.part = part};
    int rc = -E_NOMEM;

    if (!direct_begin(part, budget, OP_BYTES, ret))
        return 0;
    c.seen = pages_calloc(part->n + 1, sizeof *c.seen);
    c.waiting = pages_calloc(part->n + 1, sizeof *c.waiting);
    c.next = pages_calloc(part->n + 1, sizeof *c.next);
    c.has_place = calloc(part->n + 1, sizeof *c.has_place);
    c.order = pages_calloc(part->n + 1, sizeof *c.order);
    if (c.seen != NULL && c.waiting != NULL && c.next != NULL && c.has_place != NULL &&
        c.order != NULL)
        rc = decide(&c, ret);
    free(c.seen);
    free(c.waiting);
    free(c.next);
    free(c.has_place);
    free(c.order);
    heap_free(&c.adds);
    heap_free(&c.open);
    return rc;
}

const struct check_engine engine_counter = {.name = "counter",
                                            .kind = "always the same is added",
                                            .model = &model_counter,
                                            .run_direct = run};
