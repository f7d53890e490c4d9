#include "base/clock.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/layout.h"
#include "cli/node_settings.h"
#include "cli/pid_file.h"
#include "cli/process.h"
#include "node/raft/raft.h"

#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* `rift cluster`: nodes that stay when the command is over, until `down`. Beside the cluster file
 * stand node-N.pid and node-N.log. */

enum {
    UP_MS = 15000,   /* for a node to answer after its start */
    DOWN_MS = 5000,  /* for an orderly end before SIGKILL */
    STATUS_MS = 500, /* for a node to say how it is */
    STEP_MS = 20,
};

struct cluster_values {
    uint64_t nodes;
    const char *dir;
    struct node_settings settings;
    bool json;
};

/* What every action works on. */
struct place {
    char path[PATH_MAX]; /* of the cluster file */
    char folder[PATH_MAX];
    struct cluster *cluster;
};

static const struct arg_option options[] = {
    {"dir", ARG_TEXT, offsetof(struct cluster_values, dir), "DIR",
     "instead of FILE: DIR/cluster.json, written by `up` when it is not there", 0, 0, NULL, NULL},
    {"nodes", ARG_UINT, offsetof(struct cluster_values, nodes), "N", "of the file that `up` writes",
     1, LAYOUT_NODES_MAX, NULL, NULL},
    NODE_SETTINGS_ARGS(struct cluster_values, settings),
    {"json", ARG_FLAG, offsetof(struct cluster_values, json), NULL, "status as JSON", 0, 0, NULL,
     NULL},
};

static const char *const actions[] = {"up", "status", "down", NULL};

static const struct arg_command command = {
    .name = "rift cluster",
    .usage = "up|status|down FILE|--dir DIR [options]",
    .purpose = "Starts the nodes of a cluster file on this machine, shows how they are, ends them.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   done; status: every node answered\n"
             "  3   a node could not start, or runs already; status: a node does not answer\n"
             "  64  usage\n"
             "  65  the cluster file is missing or wrong\n",
    .words = actions,
    .operands_min = 1,
    .operands_max = 2,
};

static void node_file(const struct place *p, uint64_t id, const char *kind, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s/node-%" PRIu64 ".%s", p->folder, id, kind);
}

static pid_t node_pid(const struct place *p, uint64_t id)
{
    char path[PATH_MAX];

    node_file(p, id, "pid", path);
    return pid_file_running(path);
}

/* --- down ----------------------------------------------------------------------------------- */

