#include "node/sockets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

enum {
    RECONNECT_MS = 20, /* the first time, doubled up to... */
    RECONNECT_MS_MAX = 200,
    LISTEN_BACKLOG = 1024,
    LINGER_MS = 100, /* at the end, for answers and events */
    ENDPOINT_MAX = CLUSTER_ADDRESS_MAX + 8,
};

struct peer_link {
    uint64_t id;
    void *socket;
};

struct sockets {
    uint64_t cluster;
    void *context;
    void *peers;   /* PULL */
    void *clients; /* ROUTER */
    void *events;  /* PUSH; NULL: nobody listens */
    struct peer_link *links;
    size_t n_links;
    int peer_fd;
    int client_fd;
    zmq_msg_t received; /* what was returned last lies in here */
    struct wire_entries entries;
    struct buf encoded;
};

/* --- opening -------------------------------------------------------------------------------- */

static int zmq_failed(struct err *e, const char *what)
{
    return err_set(e, -E_IO, "%s: %s", what, zmq_strerror(zmq_errno()));
}

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* The high-water marks are set on both sides on purpose: without, ZeroMQ queues 1000 messages of
 * any size at each end. */
static int make_socket(struct sockets *s, int type, int queue_max, int linger_ms, void **ret,
                       struct err *e)
{
    int64_t bytes_max = WIRE_MESSAGE_BYTES_MAX;
    void *socket = zmq_socket(s->context, type);

    if (socket == NULL)
        return zmq_failed(e, "socket");
    *ret = socket;
    if (!set_int(socket, ZMQ_SNDHWM, queue_max) || !set_int(socket, ZMQ_RCVHWM, queue_max) ||
        !set_int(socket, ZMQ_LINGER, linger_ms) || !set_int(socket, ZMQ_BACKLOG, LISTEN_BACKLOG) ||
        !set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) ||
        !set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MS_MAX) ||
        zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) < 0)
        return zmq_failed(e, "socket options");
    return 0;
}

static int bind_socket(void *socket, const char *address, struct err *e)
{
    char endpoint[ENDPOINT_MAX];

    snprintf(endpoint, sizeof endpoint, "tcp://%s", address);
    if (zmq_bind(socket, endpoint) == 0)
        return 0;
    if (zmq_errno() == EADDRINUSE)
        return err_set(e, -E_EXISTS, "address %s is in use", address);
    return err_set(e, -E_INVAL, "address %s: %s", address, zmq_strerror(zmq_errno()));
}

static int connect_socket(void *socket, const char *endpoint, struct err *e)
{
    if (zmq_connect(socket, endpoint) == 0)
        return 0;
    return err_set(e, -E_INVAL, "address %s: %s", endpoint, zmq_strerror(zmq_errno()));
}

static int listen_at(struct sockets *s, int type, const char *address, int queue_max,
                     void **ret_socket, int *ret_fd, struct err *e)
{
    size_t len = sizeof *ret_fd;
    int rc = make_socket(s, type, queue_max, LINGER_MS, ret_socket, e);

    if (rc < 0)
        return rc;
    /* A clerk that is gone, or does not read, has to show as an error instead of silently
     * losing its answers. */
    if (type == ZMQ_ROUTER && !set_int(*ret_socket, ZMQ_ROUTER_MANDATORY, 1))
        return zmq_failed(e, "socket options");
    rc = bind_socket(*ret_socket, address, e);
    if (rc == 0 && zmq_getsockopt(*ret_socket, ZMQ_FD, ret_fd, &len) < 0)
        rc = zmq_failed(e, "socket descriptor");
    return rc;
}

/* ZMQ_IMMEDIATE: nothing is queued for a peer that is not there. When it comes back, old news
 * would only be in the way of new. */
static int dial_peer(struct sockets *s, const char *address, struct peer_link *link, struct err *e)
{
    char endpoint[ENDPOINT_MAX];
    int rc = make_socket(s, ZMQ_PUSH, SOCKETS_PEER_QUEUE_MAX, 0, &link->socket, e);

    if (rc < 0)
        return rc;
    if (!set_int(link->socket, ZMQ_IMMEDIATE, 1))
        return zmq_failed(e, "socket options");
    snprintf(endpoint, sizeof endpoint, "tcp://%s", address);
    return connect_socket(link->socket, endpoint, e);
}

