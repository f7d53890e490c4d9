#ifndef RIFT_CLI_GATE_SUITE_H
#define RIFT_CLI_GATE_SUITE_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

/* A suite file (docs/ci.md): what a gate is to try, as data. */

enum {
    GATE_CASES_MAX = 1000,
    GATE_NAME_BYTES_MAX = 120,
    GATE_WORDS_MAX = 128, /* of one case's options */
    GATE_SUITE_BYTES_MAX = 1 << 20,
    GATE_BUDGET_S = 600, /* of a case, unless the suite says otherwise */
    GATE_BUDGET_S_MAX = 7 * 24 * 3600,
};

#define GATE_KINDS(X)                                                                              \
    X(RUN, "run")       /* real processes */                                                       \
    X(SIM, "sim")       /* seeds of the simulator */                                               \
    X(REPLAY, "replay") /* a file that `rift sim --shrink` has written */                          \
    X(CHECK, "check")   /* a history that is there already */

enum gate_kind {
#define X(name, text) GATE_##name,
    GATE_KINDS(X)
#undef X
        GATE_KIND_COUNT
};

const char *gate_kind_name(enum gate_kind kind);

/* What a case came to, or is expected to come to. */
#define GATE_VERDICTS(X)                                                                           \
    X(GOOD, "linearizable")                                                                        \
    X(BAD, "not linearizable")                                                                     \
    X(UNKNOWN, "unknown")                                                                          \
    X(OVERDUE, "over its budget") /* its process had to be ended */                                \
    X(FAILED, "could not run")                                                                     \
    X(DATA, "bad input data")                                                                      \
    X(INTERRUPTED, "interrupted")                                                                  \
    X(NOT_BEGUN, "not begun") /* an interruption came before */

enum gate_verdict {
#define X(name, text) GATE_##name,
    GATE_VERDICTS(X)
#undef X
        GATE_VERDICT_COUNT
};

const char *gate_verdict_name(enum gate_verdict v);

struct gate_case {
    char *name;
    enum gate_kind kind;
    char *words[GATE_WORDS_MAX]; /* options of the command, as argv has them */
    size_t n_words;
    char *file; /* REPLAY, CHECK; else NULL */
    double budget_s;
    enum gate_verdict expect; /* GOOD, BAD or UNKNOWN */
    bool unknown_passes;
};

struct gate_suite {
    char *name;
    struct gate_case *cases;
    size_t n_cases;
};

/* Reads and checks the whole file, so that a mistake shows before anything runs. Paths in it are
 * taken from the folder it is in. Errors: -E_PARSE (file, line, what was expected), -E_LIMIT,
 * -E_NOT_FOUND, -E_IO, -E_NOMEM. */
int gate_suite_load(const char *path, struct gate_suite *ret, struct err *e);
void gate_suite_free(struct gate_suite *s);

/* Gives an option to each case of its kinds (bits 1 << enum gate_kind) that does not have it.
 * Errors: -E_NOMEM. */
int gate_suite_give(struct gate_suite *s, unsigned kinds, const char *option, const char *value,
                    struct err *e);

/* The value of one of the case's options; NULL when it does not have it. */
const char *gate_case_option(const struct gate_case *c, const char *option);

#endif
