#include "toys.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

const struct toy TOYS[] = {
    {"queue", "queue", 0, "queue", {OP_ENQUEUE, OP_ENQUEUE, OP_DEQUEUE, OP_DEQUEUE}, VALUES_DIFFER},
    {"stack", "stack", 0, "stack", {OP_PUSH, OP_PUSH, OP_POP, OP_POP}, VALUES_DIFFER},
    {"priority-queue",
     "priority-queue",
     0,
     "priority-queue",
     {OP_INSERT, OP_INSERT, OP_POLL, OP_POLL},
     VALUES_DIFFER},
    {"set", "set", 0, "set", {OP_ADD, OP_ADD, OP_CONTAINS, OP_CONTAINS}, VALUES_FEW},
    {"set-answers",
     "set",
     HISTORY_SET_ANSWERS,
     "set",
     {OP_ADD, OP_REMOVE, OP_ADD, OP_CONTAINS},
     VALUES_FEW},
    {"growing-set", "set", 0, "set", {OP_ADD, OP_ADD, OP_GET, OP_GET}, VALUES_DIFFER},
    {"mutex", "mutex", 0, "mutex", {OP_LOCK, OP_LOCK, OP_UNLOCK, OP_UNLOCK}, VALUES_FEW},
    {"counter", "counter", 0, "counter", {OP_ADD, OP_ADD, OP_GET, OP_GET}, VALUES_ONE},
    {NULL, NULL, 0, NULL, {0}, 0},
};

/* --- the object ----------------------------------------------------------------------------- */

/* Values are numbers below TOYS_VALUES. */
struct state {
    int items[TOYS_OPS_MAX]; /* oldest first; of a set without repetition */
    int n;
    bool answers; /* of a set: HISTORY_SET_ANSWERS */
    bool counts;  /* a counter, which has a sum instead */
    int sum;
};

struct answer {
    enum op_status status; /* STATUS_BUSY: it cannot happen now */
    int value;
};

static const char *text_of(int value)
{
    static char texts[TOYS_VALUES][4];

    CHECK(value >= 0 && value < TOYS_VALUES);
    snprintf(texts[value], sizeof texts[value], "%d", value);
    return texts[value];
}

static int value_of(struct slice s)
{
    int value = 0;

    for (size_t i = 0; i < s.len; i++)
        value = 10 * value + s.data[i] - '0';
    return value;
}

static int take_at(struct state *s, int i)
{
    int value = s->items[i];

    s->n--;
    memmove(&s->items[i], &s->items[i + 1], (size_t)(s->n - i) * sizeof s->items[0]);
    return value;
}

static int highest(const struct state *s)
{
    int best = 0;

    for (int i = 1; i < s->n; i++)
        best = s->items[i] > s->items[best] ? i : best;
    return best;
}

static int find(const struct state *s, int value)
{
    int i = 0;

    while (i < s->n && s->items[i] != value)
        i++;
    return i;
}

static enum op_status change_set(struct state *s, enum op_kind kind, int value)
{
    int i = find(s, value);
    bool is_there = i < s->n;

    if (kind == OP_CONTAINS)
        return is_there ? STATUS_OK : STATUS_NO_KEY;
    if (kind == OP_ADD && !is_there)
        s->items[s->n++] = value;
    if (kind == OP_REMOVE && is_there)
        take_at(s, i);
    if (!s->answers || is_there == (kind == OP_REMOVE))
        return STATUS_OK;
    return kind == OP_ADD ? STATUS_MISMATCH : STATUS_NO_KEY;
}

static enum op_status turn_mutex(struct state *s, enum op_kind kind)
{
    if (s->n == (kind == OP_LOCK))
        return STATUS_BUSY;
    s->n = kind == OP_LOCK;
    return STATUS_OK;
}

static struct answer execute(struct state *s, enum op_kind kind, struct slice value)
{
    struct answer a = {.status = STATUS_OK};

