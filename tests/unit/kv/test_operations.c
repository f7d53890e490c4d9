#include "tests/unit/kv/fake_store.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

static const char *const families[] = {"users"};

static struct fake_store store;
static struct kv *kv;
static uint64_t index_now, session, command_id, seq;

static void setup(void)
{
    struct kv_options o = {.families = families, .n_families = 1, .reader = fake_reader(&store)};
    struct command c = {.op.kind = OP_REGISTER};
    struct op_result result;

    cr_assert_eq(kv_create(&o, &kv, NULL), 0);
    index_now = 1;
    cr_assert_eq(kv_apply(kv, index_now, &c, &result), 0);
    session = result.number;
}

static void teardown(void)
{
    kv_destroy(kv);
    fake_clear(&store);
}

static enum op_status apply(const struct op *op)
{
    struct command c = {.session = session, .id = ++command_id, .op = *op};
    struct op_result result;

    cr_assert_eq(kv_apply(kv, ++index_now, &c, &result), 0);
    return result.status;
}

static struct op_result get(const char *family, const char *key)
{
    struct op op = {.kind = OP_GET, .family = slice_str(family), .key = slice_str(key)};
    struct op_result result;

    cr_assert_eq(kv_get(kv, &op, &result), 0);
    return result;
}

/* Where the value before the operation stands: still in memory, or behind the reader. */
static void settle(void)
{
    fake_submit(&store, kv, ++seq, index_now);
    kv_visible(kv, fake_make_visible(&store, store.n_batches));
}

