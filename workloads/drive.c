#include "workloads/drive.h"

#include "base/clock.h"

#include <limits.h>

static void send_all(struct fleet *f, struct links *l, int64_t start_ns)
{
    struct fleet_send send;

    /* The clock is read for each: an invocation or request is never later than its bytes. */
    while (fleet_next_send(f, clock_monotonic_ns() - start_ns, &send)) {
        if (!links_send(l, send.site, send.node, &send.request))
            fleet_unsent(f, clock_monotonic_ns() - start_ns);
    }
}

static int take_replies(struct fleet *f, struct links *l, int64_t start_ns, struct err *e)
{
    struct wire_reply reply;
    uint64_t node;
    size_t site;
    int rc = 0;

    while (rc == 0 && links_next_reply(l, &site, &node, &reply))
        rc = fleet_reply(f, clock_monotonic_ns() - start_ns, &reply, e);
    return rc;
}

/* Rounded up: waking early would only mean to wait again. */
static int wait_ms(const struct fleet *f, int64_t now_ns, int64_t deadline_ns)
{
    int64_t next_ns = fleet_deadline_ns(f);
    int64_t left_ns = (next_ns < deadline_ns ? next_ns : deadline_ns) - now_ns;

    if (left_ns <= 0)
        return 0;
    left_ns = left_ns / NS_PER_MS + (left_ns % NS_PER_MS != 0);
    return left_ns > INT_MAX ? INT_MAX : (int)left_ns;
}

static bool any(const bool *readable, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (readable[i])
            return true;
    }
    return false;
}

int drive_fleet(struct fleet *f, struct links *l, int64_t start_ns, int64_t deadline_ns,
                const int *fds, size_t n_fds, bool *readable, struct err *e)
{
    for (;;) {
        int64_t now_ns = clock_monotonic_ns() - start_ns;
        int rc = fleet_tick(f, now_ns, e);

        if (rc < 0)
            return rc;
        send_all(f, l, start_ns);
        if (now_ns >= deadline_ns)
            return 0;
        if (fleet_open(f) == 0 && fleet_deadline_ns(f) == INT64_MAX)
            return 0; /* nothing will ever happen again */
        rc = links_wait(l, wait_ms(f, now_ns, deadline_ns), fds, n_fds, readable, e);
        if (rc < 0)
            return rc;
        rc = take_replies(f, l, start_ns, e);
        if (rc < 0)
            return rc;
        if (any(readable, n_fds))
            return 1;
    }
}
