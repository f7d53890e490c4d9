#include "base/rng.h"
#include "node/raft/log.h"
#include "tests/unit/raft/paper.h"

/* What is not in the paper: bounds, input that makes no sense, the log's window in memory. */

Test(raft_core, options_that_make_no_sense_are_refused)
{
    static const uint64_t voters[] = {1, 2, 3};
    static const uint64_t twice[] = {1, 2, 2};
    static const uint64_t zero[] = {1, 0, 3};
    static const struct raft_term_run runs[] = {{.first = 1, .term = 2}};
    static const struct raft_options good = {.id = 1,
                                             .voters = voters,
                                             .n_voters = 3,
                                             .election_ticks = 10,
                                             .heartbeat_ticks = 1,
                                             .first_index = 1,
                                             .last_index = 2,
                                             .runs = runs,
                                             .n_runs = 1,
                                             .hard = {.term = 2}};
    struct raft_options bad[14];
    struct raft *r = NULL;
    struct err e;

    for (size_t i = 0; i < 14; i++)
        bad[i] = good;
    bad[0].id = 4;
    bad[1].voters = twice;
    bad[2].voters = zero;
    bad[3].n_voters = 0;
    bad[4].n_voters = RAFT_NODES_MAX + 1;
    bad[5].heartbeat_ticks = 0;
    bad[6].election_ticks = 1;
    bad[7].first_index = 0;
    bad[8].first_index = 4;
    bad[9].applied_index = 3;
    bad[10].n_runs = 0;
    bad[11].hard.term = 1;
    bad[12].inflight_max = SIZE_MAX;
    bad[13].last_index = UINT64_MAX;
    for (size_t i = 0; i < 14; i++) {
        cr_expect_eq(raft_create(&bad[i], &r, &e), -E_INVAL, "case %zu", i);
        cr_expect_null(r);
    }
    cr_assert_eq(raft_create(&good, &r, &e), 0);
    raft_destroy(r);
    raft_destroy(NULL);
}

Test(raft_core, log_that_starts_late_needs_the_term_before_it)
{
    static const uint64_t voters[] = {1};
    static const struct raft_term_run runs[] = {{.first = 7, .term = 2}};
    struct raft_options o = {.id = 1,
                             .voters = voters,
                             .n_voters = 1,
                             .election_ticks = 10,
                             .heartbeat_ticks = 1,
                             .first_index = 8,
                             .last_index = 7,
                             .applied_index = 7,
                             .hard = {.term = 2}};
    struct raft *r;
    struct err e;

    cr_expect_eq(raft_create(&o, &r, &e), -E_INVAL);
    o.runs = runs;
    o.n_runs = 1;
    cr_assert_eq(raft_create(&o, &r, &e), 0);
    cr_expect_eq(raft_commit_index(r), 7);
    raft_destroy(r);
}

Test(raft_core, messages_that_make_no_sense_are_dropped)
{
    static const struct entry gap[] = {{.index = 2, .term = 1}};
    static const struct entry back[] = {{.index = 1, .term = 2}, {.index = 2, .term = 1}};
    static const struct entry late[] = {{.index = 1, .term = 9}};
    static const struct raft_message bad[] = {
        {.type = RAFT_HEARTBEAT, .from = 4, .to = 1, .term = 2},
        {.type = RAFT_HEARTBEAT, .from = 1, .to = 1, .term = 2},
        {.type = RAFT_HEARTBEAT, .from = 2, .to = 3, .term = 2},
        {.type = RAFT_HEARTBEAT, .from = 2, .to = 1, .term = 0},
        {.type = RAFT_MESSAGE_TYPE_COUNT, .from = 2, .to = 1, .term = 2},
        {.type = RAFT_APPEND, .from = 2, .to = 1, .term = 2, .entries = gap, .n_entries = 1},
        {.type = RAFT_APPEND, .from = 2, .to = 1, .term = 2, .entries = back, .n_entries = 2},
        {.type = RAFT_APPEND, .from = 2, .to = 1, .term = 2, .entries = late, .n_entries = 1},
        {.type = RAFT_APPEND, .from = 2, .to = 1, .term = 2, .log_index = UINT64_MAX},
        {.type = RAFT_APPEND, .from = 2, .to = 1, .term = 2, .log_index = 1, .log_term = 3},
        {.type = RAFT_VOTE, .from = 2, .to = 1, .term = 2, .entries = late, .n_entries = 1},
    };
    struct cluster *c = plain_cluster(3);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(raft_step(cluster_raft(c, 1), &bad[i]), -E_INVAL, "case %zu", i);
        cr_expect_eq(term_of(c, 1), 0, "case %zu", i);
    }
    cluster_destroy(c);
}

Test(raft_core, second_leader_of_a_term_is_not_believed)
{
    struct raft_message m = {.type = RAFT_HEARTBEAT, .from = 2, .to = 1, .term = 1};
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cr_expect_eq(raft_step(cluster_raft(c, 1), &m), -E_INVAL);
    m.to = 3;
    cr_expect_eq(raft_step(cluster_raft(c, 3), &m), -E_INVAL);
    cluster_destroy(c);
}