static bool gone_within(const struct place *p, uint64_t id, int timeout_ms)
{
    int64_t end_ns = clock_monotonic_ns() + timeout_ms * NS_PER_MS;

    while (node_pid(p, id) != 0) {
        if (clock_monotonic_ns() >= end_ns)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    return true;
}

static size_t end_nodes(const struct place *p)
{
    size_t ended = 0;

    for (size_t i = 0; i < p->cluster->n_nodes; i++) {
        pid_t pid = node_pid(p, p->cluster->nodes[i].id);

        if (pid != 0 && kill(pid, SIGTERM) == 0) {
            kill(pid, SIGCONT);
            ended++;
        }
    }
    for (size_t i = 0; i < p->cluster->n_nodes; i++) {
        uint64_t id = p->cluster->nodes[i].id;
        char path[PATH_MAX];

        if (!gone_within(p, id, DOWN_MS)) {
            kill(node_pid(p, id), SIGKILL);
            gone_within(p, id, DOWN_MS);
        }
        node_file(p, id, "pid", path);
        unlink(path);
    }
    return ended;
}

static int down(const struct place *p)
{
    printf("%zu of %zu nodes were running and are gone\n", end_nodes(p), p->cluster->n_nodes);
    return EXIT_GOOD;
}

/* --- up ------------------------------------------------------------------------------------- */

static int start_node(const struct place *p, const struct node_settings *settings, uint64_t id,
                      pid_t *ret, struct err *e)
{
    struct node_argv argv;
    char log[PATH_MAX];
    char pid_path[PATH_MAX];
    pid_t running = node_pid(p, id);
    int rc;

    if (running != 0)
        return err_set(e, -E_EXISTS, "node %" PRIu64 " runs already, as process %d", id,
                       (int)running);
    node_settings_argv(settings, p->path, id, (uint64_t)clock_wall_ns(), NULL, &argv);
    node_file(p, id, "log", log);
    node_file(p, id, "pid", pid_path);
    rc = process_spawn(&(struct process_options){argv.items, log, true}, ret, e);
    return rc < 0 ? rc : pid_file_write(pid_path, *ret, e);
}

static int await_node(const struct place *p, struct client *client, uint64_t id, pid_t pid,
                      struct err *e)
{
    int64_t end_ns = clock_monotonic_ns() + UP_MS * NS_PER_MS;
    struct wire_node_status status;
    char log[PATH_MAX];
    char tail[FILES_TAIL_BYTES + 1];
    char how[64];
    int ended;

    node_file(p, id, "log", log);
    for (;;) {
        if (client_status(client, id, STATUS_MS, &status, e) == 0 && status.pid == (uint64_t)pid)
            return 0;
        if (process_wait(pid, 0, &ended) == 1) {
            files_tail(log, tail);
            process_describe_end(ended, how, sizeof how);
            return err_set(e, -E_CLOSED, "node %" PRIu64 " ended (%s); its log %s ends with:\n%s",
                           id, how, log, tail);
        }
        if (clock_monotonic_ns() >= end_ns)
            return err_set(e, -E_TIMEOUT, "node %" PRIu64 " does not answer; see %s", id, log);
    }
}

static int start_all(const struct place *p, const struct node_settings *settings, struct err *e)
{
    pid_t pids[CLUSTER_NODES_MAX];
    struct client_options o = {
        .cluster = p->cluster, .attempt_timeout_ms = STATUS_MS, .op_timeout_ms = STATUS_MS};
    struct client *client = NULL;
    size_t started = 0;
    int rc = client_create(&o, &client, e);

    while (rc == 0 && started < p->cluster->n_nodes) {
        rc = start_node(p, settings, p->cluster->nodes[started].id, &pids[started], e);
        if (rc == 0)
            started++;
    }
    for (size_t i = 0; rc == 0 && i < started; i++)
        rc = await_node(p, client, p->cluster->nodes[i].id, pids[i], e);
    client_destroy(client);
    for (size_t i = 0; rc < 0 && i < started; i++) {
        int status;

        kill(pids[i], SIGTERM); /* all or none */
        if (process_wait(pids[i], DOWN_MS, &status) == 0)
            kill(pids[i], SIGKILL);
    }
    return rc;
}

static int up(const struct place *p, const struct node_settings *settings)
{
    struct err e = {0};

    if (start_all(p, settings, &e) < 0) {
        fprintf(stderr, "rift cluster: %s\n", e.text);
        return EXIT_HARNESS;
    }
    for (size_t i = 0; i < p->cluster->n_nodes; i++)
        printf("node %" PRIu64 "  process %d  clients %s\n", p->cluster->nodes[i].id,
               (int)node_pid(p, p->cluster->nodes[i].id), p->cluster->nodes[i].client);
    printf("try: rift kv --cluster %s put color green\n"
           "     rift cluster status %s\n     rift cluster down %s\n",
           p->path, p->path, p->path);
    return EXIT_GOOD;
}

/* --- status --------------------------------------------------------------------------------- */

static json_t *status_json(const struct wire_node_status *s)
{
    json_t *all = json_object();
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"node", s->node},
        {"pid", s->pid},
        {"term", s->term},
        {"leader", s->leader},
        {"first_index", s->first_index},
        {"last_index", s->last_index},
        {"durable_index", s->durable_index},
        {"commit_index", s->commit_index},
        {"applied_index", s->applied_index},
        {"pending_commands", s->pending_commands},
        {"pending_reads", s->pending_reads},
        {"sessions", s->sessions},
        {"store_queued_batches", s->store_queued_batches},
        {"store_queued_bytes", s->store_queued_bytes},
        {"refused_busy", s->refused_busy},
        {"dropped_peer", s->dropped_peer},
        {"dropped_client", s->dropped_client},
        {"dropped_unsent", s->dropped_unsent},
    };

    for (size_t i = 0; i < ARGS_COUNT(numbers); i++)
        json_object_set_new(all, numbers[i].name, json_integer((json_int_t)numbers[i].value));
    json_object_set_new(all, "role", json_string(raft_role_name((enum raft_role)s->role)));
    json_object_set_new(all, "reads", json_string(read_mode_name((enum read_mode)s->read_mode)));
    return all;
}

static void print_status_head(void)
{
    printf("%5s %-14s %6s %6s %9s %9s %9s %9s %7s %6s %8s %6s %6s %7s\n", "node", "role", "term",
           "leader", "last", "durable", "commit", "applied", "pending", "reads", "sessions",
           "queued", "busy", "dropped");
}

