#include "cli/args.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/judge.h"
#include "cli/page.h"
#include "cli/threads.h"
#include "histories/convert.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

/* `rift report`: the page of a stored run. */

enum { RESULT_BYTES_MAX = 16 << 20 };

struct report_values {
    struct judge_options judge;
    const char *out;
};

static const struct arg_option options[] = {
    {.name = "out",
     .kind = ARG_TEXT,
     .offset = offsetof(struct report_values, out),
     .value = "FILE",
     .help = "the page",
     .when_absent = "report.html beside the history"},
    {.name = "model",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct report_values, judge.model),
     .value = "NAME",
     .help = "what the history is measured against",
     .choices = check_model_names,
     .when_absent = "what the file names or its functions tell"},
    FOREIGN_OPTIONS(struct report_values, judge.foreign),
    {.name = "time",
     .kind = ARG_REAL,
     .offset = offsetof(struct report_values, judge.time_s),
     .value = "S",
     .help = "seconds for the verdict, 0 for no bound; then: unknown",
     .max = 1000000},
    {.name = "memory",
     .kind = ARG_UINT,
     .offset = offsetof(struct report_values, judge.memory_mb),
     .value = "MB",
     .help = "for the search beside the history, 0 for no bound",
     .max = 1 << 20},
};

static const struct arg_command command = {
    .name = "rift report",
    .usage = "[options] RUN",
    .purpose =
        "Writes one HTML page that shows a run to somebody who was not there: the verdict and its\n"
        "reason, the cluster and the operations over time, the faults and what proves them, and a\n"
        "replay. RUN is the folder of a run, or a history of any format that `rift check` takes.\n"
        "The page needs no network and no other file. `rift run`, `rift demo` and `rift sim\n"
        "--report` write the same.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0    the page is written; the history is linearizable\n"
             "  1    it is written; not linearizable\n"
             "  2    it is written; unknown\n"
             "  3    out of memory, or the page cannot be written\n"
             "  64   usage\n"
             "  65   there is no history, or it cannot be read\n",
    .operands_min = 1,
    .operands_max = 1,
};

/* A folder stands for the history in it. */
static void history_of(char ret[PATH_MAX], const char *run)
{
    struct stat st;

    if (stat(run, &st) == 0 && S_ISDIR(st.st_mode))
        files_join(ret, run, "history.msgpack");
    else
        snprintf(ret, PATH_MAX, "%s", run);
}

/* What the run itself found beside its history stands in its result.json, where there is one. */
static int put_also(const char *history, struct buf *out)
{
    char folder[PATH_MAX];
    char path[PATH_MAX];
    struct buf text = {0};
    json_t *result = NULL;
    int rc = 0;

    files_folder_of(folder, history);
    files_join(path, folder, "result.json");
    if (files_read(path, RESULT_BYTES_MAX, &text, NULL) == 0)
        result = json_loadb((const char *)text.data, text.len, 0, NULL);
    if (result != NULL)
        rc = page_also(
            json_string_value(json_object_get(result, "failure")),
            json_string_value(json_object_get(result, "faults_missing")),
            json_is_false(json_object_get(json_object_get(result, "recovery"), "recovered")), out);
    json_decref(result);
    buf_free(&text);
    return rc < 0 ? rc : buf_append_byte(out, '\0');
}

static int write_page(const char *history, const char *out, const struct judgement *j,
                      const struct report_asks *asks, struct err *e)
{
    struct buf also = {0};
    int rc = put_also(history, &also);

    rc = rc < 0 ? err_set(e, rc, "%s: %s", out, err_text(rc))
                : page_write_of(out, history, j, asks, (const char *)also.data, e);
    buf_free(&also);
    return rc;
}

static enum exit_code report(struct report_values *v, const char *history, const char *out)
{
    struct report_asks *asks = NULL;
    struct judgement j = {0};
    struct err e = {0};
    enum exit_code code = EXIT_HARNESS;
    int rc = page_judge(history, v->judge, &j, &asks, &e);

    if (rc < 0)
        code = judge_error_code(rc);
    if (rc == 0)
        rc = write_page(history, out, &j, asks, &e);
    if (rc == 0) {
        code = j.code;
        printf("%s: %s\n", verdict_name(j.result->verdict), out);
    } else {
        fprintf(stderr, "rift report: %s\n", e.text);
    }
    judgement_free(&j);
    report_asks_destroy(asks);
    return code;
}

int command_report(int argc, char **argv)
{
    struct report_values v = {
        .judge = {.time_s = 60, .memory_mb = 4096, .jobs = threads_default()}};
    struct arg_operands runs;
    char history[PATH_MAX];
    char folder[PATH_MAX];
    char out[PATH_MAX];
    int code = args_enter(&command, argc, argv, &v, &runs);

    if (code >= 0)
        return code;
    history_of(history, runs.items[0]);
    if (v.out != NULL) {
        snprintf(out, sizeof out, "%s", v.out);
    } else {
        files_folder_of(folder, history);
        files_join(out, folder, PAGE_NAME);
    }
    return (int)report(&v, history, out);
}
