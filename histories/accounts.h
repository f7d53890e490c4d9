#ifndef RIFT_HISTORIES_ACCOUNTS_H
#define RIFT_HISTORIES_ACCOUNTS_H

#include "histories/arena.h"
#include "histories/history.h"

/* What a bank's accounts hold at the start: no operation says it and every read depends on it. It
 * is the header's option "accounts", a sorted row of names and balances. */

/* The header is of a bank. */
bool accounts_matter(const struct history_header *header);

/* The header says them, perhaps as an empty row: all of them 0. */
bool accounts_known(const struct history_header *header);

/* Puts the EDN map `{0 10, 1 10}` into the header in place of what was there; the options lie in
 * the arena then. Errors: -E_PARSE (no map, or something behind it), -E_LIMIT, -E_NOMEM. */
int accounts_set(struct history_header *header, const char *map, struct arena *arena,
                 struct err *e);

/* Sets `e` to what to do where nobody says them; returns -E_PARSE. */
int accounts_missing(const char *name, struct err *e);

#endif
