#include "checker/sequential.h"
#include "generate.h"
#include "oracle.h"
#include "plain.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Sequential consistency of each key, against every order that keeps the processes' own. */

static struct sequential_result *check(const struct history *h, size_t memory)
{
    struct check_options o = {.memory_bytes_max = memory};
    struct sequential_result *r;
    struct err e = {.text = ""};

    cr_assert_eq(sequential_check(h, &o, &r, &e), 0, "%s", e.text);
    return r;
}

/* --- the plainest way ----------------------------------------------------------------------- */

enum { OPS_MAX = 8 };

struct orders {
    const struct history *h;
    const struct slice *key;
    size_t order[OPS_MAX];
    size_t n;
};

static bool counts(const struct orders *o, const struct history_op *op)
{
    return slice_equal(op->key, *o->key) && op->outcome != OUTCOME_FAIL &&
           (op->outcome == OUTCOME_OK || !op_is_read(op->kind));
}

/* The store answers the whole order as it was answered. */
static bool store_answers(const struct history *h, const size_t *order, size_t n)
{
    struct oracle_store *store = oracle_store_create(h);
    bool fits = true;

    for (size_t i = 0; fits && i < n; i++) {
        const struct history_op *op = &h->ops[order[i]];
        struct history_op copy = *op;
        struct buf found = {0};

        fits = oracle_store_execute(store, &copy, &found);
        if (fits && op->outcome == OUTCOME_OK)
            fits = copy.status == op->status &&
                   (!op_returns_value(op->kind) || op->status != STATUS_OK ||
                    slice_equal(buf_slice(&found), op->result));
        buf_free(&found);
    }
    oracle_store_destroy(store);
    return fits;
}

static bool is_answered(const struct history *h, const size_t *order, size_t n)
{
    static struct plain object;

    if (!plain_has_model(h->header.model))
        return store_answers(h, order, n);
    plain_init(&object, h);
    for (size_t i = 0; i < n; i++) {
        if (!plain_place(&object, &h->ops[order[i]]))
            return false;
    }
    return true;
}

static bool is_placed(const struct orders *o, size_t op)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->order[i] == op)
            return true;
    }
    return false;
}

/* Everything that its process did before, on this key, is placed. */
static bool is_next(const struct orders *o, size_t op)
{
    for (size_t i = 0; i < o->h->n_ops; i++) {
        const struct history_op *before = &o->h->ops[i];

        if (before->process == o->h->ops[op].process && counts(o, before) &&
            before->call_seq < o->h->ops[op].call_seq && !is_placed(o, i))
            return false;
    }
    return true;
}

static bool is_complete(const struct orders *o)
{
    for (size_t i = 0; i < o->h->n_ops; i++) {
        if (counts(o, &o->h->ops[i]) && o->h->ops[i].outcome == OUTCOME_OK && !is_placed(o, i))
            return false;
    }
    return true;
}

static bool some_order(struct orders *o)
{
    if (!is_answered(o->h, o->order, o->n))
        return false;
    if (is_complete(o))
        return true;
    for (size_t i = 0; i < o->h->n_ops; i++) {
        if (!counts(o, &o->h->ops[i]) || is_placed(o, i) || !is_next(o, i))
            continue;
        o->order[o->n++] = i;
        if (some_order(o))
            return true;
        o->n--;
    }
    return false;
}

static bool is_consistent_order(const struct history *h, const struct sequential_key *key)
{
    struct orders o = {.h = h, .key = &key->key};

    for (size_t i = 0; i < key->n_order; i++) {
        if (is_placed(&o, key->order[i]) || !is_next(&o, key->order[i]))
            return false;
        o.order[o.n++] = key->order[i];
    }
    return is_complete(&o) && is_answered(h, o.order, o.n);
}

/* --- drawn histories ------------------------------------------------------------------------ */

static const char *const models[] = {"register", "cas-register", "kv",    "priority-queue",
                                     "queue",    "stack",        "mutex", "counter"};

