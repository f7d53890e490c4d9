#ifndef RIFT_NEMESIS_TIMERS_H
#define RIFT_NEMESIS_TIMERS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* When each of n things is due: a binary heap that knows where each of them stands, so that a time
 * can be changed. Things are numbered from 0; INT64_MAX takes one out. */
struct timers;

int timers_create(size_t n, struct timers **ret, struct err *e);
void timers_destroy(struct timers **t);

void timers_set(struct timers *t, size_t thing, int64_t due_ns);

/* The first that is due, and when; false when nothing is waiting. */
bool timers_first(const struct timers *t, size_t *ret_thing, int64_t *ret_due_ns);

#endif
