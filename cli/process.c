#include "cli/process.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_STEP_MS = 2 };

static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); /* it ended before prctl could take hold */
    /* A process group of its own: Ctrl-C on the terminal is for the harness alone, which then
     * ends everybody in order. */
    setpgid(0, 0);
}

/* Between fork and exec: only what is safe with the threads of the parent gone. */
static void become(const struct process_options *o, pid_t parent, int log)
{
    int nothing = open("/dev/null", O_RDONLY);
    sigset_t none;

    if (o->detached)
        setsid();
    else
        die_with_parent(parent);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
        dup2(log, STDERR_FILENO) < 0)
        _exit(127);
    /* The program's own file, also when it has been replaced or moved since. */
    execv("/proc/self/exe", (char *const *)o->argv);
    _exit(127);
}

int process_spawn(const struct process_options *o, pid_t *ret, struct err *e)
{
    int log = open(o->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    pid_t parent = getpid();
    pid_t pid;
    int rc = 0;

    if (log < 0)
        return err_sys(e, "log '%s'", o->log);
    pid = fork();
    if (pid == 0)
        become(o, parent, log);
    if (pid < 0)
        rc = err_sys(e, "cannot start 'rift %s'", o->argv[1]);
    else
        *ret = pid;
    close(log);
    return rc;
}

int process_wait(pid_t pid, int timeout_ms, int *ret_status)
{
    int64_t end_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;

    while (waitpid(pid, ret_status, WNOHANG) != pid) {
        if (clock_monotonic_ns() >= end_ns)
            return 0;
        poll(NULL, 0, WAIT_STEP_MS);
    }
    return 1;
}

void process_describe_end(int status, char *ret, size_t len)
{
    if (WIFSIGNALED(status))
        snprintf(ret, len, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(ret, len, "exit code %d", WEXITSTATUS(status));
}
