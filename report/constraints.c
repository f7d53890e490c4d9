#include "report/parts.h"

#include <stdlib.h>

struct graph {
    size_t n;
    size_t writer[REPORT_VIOLATING_MAX]; /* of the value that it saw, in history.ops */
    bool before[REPORT_VIOLATING_MAX][REPORT_VIOLATING_MAX];
};

/* Herlihy and Wing's order of real time: one returned before the other was called. */
static bool precedes(const struct history_op *a, const struct history_op *b)
{
    return a->return_seq != HISTORY_NEVER && a->return_seq < b->call_seq;
}

/* It follows from two others. The order is transitive, so looking one step far is enough. */
static bool follows(const struct graph *g, size_t a, size_t b)
{
    for (size_t c = 0; c < g->n; c++) {
        if (g->before[a][c] && g->before[c][b])
            return true;
    }
    return false;
}

static bool same_key(const struct history_op *a, const struct history_op *b)
{
    return slice_equal(a->family, b->family) && slice_equal(a->key, b->key);
}

/* What the operation learnt by its answer; false when it learnt no value. */
static bool learnt(const struct history_op *op, struct slice *ret)
{
    if (op->outcome != OUTCOME_OK || op->status != STATUS_OK)
        return false;
    *ret = op->kind == OP_CAS ? op->expected : op->result;
    return op->kind == OP_CAS ? !op->expects_absent : op_returns_value(op->kind);
}

/* The operation whose value this is: the only one of the key that writes it. Where values are
 * appended, one may also have grown from parts, and nobody knows. n_ops: not known. */
static size_t writer_of(const struct history *h, const struct history_op *reader)
{
    size_t writer = h->n_ops;
    struct slice value;

    if (!learnt(reader, &value))
        return h->n_ops;
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];

        if (!op_takes_value(op->kind) || !same_key(op, reader))
            continue;
        if (op->kind == OP_APPEND)
            return h->n_ops;
        if (op == reader || !slice_equal(op->value, value))
            continue;
        if (writer != h->n_ops)
            return h->n_ops;
        writer = i;
    }
    return writer;
}

static int put_edge(struct buf *out, size_t from, size_t to, const char *kind)
{
    bool first = out->data[out->len - 1] == '[';

    return buf_printf(out, "%s[%zu,%zu,\"%s\"]", first ? "" : ",", from, to, kind);
}

static int put_edges(const struct report_verdict *v, const size_t *places, const struct graph *g,
                     struct buf *out)
{
    int rc = buf_append_byte(out, '[');

    for (size_t a = 0; rc == 0 && a < g->n; a++) {
        for (size_t b = 0; rc == 0 && b < g->n; b++) {
            if (g->before[a][b] && !follows(g, a, b))
                rc = put_edge(out, places[a], places[b], "before");
            if (rc == 0 && g->writer[b] == v->violating[a])
                rc = put_edge(out, places[a], places[b], "saw");
        }
    }
    return rc < 0 ? rc : buf_append_byte(out, ']');
}

int constraints_put(const struct history *h, const struct report_verdict *v, const size_t *places,
                    struct buf *out)
{
    struct graph *g = calloc(1, sizeof *g);
    int rc;

    if (g == NULL)
        return -E_NOMEM;
    g->n = v->n_violating < REPORT_VIOLATING_MAX ? v->n_violating : REPORT_VIOLATING_MAX;
    for (size_t a = 0; a < g->n; a++) {
        g->writer[a] = writer_of(h, &h->ops[v->violating[a]]);
        for (size_t b = 0; b < g->n; b++)
            g->before[a][b] = precedes(&h->ops[v->violating[a]], &h->ops[v->violating[b]]);
    }
    rc = put_edges(v, places, g, out);
    free(g);
    return rc;
}
