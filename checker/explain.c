#include "checker/checker.h"

#include "base/check.h"
#include "checker/describe.h"
#include "checker/model.h"
#include "checker/partition.h"

#include <inttypes.h>

/* A violation in words. The longest order is replayed for the key of each stuck operation: what
 * the state is at its end, who made it so, and where in that order the answer had its place for
 * the last time. The search only shows that no order was found that goes further; the text says
 * no more than that. */

enum { SHOWN_STEPS_MAX = 6, SHOWN_STUCK_MAX = 8 };

/* What a replay for one stuck operation finds. */
struct replay {
    uint32_t state;                   /* at the end, of its key */
    const struct history_op *writer;  /* the last one that changed it */
    bool ever;                        /* its answer was possible somewhere in the order... */
    const struct history_op *spoiler; /* ...up to this change */
};

static int replay_step(const struct model *m, const struct model_env *env,
                       const struct model_op *stuck, const struct history_op *op, struct replay *r)
{
    struct model_op placed;
    uint32_t next = r->state;
    uint32_t ignored;
    bool was_possible;
    int rc = m->step(env, r->state, stuck, &ignored);

    if (rc < 0)
        return rc;
    was_possible = rc == 1;
    rc = model_op_make(m, env, op, 0, &placed);
    if (rc == 0)
        rc = m->step(env, r->state, &placed, &next);
    if (rc < 0)
        return rc;
    CHECK_THAT(rc == 1, "the longest order does not replay");
    r->ever |= was_possible;
    if (next != r->state) {
        r->writer = op;
        if (was_possible)
            r->spoiler = op;
        r->state = next;
    }
    return 0;
}

static int replay(const struct model *m, const struct model_env *env, const struct history *h,
                  const struct check_partition *p, const struct history_op *stuck, struct replay *r)
{
    struct model_op asked;
    int rc = model_op_make(m, env, stuck, 0, &asked);

    *r = (struct replay){0};
    if (rc == 0)
        rc = m->initial(env, &r->state);
    for (size_t i = 0; rc == 0 && i < p->n_order; i++) {
        const struct history_op *op = &h->ops[p->order[i]];

        if (partition_same_key(op, stuck))
            rc = replay_step(m, env, &asked, op, r);
    }
    return rc;
}

/* How an operation of the order stands to the stuck one in real time. */
static int say_when(const struct history_op *op, const struct history_op *stuck, struct buf *out)
{
    if (op->outcome != OUTCOME_OK)
        return buf_printf(out, "whose outcome is unknown");
    if (op->return_seq < stuck->call_seq)
        return buf_printf(out, "which had returned at %.1f ms, before this %s began",
                          describe_ms(op->return_ns), op_kind_name(stuck->kind));
    return buf_printf(out, "which was open at the same time as this %s", op_kind_name(stuck->kind));
}

/* What the stuck operation looks at. */
static int say_object(const struct model *m, const struct check_partition *p,
                      const struct history_op *stuck, struct buf *out)
{
    int rc;

    if (!p->of_element)
        return describe_object(m->noun, stuck, out);
    rc = buf_printf(out, "%s ", m->noun);
    return rc == 0 ? describe_bytes(p->element, out) : rc;
}

static int say_state(const struct model *m, const struct model_env *env,
                     const struct check_partition *p, const struct replay *r,
                     const struct history_op *stuck, struct buf *out)
{
    int rc = buf_printf(out, ",\n    but after the longest order that could be found ");

    if (rc == 0)
        rc = say_object(m, p, stuck, out);
    if (rc == 0)
        rc = buf_printf(out, " is ");
    if (rc == 0)
        rc = m->describe_state(env, r->state, out);
    if (rc < 0 || r->writer == NULL)
        return rc < 0 ? rc : buf_printf(out, ", as at the start.\n");
    rc = buf_printf(out, "\n    (by the %s of process %u, ", op_kind_name(r->writer->kind),
                    r->writer->process);
    if (rc == 0)
        rc = say_when(r->writer, stuck, out);
    return rc == 0 ? buf_printf(out, ").\n") : rc;
}

static int say_last_place(const struct replay *r, const struct history_op *stuck, struct buf *out)
{
    int rc;

    if (!r->ever)
        return buf_printf(out, "    At no point of that order was this answer possible.\n");
    if (r->spoiler == NULL || r->spoiler == r->writer)
        return 0;
    rc = buf_printf(out, "    In that order its answer was possible for the last time before the\n"
                         "    ");
    if (rc == 0)
        rc = describe_op(r->spoiler, out);
    if (rc == 0)
        rc = buf_printf(out, ",\n    ");
    if (rc == 0)
        rc = say_when(r->spoiler, stuck, out);
    return rc == 0 ? buf_printf(out, ".\n") : rc;
}

static int explain_stuck(const struct model *m, const struct history *h,
                         const struct check_partition *p, const struct history_op *stuck,
                         struct buf *out)
{
    struct model_env env = {
        .dialect = h->header.dialect, .header = &h->header, .context = m->context, .n_keys = 1};
    struct replay r;
    int rc = strings_create(&env.strings);

    if (rc == 0)
        rc = replay(m, &env, h, p, stuck, &r);
    if (rc == 0)
        rc = buf_printf(out, "  - ");
    if (rc == 0)
        rc = describe_op(stuck, out);
    if (rc == 0)
        rc = say_state(m, &env, p, &r, stuck, out);
    if (rc == 0)
        rc = say_last_place(&r, stuck, out);
    strings_destroy(env.strings);
    return rc;
}

