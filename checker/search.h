#ifndef RIFT_CHECKER_SEARCH_H
#define RIFT_CHECKER_SEARCH_H

#include "checker/engine.h"
#include "checker/placement.h"
#include "checker/relevance.h"
#include "checker/seen.h"
#include "checker/takers.h"

/* What depth-first engines have in common: the place where they stand, the configurations they
 * have seen, the longest order so far, and the budget. An engine chooses what to try next. */

/* The order with the most required operations. It is written when the search turns back, and only
 * from the depth on where it differs from what was written last: a history that needs no
 * backtracking never writes it. */
struct longest {
    uint32_t *ops; /* with HIDDEN of those that stood elsewhere (placement.h) */
    uint32_t n;
    uint32_t n_required;
    uint32_t shared; /* so many steps of the present order are those of `ops` */
};

struct search {
    const struct problem *problem;
    const struct engine_budget *budget;
    struct placement at;
    struct seen seen;
    struct relevance *relevance; /* NULL: every state matters */
    struct takers *takers;       /* NULL: nothing is known of them */
    struct longest longest;
    size_t engine_bytes; /* what the engine holds beside; it sets this once */
    uint32_t farthest;   /* so many returns, the first ones, some configuration explained */
    uint64_t steps;
    uint64_t turns; /* until the budget's clock is asked again */
};

/* `prunings`: bits of enum check_pruning; D, H, T and V are made here, and the others mean nothing.
 * With none of them configurations count as seen when they are equal. With D alone the longest
 * order is found as well; with the others whole ones only. Errors: -E_NOMEM. search_end is due in
 * any case. */
int search_begin(struct search *s, const struct problem *p, const struct engine_budget *budget,
                 uint32_t prunings);
void search_end(struct search *s);

/* Places `op`, which leads to `state`, unless what that gives was seen. 1: placed. 0: seen.
 * Errors: -E_NOMEM, -E_LIMIT. */
int search_enter(struct search *s, uint32_t op, uint32_t state);

/* The same for hiding the operation that has to return next, which is free. */
int search_hide(struct search *s);

/* Takes the last step back and returns its operation. The depth must not be 0. */
uint32_t search_back(struct search *s);

/* Why the search has to stop now; NULL when it may go on. Ask at every turn. Under the bound of the
 * memory it first forgets what was visited. */
const char *search_out_of_budget(struct search *s);

/* Fills *ret when the search is over: `linearizable` with the present order, `unknown` with the
 * longest, `not linearizable` with the longest and as much behind it as fits. The search cannot go
 * on then. Errors: -E_NOMEM, -E_LIMIT. */
int search_result(struct search *s, enum verdict verdict, const char *reason,
                  struct engine_result *ret);

#endif
