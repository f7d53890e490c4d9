#ifndef RIFT_CLI_RUN_OPTIONS_H
#define RIFT_CLI_RUN_OPTIONS_H

#include "cli/node_settings.h"
#include "histories/history.h"
#include "nemesis/plan.h"

/* What `rift run` can be told. */
struct run_options {
    uint64_t nodes;
    uint64_t clerks;
    double time_s;
    uint64_t ops; /* of all clerks together; 0: as many as the time has room for */
    const char *workload;
    uint64_t keys; /* 0: so many that two clerks meet on each, as in a run with 10 clerks */
    uint64_t read_percent;
    uint64_t value_bytes;
    double key_skew;
    double wander_percent;
    double rate; /* operations a second and clerk; 0: as fast as answers come */
    struct node_settings node;
    const char *nemesis;
    const char *plan; /* file; NULL: drawn */
    uint64_t fault_ms;
    uint64_t pause_ms;
    uint64_t attempt_timeout_ms;
    uint64_t op_timeout_ms;
    double recover_s;
    double check_time_s;
    uint64_t check_memory_mb;
    bool online;   /* judge while it runs, and end at a violation */
    uint64_t seed; /* 0: from the clock */
    const char *out;
    bool json;
};

/* Reads the command line; sets the seed. -1: go on; else the exit code to end with. */
int run_options_enter(int argc, char **argv, struct run_options *ret);

/* The table, and whether a command line can be meant, for others who put one together. Errors:
 * -E_INVAL; of run_options_plan, since it looks at the plan, too. */
const struct arg_command *run_options_command(void);
int run_options_try(int argc, char **argv, struct err *e);

/* Draws or loads the plan and looks whether it suits the cluster. Errors: of plan.h; -E_INVAL. */
int run_options_plan(const struct run_options *o, struct plan **ret, struct err *e);

/* What is written into the history's header besides its own fields. */
enum { RUN_FACTS = 21, RUN_FACT_BYTES = 64 };
struct run_facts {
    struct history_option items[RUN_FACTS];
    char values[RUN_FACTS][RUN_FACT_BYTES];
    size_t n;
};
void run_options_facts(const struct run_options *o, struct run_facts *ret);

/* Prints "rift run: reason" with where the help is; returns EXIT_USAGE. */
int run_options_complain(const struct err *e);

#endif
