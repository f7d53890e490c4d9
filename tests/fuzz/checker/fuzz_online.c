#include "base/check.h"
#include "follow.h"
#include "generate.h"
#include "oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* fuzz_online SMALL LARGE SEED
 *
 * The online checker on every prefix of drawn histories: SMALL ones of up to eight operations
 * against all orders tried one by one, LARGE ones of up to sixty against the search of whole
 * histories. Exit 1 at the first difference. */

enum { SMALL_OPS_MAX = 8, LARGE_OPS_MAX = 60, LARGE_TURNS_MAX = 100 };

/* Half of the histories are of these, the others of any model. */
static const char *const KEYED[] = {"register", "cas-register", "kv"};

struct tally {
    uint64_t linearizable; /* prefixes */
    uint64_t violations;
    uint64_t unknown;
};

static size_t n_models(void)
{
    size_t n = 0;

    while (check_model_names()[n] != NULL)
        n++;
    return n;
}

static struct generate_options draw_options(struct rng *r, size_t n_ops_max)
{
    struct generate_options o = {.model = KEYED[rng_below(r, 3)]};

    o.dialect = rng_chance(r, 250000) ? generate_dialect(r) : 0;
    if (rng_chance(r, 500000)) {
        o.model = check_model_names()[rng_below(r, n_models())];
        o.dialect = rng_chance(r, 500000) ? HISTORY_SET_ANSWERS : 0;
        o.overdraft = rng_chance(r, 200000);
    }
    o.n_ops = rng_between(r, 1, n_ops_max);
    o.n_processes = rng_between(r, 1, 6);
    o.n_keys = rng_chance(r, 250000) ? 2 : 1;
    o.n_values = rng_between(r, 1, 5);
    o.unknown_ppm = rng_chance(r, 700000) ? 400000 : 0;
    o.n_spoiled = rng_below(r, 4);
    o.fresh = rng_chance(r, 300000);
    if (rng_chance(r, 300000)) {
        /* Many unknown outcomes of few values: where D and I have to be right. */
        o.n_processes = rng_between(r, 4, 8);
        o.unknown_ppm = 600000;
        o.n_values = rng_between(r, 2, 3);
        o.n_keys = 1;
    }
    return o;
}

static bool never_enough(void *context)
{
    uint32_t *turns = context;

    return ++*turns > LARGE_TURNS_MAX;
}

static enum verdict whole(const struct history *h)
{
    uint32_t turns = 0;
    struct check_options o = {.engine = "jit", .spent = never_enough, .spent_context = &turns};
    struct check_result *r;
    enum verdict v;
    struct err e;
    int rc = check_history(h, &o, &r, &e);

    CHECK_THAT(rc == 0, "%s", e.text);
    v = r->verdict;
    check_result_free(&r);
    return v;
}

static enum verdict brute(const struct history *h)
{
    size_t longest;

    return oracle_linearizable(h, &longest) ? VERDICT_LINEARIZABLE : VERDICT_NOT_LINEARIZABLE;
}

static void print_events(const struct follow *f, size_t n)
{
    printf("model %s dialect %u\n", f->h->header.model, f->h->header.dialect);
    for (size_t i = 0; i < n; i++) {
        const struct history_event *e = &f->events[i];

        if (e->kind == HISTORY_INVOKE)
            printf("%u invokes %s key '%.*s' value '%.*s' expected %s'%.*s'\n", e->process,
                   op_kind_name(e->op.kind), (int)e->op.key.len, e->op.key.data,
                   (int)e->op.value.len, e->op.value.data, e->op.expects_absent ? "absent " : "",
                   (int)e->op.expected.len, e->op.expected.data);
        else
            printf("%u: %s %s '%.*s'\n", e->process, op_outcome_name(e->outcome),
                   op_status_name(e->status), (int)e->value.len, e->value.data);
    }
}

static bool try_prefix(const struct follow *f, size_t n,
                       enum verdict (*judge)(const struct history *), struct tally *t)
{
    struct history *prefix = follow_prefix(f, n);
    enum verdict expected = judge(prefix);
    enum verdict found = follow_verdict(f, n).verdict;
    bool known = expected != VERDICT_UNKNOWN && found != VERDICT_UNKNOWN;

    follow_prefix_free(prefix);
    t->unknown += !known;
    t->linearizable += known && expected == VERDICT_LINEARIZABLE;
    t->violations += known && expected == VERDICT_NOT_LINEARIZABLE;
    if (!known || expected == found)
        return true;
    print_events(f, n);
    printf("%s instead of %s behind %zu events\n", verdict_name(found), verdict_name(expected), n);
    return false;
}

static bool try_case(struct rng *r, size_t n_ops_max, enum verdict (*judge)(const struct history *),
                     struct tally *t)
{
    struct generate_options o = draw_options(r, n_ops_max);
    struct history *h = generate(r, &o);
    struct follow f = follow_make(h, r);
    bool ok = true;

    for (size_t n = 1; ok && n <= f.n; n++)
        ok = try_prefix(&f, n, judge, t);
    follow_free(&f);
    generate_free(h);
    return ok;
}

static bool run(const char *name, uint64_t n, uint64_t seed, size_t n_ops_max,
                enum verdict (*judge)(const struct history *))
{
    struct tally t = {0};

    for (uint64_t i = 0; i < n; i++) {
        struct rng r = rng_make(seed, rng_stream(name, i));

        if (!try_case(&r, n_ops_max, judge, &t)) {
            printf("%s case %" PRIu64 " of seed %" PRIu64 "\n", name, i, seed);
            return false;
        }
    }
    printf("%s: %" PRIu64 " histories; prefixes: %" PRIu64 " linearizable, %" PRIu64
           " violations, %" PRIu64 " unknown\n",
           name, n, t.linearizable, t.violations, t.unknown);
    return n < 1000 || (t.violations > n / 10 && t.unknown < n / 10);
}

int main(int argc, char **argv)
{
    uint64_t small = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    uint64_t large = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;

    return run("small", small, seed, SMALL_OPS_MAX, brute) &&
                   run("large", large, seed, LARGE_OPS_MAX, whole)
               ? 0
               : 1;
}
