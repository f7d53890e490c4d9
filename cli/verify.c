#include "checker/verify.h"
#include "checker/checker.h"

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/foreign.h"
#include "histories/convert.h"

#include <stddef.h>

/* `rift verify`: a verdict that nobody has to believe. */

/* A witness has at most nine bytes for an operation, and two keys for a partition. */
#define WITNESS_BYTES_MAX BUF_BYTES_MAX

struct verify_values {
    const char *model;
    struct foreign_values foreign;
    bool quiet;
};

static const struct arg_option options[] = {
    {.name = "model",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct verify_values, model),
     .value = "NAME",
     .help = "what the history is measured against",
     .choices = check_model_names,
     .when_absent = "what the file names or its functions tell"},
    FOREIGN_OPTIONS(struct verify_values, foreign),
    {.name = "quiet",
     .kind = ARG_FLAG,
     .offset = offsetof(struct verify_values, quiet),
     .help = "say nothing when the proof holds"},
};

static const struct arg_command command = {
    .name = "rift verify",
    .usage = "[options] HISTORY WITNESS",
    .purpose =
        "Replays the order that `rift check --witness` wrote: each operation in it gets the\n"
        "answer that was recorded, none stands behind one that was invoked after it had\n"
        "returned, and none is missing. Shares no code with the search.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   proved: the history is linearizable\n"
             "  1   the order proves nothing\n"
             "  2   proved of what could be read; the history's file is damaged\n"
             "  3   out of memory\n"
             "  64  usage\n"
             "  65  no history, no witness, or a witness of another history\n",
    .operands_min = 2,
    .operands_max = 2,
};

static enum exit_code judge(const struct history *h, const char *path, struct slice witness,
                            const struct verify_values *v)
{
    struct verification found;
    struct err e = {0};
    int rc = verify_witness(h, v->model, witness, &found, &e);

    if (rc == 0) {
        printf("%s: no proof: %s\n", path, e.text);
        return EXIT_VIOLATION;
    }
    if (rc < 0) {
        fprintf(stderr, "rift verify: %s: %s\n", path, e.text);
        return rc == -E_NOMEM || rc == -E_LIMIT ? EXIT_HARNESS : EXIT_DATA;
    }
    if (!v->quiet)
        printf("%s: proved linearizable, model '%s': %zu operations in the order%s of %zu "
               "partition%s\n",
               path, found.model, found.n_placed, found.n_partitions == 1 ? "" : "s",
               found.n_partitions, found.n_partitions == 1 ? "" : "s");
    if (!h->loss.damaged)
        return EXIT_GOOD;
    printf("but the file of the history is damaged: what was lost could change that\n");
    return EXIT_UNKNOWN;
}

int command_verify(int argc, char **argv)
{
    struct verify_values v = {0};
    struct arg_operands paths;
    struct history *h = NULL;
    struct buf witness = {0};
    struct history_load_options load;
    struct err e = {0};
    int code = args_enter(&command, argc, argv, &v, &paths);
    int rc;

    if (code >= 0)
        return code;
    load = foreign_options(&v.foreign, v.model);
    rc = history_load_as(paths.items[0], &load, &h, &e);
    if (rc == 0)
        rc = files_read(paths.items[1], WITNESS_BYTES_MAX, &witness, &e);
    if (rc == 0) {
        code = (int)judge(h, paths.items[1], buf_slice(&witness), &v);
    } else {
        fprintf(stderr, "rift verify: %s\n", e.text);
        code = rc == -E_NOMEM ? EXIT_HARNESS : EXIT_DATA;
    }
    buf_free(&witness);
    history_free(&h);
    return code;
}
