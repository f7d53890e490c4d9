#include "tests/unit/raft/paper.h"

/* --- 3.5: log replication --------------------------------------------------------------------*/

Test(raft_paper, leader_starts_its_term_with_a_noop)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cr_expect_eq(last_of(c, 2), 1);
    cr_expect_eq(c->nodes[2].disk.durable.log[1].kind, ENTRY_NOOP);
    cr_expect_eq(commit_of(c, 1), 1);
    cluster_destroy(c);
}

Test(raft_paper, command_commits_once_a_majority_has_it)
{
    static const struct {
        size_t nodes, answer;
        bool commits;
    } cases[] = {{1, 0, true}, {3, 0, false}, {3, 1, true}, {4, 1, false},
                 {4, 2, true}, {5, 1, false}, {5, 2, true}, {5, 4, true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = plain_cluster(cases[i].nodes);
        uint64_t before;

        cluster_elect(c, 1);
        before = commit_of(c, 1);
        propose(c, 1, "x");
        for (uint64_t id = 2; id < 2 + cases[i].answer; id++)
            cluster_deliver(c, 1, id, RAFT_APPEND);
        cluster_deliver(c, ANY, 1, RAFT_APPEND_REPLY);
        cr_expect_eq(commit_of(c, 1), before + cases[i].commits, "case %zu", i);
        cluster_destroy(c);
    }
}

Test(raft_paper, followers_learn_the_commit_index_and_apply_in_order)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    for (int i = 0; i < 20; i++)
        propose(c, 1, "x");
    cluster_deliver_all(c);
    cluster_settle(c);
    for (uint64_t id = 1; id <= 3; id++)
        cr_expect_eq(c->nodes[id].applied, 21);
    cluster_destroy(c);
}

Test(raft_paper, commit_index_stays_within_what_the_follower_knows_to_match)
{
    static const struct {
        size_t n_entries;
        uint64_t leader_commit, commit;
    } cases[] = {{0, 1, 1}, {0, 2, 2}, {0, 5, 2}, {1, 2, 2}, {1, 3, 3}, {1, 9, 3}};
    static const uint64_t terms[] = {1, 1, 1, 1}; /* 3 and 4 may not be the leader's */

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = node_by_hand(3);
        struct entry e = {.index = 3, .term = 2};
        struct raft_message m = {.type = RAFT_APPEND,
                                 .from = 2,
                                 .to = 1,
                                 .term = 2,
                                 .log_index = 2,
                                 .log_term = 1,
                                 .commit = cases[i].leader_commit,
                                 .entries = &e,
                                 .n_entries = cases[i].n_entries};

        cluster_set_log(c, 1, terms, 4);
        cluster_inject(c, &m);
        cr_expect_eq(commit_of(c, 1), cases[i].commit, "case %zu: %llu", i,
                     (unsigned long long)commit_of(c, 1));
        cluster_destroy(c);
    }
}

Test(raft_paper, heartbeat_tells_no_commit_beyond_the_match)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cluster_cut(c, 1, 3);
    propose(c, 1, "x");
    cluster_deliver_all(c);
    cr_assert_eq(commit_of(c, 1), 2);
    cluster_tick(c, 1, 1);
    cr_expect_eq(cluster_sent(c, RAFT_HEARTBEAT, 1, 2)->commit, 2);
    cr_expect_eq(cluster_sent(c, RAFT_HEARTBEAT, 1, 3)->commit, 1);
    cluster_destroy(c);
}