static int dial_peers(struct sockets *s, const struct cluster *cluster,
                      const struct cluster_node *self, struct err *e)
{
    s->links = calloc(cluster->n_nodes, sizeof *s->links);
    if (s->links == NULL)
        return err_set(e, -E_NOMEM, "links to peers");
    for (size_t i = 0; i < cluster->n_nodes; i++) {
        struct peer_link *link = &s->links[s->n_links];
        int rc;

        if (cluster->nodes[i].id == self->id)
            continue;
        link->id = cluster->nodes[i].id;
        s->n_links++;
        rc = dial_peer(s, cluster_peer_address(cluster, self, link->id), link, e);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int dial_events(struct sockets *s, const char *endpoint, struct err *e)
{
    int rc = make_socket(s, ZMQ_PUSH, SOCKETS_EVENT_QUEUE_MAX, LINGER_MS, &s->events, e);

    return rc < 0 ? rc : connect_socket(s->events, endpoint, e);
}

int sockets_open(const struct cluster *cluster, const struct cluster_node *self, const char *events,
                 struct sockets **ret, struct err *e)
{
    struct sockets *s = calloc(1, sizeof *s);
    int rc;

    if (s == NULL)
        return err_set(e, -E_NOMEM, "sockets");
    s->cluster = cluster->key;
    zmq_msg_init(&s->received);
    s->context = zmq_ctx_new();
    rc = s->context == NULL ? zmq_failed(e, "context") : 0;
    if (rc == 0)
        rc = listen_at(s, ZMQ_PULL, self->peer, SOCKETS_PEER_QUEUE_MAX, &s->peers, &s->peer_fd, e);
    if (rc == 0)
        rc = listen_at(s, ZMQ_ROUTER, self->client, SOCKETS_CLIENT_QUEUE_MAX, &s->clients,
                       &s->client_fd, e);
    if (rc == 0)
        rc = dial_peers(s, cluster, self, e);
    if (rc == 0 && events != NULL)
        rc = dial_events(s, events, e);
    if (rc < 0) {
        sockets_close(s);
        return rc;
    }
    *ret = s;
    return 0;
}

static void close_socket(void *socket)
{
    if (socket != NULL)
        zmq_close(socket);
}

void sockets_close(struct sockets *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_links; i++)
        close_socket(s->links[i].socket);
    free(s->links);
    close_socket(s->events);
    close_socket(s->clients);
    close_socket(s->peers);
    zmq_msg_close(&s->received);
    if (s->context != NULL)
        zmq_ctx_term(s->context);
    wire_entries_free(&s->entries);
    buf_free(&s->encoded);
    free(s);
}

int sockets_peer_fd(const struct sockets *s)
{
    return s->peer_fd;
}

int sockets_client_fd(const struct sockets *s)
{
    return s->client_fd;
}

/* --- receiving ------------------------------------------------------------------------------ */

/* The next part into `received`; false when no message is there. */
static bool receive(struct sockets *s, void *socket)
{
    return zmq_msg_recv(&s->received, socket, ZMQ_DONTWAIT) >= 0;
}

static struct slice received_bytes(struct sockets *s)
{
    return slice_of(zmq_msg_data(&s->received), zmq_msg_size(&s->received));
}

/* True when there was more than the part just received; the rest is passed over. */
static bool skip_parts(struct sockets *s, void *socket)
{
    bool skipped = false;

    while (zmq_msg_more(&s->received) && receive(s, socket))
        skipped = true;
    return skipped;
}

int sockets_next_peer(struct sockets *s, struct raft_message *ret)
{
    int rc;

    if (!receive(s, s->peers))
        return 0;
    if (skip_parts(s, s->peers))
        return -E_PARSE;
    rc = wire_decode_peer(s->cluster, received_bytes(s), &s->entries, ret, NULL);
    return rc < 0 ? rc : 1;
}

int sockets_next_request(struct sockets *s, struct server_client *ret_client,
                         struct wire_request *ret)
{
    struct server_client client = {0};
    struct slice identity;
    int rc;

    if (!receive(s, s->clients))
        return 0;
    identity = received_bytes(s);
    if (identity.len > sizeof client.route || !zmq_msg_more(&s->received)) {
        skip_parts(s, s->clients);
        return -E_PARSE;
    }
    memcpy(client.route, identity.data, identity.len);
    client.route_len = (uint8_t)identity.len;
    if (!receive(s, s->clients) || skip_parts(s, s->clients))
        return -E_PARSE;
    rc = wire_decode_request(s->cluster, received_bytes(s), ret, NULL);
    if (rc < 0)
        return rc;
    client.request = ret->request;
    *ret_client = client;
    return 1;
}

/* --- sending -------------------------------------------------------------------------------- */

static bool send_part(void *socket, const void *data, size_t len, int flags)
{
    return zmq_send(socket, data, len, ZMQ_DONTWAIT | flags) >= 0;
}

bool sockets_send_peer(struct sockets *s, const struct raft_message *m)
{
    for (size_t i = 0; i < s->n_links; i++) {
        if (s->links[i].id != m->to)
            continue;
        buf_clear(&s->encoded);
        return wire_encode_peer(s->cluster, m, &s->encoded) == 0 &&
               send_part(s->links[i].socket, s->encoded.data, s->encoded.len, 0);
    }
    return false;
}

bool sockets_send_reply(struct sockets *s, const struct server_client *client,
                        const struct wire_reply *m)
{
    buf_clear(&s->encoded);
    return wire_encode_reply(s->cluster, m, &s->encoded) == 0 &&
           send_part(s->clients, client->route, client->route_len, ZMQ_SNDMORE) &&
           send_part(s->clients, s->encoded.data, s->encoded.len, 0);
}

bool sockets_send_event(struct sockets *s, const struct wire_node_event *m)
{
    if (s->events == NULL)
        return true;
    buf_clear(&s->encoded);
    return wire_encode_node_event(s->cluster, m, &s->encoded) == 0 &&
           send_part(s->events, s->encoded.data, s->encoded.len, 0);
}
