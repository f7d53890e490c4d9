#include "tests/unit/server/world.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static struct world w;

static void start(struct server_options o, size_t n)
{
    w.options = o;
    world_start(&w, n);
    world_elect(&w, 1);
}

static void teardown(void)
{
    world_stop(&w);
}

static const struct server_options plain = {
    .pre_vote = true, .check_quorum = true, .read_mode = READ_INDEX};

/* --- what becomes of commands --------------------------------------------------------------- */

static int modes[READ_MODE_COUNT];

ParameterizedTestParameters(server_answers, what_was_put_is_read_back_in_every_mode)
{
    for (int i = 0; i < READ_MODE_COUNT; i++)
        modes[i] = i;
    return cr_make_param_array(int, modes, READ_MODE_COUNT);
}

ParameterizedTest(int *mode, server_answers, what_was_put_is_read_back_in_every_mode,
                  .fini = teardown)
{
    struct server_options o = plain;
    struct op put = world_put("k", "v"), get = world_get("k"), none = world_get("nobody");
    const struct wire_reply *answer;
    uint64_t session;

    o.read_mode = (enum read_mode) * mode;
    start(o, 3);
    session = world_open_session(&w, 1);
    answer = world_call(&w, 1, session, 1, &put);
    cr_assert_eq(answer->status, STATUS_OK);
    cr_assert(answer->from_leader);
    cr_assert_eq(answer->node, 1);
    cr_assert_eq(answer->leader, 1);
    answer = world_call(&w, 1, 0, 0, &get);
    cr_assert_eq(answer->status, STATUS_OK);
    cr_assert(slice_equal(answer->value, slice_str("v")));
    cr_assert_eq(world_call(&w, 1, 0, 0, &none)->status, STATUS_NO_KEY);
}

Test(server_answers, only_reads_through_the_log_leave_entries_in_it, .fini = teardown)
{
    struct op get = world_get("k");
    uint64_t before;

    start(plain, 3);
    before = world_status(&w, 1).last_index;
    world_call(&w, 1, 0, 0, &get);
    cr_assert_eq(world_status(&w, 1).last_index, before);
}

Test(server_answers, a_follower_refuses_and_names_the_leader, .fini = teardown)
{
    struct op ops[] = {world_put("k", "v"), world_get("k"), {.kind = OP_REGISTER}};

    start(plain, 3);
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        const struct wire_reply *answer = world_call(&w, 2, 1, 1, &ops[i]);

        cr_expect_eq(answer->status, STATUS_NOT_LEADER);
        cr_expect_eq(answer->leader, 1);
        cr_expect_not(answer->from_leader);
    }
}

Test(server_answers, a_retry_is_answered_alike_without_effect, .fini = teardown)
{
    struct op append = world_append("k", "x"), get = world_get("k");
    uint64_t session;

    start(plain, 3);
    session = world_open_session(&w, 1);
    cr_assert_eq(world_call(&w, 1, session, 1, &append)->status, STATUS_OK);
    cr_assert_eq(world_call(&w, 1, session, 1, &append)->status, STATUS_OK);
    cr_assert(slice_equal(world_call(&w, 1, 0, 0, &get)->value, slice_str("x")));
}

/* A clerk that hears a refusal may say that its command certainly did not happen. */
Test(server_answers, of_two_copies_one_refused_the_other_is_not_proposed, .fini = teardown)
{
    struct op put = world_put("x", "1");
    struct server_client client = {.route = {1}, .route_len = 1};
    struct wire_request copy = {.kind = WIRE_REQUEST_COMMAND, .command = {.id = 1, .op = put}};
    uint64_t session, last;

    world_start(&w, 3);
    world_elect(&w, 1);
    session = world_open_session(&w, 1);
    copy.request = world_ask(&w, 2, session, 1, &put);
    copy.command.session = session;
    world_settle(&w);
    cr_assert_eq(world_answer(&w, copy.request)->status, STATUS_NOT_LEADER);
    world_elect(&w, 2);
    last = world_status(&w, 2).last_index;
    server_request(world_node(&w, 2)->server, &client, &copy);
    world_settle(&w);
    cr_assert_eq(world_status(&w, 2).last_index, last, "nothing was proposed");
    copy.request = UINT32_MAX;
    server_request(world_node(&w, 2)->server, &client, &copy);
    world_settle(&w);
    cr_assert_eq(world_status(&w, 2).last_index, last + 1, "a later attempt was");
}

