#ifndef RIFT_NODE_SERVER_IMPL_H
#define RIFT_NODE_SERVER_IMPL_H

#include "base/bug.h"
#include "node/attempts.h"
#include "node/fifo.h"
#include "node/read_table.h"
#include "node/server.h"

/* What the files of the server share:
 *     server.c          create, ticks, peers' messages, status
 *     server_request.c  what becomes of a request; answers
 *     server_pump.c     Raft and the store: saves, messages, what waits for the disk
 *     server_apply.c    committed entries, reads whose turn has come, the state's writes */

enum {
    SERVER_COMMANDS_DEFAULT = 4096,
    SERVER_READS_DEFAULT = 4096,

    /* Sessions whose attempts are remembered, for each that can be alive: those that have expired
     * are not known here, and leave as the oldest. */
    ATTEMPTS_PER_SESSION = 2,

    /* Batches the store has not written yet; beyond it no entries are taken in, neither from
     * clerks (they hear STATUS_BUSY) nor from the leader (as if the network had lost them). */
    SERVER_STORE_BATCHES_MAX = 65536,

    /* Answers to peers that wait for the disk; one more is dropped as the network might have. */
    SERVER_AFTER_MAX = 65536,

    /* Saves that are not durable. Entries stop at SERVER_STORE_BATCHES_MAX; what may come on top
     * are changes of the term, a few for each election. */
    SERVER_SAVES_MAX = 2 * SERVER_STORE_BATCHES_MAX,

    /* Committed entries that wait until the state's writes have room. Nothing new is taken in
     * meanwhile, so this is what was on its way already; beyond it the node ends. */
    SERVER_UNAPPLIED_MAX = 1 << 22,

    SERVER_WRITES_TICKS = 10,
};

/* The same rule in bytes; well below STORE_QUEUE_BYTES_MAX. */
#define SERVER_STORE_BYTES_MAX ((size_t)64 << 20)

/* Applying pauses while the state's writes that are not visible yet take this much. One command
 * of a few bytes can rewrite a value of OP_VALUE_BYTES_MAX, so the bound on entries is none. */
#define SERVER_APPLY_BYTES_MAX ((size_t)64 << 20)

/* The state's writes are kept back until they are SERVER_WRITES_TICKS old or take this much: the
 * log has all that is needed to make them again, and a key that is written often goes to the disk
 * once. What a node that starts again has to apply grows by no more than that. */
#define SERVER_WRITES_BYTES_MAX ((size_t)1 << 20)

/* A proposal whose clerk waits; index and term tell whether it is ours that was committed. */
struct command_waiting {
    uint64_t index;
    uint64_t term;
    struct server_client client;
};

/* A read that Raft has confirmed: to be served once `index` is applied. */
struct read_confirmed {
    uint64_t index;
    uint64_t token;
};

/* Raft and the store number apart: batches of the state's writes go between the saves. */
struct save_queued {
    uint64_t store_seq;
    uint64_t raft_seq;
};

struct message_after {
    uint64_t raft_seq;
    struct raft_message message;
};

struct role_told {
    enum raft_role role;
    uint64_t term;
    uint64_t leader;
};

struct server {
    uint64_t id;
    enum read_mode read_mode;
    bool unsynced;
    struct store *store;
    struct server_sink sink;
    struct raft *raft;
    struct kv *kv;

    struct fifo commands; /* struct command_waiting, index rising, all of one term */
    struct attempts *attempts;
    struct read_table *reads;
    struct fifo confirmed; /* struct read_confirmed */

    struct store_progress progress; /* as last polled */
    size_t taken_bytes;             /* of entries, since then */
    struct fifo saves;              /* struct save_queued */
    struct fifo after;              /* struct message_after */
    uint64_t durable_seq;           /* Raft's number */
    struct fifo unapplied;          /* struct entry; owns the data */
    struct fifo given_up;           /* uint64_t, tokens of log reads that found no room */
    uint64_t applied_index;
    uint64_t submitted_index;  /* applied_index of the last batch of writes */
    uint32_t writes_age_ticks; /* of the oldest that is kept back */
    bool writes_due;           /* they have been kept back for long enough */

    struct buf encoded; /* scratch for one command */
    struct store_write *writes;
    size_t cap_writes;

    struct role_told told;
    uint64_t refused_busy;
    uint64_t dropped_peer;
    uint64_t dropped_client;
    uint64_t dropped_unsent;

    int failed; /* the negative code of an error outside server_pump, which reports it */
    struct err failure;
};

/* server_request.c */
void server_answer(struct server *s, const struct server_client *client,
                   const struct op_result *result);
void server_answer_status(struct server *s, const struct server_client *client,
                          enum op_status status);
/* Without leadership nobody can say what becomes of the proposals: their clerks hear TIMEOUT. */
void server_drop_lost_commands(struct server *s);

/* server_pump.c: whether the disk is too far behind to take in more entries. */
bool server_overloaded(const struct server *s);

/* server_apply.c */
int server_take_committed(struct server *s, const struct entry *entries, size_t n, struct err *e);
int server_take_reads(struct server *s, const struct raft_read_result *reads, size_t n,
                      struct err *e);
/* Applies what has room, answers, and serves reads. */
int server_apply(struct server *s, struct err *e);
/* Hands the state's writes to the store. The applied index travels with its effects, and needs no
 * sync: after a crash the log, which is durable, is applied again from there. */
int server_submit_writes(struct server *s, struct err *e);
void server_free_unapplied(struct server *s);

#endif
