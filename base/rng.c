#include "base/rng.h"

#include "base/check.h"

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t rng_at(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return mix(mix(mix(seed) ^ stream) ^ counter);
}

struct rng rng_make(uint64_t seed, uint64_t stream)
{
    return (struct rng){.seed = seed, .stream = stream, .counter = 0};
}

uint64_t rng_next(struct rng *r)
{
    return rng_at(r->seed, r->stream, r->counter++);
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    CHECK(bound > 0);
    return (uint64_t)(((unsigned __int128)rng_next(r) * bound) >> 64);
}

uint64_t rng_between(struct rng *r, uint64_t low, uint64_t high)
{
    CHECK(low <= high);
    if (low == 0 && high == UINT64_MAX)
        return rng_next(r);
    return low + rng_below(r, high - low + 1);
}

bool rng_chance(struct rng *r, uint32_t ppm)
{
    return rng_below(r, 1000000) < ppm;
}

void rng_shuffle(struct rng *r, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(r, i);
        uint32_t held = items[i - 1];

        items[i - 1] = items[j];
        items[j] = held;
    }
}

uint64_t rng_stream(const char *name, uint64_t index)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a over the name */

    for (const char *p = name; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 0x100000001b3u;
    return mix(h) ^ index;
}
