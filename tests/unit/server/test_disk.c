#include "node/server_impl.h"
#include "tests/unit/server/world.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct world w;

static void start(size_t n)
{
    w.options =
        (struct server_options){.pre_vote = true, .check_quorum = true, .read_mode = READ_INDEX};
    world_start(&w, n);
    world_elect(&w, 1);
}

static void teardown(void)
{
    world_stop(&w);
}

static void hold_durable(uint64_t id, bool held)
{
    world_node(&w, id)->gate.hold_durable = held;
}

/* --- nobody is answered on what is not durable ---------------------------------------------- */

Test(server_disk, alone_a_node_answers_once_its_own_disk_has_it, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session, asked;

    start(1);
    session = world_open_session(&w, 1);
    hold_durable(1, true);
    asked = world_ask(&w, 1, session, 1, &put);
    world_settle(&w);
    cr_assert_null(world_answer(&w, asked));
    hold_durable(1, false);
    world_settle(&w);
    cr_assert_eq(world_answer(&w, asked)->status, STATUS_OK);
}

Test(server_disk, a_follower_acknowledges_once_its_disk_has_it, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session, asked;

    start(3);
    session = world_open_session(&w, 1);
    hold_durable(2, true);
    hold_durable(3, true);
    asked = world_ask(&w, 1, session, 1, &put);
    world_settle(&w);
    cr_assert_eq(world_status(&w, 2).last_index, world_status(&w, 1).last_index, "it has arrived");
    cr_assert_null(world_answer(&w, asked));
    hold_durable(3, false);
    world_settle(&w);
    cr_assert_eq(world_answer(&w, asked)->status, STATUS_OK);
}

Test(server_disk, a_quorum_of_others_is_enough_before_the_leaders_own_disk, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session;

    start(3);
    session = world_open_session(&w, 1);
    hold_durable(1, true);
    cr_assert_eq(world_call(&w, 1, session, 1, &put)->status, STATUS_OK);
}

Test(server_disk, a_vote_is_given_once_it_is_durable, .fini = teardown)
{
    w.options = (struct server_options){.pre_vote = true, .check_quorum = true};
    world_start(&w, 3);
    hold_durable(2, true);
    hold_durable(3, true);
    for (int t = 0; t < 100 && world_status(&w, 1).role != RAFT_CANDIDATE; t++)
        world_tick(&w, 1, 1);
    cr_assert_eq(world_status(&w, 1).role, RAFT_CANDIDATE);
    hold_durable(2, false);
    world_settle(&w);
    cr_assert_eq(world_status(&w, 1).role, RAFT_LEADER);
}

Test(server_disk, a_slow_disk_does_not_hold_back_heartbeats, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session, term;

    start(3);
    session = world_open_session(&w, 1);
    term = world_status(&w, 1).term;
    for (uint64_t id = 1; id <= 3; id++)
        hold_durable(id, true);
    for (uint64_t i = 1; i <= 100; i++)
        world_ask(&w, 1, session, i, &put);
    world_tick_all(&w, 10 * WORLD_ELECTION_TICKS);
    cr_assert_eq(world_status(&w, 1).role, RAFT_LEADER);
    cr_assert_eq(world_status(&w, 1).term, term);
    cr_assert_eq(world_status(&w, 1).pending_commands, 100);
}

Test(server_disk, the_states_writes_go_to_the_disk_together_after_a_while, .fini = teardown)
{
    struct op put = world_put("k", "v");
    const struct gate *gate;
    uint64_t session, before;

    start(1);
    gate = &world_node(&w, 1)->gate;
    session = world_open_session(&w, 1);
    world_tick(&w, 1, SERVER_WRITES_TICKS);
    before = world_status(&w, 1).applied_index;
    cr_assert_eq(gate->applied_index, before);
    for (uint64_t i = 1; i <= 3; i++)
        world_call(&w, 1, session, i, &put);
    world_tick(&w, 1, SERVER_WRITES_TICKS - 1);
    cr_assert_eq(gate->applied_index, before, "the log has them all");
    world_tick(&w, 1, 1);
    cr_assert_eq(gate->applied_index, before + 3);
}

/* --- too much for the disk ------------------------------------------------------------------ */

Test(server_disk, clerks_hear_busy_while_the_leaders_disk_is_far_behind, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session, before;

    start(3);
    session = world_open_session(&w, 1);
    before = world_status(&w, 1).last_index;
    world_node(&w, 1)->gate.queued_bytes = STORE_QUEUE_BYTES_MAX / 2;
    world_settle(&w);
    cr_assert_eq(world_call(&w, 1, session, 1, &put)->status, STATUS_BUSY);
    cr_assert_eq(world_status(&w, 1).last_index, before);
    world_node(&w, 1)->gate.queued_bytes = 0;
    world_settle(&w);
    cr_assert_eq(world_call(&w, 1, session, 1, &put)->status, STATUS_OK);
}

