#include "checker/problem.h"

#include "base/check.h"
#include "base/hash.h"
#include "checker/models/models.h"

#include <stdlib.h>

/* --- classes -------------------------------------------------------------------------------- */

/* Open addressing over class numbers + 1, while a problem is built. */
struct class_table {
    uint32_t *slots;
    size_t cap; /* a power of two, more than twice the operations */
};

static bool needs_no_return(const struct model_op *op)
{
    return !op->known;
}

static uint32_t class_of(struct problem *p, struct class_table *t, const struct model_op *op)
{
    size_t i = hash_bytes(op, sizeof *op, 0) & (t->cap - 1);

    while (t->slots[i] != 0) {
        if (memcmp(&p->classes[t->slots[i] - 1].op, op, sizeof *op) == 0)
            return t->slots[i] - 1;
        i = (i + 1) & (t->cap - 1);
    }
    p->classes[p->n_classes] = (struct problem_class){.observes = p->model->observes(&p->env, op)};
    if (p->model->effect != NULL && op->known) {
        struct model_effect e = p->model->effect(&p->env, op);

        p->classes[p->n_classes].blind = e.blind;
        p->classes[p->n_classes].hides = e.hides;
    }
    memcpy(&p->classes[p->n_classes].op, op, sizeof *op);
    t->slots[i] = ++p->n_classes;
    return p->n_classes - 1;
}

/* Gives each operation its class; p->ops are in the order of their calls. */
static int classify(struct problem *p, const struct history *h, const struct problem_input *inputs)
{
    struct class_table t = {.cap = 16};
    int rc = 0;

    while (t.cap <= 2 * (size_t)p->n_ops)
        t.cap *= 2;
    t.slots = calloc(t.cap, sizeof *t.slots);
    if (t.slots == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; rc == 0 && i < p->n_ops; i++) {
        struct model_op op;

        rc = model_op_make(&p->env, &h->ops[inputs[i].original], inputs[i].key, &op);
        if (rc < 0)
            break;
        p->ops[i].original = inputs[i].original;
        p->ops[i].class = class_of(p, &t, &op);
        p->classes[p->ops[i].class].n += needs_no_return(&op);
    }
    free(t.slots);
    return rc;
}

/* --- numbers -------------------------------------------------------------------------------- */

/* Moves the classes of unknown outcome behind the others and gives each its range of numbers. */
static int order_classes(struct problem *p)
{
    uint32_t *moved = calloc(p->n_classes + 1, sizeof *moved);
    struct problem_class *ordered = calloc(p->n_classes + 1, sizeof *ordered);
    uint32_t n = 0;
    uint32_t op = 0;

    if (moved == NULL || ordered == NULL) {
        free(moved);
        free(ordered);
        return -E_NOMEM;
    }
    for (int pending = 0; pending <= 1; pending++) {
        if (pending)
            p->first_pending_class = n;
        for (uint32_t c = 0; c < p->n_classes; c++) {
            if ((p->classes[c].n > 0) == pending) {
                ordered[n] = p->classes[c];
                moved[c] = n++;
            }
        }
    }
    for (uint32_t i = 0; i < p->n_ops; i++) {
        p->ops[i].class = moved[p->ops[i].class];
        p->n_required += ordered[p->ops[i].class].n == 0;
    }
    op = p->n_required;
    for (uint32_t c = p->first_pending_class; c < n; c++) {
        ordered[c].first = op;
        op += ordered[c].n;
    }
    free(p->classes);
    free(moved);
    p->classes = ordered;
    return 0;
}

/* Brings the operations into the order of their numbers. */
static int order_ops(struct problem *p)
{
    struct problem_op *ordered = calloc(p->n_ops + 1, sizeof *ordered);
    uint32_t *taken = calloc(p->n_classes + 1, sizeof *taken);
    uint32_t required = 0;

    if (ordered == NULL || taken == NULL) {
        free(ordered);
        free(taken);
        return -E_NOMEM;
    }
    for (uint32_t i = 0; i < p->n_ops; i++) {
        uint32_t c = p->ops[i].class;

        if (p->classes[c].n == 0)
            ordered[required++] = p->ops[i];
        else
            ordered[p->classes[c].first + taken[c]++] = p->ops[i];
    }
    free(taken);
    free(p->ops);
    p->ops = ordered;
    return 0;
}

/* --- real time ------------------------------------------------------------------------------ */

struct return_at {
    uint64_t seq;
    uint32_t op;
};

