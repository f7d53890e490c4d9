#include "base/clock.h"
#include "cli/harness.h"
#include "cli/harness_impl.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>

/* What the harness has done to its nodes: it asks the nemesis, and the nemesis does it. */

enum {
    NEMESIS_ANSWER_MS = 5000,
    REAP_MS = 10000, /* a killed process may be inside a write to a slow disk */
    REAP_STEP_MS = 2,
};

static int ask(struct harness *h, struct wire_nemesis_command *command,
               struct wire_nemesis_reply *ret, struct err *e)
{
    int rc = nemesis_remote_call(h->remote, command, NEMESIS_ANSWER_MS, ret, e);

    return rc < 0 ? err_prefix(e, rc, "nemesis") : 0;
}

static int send_signal(struct harness *h, uint64_t id, int signal, struct err *e)
{
    struct harness_node *node = harness_node_of(h, id);
    struct wire_nemesis_command command = {
        .kind = WIRE_NEMESIS_SIGNAL, .node = id, .pid = node->pid, .signal = signal};
    struct wire_nemesis_reply reply;

    if (node->pid == 0)
        return 0;
    if (signal == SIGKILL)
        node->doomed = true;
    return ask(h, &command, &reply, e);
}

int harness_kill(struct harness *h, uint64_t node, struct err *e)
{
    return send_signal(h, node, SIGKILL, e);
}

int harness_pause(struct harness *h, uint64_t node, struct err *e)
{
    return send_signal(h, node, SIGSTOP, e);
}

int harness_resume(struct harness *h, uint64_t node, struct err *e)
{
    return send_signal(h, node, SIGCONT, e);
}

int harness_set_rules(struct harness *h, const struct wire_nemesis_link *links, size_t n,
                      struct err *e)
{
    struct wire_nemesis_command command = {
        .kind = WIRE_NEMESIS_RULES, .links = links, .n_links = n};
    struct wire_nemesis_reply reply;

    return ask(h, &command, &reply, e);
}

int harness_heal(struct harness *h, struct err *e)
{
    struct wire_nemesis_command command = {.kind = WIRE_NEMESIS_HEAL};
    struct wire_nemesis_reply reply;

    return ask(h, &command, &reply, e);
}

int harness_reset_links(struct harness *h, uint64_t node, struct err *e)
{
    struct wire_nemesis_command command = {.kind = WIRE_NEMESIS_RESET, .node = node};
    struct wire_nemesis_reply reply;

    return h->remote == NULL ? 0 : ask(h, &command, &reply, e);
}

int harness_counters(struct harness *h, struct wire_nemesis_counters *ret, struct err *e)
{
    struct wire_nemesis_command command = {.kind = WIRE_NEMESIS_COUNTERS};
    struct wire_nemesis_reply reply;
    int rc = ask(h, &command, &reply, e);

    if (rc == 0)
        *ret = reply.counters;
    return rc;
}

int harness_restart(struct harness *h, uint64_t id, struct err *e)
{
    struct harness_node *node = harness_node_of(h, id);
    int64_t end_ns = clock_monotonic_ns() + REAP_MS * NS_PER_MS;
    int rc = harness_reap_node(h, node, e);

    while (rc == 0 && node->pid != 0) {
        if (clock_monotonic_ns() >= end_ns)
            return err_set(e, -E_TIMEOUT, "node %" PRIu64 " is still there %d ms after its kill",
                           id, REAP_MS);
        poll(NULL, 0, REAP_STEP_MS);
        rc = harness_reap_node(h, node, e);
    }
    return rc < 0 ? rc : harness_spawn_node(h, node, e);
}
