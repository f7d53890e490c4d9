#include "base/rng.h"
#include "tests/unit/kv/fake_store.h"
#include "tests/unit/kv/model.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

/* A random log is applied to the plain model, then to replicas that batch, lag and crash each in
 * their own way. All have to agree with the model command by command, and with each other on
 * every stored byte at the end. */
enum { LOG_LEN = 600, REPLICAS = 3, SEEDS = 12, QUEUED_MAX = 8, APPLIED_MAX = 8 };

static const char *const key_names[MODEL_KEYS] = {"", "a", "ab", "b"};

struct answer {
    enum op_status status;
    bool present[MODEL_KEYS]; /* the whole state behind the command */
    char text[MODEL_KEYS][64];
};

static struct model_command entries[LOG_LEN + 1]; /* by index, from 1 */
static struct answer answers[LOG_LEN + 1];

/* --- the log -------------------------------------------------------------------------------- */

/* Sessions: live, expired or never opened; ids: next, the same again, an older one. */
static void draw_ids(struct rng *rng, struct model_command *c, uint64_t index)
{
    uint64_t back = rng_below(rng, 24);

    c->session = back >= index ? 0 : index - back;
    for (uint64_t i = c->session; i > 0; i--) {
        if (entries[i].kind == OP_REGISTER) {
            c->session = rng_chance(rng, 950000) ? i : c->session;
            break;
        }
    }
    c->id = index / 3 + rng_below(rng, 3);
}

static void draw_command(struct rng *rng, uint64_t index)
{
    struct model_command *c = &entries[index];
    uint64_t kind = rng_below(rng, 12);

    *c = (struct model_command){0};
    c->kind = kind < OP_KIND_COUNT ? (enum op_kind)kind : OP_APPEND;
    c->key = (unsigned)rng_below(rng, MODEL_KEYS);
    c->value[0] = (char)('a' + rng_below(rng, 3));
    c->expected[0] = (char)('a' + rng_below(rng, 3));
    c->expects_absent = rng_chance(rng, 250000);
    if (c->kind != OP_GET && c->kind != OP_REGISTER)
        draw_ids(rng, c, index);
    /* A clerk that was not answered sends the very same command again, some time later. */
    if (index > 8 && rng_chance(rng, 250000)) {
        uint64_t again = index - 1 - rng_below(rng, 8);

        *c = entries[again];
    }
    if (index % 40 == 0) /* keeps values short */
        *c = (struct model_command){.kind = OP_REGISTER};
}

static void draw_log(uint64_t seed)
{
    static struct model m;
    struct rng rng = rng_make(seed, rng_stream("log", 0));

    memset(&m, 0, sizeof m);
    for (uint64_t i = 1; i <= LOG_LEN; i++) {
        draw_command(&rng, i);
        answers[i].status = model_apply(&m, i, &entries[i]);
        for (size_t k = 0; k < MODEL_KEYS; k++) {
            cr_assert_lt(strlen(m.text[k]), sizeof answers[i].text[k]);
            answers[i].present[k] = m.present[k];
            strcpy(answers[i].text[k], m.text[k]);
        }
    }
}

/* --- a replica ------------------------------------------------------------------------------ */

struct replica {
    struct fake_store store;
    struct kv *kv;
    struct rng rng;
    uint64_t seq;
    uint64_t applied;
    uint64_t restarts;
};

static void start(struct replica *r)
{
    struct kv_options o = {.sessions_max = MODEL_SESSIONS_MAX, .reader = fake_reader(&r->store)};

    cr_assert_eq(kv_create(&o, &r->kv, NULL), 0);
    fake_load_sessions(&r->store, r->kv);
    r->applied = r->store.applied_index;
}

static void expect_key(struct replica *r, size_t key, const struct answer *a)
{
    struct op op = {.kind = OP_GET, .key = slice_str(key_names[key])};
    struct op_result result;

    cr_assert_eq(kv_get(r->kv, &op, &result), 0);
    cr_assert_eq(result.status, a->present[key] ? STATUS_OK : STATUS_NO_KEY);
    if (a->present[key])
        cr_assert(slice_equal(result.value, slice_str(a->text[key])));
}

