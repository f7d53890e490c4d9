#include "histories/history.h"

#include <ctype.h>

/* A longer key or value shows this much of both of its ends: what appends have built differs at
 * the end more often than at the start. */
enum { DESCRIBE_END_BYTES = 16, DESCRIBE_WHOLE_BYTES_MAX = 48 };

/* No hyphen: the value "no-key" must not look like the answer no-key. */
static bool is_plain_word(struct slice s)
{
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!isalnum(s.data[i]) && (s.data[i] == 0 || strchr("_.:/+", s.data[i]) == NULL))
            return false;
    }
    return true;
}

static int append_escaped(struct slice s, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s.len; i++) {
        uint8_t c = s.data[i];

        if (c == '"' || c == '\\')
            rc = buf_printf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f)
            rc = buf_append_byte(out, c);
        else
            rc = buf_printf(out, "\\x%02x", c);
    }
    return rc;
}

static int append_quoted(struct slice s, struct buf *out)
{
    int rc = buf_append_byte(out, '"');

    if (rc == 0)
        rc = append_escaped(s, out);
    if (rc == 0)
        rc = buf_append_byte(out, '"');
    return rc;
}

int history_describe_bytes(struct slice bytes, struct buf *out)
{
    int rc;

    if (bytes.len <= DESCRIBE_WHOLE_BYTES_MAX)
        return is_plain_word(bytes) ? buf_append_slice(out, bytes) : append_quoted(bytes, out);

    rc = append_quoted(slice_of(bytes.data, DESCRIBE_END_BYTES), out);
    if (rc == 0)
        rc = buf_append_slice(out, slice_str("..."));
    if (rc == 0)
        rc = append_quoted(
            slice_of(bytes.data + bytes.len - DESCRIBE_END_BYTES, DESCRIBE_END_BYTES), out);
    if (rc == 0)
        rc = buf_printf(out, " (%zu bytes)", bytes.len);
    return rc;
}

/* A register has no name; its key is empty and goes unsaid. */
static bool has_key(const struct history *h, const struct history_op *op)
{
    return op->key.len > 0 || strcmp(h->header.model, "kv") == 0;
}

static int append_key(const struct history_op *op, struct buf *out)
{
    int rc = history_describe_bytes(op->key, out);

    if (rc == 0 && op->family.len > 0) {
        rc = buf_append_slice(out, slice_str(" in "));
        if (rc == 0)
            rc = history_describe_bytes(op->family, out);
    }
    return rc;
}

static int append_expected(const struct history_op *op, struct buf *out)
{
    int rc = op->expects_absent ? buf_append_slice(out, slice_str("(absent)"))
                                : history_describe_bytes(op->expected, out);

    return rc < 0 ? rc : buf_append_slice(out, slice_str(" -> "));
}

static int append_arguments(const struct history *h, const struct history_op *op, struct buf *out)
{
    bool writes = op_takes_value(op->kind);
    int rc = 0;

    if (has_key(h, op)) {
        rc = append_key(op, out);
        if (rc == 0 && writes)
            rc = buf_append_slice(out, slice_str(", "));
    }
    if (rc == 0 && op->kind == OP_CAS)
        rc = append_expected(op, out);
    if (rc == 0 && writes)
        rc = history_describe_bytes(op->value, out);
    return rc;
}

static int append_answer(const struct history_op *op, struct buf *out)
{
    switch (op->outcome) {
    case OUTCOME_OK:
        if (op_returns_value(op->kind) && op->status == STATUS_OK)
            return history_describe_bytes(op->result, out);
        return buf_printf(out, "%s", op_status_name(op->status));
    case OUTCOME_FAIL: return buf_printf(out, "failed (%s)", op_status_name(op->status));
    case OUTCOME_INFO: return buf_printf(out, "unknown (%s)", op_status_name(op->status));
    default: return buf_printf(out, "%s", op_outcome_name(op->outcome));
    }
}

int history_describe_op(const struct history *h, const struct history_op *op, struct buf *out)
{
    int rc = buf_printf(out, "process %u: %s(", op->process, op_kind_name(op->kind));

    if (rc == 0)
        rc = append_arguments(h, op, out);
    if (rc == 0)
        rc = buf_append_slice(out, slice_str(") = "));
    if (rc == 0)
        rc = append_answer(op, out);
    return rc;
}
