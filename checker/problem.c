#include "checker/problem.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/pages.h"
#include "checker/keyed.h"
#include "checker/models/models.h"

#include <stdlib.h>

/* What is known of the operations while a problem is built; by call. */
struct builder {
    struct problem *problem;
    const struct history *history;
    const struct problem_input *inputs;
    uint64_t *calls;       /* sequence numbers */
    struct keyed *returns; /* operations by sequence number */
    uint32_t n_returns;
    uint32_t *slots;  /* open addressing over class numbers + 1 */
    size_t slots_cap; /* a power of two, more than twice the operations */
};

static int builder_init(struct builder *b, struct problem *p, const struct history *h,
                        const struct problem_input *inputs)
{
    size_t n = (size_t)p->n_ops + 1;

    *b = (struct builder){.problem = p, .history = h, .inputs = inputs, .slots_cap = 16};
    while (b->slots_cap <= 2 * n)
        b->slots_cap *= 2;
    b->calls = pages_calloc(n, sizeof *b->calls);
    b->returns = pages_calloc(n, sizeof *b->returns);
    b->slots = pages_calloc(b->slots_cap, sizeof *b->slots);
    return b->calls == NULL || b->returns == NULL || b->slots == NULL ? -E_NOMEM : 0;
}

static void builder_free(struct builder *b)
{
    free(b->calls);
    free(b->returns);
    free(b->slots);
}

/* --- classes -------------------------------------------------------------------------------- */

/* So many slots are tried close together before a class is looked for at a random place. */
enum { NEAR_PROBES_MAX = 16 };

/* The i-th slot where a class may be. Strings are numbered as they come up, so what happened at
 * about the same time is looked for at about the same place: most of a long history's table is
 * then out of the cache's way. */
static size_t probe(const struct builder *b, const struct model_op *op, size_t i)
{
    size_t near = 4 * ((size_t)op->value + op->result) + 7 * (size_t)op->expected + op->kind % 4;

    if (i < NEAR_PROBES_MAX)
        return (near + i) & (b->slots_cap - 1);
    return (hash_bytes(op, sizeof *op, 0) + i) & (b->slots_cap - 1);
}

static void add_class(struct problem *p, const struct model_op *op)
{
    struct problem_class *c = &p->classes[p->n_classes++];

    *c = (struct problem_class){.observes = p->model->observes(&p->env, op)};
    if (p->model->effect != NULL && op->known) {
        struct model_effect e = p->model->effect(&p->env, op);

        c->blind = e.blind;
        c->hides = e.hides;
    }
    memcpy(&c->op, op, sizeof *op);
}

static uint32_t class_of(struct builder *b, const struct model_op *op)
{
    struct problem *p = b->problem;
    size_t tries = 0;
    uint32_t *slot = &b->slots[probe(b, op, tries)];

    while (*slot != 0 && memcmp(&p->classes[*slot - 1].op, op, sizeof *op) != 0)
        slot = &b->slots[probe(b, op, ++tries)];
    if (*slot == 0) {
        add_class(p, op);
        *slot = p->n_classes;
    }
    return *slot - 1;
}

/* Everything that the history says; it is looked at once. */
static int take_ops(struct builder *b)
{
    struct problem *p = b->problem;

    for (uint32_t i = 0; i < p->n_ops; i++) {
        const struct history_op *from = &b->history->ops[b->inputs[i].original];
        struct problem_op *to = &p->ops[i];
        struct model_op op;
        int rc = model_op_make(problem_model(p), &p->env, from, b->inputs[i].key, &op);

        if (rc < 0)
            return rc;
        *to = (struct problem_op){
            .ret = PROBLEM_NEVER, .class = class_of(b, &op), .original = b->inputs[i].original};
        b->calls[i] = from->call_seq;
        if (op.known)
            b->returns[b->n_returns++] = (struct keyed){.key = from->return_seq, .value = i};
        else
            p->classes[to->class].n++;
    }
    return 0;
}

/* --- real time ------------------------------------------------------------------------------ */

/* Replaces sequence numbers by places among all calls and returns. A return with the number of a
 * call is behind it: what ends and begins together is concurrent (closed intervals). */
