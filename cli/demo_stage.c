#include "base/clock.h"
#include "cli/demo.h"
#include "cli/files.h"
#include "cli/layout.h"
#include "workloads/cuts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum {
    FIRST_LEADER_MS = 15000,
    ATTEMPT_MS = 500,
    OPERATION_MS = 2000,
    SENTENCE_BYTES_MAX = 8192,
    ISOLATION = 1, /* the only fault of the story */
    LINKS_MAX = 4 * LAYOUT_NODES_MAX * LAYOUT_NODES_MAX,
};

static int64_t now_ns(const struct demo *d)
{
    return clock_monotonic_ns() - d->start_ns;
}

/* What is told while the history is open stands in it, too, for its report. */
static void note(struct demo *d, const char *text)
{
    struct history_event event = {
        .kind = HISTORY_NOTE, .time_ns = now_ns(d), .text = text + strspn(text, " ")};

    if (d->writer != NULL)
        (void)history_write(d->writer, &event, NULL); /* for the reader; the verdict needs none */
}

void demo_say(struct demo *d, const char *format, ...)
{
    char text[SENTENCE_BYTES_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(d->steps, json_string(text));
    note(d, text);
    if (!d->quiet) {
        puts(text);
        fflush(stdout);
    }
}

void demo_history_path(const struct demo *d, char ret[PATH_MAX])
{
    files_join(ret, d->folder, "history.msgpack");
}

/* --- the history ---------------------------------------------------------------------------- */

static int open_history(struct demo *d, uint64_t nodes, const char *reads, struct err *e)
{
    uint64_t ids[LAYOUT_NODES_MAX];
    struct history_option options[] = {{"reads", reads}, {"check-quorum", "off"}};
    struct history_header header = {
        .version = HISTORY_FORMAT_VERSION,
        .model = "kv",
        .workload = "stale-read",
        .cluster = "demo",
        .started_wall_ns = clock_wall_ns(),
        .nodes = ids,
        .n_nodes = nodes,
        .options = options,
        .n_options = ARGS_COUNT(options),
    };
    char path[PATH_MAX];

    for (size_t i = 0; i < nodes; i++)
        ids[i] = i + 1;
    demo_history_path(d, path);
    return history_writer_open(path, &header, &d->writer, e);
}

static void on_node_changed(void *context, const struct harness_node *node,
                            enum history_node_what what, int signal)
{
    struct demo *d = context;
    struct history_event event = {.kind = HISTORY_NODE,
                                  .time_ns = now_ns(d),
                                  .node = node->id,
                                  .term = node->term,
                                  .what = what};

    (void)signal;
    if (d->writer != NULL)
        (void)history_write(d->writer, &event, NULL); /* for the reader; the verdict needs none */
}

static void on_asked(void *context, uint64_t node)
{
    struct demo_clerk *c = context;
    struct history_event event = {
        .kind = HISTORY_ASK, .time_ns = now_ns(c->demo), .process = c->process, .node = node};

    (void)history_write(c->demo->writer, &event, NULL);
}

/* --- the nodes ------------------------------------------------------------------------------ */

int demo_open(struct demo *d, uint64_t nodes, const char *reads, uint64_t *ret_leader,
              struct err *e)
{
    struct harness_options o = {
        .folder = d->folder,
        .name = "demo",
        .nodes = nodes,
        .sites = nodes,
        .node = NODE_SETTINGS_DEFAULT,
        .seed = (uint64_t)clock_wall_ns(),
    };
    struct harness_observer observer = {.context = d, .changed = on_node_changed};
    int rc = files_make_folder(d->folder, e);

    o.node.reads = reads;
    o.node.check_quorum = false;
    d->start_ns = clock_monotonic_ns();
    if (rc == 0)
        rc = open_history(d, nodes, reads, e);
    if (rc == 0)
        rc = harness_start(&o, &observer, &d->harness, e);
    if (rc == 0)
        rc = harness_await_leader(d->harness, 0, 0, FIRST_LEADER_MS, ret_leader, e);
    return rc;
}

int demo_close(struct demo *d, struct err *e)
{
    int rc = d->writer == NULL ? 0 : history_writer_close(&d->writer, e);

    client_destroy(d->inside.client);
    client_destroy(d->outside.client);
    d->inside.client = d->outside.client = NULL;
    links_destroy(d->links);
    d->links = NULL;
    harness_stop(&d->harness);
    return rc;
}

static bool is_inside(struct wire_end end, uint64_t number)
{
    return end.id == number; /* the site of that number stands beside the node */
}

static size_t append_cut(struct wire_nemesis_link *links, size_t n, struct wire_end from,
                         struct wire_end to, uint64_t inside)
{
    if (is_inside(from, inside) == is_inside(to, inside))
        return n;
    links[n].link = (struct wire_link){.from = from, .to = to};
    links[n].rule = (struct wire_link_rule){.cut = true};
    return n + 1;
}

/* --- the fault ------------------------------------------------------------------------------ */

static int record_isolation(struct demo *d, uint64_t node, const struct wire_nemesis_link *links,
                            size_t n, struct err *e)
{
    struct history_link cuts[LINKS_MAX];
    char text[96];
    struct history_event event = {.kind = HISTORY_FAULT,
                                  .time_ns = now_ns(d),
                                  .fault = ISOLATION,
                                  .begins = true,
                                  .text = text,
                                  .cuts = cuts,
                                  .n_cuts = cuts_of(links, n, cuts)};

    snprintf(text, sizeof text, "partition: cuts node %" PRIu64 " and the clerk beside it off",
             node);
    return history_write(d->writer, &event, e);
}

int demo_heal(struct demo *d, struct err *e)
{
    struct wire_nemesis_counters counters;
    struct history_event event = {.kind = HISTORY_FAULT, .fault = ISOLATION};
    int rc = harness_counters(d->harness, &counters, e);

    if (rc == 0)
        rc = harness_heal(d->harness, e);
    if (rc < 0)
        return rc;
    event.time_ns = now_ns(d);
    event.text = "partition: healed";
    event.dropped = counters.cut;
    return history_write(d->writer, &event, e);
}

int demo_isolate(struct demo *d, uint64_t node, struct err *e)
{
    struct wire_nemesis_link links[LINKS_MAX];
    const struct cluster *c = harness_cluster(d->harness);
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < c->n_nodes; i++) {
        struct wire_end to = {.site = false, .id = c->nodes[i].id};

        for (size_t k = 0; k < c->n_nodes; k++)
            n = append_cut(links, n, (struct wire_end){false, c->nodes[k].id}, to, node);
        for (size_t k = 0; k < c->n_sites; k++) {
            struct wire_end site = {.site = true, .id = c->sites[k].id};

            n = append_cut(links, n, site, to, node);
            n = append_cut(links, n, to, site, node);
        }
    }
    rc = harness_set_rules(d->harness, links, n, e);
    return rc < 0 ? rc : record_isolation(d, node, links, n, e);
}

