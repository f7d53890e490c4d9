#ifndef RIFT_CHECKER_MODELS_ROWS_H
#define RIFT_CHECKER_MODELS_ROWS_H

#include "checker/model.h"

/* Values that hold several (base/items.h), as the models need them. */

/* The number of the row that holds one item, the string `id`. Errors: -E_NOMEM, -E_LIMIT. */
int row_of_one(struct strings *s, uint32_t id, uint32_t *ret);

/* How many items the row has. Errors: -E_PARSE: it is none. */
int row_count(struct slice row, size_t *ret);

/* The items, as numbers of their own bytes, malloc'ed. The row is known to be one.
 * Errors: -E_NOMEM, -E_LIMIT. */
int row_numbers(struct strings *s, struct slice row, uint32_t **ret, size_t *n);

/* Whether every `stride`th item, from the first on, is above the one before by its bytes: a set
 * (stride 1), or a map (stride 2) with as many values as names. Errors: -E_PARSE (it is not),
 * -E_NOMEM, -E_LIMIT. */
int row_is_sorted(struct slice row, size_t stride);

/* Appends `["a", "b"]`; a long one is cut and says its length. Errors: -E_NOMEM, -E_LIMIT. */
int row_describe(struct slice row, struct buf *out);

enum { ROW_SHOWN_MAX = 8 };

#endif
