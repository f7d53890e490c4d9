#include "checker/describe.h"

#include "base/clock.h"

#include <ctype.h>
#include <inttypes.h>

int describe_bytes(struct slice bytes, struct buf *out)
{
    size_t skip = bytes.len > DESCRIBE_BYTES_MAX ? bytes.len - DESCRIBE_BYTES_MAX : 0;
    int rc = skip > 0 ? buf_printf(out, "(%zu bytes)...\"", skip) : buf_append_byte(out, '"');

    for (size_t i = skip; rc == 0 && i < bytes.len; i++) {
        if (isprint(bytes.data[i]) && bytes.data[i] != '"' && bytes.data[i] != '\\')
            rc = buf_append_byte(out, bytes.data[i]);
        else
            rc = buf_printf(out, "\\x%02x", bytes.data[i]);
    }
    return rc == 0 ? buf_append_byte(out, '"') : rc;
}

int describe_object(const char *noun, const struct history_op *op, struct buf *out)
{
    int rc;

    if (op->key.len == 0)
        return buf_printf(out, "the %s", noun);
    rc = buf_printf(out, "key ");
    return rc == 0 ? describe_bytes(op->key, out) : rc;
}

double describe_ms(int64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

/* What was asked for, after the name of the operation. */
static int describe_input(const struct history_op *op, struct buf *out)
{
    int rc = 0;

    if (!op_takes_value(op->kind))
        return 0;
    rc = buf_append_byte(out, ' ');
    if (rc == 0 && op->kind == OP_CAS) {
        rc = op->expects_absent ? buf_printf(out, "absent") : describe_bytes(op->expected, out);
        if (rc == 0)
            rc = buf_printf(out, " to ");
    }
    return rc == 0 ? describe_bytes(op->value, out) : rc;
}

int describe_question(const struct history_op *op, struct buf *out)
{
    int rc = buf_printf(out, "%s", op_kind_name(op->kind));

    return rc == 0 ? describe_input(op, out) : rc;
}

static int describe_output(const struct history_op *op, struct buf *out)
{
    int rc;

    if (op->outcome != OUTCOME_OK)
        return buf_printf(out, ", outcome unknown [%.1f ms ..]", describe_ms(op->call_ns));
    rc = buf_printf(out, " returned ");
    if (rc == 0)
        rc = op_returns_value(op->kind) && op->status == STATUS_OK
                 ? describe_bytes(op->result, out)
                 : buf_printf(out, "%s", op_status_name(op->status));
    if (rc == 0)
        rc = buf_printf(out, " [%.1f ms .. %.1f ms]", describe_ms(op->call_ns),
                        describe_ms(op->return_ns));
    return rc;
}

int describe_op(const struct history_op *op, struct buf *out)
{
    int rc = describe_question(op, out);

    if (rc == 0)
        rc = buf_printf(out, " by process %" PRIu32, op->process);
    return rc == 0 ? describe_output(op, out) : rc;
}
