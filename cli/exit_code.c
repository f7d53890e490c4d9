#include "cli/exit_code.h"

#include <stddef.h>

static const enum exit_code worst_first[] = {EXIT_VIOLATION, EXIT_INTERRUPTED, EXIT_HARNESS,
                                             EXIT_DATA,      EXIT_UNKNOWN,     EXIT_GOOD};

enum exit_code exit_worse(enum exit_code a, enum exit_code b)
{
    for (size_t i = 0; i < sizeof worst_first / sizeof *worst_first; i++) {
        if (a == worst_first[i] || b == worst_first[i])
            return worst_first[i];
    }
    return a;
}
