#include "cli/run_options.h"

#include "base/check.h"
#include "base/clock.h"
#include "cli/layout.h"
#include "workloads/fleet.h"
#include "workloads/workload.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* A plan leaves the first seconds to the first election and ends with quiet ones. */
enum { PLAN_FIRST_MS = 2000, PLAN_QUIET_MS = 2000 };

/* The time a search takes grows steeply with the operations that are open on one key at a time. */
enum { KEYS_MIN = 5 };

#define AT(field) offsetof(struct run_options, field)

static const struct arg_option options[] = {
    {"nodes", ARG_UINT, AT(nodes), "N", "how many", 1, LAYOUT_NODES_MAX, NULL, NULL},
    {"clerks", ARG_UINT, AT(clerks), "N", "working at a time", 1, 10000, NULL, NULL},
    {"time", ARG_REAL, AT(time_s), "S", "seconds the clerks work", 1, 1000000, NULL, NULL},
    {"ops", ARG_UINT, AT(ops), "N", "end after so many operations", 0, UINT64_MAX, NULL,
     "when the time is over"},
    {"workload", ARG_CHOICE, AT(workload), "NAME", "what the clerks do", 0, 0, workload_names,
     NULL},
    {"keys", ARG_UINT, AT(keys), "N", "that they share", 1, 1000000, NULL,
     "half as many as clerks, at least 5"},
    {"read-percent", ARG_UINT, AT(read_percent), "N", "share of reads", 0, 100, NULL, NULL},
    {"value-bytes", ARG_UINT, AT(value_bytes), "N", "length that written values are padded to", 0,
     65536, NULL, NULL},
    {"key-skew", ARG_REAL, AT(key_skew), "X", "exponent of Zipf's law over the keys, 0: uniform", 0,
     10, NULL, NULL},
    {"wander-percent", ARG_REAL, AT(wander_percent), "X",
     "of operations that begin at a random node, not at the leader last seen", 0, 100, NULL, NULL},
    {"rate", ARG_REAL, AT(rate), "N", "operations a second and clerk", 0, 1000000, NULL,
     "as fast as answers come"},
    NODE_SETTINGS_ARGS(struct run_options, node),
    {"nemesis", ARG_TEXT, AT(nemesis), "NAMES", "faults, joined by commas (see below)", 0, 0, NULL,
     NULL},
    {"plan", ARG_TEXT, AT(plan), "FILE", "play the faults of a plan.json instead", 0, 0, NULL,
     NULL},
    {"fault-ms", ARG_UINT, AT(fault_ms), "N", "mean length of a fault", 1, 3600000, NULL, NULL},
    {"pause-ms", ARG_UINT, AT(pause_ms), "N", "mean time between faults", 1, 3600000, NULL, NULL},
    {"attempt-timeout-ms", ARG_UINT, AT(attempt_timeout_ms), "N",
     "of one request, before another node is asked", 1, 3600000, NULL, NULL},
    {"op-timeout-ms", ARG_UINT, AT(op_timeout_ms), "N", "of an operation as a whole", 1, 3600000,
     NULL, NULL},
    {"recover-time", ARG_REAL, AT(recover_s), "S",
     "in which a write has to succeed once all faults are healed", 1, 3600, NULL, NULL},
    {"check-time", ARG_REAL, AT(check_time_s), "S", "for the verdict, 0 for no bound", 0, 1000000,
     NULL, NULL},
    {"check-memory", ARG_UINT, AT(check_memory_mb), "MB",
     "for the search beside the history, 0 for no bound", 0, 1 << 20, NULL, NULL},
    {"online", ARG_FLAG, AT(online), NULL,
     "check while it runs, in a process beside it, and end at the first violation", 0, 0, NULL,
     NULL},
    {"seed", ARG_UINT, AT(seed), "N", "of the plan, the operations and all chances", 0, UINT64_MAX,
     NULL, "the clock"},
    {"out", ARG_TEXT, AT(out), "DIR", "folder of the run", 0, 0, NULL, "runs/<time>-<workload>"},
    {"json", ARG_FLAG, AT(json), NULL, "print the result as JSON", 0, 0, NULL, NULL},
};

static const struct arg_command command = {
    .name = "rift run",
    .usage = "[options]",
    .purpose =
        "Starts real nodes, lets clerks work while faults go on, and says whether what the clerks\n"
        "saw is linearizable. Leaves a folder with history.msgpack, result.json, report.html (see\n"
        "rift report), plan.json and the nodes' logs.\n\n"
        "Names for --nemesis: none, partition (all shapes, or one of halves, random-halves,\n"
        "isolate-one, isolate-leader, majorities-ring, bridge, one-way, flapping), kill, pause,\n"
        "links (or one of delay, drop, duplicate, reorder), all.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0    linearizable, the faults bit, and the system came back\n"
             "  1    not linearizable, or no write succeeded after the faults were healed\n"
             "  2    unknown: the time or memory for the check was spent, or a fault never bit\n"
             "  3    the run failed: a node ended by itself, no leader, no ports\n"
             "  64   usage\n"
             "  65   the plan file is wrong\n"
             "  130  interrupted; the history so far can be checked\n",
};

int run_options_complain(const struct err *e)
{
    return args_complain(&command, e);
}

/* A plan of plain `kill` means a restart under the same id, which only a store on disk survives
 * (dissertation 3.8: term, vote and log have to be stable). */
