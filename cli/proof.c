#include "cli/proof.h"

#include "base/clock.h"
#include "checker/model.h"
#include "checker/tell.h"
#include "cli/files.h"
#include "cli/terminal.h"

#include <stdlib.h>
#include <unistd.h>

/* --- making --------------------------------------------------------------------------------- */

/* Of the thread's own time, so that a busy machine shows the same. */
static bool spent(void *context)
{
    return clock_thread_ns() >= *(int64_t *)context;
}

int proof_make(const struct history *h, const struct check_result *r, const struct proof_options *o,
               struct minimal **ret, struct err *e)
{
    int64_t end_ns = clock_thread_ns() + (int64_t)(o->time_s * (double)NS_PER_S);
    struct minimize_options options = {.spent = o->time_s > 0 ? spent : NULL,
                                       .spent_context = &end_ns,
                                       .memory_bytes_max = (size_t)o->memory_mb << 20};

    return minimize(h, r, &options, ret, e);
}

/* --- showing -------------------------------------------------------------------------------- */

/* As the terminal takes it. */
static struct draw_options drawing(void)
{
    struct terminal t = terminal_of(STDOUT_FILENO);

    return (struct draw_options){.width = t.width, .utf8 = t.utf8};
}

int proof_show(const struct history *h, const struct minimal *m, struct buf *out)
{
    struct draw_options o = drawing();
    int rc = minimal_tell(h, m, out);

    if (rc == 0)
        rc = buf_append_byte(out, '\n');
    return rc == 0 ? minimal_draw(h, m, &o, out) : rc;
}

static bool ends_with_empty_line(const struct buf *b)
{
    return b->len >= 2 && memcmp(b->data + b->len - 2, "\n\n", 2) == 0;
}

int proof_show_quickly(const struct history *h, const struct check_result *r, struct buf *out)
{
    static const struct proof_options quick = {.time_s = PROOF_QUICK_S, .memory_mb = 512};
    struct minimal *m = NULL;
    int rc = 0;

    if (r->verdict != VERDICT_NOT_LINEARIZABLE || proof_make(h, r, &quick, &m, NULL) < 0)
        return 0;
    if (m->finished && !ends_with_empty_line(out))
        rc = buf_append_byte(out, '\n');
    if (rc == 0 && m->finished)
        rc = proof_show(h, m, out);
    minimal_free(&m);
    return rc;
}

/* --- JSON ----------------------------------------------------------------------------------- */

static json_t *op_json(const struct history *h, const struct minimal_op *op)
{
    struct buf text = {0};
    json_t *value = NULL;

    if (history_describe_op(h, &h->ops[op->op], &text) == 0)
        value = json_pack("{s:s%, s:I, s:I, s:b}", "operation", (const char *)text.data, text.len,
                          "index", (json_int_t)op->op, "call_seq",
                          (json_int_t)h->ops[op->op].call_seq, "return_matters",
                          op->return_matters);
    buf_free(&text);
    return value;
}

json_t *proof_json(const struct history *h, const struct minimal *m)
{
    static const struct draw_options plain = {.width = DRAW_WIDTH_DEFAULT};
    struct buf words = {0};
    struct buf drawing = {0};
    json_t *ops = json_array();
    json_t *all = NULL;

    for (size_t i = 0; i < m->n; i++)
        json_array_append_new(ops, op_json(h, &m->ops[i]));
    if (minimal_tell(h, m, &words) == 0 && minimal_draw(h, m, &plain, &drawing) == 0)
        all = json_pack("{s:O, s:s%, s:s%, s:I, s:I, s:b}", "operations", ops, "words",
                        (const char *)words.data, words.len, "drawing", (const char *)drawing.data,
                        drawing.len, "of", (json_int_t)m->n_whole, "checks", (json_int_t)m->checks,
                        "finished", m->finished);
    json_decref(ops);
    buf_free(&words);
    buf_free(&drawing);
    return all;
}

/* --- a history of their own ------------------------------------------------------------------ */

static int append_bytes(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

struct end {
    uint64_t seq;
    const struct history_op *op;
    bool returns;
};

static int by_seq(const void *a, const void *b)
{
    const struct end *x = a;
    const struct end *y = b;

    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return (int)x->returns - (int)y->returns; /* together is concurrent */
}

static struct history_event event_of(const struct end *e)
{
    const struct history_op *op = e->op;

    if (e->returns)
        return (struct history_event){.kind = HISTORY_COMPLETE,
                                      .time_ns = op->return_ns,
                                      .process = op->process,
                                      .node = op->node,
                                      .outcome = op->outcome,
                                      .status = op->status,
                                      .value = op->result};
    return (struct history_event){.kind = HISTORY_INVOKE,
                                  .time_ns = op->call_ns,
                                  .process = op->process,
                                  .op = {.kind = op->kind,
                                         .family = op->family,
                                         .key = op->key,
                                         .value = op->value,
                                         .expected = op->expected,
                                         .expects_absent = op->expects_absent}};
}

static int write_ends(struct history_writer *w, const struct end *ends, size_t n, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct history_event event = event_of(&ends[i]);

        rc = history_write(w, &event, e);
    }
    return rc;
}

/* In the order of events; an operation of unknown outcome is left open. */
static int encode(const struct history *h, const struct minimal *m, struct end *ends,
                  struct buf *out, struct err *e)
{
    struct history_sink sink = {.write = append_bytes, .context = out};
    struct history_header header = h->header;
    struct history_writer *w;
    size_t n = 0;
    int closed;
    int rc;

    for (size_t i = 0; i < m->n; i++) {
        const struct history_op *op = &h->ops[m->ops[i].op];

        ends[n++] = (struct end){.seq = op->call_seq, .op = op};
        if (op->outcome == OUTCOME_OK)
            ends[n++] = (struct end){.seq = op->return_seq, .op = op, .returns = true};
    }
    qsort(ends, n, sizeof *ends, by_seq);
    header.model = m->model->name;
    header.version = HISTORY_FORMAT_VERSION;
    rc = history_writer_create(&sink, &header, &w, e);
    if (rc < 0)
        return rc;
    rc = write_ends(w, ends, n, e);
    closed = history_writer_close(&w, rc == 0 ? e : NULL);
    return rc < 0 ? rc : closed;
}

int proof_write(const char *path, const struct history *h, const struct minimal *m, struct err *e)
{
    struct end *ends = calloc(2 * m->n + 1, sizeof *ends);
    struct buf bytes = {0};
    int rc = ends == NULL ? err_set(e, -E_NOMEM, "%zu operations", m->n)
                          : encode(h, m, ends, &bytes, e);

    if (rc == 0)
        rc = files_write(path, buf_slice(&bytes), e);
    free(ends);
    buf_free(&bytes);
    return rc;
}
