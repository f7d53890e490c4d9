#include "nemesis/proxy.h"

#include "base/clock.h"
#include "nemesis/lane.h"
#include "nemesis/timers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum {
    /* Messages in a socket: as many as a link holds itself. Towards a stopped node they pile up to
     * this, then overflow. */
    SOCKET_QUEUE_MAX = 4096,
    READ_BATCH = 256,       /* messages from one socket before the others get their turn */
    RECONNECT_MS = 20,      /* a node that is back is found quickly, ... */
    RECONNECT_MS_MAX = 100, /* ... one that stays away costs little */
    REBIND_MS_MAX = 3000,
};

/* The two sides of a route: NEAR is bound where the one end dials, FAR is connected to the other.
 * Lane NEAR takes from NEAR and gives to FAR; lane FAR, of clerks only, the reverse. */
enum { NEAR, FAR, SIDES };

struct side {
    struct route *route;
    void *socket; /* NULL: could not be opened again */
    bool reads;
    bool ready; /* stands in the proxy's list */
};

struct route {
    struct proxy *proxy;
    struct wire_end from; /* a node or a site */
    uint64_t to;          /* a node */
    const char *bind;     /* host:port, of the cluster */
    const char *connect;
    struct side sides[SIDES];
    struct lane *lanes[SIDES];
    size_t number;
};

struct proxy {
    void *context;
    uint64_t seed;
    struct route *routes;
    size_t n_routes;
    int epoll;
    struct timers *timers; /* of lanes: number of the route * SIDES + side */
    struct side **ready;   /* may have something to read; room for all */
    size_t n_ready;
    struct side **working; /* the list that is being worked on */
    struct wire_nemesis_counters counters;
};

/* --- sockets -------------------------------------------------------------------------------- */

static bool is_peer_route(const struct route *r)
{
    return !r->from.site;
}

static int socket_type(const struct route *r, int side)
{
    if (!is_peer_route(r))
        return ZMQ_DEALER;
    return side == NEAR ? ZMQ_PULL : ZMQ_PUSH;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* IMMEDIATE: without a connection nothing is queued, so that a dead node does not find its past
 * when it is back. LINGER 0: closing drops what is queued. */
static int set_options(void *socket)
{
    const int64_t max = WIRE_MESSAGE_BYTES_MAX;

    if (set_int(socket, ZMQ_LINGER, 0) < 0 || set_int(socket, ZMQ_IMMEDIATE, 1) < 0 ||
        set_int(socket, ZMQ_SNDHWM, SOCKET_QUEUE_MAX) < 0 ||
        set_int(socket, ZMQ_RCVHWM, SOCKET_QUEUE_MAX) < 0 ||
        set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) < 0 ||
        set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX) < 0)
        return -1;
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max);
}

static int socket_error(struct err *e, const char *what, const char *address)
{
    int error = zmq_errno();
    int rc = error == EADDRINUSE ? -E_EXISTS : -E_IO;

    return err_set(e, rc, "proxy: %s %s: %s", what, address, zmq_strerror(error));
}

