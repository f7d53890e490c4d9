#ifndef RIFT_HISTORIES_HISTORY_H
#define RIFT_HISTORIES_HISTORY_H

#include "base/err.h"
#include "base/op.h"

#include <stdint.h>

/* What was seen in a run: a header, then events in the order in which they were recorded. The
 * bytes are documented in docs/history-format.md. One thread records, on one monotonic clock:
 * an invocation before its request leaves, a completion after its reply is in. The order of
 * events is by sequence number, always; times are for people. */

/* --- the header ----------------------------------------------------------------------------- */

enum {
    HISTORY_FORMAT_VERSION = 2,        /* what is written */
    HISTORY_FORMAT_VERSION_OLDEST = 1, /* what is still read: faults of it name no links */
    HISTORY_NODES_MAX = 64,
    HISTORY_OPTIONS_MAX = 64,
    HISTORY_CUTS_MAX = 8192, /* links that one fault cuts */
};

struct history_option {
    const char *name;
    const char *value;
};

/* How a foreign system answers where ours would say something else. */
enum history_dialect {
    HISTORY_ABSENT_IS_EMPTY = 1,   /* an absent key reads as "" and cannot be told from it */
    HISTORY_CAS_FAILS_PLAINLY = 2, /* a cas that fails says "mismatch" for an absent key too */
    HISTORY_SET_ANSWERS =
        4, /* add says "mismatch" of what is there, remove "no-key" of what is not */
    HISTORY_DELETE_OK_PLAINLY = 8, /* a delete says "ok" of an absent key too */
    HISTORY_DIALECT_ALL = 15,
};

/* Strings are lent by the caller of the writer, owned by the history when read. */
struct history_header {
    uint32_t version;
    uint32_t dialect;     /* bits of enum history_dialect */
    const char *model;    /* what the checker takes: "register", "kv", "queue"... */
    const char *workload; /* how the operations were drawn; "" when imported */
    const char *cluster;  /* name of the cluster; "" when imported */
    uint64_t seed;
    int64_t started_wall_ns; /* when time 0 was, since 1970; 0 when not known */
    const uint64_t *nodes;   /* ids */
    size_t n_nodes;
    const struct history_option *options; /* everything else that was chosen */
    size_t n_options;
};

/* --- events --------------------------------------------------------------------------------- */

enum history_event_kind {
    HISTORY_INVOKE = 1,   /* a process begins an operation */
    HISTORY_ASK = 2,      /* its request leaves for a node (each attempt) */
    HISTORY_COMPLETE = 3, /* the operation ends: ok, fail or info */
    HISTORY_FAULT = 4,    /* a fault begins or ends */
    HISTORY_NODE = 5,     /* a node changes its role, starts, dies... */
    HISTORY_NOTE = 6,     /* a sentence for the reader */
    HISTORY_END = 7,      /* the writer closed the history in an orderly way */
};

enum history_node_what {
    NODE_STARTED,
    NODE_FOLLOWER,
    NODE_CANDIDATE,
    NODE_LEADER,
    NODE_DIED, /* killed by the nemesis, seen dead */
    NODE_PAUSED,
    NODE_RESUMED,
    NODE_EXITED, /* ended by itself: nobody asked it to */
};

/* A directed link: a node is its id, the place n at which clerks sit is -n. */
struct history_link {
    int64_t from, to;
};

/* One event. Fields of other kinds mean nothing. Slices and strings are lent. */
struct history_event {
    enum history_event_kind kind;
    uint64_t seq;    /* 1, 2, 3...; the writer sets it */
    int64_t time_ns; /* since the start of the run, never falling */

    uint32_t process; /* INVOKE, ASK, COMPLETE: the logical process */
    uint64_t node;    /* ASK: who was asked. COMPLETE: who answered, 0 when nobody. NODE: which */
    uint64_t term;    /* NODE: the term of the role. COMPLETE: the term the answerer was in */

    enum op_outcome outcome;     /* COMPLETE: never PENDING */
    enum op_status status;       /* COMPLETE */
    struct slice value;          /* COMPLETE of a GET with STATUS_OK */
    enum history_node_what what; /* NODE */

