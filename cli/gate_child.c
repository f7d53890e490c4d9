#include "cli/gate.h"

#include "base/clock.h"
#include "cli/process.h"
#include "cli/signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

/* A run has to stop its nodes and to close its history; a simulator to sum up. */
enum { GRACE_MS = 10000, LOOK_MS = 100 };

static int ms_until(int64_t end_ns)
{
    int64_t ms = (end_ns - clock_monotonic_ns()) / NS_PER_MS + 1;

    return ms < 0 ? 0 : ms > LOOK_MS ? LOOK_MS : (int)ms;
}

/* SIGCHLD and Ctrl-C wake it early; the bound on each wait is for signals that came together. */
static bool await(pid_t pid, int64_t end_ns, struct gate_child_end *ret)
{
    while (waitpid(pid, &ret->status, WNOHANG) != pid) {
        struct pollfd signals = {.fd = signals_fd(), .events = POLLIN};

        ret->interrupted = signals_interrupted();
        ret->overdue = clock_monotonic_ns() >= end_ns;
        if (ret->interrupted || ret->overdue)
            return false;
        poll(&signals, 1, ms_until(end_ns));
    }
    return true;
}

static void end_group(pid_t pid, int *status)
{
    kill(-pid, SIGTERM);
    if (process_wait(pid, GRACE_MS, status) == 1)
        return;
    kill(-pid, SIGKILL);
    waitpid(pid, status, 0);
}

int gate_child_run(const char *const *argv, const char *log, double budget_s,
                   struct gate_child_end *ret, struct err *e)
{
    int64_t start_ns = clock_monotonic_ns();
    pid_t pid;
    int rc = process_spawn(&(struct process_options){.argv = argv, .log = log}, &pid, e);

    if (rc < 0)
        return rc;
    *ret = (struct gate_child_end){0};
    if (!await(pid, start_ns + (int64_t)(budget_s * (double)NS_PER_S), ret))
        end_group(pid, &ret->status);
    ret->seconds = (double)(clock_monotonic_ns() - start_ns) / (double)NS_PER_S;
    return 0;
}
