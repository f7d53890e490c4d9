#include "checker/model.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* The models of sets, queues and the like, one step at a time: what was done before, the operation,
 * and what a person would call the state behind it. "illegal" says that the answer does not fit. */

struct row {
    const char *model;
    uint32_t dialect;
    const char *before; /* operations, with ';' between */
    const char *op;     /* behind "process call return" in scene.h; without an answer: unknown */
    const char *after;
};

/* Instead of a dialect: the option of a bank. Its accounts are ACCOUNTS. */
enum { OVERDRAFT = 1 << 30 };

static const struct row ROWS[] = {
    {"queue", 0, "", "enqueue x a = ok", "[\"a\"]"},
    {"queue", 0, "", "enqueue x '' = ok", "[\"\"]"},
    {"queue", 0, "enqueue x a", "enqueue x b = ok", "[\"a\", \"b\"]"},
    {"queue", 0, "enqueue x a; enqueue x b", "dequeue x = a", "[\"b\"]"},
    {"queue", 0, "enqueue x a; enqueue x b", "dequeue x = b", "illegal"},
    {"queue", 0, "enqueue x ab", "dequeue x = a", "illegal"},
    {"queue", 0, "enqueue x a; enqueue x b", "dequeue x = no-key", "illegal"},
    {"queue", 0, "", "dequeue x = no-key", "[]"},
    {"queue", 0, "", "dequeue x = a", "illegal"},
    {"queue", 0, "enqueue x ''", "dequeue x = ''", "[]"},
    {"queue", 0, "enqueue x a; enqueue x b", "dequeue x", "[\"b\"]"},
    {"queue", 0, "enqueue x a; enqueue x b; dequeue x", "dequeue x", "[]"},
    {"queue", 0, "enqueue x ''; enqueue x ''", "dequeue x", "[\"\"]"},
    {"queue", 0, "", "dequeue x", "illegal"},
    {"queue", 0, "enqueue x a", "enqueue x b", "[\"a\", \"b\"]"},
    {"stack", 0, "push x a", "push x b = ok", "[\"a\", \"b\"]"},
    {"stack", 0, "push x a; push x b", "pop x = b", "[\"a\"]"},
    {"stack", 0, "push x a; push x b", "pop x = a", "illegal"},
    {"stack", 0, "push x a; push x bc", "pop x = c", "illegal"},
    {"stack", 0, "push x a; push x b", "pop x", "[\"a\"]"},
    {"stack", 0, "push x a; push x ''", "pop x", "[\"a\"]"},
    {"stack", 0, "push x a", "pop x = no-key", "illegal"},
    {"stack", 0, "", "pop x = no-key", "[]"},
    {"stack", 0, "", "pop x", "illegal"},
    {"priority-queue", 0, "insert x 9", "insert x 10 = ok", "[\"9\", \"10\"]"},
    {"priority-queue", 0, "insert x 9; insert x 10", "poll x = 10", "[\"9\"]"},
    {"priority-queue", 0, "insert x 9; insert x 10", "poll x = 9", "illegal"},
    {"priority-queue", 0, "insert x -9; insert x -10", "poll x = -9", "[\"-10\"]"},
    {"priority-queue", 0, "insert x -9; insert x 0", "poll x = 0", "[\"-9\"]"},
    {"priority-queue", 0, "insert x 5; insert x 5", "poll x = 5", "[\"5\"]"},
    {"priority-queue", 0, "insert x 5; insert x 7", "poll x", "[\"5\"]"},
    /* What is no number as programs print it goes by its bytes, above all numbers. */
    {"priority-queue", 0, "insert x 99; insert x 05", "poll x = 05", "[\"99\"]"},
    {"priority-queue", 0, "insert x b; insert x ab", "poll x = b", "[\"ab\"]"},
    {"priority-queue", 0, "insert x -; insert x 3", "poll x = -", "[\"3\"]"},
    {"priority-queue", 0, "insert x 3", "poll x = no-key", "illegal"},
    {"priority-queue", 0, "", "poll x = no-key", "[]"},
    {"priority-queue", 0, "", "poll x = 3", "illegal"},
    {"priority-queue", 0, "", "poll x", "illegal"},
    {"set", 0, "", "add x b = ok", "[\"b\"]"},
    {"set", 0, "add x b", "add x a = ok", "[\"a\", \"b\"]"},
    {"set", 0, "add x b", "add x b = ok", "[\"b\"]"},
    {"set", 0, "add x b; add x a", "remove x b = ok", "[\"a\"]"},
    {"set", 0, "add x b", "remove x a = ok", "[\"b\"]"},
    {"set", 0, "add x b", "contains x b = ok", "[\"b\"]"},
    {"set", 0, "add x b", "contains x b = no-key", "illegal"},
    {"set", 0, "add x b", "contains x a = no-key", "[\"b\"]"},
    {"set", 0, "add x b", "contains x a = ok", "illegal"},
    {"set", 0, "add x b; add x a", "get x = [a,b]", "[\"a\", \"b\"]"},
    {"set", 0, "add x b; add x a", "get x = [a]", "illegal"},
    {"set", 0, "add x a", "get x = [a,b]", "illegal"},
    {"set", 0, "add x a; remove x a", "get x = []", "[]"},
    {"set", 0, "add x a; remove x a", "get x = no-key", "[]"},
    {"set", 0, "add x a", "get x = no-key", "illegal"},
    {"set", HISTORY_SET_ANSWERS, "", "add x b = ok", "[\"b\"]"},
    {"set", HISTORY_SET_ANSWERS, "", "add x b = mismatch", "illegal"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "add x b = ok", "illegal"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "add x b = mismatch", "[\"b\"]"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "remove x b = ok", "[]"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "remove x b = no-key", "illegal"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "remove x a = no-key", "[\"b\"]"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "remove x a = ok", "illegal"},
    {"set", 0, "add x b", "add x b", "illegal"},
    {"set", 0, "add x b", "add x a", "[\"a\", \"b\"]"},
    {"set", 0, "add x b", "remove x a", "illegal"},
    {"set", HISTORY_SET_ANSWERS, "add x b", "remove x b", "[]"},
    {"counter", 0, "", "add x 5 = ok", "5"},
    {"counter", 0, "add x 5", "add x -7 = ok", "-2"},
    {"counter", 0, "add x 999999999999999999", "add x 1 = ok", "1000000000000000000"},
    {"counter", 0, "add x 5", "get x = 5", "5"},
    {"counter", 0, "add x 5", "get x = 05", "5"},
    {"counter", 0, "add x 5", "get x = 4", "illegal"},
    {"counter", 0, "add x 5; add x -5", "get x = no-key", "0"},
    {"counter", 0, "add x 5", "get x = no-key", "illegal"},
    {"counter", 0, "add x 5", "add x 0 = ok", "5"},
    {"counter", 0, "add x 5", "add x 0", "illegal"},
    {"counter", 0, "add x 5", "add x 1", "6"},
    {"list-append", 0, "", "append x [a] = ok", "[\"a\"]"},
    {"list-append", 0, "append x [a]", "append x [b] = ok", "[\"a\", \"b\"]"},
    {"list-append", 0, "append x [a]", "put x [c,d] = ok", "[\"c\", \"d\"]"},
    {"list-append", 0, "append x [a]; append x [b]", "get x = [a,b]", "[\"a\", \"b\"]"},
    {"list-append", 0, "append x [a]; append x [b]", "get x = [ab]", "illegal"},
    {"list-append", 0, "append x [a]; append x [b]", "get x = [b,a]", "illegal"},
    {"list-append", 0, "", "get x = []", "[]"},
    {"list-append", 0, "", "get x = no-key", "[]"},
    {"list-append", 0, "append x [a]", "get x = no-key", "illegal"},
    {"list-append", 0, "append x [a]", "put x [a]", "illegal"},
    {"list-append", 0, "append x [a]", "put x []", "[]"},
    {"multi-register", 0, "", "put x [a,1,b,2] = ok", "{\"a\": \"1\", \"b\": \"2\"}"},
    {"multi-register", 0, "put x [a,1]", "put x [b,2] = ok", "{\"a\": \"1\", \"b\": \"2\"}"},
    {"multi-register", 0, "put x [a,1,b,2]", "put x [a,3] = ok", "{\"a\": \"3\", \"b\": \"2\"}"},
    {"multi-register", 0, "put x [a,1,b,2]", "get x = [b,2]", "{\"a\": \"1\", \"b\": \"2\"}"},
    {"multi-register", 0, "put x [a,1,b,2]", "get x = [a,1,b,3]", "illegal"},
    {"multi-register", 0, "put x [a,1]", "get x = [b,1]", "illegal"},
    {"multi-register", 0, "put x [a,1]", "get x = []", "{\"a\": \"1\"}"},
    {"multi-register", 0, "put x [a,1]", "get x = no-key", "illegal"},
    {"multi-register", 0, "", "get x = no-key", "{}"},
    {"multi-register", 0, "put x [a,1]", "put x [a,1]", "illegal"},
    {"multi-register", 0, "put x [a,1]", "put x [a,2]", "{\"a\": \"2\"}"},
    {"bank", 0, "", "transfer x [a,b,5] = ok", "{\"b\": 7}"},
    {"bank", 0, "", "transfer x [a,b,6] = ok", "illegal"},
    {"bank", 0, "", "transfer x [a,b,6] = mismatch", "{\"a\": 5, \"b\": 2}"},
    {"bank", 0, "", "transfer x [a,b,5] = mismatch", "illegal"},
    {"bank", 0, "", "transfer x [a,c,1] = ok", "{\"a\": 4, \"b\": 2, \"c\": 1}"},
    {"bank", 0, "", "transfer x [a,a,5] = ok", "{\"a\": 5, \"b\": 2}"},
    {"bank", 0, "", "transfer x [a,a,6] = ok", "illegal"},
    {"bank", 0, "", "transfer x [a,b,0] = ok", "{\"a\": 5, \"b\": 2}"},
    {"bank", 0, "", "transfer x [a,b,6]", "illegal"},
    {"bank", 0, "", "transfer x [a,b,0]", "illegal"},
    {"bank", 0, "", "transfer x [a,b,1]", "{\"a\": 4, \"b\": 3}"},
    {"bank", OVERDRAFT, "", "transfer x [a,b,6] = ok", "{\"a\": -1, \"b\": 8}"},
    {"bank", OVERDRAFT, "", "transfer x [a,b,6] = mismatch", "illegal"},
    {"bank", 0, "transfer x [a,b,1]", "get x = [a,4,b,3]", "{\"a\": 4, \"b\": 3}"},
    {"bank", 0, "transfer x [a,b,1]", "get x = [a,5,b,2]", "illegal"},
    {"bank", 0, "transfer x [a,b,5]", "get x = [a,0,b,7]", "{\"b\": 7}"},
    {"bank", 0, "", "get x = [a,5]", "illegal"},
    {"mutex", 0, "", "lock x = ok", "locked"},
    {"mutex", 0, "lock x", "lock x = ok", "illegal"},
    {"mutex", 0, "lock x", "unlock x = ok", "unlocked"},
    {"mutex", 0, "", "unlock x = ok", "illegal"},
    {"mutex", 0, "lock x", "lock x", "illegal"},
    {"mutex", 0, "lock x", "unlock x", "unlocked"},
};

