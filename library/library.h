#ifndef RIFT_LIBRARY_LIBRARY_H
#define RIFT_LIBRARY_LIBRARY_H

#include "base/err.h"
#include "checker/checker.h"
#include "rift/checker.h"

/* What the two halves of the library share. */

struct rift_history {
    struct history *history;
};

/* The public code of an internal one (0 stays 0), with its text. Both errors may be NULL. */
int library_error(int rc, const struct err *from, struct rift_error *to);

/* For what needs no more words. Returns `code`. */
int library_refuse(enum rift_code code, struct rift_error *to, const char *text);

/* Structures that begin with their size: a caller that was built against an older header has a
 * shorter one. From the caller: what is missing is 0. To the caller: what does not fit is left out.
 * False when the size cannot be one. */
bool library_take(void *to, size_t to_size, const void *from);
bool library_give(void *to, const void *from, size_t from_size);

#endif