/* One operation on key "k" that holds `before`; NULL stands for absent. */
static const struct row {
    const char *before;
    enum op_kind kind;
    const char *value;
    const char *expected; /* of CAS; NULL: expects absence */
    enum op_status status;
    const char *after;
} rows[] = {
    {NULL, OP_PUT, "a", NULL, STATUS_OK, "a"},
    {"a", OP_PUT, "b", NULL, STATUS_OK, "b"},
    {"a", OP_PUT, "", NULL, STATUS_OK, ""},
    {NULL, OP_APPEND, "a", NULL, STATUS_OK, "a"},
    {"a", OP_APPEND, "b", NULL, STATUS_OK, "ab"},
    {NULL, OP_APPEND, "", NULL, STATUS_OK, ""},
    {NULL, OP_DELETE, "", NULL, STATUS_NO_KEY, NULL},
    {"", OP_DELETE, "", NULL, STATUS_OK, NULL},
    {"a", OP_DELETE, "", NULL, STATUS_OK, NULL},
    {"a", OP_CAS, "b", "a", STATUS_OK, "b"},
    {"a", OP_CAS, "b", "c", STATUS_MISMATCH, "a"},
    {"a", OP_CAS, "b", "", STATUS_MISMATCH, "a"},
    {"", OP_CAS, "b", "", STATUS_OK, "b"},
    {NULL, OP_CAS, "b", "", STATUS_NO_KEY, NULL},
    {NULL, OP_CAS, "b", "a", STATUS_NO_KEY, NULL},
    {NULL, OP_CAS, "b", NULL, STATUS_OK, "b"},
    {"", OP_CAS, "b", NULL, STATUS_MISMATCH, ""},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static void check_value(const char *family, const char *want)
{
    struct op_result result = get(family, "k");

    cr_assert_eq(result.status, want == NULL ? STATUS_NO_KEY : STATUS_OK);
    cr_assert(want == NULL || slice_equal(result.value, slice_str(want)));
}

ParameterizedTestParameters(kv_operations, does_what_its_row_says)
{
    static int numbers[2 * ROWS];

    for (int i = 0; i < 2 * ROWS; i++)
        numbers[i] = i;
    return cr_make_param_array(int, numbers, 2 * ROWS);
}

/* Each row twice: the value before it in memory only, and readable in the store. */
ParameterizedTest(int *number, kv_operations, does_what_its_row_says, .init = setup,
                  .fini = teardown)
{
    const struct row *r = &rows[*number % ROWS];
    struct op before = {.kind = OP_PUT, .key = slice_str("k")};
    struct op op = {.kind = r->kind, .key = slice_str("k"), .value = slice_str(r->value)};

    if (r->before != NULL) {
        before.value = slice_str(r->before);
        cr_assert_eq(apply(&before), STATUS_OK);
    }
    if (*number >= ROWS)
        settle();
    op.expects_absent = r->expected == NULL;
    op.expected = slice_str(r->expected == NULL ? "" : r->expected);
    cr_expect_eq(apply(&op), r->status, "row %d", *number);
    check_value("", r->after);
    settle();
    check_value("", r->after);
    cr_assert_eq(kv_unsubmitted_bytes(kv), 0);
}

Test(kv_operations, families_are_apart_and_default_has_two_names, .init = setup, .fini = teardown)
{
    struct op op = {.kind = OP_PUT, .key = slice_str("k"), .value = slice_str("a")};

    apply(&op);
    op.family = slice_str("users");
    op.value = slice_str("b");
    apply(&op);
    check_value("", "a");
    check_value("default", "a");
    check_value("users", "b");
    settle();
    check_value("default", "a");
    check_value("users", "b");
}

static void expect_refused(const struct op *op)
{
    size_t n_before = store.n_rows;

    cr_expect_eq(apply(op), STATUS_BAD_REQUEST);
    settle();
    cr_expect_eq(store.n_rows, n_before);
}

Test(kv_operations, what_breaks_a_limit_is_refused_without_effect, .init = setup, .fini = teardown)
{
    static uint8_t bytes[OP_VALUE_BYTES_MAX + 1];
    struct op op = {.kind = OP_PUT, .key = slice_str("k"), .value = slice_of(bytes, sizeof bytes)};

    settle();
    expect_refused(&op);
    op.value = slice_str("v");
    op.key = slice_of(bytes, OP_KEY_BYTES_MAX + 1);
    expect_refused(&op);
    op.key = slice_str("k");
    op.kind = OP_KIND_COUNT;
    expect_refused(&op);
    op.kind = OP_PUT;
    op.family = slice_str("nobody");
    expect_refused(&op);
    op.family = slice_str("sessions");
    expect_refused(&op);
    op.family = slice_str("");
    cr_assert_eq(apply(&op), STATUS_OK);
    cr_assert_eq(get("sessions", "k").status, STATUS_BAD_REQUEST);
}

Test(kv_operations, a_value_grows_by_appends_up_to_the_limit_and_no_further, .init = setup,
     .fini = teardown)
{
    static uint8_t half[OP_VALUE_BYTES_MAX / 2];
    struct op op = {.kind = OP_APPEND, .key = slice_str("k"), .value = slice_of(half, sizeof half)};

    cr_assert_eq(apply(&op), STATUS_OK);
    cr_assert_eq(apply(&op), STATUS_OK);
    op.value = slice_str("x");
    cr_assert_eq(apply(&op), STATUS_BAD_REQUEST);
    cr_assert_eq(get("", "k").value.len, OP_VALUE_BYTES_MAX);
}

Test(kv_operations, a_refused_append_is_remembered_as_refused, .init = setup, .fini = teardown)
{
    static uint8_t whole[OP_VALUE_BYTES_MAX];
    struct op op = {.kind = OP_PUT, .key = slice_str("k"), .value = slice_of(whole, sizeof whole)};
    struct op make_room = {.kind = OP_DELETE, .key = slice_str("k")};
    struct command other, again;
    struct op_result result;

    apply(&op);
    op.kind = OP_APPEND;
    op.value = slice_str("x");
    cr_assert_eq(apply(&op), STATUS_BAD_REQUEST);
    again = (struct command){.session = session, .id = command_id, .op = op};

    cr_assert_eq(kv_apply(kv, ++index_now, &(struct command){.op.kind = OP_REGISTER}, &result), 0);
    other = (struct command){.session = result.number, .id = 1, .op = make_room};
    cr_assert_eq(kv_apply(kv, ++index_now, &other, &result), 0);
    cr_assert_eq(result.status, STATUS_OK);

    cr_assert_eq(kv_apply(kv, ++index_now, &again, &result), 0);
    cr_assert_eq(result.status, STATUS_BAD_REQUEST);
    cr_assert_eq(get("", "k").status, STATUS_NO_KEY);
}

static const struct bad_families {
    const char *names[KV_FAMILIES_MAX];
    size_t n;
} bad[] = {
    {{""}, 1}, {{"default"}, 1}, {{"sessions"}, 1}, {{"a", "a"}, 2}, {{"a"}, KV_FAMILIES_MAX},
};

Test(kv_operations, family_names_that_cannot_be_are_refused_with_the_reason)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct kv_options o = {.families = bad[i].names, .n_families = bad[i].n};
        struct err e = {0};
        struct kv *none = NULL;

        cr_expect_eq(kv_create(&o, &none, &e), -E_INVAL, "row %zu", i);
        cr_expect_neq(e.text[0], '\0');
        cr_expect_null(none);
    }
}
