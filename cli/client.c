#include "cli/client.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zmq.h>

/* Clerks number their requests from 1. On shared links the upper bits tell apart whose they are,
 * and the highest, which the fleet does not use, that they are a client's. */
#define CLIENT_REQUEST (UINT64_C(1) << 63)
#define STATUS_REQUEST (UINT64_C(1) << 62)
#define CLIENT_SHIFT 40
#define REQUEST_NUMBER ((UINT64_C(1) << CLIENT_SHIFT) - 1)

enum { STATUS_RETRY_MS = 20 }; /* between attempts to reach a node that has no connection yet */

static uint64_t clients; /* created so far; one thread */

struct client {
    struct client_options options;
    void *own_zmq;
    struct links *own_links;
    struct links *links; /* those, or the borrowed ones */
    struct clerk *clerk;
    uint64_t marks; /* bits of this client's request numbers */
    uint64_t statuses;
};

static int create_clerk(struct client *c, struct err *e)
{
    const struct cluster *cluster = c->options.cluster;
    uint64_t nodes[CLUSTER_NODES_MAX];
    struct clerk_options o = {
        .nodes = nodes,
        .n_nodes = cluster->n_nodes,
        .attempt_timeout_ns = c->options.attempt_timeout_ms * NS_PER_MS,
        .op_timeout_ns = c->options.op_timeout_ms * NS_PER_MS,
        .backoff_ns = 10 * NS_PER_MS,
        .seed = c->options.seed,
    };

    for (size_t i = 0; i < cluster->n_nodes; i++)
        nodes[i] = cluster->nodes[i].id;
    return clerk_create(&o, &c->clerk, e);
}

static int open_links(struct client *c, struct err *e)
{
    c->own_zmq = zmq_ctx_new();
    if (c->own_zmq == NULL)
        return err_set(e, -E_NOMEM, "client");
    return links_create(c->own_zmq, c->options.cluster, &c->own_links, e);
}

int client_create(const struct client_options *o, struct client **ret, struct err *e)
{
    struct client *c = calloc(1, sizeof *c);
    int rc;

    if (c == NULL)
        return err_set(e, -E_NOMEM, "client");
    c->options = *o;
    c->marks = CLIENT_REQUEST | ++clients << CLIENT_SHIFT;
    rc = o->links != NULL ? 0 : open_links(c, e);
    c->links = o->links != NULL ? o->links : c->own_links;
    if (rc == 0)
        rc = create_clerk(c, e);
    if (rc < 0)
        client_destroy(c);
    else
        *ret = c;
    return rc;
}

void client_destroy(struct client *c)
{
    if (c == NULL)
        return;
    clerk_destroy(c->clerk);
    links_destroy(c->own_links);
    if (c->own_zmq != NULL)
        zmq_ctx_term(c->own_zmq);
    free(c);
}

struct clerk *client_clerk(struct client *c)
{
    return c->clerk;
}

/* --- operations ----------------------------------------------------------------------------- */

static void send_due(struct client *c)
{
    struct clerk_send send;

    while (clerk_next_send(c->clerk, clock_monotonic_ns(), &send)) {
        if (c->options.asked != NULL && send.request.command.op.kind != OP_REGISTER)
            c->options.asked(c->options.context, send.node);
        send.request.request |= c->marks;
        if (!links_send(c->links, c->options.site, send.node, &send.request))
            clerk_unsent(c->clerk, clock_monotonic_ns());
    }
}

static int wait_for_replies(struct client *c, int64_t until_ns, struct err *e)
{
    int64_t left_ns = until_ns - clock_monotonic_ns();
    int timeout_ms = left_ns <= 0 ? 0 : (int)(left_ns / NS_PER_MS) + 1;
    int rc = links_wait(c->links, timeout_ms, NULL, 0, NULL, e);

    return rc == -E_INTERRUPTED ? 0 : rc;
}

int client_do(struct client *c, const struct op *op, struct clerk_end *ret, struct err *e)
{
    int rc = clerk_begin(c->clerk, clock_monotonic_ns(), op, e);

    while (rc >= 0 && !clerk_ended(c->clerk, ret)) {
        struct wire_reply reply;
        uint64_t node;
        size_t site;

        send_due(c);
        rc = wait_for_replies(c, clerk_deadline_ns(c->clerk), e);
        while (rc >= 0 && links_next_reply(c->links, &site, &node, &reply)) {
            if ((reply.request & ~REQUEST_NUMBER) != c->marks)
                continue; /* late, for somebody else */
            reply.request &= REQUEST_NUMBER;
            clerk_reply(c->clerk, clock_monotonic_ns(), &reply);
        }
        clerk_tick(c->clerk, clock_monotonic_ns());
    }
    return rc < 0 ? rc : 0;
}

/* --- status --------------------------------------------------------------------------------- */

static bool take_status(struct client *c, uint64_t request, struct wire_node_status *ret)
{
    struct wire_reply reply;
    uint64_t node;
    size_t site;

    while (links_next_reply(c->links, &site, &node, &reply)) {
        if (reply.request == request && reply.kind == WIRE_REQUEST_STATUS) {
            *ret = reply.node_status;
            return true;
        }
    }
    return false;
}

int client_status(struct client *c, uint64_t node, int timeout_ms, struct wire_node_status *ret,
                  struct err *e)
{
    struct wire_request request = {.request = c->marks | STATUS_REQUEST | ++c->statuses,
                                   .kind = WIRE_REQUEST_STATUS};
    int64_t end_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
    bool sent = false;

    for (;;) {
        int64_t now_ns = clock_monotonic_ns();
        int64_t until_ns = end_ns;
        int rc;

        if (now_ns >= end_ns)
            return err_set(e, -E_TIMEOUT, "node %" PRIu64 " does not answer", node);
        if (!sent)
            sent = links_send(c->links, c->options.site, node, &request);
        if (!sent && until_ns > now_ns + STATUS_RETRY_MS * NS_PER_MS)
            until_ns = now_ns + STATUS_RETRY_MS * NS_PER_MS;
        rc = wait_for_replies(c, until_ns, e);
        if (rc < 0)
            return rc;
        if (take_status(c, request.request, ret))
            return 0;
    }
}
