#include "base/clock.h"
#include "clerk/clerk.h"

#include <criterion/criterion.h>

/* One rule of the clerk a test, under a clock that the test sets. Node numbers are 1 to 3. */

enum { ATTEMPT_NS = 100, BACKOFF_NS = 10, OP_NS = 1000 };

static const uint64_t three[] = {1, 2, 3};
static struct clerk *clerk;
static int64_t now;
static struct clerk_send send_;
static struct clerk_end end_;

static void make_clerk(void)
{
    struct clerk_options o = {.nodes = three,
                              .n_nodes = 3,
                              .attempt_timeout_ns = ATTEMPT_NS,
                              .op_timeout_ns = OP_NS,
                              .backoff_ns = BACKOFF_NS,
                              .seed = 1};
    struct err e;

    now = 5000;
    cr_assert(clerk_create(&o, &clerk, &e) == 0);
    clerk_set_target(clerk, 1);
}

static void destroy_clerk(void)
{
    clerk_destroy(clerk);
}

TestSuite(clerk, .init = make_clerk, .fini = destroy_clerk);

static struct op op_of(enum op_kind kind)
{
    return (struct op){.kind = kind, .key = slice_str("x"), .value = slice_str("1")};
}

static void begin(enum op_kind kind)
{
    struct op op = op_of(kind);

    cr_assert(clerk_begin(clerk, now, &op, NULL) == 0);
}

/* What is sent now has to go to `node`; 0: nothing is to be sent. */
static void expect_send(uint64_t node)
{
    bool sends = clerk_next_send(clerk, now, &send_);

    cr_assert(sends == (node != 0), "sends: %d to %d, expected %d", sends, (int)send_.node,
              (int)node);
    cr_assert(!sends || send_.node == node, "to %d instead of %d", (int)send_.node, (int)node);
    cr_assert(!sends || !clerk_next_send(clerk, now, &send_), "sends twice");
}

static void reply_to(uint64_t request, enum op_status status, uint64_t leader)
{
    struct wire_reply m = {.request = request,
                           .status = status,
                           .node = send_.node,
                           .term = 4,
                           .leader = leader,
                           .value = slice_str("v")};

    if (send_.request.command.op.kind == OP_REGISTER)
        m.number = 77;
    clerk_reply(clerk, now, &m);
}

static void reply(enum op_status status, uint64_t leader)
{
    reply_to(send_.request.request, status, leader);
}

/* After a pause, which is one back-off and up to as much again. */
static void expect_send_after_pause(uint64_t node)
{
    expect_send(0);
    now += BACKOFF_NS - 1;
    expect_send(0);
    now += BACKOFF_NS + 1;
    expect_send(node);
}

static void time_out(void)
{
    now += ATTEMPT_NS;
    clerk_tick(clerk, now);
}

/* Nothing more comes in or goes out until the operation's deadline. */
static void run_out(void)
{
    now += OP_NS;
    clerk_tick(clerk, now);
}

static void expect_end(enum op_outcome outcome, enum op_status status)
{
    cr_assert(clerk_ended(clerk, &end_), "has not ended");
    cr_assert(end_.outcome == outcome, "%s instead of %s", op_outcome_name(end_.outcome),
              op_outcome_name(outcome));
    cr_assert(end_.status == status, "%s", op_status_name(end_.status));
    cr_assert(clerk_idle(clerk) && !clerk_ended(clerk, &end_));
    cr_assert(clerk_deadline_ns(clerk) == INT64_MAX);
}

static void expect_pending(void)
{
    cr_assert(!clerk_ended(clerk, &end_) && !clerk_idle(clerk));
}

/* Writes have a session, and the write has left for node 1. */
static void begin_write(void)
{
    begin(OP_PUT);
    expect_send(1);
    reply(STATUS_OK, 1);
    expect_send(1);
    cr_assert(send_.request.command.op.kind == OP_PUT && send_.request.command.session == 77);
}

/* --- answers that count ------------------------------------------------------------------- */

Test(clerk, an_answer_that_counts_ends_as_ok)
{
    static const enum op_status counts[] = {STATUS_OK, STATUS_NO_KEY, STATUS_MISMATCH};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        begin(OP_GET);
        expect_send(1);
        reply(counts[i], 1);
        expect_end(OUTCOME_OK, counts[i]);
        cr_assert(end_.node == 1 && end_.term == 4 && end_.attempts == 1);
        cr_assert(slice_equal(end_.value, slice_str(counts[i] == STATUS_OK ? "v" : "")));
    }
}

