#include "cli/check.h"

#include "checker/witness.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/follow.h"
#include "cli/judge.h"
#include "cli/memory.h"
#include "cli/proof.h"
#include "cli/threads.h"
#include "cli/weaker.h"
#include "histories/convert.h"

#include <stddef.h>
#include <string.h>

#define SEQUENTIAL "sequential"

enum { MEASURES_MAX = 32 };

/* `rift check`: verdicts on history files. */
struct check_values {
    struct judge_options judge;
    const char *witness;
    bool minimize;
    const char *minimal;
    bool json;
    bool staleness;
    const char *consistency;
    const char *without;
    bool explain;
    bool follow;
};

/* The models, and the weaker one that goes with each of them. */
static const char *const *measures(void)
{
    static const char *names[MEASURES_MAX + 2];
    const char *const *models = check_model_names();
    size_t n = 0;

    for (; models[n] != NULL && n < MEASURES_MAX; n++)
        names[n] = models[n];
    names[n] = SEQUENTIAL;
    return names;
}

static const struct arg_option options[] = {
    {.name = "model",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct check_values, judge.model),
     .value = "NAME",
     .help = "what the history is measured against; sequential: as --consistency sequential",
     .choices = measures,
     .when_absent = "what the file names or its functions tell"},
    FOREIGN_OPTIONS(struct check_values, judge.foreign),
    {.name = "consistency",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct check_values, consistency),
     .value = "NAME",
     .help = "what is asked of the order; sequential: the processes' own, key by key",
     .choices = weaker_names,
     .when_absent = "linearizable"},
    {.name = "engine",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct check_values, judge.engine),
     .value = "NAME",
     .help = "how the order is searched for",
     .choices = check_engine_names,
     .when_absent = "chosen by itself"},
    {.name = "without",
     .kind = ARG_TEXT,
     .offset = offsetof(struct check_values, without),
     .value = "LETTERS",
     .help = "prunings that the engine jit shall do without, of RSDIHNTV (docs/checker.md)"},
    {.name = "time",
     .kind = ARG_REAL,
     .offset = offsetof(struct check_values, judge.time_s),
     .value = "S",
     .help = "seconds for each file, 0 for no bound; then: unknown",
     .max = 1000000},
    {.name = "memory",
     .kind = ARG_UINT,
     .offset = offsetof(struct check_values, judge.memory_mb),
     .value = "MB",
     .help = "for the search beside the history, 0 for no bound; under it the search takes longer",
     .max = 1 << 20},
    {.name = "jobs",
     .kind = ARG_UINT,
     .offset = offsetof(struct check_values, judge.jobs),
     .value = "N",
     .help = "keys searched at a time, each by a thread",
     .min = 1,
     .max = THREADS_MAX,
     .when_absent = "one for each processor"},
    {.name = "whole",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, judge.whole),
     .help = "search all keys together instead of one by one"},
    {.name = "all",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, judge.all),
     .help = "look at every key, also after a violation"},
    {.name = "explain",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, explain),
     .help = "say which engine decided each key, and why that one"},
    {.name = "follow",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, follow),
     .help =
         "judge one file of rift's own while it is being written, until it ends, is violated, or "
         "Ctrl-C"},
    {.name = "witness",
     .kind = ARG_TEXT,
     .offset = offsetof(struct check_values, witness),
     .value = "FILE",
     .help = "write the order that proves it, for `rift verify`; of one file only",
     .when_absent = "none"},
    {.name = "minimize",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, minimize),
     .help = "of a violation show a few operations that are impossible by themselves"},
    {.name = "minimal",
     .kind = ARG_TEXT,
     .offset = offsetof(struct check_values, minimal),
     .value = "FILE",
     .help = "write these as a history of their own; of one file only",
     .when_absent = "none"},
    {.name = "staleness",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, staleness),
     .help = "say how old the reads were, in time and versions; of registers and kv"},
    {.name = "json",
     .kind = ARG_FLAG,
     .offset = offsetof(struct check_values, json),
     .help = "the verdicts as JSON"},
};

static const struct arg_command command = {
    .name = "rift check",
    .usage = "[options] FILE...",
    .purpose =
        "Says of each recorded history whether it is linearizable. Takes rift's own format,\n"
        "Jepsen's history.edn, JSON lines, the text logs of etcd's Jepsen tests and Porcupine's\n"
        "key-value logs; what a file is, its content tells.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   linearizable, all of them\n"
             "  1   not linearizable: at least one, whatever the others are\n"
             "  2   unknown: a budget was spent, or a damaged file is good as far as it goes\n"
             "  130 --follow was interrupted: the verdict so far is printed, and it is not 1\n"
             "  3   out of memory\n"
             "  64  usage\n"
             "  65  a file is no history or cannot be read\n"
             "Of several files the worst counts: 1, 3, 65, 2, 0.\n",
    .operands_min = 1,
    .operands_max = SIZE_MAX,
};

