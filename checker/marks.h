#ifndef RIFT_CHECKER_MARKS_H
#define RIFT_CHECKER_MARKS_H

#include <stddef.h>
#include <stdint.h>

/* A growing set of numbers that finds the neighbours of any number: bits, bits that say which words
 * of those are not 0, and so on (after van Emde Boas, "Preserving order in a forest in less than
 * logarithmic time", FOCS 1975). */

enum { MARKS_LEVELS_MAX = 6 }; /* 64^6 is more than 2^32 */

struct marks {
    uint64_t *levels[MARKS_LEVELS_MAX];
    size_t words[MARKS_LEVELS_MAX];
    uint32_t n_levels;
};

#define MARKS_NONE UINT32_MAX

/* Of numbers below n. Errors: -E_NOMEM; marks_free is due in any case. */
int marks_init(struct marks *m, uint32_t n);
void marks_free(struct marks *m);

void marks_add(struct marks *m, uint32_t i);

/* The next one in the set from i on, or the last up to i. MARKS_NONE: there is none. */
uint32_t marks_from(const struct marks *m, uint32_t i);
uint32_t marks_up_to(const struct marks *m, uint32_t i);

#endif
