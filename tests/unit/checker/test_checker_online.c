#include "checker/online.h"
#include "follow.h"
#include "generate.h"
#include "scene.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct online *start(const struct history_header *header, size_t memory_bytes_max)
{
    struct online_options options = {.memory_bytes_max = memory_bytes_max};
    struct online *o;
    struct err e;

    cr_assert_eq(online_create(header, &options, &o, &e), 0, "%s", e.text);
    return o;
}

/* --- memory --------------------------------------------------------------------------------- */

/* Clients of one key at work: puts and appends of values that never come again, reads, deletes;
 * what takes effect does so at the end, so that every history is linearizable. */
enum { CLIENTS = 5, APPENDED_MAX = 100 };

struct clients {
    struct online *online;
    struct rng rng;
    uint64_t seq;
    uint64_t n_ops;
    bool open[CLIENTS];
    enum op_kind kind[CLIENTS];
    char value[CLIENTS][24];
    char state[256]; /* what stands there, "" for nothing */
};

static void send(struct clients *c, struct history_event event)
{
    struct err e;

    event.seq = ++c->seq;
    cr_assert_eq(online_event(c->online, &event, &e), 0, "event %lu: %s", (unsigned long)c->seq,
                 e.text);
}

static void invoke(struct clients *c, uint32_t i)
{
    static const enum op_kind kinds[] = {OP_GET, OP_PUT, OP_APPEND, OP_GET};
    struct history_event event = {.kind = HISTORY_INVOKE, .process = i};

    c->open[i] = true;
    c->kind[i] = event.op.kind = kinds[rng_below(&c->rng, 4)];
    if (c->kind[i] == OP_APPEND && strlen(c->state) > APPENDED_MAX)
        c->kind[i] = event.op.kind = OP_PUT;
    snprintf(c->value[i], sizeof c->value[i], "%lu.", (unsigned long)++c->n_ops);
    event.op.key = slice_str("x");
    if (c->kind[i] != OP_GET)
        event.op.value = slice_str(c->value[i]);
    send(c, event);
}

static void append(struct clients *c, const char *value)
{
    size_t n = strlen(c->state);

    cr_assert_lt(n + strlen(value), sizeof c->state);
    snprintf(c->state + n, sizeof c->state - n, "%s", value);
}

static void complete(struct clients *c, uint32_t i)
{
    struct history_event event = {
        .kind = HISTORY_COMPLETE, .process = i, .outcome = OUTCOME_OK, .status = STATUS_OK};

    c->open[i] = false;
    if (c->kind[i] == OP_PUT)
        snprintf(c->state, sizeof c->state, "%s", c->value[i]);
    else if (c->kind[i] == OP_APPEND)
        append(c, c->value[i]);
    else if (c->kind[i] == OP_GET && c->state[0] == '\0')
        event.status = STATUS_NO_KEY;
    else if (c->kind[i] == OP_GET)
        event.value = slice_str(c->state);
    send(c, event);
}

static struct online_status work(uint64_t n_ops)
{
    static const struct history_header header = {.model = "kv"};
    struct clients c = {.online = start(&header, 0), .rng = rng_make(1, 2)};
    struct online_status status;

    while (c.n_ops < n_ops) {
        uint32_t i = (uint32_t)rng_below(&c.rng, CLIENTS);

        if (c.open[i])
            complete(&c, i);
        else
            invoke(&c, i);
    }
    cr_expect_eq(online_finish(c.online), 0);
    status = online_status(c.online);
    online_destroy(c.online);
    return status;
}

Test(checker_online, ten_times_the_history_takes_the_same_memory)
{
    struct online_status once = work(10000);
    struct online_status ten_times = work(100000);

    cr_expect_eq(once.verdict, VERDICT_LINEARIZABLE);
    cr_expect_eq(ten_times.verdict, VERDICT_LINEARIZABLE);
    cr_expect_lt(ten_times.bytes_max, once.bytes_max + once.bytes_max / 4, "%zu and %zu",
                 once.bytes_max, ten_times.bytes_max);
    cr_expect_lt(ten_times.bytes_max, 1000000, "%zu", ten_times.bytes_max);
    cr_expect_lt(ten_times.n_visited, 11 * once.n_visited);
}

