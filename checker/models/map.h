#ifndef RIFT_CHECKER_MODELS_MAP_H
#define RIFT_CHECKER_MODELS_MAP_H

#include "base/err.h"
#include "checker/model.h"
#include "checker/models/tree.h"

/* Maps in the values of a history (docs/history-format.md) as trees, for the states that are maps.
 */

/* -E_INVAL, with `what` in front of the reason, when the row is no map, or `is_value` does not hold
 * of one of its values (NULL: any). Errors besides: -E_NOMEM, -E_LIMIT. */
int map_check(const char *what, struct slice row, bool (*is_value)(struct slice), struct err *e);

/* The tree from names to what `value_of` makes of the values' strings; what it makes 0 is left out.
 * NULL: the strings themselves. The row is known to be a map. Errors: -E_NOMEM, -E_LIMIT. */
int map_tree(struct strings *s, struct slice row,
             int (*value_of)(struct strings *s, uint32_t text, uint32_t *ret), uint32_t *ret);

/* Appends `{"a": 1, "b": 2}`, values by `describe`. Errors: -E_NOMEM, -E_LIMIT. */
int map_describe(const struct strings *s, uint32_t map,
                 int (*describe)(const struct strings *s, uint32_t value, struct buf *out),
                 struct buf *out);

/* A model's `carry` where the state is a map whose values are strings. */
int map_carry(const struct model_env *from, uint32_t state, const struct model_env *to,
              uint32_t *ret);

/* The tree of maps in these strings. */
static inline struct tree map_of(struct strings *s)
{
    return (struct tree){.strings = s, .compare = slice_compare};
}

#endif
