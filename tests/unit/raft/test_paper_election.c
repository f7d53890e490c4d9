#include "tests/unit/raft/paper.h"

/* --- 3.3: terms ------------------------------------------------------------------------------*/

Test(raft_paper, anyone_who_sees_a_higher_term_adopts_it_as_follower)
{
    static const enum raft_role roles[] = {RAFT_FOLLOWER, RAFT_CANDIDATE, RAFT_LEADER};

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct cluster *c = plain_cluster(3);
        struct raft_message m = {
            .type = RAFT_APPEND_REPLY, .from = 2, .to = 1, .term = 9, .reject = true};

        if (roles[i] == RAFT_CANDIDATE)
            cluster_campaign(c, 1);
        else if (roles[i] == RAFT_LEADER)
            cluster_elect(c, 1);
        cr_assert_eq(role_of(c, 1), roles[i]);
        cluster_inject(c, &m);
        cr_expect_eq(role_of(c, 1), RAFT_FOLLOWER);
        cr_expect_eq(term_of(c, 1), 9);
        cr_expect_eq(cluster_status(c, 1).vote, 0);
        cr_expect_eq(c->nodes[1].disk.durable.hard.term, 9);
        cluster_destroy(c);
    }
}

Test(raft_paper, request_with_a_stale_term_is_refused_with_the_current_one)
{
    static const enum raft_message_type requests[][2] = {
        {RAFT_PRE_VOTE, RAFT_PRE_VOTE_REPLY},
        {RAFT_VOTE, RAFT_VOTE_REPLY},
        {RAFT_APPEND, RAFT_APPEND_REPLY},
        {RAFT_HEARTBEAT, RAFT_HEARTBEAT_REPLY},
    };

    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct cluster *c = plain_cluster(3);
        struct raft_message m = {.type = requests[i][0], .from = 2, .to = 1, .term = 3};
        const struct raft_message *reply;

        cluster_set_term(c, 1, 5);
        cluster_inject(c, &m);
        reply = cluster_sent(c, requests[i][1], 1, 2);
        cr_assert_not_null(reply);
        cr_expect(reply->reject);
        cr_expect_eq(reply->term, 5);
        cluster_destroy(c);
    }
}

Test(raft_paper, reply_of_a_stale_term_changes_nothing)
{
    struct cluster *c = plain_cluster(3);
    struct raft_message grant = {.type = RAFT_VOTE_REPLY, .from = 2, .to = 1, .term = 5};

    cluster_set_term(c, 1, 5);
    cluster_campaign(c, 1);
    cluster_inject(c, &grant);
    cr_expect_eq(role_of(c, 1), RAFT_CANDIDATE);
    grant.term = 6;
    cluster_inject(c, &grant);
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    cluster_destroy(c);
}

/* --- 3.4: leader election --------------------------------------------------------------------*/

Test(raft_paper, node_starts_as_follower)
{
    struct cluster *c = plain_cluster(3);

    cr_expect_eq(role_of(c, 1), RAFT_FOLLOWER);
    cr_expect_eq(term_of(c, 1), 0);
    cr_expect_eq(raft_leader(cluster_raft(c, 1)), 0);
    cluster_destroy(c);
}

Test(raft_paper, follower_that_hears_nothing_votes_for_itself_and_asks_all)
{
    struct cluster *c = plain_cluster(5);

    cluster_campaign(c, 1);
    cr_expect_eq(role_of(c, 1), RAFT_CANDIDATE);
    cr_expect_eq(term_of(c, 1), 1);
    cr_expect_eq(cluster_status(c, 1).vote, 1);
    for (uint64_t to = 2; to <= 5; to++)
        cr_expect_eq(cluster_in_flight(c, RAFT_VOTE, 1, to), 1);
    cluster_destroy(c);
}

Test(raft_paper, heartbeats_keep_followers_followers)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    for (int i = 0; i < 100; i++) {
        cluster_tick(c, 1, 1);
        cluster_tick(c, 2, 1);
        cluster_tick(c, 3, 1);
        cr_assert_eq(cluster_in_flight(c, RAFT_HEARTBEAT, 1, ANY), 2);
        cluster_deliver_all(c);
    }
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    cr_expect_eq(term_of(c, 1), 1);
    cluster_destroy(c);
}

