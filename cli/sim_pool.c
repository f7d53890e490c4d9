#include "cli/sim.h"

#include "cli/process.h"
#include "cli/signals.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Worker k of n runs the seeds first + k, first + k + n... and writes a report of each into a pipe
 * of its own. Reading the pipes in turns gives the reports in the order of the seeds; a worker that
 * is far ahead waits until its pipe has room again. */
struct worker {
    pid_t pid; /* 0: not started */
    int fd;
};

struct pool {
    const struct sim_options *o;
    struct worker workers[SIM_JOBS_MAX];
    size_t n;
};

static bool write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static int run_seed(const struct sim_options *o, uint64_t seed, struct trial_report *ret,
                    struct err *e)
{
    struct trial_options trial = {.check_time_s = o->check_time_s};
    struct sim_config c;
    int rc = sim_options_config(o, seed, &c, e);

    return rc < 0 ? rc : trial_run(&c, o->given, &trial, ret, NULL, NULL, e);
}

/* In the child; never returns. */
static void work(const struct sim_options *o, size_t k, size_t n, int fd)
{
    static struct trial_report report;
    struct err e;

    for (uint64_t seed = o->first + k; seed <= o->last && seed >= o->first; seed += n) {
        if (run_seed(o, seed, &report, &e) < 0) {
            fprintf(stderr, "rift sim: seed %" PRIu64 ": %s\n", seed, e.text);
            _exit(EXIT_HARNESS);
        }
        if (!write_all(fd, &report, sizeof report))
            _exit(EXIT_HARNESS);
    }
    _exit(EXIT_GOOD);
}

static int start_worker(struct pool *p, size_t k, struct err *e)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe(ends) < 0)
        return err_sys(e, "cannot make a pipe");
    fflush(NULL);
    p->workers[k].pid = fork();
    if (p->workers[k].pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(EXIT_HARNESS); /* it ended before prctl could take hold */
        close(ends[0]);
        work(p->o, k, p->n, ends[1]);
    }
    close(ends[1]);
    p->workers[k].fd = ends[0];
    return p->workers[k].pid < 0 ? err_sys(e, "cannot start a worker") : 0;
}

static int describe_end(const struct worker *w, uint64_t seed, struct err *e)
{
    char how[64];
    int status;

    if (process_wait(w->pid, 1000, &status) == 0)
        return err_set(e, -E_IO, "the worker at seed %" PRIu64 " fell silent", seed);
    process_describe_end(status, how, sizeof how);
    return err_set(e, -E_IO, "the worker at seed %" PRIu64 " ended with %s", seed, how);
}

static int read_report(const struct worker *w, uint64_t seed, struct trial_report *ret,
                       struct err *e)
{
    size_t have = 0;

    while (have < sizeof *ret) {
        struct pollfd fds[2] = {{.fd = w->fd, .events = POLLIN},
                                {.fd = signals_fd(), .events = POLLIN}};
        ssize_t n = 0;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return err_sys(e, "cannot wait for a worker");
        if (signals_interrupted())
            return err_set(e, -E_INTERRUPTED, "interrupted");
        if (fds[0].revents == 0)
            continue;
        n = read(w->fd, (char *)ret + have, sizeof *ret - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return describe_end(w, seed, e);
        have += (size_t)n;
    }
    return 0;
}

static void stop(struct pool *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->workers[i].pid <= 0)
            continue;
        close(p->workers[i].fd);
        kill(p->workers[i].pid, SIGKILL);
        waitpid(p->workers[i].pid, NULL, 0);
    }
}

int sim_pool_run(const struct sim_options *o,
                 void (*on_report)(void *context, const struct trial_report *t), void *context,
                 struct err *e)
{
    struct trial_report *report = malloc(sizeof *report);
    struct pool *p = calloc(1, sizeof *p);
    uint64_t seeds = o->last - o->first + 1;
    int rc = 0;

    if (report == NULL || p == NULL) {
        free(report);
        free(p);
        return err_set(e, -E_NOMEM, "workers");
    }
    p->o = o;
    p->n = o->jobs < seeds ? (size_t)o->jobs : (size_t)seeds;
    for (size_t k = 0; k < p->n && rc == 0; k++)
        rc = start_worker(p, k, e);
    for (uint64_t i = 0; i < seeds && rc == 0; i++) {
        rc = read_report(&p->workers[i % p->n], o->first + i, report, e);
        if (rc == 0)
            on_report(context, report);
    }
    stop(p);
    free(p);
    free(report);
    return rc;
}
