#include "base/clock.h"
#include "cli/args.h"
#include "cli/bench_check.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/harness.h"
#include "cli/latencies.h"
#include "cli/layout.h"
#include "cli/signals.h"
#include "workloads/drive.h"
#include "workloads/workload.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* `rift bench kv`: puts on a healthy cluster, without a proxy between, one row for each number of
 * clerks. */

enum {
    ROUNDS_MAX = 16,
    WARM_UP_MS = 1000, /* connections, sessions, caches; not measured */
    LEADER_MS = 15000,
    SLICE_MS = 100,
    ATTEMPT_MS = 5000,
    OPERATION_MS = 20000,
    BACKOFF_MS = 5,
};

struct bench_values {
    uint64_t nodes;
    const char *clerks;
    double time_s;
    uint64_t value_bytes;
    uint64_t keys;
    uint64_t read_percent;
    struct node_settings node;
    const char *out;
    bool json;
};

/* What is measured with one number of clerks. */
struct round {
    uint32_t clerks;
    int64_t from_ns;            /* completions before it are warming up */
    int64_t *began_ns;          /* by clerk: of the operation it has open */
    struct latencies latencies; /* in microseconds */
    uint64_t others;            /* ended otherwise than ok */
    double seconds;
};

/* --- measuring ------------------------------------------------------------------------------ */

static void on_invoked(void *context, int64_t now_ns, uint32_t process, const struct op *op)
{
    struct round *r = context;

    (void)op;
    r->began_ns[process % r->clerks] = now_ns;
}

static void on_asked(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                     uint64_t node)
{
    (void)context;
    (void)now_ns;
    (void)process;
    (void)op;
    (void)node;
}

static void on_completed(void *context, int64_t now_ns, uint32_t process, const struct op *op,
                         const struct clerk_end *end)
{
    struct round *r = context;

    (void)op;
    if (now_ns < r->from_ns)
        return;
    if (end->outcome == OUTCOME_OK)
        latencies_add(&r->latencies, (uint64_t)(now_ns - r->began_ns[process % r->clerks]) / 1000);
    else
        r->others++;
}

static int drive(struct fleet *f, struct links *l, struct harness *h, int64_t start_ns,
                 int64_t end_ns, struct err *e)
{
    int64_t now_ns = 0;
    int fds[HARNESS_FDS];
    bool readable[HARNESS_FDS];
    int rc = 0;

    harness_fds(h, fds);
    while (rc >= 0 && now_ns < end_ns) {
        int64_t until_ns = now_ns + SLICE_MS * NS_PER_MS;

        rc = drive_fleet(f, l, start_ns, until_ns < end_ns ? until_ns : end_ns, fds, HARNESS_FDS,
                         readable, e);
        if (rc >= 0)
            rc = harness_poll(h, e);
        now_ns = clock_monotonic_ns() - start_ns;
    }
    return rc;
}

static int measure_with(const struct bench_values *v, struct harness *h, struct workload *w,
                        struct links *l, struct round *r, struct err *e)
{
    struct fleet_observer observer = {r, on_invoked, on_asked, on_completed};
    struct fleet_options o = {
        .workload = w,
        .clerks = r->clerks,
        .sites = links_sites(l),
        .clerk = {.attempt_timeout_ns = ATTEMPT_MS * NS_PER_MS,
                  .op_timeout_ns = OPERATION_MS * NS_PER_MS,
                  .backoff_ns = BACKOFF_MS * NS_PER_MS},
        .seed = r->clerks,
    };
    struct fleet *f = NULL;
    int64_t end_ns;
    int rc;

    r->from_ns = WARM_UP_MS * NS_PER_MS;
    r->seconds = v->time_s;
    end_ns = r->from_ns + (int64_t)(v->time_s * (double)NS_PER_S);
    o.clerk.nodes = harness_node_ids(h, &o.clerk.n_nodes);
    rc = fleet_create(&o, &observer, &f, e);
    if (rc == 0)
        rc = drive(f, l, h, clock_monotonic_ns(), end_ns, e);
    fleet_destroy(f);
    return rc;
}

