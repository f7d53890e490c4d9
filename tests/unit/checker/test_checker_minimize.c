#include "base/clock.h"
#include "checker/excerpt.h"
#include "checker/minimize.h"
#include "checker/narrow.h"
#include "checker/tell.h"
#include "oracle.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct check_result *check(const struct history *h, bool whole)
{
    struct check_options o = {.whole = whole};
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    cr_assert_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    return r;
}

static struct minimal *minimize_or_fail(const struct history *h, bool whole)
{
    static const struct minimize_options unbounded = {0};
    struct check_result *r = check(h, whole);
    struct minimal *m;
    struct err e;

    cr_assert_eq(minimize(h, r, &unbounded, &m, &e), 0, "%s", e.text);
    check_result_free(&r);
    return m;
}

/* --- what is left --------------------------------------------------------------------------- */

struct example {
    const char *name;
    const char *model;
    const char *scene;
    const char *left;  /* numbers of operations */
    const char *words; /* the second line of what is told */
};

static const struct example EXAMPLES[] = {
    {"a stale read, among values that were written before and other keys", "kv",
     "1 1 2 put x 4\n"
     "2 1 3 put y 9\n"
     "1 4 5 put x 5\n"
     "1 6 7 put x 4\n"
     "1 8 9 put x 6\n"
     "2 10 11 get x = 6\n"
     "1 12 13 put x 5\n"
     "3 25 28 get x = 4\n",
     "3 4 7",
     "The get by process 3 returned \"4\", which was overwritten by process 1's put \"6\" that had "
     "returned 16.0 ms before the get began."},
    {"a value from nowhere", "register", "1 1 2 put x 1\n2 3 4 get x = 2\n", "1",
     "The get by process 2 returned \"2\", which nobody wrote."},
    {"a value from the future", "register", "2 3 4 get x = 2\n1 6 8 put x 2\n", "0",
     "The get by process 2 returned \"2\", but the first to write that was process 1's put \"2\", "
     "which began 2.0 ms after the get had returned."},
    {"a lost write", "kv", "1 1 2 put x 1\n2 5 6 get x = no-key\n", "0 1",
     "The get by process 2 returned no value, in spite of process 1's put \"1\" that had returned "
     "3.0 ms before the get began."},
    {"a lost append", "kv",
     "1 1 2 append x a\n1 3 4 append x b\n1 5 6 append x c\n2 7 8 get x = ac\n", "0 1 2 3",
     "The get by process 2 returned \"ac\", which lacks what was added by process 1's append \"b\" "
     "that had returned 3.0 ms before the get began."},
    {"two readers see two orders", "register",
     "1 1 20 put x 1\n2 2 19 put x 2\n3 3 4 get x = 1\n3 5 6 get x = 2\n3 7 8 get x = 1\n",
     "0 1 2 3 4",
     "No order of them gives every answer and respects that these came one after the other:"},
    {"elements that a queue gave in the wrong order", "queue",
     "1 1 2 enqueue x a\n1 3 4 enqueue x b\n1 5 6 enqueue x c\n2 7 8 dequeue x = a\n"
     "2 9 10 dequeue x = c\n3 11 12 enqueue x d\n2 13 20 dequeue x = b\n",
     "1 2 4",
     "  - process 1's enqueue \"b\" had returned 1.0 ms before process 1's enqueue \"c\" began"},
    {"a list that nobody can have made", "kv",
     "1 1 2 append x a\n2 3 4 append x b\n3 5 6 get x = aba\n", "0 1 2",
     "No order of them gives every answer, whatever their times are."},
    {"a cas that found what was gone", "cas-register",
     "1 1 2 put x 1\n1 3 4 put x 2\n2 5 6 cas x 1 3 = ok\n", "0 1 2",
     "The cas by process 2 found \"1\", which was overwritten by process 1's put \"2\" that had "
     "returned 1.0 ms before the cas began."},
};

