#ifndef RIFT_NODE_READ_TABLE_H
#define RIFT_NODE_READ_TABLE_H

#include "node/server.h"

/* The reads that wait for their round of ReadIndex, or for their index to be applied. A read is
 * known to Raft by its token, which is its place in the table. */
struct read_table;

struct read_waiting {
    struct server_client client;
    struct op op; /* points into the table until the read is removed */
};

int read_table_create(size_t max, struct read_table **ret);
void read_table_destroy(struct read_table *r);

size_t read_table_count(const struct read_table *r);

/* Copies the question. Errors: -E_BUSY (`max` wait), -E_NOMEM. */
int read_table_add(struct read_table *r, const struct server_client *client, const struct op *op,
                   uint64_t *ret_token);
const struct read_waiting *read_table_find(const struct read_table *r, uint64_t token);
void read_table_remove(struct read_table *r, uint64_t token);

#endif
