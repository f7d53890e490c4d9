#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exit_code.h"

#include "build_facts.h" /* made by cmake/build_facts.cmake */

#include <string.h>

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *purpose; /* NULL: not for people */
};

static const struct subcommand subcommands[] = {
    {"run", command_run, "a workload under faults on real processes, then the verdict"},
    {"sim", command_sim, "the same in the simulator, over many seeds"},
    {"check", command_check, "verdicts on recorded histories"},
    {"report", command_report, "one HTML page that shows a run"},
    {"verify", command_verify, "whether a witness proves a history linearizable"},
    {"convert", command_convert, "histories from and to the formats of other tools"},
    {"gate", command_gate, "a suite for CI: JUnit XML, a summary, the evidence of failures"},
    {"demo", command_demo, "told stories: a stale read, a lost update, a split vote, figure 8"},
    {"cluster", command_cluster, "up | status | down: a cluster that stays"},
    {"kv", command_kv, "get | put | append | cas | delete from the shell"},
    {"node", command_node, "one node in the foreground"},
    {"bench", command_bench, "kv | check: speed of the store, of the checker"},
    {"bugs", command_bugs, "the catalogue of planted bugs"},
    {"nemesis", command_nemesis, NULL},
};

#define EXITS                                                                                      \
    "  0 linearizable or done   1 not linearizable   2 unknown   3 could not run\n"                \
    "  64 usage   65 bad input data   130 interrupted\n"

static void print_help(FILE *out)
{
    fputs("usage: rift COMMAND [options]\n\n"
          "Tests whether a replicated key-value store is linearizable while its links are cut\n"
          "and its processes are killed.\n\ncommands:\n",
          out);
    for (size_t i = 0; i < ARGS_COUNT(subcommands); i++) {
        if (subcommands[i].purpose != NULL)
            fprintf(out, "  %-9s %s\n", subcommands[i].name, subcommands[i].purpose);
    }
    fputs("\n`rift COMMAND --help` says more. `rift run` without options is a good start.\n\n"
          "exit codes, the same everywhere:\n" EXITS,
          out);
}

static void print_man(void)
{
    args_man_head("rift", "tests whether a replicated key-value store is linearizable", stdout);
    fputs(".SH SYNOPSIS\n.B rift\n", stdout);
    args_man_text("COMMAND [options]", stdout);
    fputs("\n.SH COMMANDS\n", stdout);
    for (size_t i = 0; i < ARGS_COUNT(subcommands); i++) {
        if (subcommands[i].purpose == NULL)
            continue;
        printf(".TP\n.BR rift\\-%s (1)\n", subcommands[i].name);
        args_man_text(subcommands[i].purpose, stdout);
        fputc('\n', stdout);
    }
    fputs(".SH EXIT STATUS\nThe same everywhere; of several verdicts the worst.\n.nf\n", stdout);
    args_man_text(EXITS, stdout);
    fputs(".fi\n", stdout);
}

static void print_words(void)
{
    fputs("--help\tnone\n--version\tnone\n-\t", stdout);
    for (size_t i = 0; i < ARGS_COUNT(subcommands); i++) {
        if (subcommands[i].purpose != NULL)
            printf("%s%s", i == 0 ? "" : " ", subcommands[i].name);
    }
    fputc('\n', stdout);
}

static int help(const char *word)
{
    if (strcmp(word, "--help=man") == 0)
        print_man();
    else if (strcmp(word, "--help=words") == 0)
        print_words();
    else
        print_help(stdout);
    return EXIT_GOOD;
}

/* What a report of a fault in rift has to name. */
static int version(void)
{
    printf("rift %s\n"
           "commit     %s\n"
           "compiler   %s\n"
           "build      %s\n"
           "libraries  %s\n",
           RIFT_VERSION, BUILD_COMMIT, BUILD_COMPILER, BUILD_TYPE, BUILD_LIBRARIES);
    return EXIT_GOOD;
}

static int complain(const char *name)
{
    const char *names[ARGS_COUNT(subcommands)];
    const char *nearest;

    for (size_t i = 0; i < ARGS_COUNT(subcommands); i++)
        names[i] = subcommands[i].name;
    nearest = args_nearest(name, names, ARGS_COUNT(names));
    fprintf(stderr, "rift: there is no command '%s'", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\n(rift --help lists them)\n", stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (args_asks_for_help(argv[1]) || strcmp(argv[1], "help") == 0)
        return help(argv[1]);
    if (strcmp(argv[1], "--version") == 0)
        return version();
    for (size_t i = 0; i < ARGS_COUNT(subcommands); i++) {
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    }
    return complain(argv[1]);
}
