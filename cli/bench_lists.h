#ifndef RIFT_CLI_BENCH_LISTS_H
#define RIFT_CLI_BENCH_LISTS_H

#include "histories/history.h"

/* Families of `rift bench check` whose values grow by appends: `size` operations, as clients
 * execute them at some moment between invocation and completion. Errors: those of history_write. */

/* One list of distinct pieces, begun anew by a put now and then. */
int bench_write_lists(size_t size, struct history_writer *w, struct err *e);

/* One key, on which most of 30 clients have something open, few values, deletes. */
int bench_write_busy(size_t size, struct history_writer *w, struct err *e);

/* Ten keys. */
int bench_write_store(size_t size, struct history_writer *w, struct err *e);

#endif
