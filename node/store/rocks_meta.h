#ifndef RIFT_NODE_STORE_ROCKS_META_H
#define RIFT_NODE_STORE_ROCKS_META_H

#include "node/store/rocks_db.h"

/* How keys and values look on the disk. Numbers are big endian, so that the order of the keys is
 * that of the numbers.
 *
 * In the column family "default":
 *     "format"          u32  ROCKS_FORMAT
 *     "identity"        u64  cluster, u64 node: whose data this is
 *     "hard"            u64  term, u64 vote
 *     "applied"         u64  index that the state stands at
 *     "first"           u64  first index of the log (absent: 1)
 *     "run" + u64 first u64  term: one for each run of entries of one term, so that opening does
 *                            not have to walk the log
 * In "log": u64 index -> u8 kind, u64 term, data.
 *
 * Checksums are RocksDB's: every record of its write-ahead log and every block has one. */
enum { ROCKS_FORMAT = 1 };
enum { ROCKS_LOG_KEY_BYTES = 8, ROCKS_LOG_HEADER_BYTES = 9 };

/* What a batch says, put into a write. `log_shape` is as it was before the batch; these do not
 * change it. */
void rocks_put_hard(const struct rocks_db *d, rocksdb_writebatch_t *w,
                    const struct raft_hard_state *hard);
void rocks_put_applied(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t index);
void rocks_put_first(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t index);
void rocks_put_run(const struct rocks_db *d, rocksdb_writebatch_t *w, struct raft_term_run run);
void rocks_delete_run(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t first);
void rocks_put_entry(const struct rocks_db *d, rocksdb_writebatch_t *w, const struct entry *entry,
                     struct buf *scratch); /* scratch has room for it */
void rocks_delete_entries(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t from,
                          uint64_t to); /* both included */

void rocks_log_key(uint64_t index, uint8_t ret[ROCKS_LOG_KEY_BYTES]);

/* The data is lent from `value`. -E_CORRUPT. */
int rocks_entry_decode(struct slice key, struct slice value, struct entry *ret);

/* Names the owner of a new database, durably. */
int rocks_meta_found(const struct rocks_db *d, const struct store_identity *identity,
                     struct err *e);

/* True in *ret when the database has an owner; then checks that it is `identity` and that the
 * format is ours. Errors: -E_FOREIGN, -E_UNSUPPORTED, -E_CORRUPT, -E_IO. */
int rocks_meta_check(const struct rocks_db *d, const struct store_identity *identity, bool *ret,
                     struct err *e);

/* What the last process left: fills the shape of the log, hard state and applied index.
 * Errors: -E_CORRUPT, -E_IO, -E_NOMEM. */
int rocks_meta_load(const struct rocks_db *d, struct log_shape *shape,
                    struct raft_hard_state *ret_hard, uint64_t *ret_applied, struct err *e);

#endif
