#ifndef RIFT_NODE_KV_SESSIONS_H
#define RIFT_NODE_KV_SESSIONS_H

#include "base/err.h"
#include "base/op.h"

/* The duplicate table: the live sessions, and of each the last command and its status (Ongaro's
 * dissertation, 6.3). "Least recently used" is by log index, so every replica agrees on it.
 *
 * A session as it is kept in the store:
 *     key    8 bytes   id, big-endian
 *     value  1 byte    SESSION_ROW_VERSION
 *            8 bytes   last_id, big-endian
 *            8 bytes   last_index, big-endian
 *            1 byte    last_status, as enum op_status counts */
struct sessions;

enum { SESSION_ROW_VERSION = 1, SESSION_KEY_BYTES = 8, SESSION_ROW_BYTES = 18 };

/* Plain data. Command ids start at 1, so a new session has had none. */
struct session {
    uint64_t id;         /* index of the log entry that opened it */
    uint64_t last_id;    /* of the last command that was executed; 0: none yet */
    uint64_t last_index; /* of the last log entry that named it, executed or not */
    enum op_status last_status;
};

int sessions_create(struct sessions **ret);
void sessions_destroy(struct sessions *s);

size_t sessions_count(const struct sessions *s);
bool sessions_find(const struct sessions *s, uint64_t id, struct session *ret);

/* The one whose last_index is lowest; false when there is none. */
bool sessions_oldest(struct sessions *s, struct session *ret);

/* Adds a session or replaces it: quick when its last_index is above all others, as it is when
 * they come in log order; after any other order the next sessions_oldest sorts once. -E_NOMEM. */
int sessions_put(struct sessions *s, const struct session *session);
void sessions_remove(struct sessions *s, uint64_t id);

void session_encode_key(uint64_t id, uint8_t key[SESSION_KEY_BYTES]);
void session_encode_row(const struct session *session, uint8_t row[SESSION_ROW_BYTES]);
int session_decode(struct slice key, struct slice row, struct session *ret, struct err *e);

#endif
