#include "node/main.h"

#include "base/clock.h"
#include "node/server.h"
#include "node/sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* How much is taken from the sockets before the next pump. Peers come first, so that a heartbeat
 * waits for no more than one such batch of requests. */
enum { PEER_BATCH_MAX = 512, REQUEST_BATCH_MAX = 512 };

enum source {
    SOURCE_SIGNAL,
    SOURCE_TICK,
    SOURCE_STORE,
    SOURCE_PEERS,
    SOURCE_CLIENTS,
    SOURCE_COUNT
};

struct node {
    const struct node_options *o;
    const struct cluster_node *self;
    sigset_t old_signals;
    struct store *store;
    struct sockets *sockets;
    struct server *server;
    int signal_fd;
    int tick_fd;
    int epoll_fd;

    /* A socket of libzmq tells through its descriptor that something has changed, once, and any
     * call on the socket can swallow that. So each is read until it is empty whenever its
     * descriptor has told, and the clients' after every answer sent on it as well; nobody waits
     * while one may hold a message. Reading more often than that costs a leader several system
     * calls a round. */
    bool peers_unread;
    bool clients_unread;
};

/* --- effects of the server ------------------------------------------------------------------ */

static void send_peer(void *context, const struct raft_message *m)
{
    struct node *n = context;

    if (!sockets_send_peer(n->sockets, m))
        server_count_unsent(n->server);
}

static void send_reply(void *context, const struct server_client *client,
                       const struct wire_reply *m)
{
    struct node *n = context;
    struct wire_reply whole;

    if (m->kind == WIRE_REQUEST_STATUS) {
        whole = *m;
        whole.node_status.pid = (uint64_t)getpid();
        m = &whole;
    }
    n->clients_unread = true;
    if (!sockets_send_reply(n->sockets, client, m))
        server_count_unsent(n->server);
}

static void send_event(struct node *n, enum raft_role role, uint64_t term, uint64_t leader,
                       bool started)
{
    struct wire_node_event event = {
        .node = n->self->id,
        .role = role,
        .term = term,
        .leader = leader,
        .monotonic_ns = clock_monotonic_ns(),
        .started = started,
    };

    if (!sockets_send_event(n->sockets, &event))
        server_count_unsent(n->server);
}

static void send_role(void *context, enum raft_role role, uint64_t term, uint64_t leader)
{
    send_event(context, role, term, leader, false);
}

/* --- the loop ------------------------------------------------------------------------------- */

static void take_peers(struct node *n)
{
    struct raft_message m;

    for (int taken = 0; n->peers_unread && taken < PEER_BATCH_MAX; taken++) {
        int rc = sockets_next_peer(n->sockets, &m);

        if (rc == 0)
            n->peers_unread = false;
        else if (rc > 0)
            server_peer(n->server, &m);
        else
            server_count_garbage(n->server, true);
    }
}

static void take_requests(struct node *n)
{
    struct server_client client;
    struct wire_request m;

    for (int taken = 0; n->clients_unread && taken < REQUEST_BATCH_MAX; taken++) {
        int rc = sockets_next_request(n->sockets, &client, &m);

        if (rc == 0)
            n->clients_unread = false;
        else if (rc > 0)
            server_request(n->server, &client, &m);
        else
            server_count_garbage(n->server, false);
    }
}

/* Ticks that were missed are not made up for: a process that was stopped for a while should hear
 * its peers before it thinks of an election. */
static void take_tick(struct node *n)
{
    uint64_t expirations;

    if (read(n->tick_fd, &expirations, sizeof expirations) == sizeof expirations)
        server_tick(n->server);
}

/* Left pending, it would end the process as soon as the old mask is back. */
static void take_signal(struct node *n)
{
    struct signalfd_siginfo info;

    while (read(n->signal_fd, &info, sizeof info) == sizeof info)
        ;
}

static int wait_for_events(struct node *n, bool happened[SOURCE_COUNT], struct err *e)
{
    struct epoll_event events[SOURCE_COUNT];
    bool wait = !n->peers_unread && !n->clients_unread;
    int count = epoll_wait(n->epoll_fd, events, SOURCE_COUNT, wait ? -1 : 0);

    if (count < 0 && errno != EINTR)
        return err_sys(e, "waiting for events");
    for (int i = 0; i < count; i++)
        happened[events[i].data.u32] = true;
    n->peers_unread |= happened[SOURCE_PEERS];
    n->clients_unread |= happened[SOURCE_CLIENTS];
    return 0;
}

static int run(struct node *n, struct err *e)
{
    for (;;) {
        bool happened[SOURCE_COUNT] = {false};
        int rc = wait_for_events(n, happened, e);

        if (rc < 0)
            return rc;
        if (happened[SOURCE_SIGNAL]) {
            take_signal(n);
            return 0;
        }
        take_peers(n);
        if (happened[SOURCE_TICK])
            take_tick(n);
        take_requests(n);
        rc = server_pump(n->server, e);
        if (rc < 0)
            return rc;
    }
}

/* --- opening -------------------------------------------------------------------------------- */

/* Threads of the libraries inherit the mask, so it comes before any of them starts. */
static int open_signals(struct node *n, struct err *e)
{
    sigset_t ends;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &ends, &n->old_signals) != 0)
        return err_set(e, -E_IO, "blocking signals");
    n->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    return n->signal_fd < 0 ? err_sys(e, "signalfd") : 0;
}

