#include "nemesis/nemesis.h"

#include "base/clock.h"
#include "nemesis/proxy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

/* The nemesis as a process: one loop over the proxy, the control socket and signals. */

enum {
    CONTROL_QUEUE_MAX = 64, /* messages on the control socket, each way */
    LAST_WORD_MS = 1000,    /* at the end, for an answer that has not left yet */
};

struct nemesis {
    const struct cluster *cluster;
    void *context;
    void *control;
    void *monitor; /* tells when the harness is gone */
    int signals;
    struct proxy *proxy;
    struct wire_nemesis_link *links; /* of the command at hand; WIRE_LINKS_MAX */
    bool quit;
};

/* --- commands ------------------------------------------------------------------------------- */

/* Only what the plans need, and only processes that the harness says are nodes of the cluster:
 * never a group, everybody, init, the harness or ourselves. */
static int send_signal(const struct nemesis *n, const struct wire_nemesis_command *m, struct err *e)
{
    if (cluster_find_node(n->cluster, m->node) == NULL)
        return err_set(e, -E_NOT_FOUND, "signal: no node %llu", (unsigned long long)m->node);
    if (m->signal != SIGKILL && m->signal != SIGSTOP && m->signal != SIGCONT &&
        m->signal != SIGTERM)
        return err_set(e, -E_INVAL, "signal: %d is none of KILL, STOP, CONT, TERM", m->signal);
    if (m->pid <= 1 || m->pid > INT32_MAX || m->pid == getpid() || m->pid == getppid())
        return err_set(e, -E_INVAL, "signal: process %lld cannot be a node", (long long)m->pid);
    if (kill((pid_t)m->pid, m->signal) < 0)
        return err_sys(e, "signal %d to node %llu, process %lld", m->signal,
                       (unsigned long long)m->node, (long long)m->pid);
    return 0;
}

static int carry_out(struct nemesis *n, const struct wire_nemesis_command *m, struct err *e)
{
    switch (m->kind) {
    case WIRE_NEMESIS_RULES: return proxy_set_rules(n->proxy, m->links, m->n_links, e);
    case WIRE_NEMESIS_HEAL: proxy_heal(n->proxy); return 0;
    case WIRE_NEMESIS_RESET: return proxy_reset(n->proxy, m->node, e);
    case WIRE_NEMESIS_SIGNAL: return send_signal(n, m, e);
    case WIRE_NEMESIS_COUNTERS: return 0;
    case WIRE_NEMESIS_QUIT: n->quit = true; return 0;
    }
    return err_set(e, -E_UNSUPPORTED, "no command of kind %d", (int)m->kind);
}

/* The answer is lost when the harness does not read: it waits for each before the next command. */
static void answer(struct nemesis *n, uint64_t request, int rc, const struct err *e)
{
    const struct wire_nemesis_reply reply = {.request = request,
                                             .ok = rc == 0,
                                             .reason = rc == 0 ? slice_str("") : slice_str(e->text),
                                             .monotonic_ns = clock_monotonic_ns(),
                                             .counters = proxy_counters(n->proxy)};
    struct buf bytes = {0};

    if (wire_encode_nemesis_reply(&reply, &bytes) == 0)
        zmq_send(n->control, bytes.data, bytes.len, ZMQ_DONTWAIT);
    buf_free(&bytes);
}

/* Garbage is answered too, as request 0, which no command has. */
static void handle_command(struct nemesis *n, struct slice bytes)
{
    struct wire_nemesis_command m = {0};
    struct err e = {0};
    int rc = wire_decode_nemesis_command(bytes, n->links, WIRE_LINKS_MAX, &m, &e);

    if (rc == 0)
        rc = carry_out(n, &m, &e);
    else
        m.request = 0;
    answer(n, m.request, rc, &e);
}

/* Reads until there is nothing left, because the descriptor tells of news only once. */
static void handle_commands(struct nemesis *n)
{
    zmq_msg_t message;

    zmq_msg_init(&message);
    while (!n->quit && zmq_msg_recv(&message, n->control, ZMQ_DONTWAIT) >= 0)
        handle_command(n, slice_of(zmq_msg_data(&message), zmq_msg_size(&message)));
    zmq_msg_close(&message);
}

/* The only event asked for is that the connection to the harness has been lost. */
static void handle_monitor(struct nemesis *n)
{
    zmq_msg_t message;

    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, n->monitor, ZMQ_DONTWAIT) >= 0)
        n->quit = true;
    zmq_msg_close(&message);
}

