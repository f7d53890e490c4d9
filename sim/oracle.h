#ifndef RIFT_SIM_ORACLE_H
#define RIFT_SIM_ORACLE_H

#include "base/err.h"
#include "node/store/store.h"

/* Promises of Raft that a history cannot show, checked as each step happens (dissertation,
 * figure 3.2): at most one leader a term, log matching, leader completeness, committed entries
 * never change (state machine safety), applied states equal at equal index; and: what is applied
 * is durable on a quorum, what is acknowledged was applied. Work is proportional to what happens:
 * nothing is scanned. */
struct oracle;

int oracle_create(size_t n_nodes, struct oracle **ret, struct err *e);
void oracle_destroy(struct oracle *o);

/* Each of these returns 0, or -E_INVAL with what was broken in words. Nodes are indexes. */

/* A node took over. */
int oracle_leader(struct oracle *o, size_t node, uint64_t term, struct err *e);

/* A node hands a batch to its disk. */
int oracle_saved(struct oracle *o, size_t node, const struct store_batch *b, struct err *e);

/* A node applies the next entry. `durable` is how many nodes have it durable. */
int oracle_applied(struct oracle *o, size_t node, const struct entry *entry, size_t durable,
                   struct err *e);

/* A node starts from what its disk holds. */
void oracle_restarted(struct oracle *o, size_t node, struct store *store, size_t n_families);

/* Index of the newest entry that any node has applied; 0: none. */
uint64_t oracle_committed(const struct oracle *o);

#endif
