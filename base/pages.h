#ifndef RIFT_BASE_PAGES_H
#define RIFT_BASE_PAGES_H

#include <stddef.h>

/* Large arrays that are written from one end to the other. A page fault for each 4 KiB of them
 * costs more than the work that is done on them; so the kernel is told that it may hand them out in
 * large pages. Advice only: nothing depends on it, and small blocks are left alone. */

/* As calloc; freed with free. */
void *pages_calloc(size_t n, size_t size);

/* As realloc, to a size above 0. */
void *pages_grow(void *block, size_t bytes);

#endif
