#ifndef RIFT_CLERK_LINK_H
#define RIFT_CLERK_LINK_H

#include "base/err.h"
#include "wire/cluster.h"
#include "wire/wire.h"

/* The clerks' way to the nodes over ZeroMQ: one DEALER socket for each pair of a site and a node,
 * shared by all clerks of that site. One thread. */
struct links;

enum { LINKS_WAIT_FDS_MAX = 64 };

/* `sites` of the cluster file, or one unnamed site (index 0, no proxy) where it has none.
 * `context` is a ZeroMQ context (borrowed). */
int links_create(void *context, const struct cluster *cluster, struct links **ret, struct err *e);
void links_destroy(struct links *l);
size_t links_sites(const struct links *l);

/* False when the request could not be queued (no connection, or the high-water mark): it did
 * not leave and will not. */
bool links_send(struct links *l, size_t site, uint64_t node, const struct wire_request *m);

/* Waits up to timeout_ms (0: not at all, -1: for ever) for an answer on any link, or for one of
 * the n_fds descriptors to become readable. 1: there may be replies or readable descriptors
 * (ret_readable[i] says which, may be NULL); 0: time over, or a signal; or a negative code. At
 * most LINKS_WAIT_FDS_MAX descriptors. */
int links_wait(struct links *l, int timeout_ms, const int *fds, size_t n_fds, bool *ret_readable,
               struct err *e);

/* The next reply that is in; false when there is none. Malformed ones are dropped and counted.
 * Lent until the next call. */
bool links_next_reply(struct links *l, size_t *ret_site, uint64_t *ret_node,
                      struct wire_reply *ret);
uint64_t links_dropped(const struct links *l);

#endif