Test(raft_paper, follower_refuses_entries_that_do_not_follow_on)
{
    static const uint64_t terms[] = {1, 2};
    static const struct {
        uint64_t index, term;
        bool reject;
    } cases[] = {{0, 0, false}, {1, 1, false}, {2, 2, false},
                 {1, 2, true},  {2, 3, true},  {3, 3, true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = node_by_hand(3);
        struct raft_message m = {.type = RAFT_APPEND,
                                 .from = 2,
                                 .to = 1,
                                 .term = 3,
                                 .log_index = cases[i].index,
                                 .log_term = cases[i].term};

        cluster_set_log(c, 1, terms, 2);
        cluster_inject(c, &m);
        cr_expect_eq(cluster_sent(c, RAFT_APPEND_REPLY, 1, 2)->reject, cases[i].reject, "case %zu",
                     i);
        cluster_destroy(c);
    }
}

Test(raft_paper, conflicting_entries_are_replaced_and_matching_ones_kept)
{
    static const uint64_t terms[] = {1, 2, 2};
    static const struct {
        uint64_t index, term;
        uint64_t entries[2];
        size_t n;
        uint64_t after[4];
        size_t n_after;
    } cases[] = {
        {3, 2, {3}, 1, {1, 2, 2, 3}, 4}, {2, 2, {3, 3}, 2, {1, 2, 3, 3}, 4},
        {1, 1, {3}, 1, {1, 3}, 2},       {0, 0, {3}, 1, {3}, 1},
        {0, 0, {1}, 1, {1, 2, 2}, 3},    {0, 0, {1, 2}, 2, {1, 2, 2}, 3},
        {1, 1, {2, 3}, 2, {1, 2, 3}, 3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cluster *c = node_by_hand(3);
        struct entry entries[2];
        struct raft_message m = {.type = RAFT_APPEND,
                                 .from = 2,
                                 .to = 1,
                                 .term = 3,
                                 .log_index = cases[i].index,
                                 .log_term = cases[i].term,
                                 .entries = entries,
                                 .n_entries = cases[i].n};

        for (size_t k = 0; k < cases[i].n; k++)
            entries[k] = (struct entry){.index = m.log_index + 1 + k, .term = cases[i].entries[k]};
        cluster_set_log(c, 1, terms, 3);
        cluster_inject(c, &m);
        cr_expect_eq(last_of(c, 1), cases[i].n_after, "case %zu", i);
        for (size_t k = 0; k < cases[i].n_after; k++)
            cr_expect_eq(c->nodes[1].disk.durable.log[k + 1].term, cases[i].after[k], "case %zu",
                         i);
        cluster_destroy(c);
    }
}

/* Messages may arrive late, twice, and out of order. */
Test(raft_paper, late_shorter_append_does_not_cut_what_came_after_it)
{
    struct cluster *c = node_by_hand(3);
    struct entry entries[3] = {
        {.index = 1, .term = 1}, {.index = 2, .term = 1}, {.index = 3, .term = 1}};
    struct raft_message m = {.type = RAFT_APPEND,
                             .from = 2,
                             .to = 1,
                             .term = 1,
                             .entries = entries,
                             .n_entries = 3,
                             .commit = 2};

    cluster_inject(c, &m);
    m.n_entries = 1;
    m.commit = 0;
    cluster_inject(c, &m);
    cr_expect_eq(last_of(c, 1), 3);
    cr_expect_eq(commit_of(c, 1), 2);
    cluster_destroy(c);
}

Test(raft_paper, figure_3_6_leader_makes_all_logs_like_its_own)
{
    static const struct {
        uint64_t terms[12];
        size_t n;
    } logs[] = {
        {{1, 1, 1, 4, 4, 5, 5, 6, 6, 6}, 10},       /* the leader of term 8 */
        {{1, 1, 1, 4, 4, 5, 5, 6, 6}, 9},           /* a */
        {{1, 1, 1, 4}, 4},                          /* b */
        {{1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6}, 11},    /* c */
        {{1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7}, 12}, /* d */
        {{1, 1, 1, 4, 4, 4, 4}, 7},                 /* e */
        {{1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3}, 11},    /* f */
    };
    struct cluster *c = plain_cluster(7);

    for (uint64_t id = 1; id <= 7; id++)
        cluster_set_log(c, id, logs[id - 1].terms, logs[id - 1].n);
    cluster_set_term(c, 1, 7);
    cluster_elect(c, 1);
    cr_expect_eq(term_of(c, 1), 8);
    cr_expect_eq(last_of(c, 1), 11);
    for (uint64_t id = 2; id <= 7; id++)
        cr_expect(logs_equal(c, 1, id), "node %llu", (unsigned long long)id);
    cr_expect_eq(commit_of(c, 1), 11);
    cluster_destroy(c);
}

Test(raft_paper, leader_never_overwrites_its_own_log)
{
    static const uint64_t longer[] = {1, 1, 2, 2, 2};
    static const uint64_t shorter[] = {1, 1};
    struct cluster *c = plain_cluster(3);

    cluster_set_log(c, 1, longer, 5);
    cluster_set_log(c, 2, shorter, 2);
    cluster_set_log(c, 3, shorter, 2);
    cluster_elect(c, 1);
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(c->nodes[1].disk.durable.log[i + 1].term, longer[i]);
    cr_expect_eq(last_of(c, 1), 6);
    cluster_destroy(c);
}

/* End of 3.5: a refusal costs one round for each term, not for each entry. */
Test(raft_paper, back_off_takes_one_round_a_term)
{
    enum { LEADER = 300, FOLLOWER = 300 };
    struct cluster *c = plain_cluster(3);
    uint64_t leader[LEADER];
    uint64_t follower[FOLLOWER];
    size_t refused = 0;

    for (size_t i = 0; i < LEADER; i++)
        leader[i] = i < 10 ? 1 : 5;
    for (size_t i = 0; i < FOLLOWER; i++)
        follower[i] = i < 10 ? 1 : 2 + i / 150; /* 2, then 3 */
    cluster_set_log(c, 1, leader, LEADER);
    cluster_set_log(c, 2, follower, FOLLOWER);
    cluster_campaign(c, 1);
    while (c->net.n > 0) {
        const struct raft_message *m = &c->net.items[0].message;

        refused += m->type == RAFT_APPEND_REPLY && m->from == 2 && m->reject;
        cluster_deliver_at(c, 0);
    }
    cr_expect(logs_equal(c, 1, 2));
    cr_expect_leq(refused, 3);
    cluster_destroy(c);
}

/* --- 3.6.2: entries of earlier terms ---------------------------------------------------------*/

/* (c) of the figure: S1 leads again, in term 4; its entry of term 2 is on a majority. S2 has the
 * entry of term 4 as well. */
static struct cluster *figure_3_7_c(void)
{
    static const uint64_t s1[] = {1, 2};
    static const uint64_t s3[] = {1};
    static const uint64_t s5[] = {1, 3};
    struct raft_options o = cluster_options();
    struct cluster *c;

    o.append_entries_max = 1;
    c = cluster_create(5, &o);
    cluster_set_log(c, 1, s1, 2);
    cluster_set_log(c, 2, s1, 2);
    cluster_set_log(c, 3, s3, 1);
    cluster_set_log(c, 4, s3, 1);
    cluster_set_log(c, 5, s5, 2);
    cluster_set_term(c, 1, 3);
    cluster_crash(c, 5, 0);
    cluster_campaign(c, 1);
    cluster_deliver(c, 1, ANY, RAFT_VOTE);
    cluster_deliver(c, ANY, 1, RAFT_VOTE_REPLY);
    cr_assert_eq(role_of(c, 1), RAFT_LEADER);
    cluster_drop(c, 1, 4, ANY_TYPE);
    for (int round = 0; round < 2; round++) { /* S3 refuses, then it is clear where to begin */
        cluster_deliver(c, 1, ANY, RAFT_APPEND);
        cluster_deliver(c, ANY, 1, RAFT_APPEND_REPLY);
    }
    cluster_deliver_at(c, 0); /* the entry of term 2 and not the one behind it */
    cluster_deliver(c, 3, 1, RAFT_APPEND_REPLY);
    cr_assert_eq(last_of(c, 3), 2);
    return c;
}

Test(raft_paper, leader_never_commits_older_term_by_counting)
{
    struct cluster *c = figure_3_7_c();

    cr_expect_eq(commit_of(c, 1), 0);
    cluster_destroy(c);
}

Test(raft_paper, figure_3_7_d_entry_of_an_older_term_on_a_majority_can_be_overwritten)
{
    struct cluster *c = figure_3_7_c();

    cluster_crash(c, 1, 0);
    cluster_drop(c, ANY, ANY, ANY_TYPE);
    cluster_restart(c, 5);
    cr_assert(try_to_elect(c, 5));
    for (uint64_t id = 2; id <= 5; id++)
        cr_expect_eq(c->nodes[id].disk.durable.log[2].term, 3);
    cluster_destroy(c);
}

Test(raft_paper, figure_3_7_e_entry_of_the_own_term_commits_those_before_it)
{
    struct cluster *c = figure_3_7_c();

    cluster_deliver(c, 1, 3, RAFT_APPEND);
    cluster_deliver(c, 3, 1, RAFT_APPEND_REPLY);
    cr_expect_eq(commit_of(c, 1), 3);
    cluster_crash(c, 1, 0);
    cluster_drop(c, ANY, ANY, ANY_TYPE);
    cluster_restart(c, 5);
    cr_expect_not(try_to_elect(c, 5));
    cluster_destroy(c);
}

/* --- 3.7: crashes of followers ---------------------------------------------------------------*/

Test(raft_paper, append_that_was_taken_already_is_acknowledged_again)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    propose(c, 1, "x");
    cluster_drop(c, 1, 3, RAFT_APPEND);
    cluster_repeat_at(c, 0);
    cluster_deliver(c, 1, 2, RAFT_APPEND);
    cr_expect_eq(cluster_in_flight(c, RAFT_APPEND_REPLY, 2, 1), 2);
    cluster_deliver_all(c);
    cr_expect_eq(last_of(c, 2), 2);
    cr_expect_eq(commit_of(c, 1), 2);
    cluster_destroy(c);
}

Test(raft_paper, follower_that_was_down_is_brought_up_to_date)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    cluster_crash(c, 3, 0);
    for (int i = 0; i < 30; i++) {
        propose(c, 1, "x");
        cluster_tick(c, 1, 1);
        cluster_deliver_all(c);
    }
    cluster_restart(c, 3);
    cluster_settle(c);
    cr_expect(logs_equal(c, 1, 3));
    cr_expect_eq(c->nodes[3].applied, 31);
    cluster_destroy(c);
}