enum { N_ROWS = sizeof ROWS / sizeof ROWS[0], LINE_MAX_BYTES = 200, SCENES_MAX = 16 };

static const char ACCOUNTS[] = "a 5 b 2 ";

/* A model and the states that it is in. */
struct bench {
    const struct model *model;
    struct history_option options[2];
    struct history_header header;
    struct model_env env;
    uint32_t state;
    struct history *scenes[SCENES_MAX]; /* whose bytes the strings lend */
    size_t n_scenes;
};

static void bench_begin(struct bench *b, const struct row *row)
{
    *b = (struct bench){.model = model_find(row->model),
                        .options = {{"accounts", ACCOUNTS}, {"overdraft", "true"}}};
    b->header.dialect = row->dialect;
    b->header.options = b->options;
    b->header.n_options = row->dialect == OVERDRAFT ? 2 : 1;
    b->env = (struct model_env){.dialect = row->dialect, .header = &b->header, .n_keys = 1};
    cr_assert_not_null(b->model, "%s", row->model);
    cr_assert_eq(strings_create(&b->env.strings), 0);
    cr_assert_eq(b->model->initial(&b->env, &b->state), 0);
}

static void bench_end(struct bench *b)
{
    strings_destroy(b->env.strings);
    for (size_t i = 0; i < b->n_scenes; i++)
        scene_free(b->scenes[i]);
}

