#include "checker/staleness.h"
#include "generate.h"
#include "oracle.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* How old reads were: against brute force over every Delta, and against counting by hand. */

enum { NS = 1000 }; /* between two events of a drawn history */

static struct staleness *measure(const struct history *h)
{
    struct check_options o = {.model = NULL};
    struct staleness *s;
    struct err e = {.text = ""};

    cr_assert_eq(staleness_measure(h, &o, &s, &e), 0, "%s", e.text);
    return s;
}

/* --- the plainest way ----------------------------------------------------------------------- */

static bool is_read(const struct history_op *op)
{
    return op->kind == OP_GET && op->outcome == OUTCOME_OK;
}

static int compare_calls(const void *a, const void *b)
{
    const struct history_op *x = a;
    const struct history_op *y = b;

    return x->call_seq < y->call_seq ? -1 : x->call_seq > y->call_seq;
}

/* Times become the order: twice as fine, a call before the returns of its moment. */
static bool legal_at(const struct history *h, int64_t delta)
{
    struct history_op *ops = calloc(h->n_ops + 1, sizeof *ops);
    struct history moved = *h;
    size_t longest;
    bool legal;

    for (size_t i = 0; i < h->n_ops; i++) {
        int64_t call = h->ops[i].call_ns - (is_read(&h->ops[i]) ? delta : 0);

        ops[i] = h->ops[i];
        ops[i].call_seq = (uint64_t)(2 * (call + 1000000));
        if (ops[i].return_seq != HISTORY_NEVER)
            ops[i].return_seq = (uint64_t)(2 * (h->ops[i].return_ns + 1000000) + 1);
    }
    qsort(ops, h->n_ops, sizeof *ops, compare_calls);
    moved.ops = ops;
    legal = oracle_linearizable(&moved, &longest);
    free(ops);
    return legal;
}

/* Delta changes the order only where a call meets a return, and these are whole multiples of NS.
 * -1: none is enough. */
static int64_t delta_by_force(const struct history *h)
{
    for (int64_t delta = 0; delta <= h->duration_ns + NS; delta += NS) {
        if (legal_at(h, delta))
            return delta;
    }
    return -1;
}

static bool same_value(const struct history_op *write, const struct history_op *read)
{
    if (read->status != STATUS_OK || write->kind == OP_DELETE)
        return (read->status != STATUS_OK) == (write->kind == OP_DELETE);
    return slice_equal(write->value, read->result);
}

static bool certainly_wrote(const struct history_op *op)
{
    return (op->kind == OP_PUT || op->kind == OP_CAS || op->kind == OP_DELETE) &&
           op->outcome == OUTCOME_OK && op->status == STATUS_OK;
}

static bool maybe_wrote(const struct history_op *op)
{
    return certainly_wrote(op) ||
           ((op->kind == OP_PUT || op->kind == OP_CAS || op->kind == OP_DELETE) &&
            (op->outcome == OUTCOME_INFO || op->outcome == OUTCOME_PENDING));
}

static bool same_key(const struct history_op *a, const struct history_op *b)
{
    return slice_equal(a->key, b->key);
}

/* Writes that stand between `writer` (NULL: the start) and the read. */
static uint64_t count_between(const struct history *h, const struct history_op *writer,
                              const struct history_op *read)
{
    uint64_t n = 0;

    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *w = &h->ops[i];

        n += certainly_wrote(w) && same_key(w, read) && w->return_seq < read->call_seq &&
             (writer == NULL || writer->return_seq < w->call_seq);
    }
    return n;
}

/* The least over all writes that the read can have seen. */
static uint64_t versions_by_force(const struct history *h, const struct history_op *read)
{
    uint64_t least = UINT64_MAX;

    if (read->status != STATUS_OK)
        least = count_between(h, NULL, read);
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *w = &h->ops[i];

        if (maybe_wrote(w) && same_key(w, read) && same_value(w, read) &&
            w->call_seq < read->return_seq) {
            uint64_t n = count_between(h, w, read);

            least = n < least ? n : least;
        }
    }
    return least == UINT64_MAX ? 0 : least;
}

/* --- drawn histories ------------------------------------------------------------------------ */

static void give_times(struct history *h)
{
    h->duration_ns = 0;
    for (size_t i = 0; i < h->n_ops; i++) {
        h->ops[i].call_ns = (int64_t)h->ops[i].call_seq * NS;
        if (h->ops[i].return_seq != HISTORY_NEVER)
            h->ops[i].return_ns = (int64_t)h->ops[i].return_seq * NS;
        if (h->ops[i].call_ns > h->duration_ns)
            h->duration_ns = h->ops[i].call_ns;
        if (h->ops[i].return_ns > h->duration_ns)
            h->duration_ns = h->ops[i].return_ns;
    }
}

static uint64_t told_versions(const struct staleness *s, size_t op)
{
    for (size_t i = 0; i < s->n_stale; i++) {
        if (s->stale[i].op == op)
            return s->stale[i].versions;
    }
    return 0;
}

