#ifndef RIFT_CLI_THREADS_H
#define RIFT_CLI_THREADS_H

#include <stddef.h>
#include <stdint.h>

/* Threads for tasks that do not wait for each other: the pool of the checker (checker/checker.h).
 */

enum { THREADS_MAX = 256 };

/* Runs task(of, 0) to task(of, n - 1), begun in that order, on at most `jobs` threads, the calling
 * one among them; comes back when all are done. Where a thread cannot be had there are fewer. */
void threads_run(size_t jobs, size_t n, void (*task)(void *of, size_t i), void *of);

/* Processors that this process may use, at most THREADS_MAX. */
uint64_t threads_default(void);

#endif
