#include "fixture.h"

#include <criterion/criterion.h>

/* Histories in EDN and JSON lines, as people and Jepsen write them. */

static struct history *load_as(const char *text, const struct history_load_options *o)
{
    struct history *h;
    struct err e = {.text = ""};
    int rc = history_load_bytes_as("file", slice_str(text), o, &h, &e);

    cr_assert_eq(rc, 0, "%s", e.text);
    return h;
}

static struct history *load(const char *text)
{
    struct history_load_options o = {.visitor = NULL};

    return load_as(text, &o);
}

static void described(const struct history *h, const char *const *words, size_t n)
{
    struct buf out = {0};

    cr_assert_eq(h->n_ops, n, "%zu", h->n_ops);
    for (size_t i = 0; i < n; i++) {
        buf_clear(&out);
        cr_assert_eq(history_describe_op(h, &h->ops[i], &out), 0);
        cr_expect(slice_equal(buf_slice(&out), slice_str(words[i])), "operation %zu: %.*s", i,
                  (int)out.len, out.data);
    }
    buf_free(&out);
}

/* --- one history a model -------------------------------------------------------------------- */

/* The maps of a client: what it invoked and how that ended, with the process. */
#define DO(process, f, value)                                                                      \
    "{:type :invoke, :f :" f ", :value " value ", :process " process ", :time 1, :index 0}\n"
#define IS(process, type, f, value)                                                                \
    "{:process " process ", :type :" type ", :f :" f ", :value " value "}\n"
#define OK(process, f, asked, answer) DO(process, f, asked) IS(process, "ok", f, answer)

enum { WORDS_MAX = 6 };

static const struct {
    const char *text;
    const char *asked; /* --model; NULL: told by the functions */
    const char *model;
    const char *words[WORDS_MAX];
} histories[] = {
    {OK("0", "read", "nil", "nil") OK("1", "write", "3", "3") OK("0", "read", "nil", "3"),
     NULL,
     "register",
     {"process 0: get() = no-key", "process 1: put(3) = ok", "process 0: get() = 3"}},
    {OK("0", "cas", "[1 2]", "[1 2]") DO("1", "cas", "[nil 2]") IS("1", "fail", "cas", "[nil 2]")
         DO("1", "cas",
            "[1 2]") "{:type :fail, :process 1, :f :cas, :value [1 2], :error :timeout}",
     NULL,
     "cas-register",
     {"process 0: cas(1 -> 2) = ok", "process 1: cas((absent) -> 2) = mismatch",
      "process 1: cas(1 -> 2) = failed (timeout)"}},
    {"[" OK("0", "write", "[:x 3]", "[:x 3]") OK("0", "read", "[:x nil]", "[:x \"3\"]")
         OK("1", "read", "[y nil]", "[y nil]") "]",
     NULL,
     "register",
     {"process 0: put(:x, 3) = ok", "process 0: get(:x) = \"\\\"3\\\"\"",
      "process 1: get(\"'y\") = no-key"}},
    {DO("0", "cas", "#jepsen.independent/tuple [0 [1 2]]") DO("1", "read", "[0 nil]")
         IS("1", "info", "read", "nil"),
     NULL,
     "cas-register",
     {"process 0: cas(0, 1 -> 2) = pending", "process 1: get(0) = unknown (timeout)"}},
    {OK("0", "put", "[7 \"a b\"]", "nil") OK("0", "append", "[7 \"c\"]", "[7 \"c\"]")
         OK("0", "get", "[7 nil]", "[7 \"a bc\"]") OK("0", "delete", "[7 nil]", "[7 nil]"),
     NULL,
     "kv",
     {"process 0: put(7, \"a b\") = ok", "process 0: append(7, c) = ok",
      "process 0: get(7) = \"a bc\"", "process 0: delete(7) = ok"}},
    {OK("0", "append", "\"1\"", "\"1\"") OK("0", "append", "\":a\\\\\"", "nil")
         OK("0", "get", "nil", "\"1:a\\\\\""),
     NULL,
     "kv",
     {"process 0: append(\"\", 1) = ok", "process 0: append(\"\", \":a\\\\\") = ok",
      "process 0: get(\"\") = \"1:a\\\\\""}},
    {OK("0", "append", "[\"1\" 1]", "nil") OK("0", "get", "[\"1\" nil]", "[\"1\" 1]"),
     NULL,
     "kv",
     {"process 0: append(\"\\\"1\\\"\", 1) = ok", "process 0: get(\"\\\"1\\\"\") = 1"}},
    {OK("0", "txn", "[[:append 5 1]]", "[[:append 5 1]]") OK(
         "0", "txn", "[[:r 5 nil]]", "[[:r 5 [1]]]") OK("0", "txn", "[[:r 6 nil]]", "[[:r 6 nil]]"),
     NULL,
     "list-append",
     {"process 0: append(5, \"1 \") = ok", "process 0: get(5) = \"1 \"",
      "process 0: get(6) = no-key"}},
    {OK("0", "add", "2", "2") OK("0", "read", "nil", "#{3 1 2}") OK("0", "contains", "2", "true")
         OK("0", "contains", "9", "[9 false]"),
     "set",
     "set",
     {"process 0: add(2) = ok", "process 0: get() = \"1 2 3 \"", "process 0: contains(2) = ok",
      "process 0: contains(9) = no-key"}},
    {OK("0", "add", "2", "2") OK("0", "read", "nil", "2"),
     "counter",
     "counter",
     {"process 0: add(2) = ok", "process 0: get() = 2"}},
    {OK("0", "enqueue", "1", "1") OK("0", "dequeue", "nil", "1") OK("0", "dequeue", "nil", "nil"),
     NULL,
     "queue",
     {"process 0: enqueue(1) = ok", "process 0: dequeue() = 1", "process 0: dequeue() = no-key"}},
    {OK("0", "transfer", "{:from 0, :to 1, :amount 5}", "{:from 0, :to 1, :amount 5}")
         OK("0", "read", "nil", "{1 5, 0 -5}"),
     NULL,
     "bank",
     {"process 0: transfer(\"0 1 5 \") = ok", "process 0: get() = \"0 -5 1 5 \""}},
    {OK("0", "acquire", "nil", "nil") DO("1", "acquire", "nil") OK("0", "release", "nil", "nil")
         IS("1", "fail", "acquire", "nil"),
     NULL,
     "mutex",
     {"process 0: lock() = ok", "process 1: lock() = failed (timeout)",
      "process 0: unlock() = ok"}},
    {OK("0", "write", "{:y 2, :x 1}", "nil") OK("0", "read", "nil", "{:x 1}"),
     "multi-register",
     "multi-register",
     {"process 0: put(\":x 1 :y 2 \") = ok", "process 0: get() = \":x 1 \""}},
    {"#jepsen.history.Op{:index 0, :time -1, :type :invoke, :process 3, :f \"read\", :value nil}\n"
     "#_ {:ignored true} {\"type\" \"ok\" \"process\" 3 \"f\" \"read\" \"value\" 1.0 :foo/bar (1 "
     "2)}",
     NULL,
     "register",
     {"process 3: get() = 1.0"}},
};

