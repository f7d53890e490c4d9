#ifndef RIFT_CHECKER_PAIRS_H
#define RIFT_CHECKER_PAIRS_H

#include "checker/direct.h"

/* What queues, stacks and priority queues have in common: each value is put in once and taken out
 * once at the most, so a put and the take of its value are a pair, and nothing else is known of the
 * values.
 *
 * Places are those of calls and returns among all calls and returns, as in problem.h. */

struct pair {
    uint32_t put;  /* number of the input; PAIR_NONE: it never came to anything and is left out */
    uint32_t take; /* PAIR_NONE: it was never taken */
    /* Places. A put is over when its value was taken, and a take does not begin before the put of
     * its value: put_ret and take_call say so. PROBLEM_NEVER where there is no such place. */
    uint32_t put_call;
    uint32_t put_ret;
    uint32_t take_call;
    uint32_t take_ret;
};

#define PAIR_NONE UINT32_MAX

/* A take that was answered "empty". */
struct pairs_empty {
    uint32_t op; /* number of the input */
    uint32_t call;
    uint32_t ret;
    uint32_t at; /* the first place from its call on where no value is certainly inside */
};

/* What happens: the number of a pair or of an empty answer, times 8, and one of these. 0: nothing
 * that counts. */
enum pairs_event {
    EVENT_NOTHING,
    EVENT_PUT,
    EVENT_PUT_RET,
    EVENT_TAKE,
    EVENT_TAKE_RET,
    EVENT_EMPTY,
    EVENT_EMPTY_RET,
};

static inline uint32_t event_make(uint32_t number, enum pairs_event kind)
{
    return number * 8 + kind;
}

static inline enum pairs_event event_kind(uint32_t event)
{
    return (enum pairs_event)(event % 8);
}

static inline uint32_t event_number(uint32_t event)
{
    return event / 8;
}

struct pairs {
    const struct engine_part *part;
    uint64_t until; /* what is called later does not count; returns later than that did not come */
    struct pair *items; /* in the order in which their values were first seen */
    uint32_t n;
    struct pairs_empty *empties; /* by call, and so by `at` as well */
    uint32_t n_empties;
    uint32_t *by_place; /* events */
    uint32_t n_places;
    uint32_t *ranks; /* of a priority queue: the lowest value has 0, and so on */
};

/* The value of a pair that was put in; lent. */
struct slice pairs_value(const struct pairs *p, uint32_t pair);

/* An order in the making: events EVENT_PUT, EVENT_TAKE and EVENT_EMPTY. There is room for all. */
struct pairs_order {
    uint32_t *steps;
    size_t n;
};

static inline void order_add(struct pairs_order *o, uint32_t number, enum pairs_event kind)
{
    o->steps[o->n++] = event_make(number, kind);
}

/* The value is certainly inside between its put's return and its take's call. */
static inline bool pair_has_inner(const struct pair *p)
{
    return p->put_ret < p->take_call;
}

/* One kind of object. */
struct pairs_object {
    enum op_kind put;
    enum op_kind take;

    /* 1: *order is an order of everything. 0: there is none. Empty answers have a place (`at`)
     * already. Errors: -E_NOMEM. */
    int (*arrange)(struct pairs *p, struct pairs_order *order);

    /* Executes an order on such an object. 1: every answer is the one that was seen. 0: not.
     * Errors: -E_NOMEM. */
    int (*replay)(const struct pairs *p, const struct pairs_order *order);
};

/* Decides a part with that object's operations. Errors: -E_NOMEM. */
int pairs_decide(const struct pairs_object *o, const struct engine_part *part,
                 const struct engine_budget *budget, struct direct_result *ret);

#endif
