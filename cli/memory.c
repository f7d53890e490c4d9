#include "cli/memory.h"

#include <malloc.h>

/* Larger arrays are mapped by themselves: those can grow without being copied. */
enum { KEPT_BYTES_MAX = 1 << 30, MAPPED_BYTES_MIN = 8 << 20 };

void memory_keep(void)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES_MAX);
}
