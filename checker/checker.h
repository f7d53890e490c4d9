#ifndef RIFT_CHECKER_CHECKER_H
#define RIFT_CHECKER_CHECKER_H

#include "base/err.h"
#include "histories/history.h"

/* Decides whether a history is linearizable (Herlihy & Wing, "Linearizability: a correctness
 * condition for concurrent objects", TOPLAS 1990). A precedes B iff A's return event stands
 * before B's call event in the history; an operation of unknown outcome returns never, and may
 * never have happened. */

enum verdict { VERDICT_LINEARIZABLE, VERDICT_NOT_LINEARIZABLE, VERDICT_UNKNOWN };

/* Runs tasks that do not wait for each other: task(of, 0) to task(of, n - 1), begun in that order,
 * at most `jobs` at a time, and comes back when all have. The checker itself starts no thread. */
struct check_pool {
    size_t jobs;
    void (*run)(size_t jobs, size_t n, void (*task)(void *of, size_t i), void *of);
};

struct model;

/* The prunings of the engine "jit", by their letters in docs/checker.md. */
#define CHECK_PRUNINGS(X) X(R) X(S) X(D) X(I) X(H) X(N) X(T) X(V)

enum check_pruning_bit {
#define X(letter) PRUNING_BIT_##letter,
    CHECK_PRUNINGS(X)
#undef X
        PRUNING_COUNT
};

enum check_pruning {
#define X(letter) PRUNING_##letter = 1 << PRUNING_BIT_##letter,
    CHECK_PRUNINGS(X)
#undef X
};

struct check_options {
    const char *model;          /* NULL: what the header names */
    const struct model *custom; /* instead of that: one of the caller's (checker/model.h), which
                                   lasts as long as the result */
    const char *engine;         /* NULL: chosen by itself, for each partition */
    uint32_t without;           /* bits of enum check_pruning that "jit" shall do without: to see
                                   what each is worth, and to hold them against each other */
    bool whole;                 /* do not partition by key */
    bool by_key;                /* nor, within a key, by the elements of a set */
    bool all;          /* a verdict for every partition, instead of stopping at a violation */
    bool verdict_only; /* of a violation: look for no longer order, which takes its time */

    /* How partitions are searched at the same time; NULL: one by one. Verdicts do not depend on it:
     * without `all` it is always the first violation in the order of the search that counts. */
    const struct check_pool *pool;

    /* The budget: asked now and then, from any thread of the pool; true ends the search with
     * "unknown". NULL: no bound. */
    bool (*spent)(void *context);
    void *spent_context;

    /* Of all partitions together, beside the history; 0: no bound. What was visited is forgotten
     * under it, which costs time; "unknown" only where what else a search needs has no room. */
    size_t memory_bytes_max;
};

struct check_partition {
    struct slice family;
    struct slice key; /* empty with `whole` or a register */
    bool of_element;  /* of the object there (a set) it is this element alone */
    struct slice element;
    enum verdict verdict;
    size_t n_ops;
    uint64_t steps;      /* configurations visited */
    size_t memory_bytes; /* highest */
    const char *engine;  /* that decided, or tried; static text, NULL when not reached */
    const char *why;     /* that one was chosen; static text */
    const char *reason;  /* of "unknown": static text */

    /* LINEARIZABLE: a whole order. NOT_LINEARIZABLE or UNKNOWN: the longest order that was found.
     * Indexes into history.ops, owned by the result. */
    const size_t *order;
    size_t n_order;
    /* UNKNOWN: the history of this partition is certainly linearizable up to the n_explained-th
     * return in it, without what happens at or behind the next one, which is that of operation
     * `unexplained` (of history.ops). */
    size_t n_explained;
    size_t unexplained; /* SIZE_MAX: nothing is known */
    /* NOT_LINEARIZABLE: completed operations that no order found could place next: those that
     * stood open where the longest order got stuck. */
    const size_t *stuck;
    size_t n_stuck;
};

struct check_result {
    enum verdict verdict; /* the worst: not linearizable, then unknown, then linearizable */
    const char *model;
    const struct model *object; /* that of this name */
    size_t n_ops; /* checked: without reads of unknown outcome and failed operations */
    size_t n_partitions;
    struct check_partition *partitions; /* in the order of their first operation; those not
                                           reached are UNKNOWN with reason "not reached" */
    size_t worst; /* index of the partition that decided, when not linearizable */
};

/* Errors: -E_INVAL (no such model or engine, an operation the model does not have: `e` says
 * which), -E_NOMEM. */
int check_history(const struct history *h, const struct check_options *o, struct check_result **ret,
                  struct err *e);
void check_result_free(struct check_result **r);

/* Appends to `out` in plain words, some lines: the verdict and, for a violation, the longest
 * order's end, the state it led to, and for each stuck operation what it asks for and why that
 * cannot be. */
int check_explain(const struct history *h, const struct check_result *r, struct buf *out);

/* Appends a line for each partition: which engine decided it, and why that one.
 * Errors of both: -E_NOMEM, -E_LIMIT. */
int check_explain_engines(const struct check_result *r, struct buf *out);

const char *verdict_name(enum verdict v); /* "linearizable", "not linearizable", "unknown" */

/* Names of models and engines, for help texts; ends with NULL. */
const char *const *check_model_names(void);
const char *const *check_engine_names(void);

#endif