    switch (kind) {
    case OP_ENQUEUE:
    case OP_PUSH:
    case OP_INSERT: s->items[s->n++] = value_of(value); return a;
    case OP_ADD:
    case OP_REMOVE:
    case OP_CONTAINS:
        if (s->counts)
            s->sum += value_of(value);
        else
            a.status = change_set(s, kind, value_of(value));
        return a;
    case OP_LOCK:
    case OP_UNLOCK: a.status = turn_mutex(s, kind); return a;
    case OP_GET: return a;
    default: break;
    }
    if (s->n == 0)
        a.status = STATUS_NO_KEY;
    else
        a.value = take_at(s, kind == OP_DEQUEUE ? 0 : kind == OP_POP ? s->n - 1 : highest(s));
    return a;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What a get returns: a sum, or the elements of a set as a row. malloc'ed. */
static struct slice all_of(const struct state *s)
{
    const char *texts[TOYS_OPS_MAX];
    struct buf row = {0};

    if (s->counts)
        CHECK(buf_printf(&row, "%d", s->sum) == 0);
    for (int i = 0; i < s->n; i++)
        texts[i] = text_of(s->items[i]);
    qsort(texts, (size_t)s->n, sizeof texts[0], compare_texts);
    for (int i = 0; i < s->n; i++)
        CHECK(buf_printf(&row, "%s ", texts[i]) == 0);
    CHECK(buf_reserve(&row, 1) == 0);
    return buf_slice(&row);
}

static bool fits(const struct history_op *op, const struct state *before, struct answer a)
{
    if (op->outcome != OUTCOME_OK)
        return a.status != STATUS_BUSY;
    if (op->kind == OP_GET) {
        struct slice row = all_of(before);
        bool same = slice_equal(row, op->result);

        free((void *)row.data);
        return same;
    }
    if (op->status != a.status)
        return false;
    return !op_returns_value(op->kind) || a.status != STATUS_OK || value_of(op->result) == a.value;
}

static struct state start_of(const struct history *h)
{
    return (struct state){.answers = (h->header.dialect & HISTORY_SET_ANSWERS) != 0,
                          .counts = strcmp(h->header.model, "counter") == 0};
}

/* --- histories ------------------------------------------------------------------------------ */

enum { PROCESSES_MAX = 16, NOTHING_OPEN = -1, TRIES = 8 };

struct generator {
    struct rng *rng;
    const struct toys_options *options;
    struct history *h;
    struct state state;
    uint64_t seq;
    long open[PROCESSES_MAX]; /* index of its operation */
    bool executed[PROCESSES_MAX];
    uint32_t values[TOYS_VALUES];
    size_t n_drawn;
};

static struct slice draw_value(struct generator *g)
{
    size_t i = g->options->n_values == 0 ? g->n_drawn++ % TOYS_VALUES
                                         : rng_below(g->rng, g->options->n_values);

