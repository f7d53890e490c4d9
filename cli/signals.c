#include "cli/signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int descriptor = -1;
static atomic_bool interrupted; /* asked from the threads of a check, too */

int signals_open(struct err *e)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &wanted, NULL) < 0)
        return err_sys(e, "cannot block signals");
    descriptor = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor < 0)
        return err_sys(e, "cannot wait for signals");
    return 0;
}

int signals_fd(void)
{
    return descriptor;
}

bool signals_interrupted(void)
{
    struct signalfd_siginfo info;

    if (descriptor < 0)
        return false;
    while (read(descriptor, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            interrupted = true;
    }
    return interrupted;
}