/* --- 3.8, 10.2.1: the disk -------------------------------------------------------------------*/

Test(raft_paper, append_is_not_answered_before_it_is_durable)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    c->nodes[2].slow_disk = true;
    propose(c, 1, "x");
    cluster_repeat_at(c, 0);
    cluster_deliver(c, 1, 2, RAFT_APPEND); /* twice: the second is saved already, not durable */
    cr_expect_null(cluster_sent(c, RAFT_APPEND_REPLY, 2, 1));
    cluster_sync(c, 2);
    cr_expect_eq(cluster_in_flight(c, RAFT_APPEND_REPLY, 2, 1), 2);
    cluster_destroy(c);
}

Test(raft_paper, outstanding_sync_of_the_log_does_not_hold_up_heartbeats)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    c->nodes[2].slow_disk = true;
    propose(c, 1, "x");
    cluster_deliver_all(c);
    cluster_tick(c, 1, 1);
    cluster_deliver(c, 1, 2, RAFT_HEARTBEAT);
    cr_expect_not_null(cluster_sent(c, RAFT_HEARTBEAT_REPLY, 2, 1));
    cluster_destroy(c);
}

Test(raft_paper, leader_sends_before_its_own_sync_and_counts_itself_after_it)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    c->nodes[1].slow_disk = true;
    propose(c, 1, "x");
    cr_expect_eq(cluster_in_flight(c, RAFT_APPEND, 1, ANY), 2);
    cluster_drop(c, 1, 3, RAFT_APPEND);
    cluster_deliver_all(c);
    cr_expect_eq(cluster_status(c, 1).peers[0].match_index, 2);
    cr_expect_eq(commit_of(c, 1), 1);
    cluster_sync(c, 1);
    cr_expect_eq(commit_of(c, 1), 2);
    cluster_destroy(c);
}

