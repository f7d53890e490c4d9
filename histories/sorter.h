#ifndef RIFT_HISTORIES_SORTER_H
#define RIFT_HISTORIES_SORTER_H

#include "base/buf.h"

/* Makes the sorted rows of base/items.h: elements of a set in the order of their bytes, or names
 * with their values in the order of the names. All zeros is a valid one; it keeps its memory from
 * row to row until sorter_free. */
struct sorter {
    struct buf text;
    struct sorter_part *parts;
    size_t n;
    size_t cap;
    bool pairs;
    bool is_value; /* the next one is the value of the last name */
};

void sorter_start(struct sorter *s, bool pairs);

/* The next element, or name, or value. Errors: -E_NOMEM, -E_LIMIT. */
int sorter_add(struct sorter *s, struct slice bytes);

/* Appends the row. Errors: -E_EXISTS (an element or name comes twice), -E_PARSE (the last name has
 * no value), -E_NOMEM, -E_LIMIT. */
int sorter_finish(struct sorter *s, struct buf *out);

void sorter_free(struct sorter *s);

#endif
