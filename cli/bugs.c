#include "base/bug.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

#include <jansson.h>
#include <string.h>

/* `rift bugs`: the catalogue of planted bugs. */
struct bugs_values {
    bool names;
    bool json;
};

static const struct arg_option options[] = {
    {.name = "names",
     .kind = ARG_FLAG,
     .offset = offsetof(struct bugs_values, names),
     .help = "names only, one a line"},
    {.name = "json",
     .kind = ARG_FLAG,
     .offset = offsetof(struct bugs_values, json),
     .help = "print the list as JSON"},
};

static const struct arg_command command = {
    .name = "rift bugs",
    .usage = "[options]",
    .purpose =
        "Lists the bugs that can be planted into the store and its clerk with --bug NAME of\n"
        "`rift sim`, `rift run` and `rift node`, each with the rule of Ongaro's dissertation\n"
        "that forbids it.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   done\n"
             "  64  usage\n",
};

static void print_names(void)
{
    for (const char *const *name = bug_names(); *name != NULL; name++)
        puts(*name);
}

static int print_json(void)
{
    json_t *list = json_array();
    int rc = -1;

    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        const struct bug_info *bug = bug_info((enum bug)i);

        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", bug->name, "what",
                                              bug->what, "rule", bug->rule));
    }
    if (list != NULL)
        rc = json_dumpf(list, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(list);
    return rc;
}

static void print_table(void)
{
    int width = 0;

    for (const char *const *name = bug_names(); *name != NULL; name++)
        width = (int)strlen(*name) > width ? (int)strlen(*name) : width;
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        const struct bug_info *bug = bug_info((enum bug)i);

        printf("%-*s  %s\n%*s  [%s]\n", width, bug->name, bug->what, width, "", bug->rule);
    }
}

int command_bugs(int argc, char **argv)
{
    struct bugs_values v = {0};
    struct arg_operands none;
    int code = args_enter(&command, argc, argv, &v, &none);

    if (code >= 0)
        return code;
    if (v.json)
        return print_json() < 0 ? EXIT_HARNESS : EXIT_GOOD;
    if (v.names)
        print_names();
    else
        print_table();
    return EXIT_GOOD;
}
