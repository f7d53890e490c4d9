#ifndef RIFT_TESTS_CHECKER_ORACLE_H
#define RIFT_TESTS_CHECKER_ORACLE_H

#include "checker/checker.h"

/* The checker's judge: linearizability from its definition, with nothing of the checker in it. No
 * partitions, no memory of what was tried, values as plain bytes. The key-value store is here, and
 * registers and lists are a part of it; other objects are in plain.h. */

enum { ORACLE_KEYS_MAX = 8, ORACLE_VALUE_BYTES_MAX = 256 };

/* Tries every order of every subset. *ret_longest: the most completed operations that some valid
 * order holds. For histories of about ten operations. */
bool oracle_linearizable(const struct history *h, size_t *ret_longest);

/* Whether `order` (indexes of h->ops) is a valid one: real time, answers, nothing twice, nothing
 * left out that had returned before something in it was invoked. `whole`: and holds every completed
 * operation. Only operations on `key` count; NULL: all. On failure *why is static text. */
bool oracle_replays(const struct history *h, const struct slice *key, const size_t *order, size_t n,
                    bool whole, const char **why);

/* The same of an order of the operations on one element of a set. */
bool oracle_replays_element(const struct history *h, const struct slice *key, struct slice element,
                            const size_t *order, size_t n, bool whole, const char **why);

/* Whether operation `op` could come next behind `order`, which is valid. */
bool oracle_could_follow(const struct history *h, const size_t *order, size_t n, size_t op);

/* What the objects answer, and the state behind it: for the generator. Sets the status of *op,
 * which is one of the history's, and appends the value found to `result`. False: it has to wait. */
struct oracle_store;
struct oracle_store *oracle_store_create(const struct history *h);
void oracle_store_destroy(struct oracle_store *s);
bool oracle_store_execute(struct oracle_store *s, struct history_op *op, struct buf *result);

#endif
