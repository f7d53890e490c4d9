#ifndef RIFT_CLI_PROCESS_H
#define RIFT_CLI_PROCESS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Other instances of this very program. */
struct process_options {
    const char *const *argv; /* argv[1] is the subcommand; ends with NULL */
    const char *log;         /* file that standard output and error are appended to */
    bool detached;           /* a session of its own that outlives us, instead of dying with us */
};

/* Starts one. Unless detached it gets SIGKILL when the calling thread, which has to be the main
 * one, is gone, whatever ended it. Errors: -E_IO. */
int process_spawn(const struct process_options *o, pid_t *ret, struct err *e);

/* Waits until a child has ended, at most timeout_ms. 1: it has (*ret_status as of waitpid);
 * 0: not yet. */
int process_wait(pid_t pid, int timeout_ms, int *ret_status);

/* "exit code 3" or "signal 9 (Killed)". */
void process_describe_end(int status, char *ret, size_t len);

#endif