Test(raft_core, acknowledgement_of_entries_never_sent_is_dropped)
{
    struct raft_message m = {
        .type = RAFT_APPEND_REPLY, .from = 2, .to = 1, .term = 1, .log_index = 50};
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cr_expect_eq(raft_step(cluster_raft(c, 1), &m), -E_INVAL);
    cr_expect_eq(commit_of(c, 1), 1);
    cluster_destroy(c);
}

Test(raft_core, late_reply_never_moves_match_back)
{
    struct raft_message late = {
        .type = RAFT_APPEND_REPLY, .from = 2, .to = 1, .term = 1, .log_index = 1};
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    propose(c, 1, "x");
    cluster_deliver_all(c);
    cr_assert_eq(cluster_status(c, 1).peers[0].match_index, 2);
    cluster_inject(c, &late);
    cr_expect_eq(cluster_status(c, 1).peers[0].match_index, 2);
    late.reject = true;
    cluster_inject(c, &late);
    cr_expect_eq(cluster_status(c, 1).peers[0].match_index, 2);
    cr_expect_eq(cluster_status(c, 1).peers[0].next_index, 3);
    cluster_destroy(c);
}

Test(raft_core, echo_of_a_round_that_was_never_started_confirms_nothing)
{
    struct raft_message m = {
        .type = RAFT_HEARTBEAT_REPLY, .from = 2, .to = 1, .term = 1, .context = 99};
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cluster_inject(c, &m);
    cluster_read(c, 1, 1);
    cr_expect_not(cluster_find_read(c, 1)->done);
    cluster_destroy(c);
}

/* --- bounds ----------------------------------------------------------------------------------*/

Test(raft_core, proposals_between_two_readies_are_one_save_and_one_append_each)
{
    struct cluster *c = plain_cluster(3);
    struct raft_ready rd;

    cluster_elect(c, 1);
    for (int i = 0; i < 500; i++)
        cr_assert_eq(cluster_propose(c, 1, "x"), 0);
    cr_assert(raft_ready(cluster_raft(c, 1), &rd));
    cr_expect(rd.save);
    cr_expect_eq(rd.n_entries, 500);
    cr_expect_eq(rd.n_now, 2);
    cr_expect_eq(rd.now[0].n_entries, 500);
    cr_expect_eq(rd.now[0].entries, rd.entries); /* lent, not copied */
    raft_advance(cluster_raft(c, 1));
    cr_expect_not(raft_ready(cluster_raft(c, 1), &rd));
    cluster_destroy(c);
}

Test(raft_core, proposals_beyond_the_bound_are_busy_until_some_commit)
{
    struct raft_options o = cluster_options();
    struct cluster *c;
    int taken = 0;

    o.uncommitted_bytes_max = 10 * sizeof(struct entry);
    c = cluster_create(3, &o);
    cluster_elect(c, 1);
    cr_assert_eq(cluster_status(c, 1).uncommitted_bytes, 0);
    while (cluster_propose(c, 1, "x") == 0)
        taken++;
    cr_expect_eq(taken, 9);
    cr_expect_eq(cluster_propose(c, 1, "x"), -E_BUSY);
    cluster_pump(c, 1);
    cluster_deliver_all(c);
    cr_expect_eq(cluster_status(c, 1).uncommitted_bytes, 0);
    cr_expect_eq(cluster_propose(c, 1, "x"), 0);
    cluster_destroy(c);
}

Test(raft_core, one_command_bigger_than_the_bound_is_let_through)
{
    struct raft_options o = cluster_options();
    struct cluster *c;

    o.uncommitted_bytes_max = 1;
    c = cluster_create(1, &o);
    cluster_elect(c, 1);
    propose(c, 1, "x");
    cr_expect_eq(commit_of(c, 1), 2);
    cluster_destroy(c);
}

Test(raft_core, reads_beyond_the_bound_are_busy)
{
    struct raft_options o = cluster_options();
    struct cluster *c;

    o.reads_max = 3;
    c = cluster_create(3, &o);
    cluster_elect(c, 1);
    for (uint64_t token = 1; token <= 3; token++)
        cr_expect_eq(cluster_read(c, 1, token), 0);
    cr_expect_eq(cluster_read(c, 1, 4), -E_BUSY);
    cluster_deliver_all(c);
    cr_expect_eq(cluster_read(c, 1, 5), 0);
    cluster_destroy(c);
}

/* The network may lose messages, and so may a node whose driver does not collect them. */
Test(raft_core, answers_that_nobody_collects_are_bounded)
{
    enum { FLOOD = 5000 };
    struct cluster *c = node_by_hand(3);
    struct raft_message m = {.type = RAFT_HEARTBEAT, .from = 2, .to = 1, .term = 1};

    for (int i = 0; i < FLOOD; i++)
        cr_assert_eq(raft_step(cluster_raft(c, 1), &m), 0);
    cluster_pump(c, 1);
    cr_expect_gt(c->net.n, 0);
    cr_expect_lt(c->net.n, FLOOD);
    cluster_destroy(c);
}

