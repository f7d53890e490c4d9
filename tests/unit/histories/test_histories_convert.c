#include "base/items.h"
#include "base/rng.h"
#include "fixture.h"
#include "histories/convert.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* --- histories of every model --------------------------------------------------------------- */

/* What a drawn history may hold: each format is given what it can say, and nothing else. */
struct flavour {
    const char *model;
    uint32_t kinds;
    bool keyed;
    enum { ANY_BYTES, INTEGERS, PLAIN_STRINGS } values;
    bool others; /* asks, faults, nodes, notes, and answers' nodes, reasons, times */
};

struct drawing {
    struct rng rng;
    const struct flavour *f;
    struct buf fields[4]; /* key, value, expected, answer */
    struct buf item;
};

#define OPS(a, b, c, d) (1u << OP_##a | 1u << OP_##b | 1u << OP_##c | 1u << OP_##d)

static const struct flavour models[] = {
    {"register", OPS(GET, PUT, PUT, PUT), false, ANY_BYTES, true},
    {"cas-register", OPS(GET, PUT, CAS, CAS), false, ANY_BYTES, true},
    {"cas-register", OPS(GET, PUT, CAS, CAS), true, ANY_BYTES, true},
    {"kv", OPS(GET, PUT, CAS, APPEND) | 1u << OP_DELETE, true, ANY_BYTES, true},
    {"kv", OPS(GET, PUT, CAS, APPEND) | 1u << OP_DELETE, true, INTEGERS, true},
    {"list-append", OPS(GET, APPEND, GET, GET), true, ANY_BYTES, true},
    {"list-append", OPS(GET, APPEND, PUT, GET), true, ANY_BYTES, true},
    {"multi-register", OPS(GET, PUT, GET, GET), false, ANY_BYTES, true},
    {"set", OPS(GET, ADD, REMOVE, CONTAINS), false, ANY_BYTES, true},
    {"set", OPS(GET, ADD, REMOVE, CONTAINS), true, INTEGERS, true},
    {"queue", OPS(ENQUEUE, DEQUEUE, DEQUEUE, DEQUEUE), true, ANY_BYTES, true},
    {"stack", OPS(PUSH, POP, POP, POP), false, ANY_BYTES, true},
    {"priority-queue", OPS(INSERT, POLL, POLL, POLL), false, INTEGERS, true},
    {"counter", OPS(GET, ADD, ADD, ADD), false, INTEGERS, true},
    {"bank", OPS(GET, TRANSFER, GET, GET), false, ANY_BYTES, true},
    {"mutex", OPS(LOCK, UNLOCK, LOCK, LOCK), true, ANY_BYTES, true},
};
enum { MODELS = sizeof models / sizeof models[0] };

static void draw_bytes(struct drawing *d, struct buf *out)
{
    static const char letters[] = "nil:12'[]\" \\\n\ttrue{}#xy";
    size_t len = rng_below(&d->rng, 6);

    if (d->f->values == INTEGERS) {
        buf_printf(out, "%d", (int)rng_below(&d->rng, 40) - 20);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        uint8_t c = d->f->values == PLAIN_STRINGS ? (uint8_t)('a' + rng_below(&d->rng, 26))
                    : rng_chance(&d->rng, 800000)
                        ? (uint8_t)letters[rng_below(&d->rng, sizeof letters - 1)]
                        : (uint8_t)rng_below(&d->rng, 256);

        buf_append_byte(out, c);
    }
}

static void draw_item(struct drawing *d, const char *before, struct buf *row)
{
    buf_clear(&d->item);
    buf_append_slice(&d->item, slice_str(before));
    draw_bytes(d, &d->item);
    items_add(row, buf_slice(&d->item));
}

/* Names in order: each begins with a later letter. */
static void draw_row(struct drawing *d, unsigned stride, bool sorted, struct buf *row)
{
    char name[2] = "a";

    for (unsigned n = (unsigned)rng_below(&d->rng, 5); n > 0; n--) {
        draw_item(d, sorted ? name : "", row);
        name[0]++;
        for (unsigned i = 1; i < stride; i++)
            draw_item(d, "", row);
    }
}

static bool is_model(const struct drawing *d, const char *name)
{
    return strcmp(d->f->model, name) == 0;
}

/* What an operation of the model takes, or returns. */
static struct slice draw_value(struct drawing *d, enum op_kind kind, bool answer, struct buf *out)
{
    buf_clear(out);
    if (kind == OP_TRANSFER)
        for (int i = 0; i < 3; i++)
            draw_item(d, "", out);
    else if (is_model(d, "list-append") && kind == OP_APPEND)
        draw_item(d, "", out);
    else if (is_model(d, "list-append"))
        draw_row(d, 1, false, out);
    else if (is_model(d, "multi-register") || is_model(d, "bank"))
        draw_row(d, 2, true, out);
    else if (is_model(d, "set") && answer)
        draw_row(d, 1, true, out);
    else
        draw_bytes(d, out);
    return buf_slice(out);
}

