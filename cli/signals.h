#ifndef RIFT_CLI_SIGNALS_H
#define RIFT_CLI_SIGNALS_H

#include "base/err.h"

#include <stdbool.h>

/* SIGINT, SIGTERM and SIGCHLD as a readable descriptor, for commands that own processes. To be
 * opened before any thread starts: threads inherit the blocked signals, children unblock them
 * (see cli/process.h). One a process, as signals are. */
int signals_open(struct err *e);

/* Readable when a signal came in since signals_interrupted was last called. */
int signals_fd(void);

/* Takes in what is there; true from the first SIGINT or SIGTERM on. */
bool signals_interrupted(void);

#endif
