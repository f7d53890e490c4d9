#include "sim/knobs.h"

#include "workloads/fleet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define AT(field) offsetof(struct sim_config, field)
#define NUMBER(name, field, min, max, help)                                                        \
    {                                                                                              \
        name, SIM_KNOB_NUMBER, AT(field), 0, min, max, "N", help, NULL                             \
    }
#define MS(name, field, min, max, help)                                                            \
    {                                                                                              \
        name, SIM_KNOB_MS, AT(field), 0, min, max, "N", help, NULL                                 \
    }
#define CHANCE(name, field, help) NUMBER(name, field, 0, 1000000, help)
#define LATER_CHANCE(name, field, help)                                                            \
    {                                                                                              \
        name, SIM_KNOB_NUMBER, AT(field), 0, 0, 1000000, "N", help, "0"                            \
    }
#define SWITCH(name, field, help)                                                                  \
    {                                                                                              \
        name, SIM_KNOB_SWITCH, AT(field), 0, 0, 0, "on|off", help, NULL                            \
    }
#define TEXT(name, field, value, help)                                                             \
    {                                                                                              \
        name, SIM_KNOB_TEXT, AT(field), sizeof((struct sim_config *)NULL)->field, 0, 0, value,     \
            help, NULL                                                                             \
    }

enum { MS_MAX = 3600000, US_MAX = 60000000 };

static const struct sim_knob knobs[] = {
    NUMBER("nodes", nodes, 1, SIM_NODES_MAX, "how many"),
    NUMBER("clerks", clerks, 1, SIM_CLERKS_MAX, "working at a time"),
    NUMBER("keys", keys, 1, 1000000, "that they share"),
    NUMBER("value-bytes", value_bytes, 0, 65536, "length that written values are padded to"),
    NUMBER("read-percent", read_percent, 0, 100, "share of reads"),
    TEXT("workload", workload, "NAME", "what the clerks do"),
    TEXT("nemesis", nemesis, "NAMES", "faults, joined by commas, as of `rift run`"),
    {"rate", SIM_KNOB_REAL, AT(rate), 0, 0, 1000000, "N",
     "operations a second and clerk, 0: as fast as answers come", NULL},
    NUMBER("ops", ops_max, 0, UINT32_MAX, "end after so many operations, 0: when time is over"),
    CHANCE("wander-ppm", wander_ppm, "operations in a million that begin at a random node"),
    MS("run-ms", run_ms, 1, 24 * (int64_t)MS_MAX, "in which faults may happen"),
    MS("fault-ms", fault_ms, 1, MS_MAX, "mean length of a fault"),
    MS("pause-ms", pause_ms, 1, MS_MAX, "mean time between faults"),
    {"reads", SIM_KNOB_READS, AT(read_mode), 0, 0, 0, "MODE", "log, index or local", NULL},
    SWITCH("check-quorum", check_quorum, "a leader that hears no majority steps down"),
    SWITCH("pre-vote", pre_vote, "ask before standing for election"),
    NUMBER("tick-ms", tick_ms, 1, 10000, "a node's unit of time"),
    NUMBER("election-ms", election_ms, 2, MS_MAX, "election timeout"),
    NUMBER("heartbeat-ms", heartbeat_ms, 1, MS_MAX, "between heartbeats"),
    NUMBER("attempt-timeout-ms", attempt_timeout_ms, 1, MS_MAX,
           "of one request, before another node is asked"),
    NUMBER("op-timeout-ms", op_timeout_ms, 1, MS_MAX, "of an operation as a whole"),
    NUMBER("append-entries", append_entries, 0, 1000000, "in one message, 0: the default"),
    NUMBER("sessions", sessions_max, 0, 1000000, "kept by a node, 0: its default"),
    NUMBER("latency-us", latency_us, 0, US_MAX, "of a message, at least"),
    NUMBER("jitter-us", jitter_us, 0, US_MAX, "... and up to so much more"),
    CHANCE("loss-ppm", loss_ppm, "messages in a million that get lost without any fault"),
    CHANCE("duplicate-ppm", duplicate_ppm, "... that arrive twice"),
    CHANCE("reorder-ppm", reorder_ppm, "... that are overtaken"),
    NUMBER("disk-us", disk_us, 1, US_MAX, "of a write to disk, at least"),
    NUMBER("disk-jitter-us", disk_jitter_us, 0, US_MAX, "... and up to so much more"),
    CHANCE("disk-stall-ppm", disk_stall_ppm, "writes in a million that stall"),
    NUMBER("disk-stall-ms", disk_stall_ms, 0, MS_MAX, "... for up to so long"),
    CHANCE("disk-fail-ppm", disk_fail_ppm, "writes in a million that fail and end their node"),
    LATER_CHANCE("disk-flip-ppm", disk_flip_ppm,
                 "writes in a million after which a stored bit flips"),
    CHANCE("crash-ppm", crash_ppm, "effects in a million before which a node dies"),
    NUMBER("crashes", crashes_max, 0, UINT32_MAX, "such deaths at the most, 0: no bound"),
    NUMBER("drift-ppm", drift_ppm, 0, 500000, "largest deviation of a node's clock"),
    CHANCE("jump-ppm", jump_ppm, "ticks in a million at which a clock jumps or stands still"),
    NUMBER("jump-ms", jump_ms, 0, MS_MAX, "... by up to so much"),
    NUMBER("events", events_max, 0, UINT32_MAX,
           "after which a run is taken for stuck, 0: no bound"),
    SWITCH("oracles", oracles, "judge by the nodes' inner states too, not by the history alone"),
};

