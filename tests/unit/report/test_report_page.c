#include "base/rng.h"
#include "report/report.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* The page as a whole: its data is cut out of it and read by a JSON library. */

static struct history *new_history(void)
{
    static const uint64_t nodes[] = {1, 2, 3};
    struct history_header header = {
        .model = "kv", .workload = "kv", .cluster = "run", .nodes = nodes, .n_nodes = 3};
    struct history *h;

    cr_assert_eq(history_new(&header, &h, NULL), 0);
    return h;
}

static void add(struct history *h, struct history_event event)
{
    struct err e;

    cr_assert_eq(history_add_event(h, &event, &e), 0, "%s", e.text);
}

static void call(struct history *h, uint32_t process, enum op_kind kind, const char *key,
                 struct slice value, int64_t ns)
{
    struct op op = {.kind = kind, .key = slice_str(key), .value = value};

    add(h, (struct history_event){
               .kind = HISTORY_INVOKE, .process = process, .op = op, .time_ns = ns});
}

static void answer(struct history *h, uint32_t process, struct slice value, int64_t ns)
{
    add(h, (struct history_event){.kind = HISTORY_COMPLETE,
                                  .process = process,
                                  .outcome = OUTCOME_OK,
                                  .value = value,
                                  .time_ns = ns});
}

static struct slice bytes(const char *text)
{
    return slice_str(text);
}

static void page_of(const struct history *h, const struct report_verdict *v, struct buf *out)
{
    struct err e;

    cr_assert_eq(report_page(h, NULL, v, out, &e), 0, "%s", e.text);
    cr_assert_eq(buf_append_byte(out, '\0'), 0);
}

/* What stands in the page's data element: from its start to the next tag, as a browser reads it. */
static json_t *data_of(const struct buf *page)
{
    static const char start[] = "<script type=\"application/json\" id=\"data\">";
    const char *from = strstr((const char *)page->data, start);
    const char *end;
    json_error_t error;
    json_t *data;

    cr_assert_not_null(from);
    from += sizeof start - 1;
    end = strchr(from, '<');
    cr_assert_eq(strncmp(end, "</script>", 9), 0, "the data end where their element ends");
    data = json_loadb(from, (size_t)(end - from), 0, &error);
    cr_assert_not_null(data, "%s at %d: %.60s", error.text, error.position, from + error.position);
    return data;
}

static json_int_t number_at(const json_t *array, size_t i)
{
    return json_integer_value(json_array_get(array, i));
}

static const char *text_at(const json_t *array, size_t i)
{
    return json_string_value(json_array_get(array, i));
}

static const struct report_verdict good = {.verdict = "linearizable", .reason = "all of it"};

/* --- bytes of any kind ---------------------------------------------------------------------- */

Test(report_page, whatever_stands_in_a_history_stays_inside_of_the_data)
{
    static const char evil[] = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>";
    static const uint8_t raw[] = {0,    1,    '"',  '\\', '\'', '&', '<',
                                  0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80};
    struct report_verdict v = {
        .verdict = evil, .reason = evil, .command = evil, .also = "\xff\xfe \xe2\x82\xac \x01"};
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;
    const json_t *ops;

    call(h, 1, OP_PUT, evil, slice_of(raw, sizeof raw), 0);
    answer(h, 1, bytes(""), 1000);
    add(h, (struct history_event){.kind = HISTORY_NOTE, .text = evil});
    add(h, (struct history_event){.kind = HISTORY_FAULT, .text = evil, .begins = true});
    page_of(h, &v, &page);
    data = data_of(&page);
    ops = json_object_get(data, "ops");
    cr_assert_str_eq(json_string_value(json_object_get(data, "reason")), evil);
    cr_assert_str_eq(json_string_value(json_object_get(data, "also")),
                     "\\xff\\xfe \xe2\x82\xac \\x01", "no UTF-8 is shown as what it is");
    cr_assert_str_eq(text_at(json_array_get(json_object_get(data, "events"), 0), 2), evil);
    cr_assert_str_eq(text_at(json_object_get(ops, "value"), 0),
                     "\"\\x00\\x01\\\"\\\\'&<\\xff\\xc0\\x80\\xed\\xa0\\x80\"");
    cr_assert_not_null(strstr(text_at(json_object_get(ops, "keys"), 0), "</script>"));
    json_decref(data);
    buf_free(&page);
    history_free(&h);
}

