#include "cli/judge.h"

#include "base/clock.h"
#include "cli/signals.h"
#include "cli/threads.h"

#include <inttypes.h>
#include <stdatomic.h>

struct budget {
    int64_t end_ns; /* INT64_MAX: none */
    bool signals_end_it;
    atomic_bool interrupted;
};

/* From any thread of the pool. */
static bool spent(void *context)
{
    struct budget *b = context;

    if (b->signals_end_it && signals_interrupted())
        b->interrupted = true;
    return b->interrupted || clock_monotonic_ns() >= b->end_ns;
}

/* What is lost behind a damage could hold the operation that breaks the order: a violation in
 * front of it stands, a good prefix proves nothing. A cut-off tail is what a killed writer leaves,
 * and says nothing about the operations in front of it. */
static enum exit_code code_of(const struct judgement *j)
{
    switch (j->result->verdict) {
    case VERDICT_NOT_LINEARIZABLE: return EXIT_VIOLATION;
    case VERDICT_LINEARIZABLE: return j->history->loss.damaged ? EXIT_UNKNOWN : EXIT_GOOD;
    default: return EXIT_UNKNOWN;
    }
}

static struct check_options check_options_of(const struct judge_options *o, struct budget *budget,
                                             const struct check_pool *pool)
{
    return (struct check_options){
        .model = o->model,
        .engine = o->engine,
        .without = o->without,
        .whole = o->whole,
        .all = o->all,
        .pool = o->jobs > 1 ? pool : NULL,
        .spent = spent,
        .spent_context = budget,
        .memory_bytes_max = (size_t)o->memory_mb << 20,
    };
}

int judge_file(const char *path, const struct judge_options *o, struct judgement *ret,
               struct err *e)
{
    struct judgement j = {0};
    struct budget budget = {.end_ns = INT64_MAX, .signals_end_it = o->signals_end_it};
    struct check_pool pool = {.jobs = o->jobs, .run = threads_run};
    struct check_options check = check_options_of(o, &budget, &pool);
    struct history_load_options load = foreign_options(&o->foreign, o->model);
    int64_t start_ns;
    int rc;

    load.visitor = o->visitor;
    rc = history_load_as(path, &load, &j.history, e);
    if (rc < 0)
        return rc;
    start_ns = clock_monotonic_ns();
    if (o->time_s > 0)
        budget.end_ns = start_ns + (int64_t)(o->time_s * (double)NS_PER_S);
    rc = check_history(j.history, &check, &j.result, e);
    if (rc < 0) {
        judgement_free(&j);
        /* That it is of this model is what the file says, and not what was asked for. */
        return err_prefix(e, rc == -E_INVAL && o->model == NULL ? -E_PARSE : rc, "%s", path);
    }
    j.seconds = (double)(clock_monotonic_ns() - start_ns) / (double)NS_PER_S;
    j.code = code_of(&j);
    if (budget.interrupted && j.code == EXIT_UNKNOWN)
        j.code = EXIT_INTERRUPTED;
    *ret = j;
    return 0;
}

int judge_sequential(const char *path, const struct judge_options *o, struct history **ret_history,
                     struct sequential_result **ret, struct err *e)
{
    struct budget budget = {.end_ns = INT64_MAX, .signals_end_it = o->signals_end_it};
    struct check_pool pool = {.jobs = o->jobs, .run = threads_run};
    struct check_options check = check_options_of(o, &budget, &pool);
    struct history_load_options load = foreign_options(&o->foreign, o->model);
    struct history *h;
    int rc = history_load_as(path, &load, &h, e);

    if (rc < 0)
        return rc;
    if (o->time_s > 0)
        budget.end_ns = clock_monotonic_ns() + (int64_t)(o->time_s * (double)NS_PER_S);
    rc = sequential_check(h, &check, ret, e);
    if (rc < 0) {
        history_free(&h);
        return err_prefix(e, rc == -E_INVAL && o->model == NULL ? -E_PARSE : rc, "%s", path);
    }
    *ret_history = h;
    return 0;
}

