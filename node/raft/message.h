#ifndef RIFT_NODE_RAFT_MESSAGE_H
#define RIFT_NODE_RAFT_MESSAGE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* What Raft nodes say to each other and what their logs hold: plain data. `wire` turns messages
 * into bytes, `node/store` keeps entries; both may include this header and no other of Raft. */

enum entry_kind {
    ENTRY_COMMAND = 0, /* data is opaque to Raft */
    ENTRY_NOOP = 1,    /* the first of each term; no data */
    ENTRY_CONFIG = 2,  /* a change of the peer set (reserved: not proposed yet) */
};

struct entry {
    uint64_t index; /* 1 is the first ever; 0 stands before it */
    uint64_t term;
    enum entry_kind kind;
    struct slice data;
};

/* What has to be on disk before any answer that rests on it (figure 3.1 of Ongaro's
 * dissertation, "persistent state"; the log is the rest of it). */
struct raft_hard_state {
    uint64_t term;
    uint64_t vote; /* node voted for in `term`; 0: nobody */
};

/* The term changes of a log: run i covers indexes from its `first` up to the next run's. */
struct raft_term_run {
    uint64_t first;
    uint64_t term;
};

#define RAFT_MESSAGE_TYPES(X)                                                                      \
    X(PRE_VOTE, "pre-vote")                                                                        \
    X(PRE_VOTE_REPLY, "pre-vote-reply")                                                            \
    X(VOTE, "vote")                                                                                \
    X(VOTE_REPLY, "vote-reply")                                                                    \
    X(APPEND, "append")                                                                            \
    X(APPEND_REPLY, "append-reply")                                                                \
    X(HEARTBEAT, "heartbeat")                                                                      \
    X(HEARTBEAT_REPLY, "heartbeat-reply")

enum raft_message_type {
#define X(name, text) RAFT_##name,
    RAFT_MESSAGE_TYPES(X)
#undef X
        RAFT_MESSAGE_TYPE_COUNT
};

/* One struct for all; which fields matter by type is said beside them, the others are 0. */
struct raft_message {
    enum raft_message_type type;
    uint64_t from;
    uint64_t to;
    uint64_t term; /* sender's; of PRE_VOTE: the term it would stand for */

    /* APPEND: the entry before the first. VOTE, PRE_VOTE: the candidate's last.
     * APPEND_REPLY: index is the highest entry known to match, or with `reject` the index that
     * was refused (the request's log_index). */
    uint64_t log_index;
    uint64_t log_term;

    uint64_t commit;  /* APPEND, HEARTBEAT: the leader's commit index */
    uint64_t context; /* HEARTBEAT: the read round; its reply echoes it */

    /* APPEND_REPLY with reject: where the follower's log may still agree (index and its term),
     * so that the leader backs off a term at a time (dissertation, end of 3.5). */
    uint64_t hint_index;
    uint64_t hint_term;
    bool reject; /* of the replies */

    const struct entry *entries; /* APPEND; lent; indexes follow log_index without a gap */
    size_t n_entries;
};

const char *raft_message_type_name(enum raft_message_type type);

#endif