/* Against a JSON library, for notes of all bytes that a note may have. */
Test(report_page, any_bytes_come_out_as_one_json_text_without_markup)
{
    struct rng rng = rng_make(1, 0);
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;

    for (int i = 0; i < 3000; i++) {
        char text[40];
        size_t n = rng_below(&rng, sizeof text);

        for (size_t k = 0; k < n; k++)
            text[k] = (char)(1 + rng_below(&rng, 255));
        text[n] = '\0';
        add(h, (struct history_event){.kind = HISTORY_NOTE, .text = text});
    }
    page_of(h, &good, &page);
    data = data_of(&page);
    cr_assert_eq(json_array_size(json_object_get(data, "events")), 3000);
    json_decref(data);
    buf_free(&page);
    history_free(&h);
}

Test(report_page, a_long_value_is_cut_in_the_page)
{
    size_t n = OP_VALUE_BYTES_MAX;
    char *value = malloc(n);
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;

    memset(value, '<', n);
    for (uint32_t i = 0; i < 20; i++) {
        call(h, i, OP_PUT, "x", slice_of(value, n), i);
        answer(h, i, bytes(""), i);
    }
    page_of(h, &good, &page);
    data = data_of(&page);
    cr_assert_lt(page.len, (size_t)300000, "%zu bytes", page.len);
    cr_assert_not_null(strstr(text_at(json_object_get(json_object_get(data, "ops"), "value"), 3),
                              "(1048576 bytes)"));
    json_decref(data);
    free(value);
    buf_free(&page);
    history_free(&h);
}

/* --- what is kept --------------------------------------------------------------------------- */

Test(report_page, columns_hold_each_operation_and_charts_count_it)
{
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;
    const json_t *ops, *kind;

    call(h, 1, OP_PUT, "x", bytes("1"), 1000);
    answer(h, 1, bytes(""), 5000);
    call(h, 2, OP_GET, "y", bytes(""), 7000);
    call(h, 1, OP_GET, "x", bytes(""), 9000);
    answer(h, 1, bytes("1"), 10000);
    page_of(h, &good, &page);
    data = data_of(&page);
    ops = json_object_get(data, "ops");
    cr_assert_eq(json_integer_value(json_object_get(data, "total")), 3);
    cr_assert_eq(json_integer_value(json_object_get(ops, "n")), 3);
    cr_assert_eq(number_at(json_object_get(ops, "call"), 0), 1);
    cr_assert_eq(number_at(json_object_get(ops, "call"), 1), 6, "from the call before");
    cr_assert_eq(number_at(json_object_get(ops, "length"), 0), 4);
    cr_assert_eq(number_at(json_object_get(ops, "length"), 1), -1, "it is open");
    cr_assert_eq(number_at(json_object_get(ops, "key"), 1), 1);
    cr_assert_eq(number_at(json_object_get(ops, "key"), 2), 0);
    cr_assert_str_eq(text_at(json_object_get(ops, "result"), 2), "1");
    kind = json_array_get(json_object_get(json_object_get(data, "rates"), "kinds"), 0);
    cr_assert_eq(json_integer_value(json_object_get(kind, "ok")), 1);
    cr_assert_eq(json_integer_value(json_object_get(kind, "pending")), 1);
    cr_assert_eq(number_at(json_object_get(kind, "quantiles"), 0), 1);
    json_decref(data);
    buf_free(&page);
    history_free(&h);
}

Test(report_page, a_history_without_times_has_its_events_as_the_axis)
{
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;
    const json_t *ops;

    call(h, 1, OP_PUT, "x", bytes("1"), 0);
    call(h, 2, OP_GET, "x", bytes(""), 0);
    answer(h, 1, bytes(""), 0);
    page_of(h, &good, &page);
    data = data_of(&page);
    ops = json_object_get(data, "ops");
    cr_assert_str_eq(json_string_value(json_object_get(data, "clock")), "order");
    cr_assert_eq(number_at(json_object_get(ops, "call"), 0), 1);
    cr_assert_eq(number_at(json_object_get(ops, "length"), 0), 2);
    cr_assert_eq(number_at(json_object_get(ops, "length"), 1), -1);
    json_decref(data);
    buf_free(&page);
    history_free(&h);
}

