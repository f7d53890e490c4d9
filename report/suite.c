#include "report/suite.h"

size_t suite_count(const struct suite_results *s, enum suite_result result)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_cases; i++)
        n += s->cases[i].result == result;
    return n;
}

const char *suite_result_name(enum suite_result result)
{
    static const char *const names[] = {[SUITE_PASSED] = "passed",
                                        [SUITE_FAILURE] = "failed",
                                        [SUITE_ERROR] = "error",
                                        [SUITE_SKIPPED] = "skipped"};

    return names[result];
}
