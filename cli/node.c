#include "base/clock.h"
#include "base/op.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/node_settings.h"
#include "node/main.h"

#include <inttypes.h>
#include <string.h>

/* `rift node`: one node of a cluster file, in the foreground. */
struct node_values {
    const char *cluster;
    uint64_t id;
    uint64_t seed;
    const char *events;
    struct node_settings settings;
};

static const struct arg_option options[] = {
    {.name = "cluster",
     .kind = ARG_TEXT,
     .offset = offsetof(struct node_values, cluster),
     .value = "FILE",
     .help = "the cluster file"},
    {.name = "id",
     .kind = ARG_UINT,
     .offset = offsetof(struct node_values, id),
     .value = "N",
     .help = "which of its nodes to be",
     .min = 1,
     .max = UINT32_MAX,
     .when_absent = "required"},
    {.name = "seed",
     .kind = ARG_UINT,
     .offset = offsetof(struct node_values, seed),
     .value = "N",
     .help = "of the election timeouts",
     .max = UINT64_MAX,
     .when_absent = "the clock"},
    {.name = "events",
     .kind = ARG_TEXT,
     .offset = offsetof(struct node_values, events),
     .value = "ADDRESS",
     .help = "ZeroMQ address to push changes of role to"},
    NODE_SETTINGS_ARGS(struct node_values, settings),
};

static const struct arg_command command = {
    .name = "rift node",
    .usage = "--cluster FILE --id N [options]",
    .purpose = "Runs one node until SIGTERM or SIGINT.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   ended in order\n"
             "  3   could not start or go on: an address is in use, the data belongs to another\n"
             "      cluster, node or process, the disk failed\n"
             "  64  usage\n"
             "  65  the cluster file is missing or wrong\n",
};

static void say_started(void *context)
{
    const struct node_options *o = context;
    const struct cluster_node *node = cluster_find_node(o->cluster, o->id);

    printf("node %" PRIu64 " of '%s' listens: peers %s, clients %s\n", o->id, o->cluster->name,
           node->peer, node->client);
    fflush(stdout);
}

static struct node_options options_of(const struct node_values *v, const struct cluster *cluster)
{
    struct node_options o = {
        .cluster = cluster,
        .id = v->id,
        .store = strcmp(v->settings.store, "memory") == 0 ? NODE_STORE_MEMORY : NODE_STORE_ROCKS,
        .pre_vote = v->settings.pre_vote,
        .check_quorum = v->settings.check_quorum,
        .tick_ms = (uint32_t)v->settings.tick_ms,
        .election_ms = (uint32_t)v->settings.election_ms,
        .heartbeat_ms = (uint32_t)v->settings.heartbeat_ms,
        .seed = v->seed,
        .events = v->events,
        .sync = v->settings.sync,
    };

    read_mode_parse(v->settings.reads, &o.read_mode);
    return o;
}

int command_node(int argc, char **argv)
{
    struct node_values v = {.settings = NODE_SETTINGS_DEFAULT};
    struct cluster *cluster = NULL;
    struct arg_operands rest;
    struct node_options o;
    struct err e = {0};
    int code = args_enter(&command, argc, argv, &v, &rest);

    if (code >= 0)
        return code;
    if (v.cluster == NULL || v.id == 0) {
        err_set(&e, -E_INVAL, "--cluster and --id are needed");
        return args_complain(&command, &e);
    }
    if (node_settings_check(&v.settings, &e) < 0 || bug_select(v.settings.bug, &e) < 0)
        return args_complain(&command, &e);
    if (cluster_load(v.cluster, &cluster, &e) < 0) {
        fprintf(stderr, "rift node: %s\n", e.text);
        return EXIT_DATA;
    }
    if (v.seed == 0)
        v.seed = (uint64_t)clock_wall_ns();
    o = options_of(&v, cluster);
    code = EXIT_GOOD;
    if (cluster_find_node(cluster, v.id) == NULL) {
        err_set(&e, -E_INVAL, "--id %" PRIu64 ": %s has no such node", v.id, v.cluster);
        code = args_complain(&command, &e);
    } else if (node_main(&o, say_started, &o, &e) < 0) {
        fprintf(stderr, "rift node %" PRIu64 ": %s\n", v.id, e.text);
        code = EXIT_HARNESS;
    }
    cluster_free(&cluster);
    return code;
}