Test(server_disk, a_follower_whose_disk_is_far_behind_catches_up_later, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session, before;

    start(3);
    session = world_open_session(&w, 1);
    before = world_status(&w, 3).last_index;
    world_node(&w, 3)->gate.queued_bytes = STORE_QUEUE_BYTES_MAX / 2;
    world_settle(&w);
    for (uint64_t i = 1; i <= 5; i++)
        cr_assert_eq(world_call(&w, 1, session, i, &put)->status, STATUS_OK);
    cr_assert_eq(world_status(&w, 3).last_index, before);
    world_node(&w, 3)->gate.queued_bytes = 0;
    world_tick_all(&w, 5 * WORLD_HEARTBEAT_TICKS);
    cr_assert_eq(world_status(&w, 3).last_index, world_status(&w, 1).last_index);
}

/* The leader was started again, so that what node 3 lacks has to be read from its disk, while every
 * message that arrives brings the next commit. */
Test(server_disk, a_follower_far_behind_catches_up_under_load, .fini = teardown)
{
    enum { BACKLOG = 3000, STEPS = 2000, STEPS_PER_TICK = 20 };
    struct op put = world_put("k", "v");
    uint64_t session, id = 0;
    int step = 0;

    start(3);
    session = world_open_session(&w, 1);
    world_isolate(&w, 3, true);
    while (id < BACKLOG) {
        world_ask(&w, 1, session, ++id, &put);
        if (id % 100 == 0)
            world_settle(&w);
    }
    world_restart(&w, 1);
    world_elect(&w, 1);
    world_isolate(&w, 3, false);
    while (world_status(&w, 3).last_index < BACKLOG && step < STEPS) {
        w.n_replies = 0;
        world_ask(&w, 1, session, ++id, &put);
        if (step++ % STEPS_PER_TICK == 0) {
            for (uint64_t node = 1; node <= 3; node++)
                server_tick(world_node(&w, node)->server);
        }
        world_step(&w);
    }
    cr_assert_lt(step, STEPS, "node 3 still ends at %ju",
                 (uintmax_t)world_status(&w, 3).last_index);
}

/* APPENDS are more than Raft loads of the log at a time. */
enum {
    LARGE_PUTS = 80,
    LARGE_PUTS_WITH_ROOM = 64,
    LARGE_BYTES = OP_VALUE_BYTES_MAX - 64,
    APPENDS = 1100
};

static void ask_large_puts(uint64_t session, uint64_t asked[LARGE_PUTS])
{
    static uint8_t large[LARGE_BYTES];
    char key[16];

    for (uint64_t i = 0; i < LARGE_PUTS; i++) {
        struct op put = {.kind = OP_PUT, .value = slice_of(large, sizeof large)};

        snprintf(key, sizeof key, "%ju", (uintmax_t)i);
        put.key = slice_str(key);
        asked[i] = world_ask(&w, 1, session, i + 1, &put);
        if (i == LARGE_PUTS / 2)
            world_settle(&w);
    }
    world_settle(&w);
}

Test(server_disk, applying_and_reads_wait_while_the_states_writes_find_no_room, .fini = teardown)
{
    struct op put = world_put("k", "v"), get = world_get("79");
    uint64_t session, asked[LARGE_PUTS], read, answered = 0;

    start(1);
    session = world_open_session(&w, 1);
    world_node(&w, 1)->gate.hold_visible = true;
    ask_large_puts(session, asked);
    for (uint64_t i = 0; i < LARGE_PUTS; i++)
        answered += world_answer(&w, asked[i]) != NULL;
    cr_assert_eq(answered, LARGE_PUTS_WITH_ROOM, "not %ju", (uintmax_t)answered);
    cr_assert_eq(world_call(&w, 1, session, LARGE_PUTS + 1, &put)->status, STATUS_BUSY);
    read = world_ask(&w, 1, 0, 0, &get);
    world_settle(&w);
    cr_assert_null(world_answer(&w, read), "its index is committed and not applied");

    world_node(&w, 1)->gate.hold_visible = false;
    world_settle(&w);
    for (uint64_t i = 0; i < LARGE_PUTS; i++)
        cr_assert_eq(world_answer(&w, asked[i])->status, STATUS_OK);
    cr_assert_eq(world_answer(&w, read)->value.len, LARGE_BYTES);
}

/* --- bad days ------------------------------------------------------------------------------- */

Test(server_disk, a_failed_disk_ends_the_node_with_the_reason, .fini = teardown)
{
    start(3);
    world_node(&w, 2)->gate.fail = true;
    world_settle(&w);
    cr_assert_eq(world_node(&w, 2)->failed, -E_IO);
    cr_assert_not_null(strstr(world_node(&w, 2)->failure.text, "the disk is gone"));
    cr_assert_eq(world_node(&w, 1)->failed, 0);
}

