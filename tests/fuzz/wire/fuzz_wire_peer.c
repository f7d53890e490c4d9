#include "base/check.h"
#include "wire/wire.h"

#include <stdlib.h>

/* Whatever decodes encodes back, and what that gives decodes to the same bytes once more. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The key is taken from the input, so that mutations are not stopped there. */
    uint64_t cluster = size >= 8 ? load_u64be(data) : 0;
    struct slice bytes = size >= 8 ? slice_of(data + 8, size - 8) : slice_of(data, size);
    struct wire_entries scratch = {0};
    struct raft_message m;
    enum raft_message_type type;

    wire_peek_peer_type(bytes, &type);
    if (wire_decode_peer(cluster, bytes, &scratch, &m, NULL) == 0) {
        struct wire_entries again_scratch = {0};
        struct raft_message again;
        struct buf first = {0};
        struct buf second = {0};

        CHECK(wire_peek_peer_type(bytes, &type) == 0 && type == m.type);
        CHECK(m.n_entries * 4 <= bytes.len);
        CHECK(wire_encode_peer(cluster, &m, &first) == 0);
        CHECK(wire_decode_peer(cluster, buf_slice(&first), &again_scratch, &again, NULL) == 0);
        CHECK(wire_encode_peer(cluster, &again, &second) == 0);
        CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
        wire_entries_free(&again_scratch);
        buf_free(&first);
        buf_free(&second);
    }
    wire_entries_free(&scratch);
    return 0;
}
