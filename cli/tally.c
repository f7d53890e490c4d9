#include "cli/tally.h"

#include "base/check.h"

#include <stdlib.h>

_Static_assert(TALLY_ROLE_COUNT <= 8, "the roles of a fault are bits of one byte");
_Static_assert(TALLY_FAULTS <= 32, "the faults that are on are bits of one word");

/* For the operation a clerk has open: under which (fault, role) it has been counted. */
struct open_op {
    uint8_t roles[TALLY_FAULTS];
    bool counted_cut_off;
};

struct tally {
    uint32_t clerks;
    uint32_t on;
    struct tally_totals totals;
    struct open_op open[];
};

static const char *const role_names[TALLY_ROLE_COUNT] = {
#define X(name, text) [TALLY_##name] = text,
    TALLY_ROLES(X)
#undef X
};

static const char *const shape_names[FAULT_SHAPE_COUNT] = {
#define X(name, text) [SHAPE_##name] = text,
    FAULT_SHAPES(X)
#undef X
};

unsigned tally_fault_of(const struct plan_step *step)
{
    if (step->kind == FAULT_PARTITION)
        return 1 + FAULT_KIND_COUNT + (unsigned)step->shape;
    return 1 + (unsigned)step->kind;
}

const char *tally_fault_name(unsigned fault)
{
    if (fault == 0)
        return "none";
    if (fault <= FAULT_KIND_COUNT)
        return fault_kind_name((enum fault_kind)(fault - 1));
    return shape_names[fault - 1 - FAULT_KIND_COUNT];
}

const char *tally_role_name(enum tally_role role)
{
    return role_names[role];
}

int tally_create(uint32_t clerks, struct tally **ret, struct err *e)
{
    struct tally *t = calloc(1, sizeof *t + clerks * sizeof t->open[0]);

    if (t == NULL)
        return err_set(e, -E_NOMEM, "tally");
    t->clerks = clerks;
    *ret = t;
    return 0;
}

void tally_destroy(struct tally *t)
{
    free(t);
}

void tally_set_faults(struct tally *t, uint32_t on)
{
    t->on = on;
}

void tally_invoked(struct tally *t, uint32_t process, enum op_kind kind)
{
    t->open[process % t->clerks] = (struct open_op){0};
    t->totals.by_outcome[kind][OUTCOME_PENDING]++;
    t->totals.ops++;
}

static void count_once(struct tally *t, struct open_op *op, unsigned fault, bool is_read,
                       enum tally_role role)
{
    struct tally_cell *cell = &t->totals.cells[fault][role];

    if (op->roles[fault] & 1u << role)
        return;
    op->roles[fault] |= (uint8_t)(1u << role);
    cell->ops++;
    cell->reads += is_read;
}

void tally_asked(struct tally *t, uint32_t process, enum op_kind kind, enum tally_role role)
{
    struct open_op *op = &t->open[process % t->clerks];

    if (t->on == 0)
        count_once(t, op, 0, op_is_read(kind), role);
    for (unsigned fault = 1; fault < TALLY_FAULTS; fault++) {
        if (t->on & 1u << fault)
            count_once(t, op, fault, op_is_read(kind), role);
    }
    if (role == TALLY_LEADER_CUT_OFF && op_is_read(kind) && !op->counted_cut_off) {
        op->counted_cut_off = true;
        t->totals.reads_of_cut_off++;
    }
}

void tally_completed(struct tally *t, enum op_kind kind, enum op_outcome outcome)
{
    CHECK_THAT(outcome != OUTCOME_PENDING, "a completion without an outcome");
    t->totals.by_outcome[kind][outcome]++;
    t->totals.answered += outcome == OUTCOME_OK;
}

const struct tally_totals *tally_totals(const struct tally *t)
{
    return &t->totals;
}
