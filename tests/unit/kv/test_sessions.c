#include "node/kv/sessions.h"
#include "tests/unit/kv/fake_store.h"

#include <criterion/criterion.h>

static struct fake_store store;
static struct kv *kv;
static uint64_t index_now, seq;

static void start(size_t sessions_max)
{
    struct kv_options o = {.sessions_max = sessions_max, .reader = fake_reader(&store)};

    cr_assert_eq(kv_create(&o, &kv, NULL), 0);
}

static void setup(void)
{
    start(3);
}

static void teardown(void)
{
    kv_destroy(kv);
    fake_clear(&store);
}

static uint64_t open_session(void)
{
    struct op_result result;

    cr_assert_eq(kv_apply(kv, ++index_now, &(struct command){.op.kind = OP_REGISTER}, &result), 0);
    cr_assert_eq(result.status, STATUS_OK);
    cr_assert_eq(result.number, index_now);
    return result.number;
}

static enum op_status append(uint64_t session, uint64_t id)
{
    struct command c = {
        .session = session,
        .id = id,
        .op = {.kind = OP_APPEND, .key = slice_str("k"), .value = slice_str("x")},
    };
    struct op_result result;

    cr_assert_eq(kv_apply(kv, ++index_now, &c, &result), 0);
    return result.status;
}

static size_t appended(void)
{
    struct op op = {.kind = OP_GET, .key = slice_str("k")};
    struct op_result result;

    cr_assert_eq(kv_get(kv, &op, &result), 0);
    return result.value.len;
}

static void restart(void)
{
    fake_submit(&store, kv, ++seq, index_now);
    fake_make_visible(&store, store.n_batches);
    kv_destroy(kv);
    start(3);
    fake_load_sessions(&store, kv);
}

Test(kv_sessions, a_repeated_command_is_answered_alike_without_effect, .init = setup,
     .fini = teardown)
{
    uint64_t s = open_session();

    cr_assert_eq(append(s, 5), STATUS_OK);
    cr_assert_eq(append(s, 5), STATUS_OK);
    cr_assert_eq(appended(), 1);
    restart();
    cr_assert_eq(append(s, 5), STATUS_OK);
    cr_assert_eq(appended(), 1);
    cr_assert_eq(append(s, 6), STATUS_OK);
    cr_assert_eq(appended(), 2);
}

Test(kv_sessions, a_command_before_the_last_one_is_refused, .init = setup, .fini = teardown)
{
    uint64_t s = open_session();

    append(s, 2);
    cr_assert_eq(append(s, 1), STATUS_BAD_REQUEST);
    cr_assert_eq(append(s, 0), STATUS_BAD_REQUEST);
    cr_assert_eq(append(s, 2), STATUS_OK, "the refusals leave the table alone");
    cr_assert_eq(appended(), 1);
}

Test(kv_sessions, command_ids_start_at_one, .init = setup, .fini = teardown)
{
    cr_assert_eq(append(open_session(), 0), STATUS_BAD_REQUEST);
    cr_assert_eq(appended(), 0);
}

Test(kv_sessions, a_session_nobody_opened_has_no_effect, .init = setup, .fini = teardown)
{
    cr_assert_eq(append(0, 1), STATUS_SESSION_EXPIRED);
    cr_assert_eq(append(99, 1), STATUS_SESSION_EXPIRED);
    cr_assert_eq(appended(), 0);
}

Test(kv_sessions, the_one_longest_unnamed_in_the_log_expires, .init = setup, .fini = teardown)
{
    uint64_t a = open_session(), b = open_session(), c = open_session(), d;

    append(a, 1);
    append(c, 1);
    append(b, 1);
    append(a, 1); /* a duplicate names the session too */
    restart();    /* and the order outlives the process */
    d = open_session();
    cr_assert_eq(kv_sessions(kv), 3);
    cr_assert_eq(append(c, 2), STATUS_SESSION_EXPIRED);
    cr_assert_eq(append(a, 2), STATUS_OK);
    cr_assert_eq(append(b, 2), STATUS_OK);
    cr_assert_eq(append(d, 1), STATUS_OK);
    restart();
    cr_assert_eq(append(c, 2), STATUS_SESSION_EXPIRED);
    cr_assert_eq(kv_sessions(kv), 3);
}

Test(kv_sessions, a_row_reads_back_as_it_was_written)
{
    struct session s = {.id = 0x0102030405060708,
                        .last_id = UINT64_MAX,
                        .last_index = 0xf102030405060708,
                        .last_status = STATUS_MISMATCH};
    struct session back;
    uint8_t key[SESSION_KEY_BYTES], row[SESSION_ROW_BYTES];
    static const uint8_t want_key[] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t want_row[] = {1,    255, 255, 255, 255, 255, 255, 255, 255,
                                       0xf1, 2,   3,   4,   5,   6,   7,   8,   STATUS_MISMATCH};

    session_encode_key(s.id, key);
    session_encode_row(&s, row);
    cr_assert_arr_eq(key, want_key, sizeof want_key);
    cr_assert_arr_eq(row, want_row, sizeof want_row);
    cr_assert_eq(session_decode(slice_of(key, sizeof key), slice_of(row, sizeof row), &back, NULL),
                 0);
    cr_assert_eq(back.id, s.id);
    cr_assert_eq(back.last_id, s.last_id);
    cr_assert_eq(back.last_index, s.last_index);
    cr_assert_eq(back.last_status, s.last_status);
}

static const struct damage {
    size_t key_len, row_len;
    int at; /* byte of the row that is overwritten; -1: none */
    uint8_t byte;
} damages[] = {
    {7, SESSION_ROW_BYTES, -1, 0},
    {SESSION_KEY_BYTES, SESSION_ROW_BYTES - 1, -1, 0},
    {0, 0, -1, 0},
    {SESSION_KEY_BYTES, SESSION_ROW_BYTES, 0, SESSION_ROW_VERSION + 1},
    {SESSION_KEY_BYTES, SESSION_ROW_BYTES, 17, STATUS_COUNT},
    {SESSION_KEY_BYTES, SESSION_ROW_BYTES, 16, 6}, /* last index before the session's own */
};

Test(kv_sessions, a_damaged_row_is_corrupt_with_the_reason, .init = setup, .fini = teardown)
{
    struct session s = {.id = 7, .last_id = 1, .last_index = 8};

    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        uint8_t key[SESSION_KEY_BYTES], row[SESSION_ROW_BYTES];
        struct err e = {0};

        session_encode_key(s.id, key);
        session_encode_row(&s, row);
        if (damages[i].at >= 0)
            row[damages[i].at] = damages[i].byte;
        cr_expect_eq(kv_load_session(kv, slice_of(key, damages[i].key_len),
                                     slice_of(row, damages[i].row_len), &e),
                     -E_CORRUPT, "row %zu", i);
        cr_expect_neq(e.text[0], '\0');
    }
    cr_assert_eq(kv_sessions(kv), 0);
}
