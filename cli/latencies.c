#include "cli/latencies.h"

#include <stddef.h>

/* Values below 2^LATENCY_SUB_BITS have a bucket each. Above, the bucket is made of the place of
 * the highest bit and of the LATENCY_SUB_BITS bits behind it. */
static size_t bucket_of(uint64_t value)
{
    unsigned shift;

    if (value >> LATENCY_SUB_BITS == 0)
        return (size_t)value;
    shift = 63u - (unsigned)__builtin_clzll(value) - LATENCY_SUB_BITS;
    return ((size_t)(shift + 1) << LATENCY_SUB_BITS) +
           (size_t)((value >> shift) - (UINT64_C(1) << LATENCY_SUB_BITS));
}

/* The highest value of a bucket. */
static uint64_t value_of(size_t bucket)
{
    unsigned shift;
    uint64_t start;

    if (bucket >> LATENCY_SUB_BITS == 0)
        return bucket;
    shift = (unsigned)(bucket >> LATENCY_SUB_BITS) - 1;
    start = (UINT64_C(1) << LATENCY_SUB_BITS) + (bucket & ((1u << LATENCY_SUB_BITS) - 1));
    return ((start + 1) << shift) - 1;
}

void latencies_add(struct latencies *l, uint64_t value)
{
    l->counts[bucket_of(value)]++;
    l->total++;
}

uint64_t latencies_quantile(const struct latencies *l, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)l->total);
    uint64_t seen = 0;

    if (wanted >= l->total && l->total > 0)
        wanted = l->total - 1;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += l->counts[i];
        if (seen > wanted)
            return value_of(i);
    }
    return 0;
}
