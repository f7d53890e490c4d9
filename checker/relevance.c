#include "checker/relevance.h"

#include <stdlib.h>

enum {
    NOTHING = STRING_ABSENT
}; /* absence is told apart by everybody, so nobody's in particular */

struct relevance {
    const struct problem *problem;
    uint32_t *minded; /* of each class: the state that it tells from others, or NOTHING */
    bool appends;
    uint32_t *next_hiding;     /* of each place in by_return: the next that hides, from there on */
    uint32_t *pending_minding; /* classes of unknown outcome that mind a state */
    uint32_t n_pending_minding;
};

static void note_classes(struct relevance *r)
{
    const struct problem *p = r->problem;

    for (uint32_t c = 0; c < p->n_classes; c++) {
        struct model_effect e = p->model->effect(&p->env, &p->classes[c].op);

        r->minded[c] = e.minds ? e.minded : NOTHING;
        r->appends |= e.kind == EFFECT_APPEND;
        if (e.minds && c >= p->first_pending_class)
            r->pending_minding[r->n_pending_minding++] = c;
    }
}

static void note_hiding(struct relevance *r)
{
    const struct problem *p = r->problem;

    r->next_hiding[p->n_required] = p->n_required;
    for (uint32_t i = p->n_required; i-- > 0;)
        r->next_hiding[i] = p->classes[p->ops[p->by_return[i]].class].hides ? i
                                                                            : r->next_hiding[i + 1];
}

int relevance_create(const struct problem *p, struct relevance **ret)
{
    struct relevance *r;

    *ret = NULL;
    if (p->model->effect == NULL)
        return 0;
    r = calloc(1, sizeof *r);
    if (r == NULL)
        return -E_NOMEM;
    r->problem = p;
    r->minded = calloc((size_t)p->n_classes + 1, sizeof *r->minded);
    r->pending_minding = calloc((size_t)p->n_classes + 1, sizeof *r->pending_minding);
    r->next_hiding = calloc((size_t)p->n_required + 1, sizeof *r->next_hiding);
    if (r->minded == NULL || r->pending_minding == NULL || r->next_hiding == NULL) {
        relevance_destroy(r);
        return -E_NOMEM;
    }
    note_classes(r);
    note_hiding(r);
    *ret = r;
    return 0;
}

void relevance_destroy(struct relevance *r)
{
    if (r == NULL)
        return;
    free(r->minded);
    free(r->pending_minding);
    free(r->next_hiding);
    free(r);
}

/* What is called later does not meet the present state. */
static uint32_t end_of_state(const struct relevance *r, const struct placement *at)
{
    const struct problem *p = r->problem;

    for (uint32_t i = r->next_hiding[at->next_return]; i < p->n_required;
         i = r->next_hiding[i + 1]) {
        uint32_t op = p->by_return[i];

        if (!placement_holds(at, op) && !placement_is_free(at, op))
            return p->ops[op].ret;
    }
    return PROBLEM_NEVER;
}

static bool minds(const struct relevance *r, uint32_t class, uint32_t state)
{
    uint32_t minded = r->minded[class];

    if (minded == state)
        return true;
    return r->appends && minded != NOTHING &&
           strings_is_prefix(r->problem->env.strings, state, minded);
}

bool relevance_matters(const struct relevance *r, const struct placement *at)
{
    const struct problem *p = r->problem;
    uint32_t end;

    if (at->state <= STRING_EMPTY)
        return true;
    end = end_of_state(r, at);
    for (uint32_t op = at->next[p->n_required]; op < p->n_required && p->ops[op].call < end;
         op = at->next[op]) {
        if (minds(r, p->ops[op].class, at->state))
            return true;
    }
    for (uint32_t i = 0; i < r->n_pending_minding; i++) {
        const struct problem_class *c = &p->classes[r->pending_minding[i]];
        uint32_t used = at->used[r->pending_minding[i]];

        if (used < c->n && p->ops[c->first + used].call < end &&
            minds(r, r->pending_minding[i], at->state))
            return true;
    }
    return false;
}

size_t relevance_memory_bytes(const struct relevance *r)
{
    return r == NULL
               ? 0
               : (2 * (size_t)r->problem->n_classes + r->problem->n_required) * sizeof *r->minded;
}