/* libzmq closes in the background: an address that was ours a moment ago may still be in use. */
static int bind_until(void *socket, const char *address, int64_t deadline_ns, struct err *e)
{
    const struct timespec pause = {.tv_nsec = NS_PER_MS};
    char url[CLUSTER_ADDRESS_MAX + 8];

    snprintf(url, sizeof url, "tcp://%s", address);
    while (zmq_bind(socket, url) < 0) {
        if (zmq_errno() != EADDRINUSE || clock_monotonic_ns() >= deadline_ns)
            return socket_error(e, "cannot listen at", address);
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int attach(struct route *r, int side, int64_t deadline_ns, struct err *e)
{
    char url[CLUSTER_ADDRESS_MAX + 8];

    if (side == NEAR)
        return bind_until(r->sides[NEAR].socket, r->bind, deadline_ns, e);
    snprintf(url, sizeof url, "tcp://%s", r->connect);
    if (zmq_connect(r->sides[FAR].socket, url) < 0)
        return socket_error(e, "cannot connect to", r->connect);
    return 0;
}

/* The descriptor says when to look; what there is, only reading until there is no more tells. */
static int watch(const struct proxy *p, struct side *s, int operation)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    size_t size = sizeof(int);
    int fd;

    if (zmq_getsockopt(s->socket, ZMQ_FD, &fd, &size) < 0)
        return -1;
    return epoll_ctl(p->epoll, operation, fd, &event);
}

static void mark_ready(struct side *s)
{
    struct proxy *p = s->route->proxy;

    if (s->ready || !s->reads)
        return;
    s->ready = true;
    p->ready[p->n_ready++] = s;
}

static void close_side(struct side *s)
{
    if (s->socket == NULL)
        return;
    if (s->reads)
        watch(s->route->proxy, s, EPOLL_CTL_DEL);
    zmq_close(s->socket);
    s->socket = NULL;
}

static int open_side(struct route *r, int side, int64_t deadline_ns, struct err *e)
{
    struct side *s = &r->sides[side];
    int rc;

    s->route = r;
    s->reads = side == NEAR || !is_peer_route(r);
    s->socket = zmq_socket(r->proxy->context, socket_type(r, side));
    if (s->socket == NULL)
        return socket_error(e, "no socket for", r->bind);
    rc = set_options(s->socket) < 0 ? socket_error(e, "options of", r->bind) : 0;
    if (rc == 0)
        rc = attach(r, side, deadline_ns, e);
    if (rc == 0 && s->reads && watch(r->proxy, s, EPOLL_CTL_ADD) < 0)
        rc = err_sys(e, "proxy: cannot watch %s", r->bind);
    if (rc < 0) {
        zmq_close(s->socket);
        s->socket = NULL;
        return rc;
    }
    mark_ready(s);
    return 0;
}

static int open_route(struct route *r, int64_t deadline_ns, struct err *e)
{
    int rc = open_side(r, NEAR, deadline_ns, e);

    return rc < 0 ? rc : open_side(r, FAR, deadline_ns, e);
}

/* --- messages ------------------------------------------------------------------------------- */

/* zmq_msg_send looks for news of the connection only now and then; asking for the events makes it
 * look, so that room that has just come free is seen. */
static bool writable(void *socket)
{
    int events = 0;
    size_t size = sizeof events;

    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLOUT) != 0;
}

/* A message of several parts, which nobody sends here, goes on as so many messages, for its
 * receiver to drop and count. Sending may swallow the wake-up for messages that have come in. */
static bool send_to(void *context, zmq_msg_t *message)
{
    struct side *s = context;

    if (s->socket == NULL)
        return false;
    mark_ready(s);
    if (zmq_msg_send(message, s->socket, ZMQ_DONTWAIT) >= 0)
        return true;
    return writable(s->socket) && zmq_msg_send(message, s->socket, ZMQ_DONTWAIT) >= 0;
}

static size_t side_index(const struct side *s)
{
    return (size_t)(s - s->route->sides);
}

static void set_timer(struct side *s)
{
    size_t side = side_index(s);

    timers_set(s->route->proxy->timers, s->route->number * SIDES + side,
               lane_due_ns(s->route->lanes[side]));
}

/* When the batch is used up there may be more: the side stays in the list. */
static void read_side(struct side *s, int64_t now_ns)
{
    struct lane *lane = s->route->lanes[side_index(s)];
    zmq_msg_t message;
    int left = READ_BATCH;

    s->ready = false;
    if (s->socket == NULL)
        return;
    zmq_msg_init(&message);
    while (left > 0 && zmq_msg_recv(&message, s->socket, ZMQ_DONTWAIT) >= 0) {
        lane_take(lane, &message, now_ns);
        left--;
    }
    zmq_msg_close(&message);
    if (left == 0)
        mark_ready(s);
    set_timer(s);
}

static void collect_ready(struct proxy *p)
{
    struct epoll_event events[64];
    int n = epoll_wait(p->epoll, events, 64, 0); /* the rest, if any, next time */

    for (int i = 0; i < n; i++)
        mark_ready(events[i].data.ptr);
}

static void release_due(struct proxy *p, int64_t now_ns)
{
    size_t number;
    int64_t due_ns;

    while (timers_first(p->timers, &number, &due_ns) && due_ns <= now_ns) {
        struct side *s = &p->routes[number / SIDES].sides[number % SIDES];

        lane_release(s->route->lanes[number % SIDES], now_ns);
        set_timer(s);
    }
}

