#include "sim/case.h"

#include <stdlib.h>

static int copy_plan(const struct plan *from, struct plan **ret, struct err *e)
{
    struct buf text = {0};
    int rc = plan_print(from, &text);

    if (rc < 0)
        err_set(e, rc, "plan: %s", err_text(rc));
    else
        rc = plan_parse("plan", (const char *)text.data, text.len, ret, e);
    buf_free(&text);
    return rc;
}

int sim_case_create(const struct sim_config *config, const struct plan *plan, struct sim_case **ret,
                    struct err *e)
{
    struct sim_case *c = calloc(1, sizeof *c);
    int rc;

    if (c == NULL)
        return err_set(e, -E_NOMEM, "a case");
    c->config = *config;
    c->config.ops = NULL;
    c->config.deaths = NULL;
    rc = plan == NULL ? sim_draw_plan(config, &c->plan, e) : copy_plan(plan, &c->plan, e);
    if (rc == 0 && config->ops != NULL)
        rc = sim_case_set_ops(c, config->ops->items, config->ops->n, e);
    if (rc == 0 && config->deaths != NULL)
        rc = sim_case_set_deaths(c, config->deaths->items, config->deaths->n, e);
    if (rc < 0)
        sim_case_destroy(c);
    else
        *ret = c;
    return rc;
}

int sim_case_copy(const struct sim_case *from, struct sim_case **ret, struct err *e)
{
    int rc = sim_case_create(&from->config, from->plan, ret, e);

    if (rc == 0) {
        memcpy((*ret)->bug, from->bug, sizeof from->bug);
        memcpy((*ret)->violation, from->violation, sizeof from->violation);
    }
    return rc;
}

void sim_case_destroy(struct sim_case *c)
{
    if (c == NULL)
        return;
    plan_free(&c->plan);
    free(c->ops.items);
    free(c->deaths.items);
    free(c);
}

static int by_clerk(const void *a, const void *b)
{
    const struct sim_op *x = a, *y = b;

    if (x->clerk != y->clerk)
        return x->clerk < y->clerk ? -1 : 1;
    return x->k < y->k ? -1 : x->k > y->k;
}

int sim_case_set_ops(struct sim_case *c, const struct sim_op *items, size_t n, struct err *e)
{
    struct sim_op *copy = malloc((n + 1) * sizeof *copy);

    if (copy == NULL)
        return err_set(e, -E_NOMEM, "%zu operations", n);
    if (n > 0) {
        memcpy(copy, items, n * sizeof *copy);
        qsort(copy, n, sizeof *copy, by_clerk);
    }
    free(c->ops.items);
    c->ops = (struct sim_ops){copy, n};
    c->config.ops = &c->ops;
    return 0;
}

static int by_node(const void *a, const void *b)
{
    const struct sim_death *x = a, *y = b;

    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->effects < y->effects ? -1 : x->effects > y->effects;
}

int sim_case_set_deaths(struct sim_case *c, const struct sim_death *items, size_t n, struct err *e)
{
    struct sim_death *copy = malloc((n + 1) * sizeof *copy);

    if (copy == NULL)
        return err_set(e, -E_NOMEM, "%zu deaths", n);
    if (n > 0) {
        memcpy(copy, items, n * sizeof *copy);
        qsort(copy, n, sizeof *copy, by_node);
    }
    free(c->deaths.items);
    c->deaths = (struct sim_deaths){copy, n};
    c->config.deaths = &c->deaths;
    return 0;
}
