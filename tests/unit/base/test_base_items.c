#include "base/err.h"
#include "base/items.h"
#include "base/op.h"
#include "base/rng.h"

#include <criterion/criterion.h>

static void add(struct buf *row, const char *bytes, size_t len)
{
    cr_assert_eq(items_add(row, slice_of(bytes, len)), 0);
}

Test(items, are_written_as_the_format_says)
{
    struct buf row = {0};

    add(&row, "1", 1);
    add(&row, "2 b", 3);
    add(&row, "", 0);
    add(&row, "\\\n", 2);
    cr_assert_eq(row.len, strlen("1 2\\sb  \\\\\\n "));
    cr_assert_arr_eq(row.data, "1 2\\sb  \\\\\\n ", row.len);
    buf_free(&row);
}

Test(items, an_empty_one_needs_no_address)
{
    struct buf row = {0};

    cr_assert_eq(items_add(&row, (struct slice){0}), 0);
    cr_assert_eq(row.len, 1);
    cr_assert_eq(row.data[0], ' ');
    buf_free(&row);
}

Test(items, any_bytes_come_back)
{
    struct rng rng = rng_make(7, 0);
    struct buf row = {0};
    struct buf back = {0};
    char bytes[40][8];
    size_t lens[40];

    for (int i = 0; i < 40; i++) {
        lens[i] = (size_t)rng_below(&rng, 8);
        for (size_t j = 0; j < lens[i]; j++)
            bytes[i][j] = "\0 \\\nsnx\xff"[rng_below(&rng, 8)];
        add(&row, bytes[i], lens[i]);
    }
    struct slice rest = buf_slice(&row);
    struct slice item;
    for (int i = 0; i < 40; i++) {
        buf_clear(&back);
        cr_assert_eq(items_next(&rest, &item), 1);
        cr_assert_eq(items_unescape(item, &back), 0);
        cr_assert_eq(back.len, lens[i]);
        cr_assert_eq(memcmp(back.len > 0 ? back.data : (uint8_t *)"", bytes[i], lens[i]), 0);
    }
    cr_assert_eq(items_next(&rest, &item), 0);
    buf_free(&row);
    buf_free(&back);
}

Test(items, what_is_no_row_is_refused)
{
    static const char *const rows[] = {"1", "1 2", "\\", "\\x ", "a\nb ", "1 \\"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice rest = slice_str(rows[i]);
        struct slice item;
        int rc;

        while ((rc = items_next(&rest, &item)) == 1)
            continue;
        cr_assert_eq(rc, -E_PARSE, "%s", rows[i]);
    }
}

Test(op, every_kind_has_a_name_that_leads_back_to_it)
{
    for (unsigned kind = 0; kind < OP_ANY_KIND_COUNT; kind++) {
        enum op_kind back = OP_ANY_KIND_COUNT;

        cr_assert(op_kind_parse(op_kind_name((enum op_kind)kind), &back));
        cr_assert_eq(back, kind);
    }
}

Test(op, a_store_is_not_asked_what_only_other_objects_know)
{
    cr_assert_not(op_valid(&(struct op){.kind = OP_ENQUEUE}));
    cr_assert(op_valid_in_history(&(struct op){.kind = OP_ENQUEUE}));
    cr_assert_not(op_valid_in_history(&(struct op){.kind = OP_REGISTER}));
}
