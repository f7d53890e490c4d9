#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void same_header(const struct history_header *a, const struct history_header *b)
{
    cr_assert_eq(a->version, b->version);
    cr_assert_eq(a->dialect, b->dialect);
    cr_assert_str_eq(a->model, b->model);
    cr_assert_str_eq(a->workload, b->workload);
    cr_assert_str_eq(a->cluster, b->cluster);
    cr_assert_eq(a->seed, b->seed);
    cr_assert_eq(a->started_wall_ns, b->started_wall_ns);
    cr_assert_eq(a->n_nodes, b->n_nodes);
    for (size_t i = 0; i < a->n_nodes; i++)
        cr_assert_eq(a->nodes[i], b->nodes[i]);
    cr_assert_eq(a->n_options, b->n_options);
    for (size_t i = 0; i < a->n_options; i++) {
        cr_assert_str_eq(a->options[i].name, b->options[i].name);
        cr_assert_str_eq(a->options[i].value, b->options[i].value);
    }
}

Test(histories_roundtrip, the_header_comes_back)
{
    struct buf bytes = {0};
    struct history *h;

    fixture_history(1, 0, &bytes, NULL);
    cr_assert_eq(history_load_bytes("memory", buf_slice(&bytes), &h, NULL), 0);
    same_header(&h->header, &fixture_header);
    cr_assert_not(h->loss.unfinished || h->loss.damaged || h->loss.tail_bytes > 0);
    history_free(&h);
    buf_free(&bytes);
}

/* Long enough for the reader's window to move many times. */
enum { EVENTS = 50000 };

Test(histories_roundtrip, the_reader_gives_what_was_written)
{
    const char *path = fixture_path("all");
    struct history_writer *w;
    struct history_reader *r;
    struct fixture_events g;
    struct history_event out;

    cr_assert_eq(history_writer_open(path, &fixture_header, &w, NULL), 0);
    fixture_events_init(&g, 7);
    for (int i = 0; i < EVENTS; i++) {
        struct history_event in = fixture_events_next(&g);

        cr_assert_eq(history_write(w, &in, NULL), 0);
    }
    cr_assert_eq(history_writer_close(&w, NULL), 0);

    cr_assert_eq(history_reader_open(path, &r, NULL), 0);
    same_header(history_reader_header(r), &fixture_header);
    fixture_events_init(&g, 7);
    for (uint64_t seq = 1; seq <= EVENTS; seq++) {
        struct history_event in = fixture_events_next(&g);

        in.seq = seq;
        cr_assert_eq(history_reader_next(r, &out, NULL), 1);
        fixture_same_event(&in, &out);
    }
    cr_assert_eq(history_reader_next(r, &out, NULL), 1);
    cr_assert_eq(out.kind, HISTORY_END);
    cr_assert_eq(history_reader_next(r, &out, NULL), 0);
    history_reader_close(&r);
}

/* What the loader makes of the events, done in the plainest way: search for the last open
 * operation of the process. */
static void apply_plainly(struct history_op *ops, size_t *n_ops, const struct history_event *event)
{
    size_t i = *n_ops;

    if (event->kind == HISTORY_INVOKE) {
        ops[(*n_ops)++] = (struct history_op){.process = event->process,
                                              .kind = event->op.kind,
                                              .expects_absent = event->op.expects_absent,
                                              .call_seq = event->seq,
                                              .return_seq = HISTORY_NEVER,
                                              .call_ns = event->time_ns};
    } else if (event->kind == HISTORY_COMPLETE) {
        while (ops[--i].process != event->process)
            continue;
        ops[i].outcome = event->outcome;
        ops[i].status = event->status;
        ops[i].node = event->node;
        ops[i].return_ns = event->time_ns;
        if (event->outcome != OUTCOME_INFO)
            ops[i].return_seq = event->seq;
    }
}

static void same_history_op(const struct history_op *a, const struct history_op *b)
{
    cr_assert_eq(a->process, b->process);
    cr_assert_eq(a->kind, b->kind);
    cr_assert_eq(a->outcome, b->outcome);
    cr_assert_eq(a->status, b->status);
    cr_assert_eq(a->expects_absent, b->expects_absent);
    cr_assert_eq(a->node, b->node);
    cr_assert_eq(a->call_seq, b->call_seq);
    cr_assert_eq(a->return_seq, b->return_seq);
    cr_assert_eq(a->call_ns, b->call_ns);
    cr_assert_eq(a->return_ns, b->return_ns);
}

Test(histories_roundtrip, the_loader_pairs_invocations_with_completions)
{
    enum { N = 2000 };
    static struct history_op ops[N];
    struct buf bytes = {0};
    struct fixture_events g;
    struct history *h;
    size_t n_ops = 0;
    size_t n_asks = 0;

    fixture_history(3, N, &bytes, NULL);
    cr_assert_eq(history_load_bytes("memory", buf_slice(&bytes), &h, NULL), 0);

    fixture_events_init(&g, 3);
    for (uint64_t seq = 1; seq <= N; seq++) {
        struct history_event in = fixture_events_next(&g);

        in.seq = seq;
        apply_plainly(ops, &n_ops, &in);
        n_asks += in.kind == HISTORY_ASK;
        if (in.kind == HISTORY_INVOKE)
            cr_assert(slice_equal(h->ops[n_ops - 1].key, in.op.key) &&
                      slice_equal(h->ops[n_ops - 1].value, in.op.value) &&
                      slice_equal(h->ops[n_ops - 1].expected, in.op.expected) &&
                      slice_equal(h->ops[n_ops - 1].family, in.op.family));
    }
    cr_assert_eq(h->n_ops, n_ops);
    cr_assert_eq(h->n_asks, n_asks);
    cr_assert_eq(h->duration_ns, g.time_ns);
    for (size_t i = 0; i < n_ops; i++)
        same_history_op(&ops[i], &h->ops[i]);
    history_free(&h);
    buf_free(&bytes);
}

