#include "checker/cover.h"

#include "base/err.h"
#include "base/pages.h"

#include <stdlib.h>

/* More than any count: a cell that is not asked about. */
enum { TAKEN = 1 << 30 };

/* Moves what both children exceed by into their parent. */
static void settle(struct cover *c, uint32_t parent)
{
    int32_t *children = &c->nodes[2 * (size_t)parent];
    int32_t least = children[0] < children[1] ? children[0] : children[1];

    children[0] -= least;
    children[1] -= least;
    c->nodes[parent] += least;
}

static void settle_above(struct cover *c, uint32_t node)
{
    for (node /= 2; node > 0; node /= 2)
        settle(c, node);
}

int cover_init(struct cover *c, const uint32_t *counts, uint32_t n)
{
    *c = (struct cover){.size = 2};
    while (c->size < n)
        c->size *= 2;
    c->nodes = pages_calloc(2 * (size_t)c->size, sizeof *c->nodes);
    if (c->nodes == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < c->size; i++)
        c->nodes[c->size + i] = i < n && counts[i] > 0 ? (int32_t)counts[i] : TAKEN;
    for (uint32_t i = c->size - 1; i > 0; i--)
        settle(c, i);
    return 0;
}

void cover_free(struct cover *c)
{
    free(c->nodes);
    *c = (struct cover){.size = 0};
}

void cover_remove(struct cover *c, uint32_t first, uint32_t last)
{
    uint32_t from = first + c->size;
    uint32_t to = last + c->size + 1;

    for (; from < to; from /= 2, to /= 2) {
        if (from % 2 == 1)
            c->nodes[from++]--;
        if (to % 2 == 1)
            c->nodes[--to]--;
    }
    settle_above(c, first + c->size);
    settle_above(c, last + c->size);
}

uint32_t cover_take_bare(struct cover *c)
{
    uint32_t i = 1;

    if (c->nodes[1] != 0)
        return COVER_NONE;
    while (i < c->size)
        i = 2 * i + (c->nodes[2 * (size_t)i] != 0);
    c->nodes[i] = TAKEN;
    settle_above(c, i);
    return i - c->size;
}
