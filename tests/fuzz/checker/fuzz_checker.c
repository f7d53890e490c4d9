#include "base/check.h"
#include "checker/verify.h"
#include "checker/witness.h"
#include "generate.h"
#include "oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* fuzz_checker SMALL LARGE SEED [MODEL]
 *
 * Of registers and key-value stores, or of that model:
 *
 * SMALL histories of up to eight operations: each engine's verdict against all orders tried one
 * by one; every witness and every longest order is replayed (witnesses by `rift verify`'s code as
 * well), and stuck operations do not fit.
 * LARGE ones of up to forty: the engines against each other, what is linearizable by construction
 * against all of them, and witnesses replayed. Exit 1 at the first difference.
 *
 * Special engines say "unknown" of what is not of their kind; how many they decided is printed, and
 * must not be few. */

enum { SMALL_OPS_MAX = 8, LARGE_OPS_MAX = 40, LARGE_TURNS_MAX = 100, ENGINES_MAX = 8 };

static const char *const MODELS[] = {"register", "cas-register", "kv"};

static const char *only_model; /* NULL: MODELS */

struct tally {
    uint64_t linearizable;
    uint64_t violations;
    uint64_t unknown;
    uint64_t decided[ENGINES_MAX]; /* by each engine */
};

/* Many unknown outcomes of few values on one key: where dominance and usefulness have to be right.
 */
static void make_mostly_unknown(struct rng *r, struct generate_options *o)
{
    o->n_processes = rng_between(r, 4, 8);
    o->unknown_ppm = 600000;
    o->n_values = rng_between(r, 2, 3);
    o->n_keys = 1;
    o->n_spoiled = rng_below(r, 2);
}

static struct generate_options draw_options(struct rng *r, size_t n_ops_max)
{
    struct generate_options o = {.model = MODELS[rng_below(r, 3)]};

    o.dialect = rng_chance(r, 250000) ? generate_dialect(r) : 0;
    if (only_model != NULL) {
        o.model = only_model;
        o.dialect = rng_chance(r, 500000) ? HISTORY_SET_ANSWERS : 0;
        o.overdraft = rng_chance(r, 200000);
        o.by_element = strcmp(only_model, "set") == 0 && rng_chance(r, 500000);
    }
    o.n_ops = rng_between(r, 1, n_ops_max);
    o.n_processes = rng_between(r, 1, 6);
    o.n_keys = rng_chance(r, 250000) ? 2 : 1;
    o.n_values = rng_between(r, 1, 5);
    o.unknown_ppm = rng_chance(r, 700000) ? 400000 : 0;
    o.n_spoiled = rng_below(r, 4);
    o.fresh = rng_chance(r, 500000);
    o.appends = rng_chance(r, 500000);
    o.ended = rng_chance(r, 700000);
    if (rng_chance(r, 300000))
        make_mostly_unknown(r, &o);
    return o;
}

static void print_history(const struct history *h)
{
    printf("model %s dialect %u\n", h->header.model, h->header.dialect);
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];

        printf("%zu: key '%.*s' %s value '%.*s' expected %s'%.*s' -> %s %s '%.*s' [%" PRIu64
               ", %" PRId64 "]\n",
               i, (int)op->key.len, op->key.data, op_kind_name(op->kind), (int)op->value.len,
               op->value.data, op->expects_absent ? "absent " : "", (int)op->expected.len,
               op->expected.data, op_outcome_name(op->outcome), op_status_name(op->status),
               (int)op->result.len, op->result.data, op->call_seq, (int64_t)op->return_seq);
    }
}

static bool is_special(const char *engine)
{
    return engine != NULL && strcmp(engine, "zones") == 0;
}

/* Those for registers and keys. NULL: the engine is chosen by itself. */
static const char *const ENGINES[] = {"zones", "jit", "porcupine", NULL};

enum { N_ENGINES = sizeof ENGINES / sizeof ENGINES[0] };

static bool complain(const struct history *h, const char *engine, const char *what)
{
    print_history(h);
    printf("engine %s: %s\n", engine == NULL ? "chosen by itself" : engine, what);
    return false;
}

static bool stuck_is_stuck(const struct history *h, const struct check_partition *p)
{
    for (size_t i = 0; i < p->n_stuck; i++) {
        if (oracle_could_follow(h, p->order, p->n_order, p->stuck[i]))
            return false;
    }
    return p->n_stuck > 0;
}

/* What is linearizable is proved to somebody who knows nothing of engines. */
static bool witness_holds(const struct history *h, const struct check_result *r)
{
    struct verification found;
    struct buf bytes = {0};
    struct err e = {0};
    bool ok = witness_encode(h, r, &bytes) == 0 &&
              verify_witness(h, NULL, buf_slice(&bytes), &found, &e) == 1;

    buf_free(&bytes);
    return ok || complain(h, r->partitions[0].engine, e.text);
}

/* The proofs that come with a verdict. */
static bool proofs_hold(const struct history *h, const struct check_result *r, bool whole)
{
    for (size_t i = 0; i < r->n_partitions; i++) {
        const struct check_partition *p = &r->partitions[i];
        bool complete = p->verdict == VERDICT_LINEARIZABLE;
        const char *why;

        bool replays = p->of_element ? oracle_replays_element(h, &p->key, p->element, p->order,
                                                              p->n_order, complete, &why)
                                     : oracle_replays(h, whole ? NULL : &p->key, p->order,
                                                      p->n_order, complete, &why);

        if (!replays)
            return complain(h, p->engine, why);
        if (p->verdict == VERDICT_NOT_LINEARIZABLE && !stuck_is_stuck(h, p))
            return complain(h, p->engine, "a stuck operation fits, or there is none");
    }
    return r->verdict != VERDICT_LINEARIZABLE || witness_holds(h, r);
}

