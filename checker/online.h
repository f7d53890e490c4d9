#ifndef RIFT_CHECKER_ONLINE_H
#define RIFT_CHECKER_ONLINE_H

#include "checker/checker.h"

/* A history that is checked while it grows, event by event and key by key, in memory that does not
 * grow with its length (checker/frontier.h). An event is judged once everything on its key that was
 * invoked before it has ended: by then it is known what those operations answered. So a violation
 * is seen as late as the longest of these operations takes, and a clerk's deadline bounds that.
 *
 * What cannot be followed (a bound) makes that key's answer unknown; the others go on. */
struct online;

/* Events of one key that wait for an operation to end; past it that operation counts as one of
 * unknown outcome, and should it end well after all, its key as unknown. */
enum { ONLINE_WAITING_MAX = 1 << 16 };

/* Keys; what is on further ones is not judged, and the answer is unknown at the best. */
enum { ONLINE_KEYS_MAX = 1 << 20 };

struct online_options {
    const char *model;       /* NULL: what the header names */
    size_t memory_bytes_max; /* of all keys together; past it the key that needs more is given up;
                                0: no bound */
};

/* The header is lent until online_destroy. Errors: -E_INVAL (no such model), -E_NOMEM. */
int online_create(const struct history_header *header, const struct online_options *o,
                  struct online **ret, struct err *e);
void online_destroy(struct online *o);

/* Takes the next event of the history. 0: nothing is wrong so far. 1: it is not linearizable;
 * nothing more need be given. Errors: -E_INVAL (an operation that the model does not have),
 * -E_PARSE (a process does what it cannot), -E_NOMEM. */
int online_event(struct online *o, const struct history_event *event, struct err *e);

/* The history ends here: what is open counts as of unknown outcome. 1: not linearizable. */
int online_finish(struct online *o);

/* LINEARIZABLE and UNKNOWN speak of what was judged so far; after online_finish of everything. */
struct online_status {
    enum verdict verdict;
    const char *reason; /* of UNKNOWN: that of the first key that was given up; static text */
    uint64_t n_ops;     /* that ended, without failed ones and reads of unknown outcome */
    uint64_t n_returns; /* that are explained */
    uint64_t n_visited; /* configurations */
    size_t n_keys;
    size_t n_lost;    /* keys that were given up */
    size_t n_waiting; /* events that are not judged yet */
    size_t bytes;
    size_t bytes_max; /* highest */

    /* NOT_LINEARIZABLE: the operation behind whose return nothing explains its key's history; its
     * slices are lent until online_destroy. */
    const struct history_op *violation;
};

struct online_status online_status(const struct online *o);

#endif
