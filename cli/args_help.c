#include "cli/args.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* --- on the terminal ------------------------------------------------------------------------ */

static void print_default(const struct arg_option *o, const void *defaults, FILE *out)
{
    const void *at = (const char *)defaults + o->offset;

    if (o->when_absent != NULL) {
        fprintf(out, " [%s]", o->when_absent);
        return;
    }
    switch (o->kind) {
    case ARG_FLAG: break;
    case ARG_SWITCH: fprintf(out, " [%s]", *(const bool *)at ? "on" : "off"); break;
    case ARG_UINT: fprintf(out, " [%" PRIu64 "]", *(const uint64_t *)at); break;
    case ARG_REAL: fprintf(out, " [%g]", *(const double *)at); break;
    case ARG_TEXT:
    case ARG_CHOICE:
        if (*(const char *const *)at != NULL)
            fprintf(out, " [%s]", *(const char *const *)at);
        break;
    }
}

static void print_choices(const struct arg_option *o, FILE *out)
{
    const char *const *names = o->choices();
    size_t n = 0;

    while (names[n] != NULL)
        n++;
    for (size_t i = 0; i < n && n <= ARGS_CHOICES_SHOWN_MAX; i++)
        fprintf(out, "%s%s", i == 0 ? ": " : ", ", names[i]);
}

static void print_option(const struct arg_option *o, const void *defaults, FILE *out)
{
    char left[2 * ARGS_NAME_BYTES_MAX];
    const char *value = o->kind == ARG_SWITCH ? "on|off" : o->value;

    snprintf(left, sizeof left, "--%s%s%s", o->name, o->kind == ARG_FLAG ? "" : " ",
             o->kind == ARG_FLAG ? "" : value);
    fprintf(out, "  %-26s %s", left, o->help);
    if (o->choices != NULL)
        print_choices(o, out);
    print_default(o, defaults, out);
    fputc('\n', out);
}

static void print_text(const struct arg_command *c, const void *defaults, FILE *out)
{
    fprintf(out, "usage: %s %s\n\n%s\n\noptions:\n", c->name, c->usage, c->purpose);
    for (size_t i = 0; i < c->n_options; i++)
        print_option(&c->options[i], defaults, out);
    fprintf(out, "  %-26s %s\n\nexit codes:\n%s", "--help", "this text", c->exits);
}

/* --- in the manual -------------------------------------------------------------------------- */

void args_man_text(const char *text, FILE *out)
{
    bool line_begins = true;

    for (; *text != '\0'; text++) {
        if (line_begins && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        line_begins = *text == '\n';
    }
}

void args_man_head(const char *name, const char *summary, FILE *out)
{
    char title[ARGS_NAME_BYTES_MAX];
    size_t n = 0;

    for (; name[n] != '\0' && n + 1 < sizeof title; n++)
        title[n] = name[n] == ' ' ? '-' : name[n];
    title[n] = '\0';
    fputs(".TH ", out);
    for (const char *c = title; *c != '\0'; c++)
        fputc(toupper((unsigned char)*c), out);
    fputs(" 1 \"\" rift \"User Commands\"\n.SH NAME\n", out);
    args_man_text(title, out);
    fputs(" \\- ", out);
    args_man_text(summary, out);
    fputc('\n', out);
}

/* The first sentence of the purpose, on one line and without its full stop. */
static void summarize(const char *purpose, char *ret, size_t size)
{
    size_t n = 0;

    for (; purpose[n] != '\0' && n + 1 < size; n++) {
        if (purpose[n] == '.' && (purpose[n + 1] == '\0' || isspace((unsigned char)purpose[n + 1])))
            break;
        ret[n] = purpose[n] == '\n' ? ' ' : purpose[n];
    }
    ret[n] = '\0';
}

static void print_man_option(const struct arg_option *o, const void *defaults, FILE *out)
{
    fputs(".TP\n.B ", out);
    args_man_text("--", out);
    args_man_text(o->name, out);
    if (o->kind != ARG_FLAG)
        fprintf(out, " \\fI%s\\fR", o->kind == ARG_SWITCH ? "on|off" : o->value);
    fputc('\n', out);
    args_man_text(o->help, out);
    if (o->choices != NULL)
        print_choices(o, out);
    print_default(o, defaults, out);
    fputc('\n', out);
}

static void print_man(const struct arg_command *c, const void *defaults, FILE *out)
{
    char summary[256];

    summarize(c->purpose, summary, sizeof summary);
    args_man_head(c->name, summary, out);
    fprintf(out, ".SH SYNOPSIS\n.B %s\n", c->name);
    args_man_text(c->usage, out);
    fputs("\n.SH DESCRIPTION\n", out);
    args_man_text(c->purpose, out);
    fputs("\n.SH OPTIONS\n", out);
    for (size_t i = 0; i < c->n_options; i++)
        print_man_option(&c->options[i], defaults, out);
    fputs(".SH EXIT STATUS\n.nf\n", out);
    args_man_text(c->exits, out);
    fputs(".fi\n.SH SEE ALSO\n.BR rift (1)\n", out);
}

/* --- for the shells ------------------------------------------------------------------------- */

/* One line for each option, and one for what stands without one: the name with its dashes or "-",
 * then what its value can be: "none", "any", or the words. */
static void print_words(const struct arg_command *c, FILE *out)
{
    fputs("--help\tnone\n", out);
    for (size_t i = 0; i < c->n_options; i++) {
        const struct arg_option *o = &c->options[i];

        fprintf(out, "--%s\t", o->name);
        if (o->kind == ARG_FLAG)
            fputs("none", out);
        else if (o->kind == ARG_SWITCH)
            fputs("on off", out);
        else if (o->kind != ARG_CHOICE)
            fputs("any", out);
        for (size_t j = 0; o->kind == ARG_CHOICE && o->choices()[j] != NULL; j++)
            fprintf(out, "%s%s", j == 0 ? "" : " ", o->choices()[j]);
        fputc('\n', out);
    }
    fputs("-\t", out);
    for (size_t i = 0; c->words != NULL && c->words[i] != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? "" : " ", c->words[i]);
    fputs(c->words != NULL ? "\n" : c->operands_max > 0 ? "any\n" : "none\n", out);
}

/* --- which ---------------------------------------------------------------------------------- */

bool args_asks_for_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0 ||
           strncmp(word, "--help=", strlen("--help=")) == 0;
}

bool args_print_help(const struct arg_command *c, const void *defaults, const char *word, FILE *out)
{
    const char *form = strchr(word, '=');

    if (form == NULL)
        print_text(c, defaults, out);
    else if (strcmp(form, "=man") == 0)
        print_man(c, defaults, out);
    else if (strcmp(form, "=words") == 0)
        print_words(c, out);
    else
        fprintf(stderr, "%s: --help%s: expected man or words\n", c->name, form);
    return form == NULL || strcmp(form, "=man") == 0 || strcmp(form, "=words") == 0;
}
