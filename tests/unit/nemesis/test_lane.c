/* One link of the proxy under virtual time: no sockets. */
#include "base/clock.h"
#include "nemesis/lane.h"
#include "nemesis/nemesis.h"

#include <criterion/criterion.h>

#define MS NS_PER_MS

/* What came out of the lane: each message as a letter. */
struct world {
    struct lane *lane;
    struct wire_nemesis_counters counters;
    struct buf out;
    bool full; /* the socket takes nothing */
};

static bool send_out(void *context, zmq_msg_t *message)
{
    struct world *w = context;

    if (w->full)
        return false;
    buf_append(&w->out, zmq_msg_data(message), zmq_msg_size(message));
    zmq_msg_close(message);
    zmq_msg_init(message);
    return true;
}

static void open_world(struct world *w, bool between_nodes, struct wire_link_rule rule)
{
    const struct lane_options o = {.seed = 1,
                                   .between_nodes = between_nodes,
                                   .send = send_out,
                                   .context = w,
                                   .counters = &w->counters};

    *w = (struct world){0};
    cr_assert_eq(lane_create(&o, &w->lane, NULL), 0);
    lane_set_rule(w->lane, &rule);
}

static void close_world(struct world *w)
{
    lane_destroy(&w->lane);
    buf_free(&w->out);
}

static void take_bytes(struct world *w, const void *data, size_t len, int64_t now_ns)
{
    zmq_msg_t message;

    cr_assert_eq(zmq_msg_init_size(&message, len), 0);
    memcpy(zmq_msg_data(&message), data, len);
    lane_take(w->lane, &message, now_ns);
    cr_assert_eq(zmq_msg_size(&message), 0);
    zmq_msg_close(&message);
}

static void take(struct world *w, char letter, int64_t now_ns)
{
    take_bytes(w, &letter, 1, now_ns);
}

static void expect_out(struct world *w, const char *expected)
{
    cr_expect_eq(w->out.len, strlen(expected), "'%.*s', not '%s'", (int)w->out.len,
                 (char *)w->out.data, expected);
    cr_expect(slice_equal(buf_slice(&w->out), slice_str(expected)), "'%.*s', not '%s'",
              (int)w->out.len, (char *)w->out.data, expected);
    buf_clear(&w->out);
}

Test(lane, without_a_rule_messages_go_straight_through)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){0});
    take(&w, 'a', 0);
    take(&w, 'b', 0);
    expect_out(&w, "ab");
    cr_assert_eq(w.counters.passed, 2);
    cr_assert_eq(lane_due_ns(w.lane), INT64_MAX);
    close_world(&w);
}

Test(lane, a_delay_holds_until_its_time_and_keeps_the_order_under_jitter)
{
    struct world w;
    char expected[65] = "";

    open_world(&w, true, (struct wire_link_rule){.delay_ms = 10, .jitter_ms = 40});
    for (int i = 0; i < 64; i++) {
        expected[i] = (char)('0' + i);
        take(&w, expected[i], i * MS);
    }
    cr_assert_geq(lane_due_ns(w.lane), 10 * MS);
    cr_assert_leq(lane_due_ns(w.lane), 50 * MS);
    lane_release(w.lane, lane_due_ns(w.lane) - 1);
    expect_out(&w, "");
    lane_release(w.lane, (63 + 50) * MS);
    expect_out(&w, expected);
    cr_assert_eq(w.counters.delayed, 64);
    cr_assert_eq(lane_due_ns(w.lane), INT64_MAX);
    close_world(&w);
}

Test(lane, what_comes_after_healing_does_not_overtake_what_is_on_its_way)
{
    const struct wire_link_rule nothing = {0};
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.delay_ms = 10});
    take(&w, 'a', 0);
    lane_set_rule(w.lane, &nothing);
    take(&w, 'b', 5 * MS);
    expect_out(&w, "");
    lane_release(w.lane, 10 * MS);
    take(&w, 'c', 10 * MS);
    expect_out(&w, "abc");
    close_world(&w);
}

Test(lane, a_cut_loses_what_is_on_its_way_too)
{
    const struct wire_link_rule cut = {.cut = true};
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.delay_ms = 10});
    take(&w, 'a', 0);
    lane_set_rule(w.lane, &cut);
    take(&w, 'b', 1 * MS);
    lane_release(w.lane, 10 * MS);
    expect_out(&w, "");
    cr_assert_eq(w.counters.cut, 2);
    close_world(&w);
}

Test(lane, reorder_lets_a_later_message_pass)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.reorder_ppm = 1000000});
    for (char letter = 'a'; letter <= 'd'; letter++)
        take(&w, letter, 0);
    expect_out(&w, "badc");
    cr_assert_eq(w.counters.reordered, 2);
    close_world(&w);
}

