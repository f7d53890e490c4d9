#ifndef RIFT_WIRE_WIRE_H
#define RIFT_WIRE_WIRE_H

#include "base/err.h"
#include "base/op.h"
#include "node/raft/message.h"

/* Every message that crosses a socket, as plain data and as bytes (msgpack; docs/wire-format.md
 * has each byte). One ZeroMQ message is one of these. Encoders append to a buffer: 0, -E_NOMEM
 * or -E_LIMIT. Decoders take foreign bytes: they take no memory for what a length claims, lend
 * slices of the input, and say -E_PARSE with the reason, -E_FOREIGN for a message of another
 * cluster or protocol version. The caller drops such a message and counts it. */

enum { WIRE_VERSION = 1 };

/* ZMQ_MAXMSGSIZE of every socket: a larger frame closes its connection. */
#define WIRE_MESSAGE_BYTES_MAX ((int64_t)16 << 20)

/* --- between nodes --------------------------------------------------------------------------
 * Carries the entries of an APPEND; never more than this many in a message. */
enum { WIRE_ENTRIES_MAX = 65536 };

int wire_encode_peer(uint64_t cluster, const struct raft_message *m, struct buf *out);

/* Where decoded entries are kept; the caller owns it, reuses it, frees it at the end. */
struct wire_entries {
    struct entry *items;
    size_t cap;
};

/* The entries' data points into `bytes`, the array into `scratch`. */
int wire_decode_peer(uint64_t cluster, struct slice bytes, struct wire_entries *scratch,
                     struct raft_message *ret, struct err *e);
void wire_entries_free(struct wire_entries *entries);

/* The type of an encoded peer message without decoding the rest, for the proxy's rules by type.
 * -E_PARSE when it is none. */
int wire_peek_peer_type(struct slice bytes, enum raft_message_type *ret);

/* --- between clerks and nodes --------------------------------------------------------------- */

enum wire_request_kind { WIRE_REQUEST_COMMAND, WIRE_REQUEST_STATUS };

struct wire_request {
    uint64_t request; /* chosen by the clerk; the reply carries it back */
    enum wire_request_kind kind;
    struct command command; /* WIRE_REQUEST_COMMAND */
};

/* The state of a node, as `rift cluster status` shows it. */
struct wire_node_status {
    uint64_t node;
    uint32_t role; /* enum raft_role */
    uint64_t term;
    uint64_t leader; /* 0: unknown */
    uint64_t first_index, last_index, durable_index, commit_index, applied_index;
    uint64_t pending_commands; /* proposed or waiting for their entry */
    uint64_t pending_reads;
    uint64_t sessions;
    uint64_t store_queued_batches, store_queued_bytes;
    uint64_t refused_busy;   /* requests refused since the start */
    uint64_t dropped_peer;   /* malformed or foreign peer messages dropped */
    uint64_t dropped_client; /* the same from clients, and copies of requests */
    uint64_t dropped_unsent; /* messages to peers that found no room or no connection */
    uint32_t read_mode;      /* enum read_mode */
    uint64_t pid;
};

struct wire_reply {
    uint64_t request;
    enum wire_request_kind kind;
    enum op_status status;
    uint64_t node;                       /* who answers */
    uint64_t term;                       /* its term */
    uint64_t leader;                     /* whom it takes for the leader; 0: unknown */
    bool from_leader;                    /* it took itself for the leader when it answered */
    struct slice value;                  /* GET with STATUS_OK */
    uint64_t number;                     /* REGISTER with STATUS_OK: the session */
    struct wire_node_status node_status; /* WIRE_REQUEST_STATUS */
};

/* Requests are taken with keys and values of any length that fits into a message: who serves them
 * asks op_valid, so that the clerk hears STATUS_BAD_REQUEST and does not wait in vain. */
int wire_encode_request(uint64_t cluster, const struct wire_request *m, struct buf *out);
int wire_decode_request(uint64_t cluster, struct slice bytes, struct wire_request *ret,
                        struct err *e);
