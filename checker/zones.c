#include "base/pages.h"
#include "checker/loose.h"
#include "checker/search.h"
#include "checker/versions.h"

#include <stdlib.h>

/* Registers and lists whose values come about in one way each, in near-linear time, after Gibbons &
 * Korach ("Testing shared memories", SIAM J. Computing 1997).
 *
 * A block is a blind write (or the state at the start) with its readers, the compare-and-set or the
 * append that made another value of it with its readers, and so on: nothing can come between them.
 * Let f be the earliest return in a block and s the latest call. Block A has to precede B when
 * f(A) < s(B). If no two blocks have to precede each other, ordering them by max(f, s) satisfies
 * all: suppose f(A) < s(B) and max(f(A), s(A)) >= max(f(B), s(B)). Then
 * max(f(A), s(A)) >= s(B) > f(A), so s(A) >= f(B), and B has to precede A as well. So the order is
 * made first, and one look at the real time in it decides. docs/checker.md has the rest. */

/* Places among the calls and returns begin at 1 here: 0 is before everything. */
struct block {
    uint32_t root;  /* version */
    uint32_t first; /* f */
    uint32_t last;  /* s */
};

struct zones {
    struct versions versions;
    struct block *blocks;
    uint32_t n_blocks;
    uint32_t *by_place; /* block + 1 at max(f, s) */
    uint32_t *order;
    uint32_t n_order;
};

static int zones_init(struct zones *z)
{
    const struct problem *p = z->versions.problem;

    z->blocks = pages_calloc((size_t)z->versions.n_needed + 2, sizeof *z->blocks);
    z->by_place = pages_calloc(2 * (size_t)p->n_ops + 2, sizeof *z->by_place);
    z->order = pages_calloc((size_t)p->n_ops + 1, sizeof *z->order);
    return z->blocks == NULL || z->by_place == NULL || z->order == NULL ? -E_NOMEM : 0;
}

static void zones_free(struct zones *z)
{
    versions_free(&z->versions);
    free(z->blocks);
    free(z->by_place);
    free(z->order);
}

/* --- blocks --------------------------------------------------------------------------------- */

static void note_times(struct zones *z, uint32_t op)
{
    const struct problem_op *o = &z->versions.problem->ops[op];
    uint32_t version = versions_of(&z->versions, op);
    uint32_t ret = o->ret == PROBLEM_NEVER ? PROBLEM_NEVER : o->ret + 1;

    if (version == VERSION_NONE)
        return;
    if (ret < z->versions.items[version].first)
        z->versions.items[version].first = ret;
    if (o->call + 1 > z->versions.items[version].last)
        z->versions.items[version].last = o->call + 1;
}

static void note_all_times(struct zones *z)
{
    const struct versions *v = &z->versions;

    for (uint32_t i = 0; i < v->n; i++)
        v->items[i].first = PROBLEM_NEVER;
    for (uint32_t i = 0; i < v->problem->n_ops; i++)
        note_times(z, i);
}

/* Returns how many versions it has. */
static uint32_t add_block(struct zones *z, uint32_t root)
{
    struct block *b = &z->blocks[z->n_blocks++];
    uint32_t n = 0;

    *b = (struct block){.root = root, .first = PROBLEM_NEVER};
    for (uint32_t i = root; i != VERSION_NONE; i = z->versions.items[i].next) {
        const struct version *version = &z->versions.items[i];

        if (version->first < b->first)
            b->first = version->first;
        if (version->last > b->last)
            b->last = version->last;
        n++;
    }
    if (root == z->versions.problem->initial)
        b->first = 0;
    return n;
}

/* Where it belongs among all blocks. */
static uint32_t place_of(const struct block *b)
{
    return b->first > b->last ? b->first : b->last;
}

/* False: some values were made of each other and of nothing else, or the start is seen behind
 * another block. */
static bool make_blocks(struct zones *z)
{
    const struct versions *v = &z->versions;
    uint32_t initial = v->problem->initial;
    uint32_t n = 0;

    note_all_times(z);
    if (v->items[initial].needed)
        n += add_block(z, initial);
    for (uint32_t i = 0; i < v->n; i++) {
        if (v->items[i].needed && i != initial && v->items[i].prev == VERSION_NONE)
            n += add_block(z, i);
    }
    for (uint32_t i = 0; i < z->n_blocks; i++) {
        if (v->items[initial].needed && place_of(&z->blocks[i]) < place_of(&z->blocks[0]))
            return false;
        z->by_place[place_of(&z->blocks[i])] = i + 1;
    }
    return n == v->n_needed;
}

/* --- the order ------------------------------------------------------------------------------ */

/* Gives each version its stretch of the order, and its writer the first place there; `end` is
 * the first free place. */
static void place_writers(struct zones *z)
{
    struct versions *v = &z->versions;
    uint32_t n = 0;

    for (size_t place = 0; place < 2 * (size_t)v->problem->n_ops + 2; place++) {
        if (z->by_place[place] == 0)
            continue;
        for (uint32_t i = z->blocks[z->by_place[place] - 1].root; i != VERSION_NONE;
             i = v->items[i].next) {
            struct version *version = &v->items[i];

            version->end = n;
            if (version->writer != VERSION_NONE)
                z->order[version->end++] = version->writer;
            n = version->end + version->n_readers;
        }
    }
    z->n_order = n;
}

