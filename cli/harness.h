#ifndef RIFT_CLI_HARNESS_H
#define RIFT_CLI_HARNESS_H

#include "cli/node_settings.h"
#include "histories/history.h"
#include "node/raft/raft.h"
#include "wire/cluster.h"
#include "wire/wire.h"

#include <sys/types.h>

/* A cluster that lives as long as a command: its folder, its processes and what they tell. The
 * harness starts and reaps the nodes and the nemesis process; whoever dies without having been
 * asked to ends the run. signals_open has to have been called before. One thread. */
struct harness;

struct harness_options {
    const char *folder; /* for cluster.json, data/ and logs; made when it is not there */
    const char *name;   /* of the cluster */
    size_t nodes;
    size_t sites; /* places where clerks run; 0: no nemesis, and every link is direct */
    struct node_settings node;
    uint64_t seed;
};

enum harness_life { LIFE_DEAD, LIFE_RUNNING, LIFE_PAUSED };

struct harness_node {
    uint64_t id;
    pid_t pid; /* 0: none */
    enum harness_life life;
    bool doomed; /* it was killed or told to end: its death is no surprise */
    enum raft_role role;
    uint64_t term; /* of the role */
};

/* Tells of every change of a node's role or life, as it becomes known. `signal`: of NODE_DIED. */
struct harness_observer {
    void *context;
    void (*changed)(void *context, const struct harness_node *node, enum history_node_what what,
                    int signal);
};

/* Writes the cluster file and starts everything. Errors: -E_EXISTS (the folder holds a cluster),
 * -E_IO, -E_BUSY, -E_NOMEM. */
int harness_start(const struct harness_options *o, const struct harness_observer *observer,
                  struct harness **ret, struct err *e);

/* Ends every process (orderly, after STOP_MS with SIGKILL), reaps it, frees everything. */
void harness_stop(struct harness **h);

const struct cluster *harness_cluster(const struct harness *h);
void *harness_zmq(const struct harness *h);
const uint64_t *harness_node_ids(const struct harness *h, size_t *ret_n);
const struct harness_node *harness_node(const struct harness *h, uint64_t id);

/* Readable when harness_poll may have something to do: signals, then events of nodes. */
enum { HARNESS_FDS = 2 };
void harness_fds(const struct harness *h, int ret[HARNESS_FDS]);

/* Takes in what processes told and which ended. Errors: -E_CLOSED (one ended by itself: `e` has
 * the end of its log), -E_INTERRUPTED (Ctrl-C or SIGTERM). */
int harness_poll(struct harness *h, struct err *e);

/* Waits for news, at most timeout_ms, then harness_poll. */
int harness_wait(struct harness *h, int timeout_ms, struct err *e);

/* The node that was last heard to lead, in the highest term; 0: none that runs. */
uint64_t harness_leader(const struct harness *h);

/* Waits until some node leads in a term of at least `term` that is none of `except` (0: any).
 * Errors of harness_poll; -E_TIMEOUT. */
int harness_await_leader(struct harness *h, uint64_t term, uint64_t except, int timeout_ms,
                         uint64_t *ret, struct err *e);

/* By way of the nemesis. The death of a killed node is told once it has been reaped. */
int harness_kill(struct harness *h, uint64_t node, struct err *e);
int harness_pause(struct harness *h, uint64_t node, struct err *e);
int harness_resume(struct harness *h, uint64_t node, struct err *e);
int harness_set_rules(struct harness *h, const struct wire_nemesis_link *links, size_t n,
                      struct err *e);
int harness_heal(struct harness *h, struct err *e);
int harness_counters(struct harness *h, struct wire_nemesis_counters *ret, struct err *e);

/* Starts a node again that was killed, once the old process is reaped. */
int harness_restart(struct harness *h, uint64_t node, struct err *e);

#endif
