#ifndef RIFT_TESTS_SERVER_GATE_STORE_H
#define RIFT_TESTS_SERVER_GATE_STORE_H

#include "node/store/store.h"

/* The store in memory behind a gate: what it reports can be held back, can fail, and can be
 * recovered from as if the process had been started anew. */
enum { GATE_RUNS_MAX = 64 };

struct gate {
    struct store base;
    struct store *inner;
    bool hold_durable;   /* durable_seq stays where it is */
    bool hold_visible;   /* the same for visible_seq; durable_seq moves on */
    bool fail;           /* the next poll reports a fatal error */
    size_t queued_bytes; /* reported on top of the real ones */
    struct store_progress shown;
    size_t synced; /* batches submitted with STORE_SYNCED */

    struct raft_hard_state hard;
    struct raft_term_run runs[GATE_RUNS_MAX];
    size_t n_runs;
    uint64_t last_index;
    uint64_t applied_index;
};

void gate_open(struct gate *g, const struct store_options *o);
void gate_close(struct gate *g);

#endif
