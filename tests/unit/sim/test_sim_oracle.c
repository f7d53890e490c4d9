#include "sim/oracle.h"

#include <criterion/criterion.h>

/* Each rule is broken once by hand, beside what is allowed. */

enum { NODES = 3 };

static struct oracle *fresh(void)
{
    struct oracle *o;

    cr_assert_eq(oracle_create(NODES, &o, NULL), 0);
    return o;
}

static struct entry entry_of(uint64_t index, uint64_t term, const char *data)
{
    return (struct entry){.index = index, .term = term, .data = slice_str(data)};
}

static int save(struct oracle *o, size_t node, struct entry entry, uint64_t truncate_from,
                struct err *e)
{
    struct store_batch b = {.entries = &entry, .n_entries = 1, .truncate_from = truncate_from};

    return oracle_saved(o, node, &b, e);
}

static int save_state(struct oracle *o, size_t node, const char *value, uint64_t applied,
                      struct err *e)
{
    struct store_write w = {.family = 1, .key = slice_str("k"), .value = slice_str(value)};
    struct store_batch b = {.writes = &w, .n_writes = 1, .applied_index = applied};

    return oracle_saved(o, node, &b, e);
}

static void expect_broken(int rc, const struct err *e, const char *rule)
{
    cr_assert_eq(rc, -E_INVAL, "%s was not seen", rule);
    cr_assert_eq(strncmp(e->text, rule, strlen(rule)), 0, "'%s' instead of '%s'", e->text, rule);
}

Test(sim_oracle, two_leaders_of_a_term)
{
    struct oracle *o = fresh();
    struct err e;

    cr_assert_eq(oracle_leader(o, 0, 5, &e), 0);
    cr_assert_eq(oracle_leader(o, 0, 5, &e), 0);
    cr_assert_eq(oracle_leader(o, 1, 6, &e), 0);
    expect_broken(oracle_leader(o, 2, 5, &e), &e, "election safety");
    oracle_destroy(o);
}

Test(sim_oracle, another_entry_under_the_same_index_and_term)
{
    struct oracle *o = fresh();
    struct err e;

    cr_assert_eq(save(o, 0, entry_of(1, 1, "a"), 0, &e), 0);
    cr_assert_eq(save(o, 1, entry_of(1, 1, "a"), 0, &e), 0);
    expect_broken(save(o, 2, entry_of(1, 1, "b"), 0, &e), &e, "log matching");
    oracle_destroy(o);
}

Test(sim_oracle, the_same_entry_behind_another_one)
{
    struct oracle *o = fresh();
    struct err e;

    cr_assert_eq(save(o, 0, entry_of(1, 1, "a"), 0, &e), 0);
    cr_assert_eq(save(o, 0, entry_of(2, 3, "c"), 0, &e), 0);
    cr_assert_eq(save(o, 1, entry_of(1, 2, "b"), 0, &e), 0);
    expect_broken(save(o, 1, entry_of(2, 3, "c"), 0, &e), &e, "log matching");
    oracle_destroy(o);
}

Test(sim_oracle, a_cut_log_may_be_written_again)
{
    struct oracle *o = fresh();
    struct err e;

    cr_assert_eq(save(o, 0, entry_of(1, 1, "a"), 0, &e), 0);
    cr_assert_eq(save(o, 0, entry_of(1, 2, "b"), 1, &e), 0);
    oracle_destroy(o);
}

Test(sim_oracle, a_leader_without_a_committed_entry)
{
    struct oracle *o = fresh();
    struct entry a = entry_of(1, 1, "a");
    struct err e;

    cr_assert_eq(save(o, 0, a, 0, &e), 0);
    cr_assert_eq(oracle_applied(o, 0, &a, 2, &e), 0);
    cr_assert_eq(oracle_leader(o, 0, 2, &e), 0);
    expect_broken(oracle_leader(o, 1, 3, &e), &e, "leader completeness");
    oracle_destroy(o);
}

/* It took its votes long ago and has slept since. */
Test(sim_oracle, a_late_leader_of_an_earlier_term_need_not_hold_what_was_committed)
{
    struct oracle *o = fresh();
    struct entry a = entry_of(1, 5, "a");
    struct err e;

    cr_assert_eq(oracle_leader(o, 0, 5, &e), 0);
    cr_assert_eq(save(o, 0, a, 0, &e), 0);
    cr_assert_eq(oracle_applied(o, 0, &a, 2, &e), 0);
    cr_assert_eq(oracle_leader(o, 1, 4, &e), 0, "%s", e.text);
    expect_broken(oracle_leader(o, 1, 6, &e), &e, "leader completeness");
    oracle_destroy(o);
}

Test(sim_oracle, another_entry_applied_than_before)
{
    struct oracle *o = fresh();
    struct entry a = entry_of(1, 1, "a"), b = entry_of(1, 2, "a");
    struct err e;

    cr_assert_eq(oracle_applied(o, 0, &a, 2, &e), 0);
    cr_assert_eq(oracle_applied(o, 1, &a, 0, &e), 0, "once it is committed nobody counts again");
    expect_broken(oracle_applied(o, 2, &b, 3, &e), &e, "state machine safety");
    oracle_destroy(o);
}

Test(sim_oracle, an_entry_applied_that_is_durable_on_a_minority)
{
    struct oracle *o = fresh();
    struct entry a = entry_of(1, 1, "a");
    struct err e;

    expect_broken(oracle_applied(o, 0, &a, 1, &e), &e, "durability");
    oracle_destroy(o);
}

Test(sim_oracle, an_entry_applied_twice_or_left_out)
{
    struct entry a = entry_of(1, 1, "a"), c = entry_of(3, 1, "c");
    const struct entry *next[] = {&a, &c};

    for (size_t i = 0; i < 2; i++) {
        struct oracle *o = fresh();
        struct err e;

        cr_assert_eq(oracle_applied(o, 0, &a, 2, &e), 0);
        expect_broken(oracle_applied(o, 0, next[i], 2, &e), &e, "order");
        oracle_destroy(o);
    }
}

Test(sim_oracle, two_states_after_the_same_entry)
{
    struct oracle *o = fresh();
    struct err e;

    cr_assert_eq(save_state(o, 0, "x", 1, &e), 0);
    cr_assert_eq(save_state(o, 1, "x", 1, &e), 0);
    expect_broken(save_state(o, 2, "y", 1, &e), &e, "state machine safety");
    oracle_destroy(o);
}

/* Whichever way a state was reached. */
Test(sim_oracle, equal_states_by_different_ways)
{
    struct oracle *o = fresh();
    struct err e;

    cr_assert_eq(save_state(o, 0, "x", 1, &e), 0);
    cr_assert_eq(save_state(o, 0, "y", 2, &e), 0);
    cr_assert_eq(save_state(o, 1, "y", 2, &e), 0);
    oracle_destroy(o);
}