static enum op_kind draw_kind(struct drawing *d)
{
    for (;;) {
        unsigned kind = (unsigned)rng_below(&d->rng, OP_ANY_KIND_COUNT);

        if ((d->f->kinds >> kind & 1) != 0)
            return (enum op_kind)kind;
    }
}

static struct history_event draw_invoke(struct drawing *d, uint32_t process)
{
    struct history_event event = {.kind = HISTORY_INVOKE, .process = process};
    struct op *op = &event.op;

    op->kind = draw_kind(d);
    buf_clear(&d->fields[0]);
    if (d->f->keyed) {
        draw_bytes(d, &d->fields[0]);
        op->key = buf_slice(&d->fields[0]);
        if (d->f->others && rng_chance(&d->rng, 100000))
            op->family = slice_str("users");
    }
    if (op_takes_value(op->kind))
        op->value = draw_value(d, op->kind, false, &d->fields[1]);
    op->expects_absent = op->kind == OP_CAS && d->f->others && rng_chance(&d->rng, 300000);
    if (op->kind == OP_CAS && !op->expects_absent)
        op->expected = draw_value(d, op->kind, false, &d->fields[2]);
    return event;
}

/* The answers that say something of such an operation. */
static enum op_status draw_status(struct drawing *d, enum op_kind kind)
{
    bool no_key = op_returns_value(kind) || kind == OP_CONTAINS || kind == OP_CAS;
    bool mismatch = kind == OP_CAS;

    if (d->f->others) {
        no_key |= kind == OP_DELETE || kind == OP_REMOVE;
        mismatch |= kind == OP_ADD || kind == OP_TRANSFER;
    } else {
        no_key &= kind != OP_CAS; /* in the logs a compare fails in one way */
    }
    if (no_key && rng_chance(&d->rng, 300000))
        return STATUS_NO_KEY;
    return mismatch && rng_chance(&d->rng, 300000) ? STATUS_MISMATCH : STATUS_OK;
}

static struct history_event draw_complete(struct drawing *d, uint32_t process, enum op_kind kind)
{
    struct history_event event = {.kind = HISTORY_COMPLETE, .process = process};

    event.outcome = (enum op_outcome)rng_between(&d->rng, OUTCOME_OK, OUTCOME_INFO);
    event.status = STATUS_TIMEOUT;
    if (d->f->others)
        event.status = (enum op_status)rng_between(&d->rng, STATUS_NOT_LEADER, STATUS_COUNT - 1);
    if (event.outcome == OUTCOME_OK) {
        event.status = draw_status(d, kind);
        if (event.status == STATUS_OK && op_returns_value(kind))
            event.value = draw_value(d, kind, true, &d->fields[3]);
        /* There an empty value is none. */
        if (d->f->values == PLAIN_STRINGS && op_returns_value(kind) && event.value.len == 0)
            event.status = STATUS_NO_KEY;
    }
    return event;
}

/* Appends the bytes of a history in our own format; returns it loaded. */
static struct history *draw_history(uint64_t seed, const struct flavour *f, struct buf *out)
{
    enum { PROCESSES = 4, EVENTS = 120 };
    struct drawing d = {.rng = rng_make(seed, rng_stream("convert", 0)), .f = f};
    struct history_header header = {.model = f->model, .dialect = (uint32_t)rng_below(&d.rng, 4)};
    struct history_option option = {"accounts", "a 1 \xff\n\"b 2 "};
    struct history_sink sink = fixture_sink(out);
    struct history_writer *w;
    struct history *h;
    uint32_t process[PROCESSES];
    int open[PROCESSES];
    uint32_t next = 0;

    if (!f->others)
        header.dialect = f->values == PLAIN_STRINGS ? HISTORY_ABSENT_IS_EMPTY
                                                    : HISTORY_CAS_FAILS_PLAINLY;
    if (f->others)
        header = (struct history_header){
            .model = f->model, .dialect = header.dialect, .options = &option, .n_options = 1};
    for (int i = 0; i < PROCESSES; i++) {
        process[i] = next++;
        open[i] = -1;
    }
    cr_assert_eq(history_writer_create(&sink, &header, &w, NULL), 0);
    for (int n = 0; n < EVENTS; n++) {
        unsigned i = (unsigned)rng_below(&d.rng, PROCESSES);
        struct history_event event;

        if (open[i] < 0) {
            event = draw_invoke(&d, process[i]);
            open[i] = (int)event.op.kind;
        } else {
            event = draw_complete(&d, process[i], (enum op_kind)open[i]);
            open[i] = -1;
            if (event.outcome == OUTCOME_INFO)
                process[i] = next++;
        }
        event.time_ns = f->others ? n * 1000 : 0;
        cr_assert_eq(history_write(w, &event, NULL), 0);
        if (f->others && rng_chance(&d.rng, 100000)) {
            struct history_event note = {
                .kind = HISTORY_NOTE, .time_ns = n * 1000, .text = "a \"note\"\n\xff"};

            cr_assert_eq(history_write(w, &note, NULL), 0);
        }
    }
    cr_assert_eq(history_writer_close(&w, NULL), 0);
    for (int i = 0; i < 4; i++)
        buf_free(&d.fields[i]);
    buf_free(&d.item);
    cr_assert_eq(history_load_bytes("drawn", buf_slice(out), &h, NULL), 0);
    return h;
}

