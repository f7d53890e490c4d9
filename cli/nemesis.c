#include "nemesis/nemesis.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

#include <stddef.h>

/* `rift nemesis`: started by the harness, of no use to people, and so in no list of commands. */
struct nemesis_values {
    const char *cluster;
    const char *control;
    uint64_t seed;
};

static const struct arg_option options[] = {
    {.name = "cluster",
     .kind = ARG_TEXT,
     .offset = offsetof(struct nemesis_values, cluster),
     .value = "FILE",
     .help = "the cluster file, whose dial maps name the proxy's addresses"},
    {.name = "control",
     .kind = ARG_TEXT,
     .offset = offsetof(struct nemesis_values, control),
     .value = "ADDRESS",
     .help = "ZeroMQ address where the harness listens"},
    {.name = "seed",
     .kind = ARG_UINT,
     .offset = offsetof(struct nemesis_values, seed),
     .value = "N",
     .help = "of the chances on links",
     .max = UINT64_MAX},
};

static const struct arg_command command = {
    .name = "rift nemesis",
    .usage = "--cluster FILE --control ADDRESS [--seed N]",
    .purpose = "The nemesis as a process: a proxy on every link and a hand on the nodes.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   told to quit\n  3   an address is in use\n  64  usage\n"
             "  65  the cluster file is missing or wrong\n",
};

int command_nemesis(int argc, char **argv)
{
    struct nemesis_values v = {.seed = 1};
    struct cluster *cluster = NULL;
    struct arg_operands rest;
    struct err e = {0};
    int code = args_enter(&command, argc, argv, &v, &rest);

    if (code >= 0)
        return code;
    if (v.cluster == NULL || v.control == NULL) {
        err_set(&e, -E_INVAL, "--cluster and --control are needed");
        return args_complain(&command, &e);
    }
    if (cluster_load(v.cluster, &cluster, &e) < 0) {
        fprintf(stderr, "rift nemesis: %s\n", e.text);
        return EXIT_DATA;
    }
    code = EXIT_GOOD;
    if (nemesis_main(&(struct nemesis_options){cluster, v.control, v.seed}, &e) < 0) {
        fprintf(stderr, "rift nemesis: %s\n", e.text);
        code = EXIT_HARNESS;
    }
    cluster_free(&cluster);
    return code;
}
