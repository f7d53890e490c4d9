#ifndef RIFT_HISTORIES_LINES_H
#define RIFT_HISTORIES_LINES_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* A cursor over the lines of a text, for the importers. Nothing is copied. */
struct line {
    const char *name;   /* of the file */
    unsigned number;    /* from 1 */
    struct slice text;  /* without its end */
    size_t at;          /* what has been read of it */
    struct slice below; /* the lines that follow */
};

struct line lines_of(const char *name, struct slice text);

/* Moves on to the next line, the first one at first; false behind the last. */
bool line_next(struct line *l);

/* Each of these moves on and returns true, or stays and returns false. */
bool line_literal(struct line *l, const char *text);
bool line_blanks(struct line *l); /* one or more spaces or tabs */
bool line_end(struct line *l);    /* nothing but blanks is left */

/* Passes over everything up to and including the text. */
bool line_find(struct line *l, const char *text);

/* One of `n` words, whole: what follows is no letter, digit, hyphen or underscore. */
bool line_word(struct line *l, const char *const *words, unsigned n, unsigned *ret);

bool line_u32(struct line *l, uint32_t *ret);
bool line_integer(struct line *l, struct slice *ret); /* digits, a minus in front perhaps */

/* `file:line:column: expected WHAT`; returns -E_PARSE. */
int line_expected(const struct line *l, const char *what, struct err *e);

#endif
