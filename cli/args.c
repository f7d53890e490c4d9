#include "cli/args.h"

#include "base/buf.h"
#include "cli/exit_code.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES_MAX = ARGS_NAME_BYTES_MAX,
    EDITS_MAX = 2,
    OPTIONS_MAX = 64,
};

/* --- suggestions ---------------------------------------------------------------------------- */

/* Levenshtein's distance, one row of the table at a time; too long a word is far from anything. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_BYTES_MAX + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > NAME_BYTES_MAX || b_len > NAME_BYTES_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];

            diagonal = row[j];
            row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[b_len];
}

const char *args_nearest(const char *word, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t least = EDITS_MAX + 1;

    for (size_t i = 0; i < n; i++) {
        size_t distance = edit_distance(word, names[i]);

        if (distance < least && distance < strlen(names[i])) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

static int unknown_option(const struct arg_command *c, const char *name, struct err *e)
{
    const char *names[OPTIONS_MAX + 1] = {"help"};
    const char *nearest;
    size_t n = 1;

    for (size_t i = 0; i < c->n_options && n <= OPTIONS_MAX; i++)
        names[n++] = c->options[i].name;
    nearest = args_nearest(name, names, n);
    if (nearest != NULL)
        return err_set(e, -E_INVAL, "there is no option --%s; did you mean --%s?", name, nearest);
    return err_set(e, -E_INVAL, "there is no option --%s", name);
}

/* --- values --------------------------------------------------------------------------------- */

static int parse_switch(const struct arg_option *o, const char *text, bool *ret, struct err *e)
{
    if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
        return err_set(e, -E_INVAL, "--%s: expected on or off, not '%s'", o->name, text);
    *ret = strcmp(text, "on") == 0;
    return 0;
}

static int parse_uint(const struct arg_option *o, const char *text, uint64_t *ret, struct err *e)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    /* strtoull takes "-1" for a large number; a digit has to come first. */
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < o->min ||
        number > o->max)
        return err_set(e, -E_INVAL,
                       "--%s: expected a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                       o->name, o->min, o->max, text);
    *ret = number;
    return 0;
}

static int parse_real(const struct arg_option *o, const char *text, double *ret, struct err *e)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(number) || number < (double)o->min ||
        number > (double)o->max)
        return err_set(e, -E_INVAL,
                       "--%s: expected a number from %" PRIu64 " to %" PRIu64 ", not '%s'", o->name,
                       o->min, o->max, text);
    *ret = number;
    return 0;
}

static int parse_choice(const struct arg_option *o, const char *text, const char **ret,
                        struct err *e)
{
    const char *const *names = o->choices();
    const char *nearest;
    struct buf all = {0};
    size_t n = 0;
    int rc;

    for (; names[n] != NULL; n++) {
        if (strcmp(names[n], text) == 0) {
            *ret = names[n];
            buf_free(&all);
            return 0;
        }
        (void)buf_printf(&all, "%s%s", n == 0 ? "" : ", ", names[n]);
    }
    nearest = args_nearest(text, names, n);
    if (nearest != NULL || n > ARGS_CHOICES_SHOWN_MAX) {
        buf_free(&all);
        return err_set(e, -E_INVAL, "--%s: there is no '%s'%s%s%s", o->name, text,
                       nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                       nearest != NULL ? "'?" : "");
    }
    rc = err_set(e, -E_INVAL, "--%s: expected one of %.*s, not '%s'", o->name, (int)all.len,
                 all.len == 0 ? "" : (const char *)all.data, text);
    buf_free(&all);
    return rc;
}

static int parse_value(const struct arg_option *o, const char *text, void *values, struct err *e)
{
    void *at = (char *)values + o->offset;

    switch (o->kind) {
    case ARG_FLAG: *(bool *)at = true; return 0;
    case ARG_SWITCH: return parse_switch(o, text, at, e);
    case ARG_UINT: return parse_uint(o, text, at, e);
    case ARG_REAL: return parse_real(o, text, at, e);
    case ARG_TEXT: *(const char **)at = text; return 0;
    case ARG_CHOICE: return parse_choice(o, text, at, e);
    }
    return err_set(e, -E_INVAL, "--%s has no such kind", o->name);
}

/* --- the line ------------------------------------------------------------------------------- */

const struct arg_option *args_find(const struct arg_command *c, const char *name, struct err *e)
{
    for (size_t i = 0; i < c->n_options; i++) {
        if (strcmp(c->options[i].name, name) == 0)
            return &c->options[i];
    }
    unknown_option(c, name, e);
    return NULL;
}

/* Reads `--name`, `--name=value` or `--name value`; argv[*at] is the word. */
static int parse_option(const struct arg_command *c, int argc, char **argv, int *at, void *values,
                        struct err *e)
{
    char *name = argv[*at] + 2;
    char *value = strchr(name, '=');
    const struct arg_option *o;

    if (value != NULL)
        *value++ = '\0';
    o = args_find(c, name, e);
    if (o == NULL)
        return -E_INVAL;
    if (o->kind == ARG_FLAG && value != NULL)
        return err_set(e, -E_INVAL, "--%s takes no value", name);
    if (o->kind != ARG_FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return err_set(e, -E_INVAL, "--%s needs a value (%s)", name, o->value);
        value = argv[++*at];
    }
    return parse_value(o, value, values, e);
}

static int check_operands(const struct arg_command *c, const struct arg_operands *found,
                          struct err *e)
{
    if (found->n < c->operands_min)
        return err_set(e, -E_INVAL, "something is missing; usage: %s %s", c->name, c->usage);
    if (found->n > c->operands_max)
        return err_set(e, -E_INVAL, "'%s' is too much; usage: %s %s", found->items[c->operands_max],
                       c->name, c->usage);
    return 0;
}

int args_parse(const struct arg_command *c, int argc, char **argv, void *values,
               struct arg_operands *ret, struct err *e)
{
    struct arg_operands found = {.items = argv + 1, .n = 0};
    bool only_operands = false;
    int rc;

    for (int i = 1; i < argc; i++) {
        if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
            found.items[found.n++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (argv[i][1] != '-') {
            return err_set(e, -E_INVAL, "there is no option %s; options begin with --", argv[i]);
        } else {
            rc = parse_option(c, argc, argv, &i, values, e);
            if (rc < 0)
                return rc;
        }
    }
    rc = check_operands(c, &found, e);
    if (rc == 0)
        *ret = found;
    return rc;
}

/* --- the front ------------------------------------------------------------------------------ */

int args_complain(const struct arg_command *c, const struct err *e)
{
    fprintf(stderr, "%s: %s\n(%s --help says more)\n", c->name, e->text, c->name);
    return EXIT_USAGE;
}

int args_enter(const struct arg_command *c, int argc, char **argv, void *values,
               struct arg_operands *ret)
{
    struct err e = {0};
    int rc;

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        /* Before anything is parsed, so that the help shows the defaults. */
        if (args_asks_for_help(argv[i]))
            return args_print_help(c, values, argv[i], stdout) ? EXIT_GOOD : EXIT_USAGE;
    }
    rc = args_parse(c, argc, argv, values, ret, &e);
    return rc == 0 ? -1 : args_complain(c, &e);
}
