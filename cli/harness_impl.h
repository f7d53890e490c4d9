#ifndef RIFT_CLI_HARNESS_IMPL_H
#define RIFT_CLI_HARNESS_IMPL_H

#include "cli/harness.h"
#include "cli/layout.h"
#include "nemesis/nemesis.h"

#include <limits.h>

/* What harness.c (life and news of the processes) and harness_faults.c (what is done to them)
 * share. */
struct harness {
    struct harness_options options;
    struct harness_observer observer;
    char *folder;
    char cluster_path[PATH_MAX];
    struct ports ports;
    struct cluster *cluster;

    void *zmq;
    void *events; /* PULL; nodes push their changes of role */
    char events_address[64];

    struct nemesis_remote *remote;
    pid_t nemesis_pid; /* 0: none */

    struct harness_node nodes[LAYOUT_NODES_MAX]; /* nodes[i] has id i + 1 */
    bool heard[LAYOUT_NODES_MAX];                /* this incarnation has told that it started */
    uint64_t ids[LAYOUT_NODES_MAX];
};

struct harness_node *harness_node_of(struct harness *h, uint64_t id);

/* Starts the process of a node that has none. */
int harness_spawn_node(struct harness *h, struct harness_node *node, struct err *e);

/* Takes in what the kernel tells of one node: stopped, continued, ended. */
int harness_reap_node(struct harness *h, struct harness_node *node, struct err *e);

/* Nothing that was on its way to or from a dead node may reach its next incarnation. */
int harness_reset_links(struct harness *h, uint64_t node, struct err *e);

#endif
