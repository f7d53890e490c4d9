#ifndef RIFT_SIM_DISK_H
#define RIFT_SIM_DISK_H

#include "base/rng.h"
#include "node/store/store.h"

/* A virtual disk that implements the store port. It outlives the node that uses it. Batches are
 * queued by submit; a write takes all that is queued, lasts a drawn time, and is visible when it
 * ends, and durable when one of its batches asked for a sync. What a crash leaves is a prefix of
 * the batches: everything durable, and a drawn share of the rest. A flipped bit damages what is
 * stored; as with checksums it is found when that is read, and never handed out. */
struct sim_disk;

struct sim_disk_options {
    struct store_options store;
    int64_t write_ns;  /* shortest time of a write */
    int64_t jitter_ns; /* uniform, on top */

    /* Until sim_disk_heal: chances in a million that a write stalls for up to stall_ns, and that it
     * fails as on a full disk. After a failure nothing is written until the disk is opened again,
     * and how much of the failed write is there after a crash is anybody's guess. */
    uint32_t stall_ppm;
    int64_t stall_ns;
    uint32_t fail_ppm;
    struct rng rng;

    /* Told of each batch before it is taken. False: the node dies just before; the batch is lost
     * though submit seems to succeed. */
    bool (*on_submit)(void *context, const struct store_batch *b);
    void *context;
};

int sim_disk_create(const struct sim_disk_options *o, struct sim_disk **ret, struct err *e);
void sim_disk_destroy(struct sim_disk *d);

/* The port of this disk: opened when the node starts. The handle dies with store_destroy or at
 * the next crash or open. Everything stored is read once. Errors: -E_CORRUPT. */
int sim_disk_open(struct sim_disk *d, struct store **ret, struct err *e);

/* Begins a write when there is something queued and none under way: true, and how long it will
 * take. sim_disk_finish ends it. */
bool sim_disk_begin(struct sim_disk *d, int64_t *ret_ns);
void sim_disk_finish(struct sim_disk *d);

/* Loses what was not durable, or part of it. */
void sim_disk_crash(struct sim_disk *d);

/* No stalls and no failures from now on. */
void sim_disk_heal(struct sim_disk *d);

/* Flips a bit of what is stored, as drawn from `r`: of a log entry, of a value, of the term or the
 * vote. False, and nothing has changed: something is damaged already, or being written, or not
 * yet durable, or the place that was drawn holds nothing. */
bool sim_disk_flip(struct sim_disk *d, struct rng *r);

/* Something stored is damaged, noticed or not; what it is, in words ("log entry 7"). */
enum { SIM_DISK_DAMAGE_TEXT_MAX = 64 };
bool sim_disk_damaged(const struct sim_disk *d);
void sim_disk_describe_damage(const struct sim_disk *d, char ret[SIM_DISK_DAMAGE_TEXT_MAX]);

/* Since the disk was opened a write has failed, or a read has found damage. */
bool sim_disk_failed(const struct sim_disk *d);

struct sim_disk_totals {
    uint64_t writes, synced, lost_batches, kept_batches;
    uint64_t stalls, failures;
};
void sim_disk_totals(const struct sim_disk *d, struct sim_disk_totals *ret);

/* Whether the entry (index, term) would survive a crash now. */
bool sim_disk_holds_durably(const struct sim_disk *d, uint64_t index, uint64_t term);

/* Whether what is durable of this log is more up to date than that of the other (dissertation
 * 3.6.1). */
bool sim_disk_is_ahead(const struct sim_disk *d, const struct sim_disk *other);

#endif
