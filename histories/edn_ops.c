#include "histories/edn_ops.h"

#include "base/op.h"

#include <ctype.h>
#include <stdlib.h>

static const char *const functions[EDN_FUNCTION_COUNT] = {
#define X(NAME, name) [EDN_##NAME] = name,
    EDN_FUNCTIONS(X)
#undef X
};

static const char *const types[EDN_TYPE_COUNT] = {
    [EDN_INVOKE] = "invoke", [EDN_OK] = "ok", [EDN_FAIL] = "fail", [EDN_INFO] = "info"};

const char *edn_function_name(enum edn_function function)
{
    return functions[function];
}

struct slice edn_name(struct edn_token t)
{
    if (t.kind == EDN_STRING)
        return slice_of(t.text.data + 1, t.text.len - 2);
    return t.kind == EDN_KEYWORD ? slice_of(t.text.data + 1, t.text.len - 1) : t.text;
}

static bool is_name(struct slice s, const char *name)
{
    size_t len = strlen(name);

    return s.len == len && memcmp(s.data, name, len) == 0;
}

/* --- fields --------------------------------------------------------------------------------- */

/* An integer that fits; `at` of the token is named otherwise. */
static int read_integer(const struct edn *r, struct edn_token t, int64_t min, int64_t max,
                        const char *what, int64_t *ret, struct err *e)
{
    bool negative = t.text.len > 0 && t.text.data[0] == '-';
    int64_t value = 0;
    size_t i = negative;

    for (; t.kind == EDN_NUMBER && i < t.text.len && isdigit(t.text.data[i]); i++) {
        if (value > (INT64_MAX - 9) / 10)
            return edn_expected(r, t.at, what, e);
        value = value * 10 + (t.text.data[i] - '0');
    }
    value = negative ? -value : value;
    if (t.kind != EDN_NUMBER || i < t.text.len || value < min || value > max)
        return edn_expected(r, t.at, what, e);
    *ret = value;
    return 0;
}

static int read_type(const struct edn *r, struct edn_token t, struct edn_op *op, struct err *e)
{
    struct slice name = edn_name(t);

    for (unsigned i = 0; i < EDN_TYPE_COUNT; i++) {
        if (is_name(name, types[i])) {
            op->type = (uint8_t)i;
            return 0;
        }
    }
    return edn_expected(r, t.at, ":invoke, :ok, :fail or :info", e);
}

/* A number is a client; the nemesis and others have names. */
static int read_process(struct edn *r, struct edn_token t, struct edn_op *op, struct err *e)
{
    int64_t number;
    int rc;

    op->process_at = (uint32_t)t.at;
    op->is_client = t.kind == EDN_NUMBER;
    if (!op->is_client)
        return edn_skip(r, t, e);
    rc = read_integer(r, t, 0, UINT32_MAX, "the number of a process, below 2^32", &number, e);
    if (rc == 0)
        op->process = (uint32_t)number;
    return rc;
}

static int read_status(const struct edn *r, struct edn_token t, struct edn_op *op, struct err *e)
{
    struct slice name = edn_name(t);

    for (unsigned i = 0; i < STATUS_COUNT; i++) {
        if (is_name(name, op_status_name((enum op_status)i))) {
            op->status = (uint8_t)(i + 1);
            return 0;
        }
    }
    return edn_expected(r, t.at, "a status such as :no-key", e);
}

/* Of a vector, whose bracket was read: what its second element is tells what the whole can be. */
static int read_vector_shape(struct edn *r, enum edn_shape *ret, struct err *e)
{
    enum edn_shape shape = EDN_SHAPE_PAIR;
    struct edn_token t;
    size_t n = 0;
    int rc = edn_next(r, &t, e);

    for (; rc == 0 && t.kind != EDN_CLOSE; n++) {
        if (n == 1 && t.kind == EDN_NIL)
            shape = EDN_SHAPE_PAIR_OF_NIL;
        else if (n == 1 && t.kind == EDN_VECTOR)
            shape = EDN_SHAPE_PAIR_OF_VECTOR;
        rc = edn_skip(r, t, e);
        if (rc == 0)
            rc = edn_next(r, &t, e);
    }
    if (rc == 0 && t.text.data[0] != ']')
        rc = edn_expected(r, t.at, "the bracket that fits the open one", e);
    *ret = n == 2 ? shape : EDN_SHAPE_OTHER;
    return rc;
}

