#include "nemesis/nemesis.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

/* The harness's end of the control socket. */

struct nemesis_remote {
    void *socket;
    char address[64];
    uint64_t next_request;
    zmq_msg_t answer; /* lends the reason of the last reply */
};

static int socket_error(struct err *e)
{
    return err_set(e, -E_IO, "nemesis: control socket: %s", zmq_strerror(zmq_errno()));
}

static int bind_socket(struct nemesis_remote *r, struct err *e)
{
    const int linger = 0;
    const int64_t max = WIRE_MESSAGE_BYTES_MAX;
    size_t size = sizeof r->address;

    if (zmq_setsockopt(r->socket, ZMQ_LINGER, &linger, sizeof linger) < 0 ||
        zmq_setsockopt(r->socket, ZMQ_MAXMSGSIZE, &max, sizeof max) < 0 ||
        zmq_bind(r->socket, "tcp://127.0.0.1:*") < 0 ||
        zmq_getsockopt(r->socket, ZMQ_LAST_ENDPOINT, r->address, &size) < 0)
        return socket_error(e);
    return 0;
}

int nemesis_remote_create(void *zmq_context, struct nemesis_remote **ret, const char **ret_address,
                          struct err *e)
{
    struct nemesis_remote *r = calloc(1, sizeof *r);
    int rc;

    if (r == NULL)
        return err_set(e, -E_NOMEM, "nemesis");
    zmq_msg_init(&r->answer);
    r->next_request = 1;
    r->socket = zmq_socket(zmq_context, ZMQ_PAIR);
    rc = r->socket == NULL ? socket_error(e) : bind_socket(r, e);
    if (rc < 0) {
        nemesis_remote_destroy(r);
        return rc;
    }
    *ret = r;
    *ret_address = r->address;
    return 0;
}

void nemesis_remote_destroy(struct nemesis_remote *r)
{
    if (r == NULL)
        return;
    if (r->socket != NULL)
        zmq_close(r->socket);
    zmq_msg_close(&r->answer);
    free(r);
}

/* Waits until the socket is ready for `events`; a signal does not end the wait. */
static int wait_for(const struct nemesis_remote *r, short events, int64_t deadline_ns,
                    struct err *e)
{
    zmq_pollitem_t item = {.socket = r->socket, .events = events};

    for (;;) {
        int64_t left_ns = deadline_ns - clock_monotonic_ns();
        int n = zmq_poll(&item, 1, left_ns <= 0 ? 0 : (long)(left_ns / NS_PER_MS) + 1);

        if (n > 0)
            return 0;
        if (n < 0 && zmq_errno() != EINTR)
            return socket_error(e);
        if (n == 0 && left_ns <= 0)
            return err_set(e, -E_TIMEOUT, "nemesis: no %s in time",
                           events == ZMQ_POLLOUT ? "connection" : "answer");
    }
}

static int send_command(struct nemesis_remote *r, const struct wire_nemesis_command *command,
                        int64_t deadline_ns, struct err *e)
{
    struct buf bytes = {0};
    int rc = wire_encode_nemesis_command(command, &bytes);

    if (rc < 0)
        err_set(e, rc, "nemesis: command");
    else
        rc = wait_for(r, ZMQ_POLLOUT, deadline_ns, e);
    if (rc == 0 && zmq_send(r->socket, bytes.data, bytes.len, ZMQ_DONTWAIT) < 0)
        rc = socket_error(e);
    buf_free(&bytes);
    return rc;
}

/* Answers to earlier commands, which came too late for their callers, are passed over. */
static int receive_reply(struct nemesis_remote *r, uint64_t request, int64_t deadline_ns,
                         struct wire_nemesis_reply *ret, struct err *e)
{
    for (;;) {
        int rc = wait_for(r, ZMQ_POLLIN, deadline_ns, e);

        if (rc < 0)
            return rc;
        if (zmq_msg_recv(&r->answer, r->socket, ZMQ_DONTWAIT) < 0)
            continue;
        rc = wire_decode_nemesis_reply(slice_of(zmq_msg_data(&r->answer), zmq_msg_size(&r->answer)),
                                       ret, e);
        if (rc < 0)
            return err_prefix(e, -E_IO, "nemesis: answer");
        if (ret->request == request || ret->request == 0)
            return 0;
    }
}

int nemesis_remote_call(struct nemesis_remote *r, struct wire_nemesis_command *command,
                        int timeout_ms, struct wire_nemesis_reply *ret, struct err *e)
{
    int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;
    struct wire_nemesis_reply reply;
    int rc;

    command->request = r->next_request++;
    rc = send_command(r, command, deadline_ns, e);
    if (rc == 0)
        rc = receive_reply(r, command->request, deadline_ns, &reply, e);
    if (rc < 0)
        return rc;
    if (!reply.ok)
        return err_set(e, -E_IO, "nemesis: %.*s", (int)reply.reason.len,
                       (const char *)reply.reason.data);
    *ret = reply;
    return 0;
}
