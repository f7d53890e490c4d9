#include "base/pages.h"
#include "checker/models/models.h"
#include "checker/set_reads.h"
#include "checker/switches.h"

#include <stdlib.h>

/* Sets. Where nobody reads the whole set, each element is a switch of its own; that is what
 * locality says (Herlihy & Wing, "Linearizability: a correctness condition for concurrent objects",
 * TOPLAS 1990, theorem 1), and one sweep over all of them makes one order. Where somebody does:
 * set_reads.h. */

struct elements {
    const struct engine_part *part;
    uint32_t *first; /* of each element: an input that names it */
};

static struct slice name_of(const void *of, uint32_t element)
{
    const struct elements *e = of;

    return direct_op(e->part, e->first[element])->value;
}

static struct switch_use use_of(const struct history *h, const struct history_op *op)
{
    bool answers = (h->header.dialect & HISTORY_SET_ANSWERS) != 0;
    bool ok = op->outcome != OUTCOME_OK || op->status == STATUS_OK;
    struct switch_use use = {.use = answers ? USE_TURN : USE_SET};

    use.on = op->kind == OP_ADD || (op->kind == OP_CONTAINS && ok);
    if (op->kind == OP_CONTAINS || !ok)
        use.use = USE_SEE;
    return use;
}

static int decide_elements(const struct engine_part *part, struct direct_result *ret)
{
    struct elements e = {.part = part, .first = pages_calloc(part->n + 1, sizeof *e.first)};
    struct switch_use *uses = pages_calloc(part->n + 1, sizeof *uses);
    struct numbering names = {0};
    int rc = e.first == NULL || uses == NULL ? -E_NOMEM
                                             : numbering_init(&names, part->n, name_of, &e);

    for (uint32_t i = 0; rc == 0 && i < part->n; i++) {
        const struct history_op *op = direct_op(part, i);
        uint32_t n = names.n;
        uint32_t element = numbering_of(&names, op->value);

        if (element == n)
            e.first[element] = i;
        uses[i] = use_of(part->history, op);
        uses[i].object = element;
    }
    numbering_free(&names);
    if (rc == 0)
        rc = switches_decide(part, uses, names.n, ret);
    free(e.first);
    free(uses);
    return rc;
}

static int run(const struct engine_part *part, const struct engine_budget *budget,
               struct direct_result *ret)
{
    bool answers = (part->history->header.dialect & HISTORY_SET_ANSWERS) != 0;
    bool reads = false;
    bool removals = false;

    if (!direct_begin(part, budget, SWITCHES_OP_BYTES, ret))
        return 0;
    for (uint32_t i = 0; i < part->n; i++) {
        reads |= direct_op(part, i)->kind == OP_GET;
        removals |= direct_op(part, i)->kind == OP_REMOVE;
    }
    if (reads)
        return set_reads_decide(part, ret);
    if (!removals || answers)
        return decide_elements(part, ret);
    ret->reason = "removals do not say whether the element was there";
    return 0;
}

const struct check_engine engine_set = {
    .name = "set",
    .kind = "elements are looked at one by one, or added once and looked at together",
    .model = &model_set,
    .run_direct = run};
