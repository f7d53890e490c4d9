#ifndef RIFT_TESTS_CHECKER_SHAPES_H
#define RIFT_TESTS_CHECKER_SHAPES_H

#include "base/rng.h"
#include "histories/history.h"

/* What the generator draws for each model that is no register: operations, their values, and
 * answers that may be wrong. */
struct shape;

/* NULL: a register or a key-value store. */
const struct shape *shape_find(const char *model);

enum op_kind shape_draw_kind(const struct shape *s, struct rng *r);

/* `n_values`: so many different ones. */
struct slice shape_draw_value(const struct shape *s, struct rng *r, enum op_kind kind,
                              size_t n_values);

/* Whether values may also be numbers that come once. */
bool shape_takes_any_value(const struct shape *s);

/* Puts another answer into an operation that is ok: status and, lent, result; or makes it another
 * operation with the same answer. False: it cannot have
 * another one. */
bool shape_spoil(const struct shape *s, struct rng *r, uint32_t dialect, struct history_op *op);

#endif
