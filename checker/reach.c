#include "checker/reach.h"

#include "base/err.h"
#include "base/pages.h"

#include <stdlib.h>

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

int reach_init(struct reach *r, const uint32_t *ends, uint32_t n)
{
    *r = (struct reach){.size = 2};
    while (r->size <= n) /* one more than there are, so that no prefix is the whole tree */
        r->size *= 2;
    r->nodes = pages_calloc(2 * (size_t)r->size, sizeof *r->nodes);
    if (r->nodes == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < n; i++)
        r->nodes[r->size + i] = ends[i] + 1;
    for (uint32_t i = r->size - 1; i > 0; i--)
        r->nodes[i] = larger(r->nodes[2 * (size_t)i], r->nodes[2 * (size_t)i + 1]);
    return 0;
}

void reach_free(struct reach *r)
{
    free(r->nodes);
    *r = (struct reach){.size = 0};
}

static void clear(struct reach *r, uint32_t leaf)
{
    r->nodes[leaf] = 0;
    for (uint32_t i = leaf / 2; i > 0; i /= 2)
        r->nodes[i] = larger(r->nodes[2 * (size_t)i], r->nodes[2 * (size_t)i + 1]);
}

uint32_t reach_take(struct reach *r, uint32_t n, uint32_t cell)
{
    /* The trees to the left of the path to n hold what comes before it; the nearest come first. */
    for (uint32_t i = n + r->size; i > 1; i /= 2) {
        uint32_t at = i - 1;

        if (i % 2 == 0 || r->nodes[at] <= cell)
            continue;
        while (at < r->size)
            at = 2 * at + (r->nodes[2 * (size_t)at + 1] > cell);
        clear(r, at);
        return at - r->size;
    }
    return REACH_NONE;
}