Test(histories_roundtrip, a_history_may_come_through_a_pipe)
{
    enum { N = 500 };
    struct buf bytes = {0};
    struct history *h;
    char path[32];
    int ends[2];

    fixture_history(3, N, &bytes, NULL);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], bytes.data, bytes.len), (ssize_t)bytes.len);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    cr_assert_eq(history_load(path, &h, NULL), 0);
    cr_assert_not(h->loss.unfinished || h->loss.damaged);
    close(ends[0]);
    history_free(&h);
    buf_free(&bytes);
}

Test(histories_roundtrip, only_a_get_that_found_something_has_a_result)
{
    struct history *h;
    struct history_event events[] = {
        {.kind = HISTORY_INVOKE, .process = 1, .op = {.kind = OP_GET, .key = slice_str("x")}},
        {.kind = HISTORY_INVOKE, .process = 2, .op = {.kind = OP_PUT, .key = slice_str("x")}},
        {.kind = HISTORY_COMPLETE, .process = 1, .outcome = OUTCOME_OK, .value = slice_str("1")},
        {.kind = HISTORY_COMPLETE, .process = 2, .outcome = OUTCOME_OK, .value = slice_str("1")},
    };

    cr_assert_eq(history_new(&fixture_header, &h, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(history_add_event(h, &events[i], NULL), 0);
    cr_assert(slice_equal(h->ops[0].result, slice_str("1")));
    cr_assert_eq(h->ops[1].result.len, 0);
    history_free(&h);
}

Test(histories_roundtrip, other_events_are_kept_in_order_with_their_words)
{
    struct history *h;
    char text[] = "isolate node 3";
    struct history_event fault = {
        .kind = HISTORY_FAULT, .begins = true, .time_ns = 5, .text = text};
    struct history_event node = {
        .kind = HISTORY_NODE, .node = 3, .what = NODE_LEADER, .time_ns = 2};

    cr_assert_eq(history_new(&fixture_header, &h, NULL), 0);
    cr_assert_eq(history_add_event(h, &fault, NULL), 0);
    cr_assert_eq(history_add_event(h, &node, NULL), 0);
    text[0] = '?';
    cr_assert_eq(h->n_events, 2);
    cr_assert_str_eq(h->events[0].text, "isolate node 3");
    cr_assert_eq(h->events[0].seq, 1);
    cr_assert_eq(h->events[1].seq, 2);
    cr_assert_eq(h->events[1].time_ns, 5, "a time that falls is raised");
    cr_assert_eq(h->duration_ns, 5);
    history_free(&h);
}

/* --- the document --------------------------------------------------------------------------- */

/* Pairs of hex digits with one or two spaces between them; the words of a line stand further
 * right. */
static void append_hex(const char *line, struct buf *out)
{
    char *end;

    for (;;) {
        unsigned long byte = strtoul(line, &end, 16);

        if (end != line + 2)
            return;
        buf_append_byte(out, (uint8_t)byte);
        line = end + 1 + (end[0] == ' ' && end[1] == ' ');
        if (end[0] != ' ' || *line == ' ')
            return;
    }
}

static void read_document(struct buf *out)
{
    FILE *file = fopen(RIFT_SOURCE_DIR "/docs/history-format.md", "r");
    bool inside = false;
    char line[512];

    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "```", 3) == 0)
            inside = strcmp(line, "```hex\n") == 0;
        else if (inside)
            append_hex(line, out);
    }
    fclose(file);
}

Test(histories_roundtrip, the_document_shows_the_bytes_that_are_written)
{
    struct history_header header = {.model = "kv", .seed = 7};
    struct op cas = {
        .kind = OP_CAS, .key = slice_str("x"), .value = slice_str("2"), .expected = slice_str("1")};
    struct history_event events[] = {
        {.kind = HISTORY_INVOKE, .time_ns = 1000, .process = 3, .op = cas},
        {.kind = HISTORY_ASK, .time_ns = 1200, .process = 3, .node = 2},
        {.kind = HISTORY_COMPLETE,
         .time_ns = 70000,
         .process = 3,
         .outcome = OUTCOME_OK,
         .node = 2,
         .term = 5},
    };
    struct buf written = {0};
    struct buf shown = {0};
    struct history_sink sink = fixture_sink(&written);
    struct history_writer *w;

    cr_assert_eq(history_writer_create(&sink, &header, &w, NULL), 0);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(history_write(w, &events[i], NULL), 0);
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    read_document(&shown);
    cr_assert(slice_equal(buf_slice(&written), buf_slice(&shown)), "%zu and %zu bytes", written.len,
              shown.len);
    buf_free(&written);
    buf_free(&shown);
}
