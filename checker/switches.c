#include "checker/switches.h"

#include "base/pages.h"
#include "checker/keyed.h"

#include <stdlib.h>

/* One sweep over the calls and returns of all objects. An object is turned only when some operation
 * returns and has no place in the order yet; it is turned by the operation that returns first of
 * all that are open and can do it. So the others are there for longer, and those of unknown
 * outcome, which are there for ever, come last. What only sees a state has its place as soon as the
 * state is that; so has what sets it, since there it changes nothing, but until it returns it may
 * be used to turn the object after all. docs/checker.md says why nothing is lost by this. */

#define NOBODY UINT32_MAX

/* One state of an object. */
struct side {
    struct heap movers; /* open operations that can bring it about, by return */
    uint32_t waiting;   /* open ones that have a place when it has come about: the first */
};

struct object {
    struct side sides[2]; /* off, on */
    bool on;
};

struct switches {
    const struct engine_part *part;
    const struct switch_use *uses;
    struct object *objects;
    uint32_t n_objects;
    uint32_t *next;   /* of those that wait, by input */
    uint32_t *places; /* in the order, by input; 0: none yet. Some stay free */
    uint32_t n_places;
    struct heap open; /* by return */
};

static int switches_init(struct switches *s)
{
    size_t n = s->part->n + 1;

    s->objects = pages_calloc((size_t)s->n_objects + 1, sizeof *s->objects);
    s->next = pages_calloc(n, sizeof *s->next);
    s->places = pages_calloc(n, sizeof *s->places);
    if (s->objects == NULL || s->next == NULL || s->places == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < s->n_objects; i++)
        s->objects[i].sides[0].waiting = s->objects[i].sides[1].waiting = NOBODY;
    return 0;
}

static void switches_free(struct switches *s)
{
    for (uint32_t i = 0; s->objects != NULL && i < s->n_objects; i++) {
        heap_free(&s->objects[i].sides[0].movers);
        heap_free(&s->objects[i].sides[1].movers);
    }
    free(s->objects);
    free(s->next);
    free(s->places);
    heap_free(&s->open);
}

static void give_place(struct switches *s, uint32_t input)
{
    s->places[input] = ++s->n_places;
}

/* Brings the other state about at a moment. 1: done. 0: nobody can. */
static int turn(struct switches *s, struct object *o, uint64_t now)
{
    struct side *side = &o->sides[!o->on];
    uint32_t mover;

    while (!heap_is_empty(&side->movers) && heap_first(&side->movers).key < now)
        heap_pop(&side->movers); /* it set what was there */
    if (heap_is_empty(&side->movers))
        return 0;
    mover = heap_pop(&side->movers).value;
    give_place(s, mover);
    o->on = !o->on;
    for (uint32_t i = side->waiting; i != NOBODY; i = s->next[i]) {
        if (i != mover)
            give_place(s, i);
    }
    side->waiting = NOBODY;
    return 1;
}

static int begin(struct switches *s, uint32_t input)
{
    const struct history_op *op = direct_op(s->part, input);
    const struct switch_use *use = &s->uses[input];
    struct object *o = &s->objects[use->object];
    struct side *side = &o->sides[use->on];
    bool is_known = op->outcome == OUTCOME_OK;
    int rc = 0;

    if (use->use != USE_SEE)
        rc = heap_push(&side->movers, is_known ? op->return_seq : HISTORY_NEVER, input);
    if (rc < 0 || !is_known)
        return rc;
    if (use->use != USE_TURN && o->on == use->on) {
        give_place(s, input);
    } else if (use->use != USE_TURN) {
        s->next[input] = side->waiting;
        side->waiting = input;
    }
    return heap_push(&s->open, op->return_seq, input);
}

/* 1: the operation that returns first has a place. 0: it cannot have one. */
static int end_first(struct switches *s)
{
    struct keyed first = heap_pop(&s->open);
    struct object *o = &s->objects[s->uses[first.value].object];
    int rc = 1;

    while (rc == 1 && s->places[first.value] == 0)
        rc = turn(s, o, first.key);
    return rc;
}

/* 1: everything has a place. 0: something cannot have one. */
static int sweep(struct switches *s)
{
    int rc = 1;

    for (uint32_t i = 0; rc == 1 && i < s->part->n; i++) {
        uint64_t call = direct_op(s->part, i)->call_seq;

        while (rc == 1 && !heap_is_empty(&s->open) && heap_first(&s->open).key < call)
            rc = end_first(s);
        if (rc == 1 && begin(s, i) < 0)
            rc = -E_NOMEM;
    }
    while (rc == 1 && !heap_is_empty(&s->open))
        rc = end_first(s);
    return rc;
}

/* --- the order ------------------------------------------------------------------------------ */

/* Executes an order. 1: each operation met the state that it takes. */
static int replay(const struct switches *s, const uint32_t *order, size_t n)
{
    bool *on = calloc((size_t)s->n_objects + 1, sizeof *on);
    bool fits = true;

    if (on == NULL)
        return -E_NOMEM;
    for (size_t i = 0; fits && i < n; i++) {
        const struct switch_use *use = &s->uses[order[i]];

        fits = use->use == USE_SET || on[use->object] == (use->use == USE_SEE ? use->on : !use->on);
        on[use->object] = use->on;
    }
    free(on);
    return fits;
}

/* All that has a place, in order. */
static size_t make_order(const struct switches *s, uint32_t *order)
{
    size_t n = 0;

    for (uint32_t i = 0; i < s->part->n; i++)
        order[s->places[i]] = i + 1; /* those without a place go into the one that is nobody's */
    for (uint32_t place = 1; place <= s->n_places; place++) {
        if (order[place] != 0)
            order[n++] = order[place] - 1;
    }
    return n;
}

/* Of a violation the order goes as far as the sweep did. */
static int answer(const struct switches *s, bool is_possible, struct direct_result *ret)
{
    uint32_t *order = pages_calloc((size_t)s->n_places + 1, sizeof *order);
    size_t n;
    int rc;

    if (order == NULL)
        return -E_NOMEM;
    n = make_order(s, order);
    if (!is_possible) {
        ret->verdict = VERDICT_NOT_LINEARIZABLE;
        rc = direct_keep(s->part, order, n, ret);
    } else {
        ret->reason = DIRECT_NO_PROOF;
        rc = replay(s, order, n);
        if (rc == 1)
            rc = direct_accept(s->part, order, n, ret);
    }
    free(order);
    return rc;
}

int switches_decide(const struct engine_part *part, const struct switch_use *uses,
                    uint32_t n_objects, struct direct_result *ret)
{
    struct switches s = {.part = part, .uses = uses, .n_objects = n_objects};
    int rc = switches_init(&s);

    if (rc == 0)
        rc = sweep(&s);
    if (rc >= 0)
        rc = answer(&s, rc == 1, ret);
    switches_free(&s);
    return rc < 0 ? rc : 0;
}
