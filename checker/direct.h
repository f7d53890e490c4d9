#ifndef RIFT_CHECKER_DIRECT_H
#define RIFT_CHECKER_DIRECT_H

#include "checker/engine.h"

/* What direct engines have in common: values by number, and what every order has to stand before it
 * is believed. */

enum { DIRECT_OPS_MAX = 1 << 28 };

static inline const struct history_op *direct_op(const struct engine_part *part, uint32_t input)
{
    return &part->history->ops[part->inputs[input].original];
}

/* Fills *ret with "unknown" and what the engine will take, at so many bytes an operation. False:
 * that is more than the budget, or there are more operations than engines number. */
bool direct_begin(const struct engine_part *part, const struct engine_budget *budget,
                  size_t bytes_per_op, struct direct_result *ret);

/* Numbers for byte strings: 0, 1, 2... in the order in which they come up. The bytes stay where
 * they are; `bytes` finds those of a number again. */
struct numbering {
    struct slice (*bytes)(const void *of, uint32_t number);
    const void *of;
    uint64_t *slots; /* open addressing: half a hash, and a number + 1 */
    size_t cap;
    uint32_t n;
};

/* For up to n strings. Errors: -E_NOMEM. */
int numbering_init(struct numbering *t, size_t n, struct slice (*bytes)(const void *, uint32_t),
                   const void *of);
void numbering_free(struct numbering *t);

/* Its number; t->n grows when it is a new one, and `bytes` is asked for it from then on. */
uint32_t numbering_of(struct numbering *t, struct slice string);

/* Makes *ret hold an order, given as numbers of inputs, instead of what it held. Errors: -E_NOMEM.
 */
int direct_keep(const struct engine_part *part, const uint32_t *inputs, size_t n,
                struct direct_result *ret);

/* Why an engine does not decide whose own order was not accepted. */
#define DIRECT_NO_PROOF "the order that was made does not hold"

/* Fills *ret with an order, given as numbers of inputs, if nothing in it stands twice, nothing that
 * returned is left out, and no operation stands behind one that was called after its return. This
 * goes by the history alone. 1: it is filled. 0: one of these does not hold. Errors: -E_NOMEM. */
int direct_accept(const struct engine_part *part, const uint32_t *inputs, size_t n,
                  struct direct_result *ret);

#endif
