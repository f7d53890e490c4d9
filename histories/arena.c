#include "histories/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { ARENA_BLOCK_BYTES = 256 * 1024 };

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) uint8_t data[];
};

/* What does not fit into a quarter of a block gets one of its own, so that a block never wastes
 * more than that. */
static void *take_own_block(struct arena *a, size_t size)
{
    struct arena_block *block = malloc(sizeof *block + size);

    if (block == NULL)
        return NULL;
    block->next = a->blocks;
    a->blocks = block;
    return block->data;
}

static uint8_t *take_unaligned(struct arena *a, size_t size)
{
    uint8_t *taken;

    if (size > a->left) {
        if (size > ARENA_BLOCK_BYTES / 4)
            return take_own_block(a, size);
        taken = take_own_block(a, ARENA_BLOCK_BYTES);
        if (taken == NULL)
            return NULL;
        a->at = taken;
        a->left = ARENA_BLOCK_BYTES;
    }
    taken = a->at;
    a->at += size;
    a->left -= size;
    return taken;
}

void *arena_take(struct arena *a, size_t size)
{
    size_t pad = -(uintptr_t)a->at % alignof(max_align_t);

    if (pad > 0) {
        pad = pad < a->left ? pad : a->left;
        a->at += pad;
        a->left -= pad;
    }
    return take_unaligned(a, size == 0 ? 1 : size);
}

bool arena_copy(struct arena *a, struct slice bytes, struct slice *ret)
{
    uint8_t *copy;

    if (bytes.len == 0) {
        *ret = (struct slice){0};
        return true;
    }
    copy = take_unaligned(a, bytes.len);
    if (copy == NULL)
        return false;
    memcpy(copy, bytes.data, bytes.len);
    *ret = slice_of(copy, bytes.len);
    return true;
}

char *arena_string(struct arena *a, struct slice text)
{
    uint8_t *copy = take_unaligned(a, text.len + 1);

    if (copy == NULL)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return (char *)copy;
}

void arena_free(struct arena *a)
{
    struct arena_block *next;

    for (struct arena_block *block = a->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    *a = (struct arena){0};
}
