#include "cli/gate.h"

#include "cli/files.h"
#include "cli/signals.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Names in the folder of a case. */
#define HISTORY "history.msgpack"
#define MINIMAL "minimal.msgpack"
#define REPLAY "replay.json"
#define PLAN "plan.json"
#define STORY "story.txt"
#define CHECKED "check.txt"
#define COMMAND "command.txt"
#define AGAIN "again.txt"
#define PAGE "report.html"
#define PAGE_LOG "report.txt"

enum { TRIES = 2000, NUMBER_BYTES = 24, OUTPUT_BYTES_MAX = 64 << 20 };

/* --- command lines -------------------------------------------------------------------------- */

static void add(struct gate_argv *a, const char *word)
{
    if (a->n + 1 < GATE_ARGV_MAX) {
        a->items[a->n++] = word;
        a->items[a->n] = NULL;
    }
}

static void add_option(struct gate_argv *a, const char *name, const char *value)
{
    add(a, name);
    add(a, value);
}

/* An option as the case has it: the word and its value. */
static void add_given(struct gate_argv *a, const struct gate_case *c, const char *option)
{
    for (size_t i = 0; i + 1 < c->n_words; i++) {
        if (c->words[i + 1] == gate_case_option(c, option))
            add_option(a, c->words[i], c->words[i + 1]);
    }
}

/* The options but for those of one seed instead of many. */
static void add_words(struct gate_argv *a, const struct gate_case *c, bool one_seed)
{
    for (size_t i = 0; i < c->n_words; i++) {
        if (one_seed && (strcmp(c->words[i], "--seeds") == 0 || strcmp(c->words[i], "--jobs") == 0))
            i++;
        else
            add(a, c->words[i]);
    }
}

void gate_case_argv(const struct gate_case *c, const char *folder, struct gate_argv *ret)
{
    *ret = (struct gate_argv){0};
    add(ret, "rift");
    add(ret, c->kind == GATE_REPLAY ? "sim" : gate_kind_name(c->kind));
    if (c->kind == GATE_REPLAY)
        add_option(ret, "--replay", c->file);
    add_words(ret, c, false);
    if (c->kind == GATE_RUN)
        add_option(ret, "--out", folder);
    if (c->kind == GATE_SIM)
        add(ret, "--json");
    if (c->kind == GATE_CHECK)
        add(ret, c->file);
}

/* --- the command that shows it again -------------------------------------------------------- */

/* As a POSIX shell takes it for one word. */
static int append_quoted(struct buf *out, const char *word)
{
    int rc = 0;

    if (word[0] != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789-_./,:=+@%")] == '\0')
        return buf_append(out, word, strlen(word));
    rc = buf_append_byte(out, '\'');
    for (; rc == 0 && *word != '\0'; word++)
        rc = *word == '\'' ? buf_printf(out, "'\\''") : buf_append_byte(out, (uint8_t)*word);
    return rc == 0 ? buf_append_byte(out, '\'') : rc;
}

static int print_argv(const struct gate_argv *a, struct buf *out)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < a->n; i++) {
        if (i > 0)
            rc = buf_append_byte(out, ' ');
        if (rc == 0)
            rc = append_quoted(out, a->items[i]);
    }
    return rc;
}

/* What the gathering knows of a case. */
struct gathered {
    const struct gate_case *c;
    struct gate_result *r;
    char seed[NUMBER_BYTES]; /* SIM: the first that was not good; empty: none */
    bool has_replay;
    bool convicted;               /* the history that is there is not linearizable */
    char file_name[NAME_MAX + 1]; /* CHECK: of the copy */
};

/* The file of the evidence by a name that is good where the evidence is `from`. */
static const char *file_at(char path[PATH_MAX], const char *from, const char *name)
{
    files_join(path, from, name);
    return path;
}

/* Replaces the value of --plan by the copy, so that the folder can be taken anywhere. */
static void use_own_plan(struct gate_argv *a, char path[PATH_MAX], const char *from)
{
    for (size_t i = 0; i + 1 < a->n; i++) {
        if (strcmp(a->items[i], "--plan") == 0)
            a->items[i + 1] = file_at(path, from, PLAN);
    }
}

/* The case itself: runs; seeds of which none stands out. */
static int print_again(const struct gathered *g, const char *from, struct buf *out)
{
    struct gate_argv a = {0};
    char plan[PATH_MAX];

    add_option(&a, "rift", gate_kind_name(g->c->kind));
    add_words(&a, g->c, false);
    use_own_plan(&a, plan, from);
    return print_argv(&a, out);
}

/* What fails again for certain: the simulator and the checker are deterministic, processes are not.
 */
