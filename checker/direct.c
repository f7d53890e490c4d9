#include "checker/direct.h"

#include "base/hash.h"
#include "base/pages.h"

#include <stdlib.h>

bool direct_begin(const struct engine_part *part, const struct engine_budget *budget,
                  size_t bytes_per_op, struct direct_result *ret)
{
    size_t bytes = part->n * bytes_per_op;

    *ret = (struct direct_result){
        .verdict = VERDICT_UNKNOWN, .reason = "memory budget spent", .memory_bytes = bytes};
    if (part->n > DIRECT_OPS_MAX)
        ret->reason = "too many operations for it";
    return part->n <= DIRECT_OPS_MAX &&
           (budget->memory_bytes_max == 0 || bytes <= budget->memory_bytes_max);
}

/* --- numbers -------------------------------------------------------------------------------- */

int numbering_init(struct numbering *t, size_t n, struct slice (*bytes)(const void *, uint32_t),
                   const void *of)
{
    *t = (struct numbering){.bytes = bytes, .of = of, .cap = 16};
    while (t->cap < n + n / 2)
        t->cap *= 2;
    t->slots = pages_calloc(t->cap, sizeof *t->slots);
    return t->slots == NULL ? -E_NOMEM : 0;
}

void numbering_free(struct numbering *t)
{
    free(t->slots);
}

uint32_t numbering_of(struct numbering *t, struct slice string)
{
    uint64_t hash = hash_bytes(string.data, string.len, 0);
    size_t i = hash & (t->cap - 1);
    uint64_t tag = hash >> 32 << 32;

    while (t->slots[i] != 0) {
        uint32_t number = (uint32_t)t->slots[i] - 1;

        if ((t->slots[i] ^ tag) >> 32 == 0 && slice_equal(t->bytes(t->of, number), string))
            return number;
        i = (i + 1) & (t->cap - 1);
    }
    t->slots[i] = tag | (t->n + 1);
    return t->n++;
}

/* --- orders --------------------------------------------------------------------------------- */

static bool respects_real_time(const struct engine_part *part, const uint32_t *inputs, size_t n)
{
    uint64_t earliest_return = HISTORY_NEVER;

    for (size_t i = n; i-- > 0;) {
        const struct history_op *op = direct_op(part, inputs[i]);

        if (earliest_return < op->call_seq)
            return false;
        if (op->outcome == OUTCOME_OK && op->return_seq < earliest_return)
            earliest_return = op->return_seq;
    }
    return true;
}

/* Nothing twice, and nothing that returned left out. 1: so it is. */
static int is_whole(const struct engine_part *part, const uint32_t *inputs, size_t n)
{
    bool *placed = calloc(part->n + 1, sizeof *placed);
    int ok = 1;

    if (placed == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        ok &= !placed[inputs[i]];
        placed[inputs[i]] = true;
    }
    for (uint32_t i = 0; i < part->n; i++)
        ok &= placed[i] || direct_op(part, i)->outcome != OUTCOME_OK;
    free(placed);
    return ok;
}

int direct_keep(const struct engine_part *part, const uint32_t *inputs, size_t n,
                struct direct_result *ret)
{
    size_t *order = pages_calloc(n + 1, sizeof *order);

    if (order == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n; i++)
        order[i] = part->inputs[inputs[i]].original;
    free(ret->order);
    ret->order = order;
    ret->n_order = n;
    return 0;
}

int direct_accept(const struct engine_part *part, const uint32_t *inputs, size_t n,
                  struct direct_result *ret)
{
    int rc = is_whole(part, inputs, n);

    if (rc != 1 || !respects_real_time(part, inputs, n))
        return rc < 0 ? rc : 0;
    rc = direct_keep(part, inputs, n, ret);
    if (rc < 0)
        return rc;
    ret->verdict = VERDICT_LINEARIZABLE;
    ret->reason = NULL;
    return 1;
}