Test(server_answers, what_breaks_a_limit_never_reaches_the_log, .fini = teardown)
{
    static uint8_t bytes[OP_KEY_BYTES_MAX + 1];
    struct op put = world_put("k", "v"), get = world_get("k");
    uint64_t before;

    start(plain, 1);
    before = world_status(&w, 1).last_index;
    put.key = get.key = slice_of(bytes, sizeof bytes);
    cr_assert_eq(world_call(&w, 1, 1, 1, &put)->status, STATUS_BAD_REQUEST);
    cr_assert_eq(world_call(&w, 1, 0, 0, &get)->status, STATUS_BAD_REQUEST);
    cr_assert_eq(world_status(&w, 1).last_index, before);
}

/* --- bounds --------------------------------------------------------------------------------- */

Test(server_answers, commands_beyond_the_bound_are_busy_and_were_not_proposed, .fini = teardown)
{
    struct server_options o = plain;
    struct op put = world_put("k", "v");
    uint64_t before, refused, waiting = 0;

    o.commands_max = 4;
    start(o, 3);
    before = world_status(&w, 1).last_index;
    for (int i = 0; i < 4; i++)
        waiting = world_ask(&w, 1, 1, 1, &put);
    refused = world_ask(&w, 1, 1, 1, &put);
    cr_assert_eq(world_answer(&w, refused)->status, STATUS_BUSY);
    cr_assert_eq(world_status(&w, 1).last_index, before + 4);
    cr_assert_eq(world_status(&w, 1).refused_busy, 1);
    cr_assert_eq(world_status(&w, 1).pending_commands, 4);
    world_settle(&w);
    cr_assert_not_null(world_answer(&w, waiting));
    cr_assert_eq(world_status(&w, 1).pending_commands, 0);
    cr_assert_neq(world_call(&w, 1, 1, 1, &put)->status, STATUS_BUSY, "there is room again");
}

Test(server_answers, reads_beyond_the_bound_are_busy, .fini = teardown)
{
    struct server_options o = plain;
    struct op get = world_get("k");
    uint64_t waiting, refused;

    o.reads_max = 1;
    start(o, 3);
    waiting = world_ask(&w, 1, 0, 0, &get);
    refused = world_ask(&w, 1, 0, 0, &get);
    cr_assert_eq(world_answer(&w, refused)->status, STATUS_BUSY);
    cr_assert_eq(world_status(&w, 1).pending_reads, 1);
    world_settle(&w);
    cr_assert_eq(world_answer(&w, waiting)->status, STATUS_NO_KEY);
    cr_assert_eq(world_call(&w, 1, 0, 0, &get)->status, STATUS_NO_KEY);
}

/* --- leadership lost ------------------------------------------------------------------------ */

Test(server_answers, who_loses_leadership_cannot_say_what_becomes_of_proposals, .fini = teardown)
{
    struct op put = world_put("k", "old"), other = world_put("k", "new"), get = world_get("k");
    uint64_t session, asked;

    start(plain, 3);
    session = world_open_session(&w, 1);
    world_isolate(&w, 1, true);
    asked = world_ask(&w, 1, session, 1, &put);
    world_settle(&w);
    cr_assert_null(world_answer(&w, asked));
    world_tick(&w, 1, 3 * WORLD_ELECTION_TICKS);
    cr_assert_neq(world_status(&w, 1).role, RAFT_LEADER, "check-quorum");
    cr_assert_eq(world_answer(&w, asked)->status, STATUS_TIMEOUT);
    cr_assert_not(world_answer(&w, asked)->from_leader);

    world_elect(&w, 2);
    session = world_open_session(&w, 2);
    world_call(&w, 2, session, 1, &other);
    world_isolate(&w, 1, false);
    world_tick(&w, 2, 2 * WORLD_HEARTBEAT_TICKS);
    cr_assert(slice_equal(world_call(&w, 2, 0, 0, &get)->value, slice_str("new")));
    cr_assert_eq(world_status(&w, 1).applied_index, world_status(&w, 2).applied_index);
}