static int print_repeat(const struct gathered *g, const char *from, struct buf *out)
{
    struct gate_argv a = {0};
    char path[PATH_MAX];
    char plan[PATH_MAX];

    if (g->c->kind == GATE_REPLAY || g->has_replay) {
        add_option(&a, "rift", "sim");
        add_option(&a, "--replay", file_at(path, from, REPLAY));
        if (g->c->kind == GATE_REPLAY)
            add_words(&a, g->c, true);
    } else if (g->seed[0] != '\0') {
        add_option(&a, "rift", "sim");
        add_option(&a, "--seed", g->seed);
        add_words(&a, g->c, true);
    } else if (g->c->kind == GATE_CHECK) {
        add_option(&a, "rift", "check");
        add_words(&a, g->c, false);
        add(&a, file_at(path, from, g->file_name));
    } else if (g->convicted) {
        add_option(&a, "rift", "check");
        add_option(&a, "--minimize", file_at(path, from, HISTORY));
    } else {
        return print_again(g, from, out);
    }
    use_own_plan(&a, plan, from);
    return print_argv(&a, out);
}

/* --- steps ---------------------------------------------------------------------------------- */

/* Runs one of our own commands for evidence; its exit code, or -1 when it did not come to one. */
static int helper(const struct gathered *g, const struct gate_argv *a, const char *log_name)
{
    char log[PATH_MAX];
    struct gate_child_end end;

    if (signals_interrupted())
        return -1;
    files_join(log, g->r->folder, log_name);
    if (gate_child_run(a->items, log, GATE_EVIDENCE_S, &end, NULL) < 0)
        return -1;
    return WIFEXITED(end.status) && !end.overdue ? WEXITSTATUS(end.status) : -1;
}

static void keep_plan(const struct gathered *g)
{
    const char *plan = gate_case_option(g->c, "plan");
    char copy[PATH_MAX];

    files_join(copy, g->r->folder, PLAN);
    if (plan != NULL && !files_exists(copy))
        (void)files_copy(plan, copy, NULL);
}

/* The first violation that the simulator printed, else the first seed that was not good. */
static const json_t *notable(const json_t *all)
{
    const json_t *list = json_object_get(all, "notable");
    size_t i;
    json_t *entry;

    json_array_foreach(list, i, entry)
    {
        if (json_is_true(json_object_get(entry, "violation")))
            return entry;
    }
    return json_array_get(list, 0);
}

static void find_seed(struct gathered *g)
{
    char path[PATH_MAX];
    struct buf text = {0};
    json_t *all = NULL;
    const json_t *entry;

    files_join(path, g->r->folder, GATE_OUTPUT_NAME);
    if (files_read(path, OUTPUT_BYTES_MAX, &text, NULL) == 0 && text.len > 0)
        all = json_loadb((const char *)text.data, text.len, JSON_DISABLE_EOF_CHECK, NULL);
    entry = notable(all);
    if (entry != NULL) {
        snprintf(g->seed, sizeof g->seed, "%" PRIu64,
                 (uint64_t)json_integer_value(json_object_get(entry, "seed")));
        snprintf(g->r->message, sizeof g->r->message, "seed %s: %s", g->seed,
                 json_string_value(json_object_get(entry, "verdict")));
    }
    json_decref(all);
    buf_free(&text);
}

/* One seed again: its history, its story and, where the search for it ends in time, a smaller world
 * with the same violation. */
static void keep_seed(struct gathered *g)
{
    char history[PATH_MAX], replay[PATH_MAX], page[PATH_MAX], tries[NUMBER_BYTES];
    struct gate_argv a = {0};
    bool shrink = g->r->verdict == GATE_BAD;

    find_seed(g);
    if (g->seed[0] == '\0')
        return;
    snprintf(tries, sizeof tries, "%d", TRIES);
    add_option(&a, "rift", "sim");
    add_option(&a, "--seed", g->seed);
    add_words(&a, g->c, true);
    add_option(&a, "--history", file_at(history, g->r->folder, HISTORY));
    add_option(&a, "--report", file_at(page, g->r->folder, PAGE));
    if (shrink) {
        struct gate_argv smaller = a;

        add(&smaller, "--shrink");
        add_option(&smaller, "--tries", tries);
        add_option(&smaller, "--out", file_at(replay, g->r->folder, REPLAY));
        g->has_replay = helper(g, &smaller, STORY) == EXIT_VIOLATION && files_exists(replay);
    }
    if (!g->has_replay)
        (void)helper(g, &a, STORY);
}

static void keep_replay(const struct gathered *g)
{
    char history[PATH_MAX], replay[PATH_MAX], page[PATH_MAX];
    struct gate_argv a = {0};

    if (files_copy(g->c->file, file_at(replay, g->r->folder, REPLAY), NULL) < 0)
        return;
    add_option(&a, "rift", "sim");
    add_option(&a, "--replay", replay);
    add_words(&a, g->c, true);
    add_option(&a, "--history", file_at(history, g->r->folder, HISTORY));
    add_option(&a, "--report", file_at(page, g->r->folder, PAGE));
    (void)helper(g, &a, STORY);
}

