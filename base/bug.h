#ifndef RIFT_BASE_BUG_H
#define RIFT_BASE_BUG_H

#include "base/err.h"

#include <stdbool.h>

/* The catalogue of planted bugs: mistakes that stores of this kind have had, each of which the
 * harness has to catch. This list is the one place that describes them: X(NAME, name, what is
 * broken, the rule that forbids it). Sections and figures are those of Ongaro's dissertation
 * ("Consensus: Bridging Theory and Practice", 2014). */
#define BUGS(X)                                                                                    \
    X(VOTE_NOT_SAVED, "vote-not-saved", "a node that restarts has forgotten whom it voted for",    \
      "3.8, figure 3.1: votedFor is persistent")                                                   \
    X(TERM_NOT_SAVED, "term-not-saved", "a node that restarts is back in the term of its log",     \
      "3.8, figure 3.1: currentTerm is persistent")                                                \
    X(TWO_VOTES, "two-votes", "a node votes for everybody who asks in a term",                     \
      "3.4: at most one vote a term, first come, first served")                                    \
    X(VOTE_WITHOUT_LOG, "vote-without-log",                                                        \
      "votes do not ask how complete the candidate's log is", "3.6.1: the election restriction")   \
    X(PRE_VOTE_COUNTS, "pre-vote-counts", "a late pre-vote counts as a vote",                      \
      "9.6: a pre-vote is no promise; 3.4: a leader needs a majority's votes")                     \
    X(MAJORITY_OFF_BY_ONE, "majority-off-by-one",                                                  \
      "half of an even number of nodes is taken for a majority",                                   \
      "3.4, 3.5: any two majorities have a node in common")                                        \
    X(OLD_TERM_COMMIT, "old-term-commit", "entries of older terms commit by counting",             \
      "3.6.2, figure 3.7: only entries of the own term commit by counting")                        \
    X(COMMIT_PAST_MATCH, "commit-past-match",                                                      \
      "a follower commits what stands behind the entries that were compared",                      \
      "figure 3.1: up to the index of the last new entry at most")                                 \
    X(HEARTBEAT_PAST_MATCH, "heartbeat-past-match",                                                \
      "heartbeats commit what the follower may have differently",                                  \
      "3.5: the logs are known to agree up to the match index only")                               \
    X(ANSWER_BEFORE_COMMIT, "answer-before-commit", "a put is answered when it is proposed",       \
      "3.5: a result is returned once the entry is committed and applied")                         \
    X(ANSWER_BEFORE_SYNC, "answer-before-sync",                                                    \
      "what was written counts as durable, synced or not",                                         \
      "figure 3.1: stable storage is updated before responding")                                   \
    X(ACK_BEFORE_SAVE, "ack-before-save",                                                          \
      "a follower acknowledges entries before it has saved them",                                  \
      "figure 3.1: persistent state is updated before responding")                                 \
    X(LEADER_COUNTS_UNSAVED, "leader-counts-unsaved",                                              \
      "a leader counts itself for entries it has not saved",                                       \
      "10.2.1: only once its own write is durable")                                                \
    X(TRUNCATE_ON_OLD_APPEND, "truncate-on-old-append",                                            \
      "a late append cuts off what newer ones have brought",                                       \
      "3.5, figure 3.1: the log is cut at a conflict only")                                        \
    X(KEEP_ON_CONFLICT, "keep-on-conflict", "an entry that conflicts with the leader's is kept",   \
      "3.5, figure 3.1: a conflicting entry is deleted, and all that follow it")                   \
    X(OLD_TERM_APPEND, "old-term-append", "appends of a deposed leader are taken",                 \
      "3.3, figure 3.1: requests with an old term are refused")                                    \
    X(STALE_APPEND_REPLY, "stale-append-reply",                                                    \
      "an answer to an early append counts for all that was sent since",                           \
      "3.5, figure 3.1: matchIndex is what the follower is known to hold")                         \
    X(LOCAL_READS, "local-reads", "a leader answers reads without asking anybody",                 \
      "6.4: reads need a confirmation of leadership")                                              \
    X(READ_BEFORE_NOOP, "read-before-noop",                                                        \
      "a new leader reads before an entry of its term is committed",                               \
      "6.4, step 1: it does not know yet what is committed")                                       \
    X(READ_WITHOUT_ROUND, "read-without-round",                                                    \
      "reads are confirmed without a round of heartbeats",                                         \
      "6.4, step 3: a quorum has to answer first")                                                 \
    X(READ_BEFORE_APPLY, "read-before-apply", "reads do not wait for their index to be applied",   \
      "6.4, step 4: at least as far as the read index")                                            \
    X(SERVE_DEPOSED, "serve-deposed", "reads that wait when a leader steps down are served",       \
      "6.4: a leader's reads end with its leadership")                                             \
    X(NO_DUPLICATE_TABLE, "no-duplicate-table", "a command that comes again is executed again",    \
      "6.3: each command takes effect once")                                                       \
    X(DUPLICATES_FORGOTTEN, "duplicates-forgotten",                                                \
      "a node that restarts has forgotten which commands it has executed",                         \
      "6.3: the sessions are part of the replicated state")                                        \
    X(DUPLICATE_SAYS_OK, "duplicate-says-ok", "a command that comes again is answered with ok",    \
      "6.3: with the result of its first execution")                                               \
    X(EXPIRY_BY_LOCAL_ORDER, "expiry-by-local-order",                                              \
      "each node expires the session that stands first in its own memory",                         \
      "6.3: servers agree on which session expires")                                               \
    X(RETRY_UNDER_NEW_ID, "retry-under-new-id", "a clerk gives each retry a new command id",       \
      "6.3: one serial number a command")                                                          \
    X(REFUSED_AFTER_PROPOSING, "refused-after-proposing",                                          \
      "a leader that steps down calls refused what it has proposed",                               \
      "3.6.2: an entry that is not committed may still become so")                                 \
    X(APPLIED_TWICE, "applied-twice", "a node that restarts applies its last entry once more",     \
      "3.8: the applied index and the state are saved together")                                   \
    X(ENTRY_SKIPPED, "entry-skipped", "a node that restarts leaves out the next entry to apply",   \
      "3.8: the applied index and the state are saved together")                                   \
    X(CAS_COMPARES_STALE, "cas-compares-stale",                                                    \
      "cas compares with what has reached the store, not with what was applied",                   \
      "3.2, state machine safety: the same log leads to the same state everywhere")                \
    X(APPEND_TO_STALE, "append-to-stale",                                                          \
      "append builds on what has reached the store: after a restart, on the old value",            \
      "3.2, state machine safety: the same log leads to the same state everywhere")

enum bug {
    BUG_NONE,
#define X(NAME, name, what, rule) BUG_##NAME,
    BUGS(X)
#undef X
        BUG_COUNT
};

struct bug_info {
    const char *name;
    const char *what; /* is broken */
    const char *rule;
};

/* Whether the one that is asked for was planted; constant when built with RIFT_BUGS=OFF. */
#ifdef RIFT_NO_BUGS
#define BUG(NAME) false
#else
#define BUG(NAME) __builtin_expect(bug_selected == BUG_##NAME, 0)
extern enum bug bug_selected;
#endif

/* Plants one for the whole process; at its start, before there are threads. NULL: none.
 * Errors: -E_NOT_FOUND; -E_UNSUPPORTED (built without). */
int bug_select(const char *name, struct err *e);

/* Of each from BUG_NONE + 1 to BUG_COUNT - 1. */
const struct bug_info *bug_info(enum bug bug);

/* All names in the order of the list; ends with NULL. */
const char *const *bug_names(void);

#endif
