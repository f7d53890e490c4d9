#include "base/rng.h"
#include "checker/checker.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Families of histories that are known to make searches explode, and easy ones that are long. What
 * is asserted is counted, not timed: configurations and bytes. */

struct family {
    struct history h;
    size_t cap;
    uint64_t seq;
    char (*names)[8]; /* values by number */
};

enum { NAMES = 64 };

/* Those that decide any history. */
static const char *const GENERAL[] = {"jit", "porcupine", NULL};

static struct family family_create(const char *model, size_t cap)
{
    struct family f = {.cap = cap};

    f.h.header.model = model;
    f.h.ops = calloc(cap, sizeof *f.h.ops);
    f.names = calloc(NAMES, sizeof *f.names);
    cr_assert(f.h.ops != NULL && f.names != NULL);
    for (int i = 0; i < NAMES; i++)
        snprintf(f.names[i], sizeof f.names[i], "%d.", i);
    return f;
}

static void family_destroy(struct family *f)
{
    free(f->h.ops);
    free(f->names);
}

static struct history_op *invoke(struct family *f, enum op_kind kind, unsigned value)
{
    struct history_op *op = &f->h.ops[f->h.n_ops++];

    cr_assert(f->h.n_ops <= f->cap && value < NAMES);
    *op = (struct history_op){
        .kind = kind, .outcome = OUTCOME_INFO, .call_seq = ++f->seq, .return_seq = HISTORY_NEVER};
    *(kind == OP_GET ? &op->result : &op->value) = slice_str(f->names[value]);
    return op;
}

static void complete(struct family *f, struct history_op *op)
{
    op->outcome = OUTCOME_OK;
    op->return_seq = ++f->seq;
}

static void read_value(struct family *f, unsigned value)
{
    complete(f, invoke(f, OP_GET, value));
}

struct cost {
    enum verdict verdict;
    uint64_t steps;
    size_t memory_bytes;
};

static struct cost cost_of(const struct family *f, const char *engine)
{
    struct check_options o = {.engine = engine};
    struct check_result *r;
    struct cost c;
    struct err e;

    cr_assert_eq(check_history(&f->h, &o, &r, &e), 0, "%s", e.text);
    c = (struct cost){r->verdict, r->partitions[0].steps, r->partitions[0].memory_bytes};
    check_result_free(&r);
    return c;
}

static struct cost easy(size_t n, const char *engine)
{
    struct family f = family_create("register", n);
    struct cost c;

    for (size_t i = 0; i < n / 2; i++) {
        struct history_op *put = invoke(&f, OP_PUT, (unsigned)i % 5);
        struct history_op *get = invoke(&f, OP_GET, (unsigned)i % 5);

        complete(&f, put);
        complete(&f, get);
    }
    c = cost_of(&f, engine);
    family_destroy(&f);
    return c;
}

Test(checker_growth, memory_of_an_easy_history_grows_with_its_length)
{
    for (const char *const *engine = GENERAL; *engine != NULL; engine++) {
        struct cost c = easy(40000, *engine);

        cr_expect_eq(c.verdict, VERDICT_LINEARIZABLE);
        cr_expect_leq(c.steps, 40000 + 20000, "%s: %lu steps", *engine, (unsigned long)c.steps);
        cr_expect_lt(c.memory_bytes, 40000 * 160, "%s: %zu bytes", *engine, c.memory_bytes);
    }
}

/* k writes of unknown outcome, then a read of what nobody wrote. */
Test(checker_growth, unknown_writes_before_an_impossible_read_cost_little)
{
    struct family f = family_create("register", 64);
    struct cost c;

    for (unsigned i = 0; i < 40; i++)
        invoke(&f, OP_PUT, i);
    read_value(&f, 50);
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_lt(c.steps, 1000, "%lu steps", (unsigned long)c.steps);
    family_destroy(&f);
}

/* The same write many times, of unknown outcome: counted, not told apart, by the plain search
 * too. */
Test(checker_growth, identical_unknown_writes_are_counted_as_one_class)
{
    for (const char *const *engine = GENERAL; *engine != NULL; engine++) {
        struct family f = family_create("register", 64);
        struct cost c;

        for (unsigned i = 0; i < 40; i++)
            invoke(&f, OP_PUT, i % 2);
        read_value(&f, 50);
        c = cost_of(&f, *engine);
        cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
        cr_expect_lt(c.steps, 21 * 21 * 4, "%s: %lu steps", *engine, (unsigned long)c.steps);
        family_destroy(&f);
    }
}