/* Makes the folders above the data folder; the store makes the last one. */
static int make_parents(const char *path, struct err *e)
{
    char *copy = strdup(path);
    int rc = 0;

    if (copy == NULL)
        return err_set(e, -E_NOMEM, "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL && rc == 0;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            rc = err_sys(e, "data folder '%s'", copy);
        *slash = '/';
    }
    free(copy);
    return rc;
}

static int open_store(struct node *n, struct err *e)
{
    const struct cluster *cluster = n->o->cluster;
    const char *families[STORE_FAMILIES_MAX];
    struct store_options so = {
        .identity = {.cluster = cluster->key, .node = n->self->id},
        .families = families,
    };
    int rc;

    so.n_families = server_store_families((const char *const *)cluster->families,
                                          cluster->n_families, families);
    if (n->o->store == NODE_STORE_MEMORY)
        return store_memory_open(&so, &n->store, e);
    rc = make_parents(n->self->data, e);
    return rc < 0 ? rc : store_rocks_open(n->self->data, &so, &n->store, e);
}

static uint32_t ticks_of(uint32_t ms, uint32_t tick_ms)
{
    return (ms + tick_ms - 1) / tick_ms;
}

static int create_server(struct node *n, struct err *e)
{
    const struct node_options *o = n->o;
    uint64_t voters[CLUSTER_NODES_MAX];
    struct server_options so = {
        .id = o->id,
        .voters = voters,
        .n_voters = o->cluster->n_nodes,
        .election_ticks = ticks_of(o->election_ms, o->tick_ms),
        .heartbeat_ticks = ticks_of(o->heartbeat_ms, o->tick_ms),
        .seed = o->seed,
        .pre_vote = o->pre_vote,
        .check_quorum = o->check_quorum,
        .read_mode = o->read_mode,
        .families = (const char *const *)o->cluster->families,
        .n_families = o->cluster->n_families,
        .unsynced = !o->sync,
        .store = n->store,
        .sink = {.context = n, .peer = send_peer, .reply = send_reply, .role = send_role},
    };

    for (size_t i = 0; i < o->cluster->n_nodes; i++)
        voters[i] = o->cluster->nodes[i].id;
    return server_create(&so, &n->server, e);
}

static int open_ticks(struct node *n, struct err *e)
{
    struct timespec tick = {.tv_sec = n->o->tick_ms / 1000,
                            .tv_nsec = (long)(n->o->tick_ms % 1000 * NS_PER_MS)};
    struct itimerspec every = {.it_interval = tick, .it_value = tick};

    n->tick_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (n->tick_fd < 0 || timerfd_settime(n->tick_fd, 0, &every, NULL) < 0)
        return err_sys(e, "timerfd");
    return 0;
}

static int watch(struct node *n, int fd, enum source source, struct err *e)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

    if (fd < 0) /* the store in memory has none: it has its news at once */
        return 0;
    return epoll_ctl(n->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? err_sys(e, "epoll_ctl") : 0;
}

static int watch_all(struct node *n, struct err *e)
{
    int rc;

    n->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (n->epoll_fd < 0)
        return err_sys(e, "epoll_create1");
    rc = watch(n, n->signal_fd, SOURCE_SIGNAL, e);
    if (rc == 0)
        rc = watch(n, n->tick_fd, SOURCE_TICK, e);
    if (rc == 0)
        rc = watch(n, store_fd(n->store), SOURCE_STORE, e);
    if (rc == 0)
        rc = watch(n, sockets_peer_fd(n->sockets), SOURCE_PEERS, e);
    if (rc == 0)
        rc = watch(n, sockets_client_fd(n->sockets), SOURCE_CLIENTS, e);
    return rc;
}

static int open_node(struct node *n, struct err *e)
{
    int rc = open_signals(n, e);

    if (rc == 0)
        rc = open_store(n, e);
    if (rc == 0)
        rc = sockets_open(n->o->cluster, n->self, n->o->events, &n->sockets, e);
    if (rc == 0)
        rc = create_server(n, e);
    if (rc == 0)
        rc = open_ticks(n, e);
    return rc == 0 ? watch_all(n, e) : rc;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void close_node(struct node *n)
{
    close_fd(n->epoll_fd);
    close_fd(n->tick_fd);
    server_destroy(n->server);
    sockets_close(n->sockets);
    store_destroy(n->store);
    close_fd(n->signal_fd);
    pthread_sigmask(SIG_SETMASK, &n->old_signals, NULL);
}

static void announce(struct node *n, void (*started)(void *context), void *context)
{
    struct wire_node_status status;

    server_status(n->server, &status);
    send_event(n, (enum raft_role)status.role, status.term, status.leader, true);
    if (started != NULL)
        started(context);
}

int node_main(const struct node_options *o, void (*started)(void *context), void *context,
              struct err *e)
{
    struct node n = {.o = o,
                     .signal_fd = -1,
                     .tick_fd = -1,
                     .epoll_fd = -1,
                     .peers_unread = true,
                     .clients_unread = true};
    int rc;

    n.self = cluster_find_node(o->cluster, o->id);
    if (n.self == NULL)
        return err_set(e, -E_INVAL, "the cluster has no node %ju", (uintmax_t)o->id);
    if (o->tick_ms == 0)
        return err_set(e, -E_INVAL, "a tick takes at least 1 ms");
    pthread_sigmask(SIG_SETMASK, NULL, &n.old_signals);
    rc = open_node(&n, e);
    if (rc == 0) {
        announce(&n, started, context);
        rc = run(&n, e);
    }
    close_node(&n);
    return rc;
}
