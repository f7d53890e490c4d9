#include "checker/versions.h"

#include "base/pages.h"

#include <stdlib.h>

/* What is decided here holds in any order: it looks at values and not at times. */

static int versions_init(struct versions *v, const struct problem *p)
{
    *v = (struct versions){.problem = p, .n = (uint32_t)strings_count(p->env.strings)};
    v->effects = pages_calloc((size_t)p->n_classes + 1, sizeof *v->effects);
    v->items = pages_calloc((size_t)v->n + 1, sizeof *v->items);
    if (v->effects == NULL || v->items == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < v->n; i++)
        v->items[i] = (struct version){.writer = VERSION_NONE, .next = VERSION_NONE};
    for (uint32_t c = 0; c < p->n_classes; c++) {
        v->effects[c] = p->model->effect(&p->env, &p->classes[c].op);
        if (v->effects[c].wants)
            v->items[v->effects[c].wanted].wanted = true;
    }
    return 0;
}

void versions_free(struct versions *v)
{
    free(v->effects);
    free(v->items);
    *v = (struct versions){0};
}

/* An operation of unknown outcome whose value nobody wants need not have happened. */
static bool can_be_left_out(const struct versions *v, uint32_t op)
{
    const struct model_effect *e = versions_effect(v, op);

    return !problem_is_required(v->problem, op) &&
           (!v->items[e->left].wanted || (e->wants && e->wanted == e->left));
}

static const char *note_writer(struct versions *v, uint32_t op)
{
    const struct model_effect *e = versions_effect(v, op);

    if (e->kind == EFFECT_APPEND)
        return "there are appends";
    if (can_be_left_out(v, op))
        return NULL;
    if (e->left == v->problem->initial)
        return "the first state is written again";
    if (v->items[e->left].writer != VERSION_NONE)
        return "a value is written more than once";
    v->items[e->left].writer = op;
    return NULL;
}

/* Everybody's place. Returns why this is no problem of versions, or NULL. */
static const char *note_ops(struct versions *v)
{
    for (uint32_t i = 0; i < v->problem->n_ops; i++) {
        const struct model_effect *e = versions_effect(v, i);

        if (e->kind != EFFECT_NONE) {
            const char *why = note_writer(v, i);

            if (why != NULL)
                return why;
        } else if (!problem_is_required(v->problem, i)) {
            continue; /* changes nothing, and nobody saw its answer */
        } else if (e->wants) {
            v->items[e->wanted].n_readers++;
        } else {
            v->n_loose++;
        }
    }
    return NULL;
}

/* Version `at` has to have been there, and so has what it was made of. False: that cannot be. */
static bool need(struct versions *v, uint32_t at)
{
    while (!v->items[at].needed) {
        struct version *version = &v->items[at];
        const struct model_effect *e;

        version->needed = true;
        v->n_needed++;
        v->n_ops += version->n_readers;
        if (version->writer == VERSION_NONE)
            return at == v->problem->initial;
        v->n_ops++;
        e = versions_effect(v, version->writer);
        if (!e->wants)
            return true;
        if (v->items[e->wanted].next != VERSION_NONE)
            return false; /* two compare-and-sets consumed the same value */
        v->items[e->wanted].next = at;
        at = e->wanted;
    }
    return true;
}

int versions_make(const struct problem *p, struct versions *ret, enum versions_outcome *outcome,
                  const char **why)
{
    int rc;

    *why = "the model does not tell states apart";
    *outcome = VERSIONS_NOT_THIS_WAY;
    *ret = (struct versions){.problem = p};
    if (p->model->effect == NULL)
        return 0;
    rc = versions_init(ret, p);
    if (rc < 0)
        return rc;
    *why = note_ops(ret);
    if (*why != NULL)
        return 0;
    *outcome = VERSIONS_MADE;
    for (uint32_t i = 0; *outcome == VERSIONS_MADE && i < p->n_required; i++) {
        uint32_t version = versions_of(ret, i);

        if (version != VERSION_NONE && !need(ret, version))
            *outcome = VERSIONS_IMPOSSIBLE;
    }
    return 0;
}