static int check_plan(const struct run_options *o, const struct plan *plan, struct err *e)
{
    if (strcmp(o->node.store, "memory") != 0)
        return 0;
    for (size_t i = 0; i < plan->n_steps; i++) {
        if (plan->steps[i].kind == FAULT_KILL)
            return err_set(e, -E_INVAL,
                           "--store memory does not go with kills: a node that comes back under "
                           "its old id without its vote and its log breaks what Raft rests on, "
                           "and a violation would prove nothing; use --store rocks, or --nemesis "
                           "partition");
    }
    return 0;
}

int run_options_plan(const struct run_options *o, struct plan **ret, struct err *e)
{
    struct plan_options draw = {
        .nemesis = o->nemesis,
        .seed = o->seed,
        .run_ms = (int64_t)(o->time_s * 1000),
        .first_ms = PLAN_FIRST_MS,
        .fault_ms = (int64_t)o->fault_ms,
        .pause_ms = (int64_t)o->pause_ms,
        .quiet_ms = PLAN_QUIET_MS,
    };
    struct plan *plan = NULL;
    int rc = o->plan != NULL ? plan_load(o->plan, &plan, e) : plan_draw(&draw, &plan, e);

    if (rc < 0)
        return rc;
    rc = check_plan(o, plan, e);
    if (rc < 0)
        plan_free(&plan);
    else
        *ret = plan;
    return rc;
}

static struct run_options defaults(void)
{
    return (struct run_options){
        .nodes = 5,
        .clerks = 10,
        .time_s = 20,
        .workload = "kv",
        .read_percent = 50,
        .wander_percent = 20,
        .node = NODE_SETTINGS_DEFAULT,
        .nemesis = "partition,kill",
        .fault_ms = 3000,
        .pause_ms = 1000,
        .attempt_timeout_ms = 120,
        .op_timeout_ms = 1000,
        .recover_s = 10,
        .check_time_s = 60,
        .check_memory_mb = 1024,
    };
}

const struct arg_command *run_options_command(void)
{
    return &command;
}

int run_options_try(int argc, char **argv, struct err *e)
{
    struct run_options o = defaults();
    struct arg_operands none;
    struct plan *plan = NULL;
    int rc = args_parse(&command, argc, argv, &o, &none, e);

    if (rc == 0)
        rc = node_settings_check(&o.node, e);
    if (rc == 0)
        rc = run_options_plan(&o, &plan, e);
    plan_free(&plan);
    return rc;
}

int run_options_enter(int argc, char **argv, struct run_options *ret)
{
    struct run_options o = defaults();
    struct arg_operands none;
    struct err e = {0};
    int code = args_enter(&command, argc, argv, &o, &none);

    if (code >= 0)
        return code;
    /* In this process, too: some are the clerk's. */
    if (node_settings_check(&o.node, &e) < 0 || bug_select(o.node.bug, &e) < 0)
        return args_complain(&command, &e);
    if (o.keys == 0)
        o.keys = o.clerks / 2 > KEYS_MIN ? o.clerks / 2 : KEYS_MIN;
    if (o.seed == 0)
        o.seed = (uint64_t)clock_wall_ns() & UINT32_MAX; /* short enough to be typed again */
    *ret = o;
    return -1;
}

static void add(struct run_facts *f, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(struct run_facts *f, const char *name, const char *format, ...)
{
    va_list args;

    CHECK(f->n < RUN_FACTS);
    va_start(args, format);
    vsnprintf(f->values[f->n], RUN_FACT_BYTES, format, args);
    va_end(args);
    f->items[f->n] = (struct history_option){.name = name, .value = f->values[f->n]};
    f->n++;
}

void run_options_facts(const struct run_options *o, struct run_facts *ret)
{
    ret->n = 0;
    add(ret, "clerks", "%" PRIu64, o->clerks);
    add(ret, "time-s", "%g", o->time_s);
    add(ret, "ops", "%" PRIu64, o->ops);
    add(ret, "keys", "%" PRIu64, o->keys);
    add(ret, "read-percent", "%" PRIu64, o->read_percent);
    add(ret, "value-bytes", "%" PRIu64, o->value_bytes);
    add(ret, "key-skew", "%g", o->key_skew);
    add(ret, "wander-percent", "%g", o->wander_percent);
    add(ret, "rate", "%g", o->rate);
    add(ret, "store", "%s", o->node.store);
    add(ret, "reads", "%s", o->node.reads);
    add(ret, "check-quorum", "%s", o->node.check_quorum ? "on" : "off");
    add(ret, "pre-vote", "%s", o->node.pre_vote ? "on" : "off");
    add(ret, "sync", "%s", o->node.sync ? "on" : "off");
    add(ret, "tick-ms", "%" PRIu64, o->node.tick_ms);
    add(ret, "heartbeat-ms", "%" PRIu64, o->node.heartbeat_ms);
    add(ret, "election-ms", "%" PRIu64, o->node.election_ms);
    add(ret, "attempt-timeout-ms", "%" PRIu64, o->attempt_timeout_ms);
    add(ret, "op-timeout-ms", "%" PRIu64, o->op_timeout_ms);
    if (o->node.bug != NULL)
        add(ret, "bug", "%s", o->node.bug);
    add(ret, "nemesis", "%s", o->plan == NULL ? o->nemesis : "from a plan file");
}
