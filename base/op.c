#include "base/op.h"

static const char *const kind_names[OP_ANY_KIND_COUNT] = {
#define X(name, text) [OP_##name] = text,
    OP_KINDS(X) OP_OBJECT_KINDS(X)
#undef X
};

static const char *const status_names[STATUS_COUNT] = {
#define X(name, text) [STATUS_##name] = text,
    OP_STATUSES(X)
#undef X
};

static const char *const outcome_names[OUTCOME_COUNT] = {
#define X(name, text) [OUTCOME_##name] = text,
    OP_OUTCOMES(X)
#undef X
};

static const char *const mode_names[READ_MODE_COUNT] = {
#define X(name, text) [READ_##name] = text,
    READ_MODES(X)
#undef X
};

const char *op_kind_name(enum op_kind kind)
{
    return (unsigned)kind < OP_ANY_KIND_COUNT ? kind_names[kind] : "?";
}

const char *op_status_name(enum op_status status)
{
    return (unsigned)status < STATUS_COUNT ? status_names[status] : "?";
}

const char *op_outcome_name(enum op_outcome outcome)
{
    return (unsigned)outcome < OUTCOME_COUNT ? outcome_names[outcome] : "?";
}

const char *read_mode_name(enum read_mode mode)
{
    return (unsigned)mode < READ_MODE_COUNT ? mode_names[mode] : "?";
}

static bool find_name(const char *name, const char *const *names, unsigned n, unsigned *ret)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool op_kind_parse(const char *name, enum op_kind *ret)
{
    unsigned found;

    if (!find_name(name, kind_names, OP_ANY_KIND_COUNT, &found))
        return false;
    *ret = (enum op_kind)found;
    return true;
}

bool read_mode_parse(const char *name, enum read_mode *ret)
{
    unsigned found;

    if (!find_name(name, mode_names, READ_MODE_COUNT, &found))
        return false;
    *ret = (enum read_mode)found;
    return true;
}

bool op_takes_value(enum op_kind kind)
{
    switch (kind) {
    case OP_PUT:
    case OP_APPEND:
    case OP_CAS:
    case OP_ADD:
    case OP_REMOVE:
    case OP_CONTAINS:
    case OP_ENQUEUE:
    case OP_PUSH:
    case OP_INSERT:
    case OP_TRANSFER: return true;
    default: return false;
    }
}

bool op_returns_value(enum op_kind kind)
{
    return kind == OP_GET || kind == OP_DEQUEUE || kind == OP_POP || kind == OP_POLL;
}

static bool within_limits(const struct op *op)
{
    return op->family.len <= OP_FAMILY_BYTES_MAX && op->key.len <= OP_KEY_BYTES_MAX &&
           op->value.len <= OP_VALUE_BYTES_MAX && op->expected.len <= OP_VALUE_BYTES_MAX;
}

bool op_valid(const struct op *op)
{
    return (unsigned)op->kind < OP_KIND_COUNT && within_limits(op);
}

bool op_valid_in_history(const struct op *op)
{
    return (unsigned)op->kind < OP_ANY_KIND_COUNT && op->kind != OP_REGISTER && within_limits(op);
}
