#include "cli/demo_sim.h"

#include "base/clock.h"

#include <inttypes.h>

/* What a history says, one sentence for each event that carries the story, in the order in which
 * it happened. */

struct narrator {
    const struct history *h; /* the same, loaded whole: what its operations came to */
    struct history_writer *to;
    struct demo *voice;
    int64_t until_ns;
    bool retries;
    bool led;       /* somebody has been elected: who asks before that asks in vain */
    size_t invoked; /* operations that have begun so far */
    enum history_node_what roles[SIM_NODES_MAX + 1]; /* by node, from 1 */
    uint64_t terms[SIM_NODES_MAX + 1];
    struct buf text;
};

/* The one that this process is at. A process does one at a time. */
static const struct history_op *op_of(const struct narrator *n, uint32_t process)
{
    for (size_t i = n->invoked; i > 0; i--)
        if (n->h->ops[i - 1].process == process)
            return &n->h->ops[i - 1];
    return NULL;
}

static int tell_end(struct narrator *n, const struct history_event *event)
{
    const struct history_op *op = op_of(n, event->process);
    int rc = op == NULL ? 0 : history_describe_op(n->h, op, &n->text);

    if (rc == 0 && op != NULL && event->node != 0)
        rc = buf_printf(&n->text, ", says node %" PRIu64, event->node);
    return rc;
}

/* The first request of an operation goes without saying; those that follow are retries. */
static int tell_ask(struct narrator *n, const struct history_event *event)
{
    const struct history_op *op = op_of(n, event->process);

    if (!n->retries || !n->led || op == NULL || event->time_ns <= op->call_ns)
        return 0;
    return buf_printf(&n->text,
                      "process %" PRIu32 " has no result of its %s yet and asks node %" PRIu64,
                      event->process, op_kind_name(op->kind), event->node);
}

static int tell_role(struct narrator *n, const struct history_event *event)
{
    enum history_node_what before = n->roles[event->node];

    switch (event->what) {
    case NODE_CANDIDATE: /* 9.6: whoever asks for pre-votes stays in its term */
        if (event->term == n->terms[event->node])
            return buf_printf(&n->text, "node %" PRIu64 " asks whether it would be elected",
                              event->node);
        return buf_printf(&n->text, "node %" PRIu64 " stands for election in term %" PRIu64,
                          event->node, event->term);
    case NODE_LEADER:
        return buf_printf(&n->text,
                          "node %" PRIu64 " counts a majority of votes and leads term %" PRIu64,
                          event->node, event->term);
    case NODE_FOLLOWER:
        if (before != NODE_LEADER && before != NODE_CANDIDATE)
            return 0;
        return buf_printf(&n->text, "node %" PRIu64 " %s, in term %" PRIu64, event->node,
                          before == NODE_LEADER ? "steps down" : "gives up its candidacy",
                          event->term);
    case NODE_STARTED:
        if (event->time_ns == 0)
            return 0;
        return buf_printf(&n->text, "node %" PRIu64 " starts again, in term %" PRIu64, event->node,
                          event->term);
    case NODE_DIED: return buf_printf(&n->text, "node %" PRIu64 " dies", event->node);
    default:
        return buf_printf(&n->text, "node %" PRIu64 ": %s", event->node,
                          history_node_what_name(event->what));
    }
}

static int tell_node(struct narrator *n, const struct history_event *event)
{
    int rc;

    if (event->node == 0 || event->node > SIM_NODES_MAX)
        return 0;
    rc = tell_role(n, event);
    n->led = n->led || event->what == NODE_LEADER;
    n->roles[event->node] = event->what;
    n->terms[event->node] = event->term;
    return rc;
}

static int tell(struct narrator *n, const struct history_event *event)
{
    switch (event->kind) {
    case HISTORY_INVOKE: n->invoked++; return 0;
    case HISTORY_ASK: return tell_ask(n, event);
    case HISTORY_COMPLETE: return tell_end(n, event);
    case HISTORY_NODE: return tell_node(n, event);
    case HISTORY_FAULT:
        return event->begins
                   ? buf_printf(&n->text, "fault %" PRIu32 " %s", event->fault, event->text)
                   : buf_printf(&n->text, "fault %" PRIu32 " ends", event->fault);
    default: return 0;
    }
}

static int say(struct narrator *n, int64_t at_ns, struct err *e)
{
    struct history_event note = {.kind = HISTORY_NOTE, .time_ns = at_ns};
    int rc = buf_append_byte(&n->text, '\0');

    if (rc < 0)
        return err_set(e, rc, "%s", err_text(rc));
    note.text = (const char *)n->text.data;
    demo_say(n->voice, "  %8.1f ms  %s", (double)at_ns / NS_PER_MS, note.text);
    return history_write(n->to, &note, e);
}

static int on_event(void *context, const struct history_event *event, struct err *e)
{
    struct narrator *n = context;
    struct history_event copy = *event;
    int rc = event->kind == HISTORY_END ? 0 : history_write(n->to, &copy, e);

    if (rc < 0)
        return rc;
    buf_clear(&n->text);
    rc = tell(n, event);
    if (rc < 0)
        return err_set(e, rc, "%s", err_text(rc));
    if (n->text.len > 0 && event->time_ns <= n->until_ns)
        rc = say(n, event->time_ns, e);
    return rc;
}

static int on_header(void *context, const struct history_header *header, struct err *e)
{
    (void)context;
    (void)header; /* the copy has one of its own */
    (void)e;
    return 0;
}

int demo_narrate(struct slice bytes, int64_t until_ns, bool retries, struct history_writer *to,
                 struct demo *voice, struct err *e)
{
    struct narrator n = {.to = to, .voice = voice, .until_ns = until_ns, .retries = retries};
    struct history_visitor visitor = {.header = on_header, .event = on_event, .context = &n};
    struct history_load_options o = {.visitor = &visitor};
    struct history *whole = NULL, *copied = NULL;
    int rc = history_load_bytes("simulated", bytes, &whole, e);

    n.h = whole;
    if (rc == 0)
        rc = history_load_bytes_as("simulated", bytes, &o, &copied, e);
    history_free(&whole);
    history_free(&copied);
    buf_free(&n.text);
    return rc;
}