Test(raft_paper, candidate_wins_with_a_majority_of_the_votes)
{
    static const struct {
        size_t nodes, granted, refused;
        enum raft_role role;
    } cases[] = {
        {1, 0, 0, RAFT_LEADER},    {2, 0, 0, RAFT_CANDIDATE}, {2, 1, 0, RAFT_LEADER},
        {2, 0, 1, RAFT_FOLLOWER},  {3, 0, 0, RAFT_CANDIDATE}, {3, 1, 0, RAFT_LEADER},
        {3, 0, 1, RAFT_CANDIDATE}, {3, 0, 2, RAFT_FOLLOWER},  {4, 1, 0, RAFT_CANDIDATE},
        {4, 2, 0, RAFT_LEADER},    {4, 1, 2, RAFT_FOLLOWER},  {5, 1, 0, RAFT_CANDIDATE},
        {5, 2, 0, RAFT_LEADER},    {5, 1, 2, RAFT_CANDIDATE}, {5, 1, 3, RAFT_FOLLOWER},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = plain_cluster(cases[i].nodes);
        struct raft_message m = {.type = RAFT_VOTE_REPLY, .to = 1, .term = 1};

        cluster_campaign(c, 1);
        for (m.from = 2; m.from < 2 + cases[i].granted + cases[i].refused; m.from++) {
            m.reject = m.from >= 2 + cases[i].granted;
            cluster_inject(c, &m);
            cluster_inject(c, &m); /* one voice, however often it is heard */
        }
        cr_expect_eq(role_of(c, 1), cases[i].role, "case %zu: %s", i,
                     raft_role_name(role_of(c, 1)));
        cluster_destroy(c);
    }
}

Test(raft_paper, vote_goes_to_the_first_who_asks_in_a_term_and_to_no_other)
{
    static const struct {
        uint64_t voted, asks;
        bool granted;
    } cases[] = {{0, 2, true}, {0, 3, true},  {2, 2, true},
                 {3, 3, true}, {2, 3, false}, {3, 2, false}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = node_by_hand(3);
        struct raft_message m = {.type = RAFT_VOTE, .to = 1, .term = 4};

        m.from = cases[i].voted;
        if (m.from != 0)
            cluster_inject(c, &m);
        m.from = cases[i].asks;
        cluster_inject(c, &m);
        cr_expect_eq(cluster_sent(c, RAFT_VOTE_REPLY, 1, cases[i].asks)->reject, !cases[i].granted,
                     "case %zu", i);
        cluster_destroy(c);
    }
}

Test(raft_paper, candidate_yields_to_a_leader_of_its_term_and_not_to_an_older_one)
{
    for (uint64_t term = 1; term <= 2; term++) {
        struct cluster *c = node_by_hand(3);
        struct raft_message m = {.type = RAFT_APPEND, .from = 2, .to = 1, .term = term};

        cluster_set_term(c, 1, 1);
        cluster_campaign(c, 1); /* in term 2 */
        cluster_inject(c, &m);
        cr_expect_eq(role_of(c, 1), term == 2 ? RAFT_FOLLOWER : RAFT_CANDIDATE);
        cluster_destroy(c);
    }
}

Test(raft_paper, split_vote_ends_with_another_election)
{
    struct cluster *c = plain_cluster(4);

    cluster_campaign(c, 1);
    cluster_campaign(c, 2);
    cluster_deliver(c, 1, 3, RAFT_VOTE);
    cluster_deliver(c, 2, 4, RAFT_VOTE);
    cluster_deliver_all(c);
    cr_expect_neq(role_of(c, 1), RAFT_LEADER);
    cr_expect_neq(role_of(c, 2), RAFT_LEADER);
    cluster_elect(c, 1);
    cr_expect_eq(term_of(c, 1), 2);
    cluster_destroy(c);
}

Test(raft_paper, election_timeout_is_drawn_anew_between_one_and_two)
{
    struct cluster *c = plain_cluster(3);
    bool seen[20] = {false};
    size_t different = 0;

    for (int i = 0; i < 500; i++) {
        uint64_t term = term_of(c, 1);
        size_t ticks = 0;

        for (; term_of(c, 1) == term; ticks++)
            cluster_tick(c, 1, 1);
        cluster_drop(c, ANY, ANY, ANY_TYPE);
        cr_assert(ticks >= 10 && ticks < 20, "%zu", ticks);
        different += !seen[ticks];
        seen[ticks] = true;
    }
    cr_expect_eq(different, 10);
    cluster_destroy(c);
}

Test(raft_paper, timeouts_of_different_nodes_rarely_coincide)
{
    struct cluster *c = plain_cluster(5);
    int conflicts = 0;

    for (int round = 0; round < 300; round++) {
        int candidates = 0;

        for (bool any = false; !any; any = candidates > 0) {
            for (uint64_t id = 1; id <= 5; id++) {
                uint64_t term = term_of(c, id);

                cluster_tick(c, id, 1);
                candidates += term_of(c, id) > term;
            }
        }
        conflicts += candidates > 1;
        cluster_deliver_all(c);
        for (uint64_t id = 1; id <= 5; id++) {
            cluster_crash(c, id, SIZE_MAX);
            cluster_restart(c, id);
        }
    }
    /* Ten ticks for five nodes: the first is alone in about 3 of 5 cases. */
    cr_expect_lt(conflicts, 200);
    cluster_destroy(c);
}

