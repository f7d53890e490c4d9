#include "checker/marks.h"

#include "base/err.h"

#include <stdlib.h>

enum { BITS = 64 };

int marks_init(struct marks *m, uint32_t n)
{
    size_t words = n;

    *m = (struct marks){.n_levels = 0};
    do {
        words = words / BITS + 1;
        m->words[m->n_levels] = words;
        m->levels[m->n_levels] = calloc(words, sizeof(uint64_t));
        if (m->levels[m->n_levels++] == NULL)
            return -E_NOMEM;
    } while (words > 1);
    return 0;
}

void marks_free(struct marks *m)
{
    for (uint32_t i = 0; i < m->n_levels; i++)
        free(m->levels[i]);
    *m = (struct marks){.n_levels = 0};
}

void marks_add(struct marks *m, uint32_t i)
{
    for (uint32_t level = 0; level < m->n_levels; level++, i /= BITS)
        m->levels[level][i / BITS] |= UINT64_C(1) << i % BITS;
}

/* The first number at level 0 that is below number i of a level, which is in the set there. */
static uint32_t first_below(const struct marks *m, uint32_t level, uint32_t i)
{
    while (level-- > 0)
        i = i * BITS + (uint32_t)__builtin_ctzll(m->levels[level][i]);
    return i;
}

static uint32_t last_below(const struct marks *m, uint32_t level, uint32_t i)
{
    while (level-- > 0)
        i = i * BITS + BITS - 1 - (uint32_t)__builtin_clzll(m->levels[level][i]);
    return i;
}

uint32_t marks_from(const struct marks *m, uint32_t i)
{
    for (uint32_t level = 0; level < m->n_levels && i / BITS < m->words[level]; level++) {
        uint64_t word = m->levels[level][i / BITS] & UINT64_MAX << i % BITS;

        if (word != 0)
            return first_below(m, level, i / BITS * BITS + (uint32_t)__builtin_ctzll(word));
        i = i / BITS + 1;
    }
    return MARKS_NONE;
}

uint32_t marks_up_to(const struct marks *m, uint32_t i)
{
    for (uint32_t level = 0; level < m->n_levels; level++) {
        uint64_t word = m->levels[level][i / BITS] & UINT64_MAX >> (BITS - 1 - i % BITS);

        if (word != 0)
            return last_below(m, level,
                              i / BITS * BITS + BITS - 1 - (uint32_t)__builtin_clzll(word));
        if (i / BITS == 0)
            return MARKS_NONE;
        i = i / BITS - 1;
    }
    return MARKS_NONE;
}
