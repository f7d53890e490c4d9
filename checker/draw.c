#include "checker/describe.h"
#include "checker/tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Time goes from left to right, one column an event at least: what stands to the left of something
 * on another line was before it. Columns are as far apart as labels need, not as the clock says. */

enum {
    LABEL_MAX = 28,
    LABEL_FINE = 16, /* operations are left out rather than cut a label to less... */
    LABEL_MIN = 8,   /* ...but for those that have to be there */
    LABEL_STEP = 2,
    VALUE_MAX = 16,
    FRAME = 4,      /* both ends of a bar, and a dash at each */
    MARK_WIDTH = 2, /* behind the bar of the operation that is blamed */
};

/* Pieces of a bar: its ends, its line, the end of one that nobody saw return, the mark. */
struct glyphs {
    const char *begin, *line, *end, *open;
    const char *blamed_begin, *blamed_line, *blamed_end;
    const char *mark;
};

static const struct glyphs ASCII = {"|", "-", "|", ">", "|", "=", "|", "X"};
static const struct glyphs UTF8 = {"├", "─", "┤", "▷", "╞", "═", "╡", "✗"};

struct bar {
    const struct history_op *op;
    bool blamed;
    char label[LABEL_MAX + 1];
    size_t len; /* of the label */
    size_t from, to;
};

struct event {
    uint64_t seq;
    size_t bar;
    bool is_return;
};

struct drawing {
    struct bar bars[DRAW_OPS_MAX]; /* by call */
    size_t n;
    struct event events[2 * DRAW_OPS_MAX];
    size_t n_events;
    uint32_t lanes[DRAW_OPS_MAX]; /* processes */
    size_t n_lanes;
    size_t margin; /* columns in front of time */
    size_t width;  /* columns of time */
    size_t label_max;
    const struct glyphs *glyphs;
};

/* --- labels --------------------------------------------------------------------------------- */

/* Of a long value the end: values that grow differ there. */
static int label_value(struct slice value, struct buf *out)
{
    int rc = 0;

    if (value.len > VALUE_MAX) {
        rc = buf_printf(out, "..");
        value = slice_of(value.data + value.len - VALUE_MAX, VALUE_MAX);
    }
    return rc == 0 ? history_describe_bytes(value, out) : rc;
}

static int label_answer(const struct history_op *op, struct buf *out)
{
    int rc;

    if (op->outcome != OUTCOME_OK)
        return 0;
    if (op->status != STATUS_OK)
        return buf_printf(out, ": %s", op_status_name(op->status));
    if (!op_returns_value(op->kind))
        return 0;
    rc = buf_printf(out, ": ");
    return rc == 0 ? label_value(op->result, out) : rc;
}

static int label_text(const struct history_op *op, struct buf *out)
{
    int rc = buf_printf(out, "%s", op_kind_name(op->kind));

    if (rc == 0 && op_takes_value(op->kind))
        rc = buf_append_byte(out, ' ');
    if (rc == 0 && op->kind == OP_CAS) {
        rc = op->expects_absent ? buf_append_byte(out, '-') : label_value(op->expected, out);
        if (rc == 0)
            rc = buf_append_byte(out, '>');
    }
    if (rc == 0 && op_takes_value(op->kind))
        rc = label_value(op->value, out);
    return rc == 0 ? label_answer(op, out) : rc;
}

/* Of a long one the two ends: the operation, and where values that grow differ. */
static int make_label(const struct drawing *d, struct bar *b)
{
    struct buf text = {0};
    size_t head = d->label_max / 2 - 1;
    size_t tail = d->label_max - head - 2;
    int rc = label_text(b->op, &text);

    if (rc == 0 && text.len <= d->label_max)
        snprintf(b->label, sizeof b->label, "%.*s", (int)text.len, (const char *)text.data);
    else if (rc == 0)
        snprintf(b->label, sizeof b->label, "%.*s..%.*s", (int)head, (const char *)text.data,
                 (int)tail, (const char *)text.data + text.len - tail);
    b->len = strlen(b->label);
    buf_free(&text);
    return rc;
}

