#include "cli/harness.h"

#include "base/check.h"
#include "base/clock.h"
#include "cli/files.h"
#include "cli/harness_impl.h"
#include "cli/process.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <zmq.h>

enum {
    STOP_MS = 5000, /* for an orderly end before SIGKILL */
    NEMESIS_START_MS = 10000,
    EVENT_BYTES_MAX = 1024, /* of a node's event; a longer one is foreign */
};

/* --- what is known of the nodes ------------------------------------------------------------- */

struct harness_node *harness_node_of(struct harness *h, uint64_t id)
{
    CHECK_THAT(id >= 1 && id <= h->options.nodes, "node %" PRIu64, id);
    return &h->nodes[id - 1];
}

const struct harness_node *harness_node(const struct harness *h, uint64_t id)
{
    CHECK_THAT(id >= 1 && id <= h->options.nodes, "node %" PRIu64, id);
    return &h->nodes[id - 1];
}

const struct cluster *harness_cluster(const struct harness *h)
{
    return h->cluster;
}

void *harness_zmq(const struct harness *h)
{
    return h->zmq;
}

const uint64_t *harness_node_ids(const struct harness *h, size_t *ret_n)
{
    *ret_n = h->options.nodes;
    return h->ids;
}

uint64_t harness_leader(const struct harness *h)
{
    const struct harness_node *found = NULL;

    for (size_t i = 0; i < h->options.nodes; i++) {
        const struct harness_node *n = &h->nodes[i];

        if (n->life != LIFE_DEAD && n->role == RAFT_LEADER &&
            (found == NULL || n->term > found->term))
            found = n;
    }
    return found == NULL ? 0 : found->id;
}

static void tell(struct harness *h, const struct harness_node *node, enum history_node_what what,
                 int signal)
{
    if (h->observer.changed != NULL)
        h->observer.changed(h->observer.context, node, what, signal);
}

/* --- news from the nodes -------------------------------------------------------------------- */

static enum history_node_what what_of_role(enum raft_role role)
{
    switch (role) {
    case RAFT_LEADER: return NODE_LEADER;
    case RAFT_PRE_CANDIDATE:
    case RAFT_CANDIDATE: return NODE_CANDIDATE;
    default: return NODE_FOLLOWER;
    }
}

static void take_event(struct harness *h, const struct wire_node_event *event)
{
    struct harness_node *node;

    if (event->node < 1 || event->node > h->options.nodes)
        return;
    node = harness_node_of(h, event->node);
    if (event->started)
        h->heard[event->node - 1] = true;
    /* The last words of a process that was killed may come in late. */
    if (node->life == LIFE_DEAD || !h->heard[event->node - 1])
        return;
    node->role = (enum raft_role)event->role;
    node->term = event->term;
    if (event->started)
        tell(h, node, NODE_STARTED, 0);
    tell(h, node, what_of_role(node->role), 0);
}

