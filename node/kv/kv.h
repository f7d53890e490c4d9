#ifndef RIFT_NODE_KV_KV_H
#define RIFT_NODE_KV_KV_H

#include "base/err.h"
#include "base/op.h"

/* The replicated state machine: a key-value store in named column families, and the sessions
 * that make each command take effect exactly once (Ongaro's dissertation, 6.3). It decides what
 * a command does to the state and hands out the writes; where the state lives is the business
 * of the store behind `kv_reader`. Deterministic: the same commands in the same order give the
 * same writes and results on every replica.
 *
 * Sessions. REGISTER opens one; its id is the index of the log entry that did. The duplicate
 * table keeps for each live session the last command id and that command's status. A command
 * with the last id again is answered from the table, without effect; one with a lower id is
 * STATUS_BAD_REQUEST (its clerk has moved on; nobody waits). The table holds at most
 * `sessions_max`: a REGISTER beyond that expires the session whose last command stands lowest in
 * the log, on every replica alike. A command of an expired (or never opened) session is
 * STATUS_SESSION_EXPIRED and has no effect. GETs go without a session. Command ids start at 1;
 * `sessions_max` has to be the same on every replica. */
struct kv;

enum { KV_FAMILIES_MAX = 16, KV_SESSIONS_MAX_DEFAULT = 65536 };

/* Family 0 holds the sessions and is not a name a client can use; 1 is "default"; the rest are
 * those of the cluster file, in its order. */
enum { KV_FAMILY_SESSIONS = 0, KV_FAMILY_DEFAULT = 1 };

/* Reads the state as of some batch of writes handed out earlier, at least the one that
 * kv_visible last named. Returns 1 and appends the value to `out`, 0 when the key is absent, or
 * a negative code (fatal to the node). */
struct kv_reader {
    int (*get)(void *context, uint32_t family, struct slice key, struct buf *out);
    void *context;
};

struct kv_write {
    uint32_t family;
    struct slice key;
    struct slice value;
    bool erase; /* instead of `value` */
};

struct kv_options {
    size_t sessions_max;         /* 0: the default */
    const char *const *families; /* names besides "default" */
    size_t n_families;
    struct kv_reader reader;
};

/* Errors: -E_INVAL (family names: empty, too long, reserved, twice, too many), -E_NOMEM.
 * kv_destroy accepts NULL. */
int kv_create(const struct kv_options *o, struct kv **ret, struct err *e);
void kv_destroy(struct kv *kv);

/* Recovery, before the first kv_apply: one pair of KV_FAMILY_SESSIONS each.
 * Errors: -E_CORRUPT, -E_NOMEM. */
int kv_load_session(struct kv *kv, struct slice key, struct slice value, struct err *e);

/* Applies the command of log entry `index`. Its writes are appended to the list that
 * kv_writes lends. `ret->value` is lent until the next call. Errors (fatal to the node):
 * -E_NOMEM, or what the reader said. */
int kv_apply(struct kv *kv, uint64_t index, const struct command *c, struct op_result *ret);

/* What the commands since the last kv_submitted want written, one write of each key (its
 * newest), to be made as one atomic batch; lent until the next kv_apply or kv_submitted. Later
 * reads see them at once, from memory. */
const struct kv_write *kv_writes(const struct kv *kv, size_t *ret_n);

/* The list went to the store under `seq` and starts anew... */
void kv_submitted(struct kv *kv, uint64_t seq);

/* ...and what was submitted up to `seq` can be read through the reader: forget it here. */
void kv_visible(struct kv *kv, uint64_t seq);

/* A read of the state as applied so far: STATUS_OK with a value lent until the next call,
 * STATUS_NO_KEY, or STATUS_BAD_REQUEST (unknown family, limits). */
int kv_get(struct kv *kv, const struct op *op, struct op_result *ret);

size_t kv_sessions(const struct kv *kv);
size_t kv_unsubmitted_bytes(const struct kv *kv); /* memory of writes not yet visible */

#endif
