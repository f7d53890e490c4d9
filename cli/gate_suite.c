#include "cli/gate_suite.h"

#include "base/json_line.h"
#include "cli/check.h"
#include "cli/files.h"
#include "cli/run_options.h"
#include "cli/sim.h"

#include <stdarg.h>
#include <stdlib.h>

enum { SUITE_FORMAT = 1, PLACE_BYTES_MAX = 2 * GATE_NAME_BYTES_MAX };

static const char *const kind_names[GATE_KIND_COUNT] = {
#define X(name, text) [GATE_##name] = text,
    GATE_KINDS(X)
#undef X
};

static const char *const verdict_names[GATE_VERDICT_COUNT] = {
#define X(name, text) [GATE_##name] = text,
    GATE_VERDICTS(X)
#undef X
};

const char *gate_kind_name(enum gate_kind kind)
{
    return kind_names[kind];
}

const char *gate_verdict_name(enum gate_verdict v)
{
    return verdict_names[v];
}

/* --- what the kinds take -------------------------------------------------------------------- */

/* What the gate says itself, or has no use for. */
static const char *const not_for_runs[] = {"out", "json", NULL};
static const char *const not_for_seeds[] = {"seed", "replay",  "shrink", "tries", "out",
                                            "json", "history", "report", NULL};
static const char *const not_for_checks[] = {"witness", "minimal", "follow", "json", NULL};
static const char *const for_replays[] = {"bug", "check-time", NULL}; /* the rest is in the file */

struct kind {
    const char *command;        /* argv[0], for complaints */
    const char *const *refused; /* options that a suite cannot give; NULL: see `only` */
    const char *const *only;    /* those that it can */
    bool has_file;
    const struct arg_command *(*table)(void);
    int (*try)(int argc, char **argv, struct err *e);
};

static const struct kind kinds[GATE_KIND_COUNT] = {
    [GATE_RUN] = {"rift run", not_for_runs, NULL, false, run_options_command, run_options_try},
    [GATE_SIM] = {"rift sim", not_for_seeds, NULL, false, sim_options_command_table,
                  sim_options_try},
    [GATE_REPLAY] = {"rift sim", NULL, for_replays, true, sim_options_command_table,
                     sim_options_try},
    [GATE_CHECK] = {"rift check", not_for_checks, NULL, true, check_command, check_try},
};

static bool is_among(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

static bool may_have(const struct kind *k, const char *option)
{
    return k->only != NULL ? is_among(k->only, option) : !is_among(k->refused, option);
}

/* --- reading -------------------------------------------------------------------------------- */

struct reader {
    const char *path;
    char folder[PATH_MAX];
    struct slice text;
    struct err *err;
};

static int mistake(const struct reader *r, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int mistake(const struct reader *r, const char *place, const char *format, ...)
{
    char reason[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return err_set(r->err, -E_PARSE, "%s:%zu: %s%s%s", r->path, json_line_of(r->text, place), place,
                   place[0] == '\0' ? "" : ": ", reason);
}

static int no_memory(const struct reader *r)
{
    return err_set(r->err, -E_NOMEM, "%s", r->path);
}

/* Refuses members of `object` that are not in `known`: a misspelt one would quietly mean nothing.
 */
static int refuse_unknown(const struct reader *r, const char *place, json_t *object,
                          const char *const *known)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value)
    {
        char at[PLACE_BYTES_MAX];

        if (is_among(known, name))
            continue;
        snprintf(at, sizeof at, "%s%s%.100s", place, place[0] == '\0' ? "" : ".", name);
        return mistake(r, at, "there is no such field");
    }
    return 0;
}

static int read_name(const struct reader *r, const char *place, const json_t *value, char **ret)
{
    size_t len = json_string_length(value);

    if (len == 0 || len > GATE_NAME_BYTES_MAX)
        return mistake(r, place, "expected a name of 1 to %d bytes", GATE_NAME_BYTES_MAX);
    *ret = strdup(json_string_value(value));
    return *ret == NULL ? no_memory(r) : 0;
}

/* Relative to the suite, so that it means the same wherever the gate is started. */
static char *resolved(const struct reader *r, const char *path)
{
    char whole[PATH_MAX];

    if (path[0] == '/')
        return strdup(path);
    files_join(whole, r->folder, path);
    return strdup(whole);
}

static int read_file(const struct reader *r, const char *place, const json_t *value, char **ret)
{
    if (json_string_length(value) == 0 || json_string_length(value) >= PATH_MAX)
        return mistake(r, place, "expected the path of a file");
    *ret = resolved(r, json_string_value(value));
    return *ret == NULL ? no_memory(r) : 0;
}

/* --- options -------------------------------------------------------------------------------- */

static int add_word(const struct reader *r, struct gate_case *c, char *word)
{
    if (word == NULL)
        return no_memory(r);
    c->words[c->n_words++] = word;
    return 0;
}

static char *dashed(const char *option)
{
    char *word = malloc(strlen(option) + 3);

    if (word != NULL)
        sprintf(word, "--%s", option);
    return word;
}

/* The value as the command line has it, which then says whether it can be meant; NULL: never. */
static char *value_text(const json_t *value)
{
    if (json_is_boolean(value))
        return strdup(json_is_true(value) ? "on" : "off");
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return json_is_number(value) ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))
                                 : NULL;
}

