#ifndef RIFT_SIM_DISK_IMPL_H
#define RIFT_SIM_DISK_IMPL_H

#include "base/check.h"
#include "node/store/log_answer.h"
#include "node/store/log_shape.h"
#include "node/store/memory_family.h"
#include "sim/disk.h"

/* The parts of the virtual disk, shared by the sim/disk*.c files. */

/* What a flipped bit has damaged. */
struct disk_flip {
    enum disk_flip_kind {
        DISK_FLIP_NONE,
        DISK_FLIP_HARD_STATE,
        DISK_FLIP_LOG,   /* the entry at `index` */
        DISK_FLIP_STATE, /* `pair` */
    } kind;
    uint64_t index;
    const struct memory_pair *pair;
};

/* A deep copy of a batch as it was submitted. */
struct disk_batch {
    struct disk_batch *next;
    uint64_t seq;
    bool synced;
    bool hard_changed;
    struct raft_hard_state hard;
    uint64_t truncate_from;
    struct entry *entries;
    size_t n_entries;
    struct store_write *writes;
    struct memory_pair **pairs; /* key and value of each write */
    size_t n_writes;
    uint64_t applied_index;
    size_t bytes;

    /* What stood there before, once it has become visible: to be put back when a crash loses the
     * batch before it was durable. */
    struct raft_hard_state hard_before;
    uint64_t applied_before;
    struct entry *truncated; /* entries from `truncate_from` on */
    size_t n_truncated;
    struct memory_pair **pairs_before; /* NULL: the key was absent */
    struct disk_flip flip_before;      /* a pair of it is one of `pairs_before`, or still stored */
};

struct disk_batches {
    struct disk_batch *head;
    struct disk_batch **tail;
};

struct sim_disk {
    struct store base;
    struct sim_disk_options options;
    bool failing; /* the write under way will fail */
    bool failed;
    struct err failure;
    struct disk_flip flip;

    /* The image: what can be read. */
    struct memory_family families[STORE_FAMILIES_MAX];
    struct log_shape shape;
    struct entry *entries; /* entries[0] is the one at shape.first */
    size_t cap_entries;
    struct raft_hard_state hard;
    uint64_t applied_index;

    /* Of this opening of the disk. */
    struct log_shape submitted;   /* the log with what is queued: what a submit has to follow on */
    struct disk_batches queued;   /* submitted, not yet being written */
    struct disk_batches writing;  /* of the write under way */
    struct disk_batches unsynced; /* visible, not yet durable */
    uint64_t seq, visible_seq, durable_seq;
    size_t queued_batches, queued_bytes;
    struct log_answers answers;
    size_t answers_waiting;
    uint64_t durable_last;

    struct sim_disk_totals totals;
};

static inline struct sim_disk *disk_of(struct store *s)
{
    return (struct sim_disk *)s;
}

static inline size_t disk_log_length(const struct sim_disk *d)
{
    return (size_t)(d->shape.last + 1 - d->shape.first);
}

/* --- batches, in the order of their submission (disk_batch.c) ------------------------------- */

struct disk_batch *disk_batch_copy(const struct store_batch *from);
void disk_entries_free(struct entry *entries, size_t n);

void disk_batches_reset(struct disk_batches *l);
void disk_batches_push(struct disk_batches *l, struct disk_batch *b);
void disk_batches_move(struct disk_batches *to, struct disk_batches *from); /* to its end */
size_t disk_batches_length(const struct disk_batches *l);
void disk_batches_free(struct disk_batches *l);

/* --- damage (disk_flip.c) ------------------------------------------------------------------- */

/* The batch has become visible: what it replaces is damaged no longer. */
void disk_flip_overwritten(struct sim_disk *d, const struct disk_batch *b);

/* Each read of something stored asks one of these first. -E_CORRUPT, after which the disk has
 * failed, if it is what a flip has damaged; `flip` is the one that the reader's view may hold. */
int disk_read_everything(struct sim_disk *d);
int disk_read_entry(struct sim_disk *d, uint64_t index);
int disk_read_pair(struct sim_disk *d, const struct disk_flip *flip,
                   const struct memory_pair *pair);

/* --- the store port (disk_port.c) ----------------------------------------------------------- */

extern const struct store_vtable SIM_DISK_VTABLE;

#endif