static void apply_next(struct replica *r)
{
    const struct model_command *m = &entries[++r->applied];
    const struct answer *want = &answers[r->applied];
    struct command c = {
        .session = m->session,
        .id = m->id,
        .op = {.kind = m->kind,
               .key = slice_str(key_names[m->key]),
               .value = slice_str(m->value),
               .expected = slice_str(m->expected),
               .expects_absent = m->expects_absent},
    };
    struct op_result result;

    cr_assert_eq(kv_apply(r->kv, r->applied, &c, &result), 0);
    cr_assert_eq(result.status, want->status, "entry %ju: %s, not %s", (uintmax_t)r->applied,
                 op_status_name(result.status), op_status_name(want->status));
    if (m->kind == OP_GET && result.status == STATUS_OK)
        cr_assert(slice_equal(result.value, slice_str(want->text[m->key])));
    for (size_t k = 0; k < MODEL_KEYS; k++)
        expect_key(r, k, want);
}

static void submit(struct replica *r)
{
    fake_submit(&r->store, r->kv, ++r->seq, r->applied);
}

static void show(struct replica *r, size_t n)
{
    kv_visible(r->kv, fake_make_visible(&r->store, n));
    for (size_t k = 0; k < MODEL_KEYS && r->applied > 0; k++)
        expect_key(r, k, &answers[r->applied]);
}

/* The store may have become readable further than the kv was told before the crash. */
static void crash(struct replica *r)
{
    fake_make_visible(&r->store, (size_t)rng_below(&r->rng, r->store.n_batches + 1));
    fake_crash(&r->store);
    kv_destroy(r->kv);
    start(r);
    r->restarts++;
}

static void run_replica(struct replica *r, uint64_t seed, uint64_t number)
{
    r->rng = rng_make(seed, rng_stream("replica", number));
    start(r);
    while (r->applied < LOG_LEN) {
        uint64_t n = 1 + rng_below(&r->rng, APPLIED_MAX);

        while (n-- > 0 && r->applied < LOG_LEN)
            apply_next(r);
        submit(r);
        if (r->store.n_batches >= QUEUED_MAX || rng_chance(&r->rng, 300000))
            show(r, (size_t)rng_below(&r->rng, r->store.n_batches + 1));
        if (number > 0 && rng_chance(&r->rng, 80000))
            crash(r);
    }
    show(r, r->store.n_batches);
    cr_assert_eq(kv_unsubmitted_bytes(r->kv), 0);
}

ParameterizedTestParameters(kv_replay, replicas_agree_with_the_model_and_each_other)
{
    static int seeds[SEEDS];

    for (int i = 0; i < SEEDS; i++)
        seeds[i] = i;
    return cr_make_param_array(int, seeds, SEEDS);
}

ParameterizedTest(int *seed, kv_replay, replicas_agree_with_the_model_and_each_other)
{
    static struct replica replicas[REPLICAS];

    draw_log((uint64_t)*seed);
    for (uint64_t i = 0; i < REPLICAS; i++)
        run_replica(&replicas[i], (uint64_t)*seed, i);
    cr_assert_gt(replicas[1].restarts + replicas[2].restarts, 0);
    for (uint64_t i = 0; i < REPLICAS; i++) {
        cr_expect(fake_equal(&replicas[0].store, &replicas[i].store), "replica %ju", (uintmax_t)i);
        cr_expect_eq(kv_sessions(replicas[i].kv), MODEL_SESSIONS_MAX);
    }
    for (uint64_t i = 0; i < REPLICAS; i++) {
        kv_destroy(replicas[i].kv);
        fake_clear(&replicas[i].store);
    }
}

Test(kv_replay, the_drawn_logs_meet_every_answer)
{
    size_t seen[STATUS_COUNT] = {0};

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        draw_log(seed);
        for (size_t i = 1; i <= LOG_LEN; i++)
            seen[answers[i].status]++;
    }
    cr_expect_gt(seen[STATUS_OK], 1000);
    cr_expect_gt(seen[STATUS_NO_KEY], 100);
    cr_expect_gt(seen[STATUS_MISMATCH], 100);
    cr_expect_gt(seen[STATUS_BAD_REQUEST], 100);
    cr_expect_gt(seen[STATUS_SESSION_EXPIRED], 100);
}