static void number_events(struct builder *b)
{
    struct problem *p = b->problem;
    uint32_t place = 0;
    uint32_t r = 0;

    for (uint32_t i = 0; i < p->n_ops; i++) {
        while (r < b->n_returns && b->returns[r].key < b->calls[i])
            p->ops[b->returns[r++].value].ret = place++;
        p->ops[i].call = place++;
    }
    while (r < b->n_returns)
        p->ops[b->returns[r++].value].ret = place++;
}

static int note_returns(struct builder *b)
{
    struct problem *p = b->problem;
    int rc = keyed_sort(&b->returns, b->n_returns);

    if (rc < 0)
        return rc;
    number_events(b);
    p->by_return = pages_calloc((size_t)b->n_returns + 1, sizeof *p->by_return);
    if (p->by_return == NULL)
        return -E_NOMEM;
    p->n_required = b->n_returns;
    for (uint32_t i = 0; i < p->n_required; i++)
        p->by_return[i] = b->returns[i].value;
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

/* --- numbers -------------------------------------------------------------------------------- */

/* Moves the classes of unknown outcome behind the others and gives each its range of numbers. */
static int order_classes(struct problem *p)
{
    uint32_t *moved = calloc((size_t)p->n_classes + 1, sizeof *moved);
    struct problem_class *ordered = pages_calloc((size_t)p->n_classes + 1, sizeof *ordered);
    uint32_t op = p->n_required;
    uint32_t n = 0;

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
    for (uint32_t i = 0; i < p->n_ops; i++)
        p->ops[i].class = moved[p->ops[i].class];
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
    struct problem_op *ordered = pages_calloc((size_t)p->n_ops + 1, sizeof *ordered);
    uint32_t *moved = calloc((size_t)p->n_ops + 1, sizeof *moved);
    uint32_t *taken = calloc((size_t)p->n_classes + 1, sizeof *taken);
    uint32_t required = 0;

    if (ordered == NULL || moved == NULL || taken == NULL) {
        free(ordered);
        free(moved);
        free(taken);
        return -E_NOMEM;
    }
    for (uint32_t i = 0; i < p->n_ops; i++) {
        uint32_t c = p->ops[i].class;

        moved[i] = p->classes[c].n == 0 ? required++ : p->classes[c].first + taken[c]++;
        ordered[moved[i]] = p->ops[i];
    }
    for (uint32_t i = 0; i < p->n_required; i++)
        p->by_return[i] = moved[p->by_return[i]];
    free(moved);
    free(taken);
    free(p->ops);
    p->ops = ordered;
    return 0;
}

/* Where everything returned, the order of the calls is the order of the numbers. */
static int order_pending(struct problem *p)
{
    int rc;

    p->first_pending_class = p->n_classes;
    if (p->n_required == p->n_ops)
        return 0;
    rc = order_classes(p);
    return rc < 0 ? rc : order_ops(p);
}

/* --- the whole ------------------------------------------------------------------------------ */

static int build(struct problem *p, const struct history *h, const struct problem_input *inputs)
{
    struct builder b = {0};
    int rc = strings_create(&p->env.strings);

    if (rc == 0)
        rc = p->model->initial(&p->env, &p->initial);
    if (rc == 0)
        rc = builder_init(&b, p, h, inputs);
    if (rc == 0)
        rc = take_ops(&b);
    if (rc == 0)
        rc = note_returns(&b);
    if (rc == 0)
        rc = order_pending(p);
    if (rc == 0)
        rc = assign_slots(p);
    if (rc == 0)
        p->n_strings = (uint32_t)strings_count(p->env.strings);
    builder_free(&b);
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
    p->env = (struct model_env){.dialect = h->header.dialect,
                                .header = &h->header,
                                .context = model->context,
                                .part = n_keys > 1 ? model : NULL,
                                .n_keys = n_keys};
    p->model = n_keys > 1 ? &model_whole : model;
    p->n_ops = (uint32_t)n;
    p->ops = pages_calloc(n + 1, sizeof *p->ops);
    p->classes = pages_calloc(n + 1, sizeof *p->classes);
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

uint32_t problem_part(const struct problem *p, uint32_t state, uint32_t key)
{
    return p->env.part == NULL ? state : whole_part(&p->env, state, key);
}

size_t problem_memory_bytes(const struct problem *p)
{
    return strings_memory_bytes(p->env.strings) + p->n_ops * sizeof *p->ops +
           p->n_required * sizeof *p->by_return + p->n_classes * sizeof *p->classes;
}
