#include "base/check.h"
#include "checker/needs.h"
#include "checker/search.h"

#include <stdlib.h>

/* Just-in-time linearization (Lowe, "Testing for linearizability", 2017): an operation is placed
 * when a return forces it, so at every turn the one that has to return next is tried first. Eight
 * prunings keep the tree small; docs/checker.md proves them together, and any of them can be left
 * out (check_options.without).
 *
 *   R  An operation that never changes the state is placed as soon as it is open and legal, and
 *      nothing else is tried then.
 *   H  An operation whose effect nobody need see is not placed for that; it is hidden when it
 *      has to return (placement.h).
 *   S  Of open operations of one class only the one that returns first is tried (and of those that
 *      are free only when no other one of its class returns earlier).
 *   D  A configuration that used more of unknown outcome than another one with the same required
 *      operations and the same state is dropped (in seen.c).
 *   I  Behind an operation of unknown outcome comes none that would lead to the same state
 *      without it.
 *   N  No step that leaves a value wanting that can no longer come about (needs.h).
 *   T  Of a queue, no step that leaves nobody who could take what is inside; and who could take it
 *      counts instead of its order (takers.h, in search.c).
 *   V  States that nobody tells apart any more are one (relevance.h, in search.c). */

enum { PRUNINGS_WHOLE = (1 << PRUNING_COUNT) - 1 };

/* N turns back early and H asks for whole orders only, so the longest order that a search with them
 * sees is short of what could be shown. After a violation is certain, a search without them looks
 * for a longer one, so much further than a straight walk would go. */
enum {
    LONGEST_STEPS_MAX = 100000,
    PRUNINGS_LONGEST = PRUNING_R | PRUNING_S | PRUNING_D | PRUNING_I,
};

/* Instead of an operation: hide the one that has to return next. */
#define MOVE_HIDE UINT32_MAX

struct jit {
    struct search search;
    struct needs *needs; /* NULL: without N */
    uint32_t prunings;   /* bits of enum check_pruning */
    uint64_t steps_max;
    uint32_t *tried; /* at each depth: how many of the moves there */
    uint32_t *moves; /* at the present depth; rebuilt when it changes */
    size_t n_moves;
    uint32_t *best;  /* of each class of required operations, those that are not free and those that
                        are: the one of `moves` */
    uint64_t *stamp; /* of each: the turn in which `best` was written */
    uint64_t turn;
};

static int jit_init(struct jit *j, const struct problem *p, const struct engine_budget *budget,
                    uint32_t prunings, uint64_t steps_max)
{
    int rc;

    *j = (struct jit){.prunings = prunings, .steps_max = steps_max};
    rc = search_begin(&j->search, p, budget, prunings);
    if (rc == 0 && (prunings & PRUNING_N) != 0)
        rc = needs_create(p, &j->needs);
    if (rc < 0)
        return rc;
    j->tried = calloc((size_t)p->n_ops + 2, sizeof *j->tried);
    j->moves = calloc((size_t)p->n_slots + p->n_classes + 2, sizeof *j->moves);
    j->best = calloc(2 * (size_t)p->n_classes + 1, sizeof *j->best);
    j->stamp = calloc(2 * (size_t)p->n_classes + 1, sizeof *j->stamp);
    j->search.engine_bytes = needs_memory_bytes(j->needs) + p->n_ops * sizeof *j->tried;
    return j->tried == NULL || j->moves == NULL || j->best == NULL || j->stamp == NULL ? -E_NOMEM
                                                                                       : 0;
}

static void jit_free(struct jit *j)
{
    search_end(&j->search);
    needs_destroy(j->needs);
    free(j->tried);
    free(j->moves);
    free(j->best);
    free(j->stamp);
}

/* Where `best` has an operation. */
static uint32_t kind_of(const struct jit *j, uint32_t op)
{
    return 2 * j->search.problem->ops[op].class + placement_is_free(&j->search.at, op);
}

/* S: keeps, of each class, the open operation that returns first, and the same of those that are
 * free. */
static void note_open(struct jit *j, uint32_t op)
{
    const struct problem_op *ops = j->search.problem->ops;
    uint32_t kind = kind_of(j, op);

    if ((j->prunings & PRUNING_S) == 0) {
        j->moves[j->n_moves++] = op;
        return;
    }
    if (j->stamp[kind] == j->turn) {
        if (ops[op].ret < ops[j->best[kind]].ret)
            j->best[kind] = op;
        return;
    }
    j->stamp[kind] = j->turn;
    j->best[kind] = op;
    j->moves[j->n_moves++] = kind; /* becomes the operation when all are known */
}

/* S: a free operation is as good as one of its class that is not, and can be hidden later; but it
 * has to be used first when it returns first. */
