#ifndef RIFT_NEMESIS_PLAN_H
#define RIFT_NEMESIS_PLAN_H

#include "base/err.h"
#include "wire/wire.h"

/* A schedule of faults as data: drawn from a seed, printed, stored, replayed from a file. Pure.
 * Steps name their targets by role ("the leader", "a random node"); who that is turns out when
 * the step begins (fault_resolve). Random choices inside a step come from its own `draw`, so that
 * removing a step changes no other. */

#define FAULT_KINDS(X)                                                                             \
    X(PARTITION, "partition") /* cuts links by a shape */                                          \
    X(DELAY, "delay")                                                                              \
    X(DROP, "drop")                                                                                \
    X(DUPLICATE, "duplicate")                                                                      \
    X(REORDER, "reorder")                                                                          \
    X(KILL, "kill")   /* kill -9; restarted when the step ends */                                  \
    X(PAUSE, "pause") /* SIGSTOP; SIGCONT when the step ends */

enum fault_kind {
#define X(name, text) FAULT_##name,
    FAULT_KINDS(X)
#undef X
        FAULT_KIND_COUNT
};

#define FAULT_SHAPES(X)                                                                            \
    X(HALVES, "halves") /* the first half from the rest, by id */                                  \
    X(RANDOM_HALVES, "random-halves")                                                              \
    X(ISOLATE_ONE, "isolate-one") /* a random node */                                              \
    X(ISOLATE_LEADER, "isolate-leader")                                                            \
    X(RING, "majorities-ring") /* each node sees a majority, no two the same */                    \
    X(BRIDGE, "bridge")        /* two halves and one node that sees both */                        \
    X(ONE_WAY, "one-way")      /* a random node hears nobody, but is heard */                      \
    X(FLAPPING, "flapping")    /* isolate-one, on and off every period_ms */

enum fault_shape {
#define X(name, text) SHAPE_##name,
    FAULT_SHAPES(X)
#undef X
        FAULT_SHAPE_COUNT
};

/* Whom KILL and PAUSE hit, and in a partition what becomes of the clerks. */
#define FAULT_TARGETS(X)                                                                           \
    X(LEADER, "leader")                                                                            \
    X(RANDOM, "random")     /* one node */                                                         \
    X(MINORITY, "minority") /* as many random nodes as can go without losing the majority */       \
    X(ALL, "all")

enum fault_target {
#define X(name, text) TARGET_##name,
    FAULT_TARGETS(X)
#undef X
        FAULT_TARGET_COUNT
};

#define FAULT_CLIENTS(X)                                                                           \
    X(FREE, "free")   /* clerks reach every node: links between nodes only are cut */              \
    X(SPLIT, "split") /* sites are divided among the sides like nodes: some on each side */

enum fault_clients {
#define X(name, text) CLIENTS_##name,
    FAULT_CLIENTS(X)
#undef X
        FAULT_CLIENTS_COUNT
};

struct plan_step {
    uint32_t number; /* 1, 2, 3... */
    int64_t at_ms;   /* since the start of the run */
    int64_t for_ms;
    enum fault_kind kind;
    enum fault_shape shape;     /* PARTITION */
    enum fault_target target;   /* KILL, PAUSE */
    enum fault_clients clients; /* PARTITION */
    uint32_t ppm;               /* DROP, DUPLICATE, REORDER */
    uint32_t delay_ms;          /* DELAY */
    uint32_t jitter_ms;         /* DELAY */
    uint32_t period_ms;         /* FLAPPING */
    uint64_t types;             /* message types as in wire_link_rule; 0: all */
    uint64_t draw;
};

enum { PLAN_STEPS_MAX = 10000 };
#define PLAN_MS_MAX (INT64_C(7) * 24 * 3600 * 1000) /* a week */

struct plan {
    uint64_t seed;
    struct plan_step *steps; /* by at_ms */
    size_t n_steps;
};

struct plan_options {
    const char *nemesis; /* a name of plan_nemesis_names, or several joined by commas */
    uint64_t seed;
    int64_t run_ms;   /* the last step ends before it, less quiet_ms */
    int64_t first_ms; /* [2000] time to elect a leader before the first fault */
    int64_t fault_ms; /* [3000] mean length of a fault */
    int64_t pause_ms; /* [1500] mean time between faults */
    int64_t quiet_ms; /* [2000] at the end, healed */
};

/* "none", "partition" (all shapes), each shape by name, "kill", "pause", "delay", "drop",
 * "duplicate", "reorder", "links" (the last four), "all". Ends with NULL. */
const char *const *plan_nemesis_names(void);

/* A single name never has two faults on at once; several joined by commas run beside each other,
 * and taking one away leaves the others as they were (but for their numbers).
 * Errors: -E_INVAL (no such nemesis; says which names there are), -E_LIMIT, -E_NOMEM. */
int plan_draw(const struct plan_options *o, struct plan **ret, struct err *e);
void plan_free(struct plan **p);

/* JSON, documented in docs/plan-format.md. Errors of reading: -E_PARSE (with name, line and what
 * was expected), -E_NOT_FOUND, -E_IO. */
int plan_load(const char *path, struct plan **ret, struct err *e);
int plan_parse(const char *name, const char *text, size_t len, struct plan **ret, struct err *e);
int plan_print(const struct plan *p, struct buf *out);
int plan_describe_step(const struct plan_step *s, struct buf *out); /* one line for people */

/* --- what a step does, once the world is known ---------------------------------------------- */

struct fault_world {
    const uint64_t *nodes;
    size_t n_nodes;
    const uint64_t *sites;
    size_t n_sites;
    uint64_t leader; /* 0: none known: a step that wants one takes a random node */
};

/* The effects of a step. Owned; free with fault_free. */
struct fault {
    struct wire_nemesis_link *links; /* links that get a rule */
    size_t n_links;
    uint64_t *nodes; /* KILL, PAUSE: whom; PARTITION: those on the smaller side, for the story */
    size_t n_nodes;
    char *text; /* "cuts node 2 (leader) from 1, 3, 4, 5; clerks of site 2 stay with it" */
};

int fault_resolve(const struct plan_step *s, const struct fault_world *w, struct fault **ret,
                  struct err *e);
void fault_free(struct fault **f);

const char *fault_kind_name(enum fault_kind kind);

#endif
