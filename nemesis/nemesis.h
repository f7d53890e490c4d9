#ifndef RIFT_NEMESIS_NEMESIS_H
#define RIFT_NEMESIS_NEMESIS_H

#include "base/err.h"
#include "wire/cluster.h"
#include "wire/wire.h"

/* The nemesis process: a proxy on every directed link (between nodes by their `dial` maps,
 * between sites of clerks and nodes by theirs), and a hand on the nodes' processes. It does what
 * the harness tells it over one ZeroMQ PAIR socket and answers when it is done. The proxy works
 * on whole messages; it always reads, then passes on, drops, delays, duplicates or holds back,
 * and counts. */
struct nemesis_options {
    const struct cluster *cluster;
    const char *control; /* ZeroMQ address where the harness listens */
    uint64_t seed;       /* of the chances on links */
};

/* Messages held by one link at a time because they are delayed, and their bytes; beyond it new ones
 * are dropped and counted as `overflow`. The same happens to a message that finds no connection
 * (its node is dead) or no room in the socket (its node is slow or stopped). */
enum { NEMESIS_LINK_QUEUE_MAX = 4096, NEMESIS_LINK_BYTES_MAX = 64 << 20 };

/* The `reorder_ms` of wire_link_rule: how long a message is held back when none comes after it. */
enum { NEMESIS_REORDER_MS_MAX = 50 };

/* Runs until told to quit, until SIGTERM or SIGINT, or until the harness's end of the control
 * socket is gone. It answers its first command when all addresses are bound. Errors: -E_EXISTS
 * (address in use; says which), -E_NOT_FOUND (a dial to no node), -E_IO, -E_NOMEM.
 */
int nemesis_main(const struct nemesis_options *o, struct err *e);

/* --- the harness's end ---------------------------------------------------------------------- */
struct nemesis_remote;

/* Binds the control socket; *ret_address (lent, lives as long) goes to the process's options. */
int nemesis_remote_create(void *zmq_context, struct nemesis_remote **ret, const char **ret_address,
                          struct err *e);
void nemesis_remote_destroy(struct nemesis_remote *r);

/* Sends a command and waits for its answer, at most timeout_ms. Errors: -E_TIMEOUT, -E_IO (with
 * the nemesis' reason). Sets command->request. */
int nemesis_remote_call(struct nemesis_remote *r, struct wire_nemesis_command *command,
                        int timeout_ms, struct wire_nemesis_reply *ret, struct err *e);

#endif
