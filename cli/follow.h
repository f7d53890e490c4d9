#ifndef RIFT_CLI_FOLLOW_H
#define RIFT_CLI_FOLLOW_H

#include "checker/online.h"
#include "cli/exit_code.h"

#include <jansson.h>

/* `rift check --follow`: the verdict on a history that is still being written, event by event,
 * until it ends, is violated, or somebody interrupts. */
struct follow_options {
    const char *model;  /* NULL: what the history names */
    uint64_t memory_mb; /* of the checker; 0: no bound */
    double time_s;      /* for all of it; 0: no bound */
    bool json;
};

/* Prints the verdict. signals_open is called here. */
enum exit_code follow_history(const char *path, const struct follow_options *o);

#endif
