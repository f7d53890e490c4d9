#include "rift/model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* librift as its users have it: through the installed headers alone. */

static struct rift_bytes bytes(const char *text)
{
    return (struct rift_bytes){.data = text, .len = strlen(text)};
}

static void invoke(struct rift_history *h, uint32_t process, enum rift_kind kind, const char *value)
{
    struct rift_call call = {
        .size = sizeof call, .kind = kind, .key = bytes("x"), .value = bytes(value)};

    cr_assert_eq(rift_history_invoke(h, process, &call, 0, NULL), 0);
}

static void complete(struct rift_history *h, uint32_t process, const char *result)
{
    cr_assert_eq(rift_history_complete(h, process, RIFT_OK, RIFT_DONE, bytes(result), 0, NULL), 0);
}

/* put 1, put 2, then a get: of a history of one client after another. */
static struct rift_history *two_puts_and_a_get(const char *result)
{
    struct rift_history *h;

    cr_assert_eq(rift_history_create("kv", 0, &h, NULL), 0);
    invoke(h, 0, RIFT_PUT, "1");
    complete(h, 0, "");
    invoke(h, 1, RIFT_PUT, "2");
    complete(h, 1, "");
    invoke(h, 2, RIFT_GET, "");
    complete(h, 2, result);
    return h;
}