static int read_value(struct edn *r, struct edn_token t, struct edn_op *op, struct err *e)
{
    enum edn_shape shape = t.kind == EDN_NIL ? EDN_SHAPE_NIL : EDN_SHAPE_OTHER;
    bool tuple = t.kind == EDN_TAG && memmem(t.text.data, t.text.len, "independent", 11) != NULL;
    int rc = tuple ? edn_next(r, &t, e) : 0;

    if (rc == 0 && t.kind != EDN_NIL)
        op->value_at = (uint32_t)t.at;
    if (rc == 0)
        rc = t.kind == EDN_VECTOR ? read_vector_shape(r, &shape, e) : edn_skip(r, t, e);
    if (rc == 0 && tuple && (shape < EDN_SHAPE_PAIR_OF_NIL || shape > EDN_SHAPE_PAIR))
        rc = edn_expected(r, t.at, "[key value] behind the tag", e);
    op->value_end = (uint32_t)r->at;
    op->shape = (uint8_t)(tuple ? EDN_SHAPE_TUPLE : shape);
    return rc;
}

/* Which of the fields that mean something were seen. */
enum field {
    FIELD_TYPE,
    FIELD_PROCESS,
    FIELD_VALUE,
    FIELD_F,
    FIELD_TIME,
    FIELD_INDEX,
    FIELD_ERROR,
    FIELD_STATUS,
    FIELD_FAMILY,
    FIELD_COUNT, /* any other */
};

static const char *const fields[FIELD_COUNT] = {
    [FIELD_TYPE] = "type",   [FIELD_PROCESS] = "process",    [FIELD_VALUE] = "value",
    [FIELD_F] = "f",         [FIELD_TIME] = "time",          [FIELD_INDEX] = "index",
    [FIELD_ERROR] = "error", [FIELD_STATUS] = "rift/status", [FIELD_FAMILY] = "rift/family",
};

struct seen {
    bool field[FIELD_COUNT];
    int64_t index; /* 0: none */
    size_t index_at;
};

static enum field field_of(struct slice key)
{
    unsigned i = 0;

    while (i < FIELD_COUNT && !is_name(key, fields[i]))
        i++;
    return (enum field)i;
}

static int read_time(const struct edn *r, struct edn_token t, struct edn_op *op, struct err *e)
{
    int rc = read_integer(r, t, INT64_MIN / 2, INT64_MAX, "a time in nanoseconds", &op->time_ns, e);

    op->time_ns = op->time_ns < 0 ? 0 : op->time_ns;
    return rc;
}

static int read_index(const struct edn *r, struct edn_token t, struct seen *seen, struct err *e)
{
    seen->index_at = t.at;
    return read_integer(r, t, INT64_MIN / 2, INT64_MAX, "an index", &seen->index, e);
}

static int read_field(struct edn *r, struct edn_token key, struct edn_token t, struct edn_op *op,
                      struct seen *seen, struct err *e)
{
    enum field field = field_of(edn_name(key));

    if (field < FIELD_COUNT && seen->field[field])
        return edn_expected(r, key.at, "each field once", e);
    if (field < FIELD_COUNT)
        seen->field[field] = true;
    switch (field) {
    case FIELD_TYPE: return read_type(r, t, op, e);
    case FIELD_PROCESS: return read_process(r, t, op, e);
    case FIELD_VALUE: return read_value(r, t, op, e);
    case FIELD_STATUS: return read_status(r, t, op, e);
    case FIELD_TIME: return t.kind == EDN_NUMBER ? read_time(r, t, op, e) : edn_skip(r, t, e);
    case FIELD_INDEX: return t.kind == EDN_NUMBER ? read_index(r, t, seen, e) : edn_skip(r, t, e);
    case FIELD_F: op->f_at = (uint32_t)t.at; break;
    case FIELD_ERROR: op->names_error = t.kind != EDN_NIL; break;
    case FIELD_FAMILY: op->family_at = (uint32_t)t.at; break;
    default: break;
    }
    return edn_skip(r, t, e);
}

static int read_function(const struct edn *r, struct edn_op *op, struct err *e)
{
    struct edn f = *r;
    struct edn_token t;
    struct slice name;
    int rc;

    f.at = op->f_at;
    rc = edn_next(&f, &t, e);
    if (rc < 0)
        return rc;
    name = edn_name(t);
    for (unsigned i = 0; i < EDN_FUNCTION_COUNT; i++) {
        if (is_name(name, functions[i])) {
            op->function = (uint8_t)i;
            return 0;
        }
    }
    return edn_expected(r, t.at, "a function that a model has, such as :read or :enqueue", e);
}

