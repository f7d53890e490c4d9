#ifndef RIFT_NODE_STORE_ROCKS_DB_H
#define RIFT_NODE_STORE_ROCKS_DB_H

#include "node/store/log_shape.h"
#include "node/store/store.h"

#include <rocksdb/c.h>

/* One RocksDB with its column families:
 *     "default"       what the node knows about itself, see rocks_meta.h
 *     "log"           entry index -> entry
 *     "state.NAME"    one for each family of the state
 * All share one write-ahead log, so that a write over several of them is atomic. */
struct rocks_db {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_readoptions_t *reading;
    rocksdb_column_family_handle_t *meta;
    rocksdb_column_family_handle_t *log;
    rocksdb_column_family_handle_t *state[STORE_FAMILIES_MAX];
    size_t n_state;
};

/* Opens or makes the folder, and makes sure whose it is. Errors: see store_rocks_open. */
int rocks_db_open(const char *path, const struct store_options *o, struct rocks_db *ret,
                  struct err *e);
void rocks_db_close(struct rocks_db *d); /* half-built ones too */

/* Turns RocksDB's text into an error, "what: text", and frees it. */
int rocks_error(struct err *e, char *text, const char *what);

#endif