const struct sim_knob *sim_knobs(size_t *ret_n)
{
    *ret_n = sizeof knobs / sizeof *knobs;
    return knobs;
}

/* --- text to value -------------------------------------------------------------------------- */

static int parse_number(const struct sim_knob *k, const char *text, uint64_t *ret, struct err *e)
{
    char *end;

    errno = 0;
    *ret = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *ret < k->min ||
        *ret > k->max)
        return err_set(e, -E_INVAL,
                       "%s: expected a number from %" PRIu64 " to %" PRIu64 ", not '%s'", k->name,
                       k->min, k->max, text);
    return 0;
}

static int parse_real(const struct sim_knob *k, const char *text, double *ret, struct err *e)
{
    char *end;

    *ret = strtod(text, &end);
    if (end == text || *end != '\0' || !(*ret >= (double)k->min && *ret <= (double)k->max))
        return err_set(e, -E_INVAL, "%s: expected %" PRIu64 " to %" PRIu64 ", not '%s'", k->name,
                       k->min, k->max, text);
    return 0;
}

bool sim_is_plain(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789 ,-") == strlen(text);
}

static int parse_text(const struct sim_knob *k, const char *text, char *ret, struct err *e)
{
    if (strlen(text) >= k->size || !sim_is_plain(text))
        return err_set(e, -E_INVAL, "%s: expected at most %zu letters, digits, commas and dashes",
                       k->name, k->size - 1);
    memcpy(ret, text, strlen(text) + 1);
    return 0;
}

static int parse_switch(const struct sim_knob *k, const char *text, bool *ret, struct err *e)
{
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
        return err_set(e, -E_INVAL, "%s: expected on or off, not '%s'", k->name, text);
    *ret = strcmp(text, "on") == 0;
    return 0;
}

int sim_knob_set(struct sim_config *c, const struct sim_knob *k, const char *text, struct err *e)
{
    void *at = (char *)c + k->offset;
    uint64_t number;
    int rc;

    switch (k->kind) {
    case SIM_KNOB_NUMBER:
        rc = parse_number(k, text, &number, e);
        if (rc == 0)
            *(uint32_t *)at = (uint32_t)number;
        return rc;
    case SIM_KNOB_MS:
        rc = parse_number(k, text, &number, e);
        if (rc == 0)
            *(int64_t *)at = (int64_t)number;
        return rc;
    case SIM_KNOB_REAL: return parse_real(k, text, at, e);
    case SIM_KNOB_SWITCH: return parse_switch(k, text, at, e);
    case SIM_KNOB_READS:
        if (!read_mode_parse(text, at))
            return err_set(e, -E_INVAL, "%s: there is no mode '%s'", k->name, text);
        return 0;
    case SIM_KNOB_TEXT: return parse_text(k, text, at, e);
    }
    return -E_INVAL;
}

/* --- value to text -------------------------------------------------------------------------- */

/* As few digits as name the very same number. */
static void print_real(double value, char ret[SIM_KNOB_TEXT_MAX])
{
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(ret, SIM_KNOB_TEXT_MAX, "%.*g", digits, value);
        if (strtod(ret, NULL) == value)
            return;
    }
}

void sim_knob_text(const struct sim_config *c, const struct sim_knob *k,
                   char ret[SIM_KNOB_TEXT_MAX])
{
    const void *at = (const char *)c + k->offset;

    switch (k->kind) {
    case SIM_KNOB_NUMBER:
        snprintf(ret, SIM_KNOB_TEXT_MAX, "%" PRIu32, *(const uint32_t *)at);
        break;
    case SIM_KNOB_MS: snprintf(ret, SIM_KNOB_TEXT_MAX, "%" PRId64, *(const int64_t *)at); break;
    case SIM_KNOB_REAL: print_real(*(const double *)at, ret); break;
    case SIM_KNOB_SWITCH:
        snprintf(ret, SIM_KNOB_TEXT_MAX, "%s", *(const bool *)at ? "on" : "off");
        break;
    case SIM_KNOB_READS:
        snprintf(ret, SIM_KNOB_TEXT_MAX, "%s", read_mode_name(*(const enum read_mode *)at));
        break;
    case SIM_KNOB_TEXT: snprintf(ret, SIM_KNOB_TEXT_MAX, "%s", (const char *)at); break;
    }
}

int sim_config_check(const struct sim_config *c, struct err *e)
{
    if (workload_model_of(c->workload) == NULL)
        return err_set(e, -E_INVAL, "workload: there is no '%s'", c->workload);
    if (c->heartbeat_ms < c->tick_ms || c->heartbeat_ms / c->tick_ms >= c->election_ms / c->tick_ms)
        return err_set(e, -E_INVAL,
                       "expected tick-ms <= heartbeat-ms < election-ms, by at least a tick, not "
                       "%u, %u and %u",
                       c->tick_ms, c->heartbeat_ms, c->election_ms);
    return 0;
}
