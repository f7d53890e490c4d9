#ifndef RIFT_SIM_SIM_H
#define RIFT_SIM_SIM_H

#include "base/err.h"
#include "base/op.h"
#include "histories/history.h"
#include "nemesis/plan.h"

/* A whole run in one thread under virtual time: the same server, clerk, workload and plan code
 * that runs as processes, over a virtual network and virtual disks, all drawn from one seed. The
 * same configuration gives the same history to the byte. */

enum { SIM_NODES_MAX = 7, SIM_CLERKS_MAX = 1000 };

/* Operations that are to happen: which of them is a matter of the clerk (from 0) and of its count
 * (from 0), so that leaving one out leaves the others as they were. Sorted by both. */
struct sim_op {
    uint32_t clerk;
    uint64_t k;
};

struct sim_ops {
    struct sim_op *items;
    size_t n;
};

/* A node that dies between two effects of its server, by name instead of by chance: before it
 * carries out the effect that is number `effects` (from 0) of those from `at_ns` on. One whose time
 * comes while the node is down does not happen. Sorted by node and time. */
struct sim_death {
    uint32_t node; /* from 1 */
    int64_t at_ns;
    uint32_t effects;
    uint32_t down_ms; /* after which it starts again */
};

struct sim_deaths {
    struct sim_death *items;
    size_t n;
};

enum { SIM_DEATHS_MAX = 1 << 14, SIM_TOLD_MAX = 80 };

/* Everything that makes a run what it is. sim_config_draw fills it from a seed; each field can be
 * set from outside afterwards. Times are virtual. */
struct sim_config {
    uint64_t seed;
    uint32_t nodes; /* 1 to 7 */
    uint32_t clerks;
    uint32_t keys;
    uint32_t value_bytes;
    uint32_t read_percent;
    char workload[24];
    char nemesis[96];    /* as plan_options.nemesis */
    double rate;         /* operations a second and clerk; 0: as fast as answers come */
    uint32_t ops_max;    /* of all clerks together; 0: no bound */
    uint32_t wander_ppm; /* operations that begin at a random node */
    int64_t run_ms;
    int64_t fault_ms;
    int64_t pause_ms;
    enum read_mode read_mode;
    bool check_quorum;
    bool pre_vote;

    uint32_t tick_ms;
    uint32_t election_ms;
    uint32_t heartbeat_ms;
    uint32_t attempt_timeout_ms;
    uint32_t op_timeout_ms;
    uint32_t sessions_max;
    uint32_t append_entries; /* in one message; 0: the default of Raft */

    /* The network when nothing is wrong with it. Chances are in a million. */
    uint32_t latency_us;
    uint32_t jitter_us;
    uint32_t loss_ppm;
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm;

    uint32_t disk_us;
    uint32_t disk_jitter_us;
    uint32_t disk_stall_ppm; /* writes that take up to disk_stall_ms longer */
    uint32_t disk_stall_ms;
    uint32_t disk_fail_ppm; /* writes that fail, as on a full disk: fatal to the node */
    uint32_t
        disk_flip_ppm; /* writes after which a stored bit flips; never on more than a minority */

    uint32_t crash_ppm;   /* that a node dies between two effects; it restarts by itself */
    uint32_t crashes_max; /* of such deaths; 0: no bound */
    uint32_t drift_ppm;   /* largest deviation of a node's clock */
    uint32_t jump_ppm;    /* ticks at which a node's clock jumps forward or stands still */
    uint32_t jump_ms;     /* by as much as this */

    uint32_t events_max; /* a run that needs more is taken for stuck; 0: no bound */

    bool oracles;

    const struct sim_ops *ops;       /* lent; NULL: all */
    const struct sim_deaths *deaths; /* lent; beside those that chance brings; NULL: none */
};

/* Draws a world for the seed: small and large, calm and hostile. */
void sim_config_draw(uint64_t seed, struct sim_config *ret);

/* The plain world of the speed target: five nodes, ten clerks at ten operations a second each. */
void sim_config_plain(uint64_t seed, struct sim_config *ret);

/* The faults that sim_run draws when it is given none. Errors: as plan_draw. */
int sim_draw_plan(const struct sim_config *c, struct plan **ret, struct err *e);

enum sim_finding {
    SIM_FINE,
    SIM_ORACLE,   /* an oracle saw a broken promise */
    SIM_CHECK,    /* a CHECK failed in a node */
    SIM_LIVENESS, /* after healing, operations did not come through */
};

struct sim_result {
    enum sim_finding finding;
    char reason[ERR_TEXT_MAX]; /* of a finding */
    int64_t found_ms;
    int64_t virtual_ms;
    uint64_t events;
    uint64_t invoked, ok, fail, info;
    uint64_t faults[FAULT_KIND_COUNT];                /* begun */
    uint64_t crashes;                                 /* between two effects */
    uint64_t dropped, duplicated, reordered, delayed; /* messages */
    uint64_t kills, pauses;
    uint64_t disk_stalls, disk_failures, disk_flips;
    uint64_t nodes_lost; /* that found their disks damaged, and stay down */
    uint64_t clock_jumps;
    bool bit; /* some fault had an effect, or none was planned */
};

/* Runs a world. `plan` NULL: drawn from the seed. The history comes back in memory (to be freed
 * with history_free); `writer` (may be NULL) gets the same events.
 * Errors: -E_INVAL, -E_NOMEM. A finding is not an error. */
int sim_run(const struct sim_config *c, const struct plan *plan, struct history_writer *writer,
            struct history **ret_history, struct sim_result *ret, struct err *e);

/* A death that a run shows, and what it cut off. */
struct sim_died {
    struct sim_death death;  /* of those between two effects; of others node and time only */
    bool between;            /* two effects; false: killed by the plan, or its disk failed */
    char told[SIM_TOLD_MAX]; /* "before it sends append to node 3; 2 writes are lost"; may be "" */
};

/* Runs a world for its deaths, the first SIM_DEATHS_MAX of them. With those between two effects
 * named and `crash_ppm` 0 the run is the same. `*ret` is the caller's, to be freed. Errors: as
 * sim_run. */
int sim_find_deaths(const struct sim_config *c, const struct plan *plan, struct sim_died **ret,
                    size_t *ret_n, struct err *e);

/* The header that a history of this configuration has; strings and `nodes` are lent by the
 * caller. */
struct history_header sim_history_header(const struct sim_config *c, uint64_t nodes[SIM_NODES_MAX]);

const char *sim_finding_name(enum sim_finding finding);

#endif
