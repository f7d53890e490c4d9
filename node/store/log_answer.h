#ifndef RIFT_NODE_STORE_LOG_ANSWER_H
#define RIFT_NODE_STORE_LOG_ANSWER_H

#include "node/store/store.h"

/* One answer to store_log_read with its own copies of the entries. */
struct log_answer;

struct log_answer *log_answer_create(uint64_t token); /* NULL: out of memory */
void log_answer_destroy(struct log_answer *a);

/* Adds a copy of `entry`. Errors: -E_LIMIT (past bytes_max, and not the first), -E_NOMEM;
 * nothing changes. */
int log_answer_add(struct log_answer *a, const struct entry *entry, size_t bytes_max);
size_t log_answer_entries(const struct log_answer *a);

/* Answers on their way to the caller, and those lent to it until its next poll. All zeros is an
 * empty one. Its users bound it by STORE_LOG_READS_MAX. */
struct log_answers {
    struct log_answer *head;
    struct log_answer *tail;
    struct log_answer *lent;
};

void log_answers_push(struct log_answers *q, struct log_answer *a); /* takes it over */
bool log_answers_next(struct log_answers *q, struct store_log_result *ret);
void log_answers_end_loan(struct log_answers *q);
void log_answers_free(struct log_answers *q);

#endif
