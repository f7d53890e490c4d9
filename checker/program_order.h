#ifndef RIFT_CHECKER_PROGRAM_ORDER_H
#define RIFT_CHECKER_PROGRAM_ORDER_H

#include "checker/checker.h"
#include "checker/partition.h"

/* Looks for an order of one key's operations that keeps each process's own. *ret_order has room for
 * all of them. 1: there is one, of *ret_n. 0: there is none. -E_BUSY: the budget was spent. Else:
 * -E_NOMEM, -E_LIMIT. */
int program_order_search(const struct history *h, const struct model *m, const struct partition *p,
                         const struct check_options *o, size_t *ret_order, size_t *ret_n);

#endif
