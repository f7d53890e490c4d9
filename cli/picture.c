#include "cli/picture.h"

#include "base/clock.h"
#include "cli/tally.h"

#include <stdio.h>

enum { LABEL = 16, LEVELS = 8, BEHIND = 18 }; /* BEHIND: room for "  most 1234567/s" */

static const char *const blocks[LEVELS + 1] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii_blocks[LEVELS + 1] = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};

struct column {
    double rate; /* answers a second */
    uint32_t faults;
    bool new_leader;
};

struct picture {
    struct column columns[PICTURE_WIDTH_MAX];
    size_t n;
    int64_t end_ns;
    double most;
    const struct terminal *t;
    struct buf *out;
};

/* Several slots to a column, or several columns to a slot, whatever the width asks for. */
static void fill_columns(struct picture *p, const struct course_slot *slots, size_t n,
                         int64_t width_ns)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t from = i * n / p->n;
        size_t to = (i + 1) * n / p->n;
        struct column *c = &p->columns[i];
        uint64_t answered = 0;
        int64_t ns;

        to = to > from ? to : from + 1;
        for (size_t k = from; k < to; k++) {
            answered += slots[k].answered;
            c->faults |= slots[k].faults;
            c->new_leader = c->new_leader || slots[k].new_leaders > 0;
        }
        /* The last slot may be just begun: a whole one, or a few answers would be a peak. */
        ns = (int64_t)to * width_ns < p->end_ns ? (int64_t)(to - from) * width_ns
                                                : p->end_ns - (int64_t)from * width_ns;
        ns = ns < width_ns ? width_ns : ns;
        c->rate = (double)answered * (double)NS_PER_S / (double)ns;
        p->most = c->rate > p->most ? c->rate : p->most;
    }
}

static size_t column_of(const struct picture *p, int64_t at_ns)
{
    size_t i = at_ns <= 0 ? 0 : (size_t)((double)at_ns / (double)p->end_ns * (double)p->n);

    return i < p->n ? i : p->n - 1;
}

/* --- lines ---------------------------------------------------------------------------------- */

static int label(struct picture *p, const char *text, enum terminal_color color)
{
    return buf_printf(p->out, "%-*s %s", LABEL, text, terminal_color(p->t, color));
}

static int end_line(struct picture *p)
{
    /* What is left empty at the right would be looked for in every comparison of two outputs. */
    if (!p->t->color)
        while (p->out->len > 0 && p->out->data[p->out->len - 1] == ' ')
            p->out->len--;
    return buf_printf(p->out, "%s\n", terminal_color(p->t, COLOR_NONE));
}

static int draw_rate(struct picture *p)
{
    const char *const *levels = p->t->utf8 ? blocks : ascii_blocks;
    int rc = label(p, "rate", COLOR_GREEN);

    for (size_t i = 0; rc == 0 && i < p->n; i++) {
        double share = p->most > 0 ? p->columns[i].rate / p->most : 0;
        size_t level = (size_t)(share * LEVELS + 0.5);

        if (level == 0 && p->columns[i].rate > 0)
            level = 1; /* little is not nothing */
        rc = buf_printf(p->out, "%s", levels[level > LEVELS ? LEVELS : level]);
    }
    if (rc == 0)
        rc = buf_printf(p->out, "%s  most %.0f/s", terminal_color(p->t, COLOR_NONE), p->most);
    return rc == 0 ? end_line(p) : rc;
}

static int draw_fault(struct picture *p, unsigned fault)
{
    uint32_t bit = 1u << fault;
    bool any = false;
    int rc;

    for (size_t i = 0; i < p->n; i++)
        any = any || (p->columns[i].faults & bit) != 0;
    if (!any)
        return 0;
    rc = label(p, tally_fault_name(fault), COLOR_YELLOW);
    for (size_t i = 0; rc == 0 && i < p->n; i++)
        rc = buf_printf(p->out, "%s",
                        (p->columns[i].faults & bit) == 0 ? " "
                        : p->t->utf8                      ? "━"
                                                          : "=");
    return rc == 0 ? end_line(p) : rc;
}

static int draw_leaders(struct picture *p)
{
    int rc = label(p, "new leader", COLOR_NONE);

    for (size_t i = 0; rc == 0 && i < p->n; i++)
        rc = buf_printf(p->out, "%s", !p->columns[i].new_leader ? " " : p->t->utf8 ? "▲" : "^");
    return rc == 0 ? end_line(p) : rc;
}

static int draw_violation(struct picture *p, const struct picture_interval *all, size_t n)
{
    size_t from = p->n;
    size_t to = 0;
    int rc;

    if (n == 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        size_t first = column_of(p, all[i].from_ns);
        size_t last = column_of(p, all[i].to_ns);

        from = first < from ? first : from;
        to = last > to ? last : to;
    }
    rc = label(p, "violation", COLOR_RED);
    for (size_t i = 0; rc == 0 && i <= to; i++) {
        const char *mark = " ";

        if (i == from)
            mark = from == to ? "X" : p->t->utf8 ? "├" : "|";
        else if (i > from)
            mark = i == to ? (p->t->utf8 ? "┤" : "|") : p->t->utf8 ? "─" : "-";
        rc = buf_printf(p->out, "%s", mark);
    }
    return rc == 0 ? end_line(p) : rc;
}

static int draw_axis(struct picture *p)
{
    char end[32];
    int len = snprintf(end, sizeof end, "%.3g s", (double)p->end_ns / (double)NS_PER_S);
    int rc = label(p, "", COLOR_DIM);

    if (rc == 0)
        rc = buf_printf(p->out, "%-*s%s", (int)p->n - len, "0 s", end);
    return rc == 0 ? end_line(p) : rc;
}

int picture_draw(const struct course *c, int64_t end_ns, const struct picture_interval *violation,
                 size_t n_violation, const struct terminal *t, struct buf *out)
{
    struct picture p = {.t = t, .out = out, .end_ns = end_ns};
    size_t width = t->width < PICTURE_WIDTH_MIN ? PICTURE_WIDTH_MIN : t->width;
    size_t n_slots;
    int64_t width_ns;
    const struct course_slot *slots = course_slots(c, &n_slots, &width_ns);
    int rc;

    /* Nothing that came after the end: it would stretch the time. */
    while (n_slots > 0 && (int64_t)(n_slots - 1) * width_ns >= end_ns)
        n_slots--;
    if (n_slots == 0)
        return 0;
    p.n = (width < PICTURE_WIDTH_MAX ? width : PICTURE_WIDTH_MAX) - LABEL - 1 - BEHIND;
    fill_columns(&p, slots, n_slots, width_ns);
    rc = draw_rate(&p);
    for (unsigned fault = 1; rc == 0 && fault < TALLY_FAULTS; fault++)
        rc = draw_fault(&p, fault);
    if (rc == 0)
        rc = draw_leaders(&p);
    if (rc == 0)
        rc = draw_violation(&p, violation, n_violation);
    return rc == 0 ? draw_axis(&p) : rc;
}
