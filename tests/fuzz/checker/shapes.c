#include "shapes.h"

#include "base/check.h"

enum { KINDS_MAX = 6, TEXTS_MAX = 8 };

struct shape {
    const char *model;
    bool any_value;
    enum op_kind kinds[KINDS_MAX]; /* up to the first GET behind another one */
    size_t n_kinds;
    const char *values[TEXTS_MAX];
    size_t n_values;
    const char *results[TEXTS_MAX]; /* of a get; a list is also set to them */
    size_t n_results;
};

#define ELEMENTS {"a", "b", "ab", "", "c", "a b", "\\", "b "}, .n_values = 8

static const struct shape SHAPES[] = {
    {.model = "set",
     .any_value = true,
     .kinds = {OP_ADD, OP_ADD, OP_REMOVE, OP_CONTAINS, OP_CONTAINS, OP_GET},
     .n_kinds = 6,
     .values = ELEMENTS,
     .results = {"", "a ", "b ", "a b ", "a ab ", "a ab b "},
     .n_results = 6},
    {.model = "queue",
     .any_value = true,
     .kinds = {OP_ENQUEUE, OP_DEQUEUE},
     .n_kinds = 2,
     .values = ELEMENTS},
    {.model = "stack",
     .any_value = true,
     .kinds = {OP_PUSH, OP_POP},
     .n_kinds = 2,
     .values = ELEMENTS},
    {.model = "priority-queue",
     .any_value = true,
     .kinds = {OP_INSERT, OP_POLL},
     .n_kinds = 2,
     .values = {"2", "10", "-1", "-10", "02", "b", "", "-"},
     .n_values = 8},
    {.model = "counter",
     .kinds = {OP_ADD, OP_ADD, OP_GET},
     .n_kinds = 3,
     .values = {"1", "2", "-1", "0", "-3", "10"},
     .n_values = 6,
     .results = {"0", "1", "2", "3", "-1", "4"},
     .n_results = 6},
    {.model = "list-append",
     .kinds = {OP_APPEND, OP_APPEND, OP_GET, OP_GET, OP_PUT},
     .n_kinds = 5,
     .values = {"a ", "b ", "ab ", " ", "\\s ", "c "},
     .n_values = 6,
     .results = {"", "a ", "a b ", "b a ", " ", "b "},
     .n_results = 6},
    {.model = "multi-register",
     .kinds = {OP_PUT, OP_PUT, OP_GET, OP_GET},
     .n_kinds = 4,
     .values = {"a 1 ", "a 2 b 1 ", "b 2 ", "a 1 b 2 ", "", "b 1 c 3 "},
     .n_values = 6,
     .results = {"a 1 ", "a 2 ", "b 1 ", "b 2 ", "a 1 b 2 ", ""},
     .n_results = 6},
    {.model = "bank",
     .kinds = {OP_TRANSFER, OP_TRANSFER, OP_GET},
     .n_kinds = 3,
     .values = {"a b 1 ", "b a 2 ", "a b 3 ", "b c 1 ", "a a 4 ", "c a 0 "},
     .n_values = 6,
     .results = {"a 3 b 1 ", "a 2 b 2 ", "b 4 ", "a 0 b 4 ", "a 3 c 1 ", "a 5 b -1 "},
     .n_results = 6},
    {.model = "mutex", .kinds = {OP_LOCK, OP_UNLOCK}, .n_kinds = 2, .values = {""}, .n_values = 1},
};

const struct shape *shape_find(const char *model)
{
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        if (strcmp(SHAPES[i].model, model) == 0)
            return &SHAPES[i];
    }
    return NULL;
}

enum op_kind shape_draw_kind(const struct shape *s, struct rng *r)
{
    return s->kinds[rng_below(r, s->n_kinds)];
}

struct slice shape_draw_value(const struct shape *s, struct rng *r, enum op_kind kind,
                              size_t n_values)
{
    size_t n = n_values < s->n_values ? n_values : s->n_values;

    if (kind == OP_PUT && strcmp(s->model, "list-append") == 0)
        return slice_str(s->results[rng_below(r, s->n_results)]);
    return slice_str(s->values[rng_below(r, n)]);
}

bool shape_takes_any_value(const struct shape *s)
{
    return s->any_value;
}

static bool flip(struct history_op *op, enum op_status other)
{
    op->status = op->status == STATUS_OK ? other : STATUS_OK;
    return true;
}

bool shape_spoil(const struct shape *s, struct rng *r, uint32_t dialect, struct history_op *op)
{
    bool answers = (dialect & HISTORY_SET_ANSWERS) != 0 && strcmp(s->model, "set") == 0;

    switch (op->kind) {
    case OP_ADD: return answers && flip(op, STATUS_MISMATCH);
    case OP_REMOVE: return answers && flip(op, STATUS_NO_KEY);
    case OP_CONTAINS: return flip(op, STATUS_NO_KEY);
    case OP_TRANSFER: return flip(op, STATUS_MISMATCH);
    /* These have one answer; so the other one was asked for. */
    case OP_LOCK: op->kind = OP_UNLOCK; return true;
    case OP_UNLOCK: op->kind = OP_LOCK; return true;
    case OP_GET:
    case OP_DEQUEUE:
    case OP_POP:
    case OP_POLL: break;
    default: return false;
    }
    op->status = rng_chance(r, 250000) ? STATUS_NO_KEY : STATUS_OK;
    op->result = (struct slice){0};
    if (op->status == STATUS_OK && op->kind == OP_GET)
        op->result = slice_str(s->results[rng_below(r, s->n_results)]);
    else if (op->status == STATUS_OK)
        op->result = shape_draw_value(s, r, op->kind, 3);
    return true;
}
