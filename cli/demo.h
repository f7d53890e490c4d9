#ifndef RIFT_CLI_DEMO_H
#define RIFT_CLI_DEMO_H

#include "cli/client.h"
#include "cli/harness.h"
#include "cli/judge.h"

#include <jansson.h>
#include <limits.h>

/* The parts of `rift demo stale-read`: demo.c tells the story twice, once for each read mode;
 * demo_stage.c has the nodes, the two clerks and the history it is told with. */

/* A clerk of the story and the place it sits at. */
struct demo_clerk {
    struct demo *demo;
    struct client *client;
    uint32_t process; /* in the history; a new one after an unknown outcome */
};

struct demo {
    const char *folder;
    json_t *steps; /* every sentence that was told */
    bool quiet;    /* sentences go into `steps` only */

    struct harness *harness;
    struct history_writer *writer;
    struct links *links;
    int64_t start_ns;
    struct demo_clerk inside;  /* beside the old leader, and talks to nobody else */
    struct demo_clerk outside; /* beside the others */
    uint32_t processes;        /* numbers given out */
};

/* Tells a sentence; while the history is open, to it as well. */
void demo_say(struct demo *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Starts nodes that answer reads in this mode and waits for a leader. */
int demo_open(struct demo *d, uint64_t nodes, const char *reads, uint64_t *ret_leader,
              struct err *e);

/* Puts the clerks in their places: `inside` at the site of `leader`, pinned to it. */
int demo_seat(struct demo *d, uint64_t leader, struct err *e);

/* Cuts the node and the site of that number off from all other nodes and sites. */
int demo_isolate(struct demo *d, uint64_t node, struct err *e);

/* Lets everybody reach everybody again. */
int demo_heal(struct demo *d, struct err *e);

/* One operation of a clerk, recorded. The value is lent until the clerk's next one. */
int demo_do(struct demo_clerk *c, enum op_kind kind, const char *key, const char *value,
            struct clerk_end *ret, struct err *e);

/* Closes the history and ends the nodes. Safe to call twice, and on what was never opened. */
int demo_close(struct demo *d, struct err *e);

void demo_history_path(const struct demo *d, char ret[PATH_MAX]);

#endif