int judge_staleness(const struct judgement *j, const struct judge_options *o,
                    struct staleness **ret, struct err *e)
{
    struct budget budget = {.end_ns = INT64_MAX, .signals_end_it = o->signals_end_it};
    struct check_pool pool = {.jobs = o->jobs, .run = threads_run};
    struct check_options check = check_options_of(o, &budget, &pool);

    if (o->time_s > 0)
        budget.end_ns = clock_monotonic_ns() + (int64_t)(o->time_s * (double)NS_PER_S);
    return staleness_measure(j->history, &check, ret, e);
}

void judgement_free(struct judgement *j)
{
    check_result_free(&j->result);
    history_free(&j->history);
}

enum exit_code judge_error_code(int rc)
{
    switch (rc) {
    case -E_INVAL: return EXIT_USAGE;
    case -E_NOMEM: return EXIT_HARNESS;
    default: return EXIT_DATA;
    }
}

static int explain_loss(const struct history_loss *loss, struct buf *out)
{
    int rc = 0;

    if (loss->damaged)
        rc = buf_printf(out,
                        "The file is damaged at byte %" PRIu64 ": the last %" PRIu64
                        " bytes were not read. What they held could change a good verdict, so "
                        "it counts as unknown.\n",
                        loss->damaged_at, loss->damaged_bytes);
    if (rc == 0 && loss->tail_bytes > 0)
        rc = buf_printf(out,
                        "The file ends inside a record: its last %" PRIu64
                        " bytes are lost. The verdict is about what stands before them.\n",
                        loss->tail_bytes);
    if (rc == 0 && loss->unfinished && !loss->damaged && loss->tail_bytes == 0)
        rc = buf_printf(out, "The history was never closed: its writer was killed or is still "
                             "at work. Operations it shows no end of count as open.\n");
    return rc;
}

/* What of a good verdict could be misunderstood. */
static int explain_reading(const struct history *h, struct buf *out)
{
    int rc = 0;

    if (h->n_ops == 0)
        rc = buf_printf(out,
                        "Nothing was checked: the file holds no operation (%zu other events).\n",
                        h->n_events + h->n_asks);
    if (rc == 0 && h->n_raised > 0)
        rc = buf_printf(out,
                        "%" PRIu64 " events have a time before that of the event above them: their "
                        "order was taken from the file, and not from the times.\n",
                        h->n_raised);
    return rc;
}

int judgement_explain(const struct judgement *j, struct buf *out)
{
    int rc = check_explain(j->history, j->result, out);

    if (rc == 0 && (out->len == 0 || out->data[out->len - 1] != '\n'))
        rc = buf_append_byte(out, '\n');
    if (rc == 0)
        rc = explain_reading(j->history, out);
    return rc < 0 ? rc : explain_loss(&j->history->loss, out);
}

/* --- JSON ----------------------------------------------------------------------------------- */

static json_t *bytes_json(struct slice bytes)
{
    struct buf text = {0};
    json_t *value = NULL;

    if (history_describe_bytes(bytes, &text) == 0)
        value = json_stringn((const char *)text.data, text.len);
    buf_free(&text);
    return value;
}

static json_t *op_json(const struct history *h, size_t index)
{
    struct buf text = {0};
    json_t *value = NULL;

    if (history_describe_op(h, &h->ops[index], &text) == 0)
        value = json_pack("{s:s%, s:I}", "operation", (const char *)text.data, text.len, "call_seq",
                          (json_int_t)h->ops[index].call_seq);
    buf_free(&text);
    return value;
}

/* null: the partition is no single element. */
static json_t *element_json(const struct check_partition *p)
{
    return p->of_element ? bytes_json(p->element) : json_null();
}

