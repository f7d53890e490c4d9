#include "base/check.h"
#include "checker/excerpt.h"
#include "checker/minimize.h"
#include "checker/partition.h"
#include "checker/sources.h"
#include "generate.h"
#include "oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* fuzz_minimize MOVES VIOLATIONS SEED
 *
 * MOVES linearizable histories, cut at any event, with any operations left out and what has to go
 * with them: each is still linearizable by brute force. That is what makes a small impossible
 * history a proof about the large one. VIOLATIONS of up to nine operations, some of up to forty,
 * that are minimized: what comes out is impossible by brute force (where it is not too long for
 * that), also when no return counts that is said not to matter. Exit 1 at the first difference. */

enum { OPS_MAX = 9, LARGE_OPS_MAX = 40, JUDGED_OPS_MAX = 10, TURNS_MAX = 200 };

static const char *const MODELS[] = {
    "register", "cas-register",   "kv",      "kv",   "list-append", "set",           "queue",
    "stack",    "priority-queue", "counter", "bank", "mutex",       "multi-register"};

enum { N_MODELS = sizeof MODELS / sizeof MODELS[0] };

struct tally {
    uint64_t moved; /* histories of which something was left out and several are left */
    uint64_t violations;
    uint64_t operations; /* of them */
    uint64_t left;
    uint64_t judged; /* large ones of which no more was left than brute force can judge */
};

static struct generate_options draw_options(struct rng *r, bool spoiled)
{
    struct generate_options o = {.model = MODELS[rng_below(r, N_MODELS)]};

    if (strcmp(o.model, "set") == 0)
        o.dialect = rng_chance(r, 500000) ? HISTORY_SET_ANSWERS : 0;
    else
        o.dialect = rng_chance(r, 250000) ? generate_dialect(r) : 0;
    o.by_element = strcmp(o.model, "set") == 0 && rng_chance(r, 500000);
    o.n_ops = rng_between(r, 2, OPS_MAX);
    o.n_processes = rng_between(r, 1, 5);
    o.n_keys = 1;
    o.n_values = rng_between(r, 1, 5);
    o.unknown_ppm = rng_chance(r, 500000) ? 300000 : 0;
    o.fresh = rng_chance(r, 300000);
    o.appends = rng_chance(r, 500000);
    o.ended = rng_chance(r, 500000);
    o.n_spoiled = spoiled ? rng_between(r, 1, 3) : 0;
    return o;
}

static void print_ops(const struct history *h)
{
    printf("model %s dialect %u\n", h->header.model, h->header.dialect);
    for (size_t i = 0; i < h->n_ops; i++) {
        struct buf text = {0};

        CHECK(history_describe_op(h, &h->ops[i], &text) == 0);
        printf("%zu: %.*s [%" PRIu64 ", %" PRId64 "]\n", i, (int)text.len, text.data,
               h->ops[i].call_seq, (int64_t)h->ops[i].return_seq);
        buf_free(&text);
    }
}

static bool complain(const struct history *h, const struct history *left, const char *what)
{
    print_ops(h);
    printf("%s; what is left:\n", what);
    print_ops(left);
    return false;
}

/* Events that fall together are concurrent: what was possible stays so. */
static void make_ties(struct history *h)
{
    for (size_t i = 0; i < h->n_ops; i++) {
        h->ops[i].call_seq /= 3;
        if (h->ops[i].outcome == OUTCOME_OK)
            h->ops[i].return_seq /= 3;
    }
}

/* --- moves on what is linearizable ---------------------------------------------------------- */

static struct excerpt *draw_excerpt(struct rng *r, const struct history *h)
{
    const struct model *m = model_find(h->header.model);
    struct partitions *parts;
    struct excerpt *x;
    uint64_t cut = rng_chance(r, 500000) ? HISTORY_NEVER - 1 : rng_below(r, 2 * OPS_MAX + 2);
    struct err e;

    CHECK_THAT(partitions_make(h, m, PARTITION_BY_ELEMENT, &parts, &e) == 0, "%s", e.text);
    if (parts->n == 0) {
        partitions_destroy(parts);
        return NULL;
    }
    if (parts->items[0].of_element)
        m = m->element;
    CHECK(excerpt_create(h, m, parts->items[0].inputs, parts->items[0].n, cut, &x) == 0);
    partitions_destroy(parts);
    return x;
}

/* What is left of an excerpt; returns how many operations were left out. */
static size_t leave_out(struct rng *r, const struct excerpt *x, struct history *ret)
{
    uint32_t share = (uint32_t)rng_below(r, 800000);
    struct sources *s;
    bool keep[OPS_MAX];

    for (size_t i = 0; i < x->n; i++)
        keep[i] = !rng_chance(r, share);
    CHECK(sources_create(x, &s) == 0);
    sources_close(s, keep);
    sources_destroy(s);
    for (size_t i = 0; i < x->n; i++) {
        if (keep[i])
            ret->ops[ret->n_ops++] = x->ops[i].op;
    }
    return x->n - ret->n_ops;
}