static void drain_events(struct harness *h)
{
    uint8_t bytes[EVENT_BYTES_MAX];
    struct wire_node_event event;
    int len;

    while ((len = zmq_recv(h->events, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0) {
        if ((size_t)len <= sizeof bytes &&
            wire_decode_node_event(h->cluster->key, slice_of(bytes, (size_t)len), &event, NULL) ==
                0)
            take_event(h, &event);
    }
}

/* --- news from the kernel ------------------------------------------------------------------- */

static void log_path(const struct harness *h, uint64_t node, char ret[PATH_MAX])
{
    if (node == 0)
        snprintf(ret, PATH_MAX, "%s/nemesis.log", h->folder);
    else
        snprintf(ret, PATH_MAX, "%s/node-%" PRIu64 ".log", h->folder, node);
}

/* -E_CLOSED with how it ended and its last words; node 0 is the nemesis. */
static int ended_by_itself(struct harness *h, uint64_t node, int status, struct err *e)
{
    char path[PATH_MAX];
    char tail[FILES_TAIL_BYTES + 1];
    char how[64];
    char who[32] = "the nemesis";

    if (node != 0)
        snprintf(who, sizeof who, "node %" PRIu64, node);
    log_path(h, node, path);
    files_tail(path, tail);
    process_describe_end(status, how, sizeof how);
    return err_set(e, -E_CLOSED, "%s ended by itself (%s); its log %s ends with:\n%s", who, how,
                   path, tail);
}

static int node_ended(struct harness *h, struct harness_node *node, int status, struct err *e)
{
    bool doomed = node->doomed;

    node->pid = 0;
    node->life = LIFE_DEAD;
    node->role = RAFT_FOLLOWER;
    node->doomed = false;
    h->heard[node->id - 1] = false;
    tell(h, node, doomed ? NODE_DIED : NODE_EXITED, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    return doomed ? harness_reset_links(h, node->id, e) : ended_by_itself(h, node->id, status, e);
}

int harness_reap_node(struct harness *h, struct harness_node *node, struct err *e)
{
    int status;

    while (node->pid != 0 &&
           waitpid(node->pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == node->pid) {
        if (WIFSTOPPED(status)) {
            node->life = LIFE_PAUSED;
            tell(h, node, NODE_PAUSED, 0);
        } else if (WIFCONTINUED(status)) {
            node->life = LIFE_RUNNING;
            tell(h, node, NODE_RESUMED, 0);
        } else {
            return node_ended(h, node, status, e);
        }
    }
    return 0;
}

static int reap_nemesis(struct harness *h, struct err *e)
{
    int status;

    if (h->nemesis_pid == 0 || waitpid(h->nemesis_pid, &status, WNOHANG) != h->nemesis_pid)
        return 0;
    h->nemesis_pid = 0;
    return ended_by_itself(h, 0, status, e);
}

int harness_poll(struct harness *h, struct err *e)
{
    int rc;

    if (signals_interrupted())
        return err_set(e, -E_INTERRUPTED, "interrupted");
    drain_events(h);
    for (size_t i = 0; i < h->options.nodes; i++) {
        rc = harness_reap_node(h, &h->nodes[i], e);
        if (rc < 0)
            return rc;
    }
    return reap_nemesis(h, e);
}

/* The events' descriptor tells of a change of the socket's state, once; harness_poll empties the
 * socket each time, so none is missed. */
void harness_fds(const struct harness *h, int ret[HARNESS_FDS])
{
    size_t len = sizeof ret[1];

    ret[0] = signals_fd();
    CHECK(zmq_getsockopt(h->events, ZMQ_FD, &ret[1], &len) == 0);
}

int harness_wait(struct harness *h, int timeout_ms, struct err *e)
{
    int fds[HARNESS_FDS];
    struct pollfd polled[HARNESS_FDS];

    harness_fds(h, fds);
    for (size_t i = 0; i < HARNESS_FDS; i++)
        polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    poll(polled, HARNESS_FDS, timeout_ms);
    return harness_poll(h, e);
}

int harness_await_leader(struct harness *h, uint64_t term, uint64_t except, int timeout_ms,
                         uint64_t *ret, struct err *e)
{
    int64_t end_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;

    for (;;) {
        uint64_t leader = harness_leader(h);
        int64_t left_ns = end_ns - clock_monotonic_ns();
        int rc;

        if (leader != 0 && leader != except && harness_node(h, leader)->term >= term) {
            *ret = leader;
            return 0;
        }
        if (left_ns <= 0)
            return err_set(e, -E_TIMEOUT, "no leader within %d ms; see the logs in %s", timeout_ms,
                           h->folder);
        rc = harness_wait(h, (int)(left_ns / NS_PER_MS) + 1, e);
        if (rc < 0)
            return rc;
    }
}

/* --- beginning ------------------------------------------------------------------------------ */

int harness_spawn_node(struct harness *h, struct harness_node *node, struct err *e)
{
    struct node_argv argv;
    char log[PATH_MAX];
    int rc;

    CHECK_THAT(node->pid == 0, "node %" PRIu64 " runs as %d", node->id, (int)node->pid);
    node_settings_argv(&h->options.node, h->cluster_path, node->id, h->options.seed,
                       h->events_address, &argv);
    log_path(h, node->id, log);
    rc = process_spawn(&(struct process_options){.argv = argv.items, .log = log}, &node->pid, e);
    if (rc == 0)
        node->life = LIFE_RUNNING;
    return rc;
}

static int open_events(struct harness *h, struct err *e)
{
    size_t len = sizeof h->events_address;
    int64_t bytes_max = EVENT_BYTES_MAX;
    int none = 0;

    h->zmq = zmq_ctx_new();
    h->events = h->zmq == NULL ? NULL : zmq_socket(h->zmq, ZMQ_PULL);
    if (h->events == NULL || zmq_setsockopt(h->events, ZMQ_LINGER, &none, sizeof none) < 0 ||
        zmq_setsockopt(h->events, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) < 0 ||
        zmq_bind(h->events, "tcp://127.0.0.1:*") < 0 ||
        zmq_getsockopt(h->events, ZMQ_LAST_ENDPOINT, h->events_address, &len) < 0)
        return err_set(e, -E_IO, "cannot listen to the nodes: %s", zmq_strerror(zmq_errno()));
    return 0;
}

/* The file is the truth: what is loaded back is what every process sees. */
static int write_cluster(struct harness *h, struct err *e)
{
    struct layout_options layout = {.name = h->options.name,
                                    .folder = h->folder,
                                    .nodes = h->options.nodes,
                                    .sites = h->options.sites};
    struct cluster *laid = NULL;
    int rc = files_make_folder(h->folder, e);

    if (rc < 0)
        return rc;
    files_join(h->cluster_path, h->folder, "cluster.json");
    if (files_exists(h->cluster_path))
        return err_set(e, -E_EXISTS, "%s exists already: every run gets a folder of its own",
                       h->cluster_path);
    rc = layout_create(&layout, &h->ports, &laid, e);
    if (rc == 0)
        rc = cluster_save(laid, h->cluster_path, e);
    cluster_free(&laid);
    return rc < 0 ? rc : cluster_load(h->cluster_path, &h->cluster, e);
}

static int start_nemesis(struct harness *h, struct err *e)
{
    struct wire_nemesis_command ask = {.kind = WIRE_NEMESIS_COUNTERS};
    struct wire_nemesis_reply reply;
    const char *control = NULL;
    char seed[24];
    char log[PATH_MAX];
    int rc = nemesis_remote_create(h->zmq, &h->remote, &control, e);
    const char *argv[] = {"rift",   "nemesis", "--cluster", h->cluster_path, "--control", control,
                          "--seed", seed,      NULL};

    if (rc < 0)
        return rc;
    snprintf(seed, sizeof seed, "%" PRIu64, h->options.seed);
    log_path(h, 0, log);
    rc = process_spawn(&(struct process_options){.argv = argv, .log = log}, &h->nemesis_pid, e);
    if (rc < 0)
        return rc;
    rc = nemesis_remote_call(h->remote, &ask, NEMESIS_START_MS, &reply, e);
    if (rc < 0) {
        int dead = reap_nemesis(h, e); /* its log says more than a timeout */

        return dead < 0 ? dead : rc;
    }
    return 0;
}

static int start_processes(struct harness *h, struct err *e)
{
    int rc = h->options.sites > 0 ? start_nemesis(h, e) : 0;

    for (size_t i = 0; rc == 0 && i < h->options.nodes; i++)
        rc = harness_spawn_node(h, &h->nodes[i], e);
    return rc;
}

int harness_start(const struct harness_options *o, const struct harness_observer *observer,
                  struct harness **ret, struct err *e)
{
    struct harness *h = calloc(1, sizeof *h);
    int rc = -E_NOMEM;

    if (h == NULL)
        return err_set(e, rc, "harness");
    h->options = *o;
    h->observer = *observer;
    h->ports.claim = -1;
    for (size_t i = 0; i < o->nodes; i++)
        h->ids[i] = h->nodes[i].id = i + 1;
    h->folder = strdup(o->folder);
    if (h->folder == NULL) {
        err_set(e, rc, "harness");
        goto fail;
    }
    rc = ports_claim(&h->ports, e);
    if (rc == 0)
        rc = write_cluster(h, e);
    if (rc == 0)
        rc = open_events(h, e);
    if (rc == 0)
        rc = start_processes(h, e);
    if (rc < 0)
        goto fail;
    *ret = h;
    return 0;

fail:
    harness_stop(&h);
    return rc;
}

/* --- the end -------------------------------------------------------------------------------- */

static void end_process(pid_t pid, int timeout_ms)
{
    int status;

    if (pid == 0)
        return;
    if (process_wait(pid, timeout_ms, &status) == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
}

static void end_processes(struct harness *h)
{
    int64_t end_ns = clock_monotonic_ns() + STOP_MS * NS_PER_MS;

    for (size_t i = 0; i < h->options.nodes; i++) {
        if (h->nodes[i].pid != 0) {
            kill(h->nodes[i].pid, SIGTERM);
            kill(h->nodes[i].pid, SIGCONT); /* one that is stopped could not hear it */
        }
    }
    if (h->nemesis_pid != 0)
        kill(h->nemesis_pid, SIGTERM);
    for (size_t i = 0; i < h->options.nodes; i++) {
        int64_t left_ns = end_ns - clock_monotonic_ns();

        end_process(h->nodes[i].pid, left_ns > 0 ? (int)(left_ns / NS_PER_MS) : 0);
    }
    end_process(h->nemesis_pid, STOP_MS);
}

void harness_stop(struct harness **h)
{
    struct harness *gone = *h;

    *h = NULL;
    if (gone == NULL)
        return;
    end_processes(gone);
    nemesis_remote_destroy(gone->remote);
    if (gone->events != NULL)
        zmq_close(gone->events);
    if (gone->zmq != NULL)
        zmq_ctx_term(gone->zmq);
    cluster_free(&gone->cluster);
    if (gone->ports.claim >= 0)
        ports_release(&gone->ports);
    free(gone->folder);
    free(gone);
}