/* --- layout --------------------------------------------------------------------------------- */

static bool returned(const struct history_op *op)
{
    return op->outcome == OUTCOME_OK;
}

static int by_seq(const void *a, const void *b)
{
    const struct event *x = a;
    const struct event *y = b;

    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return (int)x->is_return - (int)y->is_return; /* together is concurrent */
}

static void list_events(struct drawing *d)
{
    d->n_events = 0;
    for (size_t i = 0; i < d->n; i++) {
        d->events[d->n_events++] = (struct event){.seq = d->bars[i].op->call_seq, .bar = i};
        if (returned(d->bars[i].op))
            d->events[d->n_events++] =
                (struct event){.seq = d->bars[i].op->return_seq, .bar = i, .is_return = true};
    }
    qsort(d->events, d->n_events, sizeof d->events[0], by_seq);
}

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Gives each event the first column that is behind the one before it and leaves room for the label.
 * Returns how many columns that takes. */
static size_t place(struct drawing *d)
{
    size_t at = 0; /* the next free column */
    size_t end = 0;

    for (size_t i = 0; i < d->n_events; i++) {
        struct bar *b = &d->bars[d->events[i].bar];

        if (d->events[i].is_return) {
            b->to = max(at, b->from + b->len + FRAME - 1);
            at = b->to + 1;
            end = max(end, b->to + 1 + (b->blamed ? MARK_WIDTH : 0));
        } else {
            b->from = at++;
            end = max(end, b->from + b->len + FRAME);
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        if (!returned(d->bars[i].op))
            d->bars[i].to = max(end, at + 1) - 1;
    }
    return max(end, at);
}

/* 1: it fits. 0: it does not, whatever is cut. */
static int fit(struct drawing *d, size_t width, size_t label_min)
{
    list_events(d);
    for (d->label_max = LABEL_MAX; d->label_max >= label_min; d->label_max -= LABEL_STEP) {
        int rc = 0;

        for (size_t i = 0; rc == 0 && i < d->n; i++)
            rc = make_label(d, &d->bars[i]);
        if (rc < 0)
            return rc;
        d->width = place(d);
        if (d->margin + d->width <= width)
            return 1;
    }
    return 0;
}

static void make_lanes(struct drawing *d)
{
    d->n_lanes = 0;
    d->margin = 0;
    for (size_t i = 0; i < d->n; i++) {
        size_t k = 0;
        int len = snprintf(NULL, 0, "process %" PRIu32 " ", d->bars[i].op->process);

        while (k < d->n_lanes && d->lanes[k] != d->bars[i].op->process)
            k++;
        if (k == d->n_lanes)
            d->lanes[d->n_lanes++] = d->bars[i].op->process;
        d->margin = max(d->margin, (size_t)len);
    }
}

/* --- what is drawn -------------------------------------------------------------------------- */

static bool is_needed(const struct minimal *m, size_t i, size_t blamed)
{
    return m->ops[i].return_matters || i == blamed;
}

/* Those whose time matters, the blamed one, and the last `others` of the others. */
static void choose(struct drawing *d, const struct history *h, const struct minimal *m,
                   size_t blamed, size_t others)
{
    size_t behind = m->n; /* others from here on */

    for (size_t i = 0; i < m->n; i++)
        behind -= is_needed(m, i, blamed);
    d->n = 0;
    for (size_t i = 0; i < m->n && d->n < DRAW_OPS_MAX; i++) {
        bool needed = is_needed(m, i, blamed);

        if (needed || behind <= others)
            d->bars[d->n++] = (struct bar){.op = &h->ops[m->ops[i].op], .blamed = i == blamed};
        behind -= !needed;
    }
}

/* As many as fit. 1: they do. 0: not even those do that have to be there. */
static int choose_and_fit(struct drawing *d, const struct history *h, const struct minimal *m,
                          size_t width)
{
    size_t blamed = minimal_blamed(h, m);
    size_t needed = 0;
    size_t others;
    int rc;

    for (size_t i = 0; i < m->n; i++)
        needed += is_needed(m, i, blamed);
    if (needed > DRAW_OPS_MAX)
        return 0;
    others = DRAW_OPS_MAX - needed;
    others = others < m->n - needed ? others : m->n - needed;
    for (;; others--) {
        choose(d, h, m, blamed, others);
        make_lanes(d);
        rc = fit(d, width, others > 0 ? LABEL_FINE : LABEL_MIN);
        if (rc != 0 || others == 0)
            return rc;
    }
}

/* --- lines ---------------------------------------------------------------------------------- */

static int repeat(const char *what, size_t n, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = buf_append_slice(out, slice_str(what));
    return rc;
}

static int draw_bar(const struct glyphs *g, const struct bar *b, struct buf *out)
{
    const char *line = b->blamed ? g->blamed_line : g->line;
    int rc = buf_printf(out, "%s%s%s", b->blamed ? g->blamed_begin : g->begin, line, b->label);

    if (rc == 0)
        rc = repeat(line, b->to - b->from - b->len - 2, out);
    if (rc == 0)
        rc = buf_printf(out, "%s", !returned(b->op) ? g->open : b->blamed ? g->blamed_end : g->end);
    return rc == 0 && b->blamed ? buf_printf(out, " %s", g->mark) : rc;
}

static int draw_lane(const struct drawing *d, uint32_t process, struct buf *out)
{
    size_t start = out->len;
    size_t at = 0;
    int rc = buf_printf(out, "process %" PRIu32 " ", process);

    if (rc == 0)
        rc = repeat(" ", d->margin - (out->len - start), out);
    for (size_t i = 0; rc == 0 && i < d->n; i++) {
        const struct bar *b = &d->bars[i];

        if (b->op->process != process)
            continue;
        rc = repeat(" ", b->from > at ? b->from - at : 0, out);
        if (rc == 0)
            rc = draw_bar(d->glyphs, b, out);
        at = b->to + 1 + (b->blamed ? MARK_WIDTH : 0);
    }
    return rc == 0 ? buf_append_byte(out, '\n') : rc;
}

/* When the first event was and the last one, below them; nothing where nobody looked at a clock. */
static int draw_times(const struct drawing *d, const struct history *h, struct buf *out)
{
    const struct event *end = &d->events[d->n_events - 1];
    const struct bar *last = &d->bars[end->bar];
    size_t width = (end->is_return ? last->to : last->from) + 1;
    char from[32];
    char to[32];
    size_t len;

    if (h->duration_ns == 0)
        return 0;
    snprintf(from, sizeof from, "%.1f ms", describe_ms(d->bars[0].op->call_ns));
    snprintf(to, sizeof to, "%.1f ms",
             describe_ms(end->is_return ? last->op->return_ns : last->op->call_ns));
    len = strlen(from) + strlen(to);
    return buf_printf(out, "%*s%s%*s%s\n", (int)d->margin, "", from,
                      width > len ? (int)(width - len) : 1, "", to);
}

static int list(const struct drawing *d, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < d->n; i++) {
        rc = buf_printf(out, "%s ", d->bars[i].blamed ? d->glyphs->mark : " ");
        if (rc == 0)
            rc = describe_op(d->bars[i].op, out);
        if (rc == 0)
            rc = buf_append_byte(out, '\n');
    }
    return rc;
}

static int draw_all(const struct drawing *d, const struct history *h, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < d->n_lanes; i++)
        rc = draw_lane(d, d->lanes[i], out);
    return rc == 0 ? draw_times(d, h, out) : rc;
}

int minimal_draw(const struct history *h, const struct minimal *m, const struct draw_options *o,
                 struct buf *out)
{
    struct drawing d = {.glyphs = o->utf8 ? &UTF8 : &ASCII};
    int rc;

    if (m->n == 0)
        return 0;
    rc = choose_and_fit(&d, h, m, max(o->width, DRAW_WIDTH_MIN));
    if (rc >= 0)
        rc = rc == 1 ? draw_all(&d, h, out) : list(&d, out);
    if (rc == 0 && d.n > 0 && d.n < m->n)
        rc = buf_printf(out, "and %zu more, whose time does not matter\n", m->n - d.n);
    return rc;
}
