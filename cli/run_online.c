#include "cli/run_online.h"

#include "base/clock.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

enum { VERDICT_MS = 5000, END_MS = 1000 };

int run_online_start(struct run_online *o, const char *folder, const char *history_path,
                     uint64_t memory_mb, struct err *e)
{
    char memory[24];
    const char *argv[] = {"rift",     "check", "--follow",   "--json",
                          "--memory", memory,  history_path, NULL};
    int rc;

    snprintf(memory, sizeof memory, "%" PRIu64, memory_mb);
    files_join(o->log, folder, "online.json");
    rc = process_spawn(&(struct process_options){.argv = argv, .log = o->log}, &o->pid, e);
    o->started = rc == 0;
    return rc;
}

static void ended(struct run_online *o, int64_t now_ns)
{
    o->pid = 0;
    o->seen_ns = now_ns;
    o->verdict = json_load_file(o->log, 0, NULL);
}

static const json_t *violation(const struct run_online *o)
{
    const json_t *v = json_object_get(o->verdict, "violation");

    return json_is_object(v) ? v : NULL;
}

bool run_online_violated(struct run_online *o, int64_t now_ns)
{
    int status;

    if (o->pid != 0 && waitpid(o->pid, &status, WNOHANG) == o->pid)
        ended(o, now_ns);
    return violation(o) != NULL;
}

void run_online_stop(struct run_online *o, int64_t now_ns)
{
    int status;

    if (o->pid == 0)
        return;
    if (process_wait(o->pid, VERDICT_MS, &status) == 0) {
        kill(o->pid, SIGTERM);
        if (process_wait(o->pid, END_MS, &status) == 0) {
            kill(o->pid, SIGKILL);
            waitpid(o->pid, &status, 0);
        }
    }
    ended(o, now_ns);
}

void run_online_free(struct run_online *o)
{
    json_decref(o->verdict);
    *o = (struct run_online){0};
}

double run_online_delay_s(const struct run_online *o)
{
    const json_t *v = violation(o);
    int64_t return_ns = json_integer_value(json_object_get(v, "return_ns"));

    return v == NULL ? 0 : (double)(o->seen_ns - return_ns) / (double)NS_PER_S;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

void run_online_print(const struct run_online *o)
{
    const json_t *v = violation(o);

    if (!o->started)
        return;
    if (o->verdict == NULL)
        printf("online: the checker gave no verdict; see %s\n", o->log);
    else if (v == NULL)
        printf("online: %s, %" JSON_INTEGER_FORMAT " operations\n", text_of(o->verdict, "verdict"),
               json_integer_value(json_object_get(o->verdict, "operations")));
    else
        printf(
            "online: the run ended early, behind %" JSON_INTEGER_FORMAT
            " operations. No order explained what had been\nseen once this returned, at %.1f ms, "
            "which was known %.2f s later:\n  %s\n",
            json_integer_value(json_object_get(o->verdict, "operations")),
            (double)json_integer_value(json_object_get(v, "return_ns")) / (double)NS_PER_MS,
            run_online_delay_s(o), text_of(v, "operation"));
}

json_t *run_online_json(const struct run_online *o)
{
    json_t *all;

    if (!o->started)
        return json_null();
    if (o->verdict == NULL)
        return json_pack("{s:s}", "verdict", "unknown");
    all = json_copy(o->verdict);
    if (violation(o) != NULL)
        json_object_set_new(all, "delay_s", json_real(run_online_delay_s(o)));
    return all;
}
