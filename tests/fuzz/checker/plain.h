#ifndef RIFT_TESTS_CHECKER_PLAIN_H
#define RIFT_TESTS_CHECKER_PLAIN_H

#include "histories/history.h"

/* The judge's sets, queues, stacks, counters, banks, registers and mutexes: plain arrays, nothing
 * of the checker. Elements are indexes of the operations that brought them; accounts and registers
 * are called a to d. */

enum { PLAIN_ITEMS_MAX = 48, PLAIN_NAMES = 4, PLAIN_VALUE_BYTES_MAX = 3 };

struct plain {
    const struct history *history;
    uint8_t n;
    uint8_t items[PLAIN_ITEMS_MAX];
    bool locked;
    long sum;
    long balances[PLAIN_NAMES];
    char registers[PLAIN_NAMES][PLAIN_VALUE_BYTES_MAX + 1]; /* "": never written */
    bool written[PLAIN_NAMES];
};

/* Whether the model is one of these. */
bool plain_has_model(const char *model);

void plain_init(struct plain *o, const struct history *h);

/* False: it has to wait, as a lock does that somebody holds; nothing happens. Else *status and what
 * is appended to `result` are the answer. `op` is one of the history's. */
bool plain_execute(struct plain *o, const struct history_op *op, enum op_status *status,
                   struct buf *result);

/* Executes and tells whether that can be and the answer is the one that was seen. */
bool plain_place(struct plain *o, const struct history_op *op);

#endif
