/* How many synced puts the store alone takes, and how long one waits: `bench_store FOLDER`.
 *
 * One thread plays a node: each of n clients has one put under way, a log entry and a write of
 * the state. Whoever's put became durable submits the next. So n is the depth of the queue, and
 * what shares a sync is what gathered meanwhile. */
#include "node/store/store.h"

#include "base/clock.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { VALUE_BYTES = 100, KEYS = 100000, CLIENTS_MAX = 1024 };
static const int64_t RUN_NS = 3 * NS_PER_S;
static const int CLIENTS[] = {1, 16, 64, 256};

struct bench {
    struct store *store;
    uint64_t index;
    int64_t began_ns[CLIENTS_MAX]; /* of seq modulo CLIENTS_MAX */
};

static int put(struct bench *b)
{
    static uint8_t value[VALUE_BYTES];
    char key[32];
    struct entry entry = {.index = ++b->index, .term = 1, .data = slice_of(value, VALUE_BYTES)};
    struct store_write write = {.family = 0, .value = slice_of(value, VALUE_BYTES)};
    struct store_batch batch = {.entries = &entry, .n_entries = 1, .writes = &write, .n_writes = 1};
    uint64_t seq = 0;
    struct err e;
    int rc;

    write.key =
        slice_of(key, (size_t)snprintf(key, sizeof key, "key-%" PRIu64, b->index * 7919 % KEYS));
    batch.applied_index = b->index;
    rc = store_submit(b->store, &batch, STORE_SYNCED, &seq, &e);
    if (rc < 0)
        fprintf(stderr, "%s\n", e.text);
    b->began_ns[seq % CLIENTS_MAX] = clock_monotonic_ns();
    return rc;
}

static int64_t cpu_ns(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_S +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

static int run(struct bench *b, int clients)
{
    struct pollfd p = {.fd = store_fd(b->store), .events = POLLIN};
    struct store_progress progress;
    int64_t began_ns = clock_monotonic_ns();
    int64_t cpu_began_ns = cpu_ns();
    int64_t waited_ns = 0;
    int64_t took_ns;
    uint64_t done;
    uint64_t puts = 0;

    store_poll(b->store, &progress);
    done = progress.durable_seq;
    for (int i = 0; i < clients; i++)
        if (put(b) < 0)
            return -1;
    while (clock_monotonic_ns() - began_ns < RUN_NS) {
        poll(&p, 1, 1000);
        store_poll(b->store, &progress);
        if (progress.failed) {
            fprintf(stderr, "%s\n", progress.reason);
            return -1;
        }
        for (; done < progress.durable_seq; done++, puts++) {
            waited_ns += clock_monotonic_ns() - b->began_ns[(done + 1) % CLIENTS_MAX];
            if (put(b) < 0)
                return -1;
        }
    }
    took_ns = clock_monotonic_ns() - began_ns;
    printf("%4d clients: %8.0f puts/s, mean %6.0f us, %5.1f us of CPU a put\n", clients,
           (double)puts * 1e9 / (double)took_ns, (double)waited_ns / (double)puts / 1e3,
           (double)(cpu_ns() - cpu_began_ns) / (double)puts / 1e3);
    do
        store_poll(b->store, &progress);
    while (!progress.failed && progress.queued_batches > 0);
    return 0;
}

int main(int argc, char **argv)
{
    const char *family = "default";
    struct store_options options = {
        .identity = {.cluster = 1, .node = 1}, .families = &family, .n_families = 1};
    struct store_recovered recovered;
    struct bench b = {0};
    struct err e;
    int rc = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: bench_store FOLDER\n");
        return 64;
    }
    if (store_rocks_open(argv[1], &options, &b.store, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        return 3;
    }
    store_recovered(b.store, &recovered);
    b.index = recovered.last_index;
    for (size_t i = 0; rc == 0 && i < sizeof CLIENTS / sizeof *CLIENTS; i++)
        rc = run(&b, CLIENTS[i]);
    store_destroy(b.store);
    return rc == 0 ? 0 : 3;
}
