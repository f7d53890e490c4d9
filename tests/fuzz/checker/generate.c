#include "generate.h"

#include "base/check.h"
#include "oracle.h"
#include "shapes.h"

#include <stdlib.h>

/* Short strings whose concatenations are ambiguous ("a" "b" and "ab"), the empty one included. */
static const char *const VALUES[] = {"a", "b", "ab", "", "c", "ba", "d", "e"};
static const char *const KEYS[] = {"x", "y", "z", ""};

/* Of a bank. */
static const struct history_option OPTIONS[] = {{"accounts", "a 3 b 1 "}, {"overdraft", "true"}};

/* For histories that write each value once; the last one is never written. */
static const char *const FRESH[] = {"0.",  "1.",  "2.",  "3.",  "4.",  "5.",  "6.",  "7.",  "8.",
                                    "9.",  "10.", "11.", "12.", "13.", "14.", "15.", "16.", "17.",
                                    "18.", "19.", "20.", "21.", "22.", "23.", "24.", "25.", "26.",
                                    "27.", "28.", "29.", "30.", "31.", "32.", "33.", "34.", "35.",
                                    "36.", "37.", "38.", "39.", "40."};

enum {
    PROCESSES_MAX = 16,
    N_VALUES = 8,
    N_FRESH = sizeof FRESH / sizeof FRESH[0],
    N_KEYS = 4,
    NOTHING_OPEN = -1
};

struct generator {
    struct rng *rng;
    const struct generate_options *options;
    const struct shape *shape; /* NULL: a register or a store */
    struct oracle_store *store;
    struct history *h;
    uint64_t seq;
    long open[PROCESSES_MAX]; /* index of its operation */
    bool executed[PROCESSES_MAX];
    uint32_t process[PROCESSES_MAX]; /* a process ends with an operation of unknown outcome */
    uint32_t n_processes;
    size_t n_written; /* of FRESH */
};

/* Without its point "1" behind "2" and "21" are the same. */
static struct slice fresh(const struct generator *g, size_t i)
{
    size_t len = strlen(FRESH[i]);

    return slice_of(FRESH[i], g->options->ended ? len : len - 1);
}

/* A value to look for: one that may be there. */
static struct slice draw_value(struct generator *g)
{
    size_t n = g->options->n_values < N_VALUES ? g->options->n_values : N_VALUES;

    if (g->options->fresh)
        return fresh(g, rng_below(g->rng, g->n_written + 1));
    return slice_str(VALUES[rng_below(g->rng, n)]);
}

static struct slice draw_written(struct generator *g, enum op_kind kind)
{
    bool brings = kind != OP_REMOVE && kind != OP_CONTAINS;

    if (g->shape != NULL && !(g->options->fresh && shape_takes_any_value(g->shape)))
        return shape_draw_value(g->shape, g->rng, kind, g->options->n_values);
    if (!g->options->fresh || !brings)
        return draw_value(g);
    CHECK(g->n_written + 1 < N_FRESH);
    return fresh(g, g->n_written++);
}

static enum op_kind draw_kind(struct generator *g)
{
    static const enum op_kind kinds[] = {OP_GET, OP_GET, OP_PUT, OP_CAS, OP_APPEND, OP_DELETE};
    size_t n = 6;

    if (g->shape != NULL) {
        enum op_kind kind = shape_draw_kind(g->shape, g->rng);

        while (g->options->by_element && kind == OP_GET)
            kind = shape_draw_kind(g->shape, g->rng);
        return kind;
    }
    if ((g->options->fresh && !g->options->appends) ||
        strcmp(g->options->model, "cas-register") == 0)
        n = 4;
    if (strcmp(g->options->model, "register") == 0)
        n = 3;
    return kinds[rng_below(g->rng, n)];
}

static void invoke(struct generator *g, size_t p)
{
    struct history_op *op = &g->h->ops[g->h->n_ops];
    size_t key = rng_below(g->rng, g->options->n_keys < N_KEYS ? g->options->n_keys : N_KEYS);

    *op = (struct history_op){.process = g->process[p],
                              .kind = draw_kind(g),
                              .key = slice_str(KEYS[key]),
                              .call_seq = ++g->seq,
                              .return_seq = HISTORY_NEVER};
    op->call_ns = (int64_t)g->seq * 1000000;
    if (op->kind == OP_CAS) {
        op->expects_absent = rng_chance(g->rng, 200000);
        if (!op->expects_absent)
            op->expected = draw_value(g);
    }
    if (op_takes_value(op->kind))
        op->value = draw_written(g, op->kind);
    g->open[p] = (long)g->h->n_ops++;
    g->executed[p] = false;
}

/* The operation keeps a copy, freed with the history. */
static void keep_result(struct history_op *op, struct slice result)
{
    op->result = (struct slice){0};
    if (op_returns_value(op->kind) && op->status == STATUS_OK) {
        op->result = slice_of(slice_dup(result), result.len);
        CHECK(op->result.data != NULL);
    }
}

/* False: it has to wait. */
static bool execute(struct generator *g, size_t p)
{
    struct history_op *op = &g->h->ops[g->open[p]];
    struct buf result = {0};
    bool done = oracle_store_execute(g->store, op, &result);

    if (done)
        keep_result(op, buf_slice(&result));
    buf_free(&result);
    g->executed[p] = done;
    return done;
}