int wire_encode_reply(uint64_t cluster, const struct wire_reply *m, struct buf *out);
int wire_decode_reply(uint64_t cluster, struct slice bytes, struct wire_reply *ret, struct err *e);

/* A command as log entries hold it: -E_LIMIT for one that is not op_valid. Decoding is used on
 * our own log, but checks all the same. */
int wire_encode_command(const struct command *c, struct buf *out);
int wire_decode_command(struct slice bytes, struct command *ret, struct err *e);

/* --- from nodes to the harness -------------------------------------------------------------- */

/* A node tells its role when it changes, and once when it starts. */
struct wire_node_event {
    uint64_t node;
    uint32_t role; /* enum raft_role */
    uint64_t term;
    uint64_t leader;
    int64_t monotonic_ns; /* of the machine's clock, which its processes share */
    bool started;         /* the first of this process */
};

int wire_encode_node_event(uint64_t cluster, const struct wire_node_event *m, struct buf *out);
int wire_decode_node_event(uint64_t cluster, struct slice bytes, struct wire_node_event *ret,
                           struct err *e);

/* --- between the harness and the nemesis ---------------------------------------------------- */

/* An end of a link: a node by its id, or a site of clerks (see wire/cluster.h). */
struct wire_end {
    bool site;
    uint64_t id;
};

/* A directed link. */
struct wire_link {
    struct wire_end from;
    struct wire_end to;
};

/* What happens to messages on a link. All zeros: nothing. Chances are in a million. */
struct wire_link_rule {
    bool cut;
    uint32_t drop_ppm;
    uint32_t duplicate_ppm;
    uint32_t reorder_ppm; /* held back until a later message has passed, or reorder_ms is over */
    uint32_t delay_ms;
    uint32_t jitter_ms; /* uniform, on top of delay_ms; keeps the order of the link */
    uint64_t types;     /* bits 1 << enum raft_message_type: only these; 0: all */
};

enum wire_nemesis_kind {
    WIRE_NEMESIS_RULES,    /* sets the rule of each of `links` */
    WIRE_NEMESIS_HEAL,     /* no rule on any link */
    WIRE_NEMESIS_RESET,    /* closes and reopens the links of `node`: nothing that was on its way
                              to or from it arrives */
    WIRE_NEMESIS_SIGNAL,   /* `signal` to process `pid`, which is `node` */
    WIRE_NEMESIS_COUNTERS, /* only asks for the counters */
    WIRE_NEMESIS_QUIT,
};

enum { WIRE_LINKS_MAX = 8192 };

struct wire_nemesis_link {
    struct wire_link link;
    struct wire_link_rule rule;
};

struct wire_nemesis_command {
    uint64_t request;
    enum wire_nemesis_kind kind;
    const struct wire_nemesis_link *links; /* RULES; decoded: into the caller's array */
    size_t n_links;
    uint64_t node;
    int64_t pid;
    int32_t signal;
};

/* What the proxy did since it started, over all links. */
struct wire_nemesis_counters {
    uint64_t passed, cut, dropped, delayed, duplicated, reordered, reset, overflow;
};

/* Every command is answered, in order, after it has been carried out. */
struct wire_nemesis_reply {
    uint64_t request;
    bool ok;
    struct slice reason;  /* when not ok */
    int64_t monotonic_ns; /* when it had been carried out */
    struct wire_nemesis_counters counters;
};

int wire_encode_nemesis_command(const struct wire_nemesis_command *m, struct buf *out);
int wire_decode_nemesis_command(struct slice bytes, struct wire_nemesis_link *links,
                                size_t links_max, struct wire_nemesis_command *ret, struct err *e);
int wire_encode_nemesis_reply(const struct wire_nemesis_reply *m, struct buf *out);
int wire_decode_nemesis_reply(struct slice bytes, struct wire_nemesis_reply *ret, struct err *e);

#endif
