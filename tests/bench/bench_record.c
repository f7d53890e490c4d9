#include "base/clock.h"
#include "histories/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What recording an event and loading a history cost. `bench_record [OPERATIONS]`. Each
 * operation is three events, as a clerk's is: INVOKE, ASK, COMPLETE. */

enum { PROCESSES = 64, EVENTS_PER_OP = 3 };

static void die(const struct err *e)
{
    fprintf(stderr, "bench_record: %s\n", e->text);
    exit(3);
}

static void record(struct history_writer *w, struct history_event *event)
{
    struct err e;

    if (history_write(w, event, &e) < 0)
        die(&e);
}

static void record_op(struct history_writer *w, uint64_t i)
{
    char value[24];
    char key[16];
    uint32_t process = (uint32_t)(i % PROCESSES);
    int64_t now = (int64_t)i * 50000;
    struct slice k = slice_of(key, (size_t)snprintf(key, sizeof key, "key-%" PRIu64, i % 100));
    struct slice v = slice_of(value, (size_t)snprintf(value, sizeof value, "%" PRIu64, i));
    struct history_event invoke = {.kind = HISTORY_INVOKE,
                                   .process = process,
                                   .time_ns = now,
                                   .op = {.kind = i % 2 ? OP_PUT : OP_GET, .key = k}};
    struct history_event ask = {
        .kind = HISTORY_ASK, .process = process, .time_ns = now + 100, .node = 1 + i % 5};
    struct history_event complete = {.kind = HISTORY_COMPLETE,
                                     .process = process,
                                     .time_ns = now + 40000,
                                     .node = 1 + i % 5,
                                     .term = 7,
                                     .outcome = OUTCOME_OK};

    if (i % 2)
        invoke.op.value = v;
    else
        complete.value = v;
    record(w, &invoke);
    record(w, &ask);
    record(w, &complete);
}

static void bench_write(const char *path, uint64_t ops)
{
    struct history_header header = {.model = "kv"};
    struct history_writer *w;
    struct stat st;
    struct err e;
    int64_t start;
    int64_t took;

    if (history_writer_open(path, &header, &w, &e) < 0)
        die(&e);
    start = clock_monotonic_ns();
    for (uint64_t i = 0; i < ops; i++)
        record_op(w, i);
    if (history_writer_close(&w, &e) < 0)
        die(&e);
    took = clock_monotonic_ns() - start;
    if (stat(path, &st) < 0)
        st.st_size = 0;
    printf("record: %.0f ns/event, %.1f bytes/event\n",
           (double)took / (double)(ops * EVENTS_PER_OP),
           (double)st.st_size / (double)(ops * EVENTS_PER_OP));
}

static void bench_load(const char *path)
{
    struct rusage usage;
    struct history *h;
    struct err e;
    int64_t start = clock_monotonic_ns();

    if (history_load(path, &h, &e) < 0)
        die(&e);
    printf("load:   %zu operations in %.3f s", h->n_ops,
           (double)(clock_monotonic_ns() - start) / (double)NS_PER_S);
    getrusage(RUSAGE_SELF, &usage);
    printf(", peak memory %ld MB\n", usage.ru_maxrss / 1024);
    history_free(&h);
}

int main(int argc, char **argv)
{
    uint64_t ops = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    char path[64];

    if (ops == 0) {
        fprintf(stderr, "usage: bench_record [OPERATIONS]\n");
        return 64;
    }
    snprintf(path, sizeof path, "/tmp/rift-bench-record-%d", (int)getpid());
    bench_write(path, ops);
    bench_load(path);
    unlink(path);
    return 0;
}