static bool has_better(const struct jit *j, uint32_t kind)
{
    const struct problem_op *ops = j->search.problem->ops;

    return kind % 2 == 1 && j->stamp[kind - 1] == j->turn &&
           ops[j->best[kind - 1]].ret < ops[j->best[kind]].ret;
}

static void put_first(struct jit *j, size_t i)
{
    uint32_t first = j->moves[i];

    j->moves[i] = j->moves[0];
    j->moves[0] = first;
}

/* S: replaces the kinds that note_open wrote by operations. */
static void settle_kinds(struct jit *j)
{
    size_t n = 0;

    for (size_t i = 0; i < j->n_moves; i++) {
        if (!has_better(j, j->moves[i]))
            j->moves[n++] = j->best[j->moves[i]];
    }
    j->n_moves = n;
}

/* Puts the operation that has to return next in front. */
static void settle_open(struct jit *j, uint32_t forced)
{
    if ((j->prunings & PRUNING_S) != 0)
        settle_kinds(j);
    for (size_t i = 0; i < j->n_moves; i++) {
        if (j->moves[i] == forced)
            put_first(j, i);
    }
    if (placement_is_free(&j->search.at, forced)) {
        j->moves[j->n_moves++] = MOVE_HIDE;
        put_first(j, j->n_moves - 1);
    }
}

/* R: looks for an operation that observes and is legal. 1: it is the only move. */
static int gather_open(struct jit *j)
{
    const struct placement *at = &j->search.at;
    const struct problem *p = j->search.problem;
    uint32_t op = PLACEMENT_NONE;

    while ((op = placement_open(at, op)) != PLACEMENT_NONE) {
        uint32_t state;
        int rc;

        if ((j->prunings & PRUNING_R) == 0 || !p->classes[p->ops[op].class].observes) {
            note_open(j, op);
            continue;
        }
        rc = problem_step(p, at->state, op, &state);
        if (rc < 0)
            return rc;
        if (rc == 1) {
            j->moves[0] = op;
            j->n_moves = 1;
            return 1;
        }
    }
    return 0;
}

/* The moves of the present configuration: a function of nothing else, so that coming back to it
 * finds them in the same order. */
static int gather(struct jit *j)
{
    const struct placement *at = &j->search.at;
    uint32_t forced = j->search.problem->by_return[at->next_return];
    uint32_t op = PLACEMENT_NONE;
    int rc;

    j->turn++;
    j->n_moves = 0;
    rc = gather_open(j);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    settle_open(j, forced);
    while ((op = placement_pending(at, op)) != PLACEMENT_NONE)
        j->moves[j->n_moves++] = op;
    return 0;
}

/* I: whether `op`, which leads to `state` here, would have led there before the operation of
 * unknown outcome that was placed last. */
static int makes_last_useless(const struct search *s, uint32_t op, uint32_t state)
{
    const struct placed *last;
    uint32_t without;
    int rc;

    if (s->at.depth == 0)
        return 0;
    last = &s->at.order[s->at.depth - 1];
    if (problem_is_required(s->problem, last->op))
        return 0;
    rc = problem_step(s->problem, last->state, op, &without);
    return rc == 1 ? without == state : rc;
}

static int step(struct search *s, uint32_t op, uint32_t state, bool hidden)
{
    return hidden ? search_hide(s) : search_enter(s, op, state);
}

/* N: makes the step, unless there would be no way on from there. */
static int enter(struct jit *j, uint32_t op, uint32_t state, bool hidden)
{
    int rc;

    if (j->needs == NULL)
        return step(&j->search, op, state, hidden);
    needs_placed(j->needs, op);
    rc = needs_hopeless(j->needs, &j->search.at, op, state) ? 0
                                                            : step(&j->search, op, state, hidden);
    if (rc != 1)
        needs_removed(j->needs, op);
    return rc;
}

static void back(struct jit *j)
{
    uint32_t op = search_back(&j->search);

    if (j->needs != NULL)
        needs_removed(j->needs, op);
}

static int try_move(struct jit *j, uint32_t op)
{
    struct search *s = &j->search;
    uint32_t state;
    int rc;

    if (op == MOVE_HIDE)
        return enter(j, s->problem->by_return[s->at.next_return], s->at.state, true);
    rc = problem_step(s->problem, s->at.state, op, &state);
    if (rc != 1)
        return rc;
    rc = (j->prunings & PRUNING_I) != 0 ? makes_last_useless(s, op, state) : 0;
    if (rc != 0)
        return rc < 0 ? rc : 0;
    return enter(j, op, state, false);
}

/* 1: one step further. 0: nothing is left to try here. */
static int try_moves(struct jit *j)
{
    uint32_t *tried = &j->tried[j->search.at.depth];
    int rc = gather(j);

    while (rc == 0 && *tried < j->n_moves)
        rc = try_move(j, j->moves[(*tried)++]);
    if (rc == 1)
        j->tried[j->search.at.depth] = 0;
    return rc;
}