static void place_readers(struct zones *z)
{
    struct versions *v = &z->versions;

    for (uint32_t i = 0; i < v->problem->n_required; i++) {
        const struct model_effect *e = versions_effect(v, i);

        if (e->kind == EFFECT_NONE && e->wants)
            z->order[v->items[e->wanted].end++] = i;
    }
}

static bool respects_real_time(const struct problem *p, const uint32_t *order, uint32_t n)
{
    uint32_t earliest_return = PROBLEM_NEVER;

    for (uint32_t i = n; i-- > 0;) {
        const struct problem_op *op = &p->ops[order[i]];

        if (earliest_return < op->call)
            return false;
        if (op->ret < earliest_return)
            earliest_return = op->ret;
    }
    return true;
}

/* 1: every answer fits. 0: not. */
static int replays(const struct problem *p, const uint32_t *order, uint32_t n)
{
    uint32_t state = p->initial;

    for (uint32_t i = 0; i < n; i++) {
        int rc = problem_step(p, state, order[i], &state);

        if (rc != 1)
            return rc;
    }
    return 1;
}

/* The order is a proof when it stands on its own. 1: it does. */
static int prove(struct zones *z)
{
    const struct problem *p = z->versions.problem;

    return respects_real_time(p, z->order, z->n_order) ? replays(p, z->order, z->n_order) : 0;
}

/* --- the engine ----------------------------------------------------------------------------- */

static size_t memory_bytes(const struct zones *z)
{
    const struct problem *p = z->versions.problem;

    return problem_memory_bytes(p) + versions_memory_bytes(&z->versions) +
           z->versions.n_needed * sizeof *z->blocks +
           p->n_ops * (2 * sizeof *z->by_place + sizeof *z->order);
}

/* Before anything is taken. Of appends it may come out somewhat more: a version for each state that
 * somebody saw a longer one of. */
static size_t memory_bytes_expected(const struct problem *p)
{
    return problem_memory_bytes(p) + (p->n_strings + (size_t)p->n_ops) * sizeof(struct version) +
           p->n_classes * sizeof(struct model_effect) +
           p->n_ops * (sizeof(struct block) + 4 * sizeof(uint32_t));
}

static int decide(struct zones *z, enum verdict *verdict, const char **reason)
{
    int rc = zones_init(z);

    if (rc < 0)
        return rc;
    *verdict = VERDICT_NOT_LINEARIZABLE;
    if (!make_blocks(z))
        return 0;
    place_writers(z);
    place_readers(z);
    if (!respects_real_time(z->versions.problem, z->order, z->n_order))
        return 0;
    *verdict = VERDICT_UNKNOWN;
    *reason = "what failed has no place in the order of the values";
    rc = loose_place(&z->versions, &z->order, &z->n_order);
    if (rc == 1)
        rc = prove(z);
    if (rc == 1)
        *verdict = VERDICT_LINEARIZABLE;
    return rc < 0 ? rc : 0;
}

static int answer(struct zones *z, const struct engine_budget *budget, enum verdict verdict,
                  struct engine_result *ret)
{
    const struct problem *p = z->versions.problem;

    /* The order that got farthest is for the reader: without it (memory) the verdict stands. */
    if (verdict == VERDICT_NOT_LINEARIZABLE && !budget->verdict_only) {
        if (jit_longest(p, budget, NULL, 0, ret) == 0)
            return 0;
        engine_result_free(ret);
    }
    *ret = (struct engine_result){
        .verdict = verdict, .steps = z->n_order, .memory_bytes = memory_bytes(z)};
    if (verdict == VERDICT_LINEARIZABLE) {
        ret->order = z->order;
        ret->n_order = z->n_order;
        z->order = NULL;
    }
    return 0;
}

static int run(const struct problem *p, const struct engine_budget *budget,
               struct engine_result *ret)
{
    enum versions_outcome outcome = VERSIONS_NOT_THIS_WAY;
    enum verdict verdict = VERDICT_UNKNOWN;
    struct zones z = {.versions = {.problem = p}};
    const char *reason = "memory budget spent";
    int rc = 0;

    if (budget->memory_bytes_max == 0 || memory_bytes_expected(p) <= budget->memory_bytes_max)
        rc = versions_make(p, &z.versions, &outcome, &reason);
    if (rc == 0 && outcome == VERSIONS_IMPOSSIBLE)
        verdict = VERDICT_NOT_LINEARIZABLE;
    else if (rc == 0 && outcome == VERSIONS_MADE)
        rc = decide(&z, &verdict, &reason);
    if (rc == 0)
        rc = answer(&z, budget, verdict, ret);
    if (rc == 0)
        ret->reason = verdict == VERDICT_UNKNOWN ? reason : NULL;
    zones_free(&z);
    return rc;
}

const struct check_engine engine_zones = {
    .name = "zones", .kind = "each value that was seen came about in one way", .run = run};