static int read_option(const struct reader *r, const char *place, const struct kind *k,
                       const char *name, const json_t *value, struct gate_case *c)
{
    const struct arg_option *o = args_find(k->table(), name, r->err);
    char *text;
    int rc;

    if (o == NULL) {
        struct err why = *r->err;

        return mistake(r, place, "%s", why.text);
    }
    if (!may_have(k, name))
        return mistake(r, place, "a suite cannot give this option");
    if (c->n_words + 2 > GATE_WORDS_MAX)
        return mistake(r, place, "more than %d options", GATE_WORDS_MAX / 2);
    if (o->kind == ARG_FLAG) {
        if (!json_is_boolean(value))
            return mistake(r, place, "expected true or false");
        return json_is_true(value) ? add_word(r, c, dashed(name)) : 0;
    }
    text = strcmp(name, "plan") == 0 && json_is_string(value)
               ? resolved(r, json_string_value(value))
               : value_text(value);
    if (text == NULL)
        return mistake(r, place, "expected a number, a string, true or false");
    rc = add_word(r, c, dashed(name));
    if (rc < 0) {
        free(text);
        return rc;
    }
    return add_word(r, c, text);
}

/* Lets the command itself look at its options. */
static int try_options(const struct reader *r, const char *place, const struct kind *k,
                       const struct gate_case *c)
{
    char command[32];
    char *argv[GATE_WORDS_MAX + 3] = {command};
    struct err why = {0};
    int argc = 1;

    snprintf(command, sizeof command, "%s", k->command);
    for (size_t i = 0; i < c->n_words; i++)
        argv[argc++] = c->words[i];
    if (c->kind == GATE_CHECK)
        argv[argc++] = c->file;
    if (k->try(argc, argv, &why) < 0)
        return mistake(r, place, "%s", why.text);
    return 0;
}

static int read_options(const struct reader *r, const char *place, json_t *object,
                        struct gate_case *c)
{
    const struct kind *k = &kinds[c->kind];
    char at[PLACE_BYTES_MAX];
    const char *name;
    json_t *value;
    int rc = 0;

    if (!json_is_object(object))
        return mistake(r, place, "expected an object of options");
    snprintf(at, sizeof at, "%s.file", place);
    if (k->has_file)
        rc = read_file(r, at, json_object_get(object, "file"), &c->file);
    json_object_foreach(object, name, value)
    {
        if (rc < 0 || (k->has_file && strcmp(name, "file") == 0))
            continue;
        snprintf(at, sizeof at, "%s.%.100s", place, name);
        rc = read_option(r, at, k, name, value, c);
    }
    return rc == 0 ? try_options(r, place, k, c) : rc;
}

