#ifndef RIFT_WORKLOADS_FLEET_H
#define RIFT_WORKLOADS_FLEET_H

#include "clerk/clerk.h"
#include "histories/history.h"
#include "workloads/workload.h"

/* Many clerks at work: draws operations, drives a clerk for each logical process, and tells an
 * observer of every invocation, request and completion in the order in which they happen. Pure:
 * time and replies come in, requests come out; the real loop (workloads/drive.h) and the
 * simulator feed it alike.
 *
 * Process numbers: clerk i starts as process i. When an operation ends as INFO its process is
 * retired and a new clerk takes its place, under the old number plus the number of clerks. */
struct fleet;

struct fleet_options {
    struct workload *workload;  /* borrowed */
    uint32_t clerks;            /* 1 to FLEET_CLERKS_MAX */
    size_t sites;               /* clerk i sits at site i % sites; at least 1 */
    struct clerk_options clerk; /* timeouts, nodes; seed and stream are set by the fleet */
    double rate;                /* operations a second and clerk; 0: as fast as answers come */
    uint64_t ops_max;           /* of all clerks together; 0: no bound */
    uint32_t wander_ppm; /* chance that an operation begins at a random node, not where the last one
                            found its answer; that is how nodes which are cut off get asked */
    uint64_t seed;

    /* NULL, or says whether the k-th operation of clerk i (from 0) is to happen; the others are
     * passed over, and those that do happen are what they would have been. */
    bool (*wanted)(void *context, uint32_t clerk, uint64_t k);
    void *wanted_context;
};

enum { FLEET_CLERKS_MAX = 65536 };

/* Called as things happen. `asked`: a request for the operation leaves for `node` (those that
 * open a session are not told); it comes after `invoked` and before the request leaves. */
struct fleet_observer {
    void *context;
    void (*invoked)(void *context, int64_t now_ns, uint32_t process, const struct op *op);
    void (*asked)(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                  uint64_t node);
    void (*completed)(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                      const struct clerk_end *end);
};

int fleet_create(const struct fleet_options *o, const struct fleet_observer *observer,
                 struct fleet **ret, struct err *e);
void fleet_destroy(struct fleet *f);

/* Time has come to `now_ns`: begins operations, lets attempts time out. Work is proportional to
 * the clerks that have something to do (a heap of deadlines), not to all of them. */
int fleet_tick(struct fleet *f, int64_t now_ns, struct err *e);
int64_t fleet_deadline_ns(const struct fleet *f); /* when it wants to be called next */

struct fleet_send {
    size_t site;
    uint64_t node;
    struct wire_request request; /* lent until the next call; `request.request` names the clerk */
};

bool fleet_next_send(struct fleet *f, int64_t now_ns, struct fleet_send *ret);
void fleet_unsent(struct fleet *f, int64_t now_ns); /* the one last taken did not leave */
int fleet_reply(struct fleet *f, int64_t now_ns, const struct wire_reply *m, struct err *e);

/* No new operations from now on; those that are open go on to their end. */
void fleet_stop(struct fleet *f);
size_t fleet_open(const struct fleet *f); /* operations that have not ended */

/* Ends what is open as INFO (or FAIL where no request left). */
void fleet_abandon(struct fleet *f, int64_t now_ns);

struct fleet_totals {
    uint64_t invoked, ok, fail, info, asked;
    uint64_t by_kind[OP_KIND_COUNT]; /* invoked */
};
void fleet_totals(const struct fleet *f, struct fleet_totals *ret);

#endif
