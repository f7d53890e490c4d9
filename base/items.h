#ifndef RIFT_BASE_ITEMS_H
#define RIFT_BASE_ITEMS_H

#include "base/buf.h"

/* Several byte strings as one: the lists, sets and maps in the values of a history
 * (docs/history-format.md). Each item is its bytes and one space; inside, a space is written "\s",
 * a backslash "\\", a newline "\n". So a row of items has one way to be written and to be read, no
 * item is a beginning of another one, and a list grows by appending bytes. */

/* Appends one item. Errors: -E_NOMEM, -E_LIMIT. */
int items_add(struct buf *out, struct slice item);

/* Takes the next item off the front of *row, still escaped and without its space: equal items have
 * equal bytes. 1: *ret is set, lent. 0: the row is empty. -E_PARSE: no row of items. */
int items_next(struct slice *row, struct slice *ret);

/* Appends the item's own bytes. Errors: -E_PARSE, -E_NOMEM, -E_LIMIT. */
int items_unescape(struct slice item, struct buf *out);

#endif