static void expect_left(const struct example *x, const struct minimal *m)
{
    char left[64] = "";
    size_t n = 0;

    for (size_t i = 0; i < m->n; i++)
        n += (size_t)snprintf(left + n, sizeof left - n, "%s%zu", i > 0 ? " " : "", m->ops[i].op);
    cr_expect_str_eq(left, x->left, "%s: %s", x->name, left);
}

static void expect_words(const struct example *x, const struct history *h, const struct minimal *m)
{
    struct buf out = {0};

    cr_assert_eq(minimal_tell(h, m, &out), 0);
    cr_assert_eq(buf_append_byte(&out, '\0'), 0);
    cr_expect(strstr((const char *)out.data, x->words) != NULL, "%s: %s", x->name, out.data);
    buf_free(&out);
}

Test(checker_minimize, what_is_left_and_what_is_said_of_it)
{
    for (size_t i = 0; i < sizeof EXAMPLES / sizeof EXAMPLES[0]; i++) {
        struct history *h = scene(EXAMPLES[i].model, 0, EXAMPLES[i].scene);
        struct minimal *m;

        h->duration_ns = 100 * NS_PER_MS;
        m = minimize_or_fail(h, i % 2 == 1);
        expect_left(&EXAMPLES[i], m);
        expect_words(&EXAMPLES[i], h, m);
        cr_expect(m->finished);
        minimal_free(&m);
        scene_free(h);
    }
}

/* Who had returned, and whom that convicts; the earlier put may have returned at any time. */
Test(checker_minimize, a_return_matters_when_nothing_is_impossible_without_it)
{
    struct history *h = scene("kv", 0, "1 1 2 put x 4\n2 3 4 put x 5\n3 5 6 get x = 4\n");
    struct minimal *m = minimize_or_fail(h, false);

    cr_assert_eq(m->n, 3);
    cr_expect(m->ops[0].return_matters);
    cr_expect(m->ops[1].return_matters);
    cr_expect_not(m->ops[2].return_matters);
    minimal_free(&m);
    scene_free(h);
}

static bool at_once(void *context)
{
    (void)context;
    return true;
}

Test(checker_minimize, a_spent_budget_leaves_what_it_had_and_says_so)
{
    struct history *h =
        scene("kv", 0, "1 1 2 put x 4\n2 3 4 put x 5\n1 5 6 put x 7\n3 7 8 get x = 4\n");
    struct check_result *r = check(h, false);
    struct minimize_options none = {.spent = at_once};
    struct minimal *m;
    struct err e;

    cr_assert_eq(minimize(h, r, &none, &m, &e), 0, "%s", e.text);
    cr_expect_not(m->finished);
    cr_expect_eq(m->n, 4);
    minimal_free(&m);
    check_result_free(&r);
    scene_free(h);
}

Test(checker_minimize, what_is_linearizable_is_not_minimized)
{
    struct history *h = scene("kv", 0, "1 1 2 put x 4\n");
    struct check_options o = {0};
    struct minimize_options unbounded = {0};
    struct check_result *r;
    struct minimal *m;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0);
    cr_expect_eq(minimize(h, r, &unbounded, &m, &e), -E_INVAL);
    check_result_free(&r);
    scene_free(h);
}

enum { LONG_OPS = 3000 };

/* Each value is written and read, one after the other; the last get finds an old one. */
static struct history *long_history(char (*values)[8])
{
    struct history *h = calloc(1, sizeof *h);

    cr_assert_not_null(h);
    h->header.model = "register";
    h->ops = calloc(LONG_OPS, sizeof *h->ops);
    cr_assert_not_null(h->ops);
    for (size_t i = 0; i < LONG_OPS; i++) {
        struct history_op *op = &h->ops[i];

        snprintf(values[i], sizeof values[i], "%zu", i == LONG_OPS - 1 ? LONG_OPS / 4 : i / 2);
        *op = (struct history_op){.process = (uint32_t)(i % 2),
                                  .kind = i % 2 == 0 ? OP_PUT : OP_GET,
                                  .outcome = OUTCOME_OK,
                                  .call_seq = 2 * i + 1,
                                  .return_seq = 2 * i + 2};
        if (op->kind == OP_PUT)
            op->value = slice_str(values[i]);
        else
            op->result = slice_str(values[i]);
    }
    h->n_ops = LONG_OPS;
    return h;
}

