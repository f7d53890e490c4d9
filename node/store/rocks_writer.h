#ifndef RIFT_NODE_STORE_ROCKS_WRITER_H
#define RIFT_NODE_STORE_ROCKS_WRITER_H

#include "node/store/bell.h"
#include "node/store/rocks_db.h"

/* The one thread that writes, and the queue in front of it.
 *
 * Group commit: what is submitted while a write is on its way gathers in one RocksDB write batch,
 * built in place. When the disk is done, the writer swaps that batch for an empty one and writes
 * it whole, with one sync. The slower the disk, the more share a sync.
 *
 * Every write is synced. Ordered batches only spare the sync of their own: they wait for a
 * synced one to come along, up to ROCKS_LINGER_MS or ROCKS_LINGER_BYTES_MAX. An unsynced write
 * could leave a hole: RocksDB may close a write-ahead log whose end is not on the disk yet and go
 * on in the next one, and a power loss that keeps the second but not the end of the first leaves
 * something that is no prefix. Hence what is visible is durable, always. */
struct rocks_writer;

enum { ROCKS_LINGER_MS = 10 };
#define ROCKS_LINGER_BYTES_MAX ((size_t)1 << 20)

/* Both loans last as long as the writer. Takes the runs of `shape` over: that of the log as it
 * stands. `applied_index` is the durable one. */
int rocks_writer_create(const struct rocks_db *d, struct bell *bell, struct log_shape *shape,
                        uint64_t applied_index, struct rocks_writer **ret, struct err *e);
void rocks_writer_destroy(struct rocks_writer *w); /* writes what is queued; NULL is fine */

int rocks_writer_submit(struct rocks_writer *w, const struct store_batch *b, enum store_sync sync,
                        uint64_t *ret_seq, struct err *e);
void rocks_writer_progress(struct rocks_writer *w, struct store_progress *ret);

/* Makes the store failed, from any thread. The first reason stays. */
void rocks_writer_fail(struct rocks_writer *w, const char *reason);

#endif
