#include "checker/share.h"

/* Measured, with some room: the problem, its window and what looks ahead. */
enum { NEEDED_BYTES = 64 * 1024, NEEDED_BYTES_PER_OP = 256 };

static size_t needed(size_t n_ops)
{
    return NEEDED_BYTES + n_ops * NEEDED_BYTES_PER_OP;
}

struct share share_make(size_t bytes_max, size_t jobs, const size_t *sizes, size_t n)
{
    struct share s = {.bytes_max = bytes_max, .jobs = n < jobs ? n : jobs};
    size_t all = 0;

    if (s.jobs == 0)
        s.jobs = 1;
    if (bytes_max == 0)
        return s;
    for (size_t i = 0; i < s.jobs && i < n; i++) {
        if (i > 0 && all + needed(sizes[i]) > bytes_max)
            s.jobs = i;
        else
            all += needed(sizes[i]);
    }
    s.spare = all < bytes_max ? (bytes_max - all) / s.jobs : 0;
    return s;
}

size_t share_of(const struct share *s, size_t n_ops)
{
    size_t bytes = needed(n_ops) + s->spare;

    return bytes < s->bytes_max ? bytes : s->bytes_max;
}
