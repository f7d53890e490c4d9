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