/* --- 3.6.1: election restriction -------------------------------------------------------------*/

Test(raft_paper, voter_refuses_a_log_less_up_to_date_than_its_own)
{
    static const struct {
        uint64_t terms[3]; /* of the voter */
        size_t n;
        uint64_t index, term; /* the candidate's last */
        bool granted;
    } cases[] = {
        {{0}, 0, 0, 0, true},        {{1}, 1, 0, 0, false},    {{1}, 1, 1, 1, true},
        {{1, 1}, 2, 1, 1, false},    {{1, 1}, 2, 3, 1, true},  {{1, 1}, 2, 1, 2, true},
        {{1, 2}, 2, 5, 1, false},    {{1, 2}, 2, 1, 2, false}, {{1, 1, 3}, 3, 3, 3, true},
        {{1, 1, 3}, 3, 9, 2, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int pre = 0; pre <= 1; pre++) {
            struct cluster *c = node_by_hand(3);
            struct raft_message m = {.type = pre ? RAFT_PRE_VOTE : RAFT_VOTE,
                                     .from = 2,
                                     .to = 1,
                                     .term = 7,
                                     .log_index = cases[i].index,
                                     .log_term = cases[i].term};

            cluster_set_log(c, 1, cases[i].terms, cases[i].n);
            cluster_inject(c, &m);
            cr_expect_eq(cluster_sent(c, ANY_TYPE, 1, 2)->reject, !cases[i].granted, "case %zu", i);
            cluster_destroy(c);
        }
    }
}

/* --- 3.8: persisted state --------------------------------------------------------------------*/

Test(raft_paper, vote_survives_a_crash)
{
    struct cluster *c = node_by_hand(3);
    struct raft_message m = {.type = RAFT_VOTE, .from = 2, .to = 1, .term = 4};

    cluster_inject(c, &m);
    cr_assert_not(cluster_sent(c, RAFT_VOTE_REPLY, 1, 2)->reject);
    cluster_crash(c, 1, 0);
    cluster_restart(c, 1);
    m.from = 3;
    cluster_inject(c, &m);
    cr_expect(cluster_sent(c, RAFT_VOTE_REPLY, 1, 3)->reject);
    cluster_destroy(c);
}

Test(raft_paper, vote_is_not_answered_before_it_is_durable)
{
    struct cluster *c = node_by_hand(3);
    struct raft_message m = {.type = RAFT_VOTE, .from = 2, .to = 1, .term = 4};

    c->nodes[1].slow_disk = true;
    cluster_inject(c, &m);
    cr_expect_null(cluster_sent(c, RAFT_VOTE_REPLY, 1, 2));
    cluster_sync(c, 1);
    cr_expect_not_null(cluster_sent(c, RAFT_VOTE_REPLY, 1, 2));
    cluster_destroy(c);
}

Test(raft_paper, candidate_asks_and_counts_itself_only_once_its_vote_is_durable)
{
    struct cluster *c = plain_cluster(1);

    c->nodes[1].slow_disk = true;
    cluster_campaign(c, 1);
    cr_expect_eq(role_of(c, 1), RAFT_CANDIDATE);
    cluster_sync(c, 1);
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    cluster_destroy(c);

    c = plain_cluster(3);
    c->nodes[1].slow_disk = true;
    cluster_campaign(c, 1);
    cr_expect_eq(cluster_in_flight(c, RAFT_VOTE, 1, ANY), 0);
    cluster_sync(c, 1);
    cr_expect_eq(cluster_in_flight(c, RAFT_VOTE, 1, ANY), 2);
    cluster_destroy(c);
}

/* --- 6.2: a leader without a quorum ----------------------------------------------------------*/

Test(raft_paper, leader_that_no_quorum_answers_steps_down_with_check_quorum_only)
{
    for (int on = 0; on <= 1; on++) {
        struct raft_options o = cluster_options();
        struct cluster *c;

        o.check_quorum = on;
        c = cluster_create(5, &o);
        cluster_elect(c, 1);
        cluster_isolate(c, 1);
        for (int i = 0; i < 25; i++) {
            cluster_tick(c, 1, 1);
            cluster_deliver_all(c);
        }
        cr_expect_eq(role_of(c, 1), on ? RAFT_FOLLOWER : RAFT_LEADER);
        cr_expect_eq(cluster_propose(c, 1, "x"), on ? -E_NOT_LEADER : 0);
        cluster_destroy(c);
    }
}

Test(raft_paper, leader_that_a_quorum_answers_stays_with_check_quorum)
{
    struct raft_options o = cluster_options();
    struct cluster *c;

    o.check_quorum = true;
    c = cluster_create(5, &o);
    cluster_elect(c, 1);
    cluster_isolate(c, 4);
    cluster_isolate(c, 5);
    for (int i = 0; i < 100; i++) {
        cluster_tick(c, 1, 1);
        cluster_deliver_all(c);
    }
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    cluster_destroy(c);
}

