#ifndef RIFT_REPORT_SUITE_H
#define RIFT_REPORT_SUITE_H

#include "base/buf.h"

/* What came of a suite of tests, as it is handed to those that print it. Strings may hold any
 * bytes; everything is lent. */

enum suite_result {
    SUITE_PASSED,
    SUITE_FAILURE, /* what was tested is wrong, or too little is known of it */
    SUITE_ERROR,   /* it could not be tested */
    SUITE_SKIPPED, /* nothing is known, and that is no failure */
};

struct suite_case {
    const char *name;
    const char *kind; /* groups cases */
    double seconds;
    enum suite_result result;
    const char *verdict;  /* "linearizable", or why there is none: short */
    const char *message;  /* of whatever is not PASSED: one line */
    const char *evidence; /* folder; NULL: none */
    const char *repeat;   /* the command that shows the same again; NULL: none */
    const char *again;    /* one that does the same again, which may end otherwise; NULL: none */
    struct slice details; /* the explanation of a failure, many lines; may be empty */
    struct slice output;  /* what the case printed, or the end of it; may be empty */
};

struct suite_results {
    const char *name;
    const char *timestamp; /* ISO 8601, of the start */
    const struct suite_case *cases;
    size_t n_cases;
};

size_t suite_count(const struct suite_results *s, enum suite_result result);
const char *suite_result_name(enum suite_result result); /* "passed", "failed", ... */

/* The XML that CI systems read. The format has no standard; this is the part of the Ant task's
 * output on which Jenkins' schema, GitLab and the GitHub actions agree: testsuites, testsuite and
 * testcase with their counts and seconds; failure, error or skipped; system-out.
 * Errors: -E_NOMEM, -E_LIMIT. */
int junit_print(const struct suite_results *s, struct buf *out);

/* The same for people, in Markdown (CommonMark with tables): one row a case, then a section for
 * each that is not good. Errors: -E_NOMEM, -E_LIMIT. */
int markdown_print(const struct suite_results *s, struct buf *out);

#endif
