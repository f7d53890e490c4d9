#include "checker/search.h"

/* Wing & Gong's search ("Testing and verifying concurrent objects", JPDC 1993) with Lowe's
 * memoisation ("Testing for linearizability", 2017), in the shape that Porcupine gave it: walk the
 * operations that are not placed by their calls; at a call try to place it and begin again at the
 * front; at a return turn back. It prunes nothing but what was seen, and is kept as it is: the
 * yardstick for what else stands in engine.c. */

/* What follows `after`: the calls of required operations, then those of unknown outcome. */
static uint32_t candidate(const struct search *s, uint32_t after)
{
    if (after == PLACEMENT_NONE || problem_is_required(s->problem, after)) {
        uint32_t op = placement_open(&s->at, after);

        return op != PLACEMENT_NONE ? op : placement_pending(&s->at, PLACEMENT_NONE);
    }
    return placement_pending(&s->at, after);
}

static int try_next(struct search *s, uint32_t op)
{
    uint32_t state;
    int rc = problem_step(s->problem, s->at.state, op, &state);

    return rc == 1 ? search_enter(s, op, state) : rc;
}

static int walk(struct search *s, enum verdict *ret, const char **reason)
{
    uint32_t op = candidate(s, PLACEMENT_NONE);

    for (;;) {
        if (placement_complete(&s->at)) {
            *ret = VERDICT_LINEARIZABLE;
            return 0;
        }
        *reason = search_out_of_budget(s);
        if (*reason != NULL) {
            *ret = VERDICT_UNKNOWN;
            return 0;
        }
        if (op != PLACEMENT_NONE) {
            int rc = try_next(s, op);

            if (rc < 0)
                return rc;
            op = candidate(s, rc == 1 ? PLACEMENT_NONE : op);
        } else if (s->at.depth > 0) {
            op = candidate(s, search_back(s));
        } else {
            *ret = VERDICT_NOT_LINEARIZABLE;
            return 0;
        }
    }
}

static int run(const struct problem *p, const struct engine_budget *budget,
               struct engine_result *ret)
{
    struct search s;
    const char *reason = NULL;
    enum verdict verdict = VERDICT_UNKNOWN;
    int rc = search_begin(&s, p, budget, 0);

    if (rc == 0)
        rc = walk(&s, &verdict, &reason);
    if (rc == 0)
        rc = search_result(&s, verdict, reason, ret);
    search_end(&s);
    return rc;
}

const struct check_engine engine_porcupine = {.name = "porcupine", .run = run};