static void keep_history(struct gathered *g)
{
    const char *slash = strrchr(g->c->file, '/');
    char copy[PATH_MAX];

    snprintf(g->file_name, sizeof g->file_name, "%s", slash == NULL ? g->c->file : slash + 1);
    (void)files_copy(g->c->file, file_at(copy, g->r->folder, g->file_name), NULL);
}

/* The history that is there now: explained, and brought down to what is impossible. */
static void explain(struct gathered *g)
{
    char history[PATH_MAX], minimal[PATH_MAX], seconds[NUMBER_BYTES];
    struct gate_argv a = {0};

    file_at(history, g->r->folder, g->c->kind == GATE_CHECK ? g->file_name : HISTORY);
    if (!files_exists(history))
        return;
    snprintf(seconds, sizeof seconds, "%d", GATE_EVIDENCE_S / 2);
    add_option(&a, "rift", "check");
    if (g->c->kind == GATE_CHECK)
        add_words(&a, g->c, false);
    else
        add_option(&a, "--time", seconds);
    /* Of a weaker model there is no such set of operations. */
    if (g->r->verdict != GATE_UNKNOWN && gate_case_option(g->c, "consistency") == NULL)
        add_option(&a, "--minimal", file_at(minimal, g->r->folder, MINIMAL));
    add(&a, history);
    g->convicted = helper(g, &a, CHECKED) == EXIT_VIOLATION;
    if (g->convicted && g->r->verdict == GATE_OVERDUE) {
        g->r->verdict = GATE_BAD;
        snprintf(g->r->message, sizeof g->r->message,
                 "not linearizable, and over its budget of %g s", g->c->budget_s);
    }
}

/* The page, where the case has not left one: of a history that was recorded elsewhere, and of a run
 * that was stopped. */
static void show(const struct gathered *g)
{
    /* The options of `rift check` that `rift report` takes as well. */
    static const char *const shared[] = {"model", "from", "keys", "failed-cas", "accounts"};
    char history[PATH_MAX], page[PATH_MAX], log[PATH_MAX];
    struct gate_argv a = {0};

    file_at(history, g->r->folder, g->c->kind == GATE_CHECK ? g->file_name : HISTORY);
    if (!files_exists(history) || files_exists(file_at(page, g->r->folder, PAGE)))
        return;
    add_option(&a, "rift", "report");
    for (size_t i = 0; g->c->kind == GATE_CHECK && i < sizeof shared / sizeof *shared; i++)
        add_given(&a, g->c, shared[i]);
    add_option(&a, "--out", page);
    add(&a, history);
    if (helper(g, &a, PAGE_LOG) >= 0 && files_exists(page))
        unlink(file_at(log, g->r->folder, PAGE_LOG)); /* it says where the page is */
}

/* --- what is told --------------------------------------------------------------------------- */

static void keep_command(const struct gathered *g, const char *name,
                         int (*print)(const struct gathered *g, const char *from, struct buf *out))
{
    struct buf text = {0};
    char path[PATH_MAX];

    files_join(path, g->r->folder, name);
    if (print(g, ".", &text) == 0 && buf_append_byte(&text, '\n') == 0)
        (void)files_write(path, buf_slice(&text), NULL);
    buf_free(&text);
}

static void keep_details(const struct gathered *g)
{
    char path[PATH_MAX];

    files_join(path, g->r->folder, STORY);
    if (!files_exists(path))
        files_join(path, g->r->folder, CHECKED);
    (void)files_read_end(path, GATE_DETAILS_BYTES_MAX, &g->r->details, NULL);
}

void gate_evidence_gather(const struct gate_case *c, struct gate_result *r)
{
    struct gathered g = {.c = c, .r = r};

    keep_plan(&g);
    switch (c->kind) {
    case GATE_RUN: break; /* leaves all of it itself */
    case GATE_SIM: keep_seed(&g); break;
    case GATE_REPLAY: keep_replay(&g); break;
    case GATE_CHECK: keep_history(&g); break;
    case GATE_KIND_COUNT: break;
    }
    explain(&g);
    show(&g);
    keep_command(&g, COMMAND, print_repeat);
    if (c->kind == GATE_RUN && g.convicted)
        keep_command(&g, AGAIN, print_again);
    keep_details(&g);
    if (print_repeat(&g, r->folder, &r->repeat) < 0 || buf_append_byte(&r->repeat, '\0') < 0)
        buf_free(&r->repeat);
    if (c->kind == GATE_RUN && g.convicted &&
        (print_again(&g, r->folder, &r->again) < 0 || buf_append_byte(&r->again, '\0') < 0))
        buf_free(&r->again);
}
