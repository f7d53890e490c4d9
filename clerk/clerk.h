#ifndef RIFT_CLERK_CLERK_H
#define RIFT_CLERK_CLERK_H

#include "base/err.h"
#include "base/op.h"
#include "base/rng.h"
#include "wire/wire.h"

/* One logical client as a state machine (Ongaro's dissertation, chapter 6): it finds the leader
 * by hint, else by rotation, retries under one command id, opens a session before its first
 * command that writes, and gives each operation a deadline. Time comes in as an argument, in
 * nanoseconds of any clock that does not go back; requests come out of clerk_next_send. No
 * socket, clock or thread. One operation at a time.
 *
 * How an operation ends. OK: an answer that counts (ok, no-key, mismatch). FAIL: it certainly did
 * not happen: every request for it that left was refused before it was proposed (not-leader,
 * busy), or none left, or it can have no effect wherever it is executed (bad-request). INFO:
 * anything else: some request went unanswered, or was answered "timeout" or "session-expired". */
struct clerk;

struct clerk_options {
    const uint64_t *nodes;      /* ids, in the order of rotation */
    size_t n_nodes;             /* 1 to 63 */
    int64_t attempt_timeout_ns; /* for the answer to one request, before another node is asked */
    int64_t op_timeout_ns;      /* for the whole operation */
    int64_t backoff_ns; /* after a refusal without a usable hint, with up to as much jitter */
    uint64_t seed;
    uint64_t stream; /* tells clerks of one seed apart */
};

struct clerk_send {
    uint64_t node;
    struct wire_request request; /* lent until the next call on this clerk */
};

struct clerk_end {
    enum op_outcome outcome; /* OK, FAIL or INFO */
    enum op_status status;   /* of the last answer; STATUS_TIMEOUT when there was none */
    struct slice value;      /* GET with STATUS_OK; lent until the next clerk_begin */
    uint64_t node;           /* who gave the answer; 0: nobody */
    uint64_t term;           /* its term */
    uint32_t attempts;       /* requests that left for it, those for the session not counted */
};

/* Errors: -E_INVAL, -E_NOMEM. */
int clerk_create(const struct clerk_options *o, struct clerk **ret, struct err *e);
void clerk_destroy(struct clerk *c);

/* Begins an operation; its bytes are copied. The clerk must be idle. Errors: -E_INVAL (limits of
 * base/op.h), -E_NOMEM. */
int clerk_begin(struct clerk *c, int64_t now_ns, const struct op *op, struct err *e);

/* What is to be sent now; false when there is nothing. Call until false after every event.
 * `request.request` is unique within this clerk only: who shares a socket between clerks maps
 * it. A request that could not be sent for certain (no connection) is told by clerk_unsent. */
bool clerk_next_send(struct clerk *c, int64_t now_ns, struct clerk_send *ret);

/* The request last taken never left: it counts as refused, and another node is tried. */
void clerk_unsent(struct clerk *c, int64_t now_ns);

/* An answer. One that belongs to an earlier operation or was counted already is ignored. */
void clerk_reply(struct clerk *c, int64_t now_ns, const struct wire_reply *m);

/* Time has passed: attempts and the operation may time out. */
void clerk_tick(struct clerk *c, int64_t now_ns);

/* When clerk_tick wants to be called next; INT64_MAX when idle. */
int64_t clerk_deadline_ns(const struct clerk *c);

/* True once after the operation ended; the clerk is idle then. */
bool clerk_ended(struct clerk *c, struct clerk_end *ret);
bool clerk_idle(const struct clerk *c);

/* The operation begun last, as the clerk keeps it; lent until the next clerk_begin. */
const struct op *clerk_op(const struct clerk *c);

/* Where the next request would go; for tests and demos it can be set. */
uint64_t clerk_target(const struct clerk *c);
void clerk_set_target(struct clerk *c, uint64_t node);

/* Only ever asks its target: no rotation, no hints. What the stale-read demo's clerk does that
 * sits on the leader's side of a partition. */
void clerk_pin(struct clerk *c, bool pinned);

#endif
