#include "node/raft/internal.h"

#include <stdlib.h>

/* ReadIndex, dissertation 6.4. A read takes the commit index of the moment its round starts, a
 * round is a heartbeat to everyone, and a quorum of echoes shows that no other leader had been
 * elected before it started. All reads that came since the last round share the next. */

enum { READS_CAP_MIN = 64 };

void raft_reads_free(struct reads *q)
{
    free(q->waiting);
    free(q->results);
    *q = (struct reads){0};
}

static int reserve_waiting(struct reads *q)
{
    size_t cap = q->cap * 2 < READS_CAP_MIN ? READS_CAP_MIN : q->cap * 2;
    struct pending_read *waiting;

    if (q->head + q->n < q->cap)
        return 0;
    if (q->head > 0 && q->head >= q->cap / 2) {
        memmove(q->waiting, q->waiting + q->head, q->n * sizeof *waiting);
        q->head = 0;
        return 0;
    }
    waiting = malloc(cap * sizeof *waiting);
    if (waiting == NULL)
        return -E_NOMEM;
    if (q->n > 0)
        memcpy(waiting, q->waiting + q->head, q->n * sizeof *waiting);
    free(q->waiting);
    q->waiting = waiting;
    q->cap = cap;
    q->head = 0;
    return 0;
}

/* Room for the results of all that wait is taken beforehand: a read that was accepted is
 * answered, memory or not. */
static int reserve_results(struct reads *q)
{
    size_t cap = q->results_cap * 2 < READS_CAP_MIN ? READS_CAP_MIN : q->results_cap * 2;
    struct raft_read_result *results;

    if (q->n_results + q->n < q->results_cap)
        return 0;
    results = realloc(q->results, cap * sizeof *results);
    if (results == NULL)
        return -E_NOMEM;
    q->results = results;
    q->results_cap = cap;
    return 0;
}

int raft_read(struct raft *r, uint64_t token)
{
    struct reads *q = &r->reads;
    int rc;

    CHECK(!r->lent);
    if (r->role != RAFT_LEADER)
        return -E_NOT_LEADER;
    if (q->n + q->n_results >= r->o.reads_max)
        return -E_BUSY;
    rc = reserve_waiting(q);
    if (rc == 0)
        rc = reserve_results(q);
    if (rc < 0)
        return rc;
    q->waiting[q->head + q->n++] = (struct pending_read){.token = token, .asked_tick = r->now_tick};
    return 0;
}

static void finish_first(struct reads *q, bool refused)
{
    const struct pending_read *read = &q->waiting[q->head];

    q->results[q->n_results++] = (struct raft_read_result){
        .token = read->token,
        .index = refused ? 0 : read->index,
        .refused = refused,
    };
    q->head++;
    q->n--;
    if (q->n_assigned > 0)
        q->n_assigned--;
}

void raft_reads_refuse_all(struct raft *r)
{
    while (r->reads.n > 0)
        finish_first(&r->reads, !BUG(SERVE_DEPOSED));
}

/* A leader that is cut off and does not know it must not keep its clients waiting for ever. */
void raft_reads_tick(struct raft *r)
{
    struct reads *q = &r->reads;

    while (q->n > 0 && r->now_tick - q->waiting[q->head].asked_tick >= r->o.election_ticks)
        finish_first(q, true);
}

/* Called by raft_ready: the heartbeats of the round leave with it. */
void raft_reads_start_round(struct raft *r)
{
    struct reads *q = &r->reads;

    /* 6.4, step 1: not before an entry of the own term is committed. */
    if (r->role != RAFT_LEADER || q->n_assigned == q->n ||
        (r->commit_index < r->term_start && !BUG(READ_BEFORE_NOOP)) ||
        q->round - q->confirmed >= READ_ROUNDS_MAX)
        return;
    q->round++;
    for (; q->n_assigned < q->n; q->n_assigned++) {
        q->waiting[q->head + q->n_assigned].round = q->round;
        q->waiting[q->head + q->n_assigned].index = r->commit_index;
    }
    for (size_t i = 0; i < r->n_peers; i++)
        r->peers[i].heartbeat_due = true;
    raft_reads_confirm(r); /* a cluster of one is its own quorum */
}

static uint64_t round_of(const struct peer *p)
{
    return p->read_round;
}

void raft_reads_confirm(struct raft *r)
{
    struct reads *q = &r->reads;
    uint64_t reached = BUG(READ_WITHOUT_ROUND) ? q->round
                                               : raft_quorum_value(r, q->round, round_of);

    if (reached > q->confirmed)
        q->confirmed = reached;
    while (q->n_assigned > 0 && q->waiting[q->head].round <= q->confirmed)
        finish_first(q, false);
}