    return slice_str(text_of((int)g->values[i]));
}

static void invoke(struct generator *g, size_t p)
{
    struct history_op *op = &g->h->ops[g->h->n_ops];

    *op = (struct history_op){.process = (uint32_t)p,
                              .kind = g->options->toy->kinds[rng_below(g->rng, 4)],
                              .call_seq = ++g->seq,
                              .return_seq = HISTORY_NEVER};
    if (op_takes_value(op->kind))
        op->value = draw_value(g);
    g->open[p] = (long)g->h->n_ops++;
    g->executed[p] = false;
}

/* It may be that it cannot happen now. */
static void run_op(struct generator *g, size_t p)
{
    struct history_op *op = &g->h->ops[g->open[p]];
    struct answer a = execute(&g->state, op->kind, op->value);

    if (a.status == STATUS_BUSY)
        return;
    op->status = a.status;
    if (op->kind == OP_GET)
        op->result = all_of(&g->state);
    else if (op_returns_value(op->kind) && a.status == STATUS_OK)
        op->result = slice_str(text_of(a.value));
    g->executed[p] = true;
}

static void complete(struct generator *g, size_t p)
{
    struct history_op *op = &g->h->ops[g->open[p]];

    op->outcome = OUTCOME_OK;
    op->return_seq = ++g->seq;
    g->open[p] = NOTHING_OPEN;
}

/* The operation ends without an answer, executed or not. */
static void lose(struct generator *g, size_t p)
{
    struct history_op *op = &g->h->ops[g->open[p]];

    if (op->kind == OP_GET)
        free((void *)op->result.data);
    op->outcome = OUTCOME_INFO;
    op->status = STATUS_OK;
    op->result = (struct slice){0};
    g->open[p] = NOTHING_OPEN;
}

static void act(struct generator *g, size_t p)
{
    bool may_lose = g->open[p] != NOTHING_OPEN &&
                    (g->options->takes_unknown || op_takes_value(g->h->ops[g->open[p]].kind));

    if (g->open[p] == NOTHING_OPEN) {
        if (g->h->n_ops < g->options->n_ops)
            invoke(g, p);
    } else if (may_lose && rng_chance(g->rng, g->options->unknown_ppm / 2)) {
        lose(g, p);
    } else if (!g->executed[p]) {
        run_op(g, p);
        if (!g->executed[p] && rng_chance(g->rng, 50000))
            lose(g, p); /* so that nobody waits for ever */
    } else {
        complete(g, p);
    }
}

static bool is_busy(const struct generator *g)
{
    for (size_t p = 0; p < g->options->n_processes; p++) {
        if (g->open[p] != NOTHING_OPEN)
            return true;
    }
    return g->h->n_ops < g->options->n_ops;
}

/* Two answers of the same kind change places: no value appears from nowhere or twice. */
static void exchange(struct generator *g, struct history_op *op)
{
    struct history_op *other = &g->h->ops[rng_below(g->rng, g->h->n_ops)];
    struct slice result = op->result;
    enum op_status status = op->status;

    if (other->outcome != OUTCOME_OK || other->kind != op->kind)
        return;
    op->result = other->result;
    op->status = other->status;
    other->result = result;
    other->status = status;
}

static bool has_answer(const struct history_op *op)
{
    return op->outcome == OUTCOME_OK && op_returns_value(op->kind);
}

/* It returned earlier than it did. */
static void hasten(struct generator *g)
{
    struct history_op *op = &g->h->ops[rng_below(g->rng, g->h->n_ops)];

    if (op->outcome == OUTCOME_OK)
        op->return_seq = rng_between(g->rng, op->call_seq, op->return_seq);
}

/* The other answer of a set. */
static void deny(struct history_op *op)
{
    enum op_status other = op->kind == OP_ADD ? STATUS_MISMATCH : STATUS_NO_KEY;

    op->status = op->status == STATUS_OK ? other : STATUS_OK;
}

static void spoil(struct generator *g)
{
    struct history_op *op = &g->h->ops[rng_below(g->rng, g->h->n_ops)];
    uint64_t choice = rng_below(g->rng, 8);

    if (rng_chance(g->rng, 300000))
        hasten(g);
    for (int i = 0; i < TRIES && !has_answer(op); i++)
        op = &g->h->ops[rng_below(g->rng, g->h->n_ops)];
    if (op->outcome == OUTCOME_OK &&
        (op->kind == OP_CONTAINS || (g->state.answers && op_takes_value(op->kind)))) {
        deny(op);
    } else if (!has_answer(op)) {
        hasten(g);
        hasten(g);
    } else if (choice > 1 || op->kind == OP_GET) {
        exchange(g, op);
    } else {
        op->status = choice == 0 ? STATUS_NO_KEY : STATUS_OK;
        op->result = choice == 0 ? (struct slice){0} : draw_value(g);
    }
}

struct history *toys_generate(struct rng *r, const struct toys_options *o)
{
    struct generator g = {.rng = r, .options = o, .h = calloc(1, sizeof *g.h)};