static void print_judgement(const char *path, const struct judgement *j, bool explain)
{
    struct buf text = {0};

    if (judgement_explain(j, &text) == 0)
        printf("%s: %.*s", path, (int)text.len, (const char *)text.data);
    printf("(checked in %.2f s)\n", j->seconds);
    buf_clear(&text);
    if (explain && check_explain_engines(j->result, &text) == 0)
        printf("%.*s", (int)text.len, (const char *)text.data);
    buf_free(&text);
}

static void print_minimal(const struct judgement *j, const struct minimal *m)
{
    struct buf text = {0};

    if (proof_show(j->history, m, &text) == 0)
        printf("\n%.*s", (int)text.len, (const char *)text.data);
    buf_free(&text);
}

/* Writes what proves a good verdict; there is nothing to write of another one. */
static int write_witness(const struct judgement *j, const char *to, struct err *e)
{
    struct buf bytes = {0};
    int rc;

    if (to == NULL || j->result->verdict != VERDICT_LINEARIZABLE)
        return 0;
    rc = witness_encode(j->history, j->result, &bytes);
    rc = rc < 0 ? err_set(e, rc, "%s: %s", to, err_text(rc))
                : files_write(to, buf_slice(&bytes), e);
    buf_free(&bytes);
    return rc;
}

/* What the options ask for to prove a bad verdict; else *ret stays NULL. */
static int make_minimal(const struct judgement *j, const struct check_values *v,
                        struct minimal **ret, struct err *e)
{
    struct proof_options o = {.time_s = v->judge.time_s, .memory_mb = v->judge.memory_mb};
    int rc;

    if ((!v->minimize && v->minimal == NULL) || j->result->verdict != VERDICT_NOT_LINEARIZABLE)
        return 0;
    rc = proof_make(j->history, j->result, &o, ret, e);
    return rc == 0 && v->minimal != NULL ? proof_write(v->minimal, j->history, *ret, e) : rc;
}

/* Files that were asked for and that this verdict has nothing to put into. */
static void say_what_is_not_written(const struct judgement *j, const struct check_values *v)
{
    enum verdict verdict = j->result->verdict;

    if (v->witness != NULL && verdict != VERDICT_LINEARIZABLE)
        fprintf(stderr, "rift check: '%s' is not written: no order proves what is %s\n", v->witness,
                verdict_name(verdict));
    if (v->minimal != NULL && verdict != VERDICT_NOT_LINEARIZABLE)
        fprintf(stderr, "rift check: '%s' is not written: there is no violation\n", v->minimal);
}

/* Beside the verdict; into `entry` when that is not NULL. */
static void report_staleness(const char *path, const struct judgement *j,
                             const struct check_values *v, json_t *entry)
{
    struct staleness *s = NULL;
    struct buf text = {0};
    struct err e = {0};

    if (judge_staleness(j, &v->judge, &s, &e) < 0) {
        fprintf(stderr, "rift check: %s: %s\n", path, e.text);
        return;
    }
    if (entry != NULL)
        json_object_set_new(entry, "staleness", staleness_json(j->history, s));
    else if (staleness_tell(j->history, s, &text) == 0)
        printf("%.*s", (int)text.len, (const char *)text.data);
    buf_free(&text);
    staleness_free(&s);
}

/* The verdict is said first, and stands whether or not what was asked for beside it can be had. */
static json_t *report(const char *path, const struct judgement *j, const struct check_values *v)
{
    json_t *entry = v->json ? judgement_json(j) : NULL;
    struct minimal *m = NULL;
    struct err e = {0};

    if (!v->json)
        print_judgement(path, j, v->explain);
    fflush(stdout);
    say_what_is_not_written(j, v);
    if (make_minimal(j, v, &m, &e) < 0)
        fprintf(stderr, "rift check: %s: %s\n", path, e.text);
    if (m != NULL && !v->json)
        print_minimal(j, m);
    if (m != NULL && entry != NULL)
        json_object_set_new(entry, "minimal", proof_json(j->history, m));
    minimal_free(&m);
    if (v->staleness)
        report_staleness(path, j, v, entry);
    return entry;
}

static enum exit_code check_one(const char *path, const struct check_values *v, json_t *files)
{
    struct judgement j;
    struct err e = {0};
    enum exit_code code;
    json_t *entry;
    int rc = judge_file(path, &v->judge, &j, &e);