Test(raft_paper, follower_that_hears_from_a_leader_ignores_votes_with_check_quorum_only)
{
    for (int on = 0; on <= 1; on++) {
        struct raft_options o = cluster_options();
        struct raft_message m = {
            .type = RAFT_VOTE, .from = 2, .to = 3, .term = 8, .log_index = 9, .log_term = 7};
        struct cluster *c;

        o.check_quorum = on;
        c = cluster_create(3, &o);
        cluster_elect(c, 1);
        c->by_hand = true;
        cluster_inject(c, &m);
        cr_expect_eq(term_of(c, 3), on ? 1 : 8);
        cluster_destroy(c);
    }
}

/* --- 9.6: pre-vote ---------------------------------------------------------------------------*/

static struct cluster *pre_vote_cluster(size_t n, bool check_quorum)
{
    struct raft_options o = cluster_options();

    o.pre_vote = true;
    o.check_quorum = check_quorum;
    return cluster_create(n, &o);
}

Test(raft_paper, pre_vote_changes_neither_term_nor_vote)
{
    struct cluster *c = pre_vote_cluster(3, false);

    cluster_campaign(c, 1);
    cr_expect_eq(role_of(c, 1), RAFT_PRE_CANDIDATE);
    cluster_deliver(c, 1, ANY, RAFT_PRE_VOTE);
    for (uint64_t id = 1; id <= 3; id++) {
        cr_expect_eq(term_of(c, id), 0);
        cr_expect_eq(cluster_status(c, id).vote, 0);
        cr_expect_eq(c->nodes[id].disk.n_saves, 0);
    }
    cluster_deliver_all(c);
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    cr_expect_eq(term_of(c, 1), 1);
    cluster_destroy(c);
}

Test(raft_paper, pre_vote_fails_while_a_leader_is_heard)
{
    struct cluster *c = pre_vote_cluster(3, false);

    cluster_elect(c, 1);
    cluster_cut(c, 1, 3);
    cluster_campaign(c, 3);
    cluster_deliver_all(c);
    cr_expect_neq(role_of(c, 3), RAFT_LEADER);
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    for (uint64_t id = 1; id <= 3; id++)
        cr_expect_eq(term_of(c, id), 1);
    cluster_destroy(c);
}

Test(raft_paper, node_that_was_cut_off_does_not_disturb_when_it_returns)
{
    struct cluster *c = pre_vote_cluster(3, true);

    cluster_elect(c, 1);
    cluster_isolate(c, 3);
    for (int i = 0; i < 200; i++) {
        cluster_tick(c, 1, 1);
        cluster_tick(c, 3, 1);
        cluster_deliver_all(c);
    }
    cluster_heal(c);
    cluster_campaign(c, 3);
    cluster_deliver_all(c);
    cluster_settle(c);
    cr_expect_eq(role_of(c, 1), RAFT_LEADER);
    cr_expect_eq(term_of(c, 1), 1);
    cr_expect_eq(raft_leader(cluster_raft(c, 3)), 1);
    cluster_destroy(c);
}

/* Without check-quorum it goes on leading, but it must not keep the others from electing: three of
 * five are left, and its voice is needed. */
Test(raft_paper, leader_that_nobody_answers_does_not_refuse_pre_votes)
{
    struct cluster *c = pre_vote_cluster(5, false);

    cluster_elect(c, 1);
    cluster_crash(c, 4, 0);
    cluster_crash(c, 5, 0);
    c->cut[1][2] = c->cut[1][3] = true; /* it hears and is not heard */
    cluster_tick(c, 1, 25);
    cluster_tick(c, 2, 10);
    cluster_tick(c, 3, 10);
    cluster_drop(c, ANY, ANY, ANY_TYPE);
    c->cut[1][2] = false;
    cluster_campaign(c, 2);
    cluster_deliver_all(c);
    cr_expect_eq(role_of(c, 2), RAFT_LEADER);
    cluster_destroy(c);
}

Test(raft_paper, late_grant_of_a_pre_vote_does_not_count_in_another_term)
{
    struct cluster *c = pre_vote_cluster(3, false);
    struct raft_message late = {.type = RAFT_PRE_VOTE_REPLY, .from = 2, .to = 1, .term = 1};

    cluster_set_term(c, 1, 1);
    cluster_campaign(c, 1); /* for term 2 */
    cluster_inject(c, &late);
    cr_expect_eq(role_of(c, 1), RAFT_PRE_CANDIDATE);
    late.term = 2;
    cluster_inject(c, &late);
    cr_expect_eq(role_of(c, 1), RAFT_CANDIDATE);
    cluster_destroy(c);
}