void proxy_work(struct proxy *p, int64_t now_ns)
{
    struct side **list;
    size_t n;

    collect_ready(p);
    list = p->ready;
    n = p->n_ready;
    p->ready = p->working;
    p->working = list;
    p->n_ready = 0;
    for (size_t i = 0; i < n; i++)
        read_side(list[i], now_ns);
    release_due(p, now_ns);
}

int proxy_fd(const struct proxy *p)
{
    return p->epoll;
}

int64_t proxy_deadline_ns(const struct proxy *p)
{
    size_t number;
    int64_t due_ns = INT64_MAX;

    if (p->n_ready > 0)
        return 0;
    timers_first(p->timers, &number, &due_ns);
    return due_ns;
}

struct wire_nemesis_counters proxy_counters(const struct proxy *p)
{
    return p->counters;
}

/* --- rules ---------------------------------------------------------------------------------- */

static bool ends_equal(struct wire_end a, struct wire_end b)
{
    return a.site == b.site && a.id == b.id;
}

/* NULL when no proxy stands on that link. */
static struct lane *find_lane(const struct proxy *p, const struct wire_link *link)
{
    for (size_t i = 0; i < p->n_routes; i++) {
        const struct route *r = &p->routes[i];
        const struct wire_end to = {.site = false, .id = r->to};

        if (ends_equal(r->from, link->from) && ends_equal(to, link->to))
            return r->lanes[NEAR];
        if (!is_peer_route(r) && ends_equal(to, link->from) && ends_equal(r->from, link->to))
            return r->lanes[FAR];
    }
    return NULL;
}

int proxy_set_rules(struct proxy *p, const struct wire_nemesis_link *links, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct wire_link *l = &links[i].link;

        if (find_lane(p, l) == NULL)
            return err_set(e, -E_NOT_FOUND, "no proxy on the link from %s %llu to %s %llu",
                           l->from.site ? "site" : "node", (unsigned long long)l->from.id,
                           l->to.site ? "site" : "node", (unsigned long long)l->to.id);
    }
    for (size_t i = 0; i < n; i++)
        lane_set_rule(find_lane(p, &links[i].link), &links[i].rule);
    return 0;
}

void proxy_heal(struct proxy *p)
{
    const struct wire_link_rule nothing = {0};

    for (size_t i = 0; i < p->n_routes; i++)
        for (int side = NEAR; side < SIDES; side++)
            if (p->routes[i].lanes[side] != NULL)
                lane_set_rule(p->routes[i].lanes[side], &nothing);
}

/* --- reset ---------------------------------------------------------------------------------- */

static bool touches(const struct route *r, uint64_t node)
{
    return r->to == node || (is_peer_route(r) && r->from.id == node);
}

/* What has been read already or can be is counted; what is lost with the sockets cannot be. */
static void drain_side(struct side *s)
{
    struct lane *lane = s->route->lanes[side_index(s)];
    zmq_msg_t message;

    if (lane == NULL)
        return;
    lane_reset(lane);
    set_timer(s);
    if (s->socket == NULL)
        return;
    zmq_msg_init(&message);
    for (int left = SOCKET_QUEUE_MAX; left > 0; left--) {
        if (zmq_msg_recv(&message, s->socket, ZMQ_DONTWAIT) < 0)
            break;
        s->route->proxy->counters.reset++;
    }
    zmq_msg_close(&message);
}

/* All are closed before the first is opened again, so that the waiting is shared. */
int proxy_reset(struct proxy *p, uint64_t node, struct err *e)
{
    int64_t deadline_ns = clock_monotonic_ns() + REBIND_MS_MAX * NS_PER_MS;
    size_t n = 0;

    for (size_t i = 0; i < p->n_routes; i++) {
        if (!touches(&p->routes[i], node))
            continue;
        n++;
        for (int side = NEAR; side < SIDES; side++) {
            drain_side(&p->routes[i].sides[side]);
            close_side(&p->routes[i].sides[side]);
        }
    }
    if (n == 0)
        return err_set(e, -E_NOT_FOUND, "no proxy on any link of node %llu",
                       (unsigned long long)node);
    for (size_t i = 0; i < p->n_routes; i++) {
        int rc = touches(&p->routes[i], node) ? open_route(&p->routes[i], deadline_ns, e) : 0;

        if (rc < 0)
            return rc;
    }
    return 0;
}

/* --- creating ------------------------------------------------------------------------------- */

