#include "fixture.h"

#include <criterion/criterion.h>

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

/* Which model, what operation, and the words. */
static const struct {
    const char *model;
    struct history_op op;
    const char *words;
} table[] = {
    {"kv",
     {.process = 3,
      .kind = OP_CAS,
      .outcome = OUTCOME_OK,
      .key = BYTES("x"),
      .value = BYTES("2"),
      .expected = BYTES("1")},
     "process 3: cas(x, 1 -> 2) = ok"},
    {"kv",
     {.kind = OP_CAS,
      .outcome = OUTCOME_OK,
      .status = STATUS_MISMATCH,
      .key = BYTES("x"),
      .value = BYTES("2"),
      .expects_absent = true},
     "process 0: cas(x, (absent) -> 2) = mismatch"},
    {"kv",
     {.kind = OP_GET, .outcome = OUTCOME_OK, .key = BYTES("a key"), .result = BYTES("a \"b\"\n")},
     "process 0: get(\"a key\") = \"a \\\"b\\\"\\x0a\""},
    {"kv",
     {.kind = OP_GET, .outcome = OUTCOME_OK, .status = STATUS_NO_KEY, .key = BYTES("x")},
     "process 0: get(x) = no-key"},
    {"kv",
     {.kind = OP_GET, .outcome = OUTCOME_OK, .key = BYTES("x"), .result = BYTES("no-key")},
     "process 0: get(x) = \"no-key\""},
    {"kv",
     {.kind = OP_GET, .outcome = OUTCOME_OK, .key = BYTES("")},
     "process 0: get(\"\") = \"\""},
    {"kv",
     {.kind = OP_PUT,
      .outcome = OUTCOME_INFO,
      .status = STATUS_TIMEOUT,
      .key = BYTES("x"),
      .value = BYTES("\xff\x00")},
     "process 0: put(x, \"\\xff\\x00\") = unknown (timeout)"},
    {"kv",
     {.kind = OP_DELETE, .family = BYTES("users"), .key = BYTES("x")},
     "process 0: delete(x in users) = pending"},
    {"cas-register",
     {.kind = OP_PUT, .outcome = OUTCOME_FAIL, .status = STATUS_BUSY, .value = BYTES("4")},
     "process 0: put(4) = failed (busy)"},
    {"register",
     {.kind = OP_GET, .outcome = OUTCOME_OK, .result = BYTES("4")},
     "process 0: get() = 4"},
    {"kv",
     {.kind = OP_APPEND,
      .outcome = OUTCOME_OK,
      .key = BYTES("x"),
      .value = BYTES("begin-0123456789-0123456789-0123456789-0123456789-end")},
     "process 0: append(x, \"begin-0123456789\"...\"9-0123456789-end\" (53 bytes)) = ok"},
};

Test(histories_describe, operations_read_as_sentences)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct history h = {.header.model = table[i].model};
        struct buf words = {0};

        cr_assert_eq(history_describe_op(&h, &table[i].op, &words), 0);
        cr_assert(slice_equal(buf_slice(&words), slice_str(table[i].words)), "row %zu: %.*s", i,
                  (int)words.len, words.data);
        buf_free(&words);
    }
}

Test(histories_describe, what_nodes_do_has_names)
{
    cr_assert_str_eq(history_node_what_name(NODE_STARTED), "started");
    cr_assert_str_eq(history_node_what_name(NODE_EXITED), "exited");
    cr_assert_str_eq(history_node_what_name((enum history_node_what)99), "?");
}