Test(server_answers, without_check_quorum_the_answer_comes_when_a_newer_leader_is_heard,
     .fini = teardown)
{
    struct server_options o = plain;
    struct op put = world_put("k", "old");
    uint64_t session, asked;

    o.check_quorum = false;
    start(o, 3);
    session = world_open_session(&w, 1);
    world_isolate(&w, 1, true);
    asked = world_ask(&w, 1, session, 1, &put);
    world_tick(&w, 1, 3 * WORLD_ELECTION_TICKS);
    cr_assert_null(world_answer(&w, asked));
    world_elect(&w, 2);
    world_isolate(&w, 1, false);
    world_tick(&w, 2, 2 * WORLD_HEARTBEAT_TICKS);
    cr_assert_eq(world_answer(&w, asked)->status, STATUS_TIMEOUT);
    cr_assert_eq(world_answer(&w, asked)->leader, 2);
}

/* A newer leader is heard of and says at once what stands at the proposal's index, so that the
 * old leader has both in one pump. */
static const struct {
    bool ours;
    enum op_status status;
} fates[] = {{true, STATUS_OK}, {false, STATUS_TIMEOUT}};

static int fate_numbers[] = {0, 1};

ParameterizedTestParameters(server_answers, only_the_very_proposal_that_was_committed_is_ok)
{
    return cr_make_param_array(int, fate_numbers, 2);
}

ParameterizedTest(int *fate, server_answers, only_the_very_proposal_that_was_committed_is_ok,
                  .fini = teardown)
{
    struct op put = world_put("k", "v");
    struct raft_message m = {.type = RAFT_APPEND, .from = 2, .to = 1};
    struct entry entry = {.kind = ENTRY_NOOP};
    struct wire_node_status status;
    uint64_t session, asked;

    start(plain, 3);
    session = world_open_session(&w, 1);
    world_isolate(&w, 1, true);
    asked = world_ask(&w, 1, session, 1, &put);
    world_settle(&w);
    status = world_status(&w, 1);
    m.term = status.term + 1;
    m.log_term = status.term;
    m.commit = status.last_index;
    m.log_index = fates[*fate].ours ? status.last_index : status.last_index - 1;
    entry.index = status.last_index;
    entry.term = m.term;
    m.entries = &entry;
    m.n_entries = fates[*fate].ours ? 0 : 1;
    server_peer(world_node(&w, 1)->server, &m);
    world_settle(&w);
    cr_assert_eq(world_status(&w, 1).applied_index, status.last_index);
    cr_assert_eq(world_answer(&w, asked)->status, fates[*fate].status);
}

/* The scenario that read modes are about: node 1 is cut off and keeps thinking that it leads. */
static void leave_an_old_leader(enum read_mode mode)
{
    struct server_options o = plain;
    struct op old = world_put("k", "old"), new = world_put("k", "new");
    uint64_t session;

    o.check_quorum = false;
    o.read_mode = mode;
    start(o, 3);
    session = world_open_session(&w, 1);
    world_call(&w, 1, session, 1, &old);
    world_isolate(&w, 1, true);
    world_elect(&w, 2);
    world_call(&w, 2, session, 2, &new);
    cr_assert_eq(world_status(&w, 1).role, RAFT_LEADER);
}

