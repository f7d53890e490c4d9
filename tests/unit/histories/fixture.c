#include "fixture.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint64_t nodes[] = {1, 2, 300, UINT64_MAX};
static const struct history_option options[] = {{"reads", "index"}, {"plan", "{\"steps\": []}"}};

const struct history_header fixture_header = {
    .version = HISTORY_FORMAT_VERSION,
    .dialect = HISTORY_ABSENT_IS_EMPTY,
    .model = "kv",
    .workload = "mixed",
    .cluster = "five",
    .seed = UINT64_MAX - 3,
    .started_wall_ns = 1700000000000000000,
    .nodes = nodes,
    .n_nodes = 4,
    .options = options,
    .n_options = 2,
};

static int keep_bytes(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

struct history_sink fixture_sink(struct buf *out)
{
    return (struct history_sink){keep_bytes, out};
}

/* --- events --------------------------------------------------------------------------------- */

void fixture_events_init(struct fixture_events *g, uint64_t seed)
{
    *g = (struct fixture_events){.rng = rng_make(seed, rng_stream("events", 0))};
    for (uint32_t i = 0; i < 5; i++)
        g->idle[i] = ++g->n_processes;
}

static struct slice draw_bytes(struct fixture_events *g, unsigned which)
{
    size_t len = rng_below(&g->rng, rng_chance(&g->rng, 100000) ? 300 : 8);

    for (size_t i = 0; i < len; i++)
        g->bytes[which][i] = (uint8_t)rng_next(&g->rng);
    return slice_of(g->bytes[which], len);
}

static void draw_invoke(struct fixture_events *g, unsigned clerk, struct history_event *event)
{
    struct op *op = &event->op;

    event->kind = HISTORY_INVOKE;
    event->process = g->idle[clerk];
    g->open[clerk] = g->idle[clerk];
    g->idle[clerk] = 0;
    op->kind = (enum op_kind)rng_below(&g->rng, OP_DELETE + 1);
    op->key = draw_bytes(g, 0);
    if (rng_chance(&g->rng, 200000))
        op->family = slice_str("users");
    if (op->kind == OP_PUT || op->kind == OP_APPEND || op->kind == OP_CAS)
        op->value = draw_bytes(g, 1);
    if (op->kind == OP_CAS) {
        op->expects_absent = rng_chance(&g->rng, 300000);
        if (!op->expects_absent)
            op->expected = draw_bytes(g, 2);
    }
}

static void draw_complete(struct fixture_events *g, unsigned clerk, struct history_event *event)
{
    event->kind = HISTORY_COMPLETE;
    event->process = g->open[clerk];
    g->idle[clerk] = g->open[clerk];
    g->open[clerk] = 0;
    event->outcome = (enum op_outcome)rng_between(&g->rng, OUTCOME_OK, OUTCOME_INFO);
    event->node = rng_next(&g->rng) >> rng_below(&g->rng, 64);
    event->term = rng_below(&g->rng, 1000);
    if (event->outcome == OUTCOME_OK) {
        event->status = (enum op_status)rng_below(&g->rng, STATUS_MISMATCH + 1);
        event->value = draw_bytes(g, 1);
    } else {
        event->status = (enum op_status)rng_below(&g->rng, STATUS_COUNT);
    }
    /* An unknown end retires the process: a new one takes the clerk's place. */
    if (event->outcome == OUTCOME_INFO)
        g->idle[clerk] = ++g->n_processes;
}

static void draw_other(struct fixture_events *g, struct history_event *event)
{
    static const enum history_event_kind kinds[] = {HISTORY_ASK, HISTORY_FAULT, HISTORY_NODE,
                                                    HISTORY_NOTE};

    event->kind = kinds[rng_below(&g->rng, 4)];
    snprintf(g->text, sizeof g->text, "cut 1-2, draw %llu", (unsigned long long)g->rng.counter);
    switch (event->kind) {
    case HISTORY_ASK:
        event->process = 1;
        event->node = rng_below(&g->rng, 7);
        break;
    case HISTORY_NODE:
        event->node = rng_below(&g->rng, 7);
        event->term = rng_next(&g->rng);
        event->what = (enum history_node_what)rng_below(&g->rng, NODE_EXITED + 1);
        break;
    case HISTORY_FAULT:
        event->fault = (uint32_t)rng_next(&g->rng);
        event->begins = rng_chance(&g->rng, 500000);
        event->dropped = rng_next(&g->rng);
        event->delayed = 1;
        event->duplicated = 2;
        event->reordered = 3;
        event->killed = 4;
        event->paused = 5;
        event->text = g->text;
        event->cuts = g->cuts;
        event->n_cuts = rng_below(&g->rng, 10);
        for (size_t i = 0; i < event->n_cuts; i++)
            g->cuts[i] = (struct history_link){(int64_t)rng_below(&g->rng, 600) - 300,
                                               (int64_t)(rng_next(&g->rng) >> 1)};
        break;
    default: event->text = g->text; break;
    }
}

struct history_event fixture_events_next(struct fixture_events *g)
{
    struct history_event event = {0};
    unsigned clerk = (unsigned)rng_below(&g->rng, 5);

    g->time_ns += (int64_t)rng_below(&g->rng, 3) * (int64_t)rng_below(&g->rng, 1000000);
    event.time_ns = g->time_ns;
    if (rng_chance(&g->rng, 200000))
        draw_other(g, &event);
    else if (g->open[clerk] != 0)
        draw_complete(g, clerk, &event);
    else
        draw_invoke(g, clerk, &event);
    return event;
}

void fixture_history(uint64_t seed, size_t n, struct buf *out, size_t *ret_ends)
{
    struct history_sink sink = fixture_sink(out);
    struct history_writer *w;
    struct fixture_events g;

    fixture_events_init(&g, seed);
    cr_assert_eq(history_writer_create(&sink, &fixture_header, &w, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        struct history_event event = fixture_events_next(&g);

        cr_assert_eq(history_flush(w, NULL), 0);
        if (ret_ends != NULL)
            ret_ends[i] = out->len;
        cr_assert_eq(history_write(w, &event, NULL), 0);
    }
    cr_assert_eq(history_flush(w, NULL), 0);
    if (ret_ends != NULL)
        ret_ends[n] = out->len;
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    if (ret_ends != NULL)
        ret_ends[n + 1] = out->len;
}

static void same_op(const struct op *a, const struct op *b)
{
    cr_assert_eq(a->kind, b->kind);
    cr_assert_eq(a->expects_absent, b->expects_absent);
    cr_assert(slice_equal(a->family, b->family));
    cr_assert(slice_equal(a->key, b->key));
    cr_assert(slice_equal(a->value, b->value));
    cr_assert(slice_equal(a->expected, b->expected));
}

void fixture_same_event(const struct history_event *a, const struct history_event *b)
{
    cr_assert_eq(a->kind, b->kind, "event %llu: kind %d, %d", (unsigned long long)a->seq,
                 (int)a->kind, (int)b->kind);
    cr_assert_eq(a->seq, b->seq);
    cr_assert_eq(a->time_ns, b->time_ns);
    cr_assert_eq(a->process, b->process);
    cr_assert_eq(a->node, b->node);
    cr_assert_eq(a->term, b->term);
    if (a->kind == HISTORY_INVOKE)
        same_op(&a->op, &b->op);
    cr_assert_eq(a->outcome, b->outcome);
    cr_assert_eq(a->status, b->status);
    cr_assert(slice_equal(a->value, b->value));
    cr_assert_eq(a->what, b->what);
    cr_assert_eq(a->fault, b->fault);
    cr_assert_eq(a->begins, b->begins);
    cr_assert_eq(a->text == NULL, b->text == NULL);
    cr_assert(a->text == NULL || strcmp(a->text, b->text) == 0);
    if (a->kind != HISTORY_FAULT)
        return;
    cr_assert(a->dropped == b->dropped && a->delayed == b->delayed &&
              a->duplicated == b->duplicated && a->reordered == b->reordered &&
              a->killed == b->killed && a->paused == b->paused);
    cr_assert_eq(a->n_cuts, b->n_cuts);
    for (size_t i = 0; i < a->n_cuts; i++)
        cr_assert(a->cuts[i].from == b->cuts[i].from && a->cuts[i].to == b->cuts[i].to);
}

/* --- files ---------------------------------------------------------------------------------- */

static char folder[64];
static char last_path[160];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
}

const char *fixture_path(const char *name)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "/tmp/rift-histories-XXXXXX");
        cr_assert_not_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    snprintf(last_path, sizeof last_path, "%s/%s", folder, name);
    return last_path;
}