/* What was forgotten is not missed: a violation at the end of a long history is one. */
Test(checker_online, strings_that_are_written_anew_still_tell_right_from_wrong)
{
    static const struct history_header header = {.model = "kv"};

    for (int wrong = 0; wrong <= 1; wrong++) {
        struct clients c = {.online = start(&header, 0), .rng = rng_make(1, 2)};
        struct history_event read = {
            .kind = HISTORY_INVOKE, .process = 9, .op = {.kind = OP_GET, .key = slice_str("x")}};
        struct history_event seen = {
            .kind = HISTORY_COMPLETE, .process = 9, .outcome = OUTCOME_OK, .status = STATUS_OK};
        struct err e;

        while (c.n_ops < 5000) {
            uint32_t i = (uint32_t)rng_below(&c.rng, CLIENTS);

            if (c.open[i])
                complete(&c, i);
            else
                invoke(&c, i);
        }
        for (uint32_t i = 0; i < CLIENTS; i++) {
            if (c.open[i])
                complete(&c, i);
        }
        send(&c, read);
        seen.value = slice_str(wrong ? "4711." : c.state);
        cr_expect_eq(online_event(c.online, &seen, &e), wrong);
        cr_expect_eq(online_status(c.online).n_waiting, 0);
        online_destroy(c.online);
    }
}

/* --- what it says --------------------------------------------------------------------------- */

/* Feeds a scene until something is wrong; returns behind how many events. */
static size_t feed(struct online *o, const struct follow *f)
{
    struct err e;

    for (size_t i = 0; i < f->n; i++) {
        int rc = online_event(o, &f->events[i], &e);

        cr_assert_geq(rc, 0, "%s", e.text);
        if (rc == 1)
            return i + 1;
    }
    return 0;
}

Test(checker_online, a_violation_is_named_as_soon_as_what_was_open_has_ended)
{
    struct history *h =
        scene("register", 0, "1 1 2 put x a\n2 3 9 put x c\n3 4 6 get x = b\n4 10 11 get x = c");
    struct rng r = rng_make(1, 1);
    struct follow f = follow_make(h, &r);
    struct online *o = start(&h->header, 0);

    /* The read of b waits for the put of c, which might have been one of b for all that is known.
     */
    cr_expect_eq(feed(o, &f), 6);
    cr_expect_eq(online_status(o).verdict, VERDICT_NOT_LINEARIZABLE);
    cr_assert_not_null(online_status(o).violation);
    cr_expect_eq(online_status(o).violation->process, 3);
    online_destroy(o);
    follow_free(&f);
    scene_free(h);
}

Test(checker_online, a_key_past_a_bound_is_unknown_and_the_others_go_on)
{
    static const struct history_header header = {.model = "kv"};
    struct online *o = start(&header, 0);
    struct history_event event = {.kind = HISTORY_INVOKE};
    struct err e;
    char value[16];

    /* Appends of unknown outcome that may each stand anywhere before an append that returned. */
    for (uint32_t i = 0; i < 40; i++) {
        snprintf(value, sizeof value, "%u.", i);
        event = (struct history_event){
            .kind = HISTORY_INVOKE,
            .seq = 4 * i + 1,
            .process = 2 * i,
            .op = {.kind = OP_APPEND, .key = slice_str("x"), .value = slice_str(value)}};
        cr_assert_eq(online_event(o, &event, &e), 0);
        event = (struct history_event){.kind = HISTORY_COMPLETE,
                                       .seq = 4 * i + 2,
                                       .process = 2 * i,
                                       .outcome = i % 2 == 0 ? OUTCOME_INFO : OUTCOME_OK};
        cr_assert_eq(online_event(o, &event, &e), 0);
    }
    cr_expect_eq(online_status(o).verdict, VERDICT_UNKNOWN);
    cr_expect_eq(online_status(o).n_lost, 1);
    cr_expect_not_null(online_status(o).reason);
    event = (struct history_event){
        .kind = HISTORY_INVOKE, .process = 1, .op = {.kind = OP_GET, .key = slice_str("y")}};
    cr_assert_eq(online_event(o, &event, &e), 0);
    event = (struct history_event){.kind = HISTORY_COMPLETE,
                                   .process = 1,
                                   .outcome = OUTCOME_OK,
                                   .value = slice_str("never written")};
    cr_expect_eq(online_event(o, &event, &e), 1);
    cr_expect_eq(online_status(o).verdict, VERDICT_NOT_LINEARIZABLE);
    online_destroy(o);
}