Test(server_answers, a_local_read_of_an_old_leader_is_stale, .fini = teardown)
{
    struct op get = world_get("k");
    const struct wire_reply *answer;

    leave_an_old_leader(READ_LOCAL);
    answer = world_call(&w, 1, 0, 0, &get);
    cr_assert_eq(answer->status, STATUS_OK);
    cr_assert(slice_equal(answer->value, slice_str("old")));
    cr_assert(answer->from_leader);
    cr_assert(slice_equal(world_call(&w, 2, 0, 0, &get)->value, slice_str("new")));
}

Test(server_answers, an_index_read_of_an_old_leader_is_never_answered_with_a_value,
     .fini = teardown)
{
    struct op get = world_get("k");
    uint64_t asked;

    leave_an_old_leader(READ_INDEX);
    asked = world_ask(&w, 1, 0, 0, &get);
    world_tick(&w, 1, WORLD_ELECTION_TICKS / 2);
    cr_assert_null(world_answer(&w, asked));
    world_isolate(&w, 1, false);
    world_tick(&w, 2, 2 * WORLD_HEARTBEAT_TICKS);
    cr_assert_eq(world_answer(&w, asked)->status, STATUS_NOT_LEADER);
    cr_assert_eq(world_status(&w, 1).pending_reads, 0);
}

Test(server_answers, a_log_read_of_an_old_leader_is_never_answered_with_a_value, .fini = teardown)
{
    struct op get = world_get("k");
    uint64_t asked;

    leave_an_old_leader(READ_LOG);
    asked = world_ask(&w, 1, 0, 0, &get);
    world_tick(&w, 1, 2 * WORLD_ELECTION_TICKS);
    cr_assert_null(world_answer(&w, asked));
    world_isolate(&w, 1, false);
    world_tick(&w, 2, 2 * WORLD_HEARTBEAT_TICKS);
    cr_assert_eq(world_answer(&w, asked)->status, STATUS_TIMEOUT);
}

/* --- what a node tells about itself --------------------------------------------------------- */

Test(server_answers, a_change_of_role_is_told_once, .fini = teardown)
{
    size_t told;

    start(plain, 3);
    cr_assert_eq(world_node(&w, 1)->told.role, RAFT_LEADER);
    cr_assert_eq(world_node(&w, 2)->told.role, RAFT_FOLLOWER);
    cr_assert_eq(world_node(&w, 2)->told.leader, 1);
    cr_assert_eq(world_node(&w, 2)->told.term, world_node(&w, 1)->told.term);
    told = world_node(&w, 2)->n_told;
    world_tick_all(&w, 3 * WORLD_HEARTBEAT_TICKS);
    cr_assert_eq(world_node(&w, 2)->n_told, told);
}

Test(server_answers, what_made_no_sense_is_counted_and_nothing_else, .fini = teardown)
{
    struct server_client client = {.route_len = 1};
    struct wire_request ask = {.request = 900, .kind = WIRE_REQUEST_STATUS};
    struct raft_message stranger = {.type = RAFT_HEARTBEAT, .from = 9, .to = 1, .term = 99};
    const struct wire_reply *answer;
    uint64_t term;

    start(plain, 3);
    term = world_status(&w, 1).term;
    server_peer(w.nodes[0].server, &stranger);
    server_count_garbage(w.nodes[0].server, true);
    server_count_garbage(w.nodes[0].server, false);
    server_count_unsent(w.nodes[0].server);
    server_request(w.nodes[0].server, &client, &ask);
    answer = world_answer(&w, 900);
    cr_assert_not_null(answer);
    cr_assert_eq(answer->kind, WIRE_REQUEST_STATUS);
    cr_assert_eq(answer->node_status.dropped_peer, 2);
    cr_assert_eq(answer->node_status.dropped_client, 1);
    cr_assert_eq(answer->node_status.dropped_unsent, 1);
    cr_assert_eq(answer->node_status.role, RAFT_LEADER);
    cr_assert_eq(answer->node_status.read_mode, READ_INDEX);
    cr_assert_eq(answer->node_status.term, term);
}
