#ifndef RIFT_CHECKER_MODEL_H
#define RIFT_CHECKER_MODEL_H

#include "base/err.h"
#include "checker/strings.h"
#include "histories/history.h"

/* What an object does when nobody else is there: its sequential specification. A model is a set
 * of pure functions. To write one:
 *
 *   - A state is the number of a byte string (checker/strings.h): put whatever the state is into
 *     bytes, in one way only (a set: its elements, sorted), and intern them with strings_copy.
 *     STRING_ABSENT and STRING_EMPTY can be used as they are.
 *   - `step` says whether an operation could have been answered as it was in that state, and what
 *     state it leaves. It is asked often and in any order, so it depends on nothing else.
 *   - Operations come as struct model_op; equal ones are equal in every field, and the search
 *     treats them as interchangeable.
 *   - An object that may choose (a queue that may lose an element) is written as the set of states
 *     that it may be in, encoded as one byte string, sorted: `step` maps the set, and an empty
 *     set is "illegal".
 *
 * Then name it in the list in model.c. */

struct model;

/* What the functions of a model are given beside the state. */
struct model_env {
    struct strings *strings; /* of the states and of the operations' values */
    uint32_t dialect;        /* bits of enum history_dialect */
    const struct history_header *header;
    const void *context;      /* of the model */
    const struct model *part; /* of the model "whole" only: that of each key */
    size_t n_keys;
};

/* One operation; strings by number. */
struct model_op {
    uint8_t kind;   /* enum op_kind */
    uint8_t status; /* enum op_status; 0 when it is not known */
    bool known;     /* false: the outcome is unknown, and any answer will do */
    bool expects_absent;
    uint32_t key; /* 0, 1, 2... in the partition */
    uint32_t value;
    uint32_t expected;
    uint32_t result;
};

/* What is known of an operation without knowing the state that it meets. */
struct model_effect {
    bool wants; /* it is legal in one state at the most: `wanted` */
    uint32_t wanted;
    bool minds; /* `minded` is the only state, beside ABSENT and EMPTY, that it tells from others:
                   elsewhere it is legal in all states or in none. False: there is none */
    uint32_t minded;
    enum {
        EFFECT_NONE,   /* never changes the state */
        EFFECT_SET,    /* leaves `left` wherever it is legal */
        EFFECT_APPEND, /* adds the bytes of `left` to the state; absent counts as empty */
    } kind;
    uint32_t left;
    bool blind; /* it is legal in every state */
    bool hides; /* EFFECT_SET, and it stays legal when a blind operation comes right before it: so
                   that one is seen by nobody there */
};

/* What an operation does to an object from which things come out in the order in which they were
 * put in. */
struct passing {
    enum passage {
        PASSAGE_IN,   /* puts `item` in, whatever is there */
        PASSAGE_OUT,  /* takes out what was put in first: `item` or, of unknown outcome, anything */
        PASSAGE_NONE, /* finds nothing inside */
    } passage;
    uint32_t item; /* equal items have equal numbers */
};

struct model {
    const char *name;
    const void *context; /* found again in the environment; for models made elsewhere */
    const char *noun;    /* what a person calls the object: "register", "queue" */
    uint32_t kinds;      /* bit 1 << OP_... of each operation that it has */

    /* May be NULL. Whether the options of the header are such as the model takes.
     * Errors: -E_INVAL (`e` says why not), -E_NOMEM. */
    int (*admits_header)(const struct history_header *header, struct err *e);

    /* True of an object of elements (a set, a queue) that do not mind each other: without all
     * operations that name one of them the others are answered the same, but for those that say
     * that there is none, which stay right, and gets that hold it. */
    bool of_elements;

    /* May be NULL. Of an object that is the product of its elements (a set, but no queue): whether
     * an operation is on one of them alone, and if so the name of that. Where all operations on a
     * key are, each element is checked by itself, as the model `element`, unless a direct engine
     * (checker/engine.h) knows it; and the orders of the elements make one of the object
     * (Herlihy & Wing, theorem 1). */
    bool (*element_of)(const struct history_op *op, struct slice *ret);
    const struct model *element;

    /* May be NULL. Whether the values of an operation have the form that the model takes, and an
     * answer "ok", "no-key" or "mismatch" is one that it gives. Errors: -E_INVAL (`e` says what).
     */
    int (*admits)(const struct history_header *header, const struct history_op *op, struct err *e);

    /* May be NULL. Called once for each operation of a check: replaces the strings of *op by what
     * `step` likes better. Errors: -E_NOMEM, -E_LIMIT. */
    int (*prepare)(const struct model_env *env, struct model_op *op);

    /* The state at the start. Returns 0 or a negative code (-E_NOMEM, -E_LIMIT). */
    int (*initial)(const struct model_env *env, uint32_t *ret);

    /* 1: legal in `state`, and *ret is the state behind it. 0: not legal. A negative code:
     * -E_NOMEM or -E_LIMIT. An operation of unknown outcome that would change nothing gives 0:
     * leaving it out is the same, and an order needs not hold it. */
    int (*step)(const struct model_env *env, uint32_t state, const struct model_op *op,
                uint32_t *ret);

    /* True when the operation never changes the state where it is legal: not just in some
     * state, in all of them. (The search places such an operation as soon as it can.) */
    bool (*observes)(const struct model_env *env, const struct model_op *op);

    /* May be NULL. Tells what an operation has to do with single states, so that a search can look
     * ahead (checker/needs.h). Pure. */
    struct model_effect (*effect)(const struct model_env *env, const struct model_op *op);

    /* May be NULL. Of a first-in-first-out object, which is empty at the start: what an operation
     * does, so that a search can look ahead (checker/takers.h). Its takings of unknown outcome are
     * equal, and it has no `effect`. Pure. */
    struct passing (*passes)(const struct model_env *env, const struct model_op *op);

    /* May be NULL: a state is carried by its bytes. Writes a state into another table of strings,
     * for models whose states hold numbers of other strings. Errors: -E_NOMEM, -E_LIMIT. */
    int (*carry)(const struct model_env *from, uint32_t state, const struct model_env *to,
                 uint32_t *ret);

    /* Appends what a person calls the state: `"5"`, `absent`. Errors: those of buf_append. */
    int (*describe_state)(const struct model_env *env, uint32_t state, struct buf *out);
};

/* NULL when there is none of that name. */
const struct model *model_find(const char *name);

/* Whether an operation that enters a check is one that the model has, answered in a way that says
 * something about the object. Errors: -E_INVAL, -E_NOMEM. */
int model_admits(const struct model *m, const struct history_header *header,
                 const struct history_op *op, struct err *e);

/* Fills *ret from an operation of the history; its strings are lent to env->strings.
 * Errors: -E_NOMEM, -E_LIMIT. */
int model_op_make(const struct model *m, const struct model_env *env, const struct history_op *op,
                  uint32_t key, struct model_op *ret);

#endif