Test(library, an_order_comes_with_linearizable)
{
    struct rift_history *h = two_puts_and_a_get("2");
    struct rift_partition p = {.size = sizeof p};
    struct rift_result *r;

    cr_assert_eq(rift_check(h, NULL, &r, NULL), 0);
    cr_assert_eq(rift_result_verdict(r), RIFT_LINEARIZABLE);
    cr_assert_eq(rift_result_count(r), 1);
    cr_assert_eq(rift_result_partition(r, 0, &p), 0);
    cr_assert_eq(p.n_order, 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(p.order[i], i);
    cr_assert_eq(rift_result_partition(r, 1, &p), RIFT_INVALID);
    rift_result_free(r);
    rift_history_free(h);
}

Test(library, a_violation_comes_in_words)
{
    struct rift_history *h = two_puts_and_a_get("1");
    struct rift_result *r;
    char *text;

    cr_assert_eq(rift_check(h, NULL, &r, NULL), 0);
    cr_assert_eq(rift_result_verdict(r), RIFT_NOT_LINEARIZABLE);
    cr_assert_eq(rift_result_explain(r, &text), 0);
    cr_assert_not_null(strstr(text, "not linearizable"));
    cr_assert_not_null(strstr(text, "process 2"));
    free(text);
    rift_result_free(r);
    rift_history_free(h);
}

static int at_once(void *context)
{
    (void)context;
    return 1;
}

Test(library, a_spent_budget_is_unknown_and_says_so)
{
    struct rift_history *h;
    struct rift_check_options o = {.size = sizeof o, .spent = at_once, .engine = "jit"};
    struct rift_partition p = {.size = sizeof p};
    struct rift_result *r;

    cr_assert_eq(rift_history_create("kv", 0, &h, NULL), 0);
    for (int i = 0; i < 5000; i++) {
        invoke(h, 0, RIFT_APPEND, "a");
        complete(h, 0, "");
    }
    cr_assert_eq(rift_check(h, &o, &r, NULL), 0);
    cr_assert_eq(rift_result_verdict(r), RIFT_UNKNOWN);
    cr_assert_eq(rift_result_partition(r, 0, &p), 0);
    cr_assert_not_null(p.reason);
    rift_result_free(r);
    rift_history_free(h);
}

Test(library, what_was_recorded_is_loaded_and_shown)
{
    char folder[] = "/tmp/rift-library-XXXXXX";
    char path[64];
    struct rift_call call = {.size = sizeof call,
                             .kind = RIFT_CAS,
                             .key = bytes("k"),
                             .value = bytes("new"),
                             .expected = bytes("old")};
    struct rift_operation op = {.size = sizeof op};
    struct rift_recorder *rec;
    struct rift_history *h;

    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/h.msgpack", folder);
    cr_assert_eq(rift_recorder_open(path, "kv", 0, &rec, NULL), 0);
    cr_assert_eq(rift_recorder_invoke(rec, 7, &call, 1000, NULL), 0);
    cr_assert_eq(rift_recorder_complete(rec, 7, RIFT_OK, RIFT_MISMATCH, bytes(""), 2000, NULL), 0);
    cr_assert_eq(rift_recorder_close(&rec, NULL), 0);
    cr_assert_null(rec);
    cr_assert_eq(rift_recorder_open(path, "kv", 0, &rec, NULL), RIFT_EXISTS);
    cr_assert_eq(rift_history_load(path, &h, NULL), 0);
    unlink(path);
    rmdir(folder);

    cr_assert_eq(rift_history_is_whole(h), 1);
    cr_assert_eq(rift_history_count(h), 1);
    cr_assert_eq(rift_history_operation(h, 0, &op), 0);
    cr_assert_eq(op.process, 7);
    cr_assert_eq(op.kind, RIFT_CAS);
    cr_assert_eq(op.answer, RIFT_MISMATCH);
    cr_assert_arr_eq(op.expected.data, "old", 3);
    cr_assert_arr_eq(op.value.data, "new", 3);
    cr_assert_eq(op.called_ns, 1000);
    cr_assert_eq(op.returned_ns, 2000);
    cr_assert_eq(rift_history_operation(h, 1, &op), RIFT_INVALID);
    rift_history_free(h);
}

Test(library, mistakes_come_as_codes_with_words)
{
    struct rift_error e = {0};
    struct rift_history *h;
    struct rift_result *r;
    struct rift_call call = {0};
    struct rift_check_options o = {.size = sizeof o, .model = "no such model"};

    cr_assert_eq(rift_history_load("/nonexistent/file", &h, &e), RIFT_NOT_FOUND);
    cr_assert_not_null(strstr(e.text, "/nonexistent/file"));
    cr_assert_eq(rift_history_load_bytes("this", "not a history", 13, &h, &e), RIFT_MALFORMED);
    cr_assert_eq(e.code, RIFT_MALFORMED);

    h = two_puts_and_a_get("2");
    cr_assert_eq(rift_check(h, &o, &r, &e), RIFT_INVALID);
    cr_assert_not_null(strstr(e.text, "no such model"));
    cr_assert_eq(rift_history_invoke(h, 0, &call, 0, &e), RIFT_INVALID, "a call without a size");
    call.size = sizeof call;
    call.kind = (enum rift_kind)5;
    cr_assert_eq(rift_history_invoke(h, 0, &call, 0, &e), RIFT_LIMIT, "no operation of a history");
    cr_assert_eq(rift_history_complete(h, 0, RIFT_OK, RIFT_DONE, bytes(""), 0, &e), RIFT_MALFORMED,
                 "nothing is open");
    rift_history_free(h);
}

/* A program that was built against the first header goes on working with a later library. */
Test(library, a_shorter_structure_is_an_older_one)
{
    struct rift_history *h = two_puts_and_a_get("2");
    struct rift_partition p;
    struct rift_check_options o;
    struct rift_result *r;

    memset(&o, 0xff, sizeof o);
    o.size = offsetof(struct rift_check_options, whole);
    o.model = "kv";
    o.engine = "jit";
    cr_assert_eq(rift_check(h, &o, &r, NULL), 0);

    memset(&p, 0xaa, sizeof p);
    p.size = offsetof(struct rift_partition, engine);
    cr_assert_eq(rift_result_partition(r, 0, &p), 0);
    cr_assert_eq(p.size, offsetof(struct rift_partition, engine));
    cr_assert_eq(p.n_operations, 3);
    cr_assert_eq(*(unsigned char *)&p.engine, 0xaa, "nothing is written behind it");
    rift_result_free(r);
    rift_history_free(h);
}

/* --- models of one's own -------------------------------------------------------------------- */

/* A light that is switched by "lock" and "unlock" and may be asked for. */
static int light_initial(void *context, struct rift_output *state)
{
    return rift_output_append(state, context, 1);
}

static int light_step(void *context, struct rift_bytes state, const struct rift_operation *op,
                      struct rift_output *after)
{
    char is = *(const char *)state.data;
    char wanted = op->kind == RIFT_LOCK ? '1' : '0';

    (void)context;
    if (op->kind == RIFT_GET)
        return op->result.len == 1 && *(const char *)op->result.data == is &&
               rift_output_append(after, &is, 1) == 0;
    return rift_output_append(after, &wanted, 1) == 0;
}

static int light_describe(void *context, struct rift_bytes state, struct rift_output *text)
{
    (void)context;
    return rift_output_append(text, *(const char *)state.data == '1' ? "shining" : "dark", 4);
}

static struct rift_model light(const char *at_first)
{
    return (struct rift_model){
        .size = sizeof(struct rift_model),
        .name = "light",
        .kinds = RIFT_KIND_BIT(RIFT_LOCK) | RIFT_KIND_BIT(RIFT_UNLOCK) | RIFT_KIND_BIT(RIFT_GET),
        .context = (void *)at_first,
        .initial = light_initial,
        .step = light_step,
        .describe = light_describe,
    };
}

static enum rift_verdict judge_light(const char *at_first, const char *engine, int lost_switch,
                                     const char *seen, char **words)
{
    struct rift_model model = light(at_first);
    struct rift_check_options o = {.size = sizeof o, .engine = engine, .custom_model = &model};
    enum rift_verdict verdict;
    struct rift_result *r;
    struct rift_history *h;

    cr_assert_eq(rift_history_create("any", 0, &h, NULL), 0);
    if (lost_switch)
        invoke(h, 0, RIFT_LOCK, "");
    invoke(h, 1, RIFT_GET, "");
    complete(h, 1, seen);
    cr_assert_eq(rift_check(h, &o, &r, NULL), 0);
    verdict = rift_result_verdict(r);
    if (words != NULL)
        cr_assert_eq(rift_result_explain(r, words), 0);
    rift_result_free(r);
    rift_history_free(h);
    return verdict;
}

Test(library, a_model_of_ones_own_decides)
{
    const char *const engines[] = {NULL, "jit", "porcupine"};

    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(judge_light("0", engines[i], 0, "0", NULL), RIFT_LINEARIZABLE);
        cr_expect_eq(judge_light("1", engines[i], 0, "0", NULL), RIFT_NOT_LINEARIZABLE);
        cr_expect_eq(judge_light("0", engines[i], 0, "1", NULL), RIFT_NOT_LINEARIZABLE);
        cr_expect_eq(judge_light("0", engines[i], 1, "1", NULL), RIFT_LINEARIZABLE);
    }
}

Test(library, a_model_of_ones_own_is_named_in_its_words)
{
    char *words;

    cr_assert_eq(judge_light("0", NULL, 0, "1", &words), RIFT_NOT_LINEARIZABLE);
    cr_expect(strstr(words, "model 'light'") != NULL, "%s", words);
    cr_expect(strstr(words, "is dark") != NULL, "%s", words);
    free(words);
}

Test(library, what_is_no_model_is_refused)
{
    struct rift_model model = light("0");
    struct rift_check_options o = {.size = sizeof o, .custom_model = &model};
    struct rift_history *h = two_puts_and_a_get("2");
    struct rift_error e;
    struct rift_result *r;

    cr_expect_eq(rift_check(h, &o, &r, &e), RIFT_INVALID);
    cr_expect(strstr(e.text, "'put'") != NULL, "%s", e.text);
    model.step = NULL;
    cr_expect_eq(rift_check(h, &o, &r, &e), RIFT_INVALID);
    cr_expect(strstr(e.text, "step") != NULL, "%s", e.text);
    model.size = 0;
    cr_expect_eq(rift_check(h, &o, &r, &e), RIFT_INVALID);
    rift_history_free(h);
}
