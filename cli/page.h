#ifndef RIFT_CLI_PAGE_H
#define RIFT_CLI_PAGE_H

#include "cli/judge.h"
#include "report/report.h"

/* The report of a run as a file: what run, demo, sim and report share. */

#define PAGE_NAME "report.html"

/* What goes into it. Everything is lent. */
struct page {
    const struct judgement *judgement;
    const struct report_asks *asks; /* NULL: none */
    const char *command;            /* that repeats it */
    const char *also;               /* what else there is to say; NULL: nothing */
};

/* judge_file, and on the way *asks: which node was asked for what, which a history does not keep.
 * The caller frees both (report_asks_destroy), also after an error. Errors: as of judge_file. */
int page_judge(const char *history, struct judge_options o, struct judgement *ret,
               struct report_asks **asks, struct err *e);

/* Writes it; what stood there is replaced. A violation is made small first, where that is quick.
 * Errors: of the file; -E_NOMEM, -E_LIMIT. */
int page_write(const char *path, const struct page *p, struct err *e);

/* Appends what a run found beside its history, in sentences: why it ended early, which fault never
 * bit, that the cluster did not come back. NULL: nothing of that. */
int page_also(const char *failure, const char *faults_missing, bool not_recovered, struct buf *out);

/* The page of a stored history, with the command that repeats its run or, where its header does not
 * tell how that was made, its verdict. `also` may be NULL. */
int page_write_of(const char *path, const char *history, const struct judgement *j,
                  const struct report_asks *asks, const char *also, struct err *e);

#endif
