#include "tests/unit/raft/paper.h"

/* --- 6.4: reads without the log --------------------------------------------------------------*/

static bool answered(const struct cluster *c, uint64_t token)
{
    const struct cluster_read *read = cluster_find_read(c, token);

    return read->done && !read->refused;
}

static bool refused(const struct cluster *c, uint64_t token)
{
    const struct cluster_read *read = cluster_find_read(c, token);

    return read->done && read->refused;
}

Test(raft_paper, read_waits_until_an_entry_of_the_own_term_is_committed)
{
    struct cluster *c = plain_cluster(3);

    cluster_campaign(c, 1);
    cluster_deliver(c, ANY, ANY, RAFT_VOTE);
    cluster_deliver(c, ANY, ANY, RAFT_VOTE_REPLY);
    cr_assert_eq(role_of(c, 1), RAFT_LEADER);
    cr_assert_eq(cluster_read(c, 1, 1), 0);
    cr_expect_eq(cluster_in_flight(c, RAFT_HEARTBEAT, 1, ANY), 0);
    cluster_deliver_all(c);
    cr_expect(answered(c, 1));
    cr_expect_eq(cluster_find_read(c, 1)->index, 1);
    cluster_destroy(c);
}

Test(raft_paper, read_needs_the_echo_of_a_quorum)
{
    static const struct {
        size_t nodes, echoes;
        bool answered;
    } cases[] = {{1, 0, true},  {2, 0, false}, {2, 1, true},  {3, 0, false}, {3, 1, true},
                 {4, 1, false}, {4, 2, true},  {5, 1, false}, {5, 2, true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = plain_cluster(cases[i].nodes);

        cluster_elect(c, 1);
        cr_assert_eq(cluster_read(c, 1, 1), 0);
        for (uint64_t id = 2; id < 2 + cases[i].echoes; id++)
            cluster_deliver(c, 1, id, RAFT_HEARTBEAT);
        cluster_deliver(c, ANY, 1, RAFT_HEARTBEAT_REPLY);
        cr_expect_eq(answered(c, 1), cases[i].answered, "case %zu", i);
        cluster_destroy(c);
    }
}

Test(raft_paper, echo_of_an_older_round_does_not_confirm_a_read)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cluster_read(c, 1, 1);
    cluster_deliver(c, 1, ANY, RAFT_HEARTBEAT); /* the echoes of round 1 are under way */
    cluster_read(c, 1, 2);
    cluster_deliver(c, ANY, 1, RAFT_HEARTBEAT_REPLY);
    cr_expect(answered(c, 1));
    cr_expect_not(answered(c, 2));
    cluster_deliver_all(c);
    cr_expect(answered(c, 2));
    cluster_destroy(c);
}

Test(raft_paper, reads_that_come_together_share_a_round)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    for (uint64_t token = 1; token <= 100; token++)
        cr_assert_eq(raft_read(cluster_raft(c, 1), 1000 + token), 0);
    cluster_read(c, 1, 1);
    cr_expect_eq(cluster_in_flight(c, RAFT_HEARTBEAT, 1, ANY), 2);
    cluster_destroy(c);
}

Test(raft_paper, read_takes_the_commit_index_of_the_moment_it_was_asked)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    propose(c, 1, "x");
    cluster_deliver_all(c);
    cluster_read(c, 1, 1);
    propose(c, 1, "y");
    cluster_deliver_all(c);
    cr_expect(answered(c, 1));
    cr_expect_eq(cluster_find_read(c, 1)->index, 2);
    cr_expect_eq(commit_of(c, 1), 3);
    cluster_destroy(c);
}

/* The classic stale read: the old leader is cut off, a new one has written. */
Test(raft_paper, cut_off_leader_answers_no_read_with_or_without_check_quorum)
{
    for (int on = 0; on <= 1; on++) {
        struct raft_options o = cluster_options();
        struct cluster *c;

        o.check_quorum = on;
        c = cluster_create(3, &o);
        cluster_elect(c, 1);
        cluster_isolate(c, 1);
        cluster_tick(c, 2, 10);
        cluster_tick(c, 3, 10);
        cr_assert(try_to_elect(c, 2));
        propose(c, 2, "new");
        cluster_deliver_all(c);
        cr_assert_eq(role_of(c, 1), RAFT_LEADER);
        cr_assert_eq(cluster_read(c, 1, 1), 0);
        cluster_deliver_all(c);
        cr_expect_not(answered(c, 1));
        cluster_tick(c, 1, 10);
        cr_expect(refused(c, 1)); /* its client is told after one election timeout */
        cluster_destroy(c);
    }
}

Test(raft_paper, leader_that_steps_down_refuses_the_reads_it_had_accepted)
{
    struct cluster *c = plain_cluster(3);
    struct raft_message m = {
        .type = RAFT_HEARTBEAT_REPLY, .from = 2, .to = 1, .term = 7, .reject = true};

    cluster_elect(c, 1);
    cluster_read(c, 1, 1);
    cluster_inject(c, &m);
    cr_expect(refused(c, 1));
    cr_expect_eq(cluster_read(c, 1, 2), -E_NOT_LEADER);
    cluster_destroy(c);
}

Test(raft_paper, lost_round_is_made_up_for_by_the_next_heartbeat)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cluster_read(c, 1, 1);
    cluster_drop(c, ANY, ANY, ANY_TYPE);
    cluster_tick(c, 1, 1);
    cluster_deliver_all(c);
    cr_expect(answered(c, 1));
    cluster_destroy(c);
}

Test(raft_paper, follower_takes_no_reads)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cr_expect_eq(cluster_read(c, 2, 1), -E_NOT_LEADER);
    cluster_destroy(c);
}
