#ifndef RIFT_BASE_RNG_H
#define RIFT_BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Random numbers keyed by (seed, stream, counter): each draw is a pure function of the three, so
 * that a stream that draws less or more does not reshuffle the others. The mixing function is
 * the finalizer of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", OOPSLA 2014), applied once for each of the three. Not for secrets.
 *
 * Never draw twice in one expression: the order of evaluation is the compiler's. */
uint64_t rng_at(uint64_t seed, uint64_t stream, uint64_t counter);

/* One stream with its counter. Plain data; `counter` starts at 0. */
struct rng {
    uint64_t seed;
    uint64_t stream;
    uint64_t counter;
};

struct rng rng_make(uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *r);

/* Uniform in [0, bound); bound > 0. One draw (multiply-shift; the bias is below 2^-32 for the
 * bounds used here, which are below 2^32). */
uint64_t rng_below(struct rng *r, uint64_t bound);

/* Uniform in [low, high], both included. */
uint64_t rng_between(struct rng *r, uint64_t low, uint64_t high);

/* True with a chance of `ppm` in a million. */
bool rng_chance(struct rng *r, uint32_t ppm);

/* Fisher-Yates over n elements of uint32_t. */
void rng_shuffle(struct rng *r, uint32_t *items, size_t n);

/* A stream number for a name, so that streams can be told apart by what they are for. */
uint64_t rng_stream(const char *name, uint64_t index);

#endif