/* --- the clerks ----------------------------------------------------------------------------- */

static int seat(struct demo *d, struct demo_clerk *c, uint64_t site, struct err *e)
{
    struct client_options o = {
        .links = d->links,
        .cluster = harness_cluster(d->harness),
        .site = site - 1,
        .attempt_timeout_ms = ATTEMPT_MS,
        .op_timeout_ms = OPERATION_MS,
        .seed = site,
        .asked = on_asked,
        .context = c,
    };

    c->demo = d;
    c->process = d->processes++;
    return client_create(&o, &c->client, e);
}

int demo_seat(struct demo *d, uint64_t leader, struct err *e)
{
    int rc = links_create(harness_zmq(d->harness), harness_cluster(d->harness), &d->links, e);

    if (rc == 0)
        rc = seat(d, &d->inside, leader, e);
    if (rc == 0)
        rc = seat(d, &d->outside, leader == 1 ? 2 : 1, e);
    if (rc < 0)
        return rc;
    clerk_set_target(client_clerk(d->inside.client), leader);
    clerk_pin(client_clerk(d->inside.client), true);
    return 0;
}

static int record_invoke(struct demo_clerk *c, const struct op *op, struct err *e)
{
    struct history_event event = {
        .kind = HISTORY_INVOKE, .time_ns = now_ns(c->demo), .process = c->process, .op = *op};

    return history_write(c->demo->writer, &event, e);
}

static int record_complete(struct demo_clerk *c, const struct op *op, const struct clerk_end *end,
                           struct err *e)
{
    struct history_event event = {.kind = HISTORY_COMPLETE,
                                  .time_ns = now_ns(c->demo),
                                  .process = c->process,
                                  .node = end->node,
                                  .term = end->term,
                                  .outcome = end->outcome,
                                  .status = end->status};

    if (op->kind == OP_GET && end->outcome == OUTCOME_OK && end->status == STATUS_OK)
        event.value = end->value;
    return history_write(c->demo->writer, &event, e);
}

int demo_do(struct demo_clerk *c, enum op_kind kind, const char *key, const char *value,
            struct clerk_end *ret, struct err *e)
{
    struct op op = {.kind = kind, .key = slice_str(key)};
    int rc;

    if (value != NULL)
        op.value = slice_str(value);
    rc = record_invoke(c, &op, e);
    if (rc == 0)
        rc = client_do(c->client, &op, ret, e);
    if (rc == 0)
        rc = record_complete(c, &op, ret, e);
    if (rc == 0 && ret->outcome == OUTCOME_INFO)
        c->process = c->demo->processes++;
    return rc == 0 ? harness_poll(c->demo->harness, e) : rc;
}