    if (rc < 0) {
        code = judge_error_code(rc);
        fprintf(stderr, "rift check: %s\n", e.text);
        entry = json_pack("{s:s}", "error", e.text);
    } else {
        code = j.code;
        if (write_witness(&j, v->witness, &e) < 0) {
            fprintf(stderr, "rift check: %s\n", e.text);
            code = EXIT_HARNESS;
        }
        entry = report(path, &j, v);
        judgement_free(&j);
    }
    if (entry != NULL) {
        json_object_set_new(entry, "file", json_string(path));
        json_object_set_new(entry, "exit", json_integer(code));
        json_array_append_new(files, entry);
    }
    return code;
}

static int follow(const struct check_values *v, const struct arg_operands *files)
{
    struct follow_options o = {.model = v->judge.model,
                               .memory_mb = v->judge.memory_mb,
                               .time_s = v->judge.time_s,
                               .json = v->json};
    struct err e = {0};

    if (files->n > 1)
        err_set(&e, -E_INVAL, "--follow takes one history, not %zu", files->n);
    else if (v->judge.engine != NULL || v->without != NULL || v->judge.whole || v->judge.all ||
             v->witness != NULL || v->explain || v->staleness || weaker_is(v->consistency))
        err_set(
            &e, -E_INVAL,
            "--follow goes with --model, --time, --memory and --json; --engine, --whole, --all, "
            "--explain, --consistency, --staleness and --witness need the whole history");
    else
        return (int)follow_history(files->items[0], &o);
    return args_complain(&command, &e);
}

static bool needs_linearizability(const struct check_values *v)
{
    return v->judge.engine != NULL || v->without != NULL || v->judge.whole || v->witness != NULL ||
           v->explain || v->staleness || v->minimize || v->minimal != NULL;
}

/* Letters to bits. */
static int parse_prunings(const char *letters, uint32_t *ret, struct err *e)
{
    static const char all[] =
#define X(letter) #letter
        CHECK_PRUNINGS(X);
#undef X

    for (; *letters != '\0'; letters++) {
        const char *found = strchr(all, *letters);

        if (found == NULL)
            return err_set(e, -E_INVAL, "--without: there is no pruning '%c'; there are %s",
                           *letters, all);
        *ret |= UINT32_C(1) << (found - all);
    }
    return 0;
}

const struct arg_command *check_command(void)
{
    return &command;
}

int check_try(int argc, char **argv, struct err *e)
{
    struct check_values v = {0};
    struct arg_operands files;

    return args_parse(&command, argc, argv, &v, &files, e);
}

int command_check(int argc, char **argv)
{
    struct check_values v = {.judge = {.memory_mb = 4096, .jobs = threads_default()}};
    struct arg_operands files;
    enum exit_code worst = EXIT_GOOD;
    struct err e = {0};
    json_t *list;
    int code = args_enter(&command, argc, argv, &v, &files);

    if (code >= 0)
        return code;
    if (v.judge.model != NULL && strcmp(v.judge.model, SEQUENTIAL) == 0) {
        v.judge.model = NULL;
        v.consistency = SEQUENTIAL;
    }
    if (v.without != NULL && parse_prunings(v.without, &v.judge.without, &e) < 0)
        return args_complain(&command, &e);
    if (v.follow)
        return follow(&v, &files);
    if (weaker_is(v.consistency) && needs_linearizability(&v)) {
        err_set(&e, -E_INVAL,
                "--consistency sequential goes with --model, --time, --memory, --jobs and --json; "
                "the other options are about linearizability");
        return args_complain(&command, &e);
    }
    if (files.n > 1 && (v.witness != NULL || v.minimal != NULL)) {
        err_set(&e, -E_INVAL, "--%s takes one history, not %zu",
                v.witness != NULL ? "witness" : "minimal", files.n);
        return args_complain(&command, &e);
    }
    if ((v.witness != NULL && files_are_one(v.witness, files.items[0])) ||
        (v.minimal != NULL && files_are_one(v.minimal, files.items[0]))) {
        err_set(&e, -E_INVAL, "%s is the history itself, and would be overwritten", files.items[0]);
        return args_complain(&command, &e);
    }
    memory_keep();
    list = json_array();
    for (size_t i = 0; i < files.n; i++) {
        enum exit_code one = weaker_is(v.consistency)
                                 ? weaker_check(files.items[i], &v.judge, v.json ? list : NULL)
                                 : check_one(files.items[i], &v, list);

        if (one == EXIT_USAGE) { /* the model does not have such operations */
            json_decref(list);
            return EXIT_USAGE;
        }
        worst = exit_worse(worst, one);
        fflush(stdout);
    }
    if (v.json) {
        json_t *all = json_pack("{s:O, s:i}", "files", list, "exit", (int)worst);

        json_dumpf(all, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(all);
    }
    json_decref(list);
    return worst;
}
