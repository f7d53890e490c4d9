#ifndef RIFT_SIM_WORLD_H
#define RIFT_SIM_WORLD_H

#include "base/check.h"
#include "nemesis/conductor.h"
#include "node/server.h"
#include "sim/disk.h"
#include "sim/net.h"
#include "sim/oracle.h"
#include "sim/queue.h"
#include "sim/sim.h"
#include "workloads/fleet.h"

#include <stdio.h>

/* The parts of a run, shared by the files of this folder and nobody else. */

enum { SIM_ASKED_MAX = 1 << 14 };

/* What a server is about to do. */
struct sim_effect {
    enum { SIM_SAVES, SIM_SENDS, SIM_ANSWERS } kind;
    enum raft_message_type type; /* SENDS */
    uint64_t to;
};

struct sim_node {
    struct sim_world *world;
    size_t index;
    uint64_t id;
    struct sim_disk *disk;
    struct server *server; /* NULL: not running */
    uint32_t incarnation;
    int64_t tick_ns; /* with the drift of its clock */
    bool dying;      /* crashed between two effects: what follows does not happen */
    bool held_down;  /* killed by the plan */
    bool struck;     /* a bit of its disk has flipped */
    bool lost;       /* and it has found that out: it refuses to start */
    bool paused;
    struct sim_event *deferred; /* what arrived while it was paused */
    size_t n_deferred, cap_deferred;
    struct rng crashes, jumps, flips;
    int64_t stands_until_ns; /* its clock does, until then */

    size_t next_death; /* of the configuration's, in its order */
    uint32_t overdue;  /* effects since that one's time came */
    int64_t effects_at_ns;
    uint32_t effects;         /* carried out at that time */
    struct sim_death death;   /* when `dying`; node 0: not between two effects */
    struct sim_effect effect; /* that did not happen */
};

/* Which command a request carried, to see what an answer acknowledges. */
struct sim_asked {
    uint64_t request;
    uint64_t session, id;
    bool writes;
};

struct sim_world {
    struct sim_config config;
    struct sim_result *result;
    int64_t now_ns;
    struct sim_queue queue;
    struct sim_net *net;
    struct sim_node nodes[SIM_NODES_MAX];
    uint64_t ids[SIM_NODES_MAX];
    struct plan *plan; /* drawn; NULL when it was given */
    size_t steps;
    struct conductor *conductor;
    struct sim_fault_on *faults_on; /* one for each step of the plan, and one more */
    struct workload *workload;
    struct fleet *fleet;
    int64_t fleet_wake_ns; /* of the event in the queue; INT64_MAX: none */
    int64_t conductor_wake_ns;
    size_t leader; /* index + 1 of the newest leader; 0: none */
    uint64_t leader_term;
    struct rng restarts;

    struct oracle *oracle;
    uint64_t *applied_ids; /* by session: highest command id that was applied */
    size_t cap_applied_ids;
    struct sim_asked *asked;

    bool healed; /* faults are over: every operation invoked from now on has to come through */
    bool strict;
    bool *is_strict; /* by process slot: its operation was invoked under `strict` */

    struct sim_died *died; /* room for SIM_DEATHS_MAX; NULL: nobody asks */
    size_t n_died;
    struct history *history;
    struct history_writer *writer;
    int error; /* of memory or the writer: ends the run */
    struct err reason;
};

/* node.c */
int sim_node_create(struct sim_world *w, size_t index, struct err *e);
void sim_node_destroy(struct sim_node *n);
void sim_node_start(struct sim_node *n);
void sim_node_crash(struct sim_node *n); /* its memory is gone, its disk keeps a prefix */
void sim_node_pause(struct sim_node *n);
void sim_node_resume(struct sim_node *n);
void sim_node_handle(struct sim_node *n, const struct sim_event *event);

/* death.c: before each effect the node may die; what follows then does not happen. */
bool sim_node_lives(struct sim_node *n, struct sim_effect effect);
void sim_node_die(struct sim_node *n);    /* when `dying`; it starts again by itself */
void sim_node_reborn(struct sim_node *n); /* starts: what of the past concerns it no more */
void sim_note_death(struct sim_node *n, uint64_t lost_batches); /* if anybody asks */

/* clients.c */
int sim_clients_create(struct sim_world *w, struct err *e);
void sim_clients_step(struct sim_world *w); /* ticks the fleet and sends what it wants sent */
void sim_clients_reply(struct sim_world *w, const struct wire_reply *m);

/* faults.c: what the plan's steps cut and what proves that they bit, for the history. */
int sim_faults_create(struct sim_world *w, struct err *e); /* `steps` is known */
void sim_fault_begins(struct sim_world *w, const struct conductor_action *a);
void sim_fault_ends(struct sim_world *w, const struct conductor_action *a);

/* world.c */
void sim_put(struct sim_world *w, struct sim_event event);
void sim_find(struct sim_world *w, enum sim_finding finding, const char *reason);
void sim_fail(struct sim_world *w, int rc, const struct err *e);
void sim_record(struct sim_world *w, struct history_event *event);
void sim_note(struct sim_world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_record_node(struct sim_world *w, const struct sim_node *n, enum history_node_what what,
                     uint64_t term);

#endif
