#ifndef RIFT_NODE_KV_HASH_TABLE_H
#define RIFT_NODE_KV_HASH_TABLE_H

#include "base/hash.h"

/* uthash with our hash function, and with an element left out instead of the process ended when
 * memory runs out: after HASH_ADD, `element->hh.tbl == NULL` tells. */
#define HASH_FUNCTION(key, len, value) (value) = (unsigned)hash_bytes(key, len, 0)
#define HASH_NONFATAL_OOM 1

#include <uthash.h>

#endif