    uint32_t fault;   /* FAULT: number of the plan's step */
    bool begins;      /* FAULT */
    const char *text; /* FAULT: what was done to whom. NOTE: the sentence */
    union {
        struct op op; /* INVOKE */
        struct {
            /* FAULT that ends: the proof that it bit. */
            uint64_t dropped, delayed, duplicated, reordered, killed, paused;
            const struct history_link *cuts; /* FAULT that begins: nothing passes on them */
            size_t n_cuts;
        };
    };
};

/* --- writing -------------------------------------------------------------------------------- */

struct history_writer;

/* Where the bytes go. Called with whole records only. Returns 0 or a negative code. */
struct history_sink {
    int (*write)(void *context, struct slice bytes);
    void *context;
};

int history_writer_create(const struct history_sink *sink, const struct history_header *header,
                          struct history_writer **ret, struct err *e);

/* A file of its own; fails with -E_EXISTS rather than overwrite. Records are gathered in a
 * buffer of HISTORY_BUFFER_BYTES and written when it is full, at history_flush, and at close. */
int history_writer_open(const char *path, const struct history_header *header,
                        struct history_writer **ret, struct err *e);

enum { HISTORY_BUFFER_BYTES = 1 << 20 };

/* Appends one event; sets its seq. A time below the last one's is raised to it. Errors: -E_LIMIT,
 * -E_INVAL (no reader would take the event; it is not written, and the next one may be), -E_NOMEM,
 * and those of the sink: after one of them nothing more is written, since there would be a gap. */
int history_write(struct history_writer *w, struct history_event *event, struct err *e);

int history_flush(struct history_writer *w, struct err *e);

/* Writes the END event, flushes, closes. *w becomes NULL. */
int history_writer_close(struct history_writer **w, struct err *e);

/* --- reading -------------------------------------------------------------------------------- */

/* Record by record; for files that are still being written: at the end of what is there,
 * history_reader_next returns 0 and may be called again later. */
struct history_reader;

/* Errors: -E_PARSE (no rift history), -E_GAP (its header is not whole yet), -E_NOT_FOUND, -E_IO,
 * -E_NOMEM. */
int history_reader_open(const char *path, struct history_reader **ret, struct err *e);
void history_reader_close(struct history_reader **r);
const struct history_header *history_reader_header(const struct history_reader *r);

/* 1: *ret is filled, lent until the next call. 0: nothing more for now. Errors: -E_CORRUPT
 * (damage in the middle; `e` names the offset), -E_IO, -E_NOMEM. */
int history_reader_next(struct history_reader *r, struct history_event *ret, struct err *e);

/* --- whole ---------------------------------------------------------------------------------- */

#define HISTORY_NEVER UINT64_MAX

/* An operation from its invocation to its completion. */
struct history_op {
    uint32_t process;
    enum op_kind kind;
    enum op_outcome outcome; /* PENDING when the history ends before it does */
    enum op_status status;
    bool expects_absent;
    uint64_t node; /* who answered, 0 when nobody */
    uint64_t call_seq;
    uint64_t return_seq; /* HISTORY_NEVER unless outcome is OK or FAIL */
    int64_t call_ns;
    int64_t return_ns; /* of INFO too: when the clerk gave up */
    struct slice family;
    struct slice key;
    struct slice value;    /* PUT, APPEND, CAS: written */
    struct slice expected; /* CAS */
    struct slice result;   /* GET with STATUS_OK */
};

/* What of the file could not be had. */
struct history_loss {
    bool unfinished;        /* no END event: the writer was killed, or is still at it */
    uint64_t tail_bytes;    /* behind the last whole record: a record that was cut off */
    bool damaged;           /* a record is damaged; nothing behind it was taken */
    uint64_t damaged_at;    /* offset of the damage */
    uint64_t damaged_bytes; /* from there to the end of the file */
};