static struct excerpt *excerpt_of(const struct history *h)
{
    static struct problem_input inputs[LONG_OPS];
    struct excerpt *x;

    for (size_t i = 0; i < h->n_ops; i++)
        inputs[i] = (struct problem_input){.original = i};
    cr_assert_eq(excerpt_create(h, model_find("register"), inputs, h->n_ops, HISTORY_NEVER - 1, &x),
                 0);
    return x;
}

Test(checker_minimize, two_values_that_contradict_each_other_are_found)
{
    static char values[LONG_OPS][8];
    static bool keep[LONG_OPS];
    static const struct check_options unbounded = {0};
    struct history *h = long_history(values);
    struct excerpt *x = excerpt_of(h);
    size_t n = 0;

    cr_assert_eq(narrow_guess(x, keep), 1);
    for (size_t i = 0; i < LONG_OPS; i++)
        n += keep[i];
    cr_expect_eq(n, 4, "%zu", n); /* the put, its get, the stale one, and the last put */
    cr_expect(keep[LONG_OPS - 1]);
    cr_expect_eq(excerpt_impossible(x, keep, &unbounded), 1);
    excerpt_destroy(x);
    h->n_ops--; /* without the stale get */
    x = excerpt_of(h);
    cr_expect_eq(narrow_guess(x, keep), 0);
    excerpt_destroy(x);
    free(h->ops);
    free(h);
}

/* --- what is drawn -------------------------------------------------------------------------- */

struct picture {
    const char *name;
    const char *scene;
    struct draw_options options;
    const char *lines;
};

#define STALE "1 1 2 put x 4\n2 3 9 put x 5\n2 10 11 get x = 5\n3 12 13 get x = 4\n"
#define OPEN "1 1 2 put x 4\n2 3 - put x 5\n3 4 5 get x = 5\n3 6 7 get x = 4\n"
#define LONG                                                                                       \
    "1 1 2 put x abcdefghijklmnopqrstuvwxyz\n2 3 9 put x 0123456789abcdefghijklmnopqrstuvwxyz\n"   \
    "3 12 13 get x = abcdefghijklmnopqrstuvwxyz\n"

static const struct picture PICTURES[] = {
    {"ASCII",
     STALE,
     {.width = 80},
     "process 1 |-put 4-|\n"
     "process 2          |-put 5-|\n"
     "process 3                   |=get: 4=| X\n"
     "          1.0 ms               13.0 ms\n"},
    {"UTF-8",
     STALE,
     {.width = 80, .utf8 = true},
     "process 1 ├─put 4─┤\n"
     "process 2          ├─put 5─┤\n"
     "process 3                   ╞═get: 4═╡ ✗\n"
     "          1.0 ms               13.0 ms\n"},
    {"an operation that nobody saw return",
     OPEN,
     {.width = 80},
     "process 1 |-put 4-|\n"
     "process 2          |-put 5--------------->\n"
     "process 3           |-get: 5-||=get: 4=| X\n"
     "          1.0 ms                  7.0 ms\n"},
    {"long values, a narrow terminal",
     LONG,
     {.width = 60},
     "process 1 |-put ...vwxyz-|\n"
     "process 2                 |-put ...vwxyz-|\n"
     "process 3                                 |=get: ..vwxyz=| X\n"
     "          1.0 ms                                   13.0 ms\n"},
    {"too narrow to draw",
     LONG,
     {.width = 40},
     "  put \"abcdefghijklmnopqrstuvwxyz\" by process 1 returned ok [1.0 ms .. 2.0 ms]\n"
     "  put \"0123456789abcdefghijklmnopqrstuvwxyz\" by process 2 returned ok [3.0 ms .. 9.0 ms]\n"
     "X get by process 3 returned \"abcdefghijklmnopqrstuvwxyz\" [12.0 ms .. 13.0 ms]\n"},
};

