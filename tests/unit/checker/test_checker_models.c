#include "checker/model.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Each model, one step at a time: the operation, the state before, and what comes of it. States
 * are written as values; "-" is absence, "illegal" says that the answer does not fit. */

struct row {
    const char *model;
    uint32_t dialect;
    const char *before;
    const char *op; /* behind "process call return" in scene.h */
    const char *after;
};

static const struct row ROWS[] = {
    {"register", 0, "a", "get x = a", "a"},
    {"register", 0, "a", "get x = b", "illegal"},
    {"register", 0, "-", "get x = no-key", "-"},
    {"register", 0, "-", "get x = ''", "illegal"},
    {"register", 0, "''", "get x = ''", "''"},
    {"register", 0, "a", "get x = no-key", "illegal"},
    {"register", 0, "a", "put x b = ok", "b"},
    {"cas-register", 0, "a", "cas x a b = ok", "b"},
    {"cas-register", 0, "c", "cas x a b = ok", "illegal"},
    {"cas-register", 0, "c", "cas x a b = mismatch", "c"},
    {"cas-register", 0, "a", "cas x a b = mismatch", "illegal"},
    {"cas-register", 0, "-", "cas x a b = mismatch", "illegal"},
    {"cas-register", 0, "-", "cas x a b = no-key", "-"},
    {"cas-register", 0, "c", "cas x a b = no-key", "illegal"},
    {"cas-register", 0, "-", "cas x ~ b = ok", "b"},
    {"cas-register", 0, "''", "cas x ~ b = ok", "illegal"},
    {"cas-register", 0, "''", "cas x ~ b = mismatch", "''"},
    {"cas-register", 0, "-", "cas x ~ b = mismatch", "illegal"},
    {"kv", 0, "a", "append x b = ok", "ab"},
    {"kv", 0, "-", "append x b = ok", "b"},
    {"kv", 0, "-", "append x '' = ok", "''"},
    {"kv", 0, "a", "delete x = ok", "-"},
    {"kv", 0, "-", "delete x = ok", "illegal"},
    {"kv", 0, "-", "delete x = no-key", "-"},
    {"kv", 0, "a", "delete x = no-key", "illegal"},
    /* A foreign store that answers an absent key with the empty string. */
    {"kv", HISTORY_ABSENT_IS_EMPTY, "''", "get x = ''", "''"},
    {"kv", HISTORY_ABSENT_IS_EMPTY, "''", "cas x ~ b = ok", "b"},
    {"kv", HISTORY_ABSENT_IS_EMPTY, "''", "cas x a b = mismatch", "''"},
    {"kv", HISTORY_ABSENT_IS_EMPTY, "a", "delete x = ok", "''"},
    {"kv", HISTORY_ABSENT_IS_EMPTY, "''", "delete x = ok", "''"},
    /* One whose delete does not say whether there was something. */
    {"kv", HISTORY_DELETE_OK_PLAINLY, "-", "delete x = ok", "-"},
    {"kv", HISTORY_DELETE_OK_PLAINLY, "a", "delete x = ok", "-"},
    {"kv", HISTORY_DELETE_OK_PLAINLY, "a", "delete x = no-key", "illegal"},
    /* One whose failing cas does not say why. */
    {"cas-register", HISTORY_CAS_FAILS_PLAINLY, "-", "cas x a b = mismatch", "-"},
    {"cas-register", HISTORY_CAS_FAILS_PLAINLY, "a", "cas x a b = mismatch", "illegal"},
    /* Of unknown outcome: what would change nothing needs not be placed. */
    {"cas-register", 0, "a", "cas x a b", "b"},
    {"cas-register", 0, "c", "cas x a b", "illegal"},
    {"kv", 0, "a", "delete x", "-"},
    {"kv", 0, "-", "delete x", "illegal"},
    {"kv", 0, "b", "put x b", "illegal"},
};

static uint32_t state_of(const struct model_env *env, const char *text)
{
    uint32_t id = STRING_ABSENT;

    if (strcmp(text, "-") != 0)
        cr_assert_eq(
            strings_copy(env->strings, slice_str(strcmp(text, "''") == 0 ? "" : text), &id), 0);
    return id;
}

Test(checker_models, each_step_is_as_the_table_says)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const struct row *row = &ROWS[i];
        const struct model *m = model_find(row->model);
        struct model_env env = {.dialect = row->dialect, .n_keys = 1};
        bool known = strchr(row->op, '=') != NULL;
        char line[100];
        struct model_op op;
        struct history *h;
        uint32_t after;
        int legal;

        snprintf(line, sizeof line, "1 1 %s %s", known ? "2" : "-", row->op);
        h = scene(row->model, row->dialect, line);
        cr_assert_eq(strings_create(&env.strings), 0);
        cr_assert_eq(model_op_make(m, &env, &h->ops[0], 0, &op), 0);
        legal = m->step(&env, state_of(&env, row->before), &op, &after);
        cr_expect_eq(legal, strcmp(row->after, "illegal") != 0, "row %zu: legal is %d", i, legal);
        if (legal == 1)
            cr_expect_eq(after, state_of(&env, row->after), "row %zu: another state", i);
        strings_destroy(env.strings);
        scene_free(h);
    }
}

Test(checker_models, what_observes_never_changes_a_state)
{
    static const char *const states[] = {"-", "''", "a", "b", "c"};

    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0] * 5; i++) {
        const struct row *row = &ROWS[i / 5];
        const struct model *m = model_find(row->model);
        struct model_env env = {.dialect = row->dialect, .n_keys = 1};
        char line[100];
        struct model_op op;
        struct history *h;
        uint32_t before;
        uint32_t after;

        snprintf(line, sizeof line, "1 1 2 %s", row->op);
        h = scene(row->model, row->dialect, line);
        cr_assert_eq(strings_create(&env.strings), 0);
        cr_assert_eq(model_op_make(m, &env, &h->ops[0], 0, &op), 0);
        before = state_of(&env, states[i % 5]);
        if (m->observes(&env, &op) && m->step(&env, before, &op, &after) == 1)
            cr_expect_eq(after, before, "row %zu from state %zu", i / 5, i % 5);
        strings_destroy(env.strings);
        scene_free(h);
    }
}

Test(checker_models, an_operation_or_answer_that_the_model_does_not_have_is_refused)
{
    struct history_op append = {.kind = OP_APPEND, .outcome = OUTCOME_OK};
    struct history_op busy = {.kind = OP_PUT, .outcome = OUTCOME_OK, .status = STATUS_BUSY};
    struct history_header header = {0};
    struct err e;

    cr_expect_eq(model_admits(model_find("cas-register"), &header, &append, &e), -E_INVAL);
    cr_expect(strstr(e.text, "append") != NULL, "%s", e.text);
    cr_expect_eq(model_admits(model_find("kv"), &header, &append, &e), 0);
    cr_expect_eq(model_admits(model_find("kv"), &header, &busy, &e), -E_INVAL);
    cr_expect(strstr(e.text, "busy") != NULL, "%s", e.text);
    cr_expect_null(model_find("telephone"));
}