/* One operation from text; *legal tells what its step returned. */
static void bench_do(struct bench *b, const char *text, struct model_op *op, int *legal)
{
    bool known = strchr(text, '=') != NULL;
    char line[LINE_MAX_BYTES];
    struct history *h;
    struct err e;

    snprintf(line, sizeof line, "1 1 %s %s", known ? "2" : "-", text);
    h = scene(b->model->name, b->env.dialect, line);
    cr_assert_eq(model_admits(b->model, &h->header, &h->ops[0], &e), 0, "%s: %s", text, e.text);
    cr_assert_eq(model_op_make(b->model, &b->env, &h->ops[0], 0, op), 0);
    *legal = b->model->step(&b->env, b->state, op, &b->state);
    cr_assert_lt(b->n_scenes, SCENES_MAX);
    b->scenes[b->n_scenes++] = h;
}

static void bench_prepare(struct bench *b, const char *before)
{
    while (*before != '\0') {
        char one[LINE_MAX_BYTES];
        size_t len = strcspn(before, ";");
        struct model_op op;
        int legal;

        snprintf(one, sizeof one, "%.*s", (int)len, before);
        bench_do(b, one, &op, &legal);
        cr_assert_eq(legal, 1, "%s", one);
        before += before[len] == '\0' ? len : len + 1;
    }
}

