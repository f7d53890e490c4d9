/* Any bytes as a plan: refused with a reason, or read, printed and read again to the same text. */
#include "base/check.h"
#include "nemesis/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void reread(const struct plan *p)
{
    struct buf first = {0};
    struct buf second = {0};
    struct plan *again = NULL;
    struct err e;

    CHECK(plan_print(p, &first) == 0);
    CHECK_THAT(plan_parse("again", (char *)first.data, first.len, &again, &e) == 0, "%s", e.text);
    CHECK(plan_print(again, &second) == 0);
    CHECK(slice_equal(buf_slice(&first), buf_slice(&second)));
    plan_free(&again);
    buf_free(&first);
    buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan *p = NULL;
    struct err e = {0};

    if (plan_parse("fuzz", (const char *)data, size, &p, &e) < 0) {
        CHECK(p == NULL && e.text[0] != '\0');
        return 0;
    }
    reread(p);
    plan_free(&p);
    return 0;
}