Test(histories_foreign, jepsens_functions_are_operations_of_a_model)
{
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        bool bank = strcmp(histories[i].model, "bank") == 0;
        struct history_load_options o = {.model = histories[i].asked,
                                         .accounts = bank ? "{1 0, 0 3}" : NULL};
        struct history *h = load_as(histories[i].text, &o);
        size_t n = 0;

        while (n < WORDS_MAX && histories[i].words[n] != NULL)
            n++;
        cr_expect_str_eq(h->header.model, histories[i].model);
        described(h, histories[i].words, n);
        history_free(&h);
    }
}

#define TRANSFER "{\"type\":\"invoke\",\"process\":0,\"f\":\"transfer\",\"value\":[0,1,1]}\n"

Test(histories_foreign, a_bank_is_told_what_its_accounts_hold)
{
    static const char *const texts[] = {
        DO("0", "transfer", "{:from 0 :to 1 :amount 1}"), TRANSFER,
        "{\"rift\":1,\"model\":\"bank\"}\n" TRANSFER,
        "{\"rift\":1,\"model\":\"bank\",\"options\":{\"accounts\":\"0 9 \"}}\n" TRANSFER};
    struct history_load_options o = {.accounts = "{1 5, 0 3}"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct history *h = load_as(texts[i], &o);

        cr_assert_eq(h->header.n_options, 1);
        cr_assert_str_eq(h->header.options[0].name, "accounts");
        cr_assert_str_eq(h->header.options[0].value, "0 3 1 5 ");
        history_free(&h);
    }
}

