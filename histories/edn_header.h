#ifndef RIFT_HISTORIES_EDN_HEADER_H
#define RIFT_HISTORIES_EDN_HEADER_H

#include "histories/arena.h"
#include "histories/edn.h"
#include "histories/history.h"

/* What of a header a history in EDN holds, as the first of its op maps: what a verdict depends on.
 *
 *   {:type :info, :process :rift, :f :rift/header,
 *    :value {:model "bank", :dialect 0, :keyed false, :options {"accounts" "a 10 b 5 "}}} */

/* Reads the map that begins at `at`. Strings lie in the arena. *ret_keyed: whether values are
 * [key value], 1 or 0; -1 when it says nothing. Errors: -E_PARSE, -E_NOMEM. */
int edn_header_read(struct edn *r, size_t at, struct arena *arena, struct history_header *ret,
                    int *ret_keyed, struct err *e);

/* Appends the whole line. Errors: -E_NOMEM, -E_LIMIT. */
int edn_header_write(const struct history_header *header, bool keyed, struct buf *out);

#endif
