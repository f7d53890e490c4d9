#include "clerk/link.h"

#include "base/buf.h"
#include "base/check.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

enum {
    /* Requests that wait for the network, and replies that wait for us, on one link. Beyond the
     * first the send fails; beyond the second the node's ROUTER drops, and the attempt times
     * out. */
    LINK_MESSAGES_MAX = 16384,

    RECONNECT_MS = 20,
    RECONNECT_MS_MAX = 200,
    EVENTS_MAX = 64,     /* taken from epoll in one call; the others are told the next time */
    SCRATCH_BYTES = 256, /* of a typical request */
};

struct link {
    void *socket;
    size_t site; /* index */
    uint64_t node;
    bool listed; /* in `maybe` */
};

/* A ZMQ_FD tells of changes only, and any call on its socket may swallow one (libzmq's manual of
 * ZMQ_FD). So a link is listed in `maybe` from an event or a send on until a receive has found it
 * empty, and nobody waits while one is listed that holds a message. */
struct links {
    uint64_t cluster;
    struct link *items;
    size_t n;
    size_t n_sites;
    size_t n_nodes;
    int epoll_fd;

    size_t *maybe; /* ring of n indexes */
    size_t maybe_first;
    size_t n_maybe;

    struct buf out;
    zmq_msg_t in; /* what the last reply points into */
    uint64_t dropped;
};

static int zmq_fail(struct err *e, const char *what)
{
    return err_set(e, -E_IO, "%s: %s", what, zmq_strerror(errno));
}

static int set_options(void *socket)
{
    const int64_t bytes_max = WIRE_MESSAGE_BYTES_MAX;
    const struct {
        int option;
        int value;
    } options[] = {
        {ZMQ_LINGER, 0},
        {ZMQ_IMMEDIATE, 1}, /* without a connection a send fails, and the clerk hears of it */
        {ZMQ_SNDHWM, LINK_MESSAGES_MAX},
        {ZMQ_RCVHWM, LINK_MESSAGES_MAX},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX},
        {ZMQ_IPV6, 1},
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof(int)) < 0)
            return -1;
    }
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max);
}

static int watch(struct links *l, size_t index)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = index};
    int fd;
    size_t len = sizeof fd;

    if (zmq_getsockopt(l->items[index].socket, ZMQ_FD, &fd, &len) < 0)
        return -1;
    return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_link(struct links *l, size_t index, void *context, const char *address,
                     struct err *e)
{
    struct link *link = &l->items[index];
    char endpoint[CLUSTER_ADDRESS_MAX + sizeof "tcp://"];

    link->socket = zmq_socket(context, ZMQ_DEALER);
    if (link->socket == NULL || set_options(link->socket) < 0)
        return zmq_fail(e, "clerk socket");
    snprintf(endpoint, sizeof endpoint, "tcp://%s", address);
    if (zmq_connect(link->socket, endpoint) < 0)
        return zmq_fail(e, endpoint);
    if (watch(l, index) < 0)
        return err_sys(e, "epoll");
    return 0;
}

static int open_all(struct links *l, void *context, const struct cluster *cluster, struct err *e)
{
    int rc = 0;

    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0)
        return err_sys(e, "epoll");
    for (size_t i = 0; i < l->n && rc == 0; i++) {
        const struct cluster_site *site = cluster->n_sites == 0 ? NULL
                                                                : &cluster->sites[i / l->n_nodes];
        uint64_t node = cluster->nodes[i % l->n_nodes].id;

        l->items[i].site = i / l->n_nodes;
        l->items[i].node = node;
        rc = open_link(l, i, context, cluster_client_address(cluster, site, node), e);
    }
    return rc;
}

int links_create(void *context, const struct cluster *cluster, struct links **ret, struct err *e)
{
    struct links *l = calloc(1, sizeof *l);
    int rc;

    if (l == NULL)
        return err_set(e, -E_NOMEM, "links");
    zmq_msg_init(&l->in);
    l->epoll_fd = -1;
    l->cluster = cluster->key;
    l->n_nodes = cluster->n_nodes;
    l->n_sites = cluster->n_sites == 0 ? 1 : cluster->n_sites;
    l->n = l->n_sites * l->n_nodes;
    l->items = calloc(l->n, sizeof *l->items);
    l->maybe = calloc(l->n, sizeof *l->maybe);
    if (l->items == NULL || l->maybe == NULL || buf_reserve(&l->out, SCRATCH_BYTES) < 0)
        rc = err_set(e, -E_NOMEM, "links");
    else
        rc = open_all(l, context, cluster, e);
    if (rc < 0) {
        links_destroy(l);
        return rc;
    }
    *ret = l;
    return 0;
}