Test(raft_paper, leader_commits_without_its_own_disk_when_a_quorum_of_others_has_it)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    c->nodes[1].slow_disk = true;
    propose(c, 1, "x");
    cluster_deliver_all(c);
    cr_expect_eq(commit_of(c, 1), 2);
    cr_expect_eq(c->nodes[1].applied, 2);
    cr_expect_eq(cluster_status(c, 1).durable_index, 1);
    cluster_destroy(c);
}

/* The same entry is saved, cut by the leader of another term, and brought back by a third: the
 * first save, when it comes to rest at last, says nothing about it. */
Test(raft_paper, durable_save_counts_only_for_what_was_not_cut_since)
{
    struct cluster *c = node_by_hand(3);
    struct entry e = {.index = 1, .term = 1};
    struct raft_message m = {
        .type = RAFT_APPEND, .from = 2, .to = 1, .term = 1, .entries = &e, .n_entries = 1};

    c->nodes[1].slow_disk = true;
    cluster_inject(c, &m); /* save 1: 1/1 */
    m.from = 3;
    m.term = e.term = 2;
    cluster_inject(c, &m); /* save 2: drop 1..., 1/2 */
    m.from = 2;
    m.term = 3;
    e.term = 1;
    cluster_inject(c, &m); /* save 3: drop 1..., 1/1 */
    raft_durable(cluster_raft(c, 1), 1);
    cr_expect_eq(cluster_status(c, 1).durable_index, 0);
    raft_durable(cluster_raft(c, 1), 2);
    cr_expect_eq(cluster_status(c, 1).durable_index, 0);
    raft_durable(cluster_raft(c, 1), 3);
    cr_expect_eq(cluster_status(c, 1).durable_index, 1);
    cluster_destroy(c);
}

Test(raft_paper, restarted_node_applies_again_once_it_learns_what_is_committed)
{
    struct cluster *c = plain_cluster(3);

    cluster_elect(c, 1);
    for (int i = 0; i < 10; i++)
        propose(c, 1, "x");
    cluster_deliver_all(c);
    for (uint64_t id = 1; id <= 3; id++) {
        c->nodes[id].forgets_state = true;
        cluster_crash(c, id, 0);
        cluster_restart(c, id);
        cr_expect_eq(commit_of(c, id), 0);
        cr_expect_eq(c->nodes[id].applied, 0);
    }
    cluster_elect(c, 2);
    cluster_settle(c);
    for (uint64_t id = 1; id <= 3; id++)
        cr_expect_eq(c->nodes[id].applied, 12);
    cluster_destroy(c);
}
