#include "cli/memory.h"

#include <malloc.h>

/* The C library maps larger arrays by themselves, whatever it is told. */
enum { KEPT_BYTES_MAX = 1 << 30, MAPPED_BYTES_MIN = 32 << 20 };

void memory_keep(void)
{
    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES_MIN);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES_MAX);
}
