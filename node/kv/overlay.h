#ifndef RIFT_NODE_KV_OVERLAY_H
#define RIFT_NODE_KV_OVERLAY_H

#include "base/err.h"
#include "node/kv/kv.h"

/* The writes that a reader of the store cannot see yet: the newest one of each (family, key),
 * and in which submitted batch it travels. Reading the overlay first and the store behind it
 * gives the state as of the last command applied. */
struct overlay;

int overlay_create(struct overlay **ret);
void overlay_destroy(struct overlay *o);

/* Notes a write, over an earlier one of the same key. The bytes are copied. -E_NOMEM. */
int overlay_put(struct overlay *o, const struct kv_write *w);

/* The newest write of a key, lent until the next overlay_put or overlay_visible; NULL when the
 * store's answer stands. */
const struct kv_write *overlay_find(const struct overlay *o, uint32_t family, struct slice key);

/* The writes not yet submitted, one of each key, in the order in which the keys were first
 * written; lent until the next change. */
const struct kv_write *overlay_writes(const struct overlay *o, size_t *ret_n);

void overlay_submitted(struct overlay *o, uint64_t seq);
void overlay_visible(struct overlay *o, uint64_t seq);
size_t overlay_bytes(const struct overlay *o);

#endif
