#include "base/clock.h"
#include "node/main.h"
#include "node/raft/raft.h"
#include "wire/wire.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

/* Nodes as real processes, with the store in memory. */
enum { NODES_MAX = 3, PATIENCE_MS = 30000, ELECTION_MS = 1000, GREEDY_BURST = 50 };

static struct cluster *cluster;
static enum read_mode read_mode = READ_INDEX;
static pid_t processes[NODES_MAX];
static size_t n_nodes;
static void *context;
static void *clerks[NODES_MAX]; /* DEALER each */
static struct buf encoded;
static zmq_msg_t received;

/* --- processes ------------------------------------------------------------------------------ */

/* Binds to any free port of this machine; *ret_fd holds it. */
static uint16_t take_port(int *ret_fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *ret_fd = fd;
    return ntohs(a.sin_port);
}

static void make_cluster(size_t n)
{
    int held[2 * NODES_MAX];

    n_nodes = n;
    cr_assert_eq(cluster_new("process-test", n, 0, &cluster, NULL), 0);
    for (size_t i = 0; i < n; i++) {
        struct cluster_node *node = &cluster->nodes[i];

        node->id = i + 1;
        snprintf(node->peer, sizeof node->peer, "127.0.0.1:%u", take_port(&held[2 * i]));
        snprintf(node->client, sizeof node->client, "127.0.0.1:%u", take_port(&held[2 * i + 1]));
    }
    for (size_t i = 0; i < 2 * n; i++)
        close(held[i]);
}

static struct node_options options_of(uint64_t id)
{
    return (struct node_options){.cluster = cluster,
                                 .id = id,
                                 .store = NODE_STORE_MEMORY,
                                 .read_mode = read_mode,
                                 .pre_vote = true,
                                 .check_quorum = true,
                                 .tick_ms = 10,
                                 .election_ms = ELECTION_MS,
                                 .heartbeat_ms = 100,
                                 .seed = 1,
                                 .sync = true};
}

