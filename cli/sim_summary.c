#include "cli/sim.h"

#include "base/clock.h"

#include <inttypes.h>

void sim_summary_add(struct sim_summary *s, const struct trial_report *t)
{
    const struct sim_result *r = &t->result;

    s->seeds++;
    s->verdicts[t->verdict]++;
    s->invoked += r->invoked;
    s->ok += r->ok;
    s->fail += r->fail;
    s->info += r->info;
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        s->faults[i] += r->faults[i];
    s->dropped += r->dropped;
    s->delayed += r->delayed;
    s->duplicated += r->duplicated;
    s->reordered += r->reordered;
    s->kills += r->kills;
    s->pauses += r->pauses;
    s->crashes += r->crashes;
    s->disk_stalls += r->disk_stalls;
    s->disk_failures += r->disk_failures;
    s->disk_flips += r->disk_flips;
    s->nodes_lost += r->nodes_lost;
    s->clock_jumps += r->clock_jumps;
    s->events += r->events;
    s->virtual_ms += r->virtual_ms;
    s->sim_ns += t->sim_ns;
    s->check_ns += t->check_ns;
    s->code = exit_worse(s->code, trial_exit_code(t->verdict));
}

static double per_second(double what, int64_t ns)
{
    return ns > 0 ? what * (double)NS_PER_S / (double)ns : 0;
}

static double speed(const struct sim_summary *s)
{
    return per_second((double)s->virtual_ms / 1000, s->sim_ns);
}

void sim_summary_print(const struct sim_summary *s, double wall_s)
{
    printf("%" PRIu64 " seeds:", s->seeds);
    for (size_t i = 0; i < TRIAL_VERDICT_COUNT; i++)
        if (s->verdicts[i] > 0)
            printf(" %" PRIu64 " %s,", s->verdicts[i], trial_verdict_name((enum trial_verdict)i));
    printf(" in %.1f s\n", wall_s);
    printf("operations: %" PRIu64 " (%" PRIu64 " ok, %" PRIu64 " fail, %" PRIu64 " info)\n",
           s->invoked, s->ok, s->fail, s->info);
    fputs("faults:", stdout);
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        printf(" %" PRIu64 " %s,", s->faults[i], fault_kind_name((enum fault_kind)i));
    printf(" %" PRIu64 " crashes between two effects\n", s->crashes);
    printf("  their effect: %" PRIu64 " nodes killed, %" PRIu64 " paused; messages: %" PRIu64
           " lost, %" PRIu64 " delayed, %" PRIu64 " duplicated, %" PRIu64 " reordered\n",
           s->kills, s->pauses, s->dropped, s->delayed, s->duplicated, s->reordered);
    printf("hardware: %" PRIu64 " stalled and %" PRIu64 " failed disk writes, %" PRIu64
           " flipped bits (%" PRIu64 " nodes lost to them), %" PRIu64 " clock jumps\n",
           s->disk_stalls, s->disk_failures, s->disk_flips, s->nodes_lost, s->clock_jumps);
    printf("speed on one core: %.0f simulated seconds a second, %.0f events a second; "
           "%.1f s simulating, %.1f s checking\n",
           speed(s), per_second((double)s->events, s->sim_ns), (double)s->sim_ns / NS_PER_S,
           (double)s->check_ns / NS_PER_S);
}

json_t *sim_summary_json(const struct sim_summary *s, double wall_s)
{
    json_t *verdicts = json_object();
    json_t *faults = json_object();

    for (size_t i = 0; i < TRIAL_VERDICT_COUNT; i++)
        json_object_set_new(verdicts, trial_verdict_name((enum trial_verdict)i),
                            json_integer((json_int_t)s->verdicts[i]));
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        json_object_set_new(faults, fault_kind_name((enum fault_kind)i),
                            json_integer((json_int_t)s->faults[i]));
    return json_pack(
        "{s:I, s:o, s:{s:I, s:I, s:I, s:I}, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:I, s:I}, s:I, "
        "s:f, s:f, s:f, s:f, s:f}",
        "seeds", (json_int_t)s->seeds, "verdicts", verdicts, "operations", "invoked",
        (json_int_t)s->invoked, "ok", (json_int_t)s->ok, "fail", (json_int_t)s->fail, "info",
        (json_int_t)s->info, "faults", faults, "effects", "killed", (json_int_t)s->kills, "paused",
        (json_int_t)s->pauses, "crashed", (json_int_t)s->crashes, "lost", (json_int_t)s->dropped,
        "delayed", (json_int_t)s->delayed, "duplicated", (json_int_t)s->duplicated, "reordered",
        (json_int_t)s->reordered, "disk_stalls", (json_int_t)s->disk_stalls, "disk_failures",
        (json_int_t)s->disk_failures, "disk_flips", (json_int_t)s->disk_flips, "nodes_lost",
        (json_int_t)s->nodes_lost, "clock_jumps", (json_int_t)s->clock_jumps, "events",
        (json_int_t)s->events, "simulated_s", (double)s->virtual_ms / 1000, "simulated_s_per_s",
        speed(s), "events_per_s", per_second((double)s->events, s->sim_ns), "check_s",
        (double)s->check_ns / NS_PER_S, "wall_s", wall_s);
}
