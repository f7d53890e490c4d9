#include "library/library.h"
#include "library/model.h"

#include "base/buf.h"

#include <stdlib.h>

_Static_assert((int)RIFT_LINEARIZABLE == VERDICT_LINEARIZABLE &&
                   (int)RIFT_NOT_LINEARIZABLE == VERDICT_NOT_LINEARIZABLE &&
                   (int)RIFT_UNKNOWN == VERDICT_UNKNOWN,
               "verdicts are the checker's");

struct rift_result {
    const struct history *history;
    struct check_result *result;
    struct library_model custom;
};

/* The caller's question about the budget, which answers with an int. */
struct budget {
    int (*spent)(void *context);
    void *context;
};

static bool ask(void *context)
{
    const struct budget *b = context;

    return b->spent(b->context) != 0;
}

/* NULL, or what is wrong with the options. */
static const char *take_options(const struct rift_check_options *from,
                                struct rift_check_options *to, struct library_model *custom)
{
    *to = (struct rift_check_options){.size = sizeof *to};
    if (from == NULL)
        return NULL;
    if (!library_take(to, sizeof *to, from))
        return "the options have no size";
    return to->custom_model == NULL ? NULL : library_model(to->custom_model, custom);
}

int rift_check(const struct rift_history *h, const struct rift_check_options *options,
               struct rift_result **ret, struct rift_error *error)
{
    struct rift_result *r = calloc(1, sizeof *r);
    struct rift_check_options o;
    struct budget budget;
    const char *why;
    struct err e = {0};
    int rc;

    if (r == NULL)
        return library_error(-E_NOMEM, NULL, error);
    why = take_options(options, &o, &r->custom);
    if (why != NULL) {
        free(r);
        return library_refuse(RIFT_INVALID, error, why);
    }
    budget = (struct budget){.spent = o.spent, .context = o.spent_context};
    r->history = h->history;
    rc = check_history(
        h->history,
        &(struct check_options){.model = o.model,
                                .custom = o.custom_model == NULL ? NULL : &r->custom.model,
                                .engine = o.engine,
                                .whole = o.whole != 0,
                                .all = o.all != 0,
                                .spent = o.spent == NULL ? NULL : ask,
                                .spent_context = &budget,
                                .memory_bytes_max = o.memory_bytes_max},
        &r->result, &e);
    if (rc < 0)
        free(r);
    else
        *ret = r;
    return library_error(rc, &e, error);
}

void rift_result_free(struct rift_result *r)
{
    if (r == NULL)
        return;
    check_result_free(&r->result);
    free(r);
}

enum rift_verdict rift_result_verdict(const struct rift_result *r)
{
    return (enum rift_verdict)r->result->verdict;
}

size_t rift_result_count(const struct rift_result *r)
{
    return r->result->n_partitions;
}

int rift_result_partition(const struct rift_result *r, size_t i, struct rift_partition *ret)
{
    const struct check_partition *p;
    struct rift_partition o;

    if (i >= r->result->n_partitions)
        return RIFT_INVALID;
    p = &r->result->partitions[i];
    o = (struct rift_partition){
        .key = {.data = p->key.data, .len = p->key.len},
        .verdict = (enum rift_verdict)p->verdict,
        .n_operations = p->n_ops,
        .configurations = p->steps,
        .engine = p->engine,
        .reason = p->verdict == VERDICT_UNKNOWN ? p->reason : NULL,
        .order = p->order,
        .n_order = p->n_order,
    };
    if (p->of_element)
        o.element = (struct rift_bytes){
            .data = p->element.len > 0 ? p->element.data : (const void *)"", .len = p->element.len};
    return library_give(ret, &o, sizeof o) ? 0 : RIFT_INVALID;
}

int rift_result_explain(const struct rift_result *r, char **ret)
{
    struct buf text = {0};
    int rc = check_explain(r->history, r->result, &text);

    if (rc == 0)
        rc = buf_append_byte(&text, 0);
    if (rc < 0) {
        buf_free(&text);
        return library_error(rc, NULL, NULL);
    }
    *ret = (char *)text.data;
    return 0;
}

const char *rift_verdict_name(enum rift_verdict v)
{
    return verdict_name((enum verdict)v);
}

const char *const *rift_model_names(void)
{
    return check_model_names();
}

const char *const *rift_engine_names(void)
{
    return check_engine_names();
}

const char *rift_version(void)
{
    return RIFT_VERSION;
}
