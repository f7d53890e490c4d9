#include "base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* What the kernel maps one by one, and how much of it makes advice worth a call. */
enum { PAGE_BYTES = 4096, ADVISED_BYTES_MIN = 4 << 20 };

/* Advice goes to whole pages, those at both ends included, which may hold something else: it does
 * that no harm. And realloc can move pages rather than bytes only as long as the advice that they
 * got is the same for all. */
static void advise(const void *block, size_t bytes)
{
    uintptr_t start = (uintptr_t)block & ~(uintptr_t)(PAGE_BYTES - 1);

    if (block != NULL && bytes >= ADVISED_BYTES_MIN)
        (void)madvise((void *)start, (uintptr_t)block + bytes - start, MADV_HUGEPAGE);
}

void *pages_calloc(size_t n, size_t size)
{
    void *block = calloc(n, size);

    advise(block, n * size); /* calloc has seen that the product is no overflow */
    return block;
}

void *pages_grow(void *block, size_t bytes)
{
    void *larger = realloc(block, bytes);

    advise(larger, bytes);
    return larger;
}