/* Rounds of concurrent writes over few values, then a bad read. */
Test(checker_growth, concurrent_writes_of_few_values_are_symmetric)
{
    struct family f = family_create("register", 64);
    struct cost c;

    for (unsigned round = 0; round < 3; round++) {
        struct history_op *ops[14];

        for (unsigned i = 0; i < 14; i++)
            ops[i] = invoke(&f, OP_PUT, i % 3);
        for (unsigned i = 0; i < 14; i++)
            complete(&f, ops[i]);
    }
    read_value(&f, 50);
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_lt(c.steps, 5000, "%lu steps", (unsigned long)c.steps);
    family_destroy(&f);
}

/* c concurrent appends have c! orders; the read behind them leaves one. */
Test(checker_growth, a_read_decides_the_order_of_the_appends_before_it)
{
    struct family f = family_create("kv", 64);
    struct history_op *ops[20];
    char all[20 * 4 + 1] = "";
    struct history_op *get;
    struct cost c;

    for (unsigned i = 0; i < 20; i++)
        ops[i] = invoke(&f, OP_APPEND, i);
    for (unsigned i = 0; i < 20; i++) {
        complete(&f, ops[i]);
        strcat(all, f.names[(i * 7) % 20]);
    }
    get = invoke(&f, OP_GET, 0);
    get->result = slice_str(all);
    complete(&f, get);
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_LINEARIZABLE);
    cr_expect_lt(c.steps, 100, "%lu steps", (unsigned long)c.steps);
    all[0] = 'x';
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
    family_destroy(&f);
}

/* Few values, every third write of unknown outcome, a bad read at the end. */
Test(checker_growth, unknown_writes_of_few_values_under_load_cost_little)
{
    struct family f = family_create("register", 400);
    struct cost c;

    for (unsigned i = 0; i < 120; i++) {
        struct history_op *put = invoke(&f, OP_PUT, (i * 3 + i / 7) % 5);
        struct history_op *other = invoke(&f, OP_PUT, (i * 2) % 5);

        if (i % 3 != 0)
            complete(&f, put);
        complete(&f, other);
        read_value(&f, (i * 2) % 5);
    }
    read_value(&f, 50);
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_lt(c.steps, 150000, "%lu steps", (unsigned long)c.steps);
    family_destroy(&f);
}

/* All puts of a round are open at once, and two reads behind it disagree about the last one: all
 * but a few of the puts go unseen, and which ones those are is not tried in advance. */
Test(checker_growth, puts_that_nobody_sees_are_not_told_apart)
{
    struct family f = family_create("register", 128);
    struct cost c;

    for (unsigned round = 0; round < 3; round++) {
        struct history_op *ops[20];

        for (unsigned i = 0; i < 20; i++)
            ops[i] = invoke(&f, OP_PUT, i);
        for (unsigned i = 0; i < 20; i++)
            complete(&f, ops[i]);
        read_value(&f, 7);
    }
    read_value(&f, 8);
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_lt(c.steps, 110000, "%lu steps", (unsigned long)c.steps);
    family_destroy(&f);
}

