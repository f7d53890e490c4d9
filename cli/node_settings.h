#ifndef RIFT_CLI_NODE_SETTINGS_H
#define RIFT_CLI_NODE_SETTINGS_H

#include "base/bug.h"
#include "cli/args.h"

#include <stddef.h>

/* How nodes are to behave: the options that every command has that starts some. */
struct node_settings {
    const char *store;
    const char *reads;
    bool check_quorum;
    bool pre_vote;
    bool sync;
    uint64_t tick_ms;
    uint64_t heartbeat_ms;
    uint64_t election_ms;
    const char *bug; /* planted; NULL: none */
};

#define NODE_SETTINGS_DEFAULT                                                                      \
    {                                                                                              \
        .store = "rocks", .reads = "index", .check_quorum = true, .pre_vote = true, .sync = true,  \
        .tick_ms = 10, .heartbeat_ms = 50, .election_ms = 300                                      \
    }

/* The rows of a command's table, where `member` of struct `type` is its struct node_settings. */
/* clang-format off */
#define NODE_SETTINGS_ARGS(type, member)                                                           \
    {"store", ARG_CHOICE, offsetof(type, member.store), "NAME", "where nodes keep their data", 0,  \
     0, node_settings_stores, NULL},                                                               \
    {"reads", ARG_CHOICE, offsetof(type, member.reads), "MODE",                                    \
         "how nodes answer reads (local is unsafe on purpose)", 0, 0, node_settings_reads, NULL},  \
    {"check-quorum", ARG_SWITCH, offsetof(type, member.check_quorum), NULL,                        \
         "a leader that hears from no majority steps down", 0, 0, NULL, NULL},                     \
    {"pre-vote", ARG_SWITCH, offsetof(type, member.pre_vote), NULL,                                \
         "ask for votes before raising the term", 0, 0, NULL, NULL},                               \
    {"sync", ARG_SWITCH, offsetof(type, member.sync), NULL,                                        \
         "wait for the disk (off is unsafe on purpose)", 0, 0, NULL, NULL},                        \
    {"tick-ms", ARG_UINT, offsetof(type, member.tick_ms), "N", "length of a tick", 1, 1000,        \
         NULL, NULL},                                                                              \
    {"heartbeat-ms", ARG_UINT, offsetof(type, member.heartbeat_ms), "N",                           \
         "time between a leader's heartbeats", 1, 60000, NULL, NULL},                              \
    {"election-ms", ARG_UINT, offsetof(type, member.election_ms), "N",                             \
         "shortest election timeout (the longest is twice that)", 2, 600000, NULL, NULL},          \
    {"bug", ARG_CHOICE, offsetof(type, member.bug), "NAME", "plant one, see `rift bugs`", 0, 0,    \
         bug_names, NULL}
/* clang-format on */

const char *const *node_settings_stores(void);
const char *const *node_settings_reads(void);

/* -E_INVAL when the times do not fit together (a heartbeat has to be well below an election). */
int node_settings_check(const struct node_settings *s, struct err *e);

/* The command line of `rift node` for these settings. */
enum { NODE_ARGV_MAX = 32 };
struct node_argv {
    const char *items[NODE_ARGV_MAX]; /* ends with NULL */
    char texts[5][24];                /* what the numbers among them are printed into */
};
/* Everything is lent; `events` may be NULL. */
void node_settings_argv(const struct node_settings *s, const char *cluster_path, uint64_t id,
                        uint64_t seed, const char *events, struct node_argv *ret);

#endif