static size_t completed_in_orders(const struct history *h, const struct check_result *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_partitions; i++) {
        for (size_t k = 0; k < r->partitions[i].n_order; k++)
            n += h->ops[r->partitions[i].order[k]].outcome == OUTCOME_OK;
    }
    return n;
}

static bool out_of_turns(void *context)
{
    uint32_t *turns = context;

    return ++*turns > LARGE_TURNS_MAX;
}

/* In every second history the search does without some of its prunings. */
static uint32_t draw_without(struct rng *r)
{
    return rng_chance(r, 500000) ? (uint32_t)rng_below(r, 1 << PRUNING_COUNT) : 0;
}

static enum verdict check_with(const struct history *h, const char *engine, uint32_t without,
                               bool whole, struct check_result **ret)
{
    uint32_t turns = 0;
    struct check_options o = {.engine = engine,
                              .without = without,
                              .whole = whole,
                              .all = true,
                              .spent = out_of_turns,
                              .spent_context = &turns};
    struct err e;
    int rc = check_history(h, &o, ret, &e);

    if (rc < 0) {
        complain(h, engine, e.text);
        exit(1);
    }
    return (*ret)->verdict;
}

static bool small_agrees(const struct history *h, size_t engine, uint32_t without, bool whole,
                         bool expected, size_t longest, struct tally *t)
{
    const char *name = ENGINES[engine];
    struct check_result *r;
    enum verdict v = check_with(h, name, without, whole, &r);
    bool ok = v == (expected ? VERDICT_LINEARIZABLE : VERDICT_NOT_LINEARIZABLE);

    t->decided[engine] += ok;
    if (v == VERDICT_UNKNOWN && is_special(name)) {
        check_result_free(&r);
        return true;
    }
    if (!ok)
        complain(h, name,
                 expected ? "a linearizable history was refused" : "a violation was missed");
    ok = ok && proofs_hold(h, r, whole);
    /* With one partition the longest order is the longest there is. */
    if (ok && r->n_partitions == 1 && completed_in_orders(h, r) != longest)
        ok = complain(h, name, "there is a longer order");
    check_result_free(&r);
    return ok;
}

static bool small_case(struct rng *r, struct tally *t)
{
    struct generate_options o = draw_options(r, SMALL_OPS_MAX);
    bool whole = rng_chance(r, 200000);
    struct history *h = generate(r, &o);
    size_t longest;
    bool expected = oracle_linearizable(h, &longest);
    uint32_t without = draw_without(r);
    bool ok = true;

    if (expected)
        t->linearizable++;
    else
        t->violations++;
    for (size_t e = 0; ok && e < N_ENGINES; e++)
        ok = small_agrees(h, e, without, whole, expected, longest, t);
    generate_free(h);
    return ok;
}

static bool large_case(struct rng *r, struct tally *t)
{
    struct generate_options o = draw_options(r, LARGE_OPS_MAX);
    enum verdict agreed = VERDICT_UNKNOWN;
    struct history *h;
    uint32_t without = draw_without(r);
    bool whole; /* some of the engines, against the others */
    bool ok = true;

    o.n_spoiled = rng_below(r, 2);
    h = generate(r, &o);
    whole = rng_chance(r, 250000);
    if (o.n_spoiled == 0)
        agreed = VERDICT_LINEARIZABLE;
    for (size_t e = 0; ok && e < N_ENGINES; e++) {
        const char *name = ENGINES[e];
        struct check_result *found;
        enum verdict v = check_with(h, name, without, whole && e % 2 == 1, &found);

        if (v != VERDICT_UNKNOWN && agreed != VERDICT_UNKNOWN && v != agreed)
            ok = complain(h, name, "engines differ");
        t->decided[e] += v != VERDICT_UNKNOWN;
        if (v == VERDICT_UNKNOWN)
            t->unknown += !is_special(name);
        else
            agreed = v;
        ok = ok && proofs_hold(h, found, whole && e % 2 == 1);
        check_result_free(&found);
    }
    t->linearizable += agreed == VERDICT_LINEARIZABLE;
    t->violations += agreed == VERDICT_NOT_LINEARIZABLE;
    generate_free(h);
    return ok;
}

static bool run(const char *name, uint64_t n, uint64_t seed,
                bool (*one)(struct rng *, struct tally *))
{
    struct tally t = {0};
    bool seen_enough = true;

    for (uint64_t i = 0; i < n; i++) {
        struct rng r = rng_make(seed, rng_stream(name, i));

        if (!one(&r, &t)) {
            printf("%s case %" PRIu64 " of seed %" PRIu64 "\n", name, i, seed);
            return false;
        }
    }
    printf("%s: %" PRIu64 " linearizable, %" PRIu64 " violations, %" PRIu64
           " times out of budget\n",
           name, t.linearizable, t.violations, t.unknown);
    for (size_t e = 0; e < N_ENGINES; e++) {
        const char *engine = ENGINES[e];

        printf("  %s decided %" PRIu64 "\n", engine == NULL ? "chosen by itself:" : engine,
               t.decided[e]);
        if (only_model == NULL || !is_special(engine))
            seen_enough = seen_enough && t.decided[e] > n / 10;
    }
    /* A run that saw only one kind of history has tested little. */
    return n < 1000 || (seen_enough && t.linearizable > n / 10 && t.violations > n / 20);
}

int main(int argc, char **argv)
{
    uint64_t small = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    uint64_t large = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

    only_model = argc > 4 ? argv[4] : NULL;
    return run("small", small, seed, small_case) && run("large", large, seed, large_case) ? 0 : 1;
}