static int walk(struct jit *j, enum verdict *ret, const char **reason)
{
    struct search *s = &j->search;

    if (j->needs != NULL && needs_hopeless_at_start(j->needs)) {
        *ret = VERDICT_NOT_LINEARIZABLE;
        return 0;
    }
    while (!placement_complete(&s->at)) {
        int rc;

        *reason = s->steps < j->steps_max ? search_out_of_budget(s) : "steps spent";
        if (*reason != NULL) {
            *ret = VERDICT_UNKNOWN;
            return 0;
        }
        rc = try_moves(j);
        if (rc < 0)
            return rc;
        if (rc == 1)
            continue;
        if (s->at.depth == 0) {
            *ret = VERDICT_NOT_LINEARIZABLE;
            return 0;
        }
        back(j);
    }
    *ret = VERDICT_LINEARIZABLE;
    return 0;
}

static int decide(const struct problem *p, const struct engine_budget *budget,
                  struct engine_result *ret)
{
    struct jit j;
    const char *reason = NULL;
    enum verdict verdict = VERDICT_UNKNOWN;
    int rc = jit_init(&j, p, budget, PRUNINGS_WHOLE & ~budget->without, UINT64_MAX);

    if (rc == 0)
        rc = walk(&j, &verdict, &reason);
    if (rc == 0)
        rc = search_result(&j.search, verdict, reason, ret);
    jit_free(&j);
    return rc;
}

static size_t required_in(const struct problem *p, const struct engine_result *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_order; i++)
        n += problem_is_required(p, r->order[i]);
    return n;
}

/* Whether the operation may come next as far as real time and classes are concerned. */
static bool may_come_next(const struct placement *at, uint32_t op)
{
    const struct problem *p = at->problem;
    uint32_t class = p->ops[op].class;

    if (p->ops[op].call >= at->limit)
        return false;
    return problem_is_required(p, op) ? !placement_holds(at, op)
                                      : op == p->classes[class].first + at->used[class];
}

/* Goes along an order as far as it is one. */
static int follow(struct search *s, const uint32_t *order, size_t n)
{
    int rc = 1;

    for (size_t i = 0; rc == 1 && i < n; i++) {
        uint32_t state;

        rc = may_come_next(&s->at, order[i])
                 ? problem_step(s->problem, s->at.state, order[i], &state)
                 : 0;
        if (rc == 1)
            rc = search_enter(s, order[i], state);
    }
    return rc < 0 ? rc : 0;
}

int jit_longest(const struct problem *p, const struct engine_budget *budget, const uint32_t *start,
                size_t n, struct engine_result *ret)
{
    const char *reason = NULL;
    enum verdict verdict = VERDICT_UNKNOWN;
    struct jit j;
    int rc = jit_init(&j, p, budget, PRUNINGS_LONGEST, (uint64_t)p->n_ops + LONGEST_STEPS_MAX);

    if (rc == 0)
        rc = follow(&j.search, start, n);
    if (rc == 0)
        rc = walk(&j, &verdict, &reason);
    CHECK_THAT(rc < 0 || verdict != VERDICT_LINEARIZABLE,
               "a whole order of what was found impossible");
    if (rc == 0)
        rc = search_result(&j.search, VERDICT_NOT_LINEARIZABLE, NULL, ret);
    jit_free(&j);
    return rc;
}

/* Replaces the order of a violation by a longer one, if one is found. The verdict stands without
 * it: an error of this search (memory) is no error of the check. */
static void lengthen(const struct problem *p, const struct engine_budget *budget,
                     struct engine_result *ret)
{
    struct engine_result longer = {0};

    if (jit_longest(p, budget, NULL, 0, &longer) == 0) {
        longer.steps += ret->steps;
        if (longer.memory_bytes < ret->memory_bytes)
            longer.memory_bytes = ret->memory_bytes;
        if (required_in(p, &longer) < required_in(p, ret)) {
            ret->steps = longer.steps;
            ret->memory_bytes = longer.memory_bytes;
        } else {
            struct engine_result shorter = *ret;

            *ret = longer;
            longer = shorter;
        }
    }
    engine_result_free(&longer);
}

static int run(const struct problem *p, const struct engine_budget *budget,
               struct engine_result *ret)
{
    const struct model *m = problem_model(p);
    int rc = decide(p, budget, ret);

    if (rc == 0 && ret->verdict == VERDICT_NOT_LINEARIZABLE &&
        (m->effect != NULL || m->passes != NULL) && !budget->verdict_only)
        lengthen(p, budget, ret);
    return rc;
}

const struct check_engine engine_jit = {.name = "jit", .run = run};