/* --- there and back ------------------------------------------------------------------------- */

static struct history_left_out convert(struct slice from, enum history_format to, struct buf *out)
{
    struct history_load_options o = {.visitor = NULL};
    struct history_sink sink = fixture_sink(out);
    struct history_left_out left;
    struct history *h;
    struct err e = {.text = ""};
    int rc = history_convert("history", from, &o, to, &sink, &left, &h, &e);

    cr_assert_eq(rc, 0, "%s\n%.*s", e.text, from.data[0] < 0x80 ? (int)from.len : 0, from.data);
    history_free(&h);
    return left;
}

static void same_ops(const struct history *a, const struct history *b, const char *text)
{
    cr_assert_eq(a->n_ops, b->n_ops);
    for (size_t i = 0; i < a->n_ops; i++) {
        const struct history_op *x = &a->ops[i];
        const struct history_op *y = &b->ops[i];

        cr_assert(x->process == y->process && x->kind == y->kind && x->outcome == y->outcome &&
                      x->status == y->status && x->expects_absent == y->expects_absent &&
                      x->call_seq == y->call_seq && x->return_seq == y->return_seq &&
                      x->call_ns == y->call_ns && x->return_ns == y->return_ns,
                  "operation %zu\n%s", i, text);
        cr_assert(slice_equal(x->family, y->family) && slice_equal(x->key, y->key) &&
                      slice_equal(x->value, y->value) && slice_equal(x->expected, y->expected) &&
                      slice_equal(x->result, y->result),
                  "operation %zu\n%s", i, text);
    }
}

static void there_and_back(const struct flavour *f, enum history_format to, uint64_t seeds)
{
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct buf own = {0};
        struct buf text = {0};
        struct history *before = draw_history(seed, f, &own);
        struct history *after;
        struct err e = {.text = ""};

        convert(buf_slice(&own), to, &text);
        cr_assert_eq(history_load_bytes("text", buf_slice(&text), &after, &e), 0, "%s: %s\n%.*s",
                     f->model, e.text, (int)text.len, text.data);
        buf_append_byte(&text, 0);
        same_ops(before, after, (char *)text.data);
        cr_assert_str_eq(before->header.model, after->header.model);
        cr_assert_eq(before->header.dialect, after->header.dialect);
        cr_assert_eq(before->n_events - 1, after->n_events, "all but END");
        for (size_t i = 0; i < after->n_events; i++)
            cr_assert_str_eq(before->events[i].text, after->events[i].text);
        history_free(&before);
        history_free(&after);
        buf_free(&own);
        buf_free(&text);
    }
}

Test(histories_convert, edn_holds_the_operations_of_every_model)
{
    for (size_t i = 0; i < MODELS; i++)
        there_and_back(&models[i], HISTORY_EDN, 100);
}

Test(histories_convert, json_lines_hold_the_operations_of_every_model)
{
    for (size_t i = 0; i < MODELS; i++)
        there_and_back(&models[i], HISTORY_JSONL, 100);
}

Test(histories_convert, etcd_logs_hold_a_register_of_whole_numbers)
{
    static const struct flavour f = {"cas-register", OPS(GET, PUT, CAS, CAS), false, INTEGERS,
                                     false};

    there_and_back(&f, HISTORY_ETCD, 300);
}

Test(histories_convert, porcupine_logs_hold_strings_and_appends)
{
    static const struct flavour f = {"kv", OPS(GET, PUT, APPEND, APPEND), true, PLAIN_STRINGS,
                                     false};

    there_and_back(&f, HISTORY_PORCUPINE, 300);
}

Test(histories_convert, json_lines_lose_nothing_at_all)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct buf own = {0};
        struct buf text = {0};
        struct buf again = {0};

        fixture_history(seed, 400, &own, NULL);
        convert(buf_slice(&own), HISTORY_JSONL, &text);
        convert(buf_slice(&text), HISTORY_RIFT, &again);
        /* The value of a completion that is none: no reader keeps it, so the records may differ,
         * and the next round has to be the same. */
        buf_clear(&own);
        convert(buf_slice(&again), HISTORY_JSONL, &own);
        cr_assert(slice_equal(buf_slice(&text), buf_slice(&own)));
        buf_free(&own);
        buf_free(&text);
        buf_free(&again);
    }
}

