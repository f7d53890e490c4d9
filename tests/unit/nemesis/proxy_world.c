#include "proxy_world.h"

#include "base/clock.h"
#include "base/rng.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the cluster ---------------------------------------------------------------------------- */

enum { ADDRESSES = 2 * NODES + NODES * (NODES - 1) + NODES };

/* Takes a port for as long as this process lives, below those that the kernel gives to outgoing
 * connections (32768 and up). Without SO_REUSEADDR no two such searches find the same port; with
 * it set afterwards libzmq, which sets it too, may listen there beside a socket that does not. */
static int take_port(struct rng *r)
{
    const int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    REQUIRE(fd >= 0);
    for (;;) {
        int port = (int)rng_between(r, 10000, 32000);
        const struct sockaddr_in a = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                      .sin_port = htons((uint16_t)port)};

        if (bind(fd, (const struct sockaddr *)&a, sizeof a) == 0) {
            REQUIRE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
            return port;
        }
        REQUIRE(errno == EADDRINUSE);
    }
}

static void take_addresses(char (*ret)[CLUSTER_ADDRESS_MAX])
{
    struct rng r = rng_make((uint64_t)clock_monotonic_ns(), (uint64_t)getpid());

    for (int i = 0; i < ADDRESSES; i++)
        snprintf(ret[i], CLUSTER_ADDRESS_MAX, "127.0.0.1:%d", take_port(&r));
}

static void set_dial(struct cluster_dial *d, uint64_t id, const char *address)
{
    d->id = id;
    snprintf(d->address, sizeof d->address, "%s", address);
}

struct cluster *world_cluster(void)
{
    char addresses[ADDRESSES][CLUSTER_ADDRESS_MAX];
    struct cluster *c = NULL;
    size_t at = 0;

    take_addresses(addresses);
    REQUIRE(cluster_new("proxied", NODES, 1, &c, NULL) == 0);
    for (uint64_t i = 0; i < NODES; i++) {
        struct cluster_node *n = &c->nodes[i];

        n->id = i + 1;
        n->dial = calloc(NODES - 1, sizeof *n->dial);
        snprintf(n->peer, sizeof n->peer, "%s", addresses[at++]);
        snprintf(n->client, sizeof n->client, "%s", addresses[at++]);
        for (uint64_t to = 1; to <= NODES; to++)
            if (to != n->id)
                set_dial(&n->dial[n->n_dial++], to, addresses[at++]);
    }
    c->sites[0].id = 1;
    c->sites[0].dial = calloc(NODES, sizeof *c->sites[0].dial);
    for (uint64_t to = 1; to <= NODES; to++)
        set_dial(&c->sites[0].dial[c->sites[0].n_dial++], to, addresses[at++]);
    return c;
}

/* --- the nemesis process -------------------------------------------------------------------- */

/* Forks before this process has threads of ZeroMQ; the child learns the address of the control
 * socket later. */
pid_t world_fork(const struct cluster *cluster, int *ret_pipe)
{
    pid_t parent = getpid();
    int ends[2];
    pid_t pid;

    REQUIRE(pipe(ends) == 0);
    fflush(NULL);
    pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        char control[64] = "";
        struct nemesis_options o = {.cluster = cluster, .control = control, .seed = 1};
        struct err e = {0};
        int rc;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(9);
        close(ends[1]);
        if (read(ends[0], control, sizeof control - 1) <= 0)
            _exit(8);
        rc = nemesis_main(&o, &e);
        if (rc < 0)
            fprintf(stderr, "nemesis: %s\n", e.text);
        _exit(-rc);
    }
    close(ends[0]);
    *ret_pipe = ends[1];
    return pid;
}

void world_tell(int pipe, const char *control_address)
{
    REQUIRE(write(pipe, control_address, strlen(control_address)) > 0);
    close(pipe);
}

int world_reap(pid_t pid)
{
    int64_t deadline_ns = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;
    int status;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        REQUIRE(clock_monotonic_ns() < deadline_ns);
        usleep(1000);
    }
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* --- the world ------------------------------------------------------------------------------ */

