#ifndef RIFT_CLI_CLIENT_H
#define RIFT_CLI_CLIENT_H

#include "clerk/clerk.h"
#include "clerk/link.h"

/* A clerk that waits for its answers: for the shell, for the demo, and to ask nodes how they
 * are. */
struct client;

struct client_options {
    struct links *links; /* borrowed; NULL: of its own. Behind a proxy all clerks of a process have
                            to share: it takes one connection for each site and node */
    const struct cluster *cluster; /* borrowed */
    size_t site;                   /* index into the cluster's sites; 0 where it has none */
    int64_t attempt_timeout_ms;
    int64_t op_timeout_ms;
    uint64_t seed;

    /* May be NULL. Called before a request of an operation leaves for `node`. */
    void (*asked)(void *context, uint64_t node);
    void *context;
};

int client_create(const struct client_options *o, struct client **ret, struct err *e);
void client_destroy(struct client *c);

/* One operation from beginning to end. ret->value is lent until the next one. Errors: -E_INVAL
 * (limits of base/op.h), -E_IO, -E_NOMEM. */
int client_do(struct client *c, const struct op *op, struct clerk_end *ret, struct err *e);

/* Asks one node how it is; -E_TIMEOUT when it does not say. */
int client_status(struct client *c, uint64_t node, int timeout_ms, struct wire_node_status *ret,
                  struct err *e);

/* The clerk itself, to be pinned or aimed. */
struct clerk *client_clerk(struct client *c);

#endif