/* An operation stays open for so long that it is treated as one of unknown outcome. */
static struct online *wait_too_long(const struct history_header *header)
{
    struct online *o = start(header, 0);
    struct history_event slow = {
        .kind = HISTORY_INVOKE,
        .process = 7,
        .op = {.kind = OP_PUT, .key = slice_str("x"), .value = slice_str("slow")}};
    struct err e;

    cr_assert_eq(online_event(o, &slow, &e), 0);
    for (uint64_t i = 0; i < ONLINE_WAITING_MAX; i++) {
        struct history_event event = {
            .kind = i % 2 == 0 ? HISTORY_INVOKE : HISTORY_COMPLETE,
            .seq = i + 2,
            .process = 1,
            .op = {.kind = OP_PUT, .key = slice_str("x"), .value = slice_str("a")},
            .outcome = OUTCOME_OK};

        cr_assert_eq(online_event(o, &event, &e), 0);
    }
    return o;
}

Test(checker_online, nobody_waits_for_ever_and_a_late_answer_makes_its_key_unknown)
{
    static const struct history_header header = {.model = "register"};

    for (int ends = 0; ends <= 1; ends++) {
        struct online *o = wait_too_long(&header);
        struct history_event end = {
            .kind = HISTORY_COMPLETE, .process = 7, .outcome = ends ? OUTCOME_OK : OUTCOME_INFO};
        struct err e;

        cr_expect_lt(online_status(o).n_waiting, 10);
        cr_assert_eq(online_event(o, &end, &e), 0);
        cr_expect_eq(online_finish(o), 0);
        cr_expect_eq(online_status(o).verdict, ends ? VERDICT_UNKNOWN : VERDICT_LINEARIZABLE);
        online_destroy(o);
    }
}

Test(checker_online, memory_of_all_keys_together_is_bounded)
{
    static const struct history_header header = {.model = "register"};
    struct online *o = start(&header, 100000);
    char key[16];
    struct err e;

    for (uint32_t i = 0; i < 1000; i++) {
        struct history_event event = {.kind = HISTORY_INVOKE, .process = i};

        snprintf(key, sizeof key, "%u", i);
        event.op = (struct op){.kind = OP_GET, .key = slice_str(key)};
        cr_assert_eq(online_event(o, &event, &e), 0, "%s", e.text);
    }
    cr_expect_eq(online_status(o).verdict, VERDICT_UNKNOWN);
    cr_expect_gt(online_status(o).n_lost, 100);
    cr_expect_lt(online_status(o).bytes, 1000000);
    online_destroy(o);
}

Test(checker_online, what_no_process_can_do_is_an_error)
{
    static const struct history_header header = {.model = "register"};
    struct online *o = start(&header, 0);
    struct history_event end = {.kind = HISTORY_COMPLETE, .process = 1, .outcome = OUTCOME_OK};
    struct history_event begin = {
        .kind = HISTORY_INVOKE, .process = 1, .op = {.kind = OP_GET, .key = slice_str("x")}};
    struct err e;

    cr_expect_eq(online_event(o, &end, &e), -E_PARSE);
    cr_expect_eq(online_event(o, &begin, &e), 0);
    cr_expect_eq(online_event(o, &begin, &e), -E_PARSE);
    begin.process = 2;
    begin.op.kind = OP_DELETE;
    cr_expect_eq(online_event(o, &begin, &e), -E_INVAL);
    online_destroy(o);
}