Test(histories_foreign, accounts_that_cannot_be_used_are_refused)
{
    static const struct {
        const char *accounts;
        const char *text;
        int rc;
    } rows[] = {{"{0 10} junk", TRANSFER, -E_PARSE},
                {"7", TRANSFER, -E_PARSE},
                {NULL, TRANSFER, -E_PARSE},
                {NULL, "{\"rift\":1,\"model\":\"bank\"}\n" TRANSFER, -E_PARSE},
                {"{0 10}", DO("0", "read", "nil"), -E_INVAL}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct history_load_options o = {.accounts = rows[i].accounts};
        struct history *h;
        struct err e = {.text = ""};
        int rc = history_load_bytes_as("file", slice_str(rows[i].text), &o, &h, &e);

        cr_expect_eq(rc, rows[i].rc, "row %zu: %d %s", i, rc, e.text);
        cr_expect_not_null(strstr(e.text, "accounts"), "row %zu: %s", i, e.text);
    }
}

Test(histories_foreign, a_delete_that_is_ok_says_nothing_about_what_was_there)
{
    struct history *h = load(OK("0", "delete", "nil", "nil"));

    cr_assert_neq(h->header.dialect & HISTORY_DELETE_OK_PLAINLY, 0);
    history_free(&h);
}

Test(histories_foreign, times_that_fall_are_counted)
{
    struct history *h = load("{\"type\":\"invoke\",\"process\":1,\"f\":\"get\",\"time\":9}\n"
                             "{\"type\":\"ok\",\"process\":1,\"time\":8}\n"
                             "{\"type\":\"invoke\",\"process\":1,\"f\":\"get\"}\n"
                             "{\"type\":\"ok\",\"process\":1,\"time\":9}\n");

    cr_assert_eq(h->n_raised, 1);
    cr_assert_eq(h->ops[0].return_ns, 9);
    history_free(&h);
}

Test(histories_foreign, the_nemesis_is_kept_as_notes)
{
    struct history *h = load("{:type :info, :process :nemesis, :f :start, :time 5}\n" DO(
        "0", "read", "nil") "{:process :nemesis :type :info :f :stop :value [:n1, \"x\"]}");

    cr_assert_eq(h->n_ops, 1);
    cr_assert_eq(h->n_events, 2);
    cr_assert_eq(h->events[0].kind, HISTORY_NOTE);
    cr_assert_str_eq(h->events[0].text, ":nemesis :start");
    cr_assert_eq(h->events[0].time_ns, 5);
    cr_assert_str_eq(h->events[1].text, ":nemesis :stop [:n1, \"x\"]");
    history_free(&h);
}

static enum op_outcome failed_cas(const char *text, int how)
{
    struct history_load_options o = {.failed_cas = how};
    struct history *h = load_as(text, &o);
    enum op_outcome outcome = h->ops[0].outcome;

    cr_assert(outcome != OUTCOME_OK || h->ops[0].status == STATUS_MISMATCH);
    history_free(&h);
    return outcome;
}

Test(histories_foreign, a_failed_cas_is_a_mismatch_unless_it_names_an_error)
{
    static const char plain[] = DO("0", "cas", "[1 2]") IS("0", "fail", "cas", "[1 2]");
    static const char error[] =
        DO("0", "cas", "[1 2]") "{:process 0 :type :fail :f :cas :value [1 2] :error [:x 1]}";

    cr_expect_eq(failed_cas(plain, HISTORY_FAILED_CAS_TOLD), OUTCOME_OK);
    cr_expect_eq(failed_cas(error, HISTORY_FAILED_CAS_TOLD), OUTCOME_FAIL);
    cr_expect_eq(failed_cas(error, HISTORY_FAILED_CAS_MISMATCH), OUTCOME_OK);
    cr_expect_eq(failed_cas(plain, HISTORY_FAILED_CAS_NEVER_RAN), OUTCOME_FAIL);
}

/* --- JSON lines ----------------------------------------------------------------------------- */

