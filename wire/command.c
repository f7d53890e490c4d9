#include "wire/codec.h"

/* Log entries outlive the program that wrote them, so that a command carries a version of its
 * own, apart from the protocol's. */
enum { COMMAND_VERSION = 1, COMMAND_FIELDS = 8 };

void wire_put_command(struct wire_encoder *c, const struct command *command)
{
    const struct op *op = &command->op;

    mp_write_array(&c->w, COMMAND_FIELDS);
    mp_write_uint(&c->w, COMMAND_VERSION);
    mp_write_uint(&c->w, command->session);
    mp_write_uint(&c->w, command->id);
    mp_write_uint(&c->w, op->kind);
    mp_write_bin(&c->w, op->family);
    mp_write_bin(&c->w, op->key);
    mp_write_bin(&c->w, op->value);
    if (op->expects_absent)
        mp_write_nil(&c->w);
    else
        mp_write_bin(&c->w, op->expected);
}

void wire_take_command(struct wire_decoder *d, struct command *ret)
{
    struct op *op = &ret->op;
    bool expects_bytes = true;

    wire_take_array(d, "command", COMMAND_FIELDS);
    if (wire_take_uint(d, "command.version", UINT64_MAX) != COMMAND_VERSION)
        wire_fail(d, "command.version", "not known");
    ret->session = wire_take_uint(d, "command.session", UINT64_MAX);
    ret->id = wire_take_uint(d, "command.id", UINT64_MAX);
    op->kind = (enum op_kind)wire_take_enum(d, "command.kind", OP_KIND_COUNT);
    op->family = wire_take_bin(d, "command.family");
    op->key = wire_take_bin(d, "command.key");
    op->value = wire_take_bin(d, "command.value");
    if (d->rc < 0)
        return;
    if (mp_read_bin_or_nil(&d->r, SIZE_MAX, &op->expected, &expects_bytes) < 0)
        wire_fail(d, "command.expected", "neither bytes nor nil");
    op->expects_absent = !expects_bytes;
    if (op->expects_absent && op->kind != OP_CAS)
        wire_fail(d, "command.expected", "only a cas can expect that a key is absent");
}

int wire_encode_command(const struct command *command, struct buf *out)
{
    struct wire_encoder c;

    if (!op_valid(&command->op))
        return -E_LIMIT;
    wire_encode_begin(&c, out);
    wire_put_command(&c, command);
    return wire_encode_end(&c);
}

int wire_decode_command(struct slice bytes, struct command *ret, struct err *e)
{
    struct wire_decoder d = wire_decoder_of(bytes, "log command", e);
    struct command command = {0};
    int rc;

    wire_take_command(&d, &command);
    if (d.rc == 0 && !op_valid(&command.op))
        wire_fail(&d, "command", "longer than an operation may be");
    rc = wire_decode_end(&d);
    if (rc == 0)
        *ret = command;
    return rc;
}
