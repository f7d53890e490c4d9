#ifndef RIFT_CLI_BENCH_KEYS_H
#define RIFT_CLI_BENCH_KEYS_H

#include "histories/history.h"

/* n operations of the workload `kv` on 1,000 keys, recorded as `rift run` records them: with each
 * request, who answered, and one outcome in 10,000 that nobody learns. */
int bench_write_keys(size_t n, struct history_writer *w, struct err *e);

#endif
