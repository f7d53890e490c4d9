#include "base/check.h"
#include "checker/verify.h"
#include "checker/witness.h"
#include "toys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* fuzz_special SMALL LARGE SEED [OBJECT]
 *
 * The special engines of queues, stacks and the like. For each object, SMALL histories of up to
 * eight operations against all orders tried one by one, and LARGE ones of up to 200 against the
 * general search; every witness is replayed. Exit 1 at the first difference.
 *
 * A special engine says "unknown" of what is not of its kind. How many it decided is printed, and
 * must not be few; and it must never make an order that does not hold. */

enum { SMALL_OPS_MAX = 8, LARGE_OPS_MAX = 200, TURNS_MAX = 100 };

struct tally {
    uint64_t linearizable;
    uint64_t violations;
    uint64_t decided; /* by the special engine */
    uint64_t open;    /* not decided by the search */
};

static struct toys_options draw_options(struct rng *r, const struct toy *toy, size_t n_ops_max)
{
    struct toys_options o = {.toy = toy};

    o.n_ops = rng_between(r, 1, n_ops_max);
    o.n_processes = rng_between(r, 1, 8);
    if (toy->values == VALUES_ONE)
        o.n_values = 1;
    if (toy->values == VALUES_FEW || rng_chance(r, 100000))
        o.n_values = rng_between(r, 1, 3);
    o.unknown_ppm = rng_chance(r, 300000) ? 300000 : 0;
    o.takes_unknown = rng_chance(r, 200000);
    o.n_spoiled = rng_below(r, 5) * (1 + o.n_ops / 20);
    return o;
}

static bool out_of_turns(void *context)
{
    uint32_t *turns = context;

    return ++*turns > TURNS_MAX;
}

static bool complain(const struct history *h, const char *engine, const char *what)
{
    toys_print(h);
    printf("engine %s: %s\n", engine == NULL ? "chosen by itself" : engine, what);
    return false;
}

/* What is linearizable is proved to somebody who knows nothing of engines. */
static bool witness_holds(const struct history *h, const struct check_result *r, struct err *e)
{
    struct verification found;
    struct buf bytes = {0};
    bool ok = witness_encode(h, r, &bytes) == 0 &&
              verify_witness(h, NULL, buf_slice(&bytes), &found, e) == 1;

    buf_free(&bytes);
    return ok;
}

/* The verdict; what comes with it is looked at. *ok: false when that is wrong. */
static enum verdict judge(const struct history *h, const char *engine, bool *ok)
{
    uint32_t turns = 0;
    struct check_options o = {.engine = engine, .spent = out_of_turns, .spent_context = &turns};
    struct check_result *r;
    const struct check_partition *p;
    enum verdict verdict;
    const char *why;
    struct err e;

    if (check_history(h, &o, &r, &e) < 0) {
        *ok = complain(h, engine, e.text);
        return VERDICT_UNKNOWN;
    }
    verdict = r->verdict;
    p = &r->partitions[r->worst];
    if (r->n_partitions == 1 && !p->of_element &&
        !toys_replays(h, p->order, p->n_order, verdict == VERDICT_LINEARIZABLE, &why))
        *ok = complain(h, engine, why);
    if (verdict == VERDICT_LINEARIZABLE && !witness_holds(h, r, &e))
        *ok = complain(h, engine, e.text);
    if (verdict == VERDICT_NOT_LINEARIZABLE && p->n_stuck == 0)
        *ok = complain(h, engine, "nothing is stuck");
    for (size_t i = 0; i < r->n_partitions; i++) {
        const char *reason = r->partitions[i].reason;

        if (reason != NULL && strstr(reason, "does not hold") != NULL)
            *ok = complain(h, engine, reason);
    }
    check_result_free(&r);
    return verdict;
}

static bool agrees(const struct history *h, const char *engine, enum verdict expected,
                   struct tally *t, bool may_pass)
{
    bool ok = true;
    enum verdict v = judge(h, engine, &ok);

    if (v == VERDICT_UNKNOWN && may_pass)
        return ok;
    t->decided += may_pass;
    if (ok && expected != VERDICT_UNKNOWN && v != expected)
        ok = complain(h, engine,
                      expected == VERDICT_LINEARIZABLE ? "a linearizable history was refused"
                                                       : "a violation was missed");
    return ok;
}

static void count(struct tally *t, enum verdict v)
{
    t->linearizable += v == VERDICT_LINEARIZABLE;
    t->violations += v == VERDICT_NOT_LINEARIZABLE;
    t->open += v == VERDICT_UNKNOWN;
}

static bool small_case(struct rng *r, const struct toy *o, struct tally *t)
{
    struct toys_options options = draw_options(r, o, SMALL_OPS_MAX);
    struct history *h = toys_generate(r, &options);
    enum verdict expected = toys_linearizable(h) ? VERDICT_LINEARIZABLE : VERDICT_NOT_LINEARIZABLE;
    bool ok = agrees(h, o->engine, expected, t, true) && agrees(h, NULL, expected, t, false) &&
              agrees(h, "jit", expected, t, false);

    count(t, expected);
    toys_free(h);
    return ok;
}

static bool large_case(struct rng *r, const struct toy *o, struct tally *t)
{
    struct toys_options options = draw_options(r, o, LARGE_OPS_MAX);
    struct history *h = toys_generate(r, &options);
    bool ok = true;
    enum verdict expected = judge(h, "jit", &ok);

    if (options.n_spoiled == 0 && expected == VERDICT_NOT_LINEARIZABLE)
        ok = complain(h, "jit", "a linearizable history was refused");
    if (options.n_spoiled == 0)
        expected = VERDICT_LINEARIZABLE;
    ok = ok && agrees(h, o->engine, expected, t, true);
    count(t, expected);
    toys_free(h);
    return ok;
}

static bool run(const char *name, const struct toy *o, uint64_t n, uint64_t seed,
                bool (*one)(struct rng *, const struct toy *, struct tally *))
{
    struct tally t = {0};

    for (uint64_t i = 0; i < n; i++) {
        struct rng r = rng_make(seed, rng_stream(name, i));

        if (!one(&r, o, &t)) {
            printf("%s %s case %" PRIu64 " of seed %" PRIu64 "\n", o->name, name, i, seed);
            return false;
        }
    }
    printf("%s %s: %" PRIu64 " linearizable, %" PRIu64 " violations, %" PRIu64
           " not decided by the search, %" PRIu64 " decided by %s\n",
           o->name, name, t.linearizable, t.violations, t.open, t.decided, o->engine);
    /* A run that saw only one kind of history has tested little. */
    if (n < 1000 ||
        (t.decided > n / 2 && t.linearizable > n / 10 && t.violations + t.open > n / 10))
        return true;
    printf("too few of a kind\n");
    return false;
}

int main(int argc, char **argv)
{
    uint64_t small = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    uint64_t large = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

    for (const struct toy *o = TOYS; o->name != NULL; o++) {
        if (argc > 4 && strcmp(argv[4], o->name) != 0)
            continue;
        if (!run("small", o, small, seed, small_case) || !run("large", o, large, seed, large_case))
            return 1;
    }
    return 0;
}