Test(clerk, what_can_have_no_effect_ends_as_fail)
{
    begin_write();
    time_out(); /* whatever became of the first request */
    expect_send(2);
    reply(STATUS_BAD_REQUEST, 2);
    expect_end(OUTCOME_FAIL, STATUS_BAD_REQUEST);
}

Test(clerk, an_answer_to_an_earlier_request_of_the_operation_counts)
{
    uint64_t first;

    begin_write();
    first = send_.request.request;
    time_out();
    expect_send(2);
    reply_to(first, STATUS_OK, 1);
    expect_end(OUTCOME_OK, STATUS_OK);
    cr_assert(end_.attempts == 2);
}

Test(clerk, an_answer_to_an_earlier_operation_does_not_count)
{
    uint64_t earlier;

    begin(OP_GET);
    expect_send(1);
    earlier = send_.request.request;
    run_out();
    expect_end(OUTCOME_INFO, STATUS_TIMEOUT);
    clerk_set_target(clerk, 1);
    begin(OP_GET);
    expect_send(1);
    reply_to(earlier, STATUS_OK, 1);
    expect_pending();
    reply_to(send_.request.request + 1, STATUS_OK, 1); /* nor one to a request that never was */
    expect_pending();
}

Test(clerk, every_attempt_of_an_operation_has_the_same_command_id)
{
    uint64_t id;

    begin_write();
    id = send_.request.command.id;
    time_out();
    expect_send(2);
    cr_assert(send_.request.command.id == id && send_.request.command.session == 77);
    reply(STATUS_OK, 2);
    expect_end(OUTCOME_OK, STATUS_OK);
    begin(OP_DELETE);
    expect_send(2);
    cr_assert(send_.request.command.id > id);
}

Test(clerk, the_bytes_of_an_operation_are_its_own)
{
    char key[] = "key";
    struct op op = {.kind = OP_GET, .key = slice_of(key, 3)};

    cr_assert(clerk_begin(clerk, now, &op, NULL) == 0);
    memset(key, '-', 3);
    expect_send(1);
    cr_assert(slice_equal(send_.request.command.op.key, slice_str("key")));
    cr_assert(slice_equal(clerk_op(clerk)->key, slice_str("key")));
}

Test(clerk, what_is_beyond_the_limits_never_begins)
{
    static char key[OP_KEY_BYTES_MAX + 1];
    struct op op = {.kind = OP_GET, .key = slice_of(key, sizeof key)};

    cr_assert(clerk_begin(clerk, now, &op, NULL) == -E_INVAL);
    op = (struct op){.kind = OP_REGISTER};
    cr_assert(clerk_begin(clerk, now, &op, NULL) == -E_INVAL);
    cr_assert(clerk_idle(clerk));
}

/* --- fail and info ------------------------------------------------------------------------ */

Test(clerk, an_operation_whose_every_request_was_refused_fails)
{
    begin_write();
    reply(STATUS_NOT_LEADER, 2);
    expect_send(2);
    reply(STATUS_BUSY, 2);
    expect_send_after_pause(2);
    reply(STATUS_NOT_LEADER, 0);
    run_out();
    expect_end(OUTCOME_FAIL, STATUS_NOT_LEADER);
    cr_assert(end_.attempts == 3);
}

Test(clerk, a_request_without_answer_makes_it_info)
{
    begin_write();
    time_out();
    expect_send(2);
    reply(STATUS_NOT_LEADER, 0);
    run_out();
    expect_end(OUTCOME_INFO, STATUS_NOT_LEADER);
}

Test(clerk, a_late_refusal_settles_the_request_that_it_answers)
{
    uint64_t first;

    begin_write();
    first = send_.request.request;
    time_out();
    expect_send(2);
    reply(STATUS_NOT_LEADER, 0);
    reply_to(first, STATUS_NOT_LEADER, 0);
    run_out();
    expect_end(OUTCOME_FAIL, STATUS_NOT_LEADER);
}

Test(clerk, a_late_refusal_does_not_speak_for_the_request_under_way)
{
    uint64_t first;

    begin_write();
    first = send_.request.request;
    time_out();
    expect_send(2);
    reply_to(first, STATUS_NOT_LEADER, 3);
    expect_send(0); /* still waiting for node 2 */
    run_out();
    expect_end(OUTCOME_INFO, STATUS_TIMEOUT);
}

Test(clerk, a_refusal_heard_twice_counts_once)
{
    uint64_t first;

    begin_write();
    first = send_.request.request;
    reply(STATUS_NOT_LEADER, 2);
    expect_send(2);
    reply_to(first, STATUS_NOT_LEADER, 2);
    run_out();
    expect_end(OUTCOME_INFO, STATUS_NOT_LEADER);
}