static bool moves_case(struct rng *r, struct tally *t)
{
    struct generate_options o = draw_options(r, false);
    struct history *h = generate(r, &o);
    struct excerpt *x;
    struct history_op ops[OPS_MAX];
    struct history left = {.header = h->header, .ops = ops};
    size_t ignored;
    bool ok = true;

    if (rng_chance(r, 300000))
        make_ties(h);
    x = draw_excerpt(r, h);
    if (x != NULL) {
        size_t n_out = leave_out(r, x, &left);

        t->moved += n_out > 0 && left.n_ops > 1;
        ok = oracle_linearizable(&left, &ignored) ||
             complain(h, &left, "what was possible became impossible");
    }
    excerpt_destroy(x);
    generate_free(h);
    return ok;
}

/* --- violations ----------------------------------------------------------------------------- */

static bool out_of_turns(void *context)
{
    uint32_t *turns = context;

    return ++*turns > TURNS_MAX;
}

static bool is_minimal(const struct history *h, const struct minimal *m)
{
    struct history_op ops[LARGE_OPS_MAX];
    struct history left = {.header = h->header, .ops = ops};
    size_t ignored;

    for (size_t i = 0; i < m->n; i++)
        ops[left.n_ops++] = h->ops[m->ops[i].op];
    if (oracle_linearizable(&left, &ignored))
        return complain(h, &left, "the result is possible");
    for (size_t i = 0; i < m->n; i++) {
        if (!m->ops[i].return_matters && ops[i].outcome == OUTCOME_OK)
            ops[i].return_seq = HISTORY_NEVER - 1;
    }
    if (oracle_linearizable(&left, &ignored))
        return complain(h, &left, "a return matters that is said not to");
    return true;
}

static bool minimize_one(const struct history *h, const struct check_result *found, struct tally *t)
{
    uint32_t turns = 0;
    struct minimize_options o = {.spent = out_of_turns, .spent_context = &turns};
    bool large = h->n_ops > OPS_MAX;
    struct minimal *m;
    struct err e;
    bool ok = true;

    if (!large)
        o.spent = NULL;
    CHECK_THAT(minimize(h, found, &o, &m, &e) == 0, "%s", e.text);
    t->violations++;
    t->operations += h->n_ops;
    t->left += m->n;
    t->judged += large && m->n <= JUDGED_OPS_MAX;
    if (m->n <= JUDGED_OPS_MAX)
        ok = is_minimal(h, m);
    if (ok && !large && !m->finished)
        ok = complain(h, h, "not finished");
    minimal_free(&m);
    return ok;
}

static bool violation_case(struct rng *r, struct tally *t)
{
    struct generate_options o = draw_options(r, true);
    uint32_t turns = 0;
    struct check_options check = {
        .whole = rng_chance(r, 100000), .spent = out_of_turns, .spent_context = &turns};
    struct check_result *found;
    struct history *h;
    struct err e;
    bool ok = true;

    if (rng_chance(r, 300000))
        o.n_ops = rng_between(r, OPS_MAX + 1, LARGE_OPS_MAX);
    h = generate(r, &o);
    CHECK_THAT(check_history(h, &check, &found, &e) == 0, "%s", e.text);
    if (found->verdict == VERDICT_NOT_LINEARIZABLE)
        ok = minimize_one(h, found, t);
    check_result_free(&found);
    generate_free(h);
    return ok;
}

static bool run(const char *name, uint64_t n, uint64_t seed, struct tally *t,
                bool (*one)(struct rng *, struct tally *))
{
    for (uint64_t i = 0; i < n; i++) {
        struct rng r = rng_make(seed, rng_stream(name, i));

        if (!one(&r, t)) {
            printf("%s case %" PRIu64 " of seed %" PRIu64 "\n", name, i, seed);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t moves = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
    uint64_t violations = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    struct tally t = {0};

    if (!run("moves", moves, seed, &t, moves_case) ||
        !run("violations", violations, seed, &t, violation_case))
        return 1;
    printf("%" PRIu64 " histories made smaller; %" PRIu64 " violations of %" PRIu64
           " operations, minimized to %" PRIu64 ", %" PRIu64 " large ones to what can be judged\n",
           t.moved, t.violations, t.operations, t.left, t.judged);
    /* A run in which little happened has tested little. */
    return t.moved > moves / 5 && t.violations > violations / 10 && t.judged > violations / 100 ? 0
                                                                                                : 1;
}