/* --- cases ---------------------------------------------------------------------------------- */

/* What the suite's defaults and each of its cases can say. */
static int read_terms(const struct reader *r, const char *place, json_t *object,
                      struct gate_case *c)
{
    const json_t *budget = json_object_get(object, "budget_s");
    const json_t *expect = json_object_get(object, "expect");
    const json_t *unknown = json_object_get(object, "unknown_passes");
    char at[PLACE_BYTES_MAX];

    if (budget != NULL) {
        double seconds = json_number_value(budget);

        snprintf(at, sizeof at, "%s.budget_s", place);
        if (!json_is_number(budget) || !(seconds > 0) || seconds > GATE_BUDGET_S_MAX)
            return mistake(r, at, "expected seconds, more than 0 and at most %d",
                           GATE_BUDGET_S_MAX);
        c->budget_s = seconds;
    }
    if (expect != NULL) {
        unsigned v = GATE_GOOD;

        while (v <= GATE_UNKNOWN && (!json_is_string(expect) ||
                                     strcmp(json_string_value(expect), verdict_names[v]) != 0))
            v++;
        snprintf(at, sizeof at, "%s.expect", place);
        if (v > GATE_UNKNOWN)
            return mistake(r, at, "expected \"linearizable\", \"not linearizable\" or \"unknown\"");
        c->expect = (enum gate_verdict)v;
    }
    if (unknown != NULL) {
        snprintf(at, sizeof at, "%s.unknown_passes", place);
        if (!json_is_boolean(unknown))
            return mistake(r, at, "expected true or false");
        c->unknown_passes = json_is_true(unknown);
    }
    return 0;
}

static int read_kind(const struct reader *r, const char *place, json_t *object, struct gate_case *c)
{
    char at[PLACE_BYTES_MAX];
    json_t *options = NULL;

    for (unsigned k = 0; k < GATE_KIND_COUNT; k++) {
        json_t *found = json_object_get(object, kind_names[k]);

        if (found != NULL && options != NULL)
            return mistake(r, place, "%s and %s in one case", kind_names[c->kind], kind_names[k]);
        if (found == NULL)
            continue;
        options = found;
        c->kind = (enum gate_kind)k;
    }
    if (options == NULL)
        return mistake(r, place, "expected one of run, sim, replay, check");
    snprintf(at, sizeof at, "%s.%s", place, kind_names[c->kind]);
    return read_options(r, at, options, c);
}

static int refuse_same_name(const struct reader *r, const char *place, const struct gate_suite *s,
                            size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (strcmp(s->cases[k].name, s->cases[i].name) == 0)
            return mistake(r, place, "cases[%zu] has the same name", k);
    }
    return 0;
}

static int read_case(const struct reader *r, size_t i, json_t *object, struct gate_suite *s)
{
    static const char *const known[] = {
        "name", "budget_s", "expect", "unknown_passes", "run", "sim", "replay", "check", NULL};
    struct gate_case *c = &s->cases[i];
    char place[32];
    char at[PLACE_BYTES_MAX];
    int rc;

    snprintf(place, sizeof place, "cases[%zu]", i);
    if (!json_is_object(object))
        return mistake(r, place, "expected an object");
    snprintf(at, sizeof at, "%s.name", place);
    rc = read_name(r, at, json_object_get(object, "name"), &c->name);
    if (rc == 0)
        rc = refuse_same_name(r, at, s, i);
    if (rc == 0)
        rc = refuse_unknown(r, place, object, known);
    if (rc == 0)
        rc = read_terms(r, place, object, c);
    return rc == 0 ? read_kind(r, place, object, c) : rc;
}

static int read_cases(const struct reader *r, json_t *array, const struct gate_case *terms,
                      struct gate_suite *s)
{
    size_t n = json_array_size(array);
    int rc = 0;

    if (n == 0 || n > GATE_CASES_MAX)
        return mistake(r, "cases", "expected an array of 1 to %d cases", GATE_CASES_MAX);
    s->cases = calloc(n, sizeof *s->cases);
    if (s->cases == NULL)
        return no_memory(r);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        s->cases[s->n_cases++] = *terms;
        rc = read_case(r, i, json_array_get(array, i), s);
    }
    return rc;
}

