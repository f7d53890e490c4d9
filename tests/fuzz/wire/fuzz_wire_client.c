#include "base/check.h"
#include "wire/wire.h"

/* Everything a node, a clerk, the harness or the nemesis takes from a socket, except what nodes
 * send each other. The first byte chooses the decoder. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_request(struct slice bytes)
{
    struct wire_request m;
    struct buf out = {0};

    if (wire_decode_request(1, bytes, &m, NULL) == 0) {
        CHECK(wire_encode_request(1, &m, &out) == 0);
        CHECK(wire_decode_request(1, buf_slice(&out), &m, NULL) == 0);
    }
    buf_free(&out);
}

static void try_reply(struct slice bytes)
{
    struct wire_reply m;
    struct buf out = {0};

    if (wire_decode_reply(1, bytes, &m, NULL) == 0) {
        CHECK(wire_encode_reply(1, &m, &out) == 0);
        CHECK(wire_decode_reply(1, buf_slice(&out), &m, NULL) == 0);
    }
    buf_free(&out);
}

static void try_command(struct slice bytes)
{
    struct command c;
    struct buf out = {0};

    if (wire_decode_command(bytes, &c, NULL) == 0) {
        CHECK(wire_encode_command(&c, &out) == 0);
        CHECK(wire_decode_command(buf_slice(&out), &c, NULL) == 0);
    }
    buf_free(&out);
}

static void try_control(struct slice bytes)
{
    static struct wire_nemesis_link links[16];
    struct wire_nemesis_command command;
    struct wire_nemesis_reply reply;
    struct wire_node_event event;
    struct err e;

    if (wire_decode_nemesis_command(bytes, links, 16, &command, &e) == 0)
        CHECK(command.n_links <= 16);
    wire_decode_nemesis_reply(bytes, &reply, &e);
    wire_decode_node_event(1, bytes, &event, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes;

    if (size == 0)
        return 0;
    bytes = slice_of(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0: try_request(bytes); break;
    case 1: try_reply(bytes); break;
    case 2: try_command(bytes); break;
    default: try_control(bytes); break;
    }
    return 0;
}
