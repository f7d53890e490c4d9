#include "base/clock.h"
#include "base/rng.h"
#include "clerk/link.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

/* Links against real ROUTER sockets on the loopback, in one thread. Nothing is decided by time:
 * each wait is for a condition, with a deadline that only a failure meets. */

enum { NODES = 3, SITES = 2, PATIENCE_MS = 20000 };

static void *context;
static void *routers[NODES];
static struct cluster *cluster;
static struct links *links;

static void listen_at(size_t node, const char *endpoint)
{
    char bound[CLUSTER_ADDRESS_MAX];
    size_t len = sizeof bound;
    int linger = 0;
    int64_t deadline = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;

    routers[node] = zmq_socket(context, ZMQ_ROUTER);
    zmq_setsockopt(routers[node], ZMQ_LINGER, &linger, sizeof linger);
    while (zmq_bind(routers[node], endpoint) < 0) { /* a socket that was there closes later */
        cr_assert(errno == EADDRINUSE && clock_monotonic_ns() < deadline, "%s",
                  zmq_strerror(errno));
        usleep(1000);
    }
    cr_assert(zmq_getsockopt(routers[node], ZMQ_LAST_ENDPOINT, bound, &len) == 0);
    snprintf(cluster->nodes[node].client, CLUSTER_ADDRESS_MAX, "%s", bound + strlen("tcp://"));
}

static void open_links(void)
{
    struct err e = {0};

    context = zmq_ctx_new();
    cr_assert(cluster_new("test", NODES, SITES, &cluster, &e) == 0);
    for (size_t i = 0; i < NODES; i++) {
        cluster->nodes[i].id = 10 + i;
        listen_at(i, "tcp://127.0.0.1:*");
    }
    cr_assert(links_create(context, cluster, &links, &e) == 0, "%s", e.text);
}

static void close_links(void)
{
    links_destroy(links);
    for (size_t i = 0; i < NODES; i++)
        zmq_close(routers[i]);
    zmq_ctx_term(context);
    cluster_free(&cluster);
}

TestSuite(links, .init = open_links, .fini = close_links, .timeout = 60);

static int64_t patience(void)
{
    return clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
}

static struct wire_request request_of(uint64_t number)
{
    struct wire_request m = {.request = number, .kind = WIRE_REQUEST_COMMAND};

    m.command.op = (struct op){.kind = OP_GET, .key = slice_str("x")};
    return m;
}

/* Until there is a connection a send says no. */
static void send_patiently(size_t site, size_t node, uint64_t number)
{
    struct wire_request m = request_of(number);
    int64_t deadline = patience();

    while (!links_send(links, site, 10 + node, &m)) {
        cr_assert(clock_monotonic_ns() < deadline, "no connection to node %zu", node);
        cr_assert(links_wait(links, 1, NULL, 0, NULL, NULL) >= 0);
    }
}

/* Answers one request with `frames` times the given bytes, or with a reply where there are
 * none. Returns the request's number. */
static uint64_t serve(size_t node, struct slice bytes, int frames)
{
    char id[256];
    uint8_t in[4096];
    struct buf out = {0};
    struct wire_request m;
    zmq_pollitem_t item = {.socket = routers[node], .events = ZMQ_POLLIN};
    int id_len;
    int len;

    cr_assert(zmq_poll(&item, 1, PATIENCE_MS) == 1, "no request has come to node %zu", node);
    id_len = zmq_recv(routers[node], id, sizeof id, 0);
    len = zmq_recv(routers[node], in, sizeof in, 0);
    cr_assert(id_len > 0 && len > 0 && len <= (int)sizeof in);
    cr_assert(wire_decode_request(cluster->key, slice_of(in, (size_t)len), &m, NULL) == 0);
    if (bytes.len == 0) {
        struct wire_reply reply = {.request = m.request, .node = 10 + node};

        cr_assert(wire_encode_reply(cluster->key, &reply, &out) == 0);
        bytes = buf_slice(&out);
    }
    zmq_send(routers[node], id, (size_t)id_len, ZMQ_SNDMORE);
    for (int i = 0; i < frames; i++)
        zmq_send(routers[node], bytes.data, bytes.len, i + 1 < frames ? ZMQ_SNDMORE : 0);
    buf_free(&out);
    return m.request;
}

static void serve_well(size_t node)
{
    serve(node, (struct slice){0}, 1);
}

/* Waits for the next reply. */
static struct wire_reply receive(size_t *ret_site, uint64_t *ret_node)
{
    int64_t deadline = patience();
    struct wire_reply reply;

    while (!links_next_reply(links, ret_site, ret_node, &reply)) {
        cr_assert(clock_monotonic_ns() < deadline, "no reply has come");
        cr_assert(links_wait(links, 1000, NULL, 0, NULL, NULL) >= 0);
    }
    return reply;
}

