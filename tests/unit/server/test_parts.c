#include "node/attempts.h"
#include "node/fifo.h"
#include "node/read_table.h"

#include <criterion/criterion.h>

Test(server_fifo, keeps_the_order_while_it_grows_and_wraps)
{
    struct fifo f;
    uint64_t in = 0, out = 0;

    fifo_init(&f, sizeof in, 200);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 7; i++, in++)
            cr_assert_eq(fifo_push(&f, &in), 0);
        for (int i = 0; i < 5; i++, out++) {
            cr_assert_eq(*(uint64_t *)fifo_front(&f), out);
            fifo_pop(&f);
        }
        cr_assert_eq(fifo_count(&f), in - out);
    }
    fifo_free(&f);
    cr_assert_null(fifo_front(&f));
}

Test(server_fifo, takes_no_more_than_its_bound)
{
    struct fifo f;
    uint64_t n = 0;

    fifo_init(&f, sizeof n, 20);
    for (; n < 20; n++)
        cr_assert_eq(fifo_push(&f, &n), 0);
    cr_assert_eq(fifo_push(&f, &n), -E_LIMIT);
    cr_assert_eq(fifo_count(&f), 20);
    fifo_pop(&f);
    cr_assert_eq(fifo_push(&f, &n), 0);
    cr_assert_eq(*(uint64_t *)fifo_front(&f), 1);
    fifo_free(&f);
}

Test(server_reads, keep_a_copy_of_the_question_and_stay_within_the_bound)
{
    struct read_table *t;
    struct server_client client = {.request = 5};
    char key[] = "key";
    struct op op = {.kind = OP_GET, .family = slice_str("users"), .key = slice_str(key)};
    uint64_t a, b, c;

    cr_assert_eq(read_table_create(2, &t), 0);
    cr_assert_eq(read_table_add(t, &client, &op, &a), 0);
    key[0] = 'x';
    cr_assert(slice_equal(read_table_find(t, a)->op.key, slice_str("key")));
    cr_assert(slice_equal(read_table_find(t, a)->op.family, slice_str("users")));
    cr_assert_eq(read_table_find(t, a)->client.request, 5);
    cr_assert_eq(read_table_add(t, &client, &op, &b), 0);
    cr_assert_neq(a, b);
    cr_assert_eq(read_table_add(t, &client, &op, &c), -E_BUSY);
    read_table_remove(t, a);
    cr_assert_eq(read_table_add(t, &client, &op, &c), 0);
    cr_assert_eq(read_table_count(t), 2);
    read_table_destroy(t);
}

Test(server_attempts, each_is_taken_in_once_and_only_upwards)
{
    struct attempts *a;

    cr_assert_eq(attempts_create(10, &a), 0);
    cr_assert_eq(attempts_take(a, 7, 3, 100), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 7, 3, 100), ATTEMPT_SEEN, "a copy");
    cr_assert_eq(attempts_take(a, 7, 2, 100), ATTEMPT_SEEN, "overtaken");
    cr_assert_eq(attempts_take(a, 7, 4, 100), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 8, 3, 100), ATTEMPT_NEW, "another session counts for itself");
    attempts_destroy(a);
}

Test(server_attempts, a_session_that_had_to_be_forgotten_is_never_taken_for_a_new_one)
{
    struct attempts *a;

    cr_assert_eq(attempts_create(2, &a), 0);
    for (uint64_t session = 5; session <= 7; session++)
        cr_assert_eq(attempts_take(a, session, 1, 100), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 5, 1, 100), ATTEMPT_FORGOTTEN, "5 was the oldest of three");
    cr_assert_eq(attempts_take(a, 5, 9, 100), ATTEMPT_FORGOTTEN);
    cr_assert_eq(attempts_take(a, 7, 1, 100), ATTEMPT_SEEN, "the others are remembered");
    cr_assert_eq(attempts_take(a, 4, 1, 100), ATTEMPT_FORGOTTEN, "below the floor nobody is new");
    cr_assert_eq(attempts_take(a, 8, 1, 100), ATTEMPT_NEW);
    attempts_destroy(a);
}

Test(server_attempts, sessions_ahead_of_a_node_that_lags_are_not_forgotten)
{
    struct attempts *a;

    cr_assert_eq(attempts_create(2, &a), 0);
    cr_assert_eq(attempts_take(a, 10, 1, 5), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 11, 1, 5), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 12, 1, 5), ATTEMPT_SEEN, "no room, and nobody to forget");
    cr_assert_eq(attempts_take(a, 10, 1, 5), ATTEMPT_SEEN, "a copy is still one");
    attempts_destroy(a);
}

Test(server_attempts, the_floor_rises_with_the_log_and_not_with_what_is_claimed)
{
    struct attempts *a;

    cr_assert_eq(attempts_create(2, &a), 0);
    cr_assert_eq(attempts_take(a, UINT64_MAX, 1, 50), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 40, 1, 50), ATTEMPT_NEW);
    cr_assert_eq(attempts_take(a, 51, 1, 51), ATTEMPT_NEW, "40 makes room, the made-up one stays");
    cr_assert_eq(attempts_take(a, 40, 2, 51), ATTEMPT_FORGOTTEN);
    cr_assert_eq(attempts_take(a, 52, 1, 52), ATTEMPT_NEW);
    attempts_destroy(a);
}