Test(clerk, after_timeout_no_refusal_can_make_it_fail)
{
    begin_write();
    reply(STATUS_TIMEOUT, 0);
    reply(STATUS_NOT_LEADER, 0);
    expect_send(2);
    reply(STATUS_NOT_LEADER, 0);
    run_out();
    expect_end(OUTCOME_INFO, STATUS_NOT_LEADER);
}

Test(clerk, timeout_after_a_refusal_makes_it_unknown)
{
    begin_write();
    reply(STATUS_NOT_LEADER, 0);
    reply(STATUS_TIMEOUT, 0);
    run_out();
    expect_end(OUTCOME_INFO, STATUS_NOT_LEADER);
}

Test(clerk, more_open_requests_than_are_kept_make_it_info)
{
    uint64_t requests[64];
    size_t n = 0;

    destroy_clerk();
    {
        struct clerk_options o = {
            .nodes = three, .n_nodes = 3, .attempt_timeout_ns = 1, .op_timeout_ns = 32, .seed = 1};

        cr_assert(clerk_create(&o, &clerk, NULL) == 0);
    }
    begin(OP_GET);
    while (clerk_next_send(clerk, now, &send_)) {
        requests[n++] = send_.request.request;
        now++;
        clerk_tick(clerk, now);
    }
    cr_assert(n == 32, "%zu requests left", n);
    expect_end(OUTCOME_INFO, STATUS_TIMEOUT);
    begin(OP_GET);
    for (n = 0; n < 20 && clerk_next_send(clerk, now, &send_); n++) {
        requests[n] = send_.request.request;
        now++;
        clerk_tick(clerk, now);
    }
    for (size_t i = 0; i < n; i++)
        reply_to(requests[i], STATUS_NOT_LEADER, 0);
    now += 100;
    clerk_tick(clerk, now);
    expect_end(OUTCOME_INFO, STATUS_TIMEOUT);
}

Test(clerk, a_request_that_never_left_counts_as_refused)
{
    begin_write();
    clerk_unsent(clerk, now);
    expect_send(2);
    clerk_unsent(clerk, now);
    run_out();
    expect_end(OUTCOME_FAIL, STATUS_TIMEOUT);
    cr_assert(end_.attempts == 0);
}

Test(clerk, nothing_leaves_at_the_deadline)
{
    begin_write();
    reply(STATUS_NOT_LEADER, 0);
    now += OP_NS;
    expect_send(0);
    clerk_tick(clerk, now);
    expect_end(OUTCOME_FAIL, STATUS_NOT_LEADER);
    expect_send(0);
}

/* --- sessions ----------------------------------------------------------------------------- */

Test(clerk, reads_need_no_session)
{
    begin(OP_GET);
    expect_send(1);
    cr_assert(send_.request.command.op.kind == OP_GET && send_.request.command.session == 0);
}

Test(clerk, a_session_is_opened_before_the_first_write_and_kept)
{
    begin(OP_PUT);
    expect_send(1);
    cr_assert(send_.request.command.op.kind == OP_REGISTER);
    reply(STATUS_OK, 1);
    expect_send(1);
    cr_assert(send_.request.command.op.kind == OP_PUT && send_.request.command.session == 77);
    reply(STATUS_OK, 1);
    expect_end(OUTCOME_OK, STATUS_OK);
    cr_assert(end_.attempts == 1, "requests for the session are counted");
    begin(OP_APPEND);
    expect_send(1);
    cr_assert(send_.request.command.op.kind == OP_APPEND && send_.request.command.session == 77);
}

Test(clerk, a_write_whose_session_never_came_fails)
{
    begin(OP_PUT);
    expect_send(1);
    time_out();
    expect_send(2);
    reply(STATUS_TIMEOUT, 0);
    run_out();
    expect_end(OUTCOME_FAIL, STATUS_TIMEOUT);
    cr_assert(end_.attempts == 0);
}

Test(clerk, a_session_that_comes_late_is_taken)
{
    uint64_t first;

    begin(OP_PUT);
    expect_send(1);
    first = send_.request.request;
    time_out();
    expect_send(2);
    reply_to(first, STATUS_OK, 1);
    expect_send(2);
    cr_assert(send_.request.command.op.kind == OP_PUT);
    reply_to(first + 1, STATUS_OK, 1); /* the second session is nobody's */
    expect_pending();
    reply(STATUS_OK, 2);
    expect_end(OUTCOME_OK, STATUS_OK);
}