Test(links, each_site_reaches_each_node)
{
    cr_assert(links_sites(links) == SITES);
    for (size_t site = 0; site < SITES; site++) {
        for (size_t node = 0; node < NODES; node++) {
            uint64_t number = site * 100 + node;
            struct wire_reply reply;
            size_t from_site;
            uint64_t from_node;

            send_patiently(site, node, number);
            serve_well(node);
            reply = receive(&from_site, &from_node);
            cr_assert(reply.request == number && from_site == site && from_node == 10 + node);
        }
    }
}

/* An event of a ZMQ_FD that is missed would leave replies lying about. */
Test(links, no_reply_is_left_behind_whatever_the_order_of_calls)
{
    enum { ROUNDS = 400, BURST_MAX = 7 };
    struct rng r = rng_make(1, 0);
    uint64_t sent = 0;
    uint64_t received = 0;

    for (int round = 0; round < ROUNDS; round++) {
        uint64_t burst = rng_between(&r, 1, BURST_MAX);
        uint64_t node = rng_below(&r, NODES);
        uint64_t site = rng_below(&r, SITES);
        size_t from_site;
        uint64_t from_node;

        for (uint64_t i = 0; i < burst; i++)
            send_patiently(site, node, ++sent);
        if (rng_chance(&r, 500000))
            cr_assert(links_wait(links, 0, NULL, 0, NULL, NULL) >= 0);
        for (uint64_t i = 0; i < burst; i++)
            serve_well(node);
        while (received < sent && rng_chance(&r, 900000)) {
            receive(&from_site, &from_node);
            received++;
        }
    }
    for (; received < sent; received++) {
        size_t from_site;
        uint64_t from_node;

        receive(&from_site, &from_node);
    }
    cr_assert(links_wait(links, 0, NULL, 0, NULL, NULL) >= 0);
}

/* Two replies come together; while the second is in, a wait without end must not sleep. */
Test(links, nobody_sleeps_on_a_reply_that_is_in)
{
    for (uint64_t i = 1; i <= 50; i++) {
        struct wire_reply reply;
        size_t site;
        uint64_t node;

        send_patiently(0, 0, 2 * i);
        send_patiently(0, 0, 2 * i + 1);
        serve_well(0);
        serve_well(0);
        receive(&site, &node);
        do
            cr_assert(links_wait(links, -1, NULL, 0, NULL, NULL) == 1);
        while (!links_next_reply(links, &site, &node, &reply));
        cr_assert(reply.request == 2 * i + 1);
    }
}

Test(links, what_is_no_reply_is_dropped_and_counted)
{
    static const uint8_t garbage[] = {0xdd, 0xff, 0xff, 0xff, 0xff};
    struct wire_reply reply;
    size_t site;
    uint64_t node;

    send_patiently(0, 0, 1);
    serve(0, slice_of(garbage, sizeof garbage), 1);
    send_patiently(0, 0, 2);
    serve(0, (struct slice){0}, 2); /* a second frame */
    send_patiently(0, 0, 3);
    serve_well(0);
    reply = receive(&site, &node);
    cr_assert(reply.request == 3);
    cr_assert(links_dropped(links) == 2, "%d", (int)links_dropped(links));
}

Test(links, a_send_without_a_connection_says_so_and_recovers)
{
    struct wire_request m = request_of(1);
    char endpoint[CLUSTER_ADDRESS_MAX + 8];
    int64_t deadline = patience();
    struct wire_reply reply;
    size_t site;
    uint64_t node;

    send_patiently(0, 0, 1);
    serve_well(0);
    snprintf(endpoint, sizeof endpoint, "tcp://%s", cluster->nodes[0].client);
    zmq_close(routers[0]);
    while (links_send(links, 0, 10, &m)) {
        cr_assert(clock_monotonic_ns() < deadline, "the loss is never noticed");
        links_wait(links, 1, NULL, 0, NULL, NULL);
    }
    listen_at(0, endpoint);
    send_patiently(0, 0, 7);
    serve_well(0);
    do
        reply = receive(&site, &node);
    while (reply.request != 7);
    cr_assert(!links_send(links, 0, 99, &m), "there is no node 99");
    cr_assert(!links_send(links, SITES, 10, &m), "there is no such site");
}

Test(links, other_descriptors_wake_the_wait)
{
    bool readable[2];
    int quiet[2];
    int loud[2];
    int fds[2];

    cr_assert(pipe(quiet) == 0 && pipe(loud) == 0);
    fds[0] = quiet[0];
    fds[1] = loud[0];
    cr_assert(write(loud[1], "x", 1) == 1);
    cr_assert(links_wait(links, -1, fds, 2, readable, NULL) == 1);
    cr_assert(!readable[0] && readable[1]);
}

Test(links, a_wait_ends_with_its_time)
{
    int64_t deadline = patience();

    send_patiently(0, 0, 1);
    while (links_wait(links, 1, NULL, 0, NULL, NULL) != 0) {
        size_t site;
        uint64_t node;
        struct wire_reply reply;

        cr_assert(!links_next_reply(links, &site, &node, &reply));
        cr_assert(clock_monotonic_ns() < deadline, "wakes up for nothing without end");
    }
}
