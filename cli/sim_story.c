#include "cli/sim_story.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LINES_MAX = 60 };

/* One line of the story: an operation, or an event of a node or a fault. */
struct line {
    int64_t at_ns;
    uint64_t seq;
    const struct history_op *op; /* NULL: an event */
    const struct history_event *event;
    const char *told; /* of a death: what it cut off, "" if nothing; lent */
};

struct lines {
    struct line *items;
    size_t n;
};

static int by_seq(const void *a, const void *b)
{
    const struct line *x = a, *y = b;

    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Candidates and followers come and go; who leads, who is down and what was done to whom is what
 * carries the story. */
static bool tells(const struct history_event *e)
{
    return e->kind == HISTORY_FAULT || e->kind == HISTORY_NOTE ||
           (e->kind == HISTORY_NODE && e->what != NODE_FOLLOWER && e->what != NODE_CANDIDATE &&
            (e->what != NODE_STARTED || e->time_ns > 0));
}

/* What happens after a finding, before `until_ns` of which all is told, is the healing of a run
 * that has ended. */
static int gather(const struct history *h, const struct check_partition *blamed, int64_t until_ns,
                  struct lines *ret)
{
    ret->n = 0;
    ret->items = calloc(h->n_ops + h->n_events + 1, sizeof *ret->items);
    if (ret->items == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];

        if (blamed == NULL || blamed->key.len == 0 || slice_equal(op->key, blamed->key))
            ret->items[ret->n++] = (struct line){op->call_ns, op->call_seq, op, NULL, ""};
    }
    for (size_t i = 0; i < h->n_events; i++)
        if (tells(&h->events[i]) && h->events[i].time_ns < until_ns)
            ret->items[ret->n++] =
                (struct line){h->events[i].time_ns, h->events[i].seq, NULL, &h->events[i], ""};
    qsort(ret->items, ret->n, sizeof *ret->items, by_seq);
    return 0;
}

static bool is_death(const struct line *l)
{
    return l->event != NULL && l->event->kind == HISTORY_NODE && l->event->what == NODE_DIED;
}

/* What the deaths of the story cut off is nothing that a history holds: the same run once more says
 * it. `*ret` is the caller's, to be freed; the lines point into it. */
static int explain_deaths(const struct sim_case *c, struct lines *lines, struct sim_died **ret)
{
    struct sim_died *died = NULL;
    size_t n = 0, next = 0, first = 0;
    int rc = 0;

    while (first < lines->n && !is_death(&lines->items[first]))
        first++;
    if (first < lines->n)
        rc = sim_find_deaths(&c->config, c->plan, &died, &n, NULL);
    for (size_t i = first; i < lines->n && rc == 0; i++) {
        struct line *l = &lines->items[i];

        while (is_death(l) && next < n && died[next].death.at_ns < l->at_ns)
            next++;
        if (is_death(l) && next < n && died[next].death.at_ns == l->at_ns &&
            died[next].death.node == l->event->node)
            l->told = died[next++].told;
    }
    *ret = died;
    return rc;
}

/* --- lines ---------------------------------------------------------------------------------- */

static int tell_op(const struct history *h, const struct history_op *op, struct buf *out)
{
    int rc = history_describe_op(h, op, out);

    if (rc < 0 || op->outcome == OUTCOME_PENDING)
        return rc;
    if (op->node != 0)
        rc = buf_printf(out, "   (node %" PRIu64 ", until %.1f ms)", op->node,
                        (double)op->return_ns / NS_PER_MS);
    else
        rc = buf_printf(out, "   (until %.1f ms)", (double)op->return_ns / NS_PER_MS);
    return rc;
}

static int tell_node(const struct history_event *e, const char *told, struct buf *out)
{
    switch (e->what) {
    case NODE_LEADER:
        return buf_printf(out, "node %" PRIu64 " becomes leader of term %" PRIu64, e->node,
                          e->term);
    case NODE_STARTED:
        return buf_printf(out, "node %" PRIu64 " starts again, in term %" PRIu64, e->node, e->term);
    case NODE_DIED:
        return buf_printf(out, "node %" PRIu64 " dies%s%s", e->node, told[0] != '\0' ? ": " : "",
                          told);
    default:
        return buf_printf(out, "node %" PRIu64 ": %s", e->node, history_node_what_name(e->what));
    }
}

static int tell_event(const struct line *l, struct buf *out)
{
    const struct history_event *e = l->event;

    if (e->kind == HISTORY_NODE)
        return tell_node(e, l->told, out);
    if (e->kind == HISTORY_NOTE)
        return buf_printf(out, "%s", e->text);
    if (!e->begins)
        return buf_printf(out, "fault %" PRIu32 " ends", e->fault);
    return buf_printf(out, "fault %" PRIu32 " begins: %s", e->fault, e->text);
}