/* --- the loop ------------------------------------------------------------------------------- */

static int descriptor(void *socket)
{
    size_t size = sizeof(int);
    int fd = -1;

    zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    return fd;
}

static struct timespec sleep_for(int64_t deadline_ns, int64_t now_ns)
{
    int64_t ns = deadline_ns <= now_ns ? 0 : deadline_ns - now_ns;

    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

static int loop(struct nemesis *n, struct err *e)
{
    struct pollfd fds[] = {{.fd = proxy_fd(n->proxy), .events = POLLIN},
                           {.fd = descriptor(n->control), .events = POLLIN},
                           {.fd = descriptor(n->monitor), .events = POLLIN},
                           {.fd = n->signals, .events = POLLIN}};

    handle_commands(n);
    handle_monitor(n);
    while (!n->quit) {
        int64_t deadline_ns = proxy_deadline_ns(n->proxy);
        struct timespec timeout = sleep_for(deadline_ns, clock_monotonic_ns());

        if (ppoll(fds, 4, deadline_ns == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR)
            return err_sys(e, "nemesis: poll");
        if (fds[1].revents != 0)
            handle_commands(n);
        if (fds[2].revents != 0)
            handle_monitor(n);
        if (fds[3].revents != 0)
            return 0;
        proxy_work(n->proxy, clock_monotonic_ns());
    }
    return 0;
}

/* --- beginning and end ---------------------------------------------------------------------- */

/* A socket of ZeroMQ takes one descriptor and one more for each connection. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int open_control(struct nemesis *n, const char *address, struct err *e)
{
    const int64_t max = WIRE_MESSAGE_BYTES_MAX;

    n->control = zmq_socket(n->context, ZMQ_PAIR);
    n->monitor = zmq_socket(n->context, ZMQ_PAIR);
    if (n->control == NULL || n->monitor == NULL ||
        set_int(n->control, ZMQ_LINGER, LAST_WORD_MS) < 0 ||
        set_int(n->monitor, ZMQ_LINGER, 0) < 0 ||
        set_int(n->control, ZMQ_SNDHWM, CONTROL_QUEUE_MAX) < 0 ||
        set_int(n->control, ZMQ_RCVHWM, CONTROL_QUEUE_MAX) < 0 ||
        zmq_setsockopt(n->control, ZMQ_MAXMSGSIZE, &max, sizeof max) < 0 ||
        zmq_socket_monitor(n->control, "inproc://control", ZMQ_EVENT_DISCONNECTED) < 0 ||
        zmq_connect(n->monitor, "inproc://control") < 0 || zmq_connect(n->control, address) < 0)
        return err_set(e, -E_IO, "nemesis: control socket %s: %s", address,
                       zmq_strerror(zmq_errno()));
    return 0;
}

static int set_up(struct nemesis *n, const struct nemesis_options *o, struct err *e)
{
    int rc;

    n->links = calloc(WIRE_LINKS_MAX, sizeof *n->links);
    n->context = zmq_ctx_new();
    if (n->links == NULL || n->context == NULL)
        return err_set(e, -E_NOMEM, "nemesis");
    /* Sockets that are closing still count: a reset has some of them twice. */
    zmq_ctx_set(n->context, ZMQ_MAX_SOCKETS, (int)(2 * proxy_sockets(o->cluster)) + 16);
    rc = open_control(n, o->control, e);
    return rc < 0 ? rc : proxy_create(n->context, o->cluster, o->seed, &n->proxy, e);
}

static void tear_down(struct nemesis *n)
{
    proxy_destroy(&n->proxy);
    if (n->control != NULL)
        zmq_close(n->control);
    if (n->monitor != NULL)
        zmq_close(n->monitor);
    if (n->context != NULL)
        zmq_ctx_term(n->context);
    if (n->signals >= 0)
        close(n->signals);
    free(n->links);
}

/* Signals are blocked before ZeroMQ starts its threads, which inherit that, and then read. */
int nemesis_main(const struct nemesis_options *o, struct err *e)
{
    struct nemesis n = {.cluster = o->cluster, .signals = -1};
    sigset_t wanted;
    sigset_t before;
    int rc;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    raise_descriptor_limit();
    n.signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    rc = n.signals < 0 ? err_sys(e, "nemesis: signals") : set_up(&n, o, e);
    if (rc == 0)
        rc = loop(&n, e);
    tear_down(&n);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return rc;
}
