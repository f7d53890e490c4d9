#include "base/pages.h"
#include "checker/models/models.h"
#include "checker/switches.h"

#include <stdlib.h>

/* Mutexes without owners: a switch that lock turns on and unlock turns off. */

static int run(const struct engine_part *part, const struct engine_budget *budget,
               struct direct_result *ret)
{
    struct switch_use *uses;
    int rc;

    if (!direct_begin(part, budget, SWITCHES_OP_BYTES, ret))
        return 0;
    uses = pages_calloc(part->n + 1, sizeof *uses);
    if (uses == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < part->n; i++)
        uses[i] = (struct switch_use){.use = USE_TURN, .on = direct_op(part, i)->kind == OP_LOCK};
    rc = switches_decide(part, uses, 1, ret);
    free(uses);
    return rc;
}

const struct check_engine engine_mutex = {
    .name = "mutex", .kind = "it has two states", .model = &model_mutex, .run_direct = run};