Test(histories_foreign, an_object_is_an_event)
{
    static const char *const words[] = {"process 1: cas(x, (absent) -> 1) = ok",
                                        "process 2: get(x) = 1", "process 2: get(x) = no-key",
                                        "process 1: put(x, \"1 2\\\\s3 \") = unknown (busy)"};
    struct history *h =
        load("{\"rift\":1, \"model\":\"kv\", \"dialect\":2, \"nodes\":[1,2], "
             "\"options\":{\"a\":\"b\"}}\n"
             "{\"type\":\"invoke\",\"process\":1,\"f\":\"cas\",\"key\":\"x\",\"expected\":null,"
             "\"value\":1,\"time\":7}\n\n"
             " {\"type\":\"ok\" , \"process\":1, \"unknown\":[1,{\"a\":null}]}\n"
             "{\"type\":\"invoke\",\"process\":2,\"f\":\"get\",\"key\":\"x\"}\n"
             "{\"type\":\"fault\",\"begins\":true,\"text\":\"cut\",\"dropped\":3,"
             "\"cuts\":[1, 2, -3,1]}\n"
             "{\"type\":\"ok\",\"process\":2,\"value\":\"1\",\"node\":2}\n"
             "{\"type\":\"invoke\",\"process\":2,\"f\":\"get\",\"key\":\"\\u0078\"}\n"
             "{\"type\":\"ok\",\"process\":2,\"value\":null}\n"
             "{\"type\":\"invoke\",\"process\":1,\"f\":\"put\",\"key\":\"x\",\"value\":[\"1\",\"2 "
             "3\"]}\n"
             "{\"type\":\"info\",\"process\":1,\"status\":\"busy\"}\n");

    described(h, words, 4);
    cr_assert_eq(h->header.dialect, 2);
    cr_assert_eq(h->header.n_nodes, 2);
    cr_assert_str_eq(h->header.options[0].value, "b");
    cr_assert_eq(h->ops[0].call_ns, 7);
    cr_assert_eq(h->ops[1].node, 2);
    cr_assert_eq(h->events[0].dropped, 3);
    cr_assert_eq(h->events[0].n_cuts, 2);
    cr_assert_eq(h->events[0].cuts[1].from, -3, "a place of clerks");
    cr_assert_eq(h->events[0].cuts[1].to, 1);
    history_free(&h);
}

Test(histories_foreign, an_object_may_be_a_whole_operation)
{
    static const char *const words[] = {"process 2: enqueue(a) = ok", "process 1: dequeue() = a",
                                        "process 3: dequeue() = unknown (timeout)",
                                        "process 4: enqueue(b) = pending"};
    struct history *h =
        load("{\"process\":1,\"f\":\"dequeue\",\"call\":20,\"return\":30,\"result\":\"a\"}\n"
             "{\"process\":2,\"f\":\"enqueue\",\"value\":\"a\",\"call\":10,\"return\":20}\n"
             "{\"process\":4,\"f\":\"enqueue\",\"value\":\"b\",\"call\":50}\n"
             "{\"process\":3,\"f\":\"dequeue\",\"call\":25,\"return\":60,\"outcome\":\"info\"}\n");

    described(h, words, 4);
    cr_assert_str_eq(h->header.model, "queue");
    cr_assert_lt(h->ops[1].call_seq, h->ops[0].return_seq, "they touch: concurrent");
    cr_assert_eq(h->ops[0].return_ns, 20);
    history_free(&h);
}

/* --- mistakes ------------------------------------------------------------------------------- */

#define READ0 DO("0", "read", "nil")
#define JSON0 "{\"type\":\"invoke\",\"process\":0,\"f\":\"get\"}\n"

