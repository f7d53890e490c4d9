/* What one put costs before there is any store: `bare_exchange FOLDER [SECONDS]`.
 *
 * The messages and the syncs that no replicated log can do without (Ongaro's dissertation, 10.2.1),
 * and nothing else: a client asks a leader, which hands the record to two followers, appends it to
 * its own file and syncs that meanwhile, and answers as soon as one follower has synced, too. One
 * request at a time, ZeroMQ over TCP on the loopback. What `rift bench kv --clerks 1` reaches of
 * this is what the store leaves of the machine. */
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum {
    RECORD_BYTES = 128, /* about what the log keeps of a put of 64 bytes */
    ENDPOINT_MAX = 64,
    FOLLOWERS = 2,
    WARM_UP = 200,
    SAMPLES_MAX = 1 << 20,
};

struct record {
    uint64_t number;
    uint8_t filling[RECORD_BYTES - sizeof(uint64_t)];
};

struct replica {
    void *context;
    void *socket; /* to whoever asks */
    int file;
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bare_exchange: %s: %s\n", what, zmq_strerror(errno));
    exit(3);
}

static void need(bool ok, const char *what)
{
    if (!ok)
        die(what);
}

/* --- parts of the exchange ------------------------------------------------------------------ */

static void *open_socket(void *context)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);

    need(socket != NULL, "socket");
    return socket;
}

static void send_record(void *socket, const struct record *r)
{
    need(zmq_send(socket, r, sizeof *r, 0) == sizeof *r, "send");
}

static void receive_record(void *socket, struct record *ret)
{
    need(zmq_recv(socket, ret, sizeof *ret, 0) == sizeof *ret, "receive");
}

static void save(int file, const struct record *r)
{
    need(write(file, r, sizeof *r) == sizeof *r, "write");
    need(fdatasync(file) == 0, "fdatasync");
}

static _Noreturn void follow(const struct replica *self)
{
    struct record r;

    for (;;) {
        receive_record(self->socket, &r);
        save(self->file, &r);
        send_record(self->socket, &r);
    }
}

/* A DEALER deals what it sends to its peers in turn, and takes from whoever has something. */
static _Noreturn void lead(const struct replica *self, char followers[FOLLOWERS][ENDPOINT_MAX])
{
    void *dealer = open_socket(self->context);
    struct record asked;
    struct record saved;

    for (int i = 0; i < FOLLOWERS; i++)
        need(zmq_connect(dealer, followers[i]) == 0, "connect");
    for (;;) {
        receive_record(self->socket, &asked);
        for (int i = 0; i < FOLLOWERS; i++)
            send_record(dealer, &asked);
        save(self->file, &asked);
        do
            receive_record(dealer, &saved);
        while (saved.number < asked.number); /* the slower follower's, of an earlier record */
        send_record(self->socket, &asked);
    }
}

/* --- processes ------------------------------------------------------------------------------ */

static void tell_endpoint(void *socket, int pipe_fd)
{
    char endpoint[ENDPOINT_MAX] = {0};
    size_t len = sizeof endpoint;

    need(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    need(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0, "endpoint");
    need(write(pipe_fd, endpoint, sizeof endpoint) == sizeof endpoint, "pipe");
}

static struct replica open_replica(const char *folder, int number, int pipe_fd)
{
    struct replica self = {.context = zmq_ctx_new()};
    char path[4096];

    need(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl");
    snprintf(path, sizeof path, "%s/bare-%d", folder, number);
    self.file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
    need(self.file >= 0, path);
    self.socket = open_socket(self.context);
    tell_endpoint(self.socket, pipe_fd);
    return self;
}

/* Replica 0 leads; it is started last, and told where the others are. */
static pid_t start_replica(const char *folder, int number, char followers[FOLLOWERS][ENDPOINT_MAX],
                           char ret[ENDPOINT_MAX])
{
    int pipe_fds[2];
    struct replica self;
    pid_t pid;

    need(pipe(pipe_fds) == 0, "pipe");
    pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        self = open_replica(folder, number, pipe_fds[1]);
        if (number == 0)
            lead(&self, followers);
        follow(&self);
    }
    close(pipe_fds[1]);
    need(read(pipe_fds[0], ret, ENDPOINT_MAX) == ENDPOINT_MAX, "a replica did not start");
    close(pipe_fds[0]);
    return pid;
}

/* --- measuring ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static double quantile_ms(const int64_t *sorted, size_t n, double share)
{
    return (double)sorted[(size_t)(share * (double)(n - 1))] / (double)NS_PER_MS;
}

static int64_t exchange(void *leader, uint64_t number)
{
    struct record r = {.number = number};
    int64_t began_ns = clock_monotonic_ns();

    send_record(leader, &r);
    receive_record(leader, &r);
    return clock_monotonic_ns() - began_ns;
}

static void measure(void *leader, double seconds)
{
    int64_t *samples = malloc(SAMPLES_MAX * sizeof *samples);
    int64_t length_ns = (int64_t)(seconds * (double)NS_PER_S);
    uint64_t number = 0;
    int64_t began_ns;
    int64_t took_ns = 0;
    size_t n = 0;

    need(samples != NULL, "samples");
    while (number < WARM_UP)
        exchange(leader, ++number);
    began_ns = clock_monotonic_ns();
    while (n < SAMPLES_MAX && took_ns < length_ns) {
        samples[n++] = exchange(leader, ++number);
        took_ns = clock_monotonic_ns() - began_ns;
    }
    qsort(samples, n, sizeof *samples, compare);
    printf("%.0f exchanges/s, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n",
           (double)n * (double)NS_PER_S / (double)took_ns, quantile_ms(samples, n, 0.5),
           quantile_ms(samples, n, 0.99), quantile_ms(samples, n, 0.999));
    free(samples);
}

int main(int argc, char **argv)
{
    char followers[FOLLOWERS][ENDPOINT_MAX];
    char endpoint[ENDPOINT_MAX];
    pid_t pids[1 + FOLLOWERS];
    double seconds = argc == 3 ? strtod(argv[2], NULL) : 5;
    void *leader;

    if (argc < 2 || argc > 3 || !(seconds > 0)) {
        fprintf(stderr, "usage: bare_exchange FOLDER [SECONDS]\n");
        return 64;
    }
    for (int i = 0; i < FOLLOWERS; i++)
        pids[1 + i] = start_replica(argv[1], 1 + i, NULL, followers[i]);
    pids[0] = start_replica(argv[1], 0, followers, endpoint);
    leader = open_socket(zmq_ctx_new());
    need(zmq_connect(leader, endpoint) == 0, "connect");
    measure(leader, seconds);
    for (int i = 0; i < 1 + FOLLOWERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    return 0;
}
