#ifndef RIFT_SIM_CASE_H
#define RIFT_SIM_CASE_H

#include "sim/sim.h"

/* A run with everything that makes it what it is, nothing left to be drawn from the seed: what is
 * kept in a replay file (docs/replay-format.md) and what shrinking works on. */
struct sim_case {
    struct sim_config config; /* its `ops` and `deaths` point at those below, or nowhere */
    struct plan *plan;        /* owned */
    struct sim_ops ops;       /* owned */
    struct sim_deaths deaths; /* owned */
    char bug[64];             /* name of the planted bug; "" for none */
    char violation[64];       /* how it was judged; "" if it was not */
};

enum { SIM_CASE_BYTES_MAX = 64 << 20, SIM_CASE_OPS_MAX = 1 << 20 };

/* With the plan drawn from the seed when `plan` is NULL, else a copy of it. */
int sim_case_create(const struct sim_config *config, const struct plan *plan, struct sim_case **ret,
                    struct err *e);
int sim_case_copy(const struct sim_case *from, struct sim_case **ret, struct err *e);
void sim_case_destroy(struct sim_case *c);

/* From now on only these happen; takes a copy. Errors: -E_NOMEM. */
int sim_case_set_ops(struct sim_case *c, const struct sim_op *items, size_t n, struct err *e);

/* From now on these happen, beside those that chance brings; takes a copy. Errors: -E_NOMEM. */
int sim_case_set_deaths(struct sim_case *c, const struct sim_death *items, size_t n, struct err *e);

/* JSON. Errors of reading: -E_PARSE (says what was expected where), -E_NOT_FOUND, -E_IO, -E_NOMEM,
 * -E_INVAL (knobs that do not go together). */
int sim_case_load(const char *path, struct sim_case **ret, struct err *e);
int sim_case_parse(const char *name, struct slice text, struct sim_case **ret, struct err *e);
int sim_case_print(const struct sim_case *c, struct buf *out);

#endif