static int tell_lines(const struct history *h, const struct lines *lines, struct buf *out)
{
    size_t skipped = lines->n > LINES_MAX ? lines->n - LINES_MAX : 0;
    size_t head = LINES_MAX / 4;
    int rc = 0;

    for (size_t i = 0; i < lines->n && rc == 0; i++) {
        const struct line *l = &lines->items[i];

        if (skipped > 0 && i == head) {
            rc = buf_printf(out, "        ... %zu steps left out ...\n", skipped);
            i += skipped - 1;
            continue;
        }
        rc = buf_printf(out, "%9.1f ms  ", (double)l->at_ns / NS_PER_MS);
        if (rc == 0)
            rc = l->op != NULL ? tell_op(h, l->op, out) : tell_event(l, out);
        if (rc == 0)
            rc = buf_append_byte(out, '\n');
    }
    return rc;
}

/* What goes wrong by itself, without being a fault that begins and ends. */
static int tell_chances(const struct sim_config *k, struct buf *out)
{
    const struct {
        uint32_t ppm;
        const char *what;
    } chances[] = {
        {k->loss_ppm, "messages are lost"},         {k->duplicate_ppm, "messages arrive twice"},
        {k->reorder_ppm, "messages are overtaken"}, {k->disk_stall_ppm, "writes to disk stall"},
        {k->disk_fail_ppm, "writes to disk fail"},  {k->jump_ppm, "ticks find a clock that jumps"},
    };
    int rc = 0;

    for (size_t i = 0; i < sizeof chances / sizeof *chances && rc == 0; i++)
        if (chances[i].ppm > 0)
            rc = buf_printf(out, "by chance: %g %% of %s\n", chances[i].ppm / 10000.0,
                            chances[i].what);
    return rc;
}

static int tell_world(const struct sim_case *c, const struct history *h, struct buf *out)
{
    const struct sim_config *k = &c->config;
    int rc = buf_printf(
        out,
        "%u nodes, reads %s%s; %u clerks, %zu operations of %s; faults: %zu%s%s; seed "
        "%" PRIu64 "\n",
        k->nodes, read_mode_name(k->read_mode), k->check_quorum ? "" : ", no check-quorum",
        k->clerks, h->n_ops, k->workload, c->plan->n_steps,
        k->crash_ppm > 0 ? ", and nodes that die between two effects" : "",
        k->disk_flip_ppm > 0 ? ", and bits that flip on disks" : "", k->seed);

    if (rc == 0 && c->deaths.n > 0)
        rc = buf_printf(out, "deaths between two effects: %zu\n", c->deaths.n);
    if (rc == 0)
        rc = tell_chances(k, out);
    if (rc == 0 && c->bug[0] != '\0')
        rc = buf_printf(out, "planted bug: %s\n", c->bug);
    return rc < 0 ? rc : buf_append_byte(out, '\n');
}

/* What the faults did to messages; those that chance hits are not counted. */
static int tell_messages(const struct sim_result *r, struct buf *out)
{
    if (r->dropped + r->duplicated + r->reordered + r->delayed == 0)
        return 0;
    return buf_printf(out,
                      "\nmessages hit by faults: %" PRIu64 " lost, %" PRIu64 " twice, %" PRIu64
                      " overtaken, %" PRIu64 " late\n",
                      r->dropped, r->duplicated, r->reordered, r->delayed);
}

int sim_story(const struct sim_case *c, const struct history *h, const struct check_result *check,
              const struct trial_report *t, struct buf *out)
{
    const struct check_partition *blamed =
        check->verdict == VERDICT_NOT_LINEARIZABLE ? &check->partitions[check->worst] : NULL;
    int64_t until_ns = t->result.finding != SIM_FINE ? (t->result.found_ms + 1) * NS_PER_MS
                                                     : INT64_MAX;
    struct sim_died *died = NULL;
    struct lines lines = {0};
    int rc = tell_world(c, h, out);

    if (rc == 0)
        rc = gather(h, blamed, until_ns, &lines);
    if (rc < 0)
        return rc;
    rc = explain_deaths(c, &lines, &died);
    if (rc == 0)
        rc = tell_lines(h, &lines, out);
    free(died);
    free(lines.items);
    if (rc == 0 && t->result.finding != SIM_FINE)
        rc = buf_printf(out, "%9.1f ms  this is seen\n", (double)t->result.found_ms);
    if (rc == 0)
        rc = tell_messages(&t->result, out);
    if (rc == 0 && t->verdict != TRIAL_HISTORY) /* whose reason begins with the verdict */
        rc = buf_printf(out, "\n%s:", trial_verdict_name(t->verdict));
    return rc < 0 ? rc : buf_printf(out, "\n%s\n", t->reason);
}