static void forget_answer(struct history_op *op)
{
    if (op_returns_value(op->kind))
        free((void *)op->result.data);
    op->result = (struct slice){0};
    op->status = STATUS_OK;
}

/* The operation ends: with its answer, or, executed or not, with none. */
static void complete(struct generator *g, size_t p, bool unknown)
{
    struct history_op *op = &g->h->ops[g->open[p]];

    if (unknown) {
        bool noticed = rng_chance(g->rng, 500000);

        forget_answer(op);
        op->outcome = noticed ? OUTCOME_INFO : OUTCOME_PENDING;
        g->process[p] = g->n_processes++;
    } else {
        op->outcome = OUTCOME_OK;
        op->return_seq = ++g->seq;
        op->return_ns = (int64_t)g->seq * 1000000;
    }
    g->open[p] = NOTHING_OPEN;
}

static void act(struct generator *g, size_t p)
{
    if (g->open[p] == NOTHING_OPEN) {
        if (g->h->n_ops < g->options->n_ops)
            invoke(g, p);
    } else if (rng_chance(g->rng, g->options->unknown_ppm / 2)) {
        complete(g, p, true);
    } else if (!g->executed[p]) {
        /* What waits too long is given up. */
        if (!execute(g, p) && rng_chance(g->rng, 200000))
            complete(g, p, true);
    } else {
        complete(g, p, false);
    }
}

static size_t n_open(const struct generator *g)
{
    size_t n = 0;

    for (size_t p = 0; p < g->options->n_processes; p++)
        n += g->open[p] != NOTHING_OPEN;
    return n;
}

/* What some other read saw, or a value, and of either perhaps only the beginning. */
static struct slice draw_result(struct generator *g)
{
    const struct history_op *other = &g->h->ops[rng_below(g->rng, g->h->n_ops)];
    bool take = g->options->appends && other->kind == OP_GET && other->outcome == OUTCOME_OK &&
                other->status == STATUS_OK;
    struct slice drawn = take ? other->result : draw_value(g);

    if (g->options->appends && rng_chance(g->rng, 300000))
        drawn.len = rng_below(g->rng, drawn.len + 1);
    return drawn;
}

static void spoil_object(struct generator *g, struct history_op *op)
{
    struct history_op other = *op;

    if (op->outcome != OUTCOME_OK || !shape_spoil(g->shape, g->rng, g->options->dialect, &other))
        return;
    forget_answer(op);
    op->kind = other.kind;
    op->status = other.status;
    keep_result(op, other.result);
}

static void spoil(struct generator *g)
{
    struct history_op *op = &g->h->ops[rng_below(g->rng, g->h->n_ops)];
    uint64_t choice = rng_below(g->rng, 4);

    if (g->shape != NULL) {
        spoil_object(g, op);
        return;
    }
    if (op->outcome != OUTCOME_OK || op->kind == OP_PUT || op->kind == OP_APPEND)
        return;
    if (op->kind == OP_GET) {
        struct history_op before = *op;

        op->status = choice == 0 ? STATUS_NO_KEY : STATUS_OK;
        keep_result(op, draw_result(g));
        forget_answer(&before);
    } else if (op->kind == OP_CAS) {
        op->status = choice < 2 ? STATUS_OK : choice == 2 ? STATUS_NO_KEY : STATUS_MISMATCH;
    } else {
        op->status = choice < 2 ? STATUS_OK : STATUS_NO_KEY;
    }
}

uint32_t generate_dialect(struct rng *r)
{
    uint32_t plainly = rng_chance(r, 500000) ? HISTORY_DELETE_OK_PLAINLY : 0;

    return (uint32_t)rng_below(r, 4) | plainly;
}

struct history *generate(struct rng *r, const struct generate_options *o)
{
    struct generator g = {
        .rng = r, .options = o, .shape = shape_find(o->model), .h = calloc(1, sizeof *g.h)};

    CHECK(g.h != NULL && o->n_processes <= PROCESSES_MAX && o->n_ops > 0);
    g.h->header.model = o->model;
    g.h->header.dialect = o->dialect;
    g.h->header.options = OPTIONS;
    g.h->header.n_options = o->overdraft ? 2 : 1;
    g.h->ops = calloc(o->n_ops, sizeof *g.h->ops);
    CHECK(g.h->ops != NULL);
    g.store = oracle_store_create(g.h);
    for (size_t p = 0; p < o->n_processes; p++) {
        g.open[p] = NOTHING_OPEN;
        g.process[p] = g.n_processes++;
    }
    while (g.h->n_ops < o->n_ops || n_open(&g) > 0)
        act(&g, rng_below(r, o->n_processes));
    for (size_t i = 0; i < o->n_spoiled; i++)
        spoil(&g);
    oracle_store_destroy(g.store);
    return g.h;
}

void generate_drop_last(struct history *h)
{
    const struct history_op *op = &h->ops[--h->n_ops];

    if (op_returns_value(op->kind))
        free((void *)op->result.data);
}

void generate_free(struct history *h)
{
    while (h->n_ops > 0)
        generate_drop_last(h);
    free(h->ops);
    free(h);
}
