#ifndef RIFT_CLI_BENCH_OBJECTS_H
#define RIFT_CLI_BENCH_OBJECTS_H

#include "histories/history.h"

/* Histories of queues, stacks and the like, for bench_families.c: n operations of eight clients, as
 * many puts as takes, each value put in once. Errors: as history_write. */
int bench_write_queue(size_t n, struct history_writer *w, struct err *e);
int bench_write_queue_of_few(size_t n, struct history_writer *w,
                             struct err *e); /* values 1 to 10, some of unknown outcome */
int bench_write_stack(size_t n, struct history_writer *w, struct err *e);
int bench_write_priority_queue(size_t n, struct history_writer *w, struct err *e);

/* The same of a set of 1,000 elements whose answers say what was there, a mutex, and a counter. */
int bench_write_elements(size_t n, struct history_writer *w, struct err *e);
int bench_write_mutex(size_t n, struct history_writer *w, struct err *e);
int bench_write_counter(size_t n, struct history_writer *w, struct err *e);

/* n increments that are all open at once, then a read of more than that. */
int bench_write_increments(size_t n, struct history_writer *w, struct err *e);

#endif
