#include "cli/latencies.h"
#include "cli/tally.h"

#include <criterion/criterion.h>

#include <string.h>

static const struct plan_step isolate = {.kind = FAULT_PARTITION, .shape = SHAPE_ISOLATE_LEADER};
static const struct plan_step killing = {.kind = FAULT_KILL};

static struct tally *create(void)
{
    struct tally *t;

    cr_assert_eq(tally_create(3, &t, NULL), 0);
    return t;
}

static uint32_t bit_of(const struct plan_step *step)
{
    return 1u << tally_fault_of(step);
}

Test(tally, an_operation_counts_once_for_each_fault_and_role)
{
    struct tally *t = create();
    const struct tally_totals *totals = tally_totals(t);
    unsigned fault = tally_fault_of(&isolate);

    tally_set_faults(t, bit_of(&isolate) | bit_of(&killing));
    tally_invoked(t, 4, OP_GET);
    tally_asked(t, 4, OP_GET, TALLY_LEADER_CUT_OFF);
    tally_asked(t, 4, OP_GET, TALLY_LEADER_CUT_OFF); /* a second attempt */
    tally_asked(t, 4, OP_GET, TALLY_FOLLOWER);
    tally_completed(t, OP_GET, OUTCOME_OK);

    cr_assert_eq(totals->cells[fault][TALLY_LEADER_CUT_OFF].ops, 1);
    cr_assert_eq(totals->cells[fault][TALLY_FOLLOWER].ops, 1);
    cr_assert_eq(totals->cells[tally_fault_of(&killing)][TALLY_FOLLOWER].reads, 1);
    cr_assert_eq(totals->cells[0][TALLY_FOLLOWER].ops, 0, "none is no fault that was on");
    cr_assert_eq(totals->reads_of_cut_off, 1);
    tally_destroy(t);
}

Test(tally, the_next_operation_of_a_clerk_counts_again)
{
    struct tally *t = create();

    for (uint32_t process = 1; process < 10; process += 3) { /* one clerk: 1, then its heirs */
        tally_invoked(t, process, OP_PUT);
        tally_asked(t, process, OP_PUT, TALLY_LEADER);
        tally_completed(t, OP_PUT, OUTCOME_INFO);
    }
    cr_assert_eq(tally_totals(t)->cells[0][TALLY_LEADER].ops, 3);
    cr_assert_eq(tally_totals(t)->cells[0][TALLY_LEADER].reads, 0);
    cr_assert_eq(tally_totals(t)->by_outcome[OP_PUT][OUTCOME_INFO], 3);
    cr_assert_eq(tally_totals(t)->answered, 0);
    tally_destroy(t);
}

Test(tally, faults_have_the_names_of_their_kind_or_shape)
{
    cr_assert_str_eq(tally_fault_name(0), "none");
    cr_assert_str_eq(tally_fault_name(tally_fault_of(&isolate)), "isolate-leader");
    cr_assert_str_eq(tally_fault_name(tally_fault_of(&killing)), "kill");
}

Test(latencies, quantiles_are_close_to_those_of_the_sorted_values)
{
    static struct latencies l;
    static const double shares[] = {0, 0.5, 0.9, 0.99, 0.999, 1};

    for (uint64_t value = 1; value <= 100000; value++)
        latencies_add(&l, value);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double exact = 1 + shares[i] * 99999;
        double found = (double)latencies_quantile(&l, shares[i]);

        cr_assert(found >= exact * 0.98 && found <= exact * 1.02, "%g: %g for %g", shares[i], found,
                  exact);
    }
}

Test(latencies, any_value_has_a_bucket)
{
    static struct latencies l;

    for (unsigned shift = 0; shift < 64; shift++) {
        uint64_t value = UINT64_C(1) << shift;

        memset(&l, 0, sizeof l);
        latencies_add(&l, value);
        cr_assert_geq(latencies_quantile(&l, 0.5), value);
        cr_assert_leq(latencies_quantile(&l, 0.5) - value, value >> LATENCY_SUB_BITS);
    }
    memset(&l, 0, sizeof l);
    cr_assert_eq(latencies_quantile(&l, 0.5), 0);
}