static int measure(const struct bench_values *v, struct harness *h, struct round *r, struct err *e)
{
    struct workload_options o = {
        .name = "register",
        .seed = r->clerks,
        .clerks = r->clerks,
        .keys = (uint32_t)v->keys,
        .read_percent = (uint32_t)v->read_percent,
        .value_bytes = (uint32_t)v->value_bytes,
        .value_range = 1,
    };
    struct workload *w = NULL;
    struct links *l = NULL;
    int rc = workload_create(&o, &w, e);

    r->began_ns = calloc(r->clerks, sizeof *r->began_ns);
    if (r->began_ns == NULL)
        rc = err_set(e, -E_NOMEM, "bench");
    if (rc == 0)
        rc = links_create(harness_zmq(h), harness_cluster(h), &l, e);
    if (rc == 0)
        rc = measure_with(v, h, w, l, r, e);
    links_destroy(l);
    workload_destroy(w);
    free(r->began_ns);
    r->began_ns = NULL;
    return rc;
}

/* --- telling -------------------------------------------------------------------------------- */

static double rate_of(const struct round *r)
{
    return (double)r->latencies.total / r->seconds;
}

static double quantile_ms(const struct round *r, double share)
{
    return (double)latencies_quantile(&r->latencies, share) / 1000.0;
}

static void print_head(const struct bench_values *v)
{
    printf("%" PRIu64 " nodes, store %s%s, values of %" PRIu64 " bytes, %" PRIu64 " %% reads, %g s "
           "each\n%8s %12s %10s %10s %10s %8s\n",
           v->nodes, v->node.store, v->node.sync ? "" : " without sync", v->value_bytes,
           v->read_percent, v->time_s, "clerks", "operations/s", "p50 ms", "p99 ms", "p99.9 ms",
           "not ok");
    fflush(stdout);
}

static void print_round(const struct round *r)
{
    printf("%8u %12.0f %10.2f %10.2f %10.2f %8" PRIu64 "\n", r->clerks, rate_of(r),
           quantile_ms(r, 0.5), quantile_ms(r, 0.99), quantile_ms(r, 0.999), r->others);
    fflush(stdout);
}

static json_t *round_json(const struct round *r)
{
    return json_pack("{s:i, s:f, s:f, s:f, s:f, s:I}", "clerks", (int)r->clerks, "per_second",
                     rate_of(r), "p50_ms", quantile_ms(r, 0.5), "p99_ms", quantile_ms(r, 0.99),
                     "p999_ms", quantile_ms(r, 0.999), "not_ok", (json_int_t)r->others);
}

/* --- the command ---------------------------------------------------------------------------- */

static const struct arg_option options[] = {
    {"nodes", ARG_UINT, offsetof(struct bench_values, nodes), "N", "how many", 1, LAYOUT_NODES_MAX,
     NULL, NULL},
    {"clerks", ARG_TEXT, offsetof(struct bench_values, clerks), "N,N...", "working at a time", 0, 0,
     NULL, NULL},
    {"time", ARG_REAL, offsetof(struct bench_values, time_s), "S", "seconds for each number", 1,
     3600, NULL, NULL},
    {"value-bytes", ARG_UINT, offsetof(struct bench_values, value_bytes), "N",
     "length of written values", 1, 65536, NULL, NULL},
    {"keys", ARG_UINT, offsetof(struct bench_values, keys), "N", "that are written", 1, 1000000,
     NULL, NULL},
    {"read-percent", ARG_UINT, offsetof(struct bench_values, read_percent), "N", "share of reads",
     0, 100, NULL, NULL},
    NODE_SETTINGS_ARGS(struct bench_values, node),
    {"out", ARG_TEXT, offsetof(struct bench_values, out), "DIR", "folder of the nodes", 0, 0, NULL,
     "runs/<time>-bench"},
    {"json", ARG_FLAG, offsetof(struct bench_values, json), NULL, "print the table as JSON", 0, 0,
     NULL, NULL},
};

