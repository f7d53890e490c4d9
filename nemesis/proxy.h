#ifndef RIFT_NEMESIS_PROXY_H
#define RIFT_NEMESIS_PROXY_H

#include "wire/cluster.h"
#include "wire/wire.h"

/* The sockets of the proxy: one route for each `dial` of the cluster file, between nodes one way,
 * between a site and a node both ways. A loop calls proxy_work when proxy_fd is readable or
 * proxy_deadline_ns has come. It always reads, whatever becomes of the messages, so that a slow or
 * dead node never makes another one wait. */
struct proxy;

/* Binds every dialled address. The context and the cluster are borrowed; they outlive it.
 * Errors: -E_EXISTS (an address is in use; says which), -E_IO, -E_NOMEM. */
int proxy_create(void *context, const struct cluster *cluster, uint64_t seed, struct proxy **ret,
                 struct err *e);
void proxy_destroy(struct proxy **p);

/* Sockets that proxy_create opens for a cluster. */
size_t proxy_sockets(const struct cluster *cluster);

int proxy_fd(const struct proxy *p);
void proxy_work(struct proxy *p, int64_t now_ns);
int64_t proxy_deadline_ns(const struct proxy *p); /* 0: at once; INT64_MAX: nothing waits */

/* All of them, or none: -E_NOT_FOUND (a link that has no route; says which). */
int proxy_set_rules(struct proxy *p, const struct wire_nemesis_link *links, size_t n,
                    struct err *e);
void proxy_heal(struct proxy *p);

/* After a node has been killed and before it is started again: no message that was sent to or by
 * the dead process arrives. Such messages may be held here, queued in either socket, in the
 * kernel's buffers, or in the sender's socket for a connection to here; so both sockets of every
 * route with that node are closed, without lingering, and opened again, which also breaks the
 * connections. Waits for libzmq to give up the address, which it does in its own time.
 * Errors: -E_NOT_FOUND (no such node), -E_EXISTS (the address did not become free), -E_IO. */
int proxy_reset(struct proxy *p, uint64_t node, struct err *e);

struct wire_nemesis_counters proxy_counters(const struct proxy *p);

#endif
