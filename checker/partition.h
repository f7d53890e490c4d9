#ifndef RIFT_CHECKER_PARTITION_H
#define RIFT_CHECKER_PARTITION_H

#include "checker/problem.h"

/* Which operations of a history are checked, and which of them together. */

struct partition {
    struct slice family;
    struct slice key;
    bool of_element; /* of the object of that key it is this element alone (checker/model.h) */
    struct slice element;
    struct problem_input *inputs; /* by call */
    size_t n;
    size_t n_keys; /* 1 but for the whole */
};

struct partitions {
    struct partition *items; /* in the order of their first operation */
    size_t n;
    size_t n_ops; /* in all of them */
};

enum partition_by {
    PARTITION_BY_ELEMENT, /* by key and, where nobody looks at all of the key's object, by element
                           */
    PARTITION_BY_KEY,
    PARTITION_NOT_AT_ALL, /* one holds all */
};

/* Errors: -E_INVAL (an operation that the model does not
 * have, times that cannot be; `e` names it), -E_NOMEM. */
int partitions_make(const struct history *h, const struct model *m, enum partition_by by,
                    struct partitions **ret, struct err *e);
void partitions_destroy(struct partitions *p);

/* The family that an operation is in: an empty one is that named "default" (base/op.h). */
struct slice partition_family(struct slice family);

/* Whether two operations are on the same key of the same family. */
bool partition_same_key(const struct history_op *a, const struct history_op *b);

#endif