    CHECK(g.h != NULL && o->n_processes <= PROCESSES_MAX && o->n_ops <= TOYS_OPS_MAX);
    g.h->header.model = o->toy->model;
    g.h->header.dialect = o->toy->dialect;
    g.h->ops = calloc(o->n_ops, sizeof *g.h->ops);
    CHECK(g.h->ops != NULL);
    g.state = start_of(g.h);
    for (uint32_t i = 0; i < TOYS_VALUES; i++)
        g.values[i] = i;
    rng_shuffle(r, g.values, TOYS_VALUES);
    for (size_t p = 0; p < o->n_processes; p++)
        g.open[p] = NOTHING_OPEN;
    while (is_busy(&g))
        act(&g, rng_below(r, o->n_processes));
    for (size_t i = 0; i < o->n_spoiled; i++)
        spoil(&g);
    return g.h;
}

void toys_free(struct history *h)
{
    for (size_t i = 0; i < h->n_ops; i++) {
        if (h->ops[i].kind == OP_GET)
            free((void *)h->ops[i].result.data);
    }
    free(h->ops);
    free(h);
}

/* --- the judge ------------------------------------------------------------------------------ */

struct brute {
    const struct history *h;
    uint64_t placed;
};

static bool precedes(const struct history_op *a, const struct history_op *b)
{
    return a->outcome == OUTCOME_OK && a->return_seq < b->call_seq;
}

static bool may_come_next(const struct brute *b, size_t op)
{
    if ((b->placed >> op & 1) != 0)
        return false;
    for (size_t i = 0; i < b->h->n_ops; i++) {
        if ((b->placed >> i & 1) == 0 && precedes(&b->h->ops[i], &b->h->ops[op]))
            return false;
    }
    return true;
}

static bool try_all(struct brute *b, const struct state *state)
{
    bool complete = true;

    for (size_t i = 0; i < b->h->n_ops; i++)
        complete &= (b->placed >> i & 1) != 0 || b->h->ops[i].outcome != OUTCOME_OK;
    for (size_t i = 0; !complete && i < b->h->n_ops; i++) {
        const struct history_op *op = &b->h->ops[i];
        struct state next = *state;

        if (!may_come_next(b, i) || !fits(op, state, execute(&next, op->kind, op->value)))
            continue;
        b->placed |= UINT64_C(1) << i;
        complete = try_all(b, &next);
        b->placed &= ~(UINT64_C(1) << i);
    }
    return complete;
}

bool toys_linearizable(const struct history *h)
{
    struct brute b = {.h = h};
    struct state start = start_of(h);

    CHECK(h->n_ops <= 64);
    return try_all(&b, &start);
}

bool toys_replays(const struct history *h, const size_t *order, size_t n, bool whole,
                  const char **why)
{
    bool placed[TOYS_OPS_MAX] = {false};
    struct state state = start_of(h);
    struct state before;

    *why = NULL;
    for (size_t i = 0; i < n && *why == NULL; i++) {
        const struct history_op *op = &h->ops[order[i]];

        for (size_t k = i + 1; k < n; k++) {
            if (precedes(&h->ops[order[k]], op))
                *why = "it breaks real time";
        }
        if (placed[order[i]])
            *why = "an operation stands twice in it";
        placed[order[i]] = true;
        before = state;
        if (!fits(op, &before, execute(&state, op->kind, op->value)))
            *why = "an answer does not fit";
    }
    for (size_t i = 0; i < h->n_ops; i++) {
        if (whole && *why == NULL && !placed[i] && h->ops[i].outcome == OUTCOME_OK)
            *why = "an operation is missing";
    }
    return *why == NULL;
}

void toys_print(const struct history *h)
{
    printf("model %s dialect %u\n", h->header.model, h->header.dialect);
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];

        printf("%zu: %s '%.*s' -> %s %s '%.*s' [%" PRIu64 ", %" PRId64 "]\n", i,
               op_kind_name(op->kind), (int)op->value.len, op->value.data,
               op_outcome_name(op->outcome), op_status_name(op->status), (int)op->result.len,
               op->result.data, op->call_seq, (int64_t)op->return_seq);
    }
}