static pid_t start_node(uint64_t id)
{
    pid_t pid = fork();
    struct err e = {0};
    struct node_options o;

    cr_assert_geq(pid, 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    o = options_of(id);
    if (node_main(&o, NULL, NULL, &e) == 0)
        _exit(0);
    fprintf(stderr, "node %ju: %s\n", (uintmax_t)id, e.text);
    _exit(1);
}

static void start(size_t n)
{
    int linger = 0, patience = PATIENCE_MS, no_limit = 0;

    make_cluster(n);
    for (size_t i = 0; i < n; i++)
        processes[i] = start_node(i + 1);
    zmq_msg_init(&received);
    context = zmq_ctx_new();
    for (size_t i = 0; i < n; i++) {
        char endpoint[CLUSTER_ADDRESS_MAX + 8];

        snprintf(endpoint, sizeof endpoint, "tcp://%s", cluster->nodes[i].client);
        clerks[i] = zmq_socket(context, ZMQ_DEALER);
        zmq_setsockopt(clerks[i], ZMQ_LINGER, &linger, sizeof linger);
        zmq_setsockopt(clerks[i], ZMQ_RCVTIMEO, &patience, sizeof patience);
        zmq_setsockopt(clerks[i], ZMQ_SNDHWM, &no_limit, sizeof no_limit);
        zmq_setsockopt(clerks[i], ZMQ_RCVHWM, &no_limit, sizeof no_limit);
        cr_assert_eq(zmq_connect(clerks[i], endpoint), 0);
    }
}

/* SIGTERM is an orderly end. */
static void stop(void)
{
    for (size_t i = 0; i < n_nodes; i++) {
        int status = -1;

        kill(processes[i], SIGTERM);
        cr_assert_eq(waitpid(processes[i], &status, 0), processes[i]);
        cr_expect_eq(status, 0, "node %zu ended with %x", i + 1, (unsigned)status);
        zmq_close(clerks[i]);
    }
    zmq_msg_close(&received);
    zmq_ctx_term(context);
    buf_free(&encoded);
    cluster_free(&cluster);
}

/* --- a clerk -------------------------------------------------------------------------------- */

static void ask(size_t node, const struct wire_request *m)
{
    buf_clear(&encoded);
    cr_assert_eq(wire_encode_request(cluster->key, m, &encoded), 0);
    cr_assert_geq(zmq_send(clerks[node], encoded.data, encoded.len, 0), 0);
}

static struct wire_reply next_reply(size_t node)
{
    struct wire_reply reply;
    struct slice bytes;

    cr_assert_geq(zmq_msg_recv(&received, clerks[node], 0), 0, "no answer");
    bytes = slice_of(zmq_msg_data(&received), zmq_msg_size(&received));
    cr_assert_eq(wire_decode_reply(cluster->key, bytes, &reply, NULL), 0);
    return reply;
}

static struct wire_node_status status_of(size_t node)
{
    struct wire_request m = {.request = 1, .kind = WIRE_REQUEST_STATUS};

    ask(node, &m);
    return next_reply(node).node_status;
}

static size_t find_leader(void)
{
    for (int tries = 0; tries < PATIENCE_MS / 10; tries++) {
        for (size_t i = 0; i < n_nodes; i++) {
            if (status_of(i).role == RAFT_LEADER)
                return i;
        }
        usleep(10000);
    }
    cr_assert_fail("no leader");
    return 0;
}

static uint64_t open_session(size_t leader)
{
    struct wire_request m = {.kind = WIRE_REQUEST_COMMAND, .command.op.kind = OP_REGISTER};
    struct wire_reply reply;

    ask(leader, &m);
    reply = next_reply(leader);
    cr_assert_eq(reply.status, STATUS_OK);
    return reply.number;
}

static struct wire_request put_request(uint64_t session, uint64_t id)
{
    return (struct wire_request){
        .request = id,
        .kind = WIRE_REQUEST_COMMAND,
        .command = {.session = session,
                    .id = id,
                    .op = {.kind = OP_PUT, .key = slice_str("k"), .value = slice_str("v")}},
    };
}

/* --- claims --------------------------------------------------------------------------------- */

Test(server_process, three_nodes_answer_and_end_in_order)
{
    struct wire_request m;
    struct wire_reply reply;
    size_t leader;

    start(3);
    leader = find_leader();
    m = put_request(open_session(leader), 1);
    ask(leader, &m);
    cr_assert_eq(next_reply(leader).status, STATUS_OK);
    m = (struct wire_request){.request = 2, .command.op = {.kind = OP_GET, .key = slice_str("k")}};
    ask(leader, &m);
    reply = next_reply(leader);
    cr_assert_eq(reply.status, STATUS_OK);
    cr_assert(slice_equal(reply.value, slice_str("v")));
    cr_assert_eq((pid_t)status_of(leader).pid, processes[leader]);
    stop();
}

Test(server_process, an_address_in_use_is_said)
{
    struct node_options o;
    struct err e = {0};
    int fd;

    make_cluster(1);
    snprintf(cluster->nodes[0].client, sizeof cluster->nodes[0].client, "127.0.0.1:%u",
             take_port(&fd));
    cr_assert_eq(listen(fd, 1), 0);
    o = options_of(1);
    cr_assert_eq(node_main(&o, NULL, NULL, &e), -E_EXISTS);
    cr_assert_not_null(strstr(e.text, cluster->nodes[0].client));
    close(fd);
    cluster_free(&cluster);
}

/* Not a message, half of one, one of another cluster, two parts, an empty one. */
static size_t send_garbage(void *socket, const struct buf *whole, const struct buf *foreign)
{
    cr_assert_geq(zmq_send(socket, "garbage", 7, 0), 0);
    cr_assert_geq(zmq_send(socket, whole->data, whole->len / 2, 0), 0);
    cr_assert_geq(zmq_send(socket, foreign->data, foreign->len, 0), 0);
    cr_assert_geq(zmq_send(socket, whole->data, whole->len, ZMQ_SNDMORE), 0);
    cr_assert_geq(zmq_send(socket, whole->data, whole->len, 0), 0);
    cr_assert_geq(zmq_send(socket, "", 0, 0), 0);
    return 5;
}

Test(server_process, garbage_on_any_socket_is_dropped_and_counted)
{
    struct raft_message heartbeat = {.type = RAFT_HEARTBEAT, .from = 2, .to = 1, .term = 9};
    struct buf whole = {0}, foreign = {0};
    struct wire_request m = put_request(1, 1);
    char endpoint[CLUSTER_ADDRESS_MAX + 8];
    struct wire_node_status status;
    size_t from_clerks, from_peers;
    void *peer;

    start(1);
    find_leader();
    wire_encode_request(cluster->key, &m, &whole);
    wire_encode_request(cluster->key + 1, &m, &foreign);
    from_clerks = send_garbage(clerks[0], &whole, &foreign);

    buf_clear(&whole);
    buf_clear(&foreign);
    wire_encode_peer(cluster->key, &heartbeat, &whole);
    wire_encode_peer(cluster->key + 1, &heartbeat, &foreign);
    snprintf(endpoint, sizeof endpoint, "tcp://%s", cluster->nodes[0].peer);
    peer = zmq_socket(context, ZMQ_PUSH);
    cr_assert_eq(zmq_connect(peer, endpoint), 0);
    from_peers = send_garbage(peer, &whole, &foreign);
    cr_assert_geq(zmq_send(peer, whole.data, whole.len, 0), 0); /* well formed, from a stranger */

    do {
        usleep(10000);
        status = status_of(0);
    } while (status.dropped_client < from_clerks || status.dropped_peer < from_peers + 1);
    cr_assert_eq(status.dropped_client, from_clerks);
    cr_assert_eq(status.dropped_peer, from_peers + 1);
    cr_assert_eq(status.role, RAFT_LEADER);
    zmq_close(peer);
    buf_free(&whole);
    buf_free(&foreign);
    stop();
}

static void *greedy_clerk(size_t node)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    char endpoint[CLUSTER_ADDRESS_MAX + 8];
    int linger = 0, one = 1;

    snprintf(endpoint, sizeof endpoint, "tcp://%s", cluster->nodes[node].client);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &one, sizeof one);
    cr_assert_eq(zmq_connect(socket, endpoint), 0);
    return socket;
}

