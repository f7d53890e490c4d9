#ifndef RIFT_WORKLOADS_WORKLOAD_H
#define RIFT_WORKLOADS_WORKLOAD_H

#include "base/err.h"
#include "base/op.h"

/* Draws operations. What comes k-th for a clerk is a function of (seed, clerk, k) alone, so that
 * taking one clerk away leaves the others as they were.
 *
 *     register      get, put                     model register
 *     cas-register  get, put, cas                model cas-register
 *     append        get, append                  model kv
 *     kv            get, put, append, cas, delete model kv
 *
 * Every workload spreads over `keys` keys; append moves on to fresh ones as a clerk goes, because
 * its values only ever grow. Written values are distinct where the workload says
 * so (register, append: "c<clerk>-<k>"), else drawn from a small range (cas-register, kv), so
 * that a cas can succeed. */
struct workload_options {
    const char *name;
    uint64_t seed;
    uint32_t clerks;
    uint32_t keys;         /* [5] */
    uint32_t read_percent; /* [50] share of reads */
    uint32_t value_bytes;  /* [0] pad written values to this length */
    uint32_t value_range;  /* [5] of cas-register and kv */
    double key_skew;       /* [0] 0: uniform; else Zipf with this exponent */
};

struct workload;

/* Errors: -E_INVAL (no such workload, limits), -E_NOMEM. */
int workload_create(const struct workload_options *o, struct workload **ret, struct err *e);
void workload_destroy(struct workload *w);

/* The k-th operation of a clerk; slices are lent until the next call. */
void workload_next(struct workload *w, uint32_t clerk, uint64_t k, struct op *ret);

const char *workload_model(const struct workload *w);
const char *workload_model_of(const char *name); /* NULL: no such workload */
const char *const *workload_names(void);         /* ends with NULL */

#endif