Test(checker_minimize, drawings)
{
    for (size_t i = 0; i < sizeof PICTURES / sizeof PICTURES[0]; i++) {
        const struct picture *p = &PICTURES[i];
        struct history *h = scene("kv", 0, p->scene);
        struct minimal *m;
        struct buf out = {0};

        h->duration_ns = 100 * NS_PER_MS;
        m = minimize_or_fail(h, false);
        cr_assert_eq(minimal_draw(h, m, &p->options, &out), 0);
        cr_assert_eq(buf_append_byte(&out, '\0'), 0);
        cr_expect_str_eq((const char *)out.data, p->lines, "%s:\n%s", p->name, out.data);
        buf_free(&out);
        minimal_free(&m);
        scene_free(h);
    }
}

/* --- violations that were recorded elsewhere -------------------------------------------------- */

/* They are not part of the project: without the folder beside it the test is skipped. */
#define FOLDER RIFT_SOURCE_DIR "/../shared/histories/"

enum { FILES_MAX = 256, MEDIAN_MAX = 8, SECONDS_MAX = 2 };

struct sizes {
    size_t n[FILES_MAX];
    size_t n_files;
};

static bool is_impossible(const struct history *h, const struct minimal *m)
{
    struct history_op *ops = calloc(m->n + 1, sizeof *ops);
    struct history left = {.header = h->header, .ops = ops};
    size_t ignored;
    bool found;

    cr_assert_not_null(ops);
    for (size_t i = 0; i < m->n; i++)
        ops[left.n_ops++] = h->ops[m->ops[i].op];
    found = oracle_linearizable(&left, &ignored);
    free(ops);
    return !found;
}

static void minimize_file(const char *folder, const char *name, struct sizes *sizes)
{
    char path[1024];
    struct history *h;
    struct minimal *m;
    struct err e;
    int64_t start_ns;

    snprintf(path, sizeof path, FOLDER "%s/%s", folder, name);
    cr_assert_eq(history_load(path, &h, &e), 0, "%s", e.text);
    start_ns = clock_thread_ns();
    m = minimize_or_fail(h, false);
    cr_expect_lt(clock_thread_ns() - start_ns, SECONDS_MAX * NS_PER_S, "%s", name);
    cr_expect(is_impossible(h, m), "%s", name);
    sizes->n[sizes->n_files++] = m->n;
    minimal_free(&m);
    history_free(&h);
}

static void minimize_folder(const char *folder, struct sizes *sizes)
{
    char path[1024];
    char name[256];
    char verdict[64];
    FILE *list;

    snprintf(path, sizeof path, FOLDER "%s/verdicts.tsv", folder);
    list = fopen(path, "r");
    if (list == NULL)
        cr_skip_test("skipped: there is no %s", path);
    while (fscanf(list, "%255s %63s", name, verdict) == 2 && sizes->n_files < FILES_MAX) {
        if (strcmp(verdict, "linearizable") != 0)
            minimize_file(folder, name, sizes);
    }
    fclose(list);
}

static int by_size(const void *a, const void *b)
{
    const size_t *x = a;
    const size_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

Test(checker_minimize, recorded_violations_come_down_to_a_few_impossible_operations)
{
    static struct sizes sizes;

    minimize_folder("etcd-register", &sizes);
    minimize_folder("kv-append", &sizes);
    cr_assert_gt(sizes.n_files, 0);
    qsort(sizes.n, sizes.n_files, sizeof sizes.n[0], by_size);
    cr_expect_leq(sizes.n[sizes.n_files / 2], MEDIAN_MAX);
}