static int check_fields(const struct edn *r, const struct seen *seen, struct edn_op *op,
                        struct err *e)
{
    if (!seen->field[FIELD_PROCESS])
        return edn_expected(r, op->at, "a :process in the map", e);
    if (!seen->field[FIELD_TYPE])
        return edn_expected(r, op->at, "a :type in the map", e);
    if (!seen->field[FIELD_F])
        return edn_expected(r, op->at, "a function :f in the map", e);
    if (op->is_client)
        return read_function(r, op, e);
    /* The nemesis and its like only ever write :info; what is invoked is a client's. */
    if (op->type != EDN_INFO)
        return edn_expected(r, op->process_at,
                            "the number of a process: under a name nothing but :info is a note", e);
    return 0;
}

/* --- maps ----------------------------------------------------------------------------------- */

static int read_map(struct edn *r, struct edn_token open, struct edn_op *op, struct seen *seen,
                    struct err *e)
{
    struct edn_token key;
    struct edn_token t;
    int rc = edn_next(r, &key, e);

    op->at = (uint32_t)open.at;
    while (rc == 0 && key.kind != EDN_CLOSE) {
        rc = edn_skip(r, key, e);
        if (rc == 0)
            rc = edn_next(r, &t, e);
        if (rc < 0)
            return rc;
        rc = key.kind == EDN_KEYWORD || key.kind == EDN_STRING ? read_field(r, key, t, op, seen, e)
                                                               : edn_skip(r, t, e);
        if (rc == 0)
            rc = edn_next(r, &key, e);
    }
    if (rc == 0 && key.text.data[0] != '}')
        rc = edn_expected(r, key.at, "the bracket that fits the open one", e);
    return rc < 0 ? rc : check_fields(r, seen, op, e);
}

static int add_op(const struct edn *r, struct edn_ops *ops, const struct edn_op *op, struct err *e)
{
    if (ops->n == ops->cap) {
        size_t cap = ops->cap == 0 ? 64 : ops->cap * 2;
        struct edn_op *items = reallocarray(ops->items, cap, sizeof *items);

        if (items == NULL)
            return err_set(e, -E_NOMEM, "%s: %s", r->name, err_text(-E_NOMEM));
        ops->items = items;
        ops->cap = cap;
    }
    ops->items[ops->n++] = *op;
    return 0;
}

/* An op map, perhaps as a record: #jepsen.history.Op{...}. */
static int read_op(struct edn *r, struct edn_token t, struct edn_ops *ops, struct err *e)
{
    struct edn_op op = {.at = 0};
    struct seen seen = {.index = 0};
    int rc = 0;

    if (t.kind == EDN_TAG)
        rc = edn_next(r, &t, e);
    if (rc == 0 && t.kind != EDN_MAP)
        rc = edn_expected(r, t.at, "the map of an operation", e);
    if (rc == 0)
        rc = read_map(r, t, &op, &seen, e);
    /* The order of the maps counts, so it has to be the one that they number themselves by. */
    if (rc == 0 && seen.index < ops->last_index && seen.index_at > 0)
        rc = edn_expected(r, seen.index_at, "an :index not below those before it", e);
    if (seen.index > ops->last_index)
        ops->last_index = seen.index;
    return rc < 0 ? rc : add_op(r, ops, &op, e);
}

/* Maps up to the end, or up to the bracket of the vector around them. */
static int read_ops(struct edn *r, enum edn_kind end, struct edn_ops *ops, struct err *e)
{
    struct edn_token t;
    int rc = edn_next(r, &t, e);

    while (rc == 0 && t.kind != end) {
        rc = read_op(r, t, ops, e);
        if (rc == 0)
            rc = edn_next(r, &t, e);
    }
    return rc;
}

int edn_ops_read(struct edn *r, struct edn_ops *ret, struct err *e)
{
    struct edn start = *r;
    struct edn_token t;
    int rc;

    *ret = (struct edn_ops){.n = 0};
    if (r->text.len > BUF_BYTES_MAX)
        return err_set(e, -E_LIMIT, "%s: longer than %zu bytes", r->name, (size_t)BUF_BYTES_MAX);
    rc = edn_next(r, &t, e);
    if (rc == 0 && (t.kind == EDN_VECTOR || t.kind == EDN_LIST)) {
        rc = read_ops(r, EDN_CLOSE, ret, e);
        if (rc == 0)
            rc = edn_next(r, &t, e);
        if (rc == 0 && t.kind != EDN_END)
            rc = edn_expected(r, t.at, "nothing behind the history", e);
    } else if (rc == 0) {
        *r = start;
        rc = read_ops(r, EDN_END, ret, e);
    }
    if (rc < 0) {
        free(ret->items);
        *ret = (struct edn_ops){.n = 0};
    }
    return rc;
}