static int compare_returns(const void *a, const void *b)
{
    const struct return_at *x = a;
    const struct return_at *y = b;

    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Replaces sequence numbers by places among all calls and returns. A return with the number of a
 * call is behind it: what ends and begins together is concurrent (closed intervals). */
static void number_events(struct problem *p, const struct history *h,
                          const struct problem_input *inputs, const struct return_at *returns,
                          uint32_t n_returns)
{
    uint32_t place = 0;
    uint32_t r = 0;

    for (uint32_t i = 0; i < p->n_ops; i++) {
        uint64_t call = h->ops[inputs[i].original].call_seq;

        while (r < n_returns && returns[r].seq < call)
            p->ops[returns[r++].op].ret = place++;
        p->ops[i].call = place++;
    }
    while (r < n_returns)
        p->ops[returns[r++].op].ret = place++;
}

/* p->ops are in the order of their calls. */
static int place_events(struct problem *p, const struct history *h,
                        const struct problem_input *inputs)
{
    struct return_at *returns = calloc((size_t)p->n_ops + 1, sizeof *returns);
    uint32_t n = 0;

    if (returns == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < p->n_ops; i++) {
        const struct history_op *op = &h->ops[inputs[i].original];

        p->ops[i].ret = PROBLEM_NEVER;
        if (op->outcome == OUTCOME_OK)
            returns[n++] = (struct return_at){.seq = op->return_seq, .op = i};
    }
    qsort(returns, n, sizeof *returns, compare_returns);
    number_events(p, h, inputs, returns, n);
    free(returns);
    return 0;
}

static int order_returns(struct problem *p)
{
    size_t n_places = 2 * (size_t)p->n_ops + 1;
    uint32_t *at_place = calloc(n_places, sizeof *at_place); /* operation + 1 */
    uint32_t n = 0;

    p->by_return = calloc((size_t)p->n_required + 1, sizeof *p->by_return);
    if (p->by_return == NULL || at_place == NULL) {
        free(at_place);
        return -E_NOMEM;
    }
    for (uint32_t i = 0; i < p->n_required; i++)
        at_place[p->ops[i].ret] = i + 1;
    for (size_t i = 0; i < n_places; i++) {
        if (at_place[i] != 0)
            p->by_return[n++] = at_place[i] - 1;
    }
    free(at_place);
    return 0;
}

/* Each required operation holds a slot from its call to its return. */
static int assign_slots(struct problem *p)
{
    uint32_t *free_slots = calloc((size_t)p->n_required + 1, sizeof *free_slots);
    uint32_t n_free = 0;
    uint32_t r = 0;

    if (free_slots == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < p->n_required; i++) {
        while (p->ops[p->by_return[r]].ret < p->ops[i].call)
            free_slots[n_free++] = p->ops[p->by_return[r++]].slot;
        p->ops[i].slot = n_free > 0 ? free_slots[--n_free] : p->n_slots++;
    }
    free(free_slots);
    return 0;
}

/* --- the whole ------------------------------------------------------------------------------ */

static int build(struct problem *p, const struct history *h, const struct problem_input *inputs)
{
    int rc = strings_create(&p->env.strings);

    if (rc == 0)
        rc = p->model->initial(&p->env, &p->initial);
    if (rc == 0)
        rc = classify(p, h, inputs);
    if (rc == 0)
        rc = place_events(p, h, inputs);
    if (rc == 0)
        rc = order_classes(p);
    if (rc == 0)
        rc = order_ops(p);
    if (rc == 0)
        rc = order_returns(p);
    if (rc == 0)
        rc = assign_slots(p);
    return rc;
}

int problem_create(const struct history *h, const struct model *model,
                   const struct problem_input *inputs, size_t n, size_t n_keys,
                   struct problem **ret)
{
    struct problem *p;
    int rc;

    if (n > PROBLEM_OPS_MAX)
        return -E_LIMIT;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return -E_NOMEM;
    p->env = (struct model_env){
        .dialect = h->header.dialect, .part = n_keys > 1 ? model : NULL, .n_keys = n_keys};
    p->model = n_keys > 1 ? &model_whole : model;
    p->n_ops = (uint32_t)n;
    p->ops = calloc(n + 1, sizeof *p->ops);
    p->classes = calloc(n + 1, sizeof *p->classes);
    rc = p->ops == NULL || p->classes == NULL ? -E_NOMEM : build(p, h, inputs);
    if (rc < 0) {
        problem_destroy(p);
        return rc;
    }
    *ret = p;
    return 0;
}

void problem_destroy(struct problem *p)
{
    if (p == NULL)
        return;
    strings_destroy(p->env.strings);
    free(p->ops);
    free(p->classes);
    free(p->by_return);
    free(p);
}

size_t problem_memory_bytes(const struct problem *p)
{
    return strings_memory_bytes(p->env.strings) + p->n_ops * sizeof *p->ops +
           p->n_required * sizeof *p->by_return + p->n_classes * sizeof *p->classes;
}
