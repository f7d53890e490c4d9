#ifndef RIFT_HISTORIES_QUOTE_H
#define RIFT_HISTORIES_QUOTE_H

#include "base/buf.h"

/* Any bytes as a quoted string that EDN and JSON both read, and back. UTF-8 stands as it is; a byte
 * that belongs to no UTF-8 sequence becomes a lone \udc80 to \udcff, as Python's "surrogateescape"
 * does (PEP 383), so nothing is lost and decoders of either notation accept it. */

/* Appends the string with its quotes. Errors: -E_NOMEM, -E_LIMIT. */
int quote_append(struct buf *out, struct slice bytes);

/* Appends the bytes of what stands between the quotes. Knows the escapes of both notations.
 * Errors: -E_PARSE (an escape that neither has; *ret_bad is its offset), -E_NOMEM, -E_LIMIT. */
int quote_resolve(struct buf *out, struct slice inside, size_t *ret_bad);

#endif
