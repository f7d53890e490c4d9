#include "base/hash.h"
#include "histories/history.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that was loaded is used once, so that a slice that points astray is noticed. */
static void use(const struct history *h)
{
    struct buf words = {0};

    for (size_t i = 0; i < h->n_ops; i++)
        history_describe_op(h, &h->ops[i], &words);
    for (size_t i = 0; i < h->n_events; i++) {
        if (h->events[i].text != NULL)
            buf_append_slice(&words, slice_str(h->events[i].text));
    }
    buf_free(&words);
}

/* The second loading has its records sealed anew: no mutation ever guesses a checksum, and the
 * code behind it would stay in the dark. Where four bytes behind 0xce stand, it tries them as
 * the checksum of what lies between the last one and here. */
static void seal_all(uint8_t *bytes, size_t size)
{
    size_t start = 0;

    for (size_t i = 0; i + 5 <= size; i++) {
        uint32_t crc;

        if (bytes[i] != 0xce)
            continue;
        crc = hash_crc32(0, bytes + start, i - start);
        for (int k = 0; k < 4; k++)
            bytes[i + 1 + (size_t)k] = (uint8_t)(crc >> (24 - 8 * k));
        i += 4;
        start = i + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *sealed = slice_dup(slice_of(data, size));
    struct history *h;

    if (history_load_bytes("fuzz", slice_of(data, size), &h, NULL) == 0) {
        use(h);
        history_free(&h);
    }
    if (sealed == NULL)
        abort();
    seal_all(sealed, size);
    if (history_load_bytes("fuzz", slice_of(sealed, size), &h, NULL) == 0) {
        use(h);
        history_free(&h);
    }
    free(sealed);
    return 0;
}
