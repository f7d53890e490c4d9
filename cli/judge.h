#ifndef RIFT_CLI_JUDGE_H
#define RIFT_CLI_JUDGE_H

#include "checker/checker.h"
#include "checker/sequential.h"
#include "checker/staleness.h"
#include "cli/exit_code.h"
#include "cli/foreign.h"

#include <jansson.h>

/* From a history file to a verdict, in words, as JSON and as an exit code: what run, check and
 * demo share. */
struct judge_options {
    const char *model;             /* NULL: what the history names */
    struct foreign_values foreign; /* how a history of another tool is read */
    const char *engine;            /* NULL: chosen by itself */
    uint32_t without;              /* bits of enum check_pruning */
    bool whole;                    /* do not partition by key */
    bool all;                      /* every partition, also after a violation */
    double time_s;                 /* for the search; 0: no bound */
    uint64_t memory_mb;  /* for all that is searched at a time, beside the history; 0: no bound */
    uint64_t jobs;       /* partitions at a time; 0: one */
    bool signals_end_it; /* a pending SIGINT or SIGTERM ends the search, see cli/signals.h */
    const struct history_visitor *visitor; /* of the history while it is loaded; may be NULL */
};

struct judgement {
    struct history *history;
    struct check_result *result;
    enum exit_code code;
    double seconds; /* of the search */
};

/* Errors: of the file: -E_PARSE, -E_NOT_FOUND, -E_IO; of the options: -E_INVAL; -E_NOMEM.
 * judge_error_code says what each ends the program with. */
int judge_file(const char *path, const struct judge_options *o, struct judgement *ret,
               struct err *e);
void judgement_free(struct judgement *j);

/* A file against sequential consistency; the caller frees both. Errors as of judge_file. */
int judge_sequential(const char *path, const struct judge_options *o, struct history **ret_history,
                     struct sequential_result **ret, struct err *e);

/* How old the reads were of what was judged, with the same options. Errors: -E_INVAL (a model
 * without stale reads), -E_NOMEM. */
int judge_staleness(const struct judgement *j, const struct judge_options *o,
                    struct staleness **ret, struct err *e);

enum exit_code judge_error_code(int rc);

/* The verdict as sentences: what was checked, what of the file was lost, the explanation of a
 * violation, why nothing is known. */
int judgement_explain(const struct judgement *j, struct buf *out);

/* A new reference; NULL when out of memory. */
json_t *judgement_json(const struct judgement *j);
json_t *staleness_json(const struct history *h, const struct staleness *s);

#endif