/* More operations than the page has room for, and one far behind that is marked. */
Test(report_page, of_too_many_operations_the_violating_ones_are_kept_and_the_page_stays_small)
{
    size_t violating[] = {5, 2 * (size_t)REPORT_OPS_MAX};
    struct report_verdict v = {
        .verdict = "not linearizable", .violating = violating, .n_violating = 2};
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;
    const json_t *ops;
    json_int_t place;

    for (uint32_t i = 0; i < 2 * REPORT_OPS_MAX + 1000; i++) {
        char value[64];

        snprintf(value, sizeof value, "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<%u", i);
        call(h, i, OP_PUT, "x", bytes(value), i * 1000);
        answer(h, i, bytes(""), i * 1000);
    }
    page_of(h, &v, &page);
    data = data_of(&page);
    ops = json_object_get(data, "ops");
    cr_assert_lt(page.len, (size_t)20 << 20, "%zu bytes", page.len);
    cr_assert_lt(json_integer_value(json_object_get(ops, "n")),
                 json_integer_value(json_object_get(data, "total")));
    for (size_t i = 0; i < 2; i++) {
        place = number_at(json_object_get(data, "violating"), i);
        cr_assert_eq(number_at(json_object_get(ops, "process"), (size_t)place),
                     (json_int_t)violating[i]);
    }
    json_decref(data);
    buf_free(&page);
    history_free(&h);
}

/* --- the violation -------------------------------------------------------------------------- */

static bool has_edge(const json_t *edges, json_int_t from, json_int_t to, const char *kind)
{
    for (size_t i = 0; i < json_array_size(edges); i++) {
        const json_t *edge = json_array_get(edges, i);

        if (number_at(edge, 0) == from && number_at(edge, 1) == to &&
            strcmp(text_at(edge, 2), kind) == 0)
            return true;
    }
    return false;
}

Test(report_page, constraints_are_the_order_of_real_time_and_what_was_seen)
{
    static const size_t violating[] = {0, 1, 2};
    struct report_verdict v = {
        .verdict = "not linearizable", .violating = violating, .n_violating = 3};
    struct history *h = new_history();
    struct buf page = {0};
    json_t *data;
    const json_t *edges;

    call(h, 1, OP_PUT, "x", bytes("1"), 0);
    answer(h, 1, bytes(""), 1);
    call(h, 2, OP_PUT, "x", bytes("2"), 2);
    answer(h, 2, bytes(""), 3);
    call(h, 1, OP_GET, "x", bytes(""), 4);
    answer(h, 1, bytes("1"), 5);
    page_of(h, &v, &page);
    data = data_of(&page);
    edges = json_object_get(data, "constraints");
    cr_assert(has_edge(edges, 0, 1, "before"));
    cr_assert(has_edge(edges, 1, 2, "before"));
    cr_assert(has_edge(edges, 0, 2, "saw"));
    cr_assert_not(has_edge(edges, 0, 2, "before"), "it follows from the other two");
    cr_assert_eq(json_array_size(edges), 3);
    json_decref(data);
    buf_free(&page);
    history_free(&h);
}

Test(report_page, who_wrote_what_was_seen_is_said_only_where_it_can_be_known)
{
    static const enum op_kind others[] = {OP_PUT, OP_APPEND};
    static const size_t violating[] = {0, 1, 2};
    struct report_verdict v = {
        .verdict = "not linearizable", .violating = violating, .n_violating = 3};

    for (size_t i = 0; i < 2; i++) {
        struct history *h = new_history();
        struct buf page = {0};
        json_t *data;

        call(h, 1, OP_PUT, "x", bytes("1"), 0);
        call(h, 2, others[i], "x", bytes(i == 0 ? "1" : "2"), 1);
        call(h, 3, OP_GET, "x", bytes(""), 2);
        answer(h, 3, bytes("1"), 3);
        page_of(h, &v, &page);
        data = data_of(&page);
        cr_assert_eq(json_array_size(json_object_get(data, "constraints")), 0, "%zu", i);
        json_decref(data);
        buf_free(&page);
        history_free(&h);
    }
}

/* --- the page itself ------------------------------------------------------------------------ */

Test(report_page, it_loads_nothing_and_runs_only_what_its_policy_names)
{
    static const char *const never[] = {"innerHTML",      "outerHTML",     "insertAdjacentHTML",
                                        "document.write", "eval(",         "http://",
                                        "https://",       "@SCRIPT",       "@STYLE",
                                        "@DATA",          "unsafe-inline", " onclick="};
    struct history *h = new_history();
    struct buf page = {0};
    const char *text;

    page_of(h, &good, &page);
    text = (const char *)page.data;
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        cr_assert_null(strstr(text, never[i]), "the page holds %s", never[i]);
    cr_assert_not_null(strstr(text, "default-src 'none'; style-src 'sha256-"));
    buf_free(&page);
    history_free(&h);
}