/* Local reads of a large value, which no other node hears of: only heartbeats keep the leader in
 * its place, for much longer than it takes an election to begin. */
Test(server_process, a_clerk_that_asks_and_never_listens_holds_up_nobody)
{
    static uint8_t large[1 << 14];
    struct wire_request m;
    uint64_t term;
    size_t leader;
    void *greedy;
    int64_t end;

    read_mode = READ_LOCAL;
    start(3);
    leader = find_leader();
    m = put_request(open_session(leader), 1);
    m.command.op.value = slice_of(large, sizeof large);
    ask(leader, &m);
    cr_assert_eq(next_reply(leader).status, STATUS_OK);
    term = status_of(leader).term;

    greedy = greedy_clerk(leader);
    m.command.op = (struct op){.kind = OP_GET, .key = slice_str("k")};
    buf_clear(&encoded);
    cr_assert_eq(wire_encode_request(cluster->key, &m, &encoded), 0);
    end = clock_monotonic_ns() + 4 * ELECTION_MS * NS_PER_MS;
    while (clock_monotonic_ns() < end) {
        for (int i = 0; i < GREEDY_BURST; i++)
            zmq_send(greedy, encoded.data, encoded.len, ZMQ_DONTWAIT);
        usleep(1000);
    }
    cr_assert_gt(status_of(leader).dropped_unsent, GREEDY_BURST);
    for (size_t i = 0; i < n_nodes; i++)
        cr_assert_eq(status_of(i).term, term);
    cr_assert_eq(status_of(leader).role, RAFT_LEADER);
    zmq_close(greedy);
    stop();
}
