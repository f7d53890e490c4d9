#ifndef RIFT_CLI_RUN_ONLINE_H
#define RIFT_CLI_RUN_ONLINE_H

#include "base/err.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The checker beside a run (--online): `rift check --follow` as a process of its own, on the
 * history that is being written. All zeros: there is none. */
struct run_online {
    pid_t pid; /* 0: it has ended */
    bool started;
    char log[PATH_MAX];
    json_t *verdict; /* what it said; NULL: nothing yet, or nothing that can be read */
    int64_t seen_ns; /* on the run's clock, when that was known */
};

/* The history's header has to be in the file. Errors: -E_IO. */
int run_online_start(struct run_online *o, const char *folder, const char *history_path,
                     uint64_t memory_mb, struct err *e);

/* Looks whether it has ended. True from then on when it saw a violation. */
bool run_online_violated(struct run_online *o, int64_t now_ns);

/* The history is closed: waits a little for the verdict, then ends the process, and reaps it. */
void run_online_stop(struct run_online *o, int64_t now_ns);

void run_online_free(struct run_online *o);

/* The time between the return that nothing explains and the news of it. 0 without a violation. */
double run_online_delay_s(const struct run_online *o);

/* For people, nothing without --online; and for machines (a new reference; null without). */
void run_online_print(const struct run_online *o);
json_t *run_online_json(const struct run_online *o);

#endif