void links_destroy(struct links *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; l->items != NULL && i < l->n; i++) {
        if (l->items[i].socket != NULL)
            zmq_close(l->items[i].socket);
    }
    if (l->epoll_fd >= 0)
        close(l->epoll_fd);
    zmq_msg_close(&l->in);
    buf_free(&l->out);
    free(l->maybe);
    free(l->items);
    free(l);
}

size_t links_sites(const struct links *l)
{
    return l->n_sites;
}

uint64_t links_dropped(const struct links *l)
{
    return l->dropped;
}

/* --- which links may hold something ------------------------------------------------------- */

static void maybe_push(struct links *l, size_t index)
{
    if (l->items[index].listed)
        return;
    l->items[index].listed = true;
    l->maybe[(l->maybe_first + l->n_maybe) % l->n] = index;
    l->n_maybe++;
}

static size_t maybe_pop(struct links *l)
{
    size_t index = l->maybe[l->maybe_first];

    l->maybe_first = (l->maybe_first + 1) % l->n;
    l->n_maybe--;
    l->items[index].listed = false;
    return index;
}

/* True when a listed link holds a message; those that do not are taken off the list. */
static bool any_holds_message(struct links *l)
{
    while (l->n_maybe > 0) {
        size_t index = l->maybe[l->maybe_first];
        int events = 0;
        size_t len = sizeof events;

        if (zmq_getsockopt(l->items[index].socket, ZMQ_EVENTS, &events, &len) == 0 &&
            (events & ZMQ_POLLIN) != 0)
            return true;
        maybe_pop(l);
    }
    return false;
}

/* --- sending, waiting, receiving ---------------------------------------------------------- */

static bool find_link(const struct links *l, size_t site, uint64_t node, size_t *ret)
{
    for (size_t i = site * l->n_nodes; site < l->n_sites && i < (site + 1) * l->n_nodes; i++) {
        if (l->items[i].node == node) {
            *ret = i;
            return true;
        }
    }
    return false;
}

bool links_send(struct links *l, size_t site, uint64_t node, const struct wire_request *m)
{
    size_t index;
    int rc;

    if (!find_link(l, site, node, &index))
        return false;
    buf_clear(&l->out);
    if (wire_encode_request(l->cluster, m, &l->out) < 0)
        return false;
    rc = zmq_send(l->items[index].socket, l->out.data, l->out.len, ZMQ_DONTWAIT);
    maybe_push(l, index);
    return rc >= 0;
}

static void collect_events(struct links *l)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(l->epoll_fd, events, EVENTS_MAX, 0);

    for (int i = 0; i < n; i++)
        maybe_push(l, (size_t)events[i].data.u64);
}

int links_wait(struct links *l, int timeout_ms, const int *fds, size_t n_fds, bool *ret_readable,
               struct err *e)
{
    struct pollfd polled[1 + LINKS_WAIT_FDS_MAX];
    bool holding = any_holds_message(l);
    int n;

    CHECK_THAT(n_fds <= LINKS_WAIT_FDS_MAX, "n_fds=%zu", n_fds);
    polled[0] = (struct pollfd){.fd = l->epoll_fd, .events = POLLIN};
    for (size_t i = 0; i < n_fds; i++)
        polled[1 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    n = poll(polled, (nfds_t)(1 + n_fds), holding ? 0 : timeout_ms);
    if (n < 0 && errno != EINTR)
        return err_sys(e, "poll");
    for (size_t i = 0; i < n_fds && ret_readable != NULL; i++)
        ret_readable[i] = n > 0 && polled[1 + i].revents != 0;
    if (n > 0 && polled[0].revents != 0)
        collect_events(l);
    return n > 0 || holding ? 1 : 0;
}

/* Takes one whole message off the link, 1 when it is a reply, 0 when it was dropped, and -1 when
 * there was none. */
static int receive(struct links *l, struct link *link, struct wire_reply *ret)
{
    bool whole = true;
    struct slice bytes;

    if (zmq_msg_recv(&l->in, link->socket, ZMQ_DONTWAIT) < 0)
        return -1;
    while (zmq_msg_more(&l->in)) { /* nothing of ours has a second frame */
        whole = false;
        if (zmq_msg_recv(&l->in, link->socket, ZMQ_DONTWAIT) < 0)
            break;
    }
    bytes = slice_of(zmq_msg_data(&l->in), zmq_msg_size(&l->in));
    if (whole && wire_decode_reply(l->cluster, bytes, ret, NULL) == 0)
        return 1;
    l->dropped++;
    return 0;
}

bool links_next_reply(struct links *l, size_t *ret_site, uint64_t *ret_node, struct wire_reply *ret)
{
    while (l->n_maybe > 0) {
        size_t index = maybe_pop(l);
        struct link *link = &l->items[index];
        int got = receive(l, link, ret);

        if (got >= 0)
            maybe_push(l, index); /* behind the others: each link gets its turn */
        if (got == 1) {
            *ret_site = link->site;
            *ret_node = link->node;
            return true;
        }
    }
    return false;
}
