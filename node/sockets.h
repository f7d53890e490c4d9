#ifndef RIFT_NODE_SOCKETS_H
#define RIFT_NODE_SOCKETS_H

#include "node/server.h"
#include "wire/cluster.h"

/* The sockets of a node: one PULL that all peers push into, one PUSH to each peer, one ROUTER for
 * clerks, one PUSH for events. No call waits. */
struct sockets;

/* Bounds, in messages; what finds no room is not sent. */
enum {
    SOCKETS_PEER_QUEUE_MAX = 256,    /* on the way to a peer, and from one before it is read */
    SOCKETS_CLIENT_QUEUE_MAX = 4096, /* on the way to a clerks' socket, and from one; as many as
                                        commands wait for their entry (server.h) */
    SOCKETS_EVENT_QUEUE_MAX = 1024,
};

/* Errors: -E_EXISTS (an address is in use), -E_INVAL (one that cannot be bound or connected to),
 * -E_IO, -E_NOMEM. */
int sockets_open(const struct cluster *cluster, const struct cluster_node *self, const char *events,
                 struct sockets **ret, struct err *e);
void sockets_close(struct sockets *s);

/* Readable when there may be something to receive. Before waiting on these, receive until
 * nothing is left, after the last message that was sent: sending can swallow the signal. */
int sockets_peer_fd(const struct sockets *s);
int sockets_client_fd(const struct sockets *s);

/* 1: *ret is the next message, lent until the next call; 0: none is there; -E_PARSE or
 * -E_FOREIGN: one was dropped. */
int sockets_next_peer(struct sockets *s, struct raft_message *ret);
int sockets_next_request(struct sockets *s, struct server_client *ret_client,
                         struct wire_request *ret);

/* False: no connection, no room or no memory; the message is gone. */
bool sockets_send_peer(struct sockets *s, const struct raft_message *m);
bool sockets_send_reply(struct sockets *s, const struct server_client *client,
                        const struct wire_reply *m);
bool sockets_send_event(struct sockets *s, const struct wire_node_event *m);

#endif