Test(server_disk, a_committed_entry_that_is_no_command_ends_the_node, .fini = teardown)
{
    struct entry entry = {.index = 1, .term = 1, .data = slice_str("garbage")};
    struct raft_message m = {.type = RAFT_APPEND,
                             .from = 2,
                             .to = 1,
                             .term = 1,
                             .commit = 1,
                             .entries = &entry,
                             .n_entries = 1};

    w.options = (struct server_options){.pre_vote = true, .check_quorum = true};
    world_start(&w, 3);
    server_peer(w.nodes[0].server, &m);
    world_settle(&w);
    cr_assert_lt(world_node(&w, 1)->failed, 0);
    cr_assert_not_null(strstr(world_node(&w, 1)->failure.text, "log entry 1"));
}

Test(server_disk, a_node_started_again_goes_on_where_it_was, .fini = teardown)
{
    struct op append = world_append("k", "x"), get = world_get("k");
    uint64_t session, applied;

    start(3);
    session = world_open_session(&w, 1);
    world_call(&w, 1, session, 1, &append);
    world_tick(&w, 1, SERVER_WRITES_TICKS);
    applied = world_status(&w, 1).applied_index;
    for (uint64_t id = 1; id <= 3; id++)
        world_restart(&w, id);
    cr_assert_eq(world_status(&w, 1).role, RAFT_FOLLOWER);
    cr_assert_eq(world_status(&w, 1).applied_index, applied);
    cr_assert_eq(world_status(&w, 1).sessions, 1);
    world_elect(&w, 2);
    cr_assert_eq(world_call(&w, 2, session, 1, &append)->status, STATUS_OK);
    cr_assert(slice_equal(world_call(&w, 2, session, 0, &get)->value, slice_str("x")));
}

Test(server_disk, what_was_saved_but_not_applied_is_applied_after_a_restart, .fini = teardown)
{
    struct op append = world_append("k", "x"), get = world_get("k");
    uint64_t session;

    start(1);
    session = world_open_session(&w, 1);
    hold_durable(1, true);
    for (uint64_t i = 1; i <= 20; i++)
        world_ask(&w, 1, session, i, &append);
    world_settle(&w);
    hold_durable(1, false);
    world_restart(&w, 1);
    world_elect(&w, 1);
    world_tick(&w, 1, WORLD_HEARTBEAT_TICKS);
    cr_assert_eq(world_call(&w, 1, 0, 0, &get)->value.len, 20);
}

static void ask_appends(uint64_t session)
{
    char key[16];

    for (uint64_t i = 0; i < APPENDS; i++) {
        struct op append;

        snprintf(key, sizeof key, "%ju", (uintmax_t)(i % LARGE_PUTS));
        append = world_append(key, "x");
        world_ask(&w, 1, session, LARGE_PUTS + i + 1, &append);
    }
    world_settle(&w);
}

/* Entries of a few bytes, each of which rewrites a large value. */
Test(server_disk, a_backlog_from_the_log_is_applied_as_room_comes, .fini = teardown)
{
    struct op get = world_get("0");
    uint64_t session, asked[LARGE_PUTS], read;

    start(1);
    session = world_open_session(&w, 1);
    ask_large_puts(session, asked);
    hold_durable(1, true);
    ask_appends(session);
    hold_durable(1, false);
    world_node(&w, 1)->gate.hold_visible = true;
    world_restart(&w, 1);
    world_elect(&w, 1);
    cr_assert_lt(world_status(&w, 1).applied_index, world_status(&w, 1).commit_index);
    read = world_ask(&w, 1, 0, 0, &get);
    world_tick(&w, 1, 5);
    cr_assert_null(world_answer(&w, read));

    world_node(&w, 1)->gate.hold_visible = false;
    world_tick(&w, 1, 5);
    cr_assert_eq(world_status(&w, 1).applied_index, world_status(&w, 1).commit_index);
    cr_assert_eq(world_answer(&w, read)->value.len, LARGE_BYTES + (APPENDS - 1) / LARGE_PUTS + 1);
}

Test(server_disk, unsynced_saves_are_the_planted_mistake_they_are_meant_to_be, .fini = teardown)
{
    struct op put = world_put("k", "v");
    uint64_t session;

    w.options = (struct server_options){.unsynced = true};
    world_start(&w, 1);
    hold_durable(1, true);
    world_elect(&w, 1);
    session = world_open_session(&w, 1);
    cr_assert_eq(world_call(&w, 1, session, 1, &put)->status, STATUS_OK);
    cr_assert_eq(world_node(&w, 1)->gate.synced, 0);
}