/* --- what is left out, and what is refused --------------------------------------------------- */

static struct history_left_out left_of_sample(enum history_format to)
{
    struct buf own = {0};
    struct buf text = {0};
    struct history_left_out left;

    fixture_history(3, 400, &own, NULL);
    left = convert(buf_slice(&own), to, &text);
    buf_free(&own);
    buf_free(&text);
    return left;
}

Test(histories_convert, what_is_left_out_is_counted)
{
    struct history_left_out edn = left_of_sample(HISTORY_EDN);
    struct history_left_out jsonl = left_of_sample(HISTORY_JSONL);
    struct history_left_out none = {.asks = 0};

    cr_assert_eq(memcmp(&jsonl, &none, sizeof none), 0);
    cr_assert_not(edn.times);
    cr_assert(edn.header);
    cr_assert_gt(edn.asks, 0);
    cr_assert_gt(edn.answerers, 0);
    cr_assert_gt(edn.faults_as_notes, 0);
    cr_assert_eq(edn.notes, 0);
}

static const struct {
    enum history_format to;
    const char *line;
    const char *words;
} refusals[] = {
    {HISTORY_ETCD, "\"f\":\"put\",\"key\":\"x\",\"value\":\"1\"", "one register only"},
    {HISTORY_ETCD, "\"f\":\"put\",\"value\":\"one\"", "whole numbers"},
    {HISTORY_ETCD, "\"f\":\"append\",\"value\":\"1\"", "read, write and cas"},
    {HISTORY_ETCD, "\"f\":\"cas\",\"expected\":null,\"value\":\"1\"", "whole numbers"},
    {HISTORY_PORCUPINE, "\"f\":\"put\",\"value\":\"a\\\"b\"", "quotes"},
    {HISTORY_PORCUPINE, "\"f\":\"delete\"", "get, put and append"},
    {HISTORY_PORCUPINE, "\"f\":\"put\",\"family\":\"f\",\"value\":\"a\"", "families"},
    {HISTORY_EDN, "\"f\":\"put\",\"value\":\"'nil\"", "no such value"},
    {HISTORY_EDN, "\"f\":\"push\",\"value\":\"1\"", "no such operation"},
};

static int count_bytes(void *context, struct slice bytes)
{
    *(size_t *)context += bytes.len;
    return 0;
}

Test(histories_convert, what_a_verdict_depends_on_is_refused_and_nothing_written)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct history_load_options o = {.visitor = NULL};
        struct history_left_out left;
        struct buf text = {0};
        size_t written = 0;
        struct history_sink sink = {count_bytes, &written};
        struct history *h;
        struct err e = {.text = ""};
        int rc;

        buf_printf(&text, "{\"rift\":1,\"model\":\"kv\"}\n{\"type\":\"invoke\",\"process\":1,%s}\n",
                   refusals[i].line);
        rc = history_convert("in", buf_slice(&text), &o, refusals[i].to, &sink, &left, &h, &e);
        cr_expect_eq(rc, -E_UNSUPPORTED, "row %zu: %d %s", i, rc, e.text);
        cr_expect_not_null(strstr(e.text, refusals[i].words), "row %zu: %s", i, e.text);
        cr_expect_eq(written, 0);
        buf_free(&text);
    }
}

Test(histories_convert, a_bank_without_accounts_stays_one)
{
    static const char text[] =
        "{\"rift\":1,\"model\":\"bank\",\"options\":{\"accounts\":\"\"}}\n"
        "{\"type\":\"invoke\",\"process\":1,\"f\":\"transfer\",\"value\":[\"a\",\"b\",5]}\n";
    struct buf edn = {0};
    struct buf back = {0};

    convert(slice_str(text), HISTORY_EDN, &edn);
    convert(buf_slice(&edn), HISTORY_JSONL, &back);
    cr_assert_gt(back.len, 0);
    buf_free(&edn);
    buf_free(&back);
}

Test(histories_convert, the_end_of_a_name_tells_the_format)
{
    cr_assert_eq(history_format_of_path("a/history.edn"), HISTORY_EDN);
    cr_assert_eq(history_format_of_path("x.msgpack"), HISTORY_RIFT);
    cr_assert_eq(history_format_of_path("x.edn.log"), HISTORY_ETCD);
    cr_assert_eq(history_format_of_path("edn"), HISTORY_ANY_FORMAT);
    for (int i = 0; history_format_names()[i] != NULL; i++)
        cr_assert_str_eq(history_format_name(history_format_parse(history_format_names()[i])),
                         history_format_names()[i]);
}