void *world_socket(struct world *w, int type, const char *address, bool bind)
{
    const int zero = 0;
    const int one = 1;
    char url[CLUSTER_ADDRESS_MAX + 8];
    void *s = zmq_socket(w->context, type);

    REQUIRE(s != NULL);
    zmq_setsockopt(s, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(s, ZMQ_IMMEDIATE, &one, sizeof one);
    zmq_setsockopt(s, ZMQ_SNDHWM, &zero, sizeof zero);
    zmq_setsockopt(s, ZMQ_RCVHWM, &zero, sizeof zero);
    snprintf(url, sizeof url, "tcp://%s", address);
    if (!bind) {
        REQUIRE(zmq_connect(s, url) == 0);
        return s;
    }
    for (int tries = 0; zmq_bind(s, url) != 0; tries++) {
        REQUIRE(tries < WAIT_MS);
        usleep(1000);
    }
    return s;
}

static void open_sockets(struct world *w)
{
    for (uint64_t to = 1; to <= NODES; to++) {
        const struct cluster_node *n = cluster_find_node(w->cluster, to);

        w->pull[to] = world_socket(w, ZMQ_PULL, n->peer, true);
        w->at_node[to] = world_socket(w, ZMQ_DEALER, n->client, true);
        w->dealer[to] = world_socket(
            w, ZMQ_DEALER, cluster_client_address(w->cluster, &w->cluster->sites[0], to), false);
        for (uint64_t from = 1; from <= NODES; from++)
            if (from != to)
                w->push[from][to] = world_socket(
                    w, ZMQ_PUSH,
                    cluster_peer_address(w->cluster, cluster_find_node(w->cluster, from), to),
                    false);
    }
}

/* Messages go lost while connections are made: says the same until it has come, then waits for a
 * mark that is all alone. */
static void warm_up(void *from, void *to)
{
    char text[64];
    int n = 0;

    do {
        snprintf(text, sizeof text, "warm %d", ++n);
        zmq_send(from, text, strlen(text), ZMQ_DONTWAIT);
    } while (!next_text(to, text, sizeof text, 20));
    send_text(from, "warmed");
    while (strcmp(text, "warmed") != 0)
        REQUIRE(next_text(to, text, sizeof text, WAIT_MS));
}

void world_open(struct world *w)
{
    const char *address;
    int pipe;

    *w = (struct world){.cluster = world_cluster()};
    w->nemesis = world_fork(w->cluster, &pipe);
    w->context = zmq_ctx_new();
    REQUIRE(nemesis_remote_create(w->context, &w->remote, &address, NULL) == 0);
    world_tell(pipe, address);
    open_sockets(w);
    for (uint64_t to = 1; to <= NODES; to++) {
        warm_up(w->dealer[to], w->at_node[to]);
        warm_up(w->at_node[to], w->dealer[to]);
        for (uint64_t from = 1; from <= NODES; from++)
            if (from != to)
                warm_up(w->push[from][to], w->pull[to]);
    }
}

void world_close(struct world *w)
{
    world_command(w, (struct wire_nemesis_command){.kind = WIRE_NEMESIS_QUIT});
    REQUIRE(world_reap(w->nemesis) == 0);
    nemesis_remote_destroy(w->remote);
    for (uint64_t to = 1; to <= NODES; to++) {
        zmq_close(w->pull[to]);
        zmq_close(w->dealer[to]);
        zmq_close(w->at_node[to]);
        for (uint64_t from = 1; from <= NODES; from++)
            if (from != to)
                zmq_close(w->push[from][to]);
    }
    zmq_ctx_term(w->context);
    cluster_free(&w->cluster);
}

/* --- commands ------------------------------------------------------------------------------- */

struct wire_nemesis_counters world_command(struct world *w, struct wire_nemesis_command m)
{
    struct wire_nemesis_reply reply;
    struct err e = {0};
    int rc = nemesis_remote_call(w->remote, &m, WAIT_MS, &reply, &e);

    if (rc < 0)
        fprintf(stderr, "command %d: %s\n", (int)m.kind, e.text);
    REQUIRE(rc == 0);
    return reply.counters;
}

struct wire_nemesis_counters world_counters(struct world *w)
{
    return world_command(w, (struct wire_nemesis_command){.kind = WIRE_NEMESIS_COUNTERS});
}

void world_rule(struct world *w, struct wire_end from, struct wire_end to,
                struct wire_link_rule rule)
{
    const struct wire_nemesis_link link = {.link = {from, to}, .rule = rule};

    world_command(
        w, (struct wire_nemesis_command){.kind = WIRE_NEMESIS_RULES, .links = &link, .n_links = 1});
}

void world_rule_nodes(struct world *w, uint64_t from, uint64_t to, struct wire_link_rule rule)
{
    world_rule(w, (struct wire_end){false, from}, (struct wire_end){false, to}, rule);
}

/* --- messages ------------------------------------------------------------------------------- */

void send_bytes(void *socket, const void *data, size_t len)
{
    REQUIRE(zmq_send(socket, data, len, 0) == (int)len);
}

void send_text(void *socket, const char *text)
{
    send_bytes(socket, text, strlen(text));
}

bool next_text(void *socket, char *text, size_t size, int wait_ms)
{
    int len;

    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    len = zmq_recv(socket, text, size - 1, 0);
    if (len < 0)
        return false;
    text[(size_t)len < size ? (size_t)len : size - 1] = '\0';
    return true;
}

void expect_text(void *socket, const char *expected)
{
    char text[256] = "(nothing)";

    next_text(socket, text, sizeof text, WAIT_MS);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "'%s' has come, not '%s'\n", text, expected);
    REQUIRE(strcmp(text, expected) == 0);
}
