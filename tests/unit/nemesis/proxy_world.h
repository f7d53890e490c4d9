#ifndef RIFT_TESTS_NEMESIS_PROXY_WORLD_H
#define RIFT_TESTS_NEMESIS_PROXY_WORLD_H

#include "nemesis/nemesis.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <zmq.h>

/* Three nodes that are only sockets, one site of clerks, and a real nemesis process between them,
 * all on loopback. Plain C: the tests fork and use threads, which Criterion is in the way of. */

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__, #condition);  \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

enum { NODES = 3, WAIT_MS = 20000 };

struct world {
    struct cluster *cluster;
    pid_t nemesis;
    void *context;
    struct nemesis_remote *remote;
    void *push[NODES + 1][NODES + 1]; /* by ids: from, to */
    void *pull[NODES + 1];
    void *dealer[NODES + 1];  /* of site 1 to a node */
    void *at_node[NODES + 1]; /* where a node listens to clerks; a DEALER will do here */
};

void world_open(struct world *w);
void world_close(struct world *w); /* tells the nemesis to quit and sees that it does so */

/* The pieces of world_open, for tests that want only some. */
struct cluster *world_cluster(void);
pid_t world_fork(const struct cluster *cluster, int *ret_pipe);
void world_tell(int pipe, const char *control_address);
int world_reap(pid_t pid); /* exit status; fails when it does not end in time */

void *world_socket(struct world *w, int type, const char *address, bool bind);

/* A rule on the link between two nodes, confirmed by the nemesis. */
void world_rule(struct world *w, struct wire_end from, struct wire_end to,
                struct wire_link_rule rule);
void world_rule_nodes(struct world *w, uint64_t from, uint64_t to, struct wire_link_rule rule);
struct wire_nemesis_counters world_command(struct world *w, struct wire_nemesis_command m);
struct wire_nemesis_counters world_counters(struct world *w);

void send_text(void *socket, const char *text);
void send_bytes(void *socket, const void *data, size_t len);
void expect_text(void *socket, const char *text); /* the next that comes */
bool next_text(void *socket, char *text, size_t size, int wait_ms);

#endif
