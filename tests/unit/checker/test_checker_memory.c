#include "checker/share.h"
#include "generate.h"
#include "oracle.h"

#include "checker/checker.h"

#include <criterion/criterion.h>

/* What a bound of the memory does: it is kept, it costs time, it changes no verdict. */

static struct check_result *check(const struct history *h, size_t bytes_max)
{
    struct check_options o = {.engine = "jit", .memory_bytes_max = bytes_max};
    struct check_result *r;
    struct err e;

    cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
    return r;
}

/* Many unknown outcomes and a spoiled answer: thousands of configurations for 60 operations. */
static struct history *hard(uint64_t seed)
{
    struct generate_options o = {.model = "kv",
                                 .n_ops = 120,
                                 .n_processes = 12,
                                 .n_keys = 1,
                                 .n_values = 3,
                                 .unknown_ppm = 200000,
                                 .n_spoiled = 2};
    struct rng r = rng_make(seed, rng_stream("hard", 0));

    return generate(&r, &o);
}

enum { HARD_HISTORIES = 60, WORTH_BYTES = 60 * 1024, STEPS_MAX = 100000 };

/* With three quarters of the memory that it takes without a bound. */
static void expect_the_same_within(struct history *h, const struct check_result *free_one)
{
    size_t bytes_max = free_one->partitions[0].memory_bytes * 3 / 4;
    struct check_result *tight = check(h, bytes_max);
    const struct check_partition *p = &tight->partitions[0];
    const char *why;

    cr_expect_eq(tight->verdict, free_one->verdict);
    cr_expect_leq(p->memory_bytes, bytes_max);
    cr_expect(tight->verdict != VERDICT_LINEARIZABLE ||
              oracle_replays(h, NULL, p->order, p->n_order, true, &why));
    check_result_free(&tight);
}

Test(checker_memory, forgetting_under_a_bound_changes_no_verdict)
{
    size_t forgot = 0;

    for (uint64_t seed = 0; seed < HARD_HISTORIES; seed++) {
        struct history *h = hard(seed);
        struct check_result *free_one = check(h, 0);

        if (free_one->partitions[0].memory_bytes > WORTH_BYTES &&
            free_one->partitions[0].steps < STEPS_MAX) {
            expect_the_same_within(h, free_one);
            forgot++;
        }
        check_result_free(&free_one);
        generate_free(h);
    }
    cr_expect_gt(forgot, 3, "the bound was hardly ever met");
}

static bool after_some(void *context)
{
    size_t *turns = context;

    return (*turns)++ > 0;
}

/* Puts of unknown outcome that are all different, before reads that no one explains: the first
 * reads are explained, and time is up before all is tried. */
Test(checker_memory, unknown_says_up_to_which_return_the_history_is_explained)
{
    size_t n_told = 0;

    for (uint64_t seed = 0; seed < HARD_HISTORIES; seed++) {
        struct history *h = hard(seed);
        size_t turns = 0;
        struct check_options o = {
            .engine = "porcupine", .spent = after_some, .spent_context = &turns};
        struct check_result *r;
        const struct check_partition *p;
        struct err e;

        cr_assert_eq(check_history(h, &o, &r, &e), 0, "%s", e.text);
        p = &r->partitions[0];
        if (p->verdict == VERDICT_UNKNOWN) {
            uint64_t cut = h->ops[p->unexplained].return_seq;
            struct check_result *prefix;

            n_told++;
            cr_expect_gt(p->n_explained, 0);
            /* Cut there: what did not return before is open, what was called later is not there. */
            while (h->n_ops > 0 && h->ops[h->n_ops - 1].call_seq > cut)
                generate_drop_last(h);
            for (size_t i = 0; i < h->n_ops; i++) {
                if (h->ops[i].outcome == OUTCOME_OK && h->ops[i].return_seq >= cut)
                    h->ops[i].outcome = OUTCOME_PENDING;
            }
            prefix = check(h, 0);
            cr_expect_eq(prefix->verdict, VERDICT_LINEARIZABLE, "seed %lu", (unsigned long)seed);
            check_result_free(&prefix);
        }
        check_result_free(&r);
        generate_free(h);
    }
    cr_expect_gt(n_told, 3, "time was hardly ever up");
}

Test(checker_memory, what_is_needed_comes_before_what_may_be_forgotten)
{
    static const size_t sizes[] = {100000, 50000, 10, 10};
    size_t mb = 1 << 20;
    struct share none = share_make(0, 4, sizes, 4);
    struct share roomy = share_make(1000 * mb, 2, sizes, 4);
    struct share tight = share_make(30 * mb, 4, sizes, 4);
    struct share hopeless = share_make(mb, 4, sizes, 4);

    cr_expect_eq(share_of(&none, 100000), 0, "no bound");
    cr_expect_eq(none.jobs, 4);
    cr_expect_eq(roomy.jobs, 2);
    cr_expect_leq(share_of(&roomy, 100000) + share_of(&roomy, 50000), 1000 * mb);
    cr_expect_gt(share_of(&roomy, 10), 400 * mb, "half of what is to spare");
    cr_expect_eq(tight.jobs, 1, "the two longest have no room beside each other");
    cr_expect_eq(share_of(&hopeless, 100000), mb);
    cr_expect_eq(hopeless.jobs, 1);
}

Test(checker_memory, no_more_jobs_than_partitions_and_never_none)
{
    static const size_t sizes[] = {5};

    cr_expect_eq(share_make(0, 8, sizes, 1).jobs, 1);
    cr_expect_eq(share_make(1 << 20, 8, sizes, 0).jobs, 1);
}
