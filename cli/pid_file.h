#ifndef RIFT_CLI_PID_FILE_H
#define RIFT_CLI_PID_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Which process is a node of `rift cluster`: its number and when it began, so that a number that
 * the system has given to somebody else since is not taken for the node. */

/* Errors: -E_IO, -E_NOT_FOUND (the process is gone already). */
int pid_file_write(const char *path, pid_t pid, struct err *e);

/* The process, when it still is the one that was written down; 0 otherwise. */
pid_t pid_file_running(const char *path);

#endif