static int read_suite(const struct reader *r, json_t *root, struct gate_suite *s)
{
    static const char *const known[] = {"suite", "name", "defaults", "cases", NULL};
    static const char *const known_defaults[] = {"budget_s", "expect", "unknown_passes", NULL};
    struct gate_case terms = {.budget_s = GATE_BUDGET_S, .expect = GATE_GOOD};
    json_t *version = json_object_get(root, "suite");
    json_t *defaults = json_object_get(root, "defaults");
    int rc;

    if (!json_is_object(root))
        return mistake(r, "", "expected an object");
    if (!json_is_integer(version) || json_integer_value(version) != SUITE_FORMAT)
        return mistake(r, "suite", "expected %d, the version of this format", SUITE_FORMAT);
    rc = refuse_unknown(r, "", root, known);
    if (rc == 0)
        rc = read_name(r, "name", json_object_get(root, "name"), &s->name);
    if (rc == 0 && defaults != NULL && !json_is_object(defaults))
        rc = mistake(r, "defaults", "expected an object");
    if (rc == 0 && defaults != NULL)
        rc = refuse_unknown(r, "defaults", defaults, known_defaults);
    if (rc == 0 && defaults != NULL)
        rc = read_terms(r, "defaults", defaults, &terms);
    return rc == 0 ? read_cases(r, json_object_get(root, "cases"), &terms, s) : rc;
}

int gate_suite_load(const char *path, struct gate_suite *ret, struct err *e)
{
    struct reader r = {.path = path, .err = e};
    struct gate_suite s = {0};
    struct buf text = {0};
    json_error_t at;
    json_t *root;
    int rc = files_read(path, GATE_SUITE_BYTES_MAX, &text, e);

    if (rc < 0)
        goto done;
    files_folder_of(r.folder, path);
    r.text = buf_slice(&text);
    root = json_loadb(text.len == 0 ? "" : (const char *)text.data, text.len,
                      JSON_REJECT_DUPLICATES, &at);
    if (root == NULL)
        rc = err_set(e, -E_PARSE, "%s:%d: %s", path, at.line, at.text);
    else
        rc = read_suite(&r, root, &s);
    json_decref(root);
    if (rc < 0)
        gate_suite_free(&s);
    else
        *ret = s;
done:
    buf_free(&text);
    return rc;
}

void gate_suite_free(struct gate_suite *s)
{
    for (size_t i = 0; i < s->n_cases; i++) {
        struct gate_case *c = &s->cases[i];

        for (size_t k = 0; k < c->n_words; k++)
            free(c->words[k]);
        free(c->name);
        free(c->file);
    }
    free(s->cases);
    free(s->name);
    *s = (struct gate_suite){0};
}

/* --- afterwards ----------------------------------------------------------------------------- */

const char *gate_case_option(const struct gate_case *c, const char *option)
{
    for (size_t i = 0; i + 1 < c->n_words; i++) {
        if (strncmp(c->words[i], "--", 2) == 0 && strcmp(c->words[i] + 2, option) == 0)
            return c->words[i + 1];
    }
    return NULL;
}

int gate_suite_give(struct gate_suite *s, unsigned which, const char *option, const char *value,
                    struct err *e)
{
    for (size_t i = 0; i < s->n_cases; i++) {
        struct gate_case *c = &s->cases[i];
        char *name;
        char *text;

        if ((which & 1u << c->kind) == 0 || gate_case_option(c, option) != NULL ||
            c->n_words + 2 > GATE_WORDS_MAX)
            continue;
        name = dashed(option);
        text = strdup(value);
        if (name == NULL || text == NULL) {
            free(name);
            free(text);
            return err_set(e, -E_NOMEM, "suite");
        }
        c->words[c->n_words++] = name;
        c->words[c->n_words++] = text;
    }
    return 0;
}