static void expect_called(const struct bench *b, const char *text, size_t row)
{
    struct buf out = {0};

    cr_assert_eq(b->model->describe_state(&b->env, b->state, &out), 0);
    cr_assert_eq(buf_append_byte(&out, 0), 0);
    cr_expect_str_eq((const char *)out.data, text, "row %zu", row);
    buf_free(&out);
}

Test(checker_objects, each_step_is_as_the_table_says)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        struct bench b;
        struct model_op op;
        int legal;

        bench_begin(&b, &ROWS[i]);
        bench_prepare(&b, ROWS[i].before);
        bench_do(&b, ROWS[i].op, &op, &legal);
        cr_expect_eq(legal, strcmp(ROWS[i].after, "illegal") != 0, "row %zu: legal is %d", i,
                     legal);
        if (legal == 1)
            expect_called(&b, ROWS[i].after, i);
        bench_end(&b);
    }
}

Test(checker_objects, what_observes_changes_no_state_of_its_model)
{
    for (size_t i = 0; i < (size_t)N_ROWS * N_ROWS; i++) {
        const struct row *asked = &ROWS[i / N_ROWS];
        const struct row *met = &ROWS[i % N_ROWS];
        struct bench b;
        struct model_op op;
        uint32_t before;
        int legal;

        if (strcmp(asked->model, met->model) != 0 || asked->dialect != met->dialect)
            continue;
        bench_begin(&b, met);
        bench_prepare(&b, met->before);
        before = b.state;
        bench_do(&b, asked->op, &op, &legal);
        if (legal == 1 && b.model->observes(&b.env, &op))
            cr_expect_eq(b.state, before, "row %zu in the state of %zu", i / N_ROWS, i % N_ROWS);
        bench_end(&b);
    }
}

struct refused {
    const char *model;
    const char *op;
    const char *says;
};

static const struct refused REFUSED[] = {
    {"set", "add x a = mismatch", "dialect"},
    {"set", "remove x a = no-key", "dialect"},
    {"set", "get x = [b,a]", "sorted"},
    {"set", "get x = [a,a]", "sorted"},
    {"set", "get x = a", "sorted"},
    {"counter", "add x 1.5 = ok", "number"},
    {"counter", "add x 1234567890123456789", "18 digits"},
    {"counter", "add x 1 = mismatch", "mismatch"},
    {"counter", "get x = a", "number"},
    {"counter", "get x = -", "number"},
    {"list-append", "append x a = ok", "row of items"},
    {"list-append", "append x [a,b] = ok", "one item"},
    {"list-append", "get x = a", "row of items"},
    {"multi-register", "put x [a] = ok", "map"},
    {"multi-register", "put x [b,1,a,1] = ok", "map"},
    {"multi-register", "get x = [a,1,a,2]", "map"},
    {"bank", "transfer x [a,b] = ok", "amount"},
    {"bank", "transfer x [a,b,-1] = ok", "amount"},
    {"bank", "transfer x [a,b,c]", "amount"},
    {"bank", "get x = [a,b]", "value"},
    {"queue", "push x a = ok", "push"},
    {"queue", "dequeue x = mismatch", "mismatch"},
};

Test(checker_objects, what_is_no_operation_or_answer_of_the_object_is_refused)
{
    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++) {
        char line[LINE_MAX_BYTES];
        struct history *h;
        struct err e = {0};

        snprintf(line, sizeof line, "1 1 2 %s", REFUSED[i].op);
        h = scene(REFUSED[i].model, 0, line);
        cr_expect_eq(model_admits(model_find(REFUSED[i].model), &h->header, &h->ops[0], &e),
                     -E_INVAL, "%s", REFUSED[i].op);
        cr_expect(strstr(e.text, REFUSED[i].says) != NULL, "%s: %s", REFUSED[i].op, e.text);
        scene_free(h);
    }
}

Test(checker_objects, a_bank_whose_accounts_are_no_map_is_refused)
{
    static const char *const wrong[] = {"a", "a 1", "a 1 b ", "b 1 a 1 ", "a one "};
    const struct model *bank = model_find("bank");

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct history_option accounts = {"accounts", wrong[i]};
        struct history_header header = {.options = &accounts, .n_options = 1};
        struct err e = {0};

        cr_expect_eq(bank->admits_header(&header, &e), -E_INVAL, "%s", wrong[i]);
        cr_expect(strstr(e.text, "accounts") != NULL, "%s", e.text);
        accounts.value = ACCOUNTS;
        cr_expect_eq(bank->admits_header(&header, &e), 0);
    }
}
