#ifndef RIFT_NODE_STORE_STORE_H
#define RIFT_NODE_STORE_STORE_H

#include "base/err.h"
#include "node/raft/message.h"

/* The port behind which a node keeps its log, its term and vote, and its applied state. Three
 * things implement it: memory.c, rocks.c, and the simulator's disk. No call waits for a disk
 * (but for store_get, which may read a block).
 *
 * Batches are atomic and ordered: what a crash leaves is the first n batches for some n no
 * smaller than the last durable number that was reported. A failed write or sync is fatal: from
 * then on nobody can know what is on the disk. */
struct store;

enum store_sync {
    STORE_ORDERED, /* durable with the next synced batch, or some time later */
    STORE_SYNCED,  /* durable as soon as can be */
};

struct store_write {
    uint32_t family; /* index into the families the store was opened with */
    struct slice key;
    struct slice value;
    bool erase;
};

/* One batch. Zero means "nothing of that kind". Order inside: truncate, append, the rest. */
struct store_batch {
    const struct raft_hard_state *hard;
    uint64_t truncate_from; /* drop log entries from here on */
    const struct entry *entries;
    size_t n_entries;  /* entries[0].index follows on the (truncated) log */
    uint64_t erase_to; /* drop log entries up to and including; never past the durable applied
                          index: the store clips it */
    const struct store_write *writes;
    size_t n_writes;
    uint64_t applied_index; /* that the writes bring the state to */
};

struct store_progress {
    uint64_t durable_seq; /* batches up to here survive a crash */
    uint64_t visible_seq; /* batches up to here can be read */
    bool failed;          /* fatal; `reason` says why */
    char reason[ERR_TEXT_MAX];
    size_t queued_batches; /* submitted and not yet visible */
    size_t queued_bytes;
};

/* The answer to store_log_read. The entries are lent until the next poll. */
struct store_log_result {
    uint64_t token;
    const struct entry *entries; /* from the first that was asked for; n == 0: not there */
    size_t n_entries;
};

/* What stood there when the store was opened. `runs` is lent for the store's lifetime. */
struct store_recovered {
    struct raft_hard_state hard;
    uint64_t first_index;
    uint64_t last_index; /* first_index - 1: empty */
    const struct raft_term_run *runs;
    size_t n_runs;
    uint64_t applied_index;
};

struct store_cursor;

/* The table an implementation fills; call the store_* functions below instead. */
struct store_vtable {
    void (*destroy)(struct store *s);
    void (*recovered)(const struct store *s, struct store_recovered *ret);
    int (*submit)(struct store *s, const struct store_batch *b, enum store_sync sync,
                  uint64_t *ret_seq, struct err *e);
    void (*poll)(struct store *s, struct store_progress *ret);
    int (*fd)(const struct store *s);
    int (*log_read)(struct store *s, uint64_t token, uint64_t from, uint64_t to, size_t bytes_max);
    bool (*log_next)(struct store *s, struct store_log_result *ret);
    int (*get)(struct store *s, uint32_t family, struct slice key, struct buf *out);
    int (*cursor_open)(struct store *s, uint32_t family, struct slice start,
                       struct store_cursor **ret);
    bool (*cursor_get)(const struct store_cursor *c, struct slice *ret_key,
                       struct slice *ret_value);
    void (*cursor_next)(struct store_cursor *c);
    void (*cursor_close)(struct store_cursor *c);
};

struct store {
    const struct store_vtable *vt;
};

enum { STORE_FAMILIES_MAX = 17 };

/* Bound of the queue between the node and its writer; beyond it store_submit says -E_BUSY. */
#define STORE_QUEUE_BYTES_MAX ((size_t)256 << 20)

/* Bounds of store_log_read: answers not yet taken, and what one of them holds (but always at
 * least one entry). */
enum { STORE_LOG_READS_MAX = 64 };
#define STORE_LOG_READ_BYTES_MAX ((size_t)8 << 20)

/* Whose data this is: opening data of another cluster or node fails with -E_FOREIGN. */
struct store_identity {
    uint64_t cluster;
    uint64_t node;
};

struct store_options {
    struct store_identity identity;
    const char *const *families; /* names; index is the family number */
    size_t n_families;
};

/* Keeps everything in memory; what is submitted is "durable" and visible at the next poll. */
int store_memory_open(const struct store_options *o, struct store **ret, struct err *e);

/* RocksDB in the folder `path`, made when it is not there (its parent has to be). One thread of
 * its own does all the writing: it takes everything queued as one write and one sync. Errors:
 * -E_FOREIGN, -E_BUSY (another process has it open), -E_CORRUPT, -E_IO, -E_NOT_FOUND (no parent
 * folder), -E_NOMEM, -E_INVAL (other families), -E_UNSUPPORTED (made by another version). */
int store_rocks_open(const char *path, const struct store_options *o, struct store **ret,
                     struct err *e);

/* Waits for what was submitted and closes. Cursors have to be closed before. NULL is fine. */
void store_destroy(struct store *s);

void store_recovered(const struct store *s, struct store_recovered *ret);

/* Queues a batch (all bytes are copied) and numbers it: 1, 2, 3...
 * Errors, nothing taken: -E_BUSY (queue full), -E_GAP (entries do not follow on, or
 * truncate_from lies below the first index), -E_INVAL (terms of entries go back), -E_LIMIT (would
 * never fit the queue), -E_NOMEM, -E_IO (failed before). */
int store_submit(struct store *s, const struct store_batch *b, enum store_sync sync,
                 uint64_t *ret_seq, struct err *e);

void store_poll(struct store *s, struct store_progress *ret);

/* A descriptor that is readable when store_poll or store_log_next has news; store_poll makes it
 * quiet again. -1 where there is none. */
int store_fd(const struct store *s);

/* Asks for log entries [from, to], at least one, then as many as fit into bytes_max; the answer
 * comes from store_log_next. -E_BUSY: too many asked for at once. Entries of batches submitted
 * but not yet visible need not be found. */
int store_log_read(struct store *s, uint64_t token, uint64_t from, uint64_t to, size_t bytes_max);
bool store_log_next(struct store *s, struct store_log_result *ret);

/* The newest visible value: 1 and appended to `out`, 0 when absent, or a negative code. */
int store_get(struct store *s, uint32_t family, struct slice key, struct buf *out);

/* Walks a family in key order from `start` on, over the state as it is visible now; later
 * writes do not show. Slices are lent until the next call on the cursor. A part that cannot be
 * read ends the walk early and makes the store failed: ask store_poll after a walk whose end
 * matters. */
int store_cursor_open(struct store *s, uint32_t family, struct slice start,
                      struct store_cursor **ret);
bool store_cursor_get(struct store *s, const struct store_cursor *c, struct slice *ret_key,
                      struct slice *ret_value);
void store_cursor_next(struct store *s, struct store_cursor *c);
void store_cursor_close(struct store *s, struct store_cursor *c);

#endif