/* --- entries that have left memory -----------------------------------------------------------*/

/* Node 3 was away; node 1 has applied everything and keeps nothing in memory. */
static struct cluster *cluster_with_a_lagging_follower(void)
{
    struct raft_options o = cluster_options();
    struct cluster *c;

    o.cache_bytes_max = 1;
    c = cluster_create(3, &o);
    cluster_elect(c, 1);
    cluster_isolate(c, 3);
    for (int i = 0; i < 20; i++) {
        propose(c, 1, "x");
        cluster_tick(c, 1, 1);
        cluster_deliver_all(c);
    }
    cluster_heal(c);
    c->nodes[1].slow_reads = true;
    for (int i = 0; i < 40 && c->nodes[1].n_log_reads == 0; i++) {
        cluster_tick(c, 1, 1);
        cluster_deliver_all(c);
    }
    cr_assert_eq(c->nodes[1].n_log_reads, 1);
    return c;
}

Test(raft_core, cold_read_that_fails_is_asked_again)
{
    struct cluster *c = cluster_with_a_lagging_follower();
    struct entry wrong = {.index = 2, .term = 7};
    struct raft_log_read *want = &c->nodes[1].log_reads[0];

    cr_expect_eq(want->from, 2);
    cr_expect_eq(raft_log_loaded(cluster_raft(c, 1), want->token + 1, &wrong, 1), 0); /* whose? */
    cr_expect_eq(raft_log_loaded(cluster_raft(c, 1), want->token, &wrong, 1), -E_INVAL);
    c->nodes[1].n_log_reads = 0;
    cluster_settle(c);
    cr_assert_eq(c->nodes[1].n_log_reads, 1);
    cr_expect_eq(raft_log_loaded(cluster_raft(c, 1), want->token, NULL, 0), 0); /* given up */
    c->nodes[1].n_log_reads = 0;
    c->nodes[1].slow_reads = false;
    cluster_settle(c);
    cr_expect(logs_equal(c, 1, 3));
    cluster_destroy(c);
}

Test(raft_core, cold_read_that_comes_after_the_leadership_is_ignored)
{
    struct cluster *c = cluster_with_a_lagging_follower();
    struct raft_message m = {
        .type = RAFT_HEARTBEAT_REPLY, .from = 2, .to = 1, .term = 9, .reject = true};

    cluster_inject(c, &m);
    cr_assert_eq(role_of(c, 1), RAFT_FOLLOWER);
    cluster_load(c, 1);
    cr_expect_eq(cluster_in_flight(c, RAFT_APPEND, 1, ANY), 0);
    cluster_destroy(c);
}

/* The log against the plainest thing that could stand for it. */
Test(raft_core, log_agrees_with_an_array)
{
    enum { STEPS = 20000, LAST_MAX = 500 };
    struct raft_options o = {.first_index = 1, .cache_bytes_max = 600};
    struct entry_log l;
    uint64_t terms[LAST_MAX + 1] = {0};
    uint64_t last = 0;
    uint64_t settled = 0;
    uint64_t term = 1;
    struct rng rng = rng_make(7, 0);

    cr_assert_eq(entry_log_init(&l, &o, NULL), 0);
    for (int step = 0; step < STEPS; step++) {
        uint64_t what = rng_below(&rng, 100);
        uint64_t index = rng_below(&rng, last + 2);
        uint64_t got;

        if (what < 60 && last < LAST_MAX) {
            struct entry e = {.index = last + 1, .term = term, .data = slice_str("data")};

            cr_assert_eq(entry_log_append(&l, &e), 0);
            terms[++last] = term;
        } else if (what < 75) {
            term += rng_chance(&rng, 300000);
        } else if (what < 80 && index > settled && index <= last) {
            entry_log_truncate(&l, index);
            last = index - 1;
        } else if (what < 90 && index > settled && index <= last) {
            settled = index;
            entry_log_settle(&l, settled);
        } else if (what < 91 && last == LAST_MAX) {
            break;
        }
        cr_assert_eq(l.last_index, last);
        cr_assert_leq(l.window_first, settled + 1); /* the rest has to stay */
        cr_assert_leq(l.settled_bytes, o.cache_bytes_max);
        cr_assert_eq(entry_log_term(&l, index, &got), index <= last);
        if (index <= last)
            cr_assert_eq(got, terms[index]);
        if (index <= last && index >= l.window_first)
            cr_assert_eq(entry_log_at(&l, index)->index, index);
        got = entry_log_back_off(&l, index, term / 2);
        for (uint64_t i = index < last ? index : last; i > got; i--)
            cr_assert_gt(terms[i], term / 2);
        cr_assert_leq(terms[got], term / 2);
    }
    cr_expect_eq(last, LAST_MAX);
    entry_log_free(&l);
}
