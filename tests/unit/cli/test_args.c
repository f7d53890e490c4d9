#include "cli/args.h"
#include "cli/exit_code.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stddef.h>
#include <string.h>

/* One option of each kind. */
struct values {
    bool flag;
    bool enabled;
    uint64_t count;
    double ratio;
    const char *name;
    const char *color;
};

static const char *const *colors(void)
{
    static const char *const names[] = {"red", "green", NULL};

    return names;
}

static const struct arg_option options[] = {
    {"flag", ARG_FLAG, offsetof(struct values, flag), NULL, "", 0, 0, NULL, NULL},
    {"switch", ARG_SWITCH, offsetof(struct values, enabled), NULL, "", 0, 0, NULL, NULL},
    {"count", ARG_UINT, offsetof(struct values, count), "N", "", 2, 20, NULL, NULL},
    {"ratio", ARG_REAL, offsetof(struct values, ratio), "X", "", 0, 10, NULL, NULL},
    {"name", ARG_TEXT, offsetof(struct values, name), "NAME", "", 0, 0, NULL, NULL},
    {"color", ARG_CHOICE, offsetof(struct values, color), "NAME", "", 0, 0, colors, NULL},
};

static const struct arg_command command = {
    .name = "test",
    .usage = "[options] WORD [WORD]",
    .purpose = "",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "",
    .operands_min = 1,
    .operands_max = 2,
};

/* Splits a line at its spaces and parses it. */
static int parse(const char *line, struct values *v, struct arg_operands *rest, struct err *e)
{
    static char words[256];
    static char *argv[32];
    int argc = 0;

    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    return args_parse(&command, argc, argv, v, rest, e);
}

Test(args, every_kind_of_value_is_read)
{
    struct values v = {.enabled = true};
    struct arg_operands rest;
    struct err e = {0};
    int rc = parse("test --flag --switch off --count=20 one --ratio 0.5 --name x --color green two",
                   &v, &rest, &e);

    cr_assert_eq(rc, 0, "%s", e.text);
    cr_assert(v.flag && !v.enabled);
    cr_assert_eq(v.count, 20);
    cr_assert_float_eq(v.ratio, 0.5, 1e-9);
    cr_assert_str_eq(v.name, "x");
    cr_assert_str_eq(v.color, "green");
    cr_assert_eq(rest.n, 2);
    cr_assert_str_eq(rest.items[0], "one");
    cr_assert_str_eq(rest.items[1], "two");
}

Test(args, what_follows_two_dashes_is_an_operand)
{
    struct values v = {0};
    struct arg_operands rest;

    cr_assert_eq(parse("test -- --flag", &v, &rest, NULL), 0);
    cr_assert_not(v.flag);
    cr_assert_str_eq(rest.items[0], "--flag");
}

struct mistake {
    const char *line;
    const char *says;
};

static const struct mistake mistakes[] = {
    {"test one --cuont 3", "did you mean --count?"},
    {"test one --entirely-else", "there is no option --entirely-else"},
    {"test one --count", "--count needs a value (N)"},
    {"test one --count 1", "from 2 to 20, not '1'"},
    {"test one --count 21", "from 2 to 20, not '21'"},
    {"test one --count -3", "not '-3'"},
    {"test one --count 3x", "not '3x'"},
    {"test one --count 99999999999999999999999", "from 2 to 20"},
    {"test one --ratio nan", "expected a number from 0 to 10"},
    {"test one --ratio 11", "expected a number from 0 to 10"},
    {"test one --switch yes", "expected on or off, not 'yes'"},
    {"test one --color blue", "expected one of red, green, not 'blue'"},
    {"test one --color rad", "there is no 'rad'; did you mean 'red'?"},
    {"test one --flag=on", "--flag takes no value"},
    {"test one -x", "there is no option -x"},
    {"test", "something is missing"},
    {"test one two three", "'three' is too much"},
};

ParameterizedTestParameters(args, mistakes_are_named)
{
    static size_t rows[ARGS_COUNT(mistakes)];

    for (size_t i = 0; i < ARGS_COUNT(mistakes); i++)
        rows[i] = i;
    return cr_make_param_array(size_t, rows, ARGS_COUNT(mistakes));
}

ParameterizedTest(size_t *row, args, mistakes_are_named)
{
    const struct mistake *m = &mistakes[*row];
    struct values v = {0};
    struct arg_operands rest;
    struct err e = {0};

    cr_assert_eq(parse(m->line, &v, &rest, &e), -E_INVAL, "%s", m->line);
    cr_assert_not_null(strstr(e.text, m->says), "'%s' says '%s'", m->line, e.text);
}

Test(args, help_shows_ranges_choices_and_defaults)
{
    struct values defaults = {.count = 7, .enabled = true, .color = "red"};
    char text[4096] = {0};
    FILE *out = fmemopen(text, sizeof text - 1, "w");

    cr_assert(args_print_help(&command, &defaults, "--help", out));
    fclose(out);
    cr_assert_not_null(strstr(text, "[7]"));
    cr_assert_not_null(strstr(text, "--switch on|off"));
    cr_assert_not_null(strstr(text, ": red, green [red]"));
}

Test(args, the_manual_has_every_option_and_no_markup_of_its_own)
{
    struct values defaults = {.count = 7, .color = "red"};
    char text[4096] = {0};
    FILE *out = fmemopen(text, sizeof text - 1, "w");

    cr_assert(args_print_help(&command, &defaults, "--help=man", out));
    fclose(out);
    cr_assert_eq(strncmp(text, ".TH TEST 1 ", 11), 0, "%s", text);
    for (size_t i = 0; i < command.n_options; i++) {
        char line[64];

        snprintf(line, sizeof line, ".B \\-\\-%s", command.options[i].name);
        cr_assert_not_null(strstr(text, line), "%s", line);
    }
    memset(text, 0, sizeof text);
    out = fmemopen(text, sizeof text - 1, "w");
    args_man_text(".TH\n'x \\ a-b", out);
    fclose(out);
    cr_assert_str_eq(text, "\\&.TH\n\\&'x \\e a\\-b");
}

Test(args, the_shells_learn_what_each_value_can_be)
{
    struct values defaults = {.count = 7, .color = "red"};
    char text[4096] = {0};
    FILE *out = fmemopen(text, sizeof text - 1, "w");

    cr_assert(args_print_help(&command, &defaults, "--help=words", out));
    cr_assert_not(args_print_help(&command, &defaults, "--help=nonsense", out));
    fclose(out);
    cr_assert_not_null(strstr(text, "\tred green\n"));
    cr_assert_not_null(strstr(text, "--switch\ton off\n"));
    cr_assert_not_null(strstr(text, "\n-\t"));
}

Test(exit_code, a_violation_is_never_masked)
{
    static const enum exit_code order[] = {EXIT_VIOLATION, EXIT_HARNESS, EXIT_DATA, EXIT_UNKNOWN,
                                           EXIT_GOOD};

    for (size_t i = 0; i < ARGS_COUNT(order); i++) {
        for (size_t j = i; j < ARGS_COUNT(order); j++) {
            cr_assert_eq(exit_worse(order[i], order[j]), order[i]);
            cr_assert_eq(exit_worse(order[j], order[i]), order[i]);
        }
    }
}
