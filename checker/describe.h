#ifndef RIFT_CHECKER_DESCRIBE_H
#define RIFT_CHECKER_DESCRIBE_H

#include "base/buf.h"
#include "histories/history.h"

/* Words for people. All append to `out`; errors are those of buf_append. */

/* `"5"`, with bytes that do not print as \xNN. Of long ones only the end is shown: where values
 * that were appended to differ. */
enum { DESCRIBE_BYTES_MAX = 60 };

int describe_bytes(struct slice bytes, struct buf *out);

/* `key "x"`, or `the queue` when there is no key. */
int describe_object(const char *noun, const struct history_op *op, struct buf *out);

/* `get by process 3 returned "4" [12.1 ms .. 13.0 ms]` */
int describe_op(const struct history_op *op, struct buf *out);

/* `put "5"`, `cas "4" to "5"`, `get`: what was asked for. */
int describe_question(const struct history_op *op, struct buf *out);

double describe_ms(int64_t ns);

#endif