/* Appends of which nothing is read again: the bytes that pile up do not matter. */
Test(checker_growth, states_that_nobody_asks_for_are_not_told_apart)
{
    struct family f = family_create("kv", 64);
    struct history_op *ops[16];
    struct cost c;

    invoke(&f, OP_APPEND, 30)->outcome = OUTCOME_INFO;
    for (unsigned i = 0; i < 16; i++)
        ops[i] = invoke(&f, OP_APPEND, i);
    for (unsigned i = 0; i < 16; i++)
        complete(&f, ops[i]);
    for (unsigned i = 0; i < 3; i++)
        complete(&f, invoke(&f, OP_DELETE, 0));
    c = cost_of(&f, "jit");
    cr_expect_eq(c.verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_lt(c.steps, 170000, "%lu steps", (unsigned long)c.steps);
    family_destroy(&f);
}

/* --- many clients --------------------------------------------------------------------------- */

enum { BUSY_CLIENTS = 30, BUSY_OPS = 600, BUSY_VALUES = 40, BUSY_STATE_MAX = 512 };

/* What the clients of one key share: the key, which is executed at some moment of each operation.
 */
struct busy {
    struct family f;
    struct rng rng;
    char state[BUSY_STATE_MAX]; /* "" is absent: no value is empty */
    char seen[BUSY_OPS][BUSY_STATE_MAX];
    struct history_op *open[BUSY_CLIENTS];
    bool executed[BUSY_CLIENTS];
};

static void execute(struct busy *b, struct history_op *op)
{
    size_t len = strlen(b->state);
    char *seen = b->seen[op - b->f.h.ops];

    if (op->kind == OP_GET) {
        strcpy(seen, b->state);
        op->result = slice_str(seen);
    }
    op->status = op->kind != OP_PUT && op->kind != OP_APPEND && len == 0 ? STATUS_NO_KEY
                                                                         : STATUS_OK;
    if (op->kind == OP_PUT || op->kind == OP_DELETE)
        len = 0;
    if (op->kind != OP_GET)
        b->state[len] = '\0';
    if (op->kind == OP_PUT || op->kind == OP_APPEND) {
        cr_assert(len + op->value.len < sizeof b->state);
        memcpy(b->state + len, op->value.data, op->value.len);
        b->state[len + op->value.len] = '\0';
    }
}

static void run_busy(struct busy *b)
{
    static const enum op_kind kinds[] = {OP_GET, OP_GET, OP_GET, OP_PUT, OP_APPEND, OP_DELETE};
    size_t open = 0;

    while (b->f.h.n_ops < BUSY_OPS || open > 0) {
        size_t c = rng_below(&b->rng, BUSY_CLIENTS);
        enum op_kind kind = kinds[rng_below(&b->rng, 6)];

        if (b->open[c] == NULL && b->f.h.n_ops < BUSY_OPS) {
            b->open[c] = invoke(&b->f, kind, (unsigned)rng_below(&b->rng, BUSY_VALUES));
            b->executed[c] = false;
            open++;
        } else if (b->open[c] != NULL && !b->executed[c]) {
            execute(b, b->open[c]);
            b->executed[c] = true;
        } else if (b->open[c] != NULL) {
            complete(&b->f, b->open[c]);
            b->open[c] = NULL;
            open--;
        }
    }
}

/* What is seen has to be written, and finished by an append that is left, before it was seen. */
Test(checker_growth, many_clients_of_one_key_are_followed_by_what_they_saw)
{
    static struct busy b;
    struct cost c;

    for (uint64_t seed = 1; seed <= 4; seed++) {
        b = (struct busy){.f = family_create("kv", BUSY_OPS),
                          .rng = rng_make(seed, rng_stream("busy", 0))};
        run_busy(&b);
        c = cost_of(&b.f, "jit");
        cr_expect_eq(c.verdict, VERDICT_LINEARIZABLE);
        cr_expect_lt(c.steps, 50000, "%lu steps", (unsigned long)c.steps);
        family_destroy(&b.f);
    }
}

/* Rounds of puts that are open at once, of few values, then everything is taken by one client in
 * orders that fit; the last answer is `last`. `unknown`: so many takes of unknown outcome, open
 * from the start, which took nothing. */
static struct cost queued(unsigned rounds, unsigned last, unsigned unknown)
{
    struct family f = family_create("queue", 1000);
    struct history_op *ops[8];
    struct cost c;

    for (unsigned i = 0; i < unknown; i++)
        invoke(&f, OP_DEQUEUE, 0)->value = slice_of(NULL, 0);
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < 8; i++)
            ops[i] = invoke(&f, OP_ENQUEUE, (i + round) % 5);
        for (unsigned i = 0; i < 8; i++)
            complete(&f, ops[i]);
    }
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < 8; i++) {
            bool is_last = round + 1 == rounds && i == 7;
            struct history_op *op = invoke(&f, OP_DEQUEUE, 0);

            op->value = slice_of(NULL, 0);
            op->result = slice_str(f.names[is_last ? last : (i * 3 % 8 + round) % 5]);
            complete(&f, op);
        }
    }
    c = cost_of(&f, "jit");
    family_destroy(&f);
    return c;
}

/* Forty rounds have 8!^40 orders, and which was right shows hundreds of operations later. */
Test(checker_growth, who_takes_from_a_queue_is_known_when_it_is_put_in)
{
    unsigned right = (7 * 3 % 8 + 39) % 5;
    struct cost possible = queued(40, right, 0);
    struct cost impossible = queued(40, (right + 1) % 5, 0);
    struct cost unknown = queued(40, right, 2);

    cr_expect_eq(possible.verdict, VERDICT_LINEARIZABLE);
    cr_expect_lt(possible.steps, 2000, "%lu steps", (unsigned long)possible.steps);
    cr_expect_eq(impossible.verdict, VERDICT_NOT_LINEARIZABLE);
    cr_expect_lt(impossible.steps, 200000, "%lu steps", (unsigned long)impossible.steps);
    cr_expect_eq(unknown.verdict, VERDICT_LINEARIZABLE);
    cr_expect_lt(unknown.steps, 20000, "%lu steps", (unsigned long)unknown.steps);
}