Test(checker_sequential, it_is_what_brute_force_finds)
{
    unsigned n[2] = {0, 0};

    for (uint64_t seed = 0; seed < 16000; seed++) {
        struct rng rng = rng_make(seed, rng_stream("sequential", 0));
        struct generate_options o = {.model = models[seed % 8],
                                     .n_ops = 3 + rng_below(&rng, 4),
                                     .n_processes = 2 + rng_below(&rng, 2),
                                     .n_keys = 1 + rng_below(&rng, 2),
                                     .n_values = 2,
                                     .unknown_ppm = seed % 3 == 0 ? 200000 : 0,
                                     .n_spoiled = 1 + rng_below(&rng, 2)};
        struct history *h = generate(&rng, &o);
        struct sequential_result *r = check(h, seed % 2 == 0 ? 0 : 1);

        for (size_t i = 0; i < r->n_keys; i++) {
            struct sequential_key *key = &r->keys[i];
            struct orders all = {.h = h, .key = &key->key};
            bool consistent = some_order(&all);

            cr_assert_eq(key->verdict == VERDICT_LINEARIZABLE, consistent,
                         "history %llu of a %s: %s", (unsigned long long)seed, o.model,
                         consistent ? "an order was missed" : "there is no order");
            cr_assert_neq(key->verdict, VERDICT_UNKNOWN);
            if (consistent && !key->linearizable) {
                n[1]++;
                cr_assert(is_consistent_order(h, key), "history %llu", (unsigned long long)seed);
            }
            n[0] += !consistent;
        }
        sequential_result_free(&r);
        generate_free(h);
    }
    cr_assert_gt(n[0], 500, "%u", n[0]);
    cr_assert_gt(n[1], 500, "%u", n[1]);
}

/* --- told ----------------------------------------------------------------------------------- */

static enum verdict verdict_of(const char *text)
{
    struct history *h = scene("kv", 0, text);
    struct sequential_result *r = check(h, 0);
    enum verdict v = r->verdict;

    sequential_result_free(&r);
    scene_free(h);
    return v;
}

Test(checker_sequential, an_old_read_is_allowed_a_step_back_is_not)
{
    cr_expect_eq(verdict_of("1 1 2 put x a\n1 3 4 put x b\n2 5 6 get x = a\n2 7 8 get x = b"),
                 VERDICT_LINEARIZABLE);
    cr_expect_eq(verdict_of("1 1 2 put x a\n1 3 4 put x b\n2 5 6 get x = b\n2 7 8 get x = a"),
                 VERDICT_NOT_LINEARIZABLE);
    cr_expect_eq(verdict_of("1 1 2 put x a\n1 3 4 get x = no-key"), VERDICT_NOT_LINEARIZABLE,
                 "a process sees its own writes");
    cr_expect_eq(verdict_of("1 1 3 put x a\n2 2 4 put y a\n1 5 7 get y = no-key\n"
                            "2 6 8 get x = no-key"),
                 VERDICT_LINEARIZABLE, "keys are judged one by one");
}

/* Each element has an order, that of all of them cannot be: linearizability is local, this is not.
 */
Test(checker_sequential, a_set_is_more_than_its_elements)
{
    struct history *h = scene("set", 0,
                              "1 1 2 add x a\n2 3 4 add x b\n1 5 6 contains x b = no-key\n"
                              "2 7 8 contains x a = no-key");
    struct sequential_result *r = check(h, 0);

    cr_expect_eq(r->verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_eq(r->n_keys, 1);
    sequential_result_free(&r);
    scene_free(h);
}

Test(checker_sequential, a_long_run_of_old_reads_needs_no_luck)
{
    struct buf text = {0};
    struct history *h;
    struct sequential_result *r;

    /* Process 2 reads everything that process 1 writes, a hundred writes late. */
    for (unsigned i = 1; i <= 2000; i++) {
        buf_printf(&text, "1 %u %u put x %u\n", 4 * i, 4 * i + 1, i);
        if (i > 100)
            buf_printf(&text, "2 %u %u get x = %u\n", 4 * i + 2, 4 * i + 3, i - 100);
    }
    buf_append_byte(&text, 0);
    text.data[text.len - 2] = 0;
    h = scene("register", 0, (const char *)text.data);
    r = check(h, 0);
    cr_assert_eq(r->verdict, VERDICT_LINEARIZABLE);
    cr_assert_not(r->keys[0].linearizable);
    sequential_result_free(&r);
    scene_free(h);
    buf_free(&text);
}