/* Returns Delta, for the count of what was drawn. */
static int64_t compare_history(struct history *h, uint64_t seed)
{
    struct staleness *s;
    int64_t delta;

    give_times(h);
    s = measure(h);
    delta = delta_by_force(h);
    if (delta < 0) {
        cr_assert_eq(s->kind, STALENESS_NONE, "history %llu", (unsigned long long)seed);
    } else {
        /* Between two multiples of NS nothing changes: the least is one above the last bad one. */
        cr_assert_eq(s->kind, STALENESS_IS, "history %llu", (unsigned long long)seed);
        cr_assert(s->delta_ns <= delta && s->delta_ns > delta - NS,
                  "history %llu: %lld, by force %lld", (unsigned long long)seed,
                  (long long)s->delta_ns, (long long)delta);
    }
    for (size_t i = 0; i < h->n_ops; i++) {
        if (is_read(&h->ops[i]))
            cr_assert_eq(told_versions(s, i), versions_by_force(h, &h->ops[i]),
                         "history %llu, operation %zu: %llu", (unsigned long long)seed, i,
                         (unsigned long long)told_versions(s, i));
    }
    for (size_t i = 0; i < s->n_stale; i++)
        cr_assert(s->kind != STALENESS_IS || s->stale[i].age_ns <= s->delta_ns);
    staleness_free(&s);
    return delta;
}

static const char *const models[] = {"register", "cas-register", "kv"};

Test(checker_staleness, it_is_what_brute_force_finds)
{
    unsigned n_stale = 0;
    unsigned n_none = 0;

    for (uint64_t seed = 0; seed < 20000; seed++) {
        struct rng rng = rng_make(seed, rng_stream("staleness", 0));
        struct generate_options o = {.model = models[seed % 3],
                                     .n_ops = 2 + rng_below(&rng, 5),
                                     .n_processes = 3,
                                     .n_keys = 1 + rng_below(&rng, 2),
                                     .n_values = 2 + rng_below(&rng, 3),
                                     .unknown_ppm = seed % 2 == 0 ? 200000 : 0,
                                     .n_spoiled = 1};
        struct history *h = generate(&rng, &o);
        bool appended = false;

        for (size_t i = 0; i < h->n_ops; i++)
            appended |= h->ops[i].kind == OP_APPEND;
        if (!appended) {
            int64_t delta = compare_history(h, seed);

            n_stale += delta > 0;
            n_none += delta < 0;
        }
        generate_free(h);
    }
    cr_assert_gt(n_stale, 200, "%u", n_stale);
    cr_assert_gt(n_none, 200, "%u", n_none);
}

/* --- told ----------------------------------------------------------------------------------- */

Test(checker_staleness, the_oldest_read_is_named_with_its_age)
{
    struct history *h = scene("kv", 0,
                              "1 1 2 put x a\n1 3 4 put x b\n1 5 6 put x c\n2 7 8 get x = b\n"
                              "2 9 10 get x = a\n2 11 12 get x = c");
    struct staleness *s;
    struct buf text = {0};

    give_times(h);
    s = measure(h);
    cr_assert_eq(s->n_reads, 3);
    cr_assert_eq(s->n_stale, 2);
    cr_assert_eq(s->stale[0].op, 4);
    cr_assert_eq(s->stale[0].versions, 2);
    cr_assert_eq(s->stale[0].age_ns, 5 * NS);
    cr_assert_eq(s->stale[0].overwritten, 1);
    cr_assert_eq(s->stale[1].versions, 1);
    cr_assert_eq(s->delta_ns, 5 * NS);
    cr_assert_eq(staleness_tell(h, s, &text), 0);
    buf_append_byte(&text, 0);
    cr_assert_not_null(strstr((char *)text.data, "Staleness: 0.005 ms."), "%s", (char *)text.data);
    cr_assert_not_null(strstr((char *)text.data, "get(x) = a: at least 2 versions old, overwritten "
                                                 "0.005 ms before"),
                       "%s", (char *)text.data);
    buf_free(&text);
    staleness_free(&s);
    scene_free(h);
}

Test(checker_staleness, other_models_have_none)
{
    struct history *h = scene("kv", 0, "1 1 2 put x a");
    struct check_options o = {.model = "queue"};
    struct staleness *s;

    cr_assert_eq(staleness_measure(h, &o, &s, NULL), -E_INVAL);
    scene_free(h);
}

static bool spent_at_once(void *context)
{
    (void)context;
    return true;
}

Test(checker_staleness, a_spent_budget_gives_a_bound)
{
    struct history *h = scene("kv", 0, "1 1 2 put x a\n1 3 4 put x b\n2 7 8 get x = a");
    struct check_options o = {.spent = spent_at_once};
    struct staleness *s;

    give_times(h);
    cr_assert_eq(staleness_measure(h, &o, &s, NULL), 0);
    cr_assert(s->kind == STALENESS_AT_LEAST ? s->delta_ns >= 3 * NS : s->delta_ns == 3 * NS);
    staleness_free(&s);
    scene_free(h);
}
