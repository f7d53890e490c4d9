#include "base/check.h"
#include "checker/verify.h"
#include "checker/witness.h"
#include "scene.h"

/* libFuzzer: any bytes as a witness of one history. It may prove, be refused or be no witness;
 * what proves has to hold every operation that happened. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct history *h = scene("kv", 0,
                              "1 1 2 put x 1\n2 3 4 get x = 1\n"
                              "1 5 - put y 2\n2 7 8 get y = 2\n");
    struct verification found;
    struct err e;

    if (verify_witness(h, NULL, slice_of(data, size), &found, &e) == 1)
        CHECK(found.n_placed == 4 && found.n_partitions == 2);
    scene_free(h);
    return 0;
}