static json_t *violation_json(const struct judgement *j)
{
    const struct check_partition *p = &j->result->partitions[j->result->worst];
    json_t *stuck = json_array();

    for (size_t i = 0; i < p->n_stuck; i++)
        json_array_append_new(stuck, op_json(j->history, p->stuck[i]));
    return json_pack("{s:o, s:o, s:I, s:I, s:o}", "key", bytes_json(p->key), "element",
                     element_json(p), "operations", (json_int_t)p->n_ops, "ordered",
                     (json_int_t)p->n_order, "stuck", stuck);
}

static json_t *unknown_json(const struct check_result *r)
{
    json_t *reasons = json_array();

    for (size_t i = 0; i < r->n_partitions; i++) {
        const struct check_partition *p = &r->partitions[i];

        if (p->verdict == VERDICT_UNKNOWN)
            json_array_append_new(reasons, json_pack("{s:o, s:o, s:s, s:I, s:I, s:I}", "key",
                                                     bytes_json(p->key), "element", element_json(p),
                                                     "reason", p->reason == NULL ? "" : p->reason,
                                                     "operations", (json_int_t)p->n_ops, "ordered",
                                                     (json_int_t)p->n_order, "explained_returns",
                                                     (json_int_t)p->n_explained));
    }
    return reasons;
}

/* How many partitions each engine decided, or tried last. */
static json_t *engines_json(const struct check_result *r)
{
    json_t *engines = json_object();

    for (size_t i = 0; i < r->n_partitions; i++) {
        const char *name = r->partitions[i].engine;

        if (name != NULL)
            json_object_set_new(
                engines, name,
                json_integer(1 + json_integer_value(json_object_get(engines, name))));
    }
    return engines;
}

json_t *judgement_json(const struct judgement *j)
{
    const struct history_loss *loss = &j->history->loss;
    struct buf text = {0};
    json_t *all;

    if (judgement_explain(j, &text) < 0) {
        buf_free(&text);
        return NULL;
    }
    all = json_pack("{s:s, s:s, s:I, s:I, s:f, s:s%, s:{s:b, s:I, s:b, s:I, s:I}}", "verdict",
                    verdict_name(j->result->verdict), "model", j->result->model, "operations",
                    (json_int_t)j->result->n_ops, "partitions", (json_int_t)j->result->n_partitions,
                    "seconds", j->seconds, "explanation", (const char *)text.data, text.len, "loss",
                    "unfinished", loss->unfinished, "tail_bytes", (json_int_t)loss->tail_bytes,
                    "damaged", loss->damaged, "damaged_at", (json_int_t)loss->damaged_at,
                    "damaged_bytes", (json_int_t)loss->damaged_bytes);
    if (all != NULL && j->result->verdict == VERDICT_NOT_LINEARIZABLE)
        json_object_set_new(all, "violation", violation_json(j));
    if (all != NULL)
        json_object_set_new(all, "engines", engines_json(j->result));
    if (all != NULL && j->result->verdict == VERDICT_UNKNOWN)
        json_object_set_new(all, "unknown", unknown_json(j->result));
    buf_free(&text);
    return all;
}

static json_t *stale_read_json(const struct history *h, const struct staleness_read *r)
{
    return json_pack("{s:o, s:o, s:I, s:f}", "read", op_json(h, r->op), "overwritten_by",
                     op_json(h, r->overwritten), "versions_at_least", (json_int_t)r->versions,
                     "age_ms", (double)r->age_ns / (double)NS_PER_MS);
}

json_t *staleness_json(const struct history *h, const struct staleness *s)
{
    static const char *const kinds[] = {
        [STALENESS_IS] = "is", [STALENESS_AT_LEAST] = "at-least", [STALENESS_NONE] = "none"};
    json_t *stale = json_array();

    for (size_t i = 0; i < s->n_stale; i++)
        json_array_append_new(stale, stale_read_json(h, &s->stale[i]));
    return json_pack("{s:s, s:f, s:I, s:o}", "kind", kinds[s->kind], "delta_ms",
                     (double)s->delta_ns / (double)NS_PER_MS, "reads", (json_int_t)s->n_reads,
                     "stale", stale);
}