struct history {
    struct history_header header;
    struct history_op *ops; /* in the order of their invocation */
    size_t n_ops;
    struct history_event *events; /* all that is not INVOKE, ASK or COMPLETE, in order */
    size_t n_events;
    size_t n_asks;
    int64_t duration_ns; /* time of the last event */
    uint64_t n_raised;   /* events whose known time was below the last one's, and is the same now */
    struct history_loss loss;
    struct history_memory *memory; /* owns every slice and string above */
};

/* What a file may be written in (docs/convert.md): X(NAME, name, suffix of its files). */
#define HISTORY_FORMATS(X)                                                                         \
    X(RIFT, "rift", ".msgpack")       /* our own */                                                \
    X(EDN, "edn", ".edn")             /* the op maps that Jepsen writes */                         \
    X(JSONL, "jsonl", ".jsonl")       /* one JSON object a line */                                 \
    X(ETCD, "etcd", ".log")           /* the text log of Jepsen's etcd tests */                    \
    X(PORCUPINE, "porcupine", ".txt") /* the key-value logs of Porcupine's test data */

enum history_format {
    HISTORY_ANY_FORMAT, /* told by what the file holds */
#define X(NAME, name, suffix) HISTORY_##NAME,
    HISTORY_FORMATS(X)
#undef X
        HISTORY_FORMAT_END
};

/* Is told of everything that a loaded history is made from, in order. An error of its own ends the
 * loading. */
struct history_visitor {
    int (*header)(void *context, const struct history_header *header, struct err *e);
    int (*event)(void *context, const struct history_event *event, struct err *e);
    void *context;
};

/* How foreign formats are to be understood, where they leave a choice. All zeros: by themselves. */
struct history_load_options {
    enum history_format format;
    const char *model; /* what the operations are of; NULL: told by their functions */
    enum {
        HISTORY_KEYS_TOLD, /* by the shape of the values */
        HISTORY_KEYS,      /* every value of an EDN history is [key value] */
        HISTORY_NO_KEYS,
    } keys;
    enum {
        HISTORY_FAILED_CAS_TOLD, /* a mismatch, unless the line names an error */
        HISTORY_FAILED_CAS_MISMATCH,
        HISTORY_FAILED_CAS_NEVER_RAN,
    } failed_cas;
    const char *accounts; /* of a bank: the balances at the start, as an EDN map; may be NULL */
    const struct history_visitor *visitor; /* may be NULL */
};

/* Reads a whole file, of whichever format it is.
 * Errors: -E_PARSE (no history, or a mistake in a text: `e` names file, line and column),
 * -E_INVAL (accounts of what is no bank), -E_NOT_FOUND, -E_IO, -E_LIMIT, -E_NOMEM. A cut-off or
 * damaged rift history is no error: see `loss`. */
int history_load(const char *path, struct history **ret, struct err *e);
int history_load_as(const char *path, const struct history_load_options *o, struct history **ret,
                    struct err *e);
void history_free(struct history **h);

/* The same for bytes in memory; `name` stands where the path stands in errors. */
int history_load_bytes(const char *name, struct slice bytes, struct history **ret, struct err *e);
int history_load_bytes_as(const char *name, struct slice bytes,
                          const struct history_load_options *o, struct history **ret,
                          struct err *e);

/* Builds one in memory, for tests and importers. Bytes are copied, `seq` is set to the next
 * number, a time below the last one's is raised to it. Errors of history_add_event: -E_PARSE
 * (the event breaks a rule of processes: see docs/history-format.md), -E_LIMIT, -E_NOMEM. */
int history_new(const struct history_header *header, struct history **ret, struct err *e);
int history_add_event(struct history *h, const struct history_event *event, struct err *e);

const char *history_node_what_name(enum history_node_what what);

/* --- for people ----------------------------------------------------------------------------- */

/* Appends the operation in words: `process 3: cas(x, 1 -> 2) = ok`, `process 0: get(x) = "a b"`.
 * Bytes that do not print are escaped; long values are cut in the middle and say their length.
 * Errors: -E_NOMEM, -E_LIMIT. */
int history_describe_op(const struct history *h, const struct history_op *op, struct buf *out);

/* One key or value in the same way: bare when it is a plain word, else quoted and escaped. */
int history_describe_bytes(struct slice bytes, struct buf *out);

#endif