static const struct {
    const char *text;
    const char *words;
} mistakes[] = {
    {READ0 "\n {:process 0, :type :oj}", "file:3:21: expected :invoke"},
    {READ0 "{:process -1}", "file:2:11: expected the number of a process"},
    {READ0 "{:process 4294967296 :type :ok :f :read}", "file:2:11: expected the number"},
    {READ0 "{:type :ok, :f :read}", "file:2:1: expected a :process"},
    {READ0 "{:process 1, :f :read}", "file:2:1: expected a :type"},
    {READ0 "{:process \"c\" :type :ok :f :read}", "file:2:11: expected the number of a process"},
    {READ0 "{:process 1 :type :info :type :ok :f :read}", "file:2:25: expected each field once"},
    {READ0 "{:process 1 :value 1 :value 1}", "file:2:22: expected each field once"},
    {DO("0", "read", "nil") "{:index 5 :process :n :type :info :f :x}\n"
                            "{:index 4 :process :n :type :info :f :x}",
     "file:3:9: expected an :index not below"},
    {READ0 "{:process 1, :type :ok}", "file:2:1: expected a function"},
    {READ0 "{:process 1, :type :ok, :f :reed}", "file:2:28: expected a function"},
    {READ0 "{:process 1, :type :ok, :f :read", "file:2:33: expected"},
    {READ0 "7", "file:2:1: expected the map"},
    {READ0 READ0, "file:2:1: process 0 invokes while"},
    {READ0 IS("1", "ok", "read", "1"), "file:2:1: process 1 ends an operation"},
    {READ0 IS("0", "ok", "write", "1"), "file:2:28: expected the function that the process"},
    {DO("0", "write", "1") IS("0", "ok", "write", "2"), "file:2:43: expected what the operation"},
    {DO("0", "write", "nil"), "file:1:1: expected"},
    {DO("0", "cas", "[1 nil]"), "file:1:36: expected [from to]"},
    {DO("0", "cas", "5"), "file:1:33: expected [from to]"},
    {DO("0", "transfer", "{:from 0 :to 1 :amount 1}"), "file: a bank's balances at the start"},
    {DO("0", "add", "5") READ0, "file: the functions :read :add fit several models (set, counter)"},
    {DO("0", "add", "5") DO("1", "pop", "nil"), "file: no model has all of these functions"},
    {DO("0", "read", "[1 nil]") DO("1", "write", "5"), "file:2:1: expected either all values"},
    {DO("0", "read", "[1 nil]") IS("0", "ok", "read", "[2 5]"), "file:2:42: expected the key"},
    {DO("0", "txn", "[[:r 1 nil] [:r 2 nil]]"), "file:1:45: expected the end of the transaction"},
    {DO("0", "put", "\"1\"") DO("1", "append", "2"), "file:2:36: expected no strings that"},
    {DO("0", "put", "1") DO("1", "append", "\"2\""), "file:2:36: expected no strings that"},
    {DO("0", "txn", "[[:w 1 2]]"), "file:1:35: expected :append or :r"},
    {"[" READ0, "file:2:1: expected the map"},
    {"[" READ0 "] 5", "file:2:3: expected nothing behind"},
    {JSON0 "{\"type\":\"invoke\",\"process\":1,\"f\":\"gat\"}", "file:2:34: expected a function"},
    {JSON0 "{\"type\":\"invoke\",\"f\":\"get\"}", "file:2:1: expected a \"process\""},
    {JSON0 "{\"type\":\"ok\" \"process\":0}", "file:2:14: expected ',' or '}'"},
    {JSON0 "{\"type\":\"ok\",\"process\":0,\"value\":tru}", "file:2:34: expected a value"},
    {JSON0 "{\"type\":\"ok\",\"process\":0,\"value\":\"\\ud800\"}",
     "file:2:35: expected an escape"},
    {JSON0 "{\"type\":\"ok\",\"process\":0,\"status\":\"fine\"}", "file:2:35: expected a status"},
    {JSON0 "{\"type\":\"ok\",\"process\":1.5}", "file:2:24: expected a whole number"},
    {JSON0 "{\"type\":\"ok\",\"process\":0,\"process\":0}", "file:2:26: expected each field"},
    {JSON0 "{\"type\":\"ok\",\"process\":0,\"status\":\"ok\"}",
     "file:2:35: expected what was found"},
    {JSON0 "{\"type\":\"ok\",\"process\":0,\"value\":false}", "file:2:34: expected a"},
    {"{\"process\":0,\"f\":\"contains\",\"value\":1,\"call\":5,\"return\":6,\"result\":false}",
     "file:1:68: expected a \"status\""},
    {"{\"process\":0,\"f\":\"get\",\"value\":1,\"call\":5,\"return\":6}",
     "file:1:32: expected what was found as \"result\""},
    {"{\"rift\":0,\"model\":\"kv\"}", "file:1:9: expected a version"},
    {"{\"rift\":1,\"model\":\"kv\",\"dialect\":16}", "file:1:34: expected no other bits"},
    {"{\"process\":0,\"f\":\"get\",\"call\":0,\"outcome\":\"ok\"}",
     "file:1:1: expected a \"return\""},
    {DO("0", "contains", "5") IS("0", "ok", "contains", "[6 true]"),
     "file:2:46: expected the element"},
    {JSON0 "{} x", "file:2:3: expected the end of the line"},
    {JSON0 "{\"a\":[[[[[[[[[[1]]]]]]]]]]}", "file:2:6: expected a value"},
    {JSON0 JSON0, "file:2: process 0 invokes while"},
    {"{\"process\":0,\"f\":\"get\",\"call\":5,\"return\":4}", "file:1:1: expected a \"return\""},
    {"{\"process\":0,\"f\":\"get\",\"call\":5}\n{\"process\":0,\"f\":\"get\"}",
     "file:2:1: expected the time of the \"call\""},
};

Test(histories_foreign, a_mistake_is_named_by_line_and_column)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct history *h;
        struct err e = {.text = ""};
        int rc = history_load_bytes("file", slice_str(mistakes[i].text), &h, &e);

        cr_expect_eq(rc, -E_PARSE, "row %zu: %s", i, err_name(rc));
        cr_expect_eq(strncmp(e.text, mistakes[i].words, strlen(mistakes[i].words)), 0,
                     "row %zu: %s", i, e.text);
        if (rc == 0)
            history_free(&h);
    }
}
