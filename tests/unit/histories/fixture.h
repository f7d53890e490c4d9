#ifndef RIFT_TESTS_HISTORIES_FIXTURE_H
#define RIFT_TESTS_HISTORIES_FIXTURE_H

#include "base/rng.h"
#include "histories/history.h"

/* A header in which nothing is left out. */
extern const struct history_header fixture_header;

/* A sink that keeps everything in a struct buf. */
struct history_sink fixture_sink(struct buf *out);

/* Events drawn from a seed that keep the rules of processes. Every kind occurs, and keys and
 * values of all sorts. The slices lie in the generator. */
struct fixture_events {
    struct rng rng;
    int64_t time_ns;
    uint32_t open[5]; /* the process of each clerk that has an operation open, else 0 */
    uint32_t idle[5];
    uint32_t n_processes;
    uint8_t bytes[3][300];
    char text[64];
    struct history_link cuts[9];
};

void fixture_events_init(struct fixture_events *g, uint64_t seed);
struct history_event fixture_events_next(struct fixture_events *g);

/* A history of `n` such events in bytes; `ret_ends`, when not NULL, takes the offsets at which
 * the header and each of the events end (n + 1 of them, and one for the END event). */
void fixture_history(uint64_t seed, size_t n, struct buf *out, size_t *ret_ends);

/* Asserts that two events are the same in every field that their kind has. */
void fixture_same_event(const struct history_event *a, const struct history_event *b);

/* A path in a folder of this process that goes when the process ends. Static memory. */
const char *fixture_path(const char *name);

#endif
