#include "base/clock.h"
#include "workloads/drive.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

/* A fleet over real links, with a server in a thread that says yes to everything. A plain
 * program, since a thread runs beside it; only the main thread judges. */

enum { CLERKS = 200, OPERATIONS = 5000 };

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct server {
    void *router;
    uint64_t cluster;
    atomic_bool stop;
};

static void answer(struct server *s)
{
    char id[256];
    uint8_t in[4096];
    struct wire_request m;
    struct wire_reply reply = {.node = 1, .number = 1};
    struct buf out = {0};
    int id_len = zmq_recv(s->router, id, sizeof id, ZMQ_DONTWAIT);
    int len = id_len < 0 ? -1 : zmq_recv(s->router, in, sizeof in, 0);

    if (len < 0 || len > (int)sizeof in ||
        wire_decode_request(s->cluster, slice_of(in, (size_t)len), &m, NULL) < 0)
        return;
    reply.request = m.request;
    if (wire_encode_reply(s->cluster, &reply, &out) == 0) {
        zmq_send(s->router, id, (size_t)id_len, ZMQ_SNDMORE);
        zmq_send(s->router, out.data, out.len, 0);
    }
    buf_free(&out);
}

static void *serve(void *context)
{
    struct server *s = context;
    zmq_pollitem_t item = {.socket = s->router, .events = ZMQ_POLLIN};

    while (!s->stop) {
        if (zmq_poll(&item, 1, 10) > 0)
            answer(s);
    }
    return NULL;
}

static void ignore_op(void *context, int64_t now_ns, uint32_t process, const struct op *op)
{
    (void)context;
    (void)now_ns;
    (void)process;
    (void)op;
}

static void ignore_ask(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                       uint64_t node)
{
    (void)node;
    ignore_op(context, now_ns, process, op);
}

static void ignore_end(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                       const struct clerk_end *end)
{
    (void)end;
    ignore_op(context, now_ns, process, op);
}

static const struct fleet_observer observer = {
    .invoked = ignore_op, .asked = ignore_ask, .completed = ignore_end};

static struct fleet *make_fleet(struct workload *workload, uint64_t ops_max)
{
    static const uint64_t nodes[] = {1};
    struct fleet_options o = {.workload = workload,
                              .clerks = CLERKS,
                              .sites = 1,
                              .ops_max = ops_max,
                              .seed = 1,
                              .clerk = {.nodes = nodes,
                                        .n_nodes = 1,
                                        .attempt_timeout_ns = 60 * NS_PER_S,
                                        .op_timeout_ns = 120 * NS_PER_S,
                                        .backoff_ns = NS_PER_MS}};
    struct fleet *f;

    EXPECT(fleet_create(&o, &observer, &f, NULL) == 0);
    return f;
}

static void works_off_its_operations(struct workload *workload, struct links *links)
{
    struct fleet *f = make_fleet(workload, OPERATIONS);
    struct fleet_totals t;

    EXPECT(drive_fleet(f, links, clock_monotonic_ns(), 100 * NS_PER_S, NULL, 0, NULL, NULL) == 0);
    fleet_totals(f, &t);
    EXPECT(t.invoked == OPERATIONS && t.ok == OPERATIONS && fleet_open(f) == 0);
    fleet_destroy(f);
}

static void returns_when_a_descriptor_can_be_read(struct workload *workload, struct links *links)
{
    struct fleet *f = make_fleet(workload, 0);
    struct fleet_totals t;
    bool readable[1];
    int fds[2];

    EXPECT(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
    EXPECT(drive_fleet(f, links, clock_monotonic_ns(), 100 * NS_PER_S, fds, 1, readable, NULL) ==
           1);
    EXPECT(readable[0]);
    fleet_stop(f);
    EXPECT(drive_fleet(f, links, clock_monotonic_ns(), 100 * NS_PER_S, NULL, 0, NULL, NULL) == 0);
    fleet_totals(f, &t);
    EXPECT(fleet_open(f) == 0 && t.ok == t.invoked);
    fleet_destroy(f);
    close(fds[0]);
    close(fds[1]);
}

static void returns_at_its_deadline(struct workload *workload, struct links *links)
{
    struct fleet *f = make_fleet(workload, 0);
    int64_t start = clock_monotonic_ns();

    EXPECT(drive_fleet(f, links, start, 50 * NS_PER_MS, NULL, 0, NULL, NULL) == 0);
    EXPECT(clock_monotonic_ns() - start >= 50 * NS_PER_MS);
    fleet_abandon(f, clock_monotonic_ns() - start);
    EXPECT(fleet_open(f) == 0);
    fleet_destroy(f);
}

static void bind_router(void *context, struct server *s, struct cluster *cluster)
{
    char endpoint[CLUSTER_ADDRESS_MAX];
    size_t len = sizeof endpoint;
    int linger = 0;

    s->router = zmq_socket(context, ZMQ_ROUTER);
    zmq_setsockopt(s->router, ZMQ_LINGER, &linger, sizeof linger);
    EXPECT(zmq_bind(s->router, "tcp://127.0.0.1:*") == 0);
    EXPECT(zmq_getsockopt(s->router, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0);
    snprintf(cluster->nodes[0].client, CLUSTER_ADDRESS_MAX, "%s", endpoint + strlen("tcp://"));
    s->cluster = cluster->key;
}

int main(void)
{
    struct workload_options o = {
        .name = "kv", .seed = 1, .clerks = CLERKS, .keys = 5, .read_percent = 50, .value_range = 5};
    void *context = zmq_ctx_new();
    struct server server = {0};
    struct workload *workload;
    struct cluster *cluster;
    struct links *links;
    pthread_t thread;

    EXPECT(cluster_new("drive", 1, 0, &cluster, NULL) == 0);
    cluster->nodes[0].id = 1;
    bind_router(context, &server, cluster);
    EXPECT(links_create(context, cluster, &links, NULL) == 0);
    EXPECT(workload_create(&o, &workload, NULL) == 0);
    EXPECT(pthread_create(&thread, NULL, serve, &server) == 0);

    works_off_its_operations(workload, links);
    returns_when_a_descriptor_can_be_read(workload, links);
    returns_at_its_deadline(workload, links);

    server.stop = true;
    pthread_join(thread, NULL);
    workload_destroy(workload);
    links_destroy(links);
    zmq_close(server.router);
    zmq_ctx_term(context);
    cluster_free(&cluster);
    return 0;
}