Test(lane, a_message_held_back_with_none_behind_it_goes_on_after_a_while)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.reorder_ppm = 1000000});
    take(&w, 'a', 7);
    cr_assert_eq(lane_due_ns(w.lane), 7 + NEMESIS_REORDER_MS_MAX * MS);
    lane_release(w.lane, 7 + NEMESIS_REORDER_MS_MAX * MS);
    expect_out(&w, "a");
    cr_assert_eq(w.counters.reordered, 0);
    close_world(&w);
}

Test(lane, duplicates_and_drops_at_a_chance_of_one)
{
    const struct wire_link_rule drop = {.drop_ppm = 1000000};
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.duplicate_ppm = 1000000});
    take(&w, 'a', 0);
    expect_out(&w, "aa");
    lane_set_rule(w.lane, &drop);
    take(&w, 'b', 0);
    expect_out(&w, "");
    cr_assert_eq(w.counters.duplicated, 1);
    cr_assert_eq(w.counters.dropped, 1);
    close_world(&w);
}

Test(lane, chances_are_met_about_as_often_as_they_say)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.drop_ppm = 250000, .duplicate_ppm = 500000});
    for (int i = 0; i < 10000; i++)
        take(&w, 'x', 0);
    cr_assert(w.counters.dropped > 2300 && w.counters.dropped < 2700);
    cr_assert(w.counters.duplicated > 3500 && w.counters.duplicated < 4000);
    cr_assert_eq(w.counters.passed, 10000 - w.counters.dropped + w.counters.duplicated);
    close_world(&w);
}

static void take_peer(struct world *w, enum raft_message_type type)
{
    const struct raft_message m = {.type = type, .from = 1, .to = 2, .term = 1};
    struct buf bytes = {0};

    cr_assert_eq(wire_encode_peer(7, &m, &bytes), 0);
    take_bytes(w, bytes.data, bytes.len, 0);
    buf_free(&bytes);
}

Test(lane, a_rule_by_type_lets_other_types_and_garbage_pass)
{
    const struct wire_link_rule rule = {.cut = true, .types = 1u << RAFT_APPEND};
    struct world w;

    open_world(&w, true, rule);
    take_peer(&w, RAFT_APPEND);
    cr_assert_eq(w.counters.passed, 0);
    take_peer(&w, RAFT_HEARTBEAT);
    take(&w, '?', 0);
    cr_assert_eq(w.counters.passed, 2);
    cr_assert_eq(w.counters.cut, 1);
    close_world(&w);

    open_world(&w, false, rule);
    take_peer(&w, RAFT_APPEND);
    cr_assert_eq(w.counters.passed, 1, "clerks do not speak Raft");
    close_world(&w);
}

Test(lane, holds_a_bounded_number_of_messages)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.delay_ms = 1000});
    for (int i = 0; i < NEMESIS_LINK_QUEUE_MAX + 10; i++)
        take(&w, 'x', i);
    cr_assert_eq(w.counters.overflow, 10);
    lane_release(w.lane, 2000 * MS);
    cr_assert_eq(w.counters.passed, NEMESIS_LINK_QUEUE_MAX);
    close_world(&w);
}

Test(lane, holds_a_bounded_number_of_bytes)
{
    const size_t big = NEMESIS_LINK_BYTES_MAX / 4;
    char *data = calloc(1, big);
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.delay_ms = 1000});
    for (int i = 0; i < 6; i++)
        take_bytes(&w, data, big, i);
    cr_assert_eq(w.counters.overflow, 2);
    lane_release(w.lane, 2000 * MS);
    cr_assert_eq(w.counters.passed, 4);
    take_bytes(&w, data, big, 3000 * MS);
    cr_assert_eq(w.counters.overflow, 2, "what has gone leaves room");
    close_world(&w);
    free(data);
}

Test(lane, a_message_without_a_connection_counts_as_overflow)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){0});
    w.full = true;
    take(&w, 'a', 0);
    cr_assert_eq(w.counters.overflow, 1);
    cr_assert_eq(w.counters.passed, 0);
    close_world(&w);
}

Test(lane, reset_forgets_what_is_held)
{
    struct world w;

    open_world(&w, true, (struct wire_link_rule){.delay_ms = 5, .reorder_ppm = 1000000});
    take(&w, 'a', 0);
    take(&w, 'b', 0);
    take(&w, 'c', 0);
    lane_reset(w.lane);
    cr_assert_eq(lane_due_ns(w.lane), INT64_MAX);
    lane_release(w.lane, 1000 * MS);
    expect_out(&w, "");
    cr_assert_eq(w.counters.reset, 3);
    close_world(&w);
}
