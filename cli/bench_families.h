#ifndef RIFT_CLI_BENCH_FAMILIES_H
#define RIFT_CLI_BENCH_FAMILIES_H

#include "histories/history.h"

/* Histories that the checker is measured with: long ones as clerks make them, and small ones that
 * are known to make searches explode. Each is drawn from its size alone; of those that grow, a
 * shorter one is the beginning of a longer one. */
struct bench_family {
    const char *name;
    const char *what;
    const char *model;
    size_t size;       /* operations, or how many at a time: `what` says it */
    bool grows;        /* measured at smaller sizes too; its size changes with --ops */
    bool linearizable; /* known from how it is made */
    int (*write)(size_t size, struct history_writer *w, struct err *e);
    bool whole; /* not partitioned by key */
};

const struct bench_family *bench_families(size_t *ret_n);

/* Writes the history to a new file. Errors: as history_writer_open and history_write. */
int bench_family_write(const struct bench_family *f, size_t size, const char *path, struct err *e);

#endif