static int explain_order(const struct history *h, const struct check_partition *p, struct buf *out)
{
    size_t from = p->n_order > SHOWN_STEPS_MAX ? p->n_order - SHOWN_STEPS_MAX : 0;
    int rc = buf_printf(out, "  The longest order that was found has %zu of the %zu operations",
                        p->n_order, p->n_ops);

    if (rc == 0)
        rc = buf_printf(out, p->n_order == 0 ? ".\n" : from > 0 ? "; its end:\n" : ":\n");
    for (size_t i = from; rc == 0 && i < p->n_order; i++) {
        rc = buf_printf(out, "    %zu. ", i + 1);
        if (rc == 0)
            rc = describe_op(&h->ops[p->order[i]], out);
        if (rc == 0)
            rc = buf_append_byte(out, '\n');
    }
    return rc;
}

static int explain_partition(const struct model *m, const struct history *h,
                             const struct check_partition *p, struct buf *out)
{
    int rc = explain_order(h, p, out);

    if (rc == 0)
        rc = buf_printf(out, "  None of the completed operations that stood open there fits:\n");
    for (size_t i = 0; rc == 0 && i < p->n_stuck && i < SHOWN_STUCK_MAX; i++)
        rc = explain_stuck(p->of_element ? m->element : m, h, p, &h->ops[p->stuck[i]], out);
    if (rc == 0 && p->n_stuck > SHOWN_STUCK_MAX)
        rc = buf_printf(out, "  and %zu more.\n", p->n_stuck - SHOWN_STUCK_MAX);
    return rc;
}

/* Nothing where there are no keys and no elements. */
static int explain_key(const struct check_partition *p, struct buf *out)
{
    bool has_key = p->key.len > 0;
    int rc = 0;

    if (has_key)
        rc = buf_printf(out, "key ");
    if (rc == 0 && has_key)
        rc = describe_bytes(p->key, out);
    if (rc == 0 && has_key && !slice_equal(p->family, slice_str("default")))
        rc = buf_printf(out, " of family '%.*s'", (int)p->family.len, p->family.data);
    if (rc == 0 && p->of_element)
        rc = buf_printf(out, "%selement ", has_key ? ", " : "");
    if (rc == 0 && p->of_element)
        rc = describe_bytes(p->element, out);
    if (rc == 0 && (has_key || p->of_element))
        rc = buf_printf(out, ": ");
    return rc;
}

/* How far an undecided partition is explained. */
static int explain_prefix(const struct history *h, const struct check_partition *p, struct buf *out)
{
    const struct history_op *op;
    int rc;

    if (p->unexplained == SIZE_MAX)
        return 0;
    op = &h->ops[p->unexplained];
    rc = buf_printf(out, "  Linearizable as far as it was explained: %zu returns, until ",
                    p->n_explained);
    if (rc == 0 && op->return_ns > 0)
        rc = buf_printf(out, "%.1f ms, when ", describe_ms(op->return_ns));
    if (rc == 0)
        rc = buf_printf(out, "this returned:\n    ");
    if (rc == 0)
        rc = history_describe_op(h, op, out);
    if (rc == 0)
        rc = buf_printf(out, "\n  The longest order found holds %zu of its %zu operations.\n",
                        p->n_order, p->n_ops);
    return rc;
}

/* One line of a partition that is not linearizable, or unknown. */
static int explain_head(const struct check_partition *p, struct buf *out)
{
    int rc = explain_key(p, out);

    if (rc == 0)
        rc = buf_printf(out, "%s", verdict_name(p->verdict));
    if (rc == 0 && p->verdict == VERDICT_UNKNOWN)
        rc = buf_printf(out, ", %s", p->reason);
    return rc == 0 ? buf_append_byte(out, '\n') : rc;
}

/* Of a history that is not decided: what of it is. */
static int explain_decided(const struct check_result *r, struct buf *out)
{
    size_t n = 0;

    if (r->verdict != VERDICT_UNKNOWN || r->n_partitions == 1)
        return 0;
    for (size_t i = 0; i < r->n_partitions; i++)
        n += r->partitions[i].verdict == VERDICT_LINEARIZABLE;
    return buf_printf(out, "%zu of %zu partitions are decided: linearizable\n", n, r->n_partitions);
}

int check_explain(const struct history *h, const struct check_result *r, struct buf *out)
{
    const struct model *m = r->object;
    int rc = buf_printf(out, "%s: %zu operations in %zu partition%s, model '%s'\n",
                        verdict_name(r->verdict), r->n_ops, r->n_partitions,
                        r->n_partitions == 1 ? "" : "s", r->model);

    if (rc == 0)
        rc = explain_decided(r, out);
    for (size_t i = 0; rc == 0 && i < r->n_partitions; i++) {
        const struct check_partition *p = &r->partitions[i];

        if (p->verdict == VERDICT_LINEARIZABLE ||
            (p->verdict == VERDICT_UNKNOWN && r->verdict == VERDICT_NOT_LINEARIZABLE))
            continue;
        rc = explain_head(p, out);
        if (rc == 0 && p->verdict == VERDICT_NOT_LINEARIZABLE)
            rc = explain_partition(m, h, p, out);
        else if (rc == 0)
            rc = explain_prefix(h, p, out);
    }
    return rc;
}

int check_explain_engines(const struct check_result *r, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < r->n_partitions; i++) {
        const struct check_partition *p = &r->partitions[i];

        rc = explain_key(p, out);
        if (rc == 0 && p->engine == NULL)
            rc = buf_printf(out, "%s, %s\n", verdict_name(p->verdict), p->reason);
        else if (rc == 0)
            rc = buf_printf(out, "%s by %s (%s), %zu operations, %" PRIu64 " configurations\n",
                            verdict_name(p->verdict), p->engine, p->why, p->n_ops, p->steps);
    }
    return rc;
}
