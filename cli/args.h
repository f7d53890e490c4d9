#ifndef RIFT_CLI_ARGS_H
#define RIFT_CLI_ARGS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Command lines by table: one row an option gives the parser its type and range and the help its
 * line. Values go into a plain struct of the command, which holds the defaults beforehand; the
 * help reads them from there. */

enum arg_kind {
    ARG_FLAG,   /* bool; takes no value */
    ARG_SWITCH, /* bool; on or off */
    ARG_UINT,   /* uint64_t within [min, max] */
    ARG_REAL,   /* double within [min, max] */
    ARG_TEXT,   /* const char *; lent from argv */
    ARG_CHOICE, /* const char *; one of choices() */
};

struct arg_option {
    const char *name; /* without the dashes */
    enum arg_kind kind;
    size_t offset;     /* of the value in the command's struct */
    const char *value; /* what stands for the value in the help: N, FILE... */
    const char *help;
    uint64_t min;
    uint64_t max;
    const char *const *(*choices)(void); /* ends with NULL */
    const char *when_absent;             /* in the help, where the default says too little */
};

struct arg_command {
    const char *name;  /* "rift run" */
    const char *usage; /* what follows the name: "[options] FILE..." */
    const char *purpose;
    const struct arg_option *options;
    size_t n_options;
    const char *exits;        /* lines of the help on exit codes */
    const char *const *words; /* what the first operand is one of, ends with NULL; NULL: a file */
    size_t operands_min;
    size_t operands_max;
};

/* What is left of argv once the options are out; lent from argv. */
struct arg_operands {
    char **items;
    size_t n;
};

enum {
    ARGS_NAME_BYTES_MAX = 32,
    ARGS_CHOICES_SHOWN_MAX = 16, /* beyond it the help names none of them */
};

/* Reads argv[1] to argv[argc - 1] into *values; reorders argv. 0, or -E_INVAL with the reason,
 * which names the nearest option where one is near. The help is args_enter's. */
int args_parse(const struct arg_command *c, int argc, char **argv, void *values,
               struct arg_operands *ret, struct err *e);

/* The row of an option; NULL when there is none, and `e` names the nearest. */
const struct arg_option *args_find(const struct arg_command *c, const char *name, struct err *e);

/* The same table as a text for the terminal (--help, -h), as a page of the manual (--help=man) or
 * as lines of words that the shells complete from (--help=words: docs in cli/completion). */
bool args_asks_for_help(const char *word);

/* `word` is the one that asked. False when there is no help of that form; it says so. */
bool args_print_help(const struct arg_command *c, const void *defaults, const char *word,
                     FILE *out);

/* Parts of a page of the manual (man-pages(7)): its head, and text in which nothing is markup. */
void args_man_head(const char *name, const char *summary, FILE *out);
void args_man_text(const char *text, FILE *out);

/* The parser as the commands use it: prints the help or the complaint. -1: go on; else the exit
 * code to end with. */
int args_enter(const struct arg_command *c, int argc, char **argv, void *values,
               struct arg_operands *ret);

/* Prints "NAME: reason" and where the help is; returns EXIT_USAGE. */
int args_complain(const struct arg_command *c, const struct err *e);

/* The name that differs from `word` by at most two edits; NULL when none does. */
const char *args_nearest(const char *word, const char *const *names, size_t n);

#define ARGS_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