static void print_status(const struct wire_node_status *s)
{
    printf("%5" PRIu64 " %-14s %6" PRIu64 " %6" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64
           " %9" PRIu64 " %7" PRIu64 " %6" PRIu64 " %8" PRIu64 " %6" PRIu64 " %6" PRIu64
           " %7" PRIu64 "\n",
           s->node, raft_role_name((enum raft_role)s->role), s->term, s->leader, s->last_index,
           s->durable_index, s->commit_index, s->applied_index, s->pending_commands,
           s->pending_reads, s->sessions, s->store_queued_batches, s->refused_busy,
           s->dropped_peer + s->dropped_client + s->dropped_unsent);
}

static int status(const struct place *p, bool json)
{
    struct client_options o = {
        .cluster = p->cluster, .attempt_timeout_ms = STATUS_MS, .op_timeout_ms = STATUS_MS};
    json_t *nodes = json_array();
    struct client *client = NULL;
    struct err e = {0};
    int code = client_create(&o, &client, &e) < 0 ? EXIT_HARNESS : EXIT_GOOD;

    if (!json)
        print_status_head();
    for (size_t i = 0; client != NULL && i < p->cluster->n_nodes; i++) {
        uint64_t id = p->cluster->nodes[i].id;
        struct wire_node_status s;

        if (client_status(client, id, STATUS_MS, &s, &e) == 0) {
            json_array_append_new(nodes, status_json(&s));
            if (!json)
                print_status(&s);
            continue;
        }
        code = EXIT_HARNESS;
        json_array_append_new(nodes,
                              json_pack("{s:I, s:s}", "node", (json_int_t)id, "error", e.text));
        if (!json)
            printf("%5" PRIu64 " does not answer at %s\n", id,
                   cluster_client_address(p->cluster, NULL, id));
    }
    client_destroy(client);
    if (json) {
        json_dumpf(nodes, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(nodes);
    return code;
}

/* --- the command ---------------------------------------------------------------------------- */

/* A cluster file on free ports, for `up --dir`. The ports are the nodes' own from then on. */
static int write_cluster(const struct cluster_values *v, const char *path, struct err *e)
{
    struct layout_options layout = {.name = "local", .folder = v->dir, .nodes = v->nodes};
    struct cluster *laid = NULL;
    struct ports ports;
    int rc = files_make_folder(v->dir, e);

    if (rc == 0)
        rc = ports_claim(&ports, e);
    if (rc < 0)
        return rc;
    rc = layout_create(&layout, &ports, &laid, e);
    if (rc == 0)
        rc = cluster_save(laid, path, e);
    cluster_free(&laid);
    ports_release(&ports);
    return rc;
}

static int find_place(const struct cluster_values *v, const struct arg_operands *words,
                      struct place *p, struct err *e)
{
    bool writes = strcmp(words->items[0], "up") == 0;

    if ((words->n == 2) == (v->dir != NULL))
        return err_set(e, -E_INVAL, "expected either FILE or --dir DIR");
    if (v->dir != NULL)
        files_join(p->path, v->dir, "cluster.json");
    else
        snprintf(p->path, sizeof p->path, "%s", words->items[1]);
    files_folder_of(p->folder, p->path);
    if (v->dir != NULL && writes && !files_exists(p->path)) {
        if (write_cluster(v, p->path, e) < 0)
            return -E_IO;
    }
    return cluster_load(p->path, &p->cluster, e);
}

static int act(const char *action, const struct cluster_values *v, const struct place *p)
{
    if (strcmp(action, "up") == 0)
        return up(p, &v->settings);
    return strcmp(action, "status") == 0 ? status(p, v->json) : down(p);
}

int command_cluster(int argc, char **argv)
{
    struct cluster_values v = {.nodes = 3, .settings = NODE_SETTINGS_DEFAULT};
    struct place place = {0};
    struct arg_operands words;
    struct err e = {0};
    const char *action;
    int code = args_enter(&command, argc, argv, &v, &words);
    int rc;

    if (code >= 0)
        return code;
    action = words.items[0];
    if (strcmp(action, "up") != 0 && strcmp(action, "status") != 0 && strcmp(action, "down") != 0) {
        err_set(&e, -E_INVAL, "expected up, status or down, not '%s'", action);
        return args_complain(&command, &e);
    }
    if (node_settings_check(&v.settings, &e) < 0)
        return args_complain(&command, &e);
    rc = find_place(&v, &words, &place, &e);
    if (rc == -E_INVAL)
        return args_complain(&command, &e);
    if (rc < 0) {
        fprintf(stderr, "rift cluster: %s\n", e.text);
        return rc == -E_IO ? EXIT_HARNESS : EXIT_DATA;
    }
    code = act(action, &v, &place);
    cluster_free(&place.cluster);
    return code;
}