static const char *const benches[] = {"kv", "check", NULL};

static const struct arg_command command = {
    .name = "rift bench",
    .usage = "kv|check [options]",
    .purpose =
        "Throughput and latency of the store: real nodes, direct links, each clerk with one\n"
        "operation at a time. `rift bench check --help` says what there is about the checker.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0    measured\n"
             "  3    the nodes could not be run\n"
             "  64   usage\n"
             "  130  interrupted\n",
    .words = benches,
    .operands_min = 1,
    .operands_max = 1,
};

static int parse_clerks(const char *text, uint32_t *ret, size_t *ret_n, struct err *e)
{
    size_t n = 0;

    do {
        char *end;
        unsigned long number = strtoul(text, &end, 10);

        if (end == text || number < 1 || number > FLEET_CLERKS_MAX || n == ROUNDS_MAX ||
            (*end != ',' && *end != '\0'))
            return err_set(e, -E_INVAL,
                           "--clerks: expected up to %d numbers from 1 to %d with commas between, "
                           "not '%s'",
                           ROUNDS_MAX, FLEET_CLERKS_MAX, text);
        ret[n++] = (uint32_t)number;
        text = *end == ',' ? end + 1 : end;
    } while (*text != '\0');
    *ret_n = n;
    return 0;
}

static int bench(const struct bench_values *v, struct harness *h, const uint32_t *clerks, size_t n,
                 json_t *rows, struct err *e)
{
    uint64_t leader;
    int rc = harness_await_leader(h, 0, 0, LEADER_MS, &leader, e);

    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct round *r = calloc(1, sizeof *r);

        if (r == NULL)
            return err_set(e, -E_NOMEM, "bench");
        r->clerks = clerks[i];
        rc = measure(v, h, r, e);
        if (rc == 0 && !v->json)
            print_round(r);
        if (rc == 0)
            json_array_append_new(rows, round_json(r));
        free(r);
    }
    return rc;
}

static enum exit_code run(const struct bench_values *v, const uint32_t *clerks, size_t n)
{
    char folder[PATH_MAX];
    struct harness_options o = {
        .folder = folder, .name = "bench", .nodes = v->nodes, .node = v->node, .seed = 1};
    struct harness_observer nobody = {0};
    struct harness *h = NULL;
    json_t *rows = json_array();
    struct err e = {0};
    int rc = signals_open(&e);

    files_run_folder(folder, v->out, "bench");
    if (rc == 0)
        rc = harness_start(&o, &nobody, &h, &e);
    if (rc == 0 && !v->json)
        print_head(v);
    if (rc == 0)
        rc = bench(v, h, clerks, n, rows, &e);
    harness_stop(&h);
    if (rc < 0)
        fprintf(stderr, "rift bench: %s\n", e.text);
    if (v->json) {
        json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    }
    json_decref(rows);
    return rc == 0 ? EXIT_GOOD : rc == -E_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_HARNESS;
}

int command_bench(int argc, char **argv)
{
    struct bench_values v = {.nodes = 3,
                             .clerks = "1,16,64,256",
                             .time_s = 10,
                             .value_bytes = 64,
                             .keys = 1000,
                             .node = NODE_SETTINGS_DEFAULT};
    uint32_t clerks[ROUNDS_MAX];
    struct arg_operands words;
    struct err e = {0};
    size_t n = 0;
    int code;

    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return bench_check(argc - 1, argv + 1);
    code = args_enter(&command, argc, argv, &v, &words);
    if (code >= 0)
        return code;
    if (strcmp(words.items[0], "kv") != 0)
        err_set(&e, -E_INVAL, "there are the benches kv and check, not '%s'", words.items[0]);
    else if (parse_clerks(v.clerks, clerks, &n, &e) == 0)
        node_settings_check(&v.node, &e);
    if (e.code < 0)
        return args_complain(&command, &e);
    return (int)run(&v, clerks, n);
}