static size_t count_routes(const struct cluster *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_nodes; i++)
        n += c->nodes[i].n_dial;
    for (size_t i = 0; i < c->n_sites; i++)
        n += c->sites[i].n_dial;
    return n;
}

size_t proxy_sockets(const struct cluster *c)
{
    return count_routes(c) * SIDES;
}

static int create_lane(struct route *r, int side, struct err *e)
{
    const struct lane_options o = {
        .seed = r->proxy->seed,
        .stream =
            rng_stream(is_peer_route(r) ? "peer link" : "clerk link", r->from.id << 32 | r->to) +
            (uint64_t)side,
        .between_nodes = is_peer_route(r),
        .send = send_to,
        .context = &r->sides[1 - side],
        .counters = &r->proxy->counters};

    return lane_create(&o, &r->lanes[side], e);
}

static int add_route(struct proxy *p, const struct cluster *c, struct wire_end from,
                     const struct cluster_dial *dial, struct err *e)
{
    const struct cluster_node *to = cluster_find_node(c, dial->id);
    struct route *r = &p->routes[p->n_routes];
    int rc;

    if (to == NULL)
        return err_set(e, -E_NOT_FOUND, "proxy: %s dials node %llu, which does not exist",
                       dial->address, (unsigned long long)dial->id);
    *r = (struct route){.proxy = p,
                        .from = from,
                        .to = dial->id,
                        .bind = dial->address,
                        .connect = from.site ? to->client : to->peer,
                        .number = p->n_routes};
    p->n_routes++;
    rc = create_lane(r, NEAR, e);
    if (rc == 0 && from.site)
        rc = create_lane(r, FAR, e);
    return rc < 0 ? rc : open_route(r, 0, e);
}

static int add_routes(struct proxy *p, const struct cluster *c, struct wire_end from,
                      const struct cluster_dial *dial, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        int rc = add_route(p, c, from, &dial[i], e);

        if (rc < 0)
            return rc;
    }
    return 0;
}

static int open_all(struct proxy *p, const struct cluster *c, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; i < c->n_nodes && rc == 0; i++)
        rc = add_routes(p, c, (struct wire_end){.site = false, .id = c->nodes[i].id},
                        c->nodes[i].dial, c->nodes[i].n_dial, e);
    for (size_t i = 0; i < c->n_sites && rc == 0; i++)
        rc = add_routes(p, c, (struct wire_end){.site = true, .id = c->sites[i].id},
                        c->sites[i].dial, c->sites[i].n_dial, e);
    return rc;
}

static int take_resources(struct proxy *p, size_t routes, struct err *e)
{
    p->routes = calloc(routes + 1, sizeof *p->routes);
    p->ready = calloc(routes * SIDES + 1, sizeof(struct side *));
    p->working = calloc(routes * SIDES + 1, sizeof(struct side *));
    if (p->routes == NULL || p->ready == NULL || p->working == NULL)
        return err_set(e, -E_NOMEM, "proxy");
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (p->epoll < 0)
        return err_sys(e, "proxy: epoll");
    return timers_create(routes * SIDES, &p->timers, e);
}

int proxy_create(void *context, const struct cluster *cluster, uint64_t seed, struct proxy **ret,
                 struct err *e)
{
    struct proxy *p = calloc(1, sizeof *p);
    int rc;

    if (p == NULL)
        return err_set(e, -E_NOMEM, "proxy");
    p->context = context;
    p->seed = seed;
    p->epoll = -1;
    rc = take_resources(p, count_routes(cluster), e);
    if (rc == 0)
        rc = open_all(p, cluster, e);
    if (rc < 0) {
        proxy_destroy(&p);
        return rc;
    }
    *ret = p;
    return 0;
}

void proxy_destroy(struct proxy **p)
{
    if (*p == NULL)
        return;
    for (size_t i = 0; i < (*p)->n_routes; i++) {
        for (int side = NEAR; side < SIDES; side++) {
            close_side(&(*p)->routes[i].sides[side]);
            lane_destroy(&(*p)->routes[i].lanes[side]);
        }
    }
    timers_destroy(&(*p)->timers);
    if ((*p)->epoll >= 0)
        close((*p)->epoll);
    free((*p)->ready);
    free((*p)->working);
    free((*p)->routes);
    free(*p);
    *p = NULL;
}
