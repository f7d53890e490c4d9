/* Any bytes as a replay file: refused with a reason, or read, printed and read again to the same
 * text. */
#include "base/check.h"
#include "sim/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reread(const struct sim_case *c)
{
    struct buf first = {0}, second = {0};
    struct sim_case *again = NULL;
    struct err e;

    CHECK(sim_case_print(c, &first) == 0);
    CHECK_THAT(sim_case_parse("again", buf_slice(&first), &again, &e) == 0, "%s", e.text);
    CHECK(sim_case_print(again, &second) == 0);
    CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    sim_case_destroy(again);
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_case *c = NULL;
    struct err e = {0};

    if (sim_case_parse("fuzz", slice_of(data, size), &c, &e) < 0) {
        CHECK(c == NULL && e.text[0] != '\0');
        return 0;
    }
    reread(c);
    sim_case_destroy(c);
    return 0;
}