Test(clerk, an_expired_session_leaves_the_outcome_open_and_the_next_write_opens_another)
{
    begin_write();
    reply(STATUS_SESSION_EXPIRED, 1);
    expect_end(OUTCOME_INFO, STATUS_SESSION_EXPIRED);
    begin(OP_PUT);
    expect_send(1);
    cr_assert(send_.request.command.op.kind == OP_REGISTER);
}

/* --- who is asked, and when ---------------------------------------------------------------- */

Test(clerk, a_hint_is_followed_at_once)
{
    begin(OP_GET);
    expect_send(1);
    reply(STATUS_NOT_LEADER, 3);
    expect_send(3);
    cr_assert(clerk_target(clerk) == 3);
}

Test(clerk, without_a_usable_hint_the_next_node_is_asked_after_a_pause)
{
    static const uint64_t hints[] = {0, 1, 9}; /* none, who answers, nobody known */

    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        clerk_set_target(clerk, 1);
        begin(OP_GET);
        expect_send(1);
        reply(STATUS_NOT_LEADER, hints[i]);
        expect_send_after_pause(2);
        reply(STATUS_OK, 0);
        expect_end(OUTCOME_OK, STATUS_OK);
    }
}

Test(clerk, a_busy_node_is_asked_again_after_a_pause)
{
    begin(OP_GET);
    expect_send(1);
    reply(STATUS_BUSY, 1);
    expect_send_after_pause(1);
}

Test(clerk, an_attempt_that_times_out_goes_to_the_next_node_at_once)
{
    begin(OP_GET);
    expect_send(1);
    now += ATTEMPT_NS - 1;
    clerk_tick(clerk, now);
    expect_send(0);
    now++;
    clerk_tick(clerk, now);
    expect_send(2);
}

Test(clerk, timeout_is_retried_at_once_at_the_hint_or_the_next_node)
{
    begin(OP_GET);
    expect_send(1);
    reply(STATUS_TIMEOUT, 3);
    expect_send(3);
    reply(STATUS_TIMEOUT, 0);
    expect_send(1);
}

Test(clerk, hints_that_lead_in_circles_end_in_a_pause)
{
    int hops = 0;

    begin(OP_GET);
    while (clerk_next_send(clerk, now, &send_)) {
        cr_assert(++hops <= 4, "asks without end");
        reply(STATUS_NOT_LEADER, send_.node % 3 + 1);
    }
    cr_assert(hops == 4, "%d", hops);
    cr_assert(clerk_deadline_ns(clerk) >= now + BACKOFF_NS);
    cr_assert(clerk_deadline_ns(clerk) <= now + 2 * BACKOFF_NS);
}

Test(clerk, links_without_connection_end_in_a_pause)
{
    int tries = 0;

    begin(OP_GET);
    while (clerk_next_send(clerk, now, &send_)) {
        cr_assert(++tries <= 4, "tries without end");
        clerk_unsent(clerk, now);
    }
    cr_assert(tries == 4, "%d", tries);
}

Test(clerk, a_pinned_clerk_only_asks_its_node)
{
    clerk_pin(clerk, true);
    begin(OP_GET);
    expect_send(1);
    reply(STATUS_NOT_LEADER, 2);
    expect_send_after_pause(1);
    time_out();
    expect_send_after_pause(1);
    reply(STATUS_TIMEOUT, 2);
    expect_send_after_pause(1);
    clerk_unsent(clerk, now);
    expect_send_after_pause(1);
}

Test(clerk, it_says_when_it_wants_to_be_called)
{
    cr_assert(clerk_deadline_ns(clerk) == INT64_MAX);
    begin(OP_GET);
    expect_send(1);
    cr_assert(clerk_deadline_ns(clerk) == now + ATTEMPT_NS);
    now += OP_NS - ATTEMPT_NS / 2;
    clerk_tick(clerk, now);
    expect_send(2);
    cr_assert(clerk_deadline_ns(clerk) == now + ATTEMPT_NS / 2, "the operation's own deadline");
}

Test(clerk, options_are_checked)
{
    struct clerk_options o = {
        .nodes = three, .n_nodes = 0, .attempt_timeout_ns = 1, .op_timeout_ns = 1};
    struct clerk *c;

    cr_assert(clerk_create(&o, &c, NULL) == -E_INVAL);
    o.n_nodes = 64;
    cr_assert(clerk_create(&o, &c, NULL) == -E_INVAL);
    o.n_nodes = 3;
    o.op_timeout_ns = 0;
    cr_assert(clerk_create(&o, &c, NULL) == -E_INVAL);
    clerk_destroy(NULL);
}
