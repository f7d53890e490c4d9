#ifndef RIFT_TESTS_UNIT_WIRE_SAMPLES_H
#define RIFT_TESTS_UNIT_WIRE_SAMPLES_H

#include "base/rng.h"
#include "wire/wire.h"

/* Random messages of every kind, for round trips and for damage. */
struct sample_codec {
    const char *name;
    bool has_head; /* version and cluster come first */

    /* Draws a message, appends its bytes. Returns what the encoder said. */
    int (*encode)(struct rng *r, struct buf *out);

    /* Draws the same message anew, decodes `bytes`, and compares: 1 the same, 0 different, or
     * what the decoder said. */
    int (*compare)(struct rng *r, struct slice bytes);

    /* Only decodes. */
    int (*decode)(uint64_t cluster, struct slice bytes, struct err *e);
};

extern const struct sample_codec sample_codecs[];
extern const size_t n_sample_codecs;

#define SAMPLE_CLUSTER UINT64_C(0x1122334455667788)

#endif
