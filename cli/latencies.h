#ifndef RIFT_CLI_LATENCIES_H
#define RIFT_CLI_LATENCIES_H

#include <stdint.h>

/* Latencies counted in buckets whose width grows with the value, as in HdrHistogram: 64 to each
 * power of two, so that a quantile is off by less than 1.6 %. Takes the same memory for any
 * number of them. All zeros is an empty one. */
enum { LATENCY_SUB_BITS = 6, LATENCY_BUCKETS = (64 - LATENCY_SUB_BITS + 1) << LATENCY_SUB_BITS };

struct latencies {
    uint64_t counts[LATENCY_BUCKETS];
    uint64_t total;
};

void latencies_add(struct latencies *l, uint64_t value);

/* The value that `share` (0 to 1) of all values do not exceed; 0 when there are none. */
uint64_t latencies_quantile(const struct latencies *l, double share);

#endif
