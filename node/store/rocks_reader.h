#ifndef RIFT_NODE_STORE_ROCKS_READER_H
#define RIFT_NODE_STORE_ROCKS_READER_H

#include "node/store/rocks_writer.h"

/* The thread that fetches log entries which have left memory, so that neither the node waits for
 * a block from the disk nor a read for the writer's sync. */
struct rocks_reader;

/* The loans last as long as the reader. A read that fails makes the store failed through
 * `writer`. */
int rocks_reader_create(const struct rocks_db *d, struct bell *bell, struct rocks_writer *writer,
                        struct rocks_reader **ret, struct err *e);
void rocks_reader_destroy(struct rocks_reader *r); /* drops what was asked; NULL is fine */

int rocks_reader_ask(struct rocks_reader *r, uint64_t token, uint64_t from, uint64_t to,
                     size_t bytes_max);
bool rocks_reader_next(struct rocks_reader *r, struct store_log_result *ret);
void rocks_reader_end_loan(struct rocks_reader *r);

#endif
