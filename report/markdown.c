#include "report/suite.h"

/* Text of any origin inside a line: nothing in it is markup or ends the line. Markdown lets a
 * backslash stand before any ASCII punctuation (CommonMark 0.30, section 2.4). */
static int append_inline(struct buf *out, const char *text)
{
    int rc = 0;

    for (; rc == 0 && *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            rc = buf_append_byte(out, ' ');
        else if (*text == '<' || *text == '&')
            rc = buf_printf(out, "%s", *text == '<' ? "&lt;" : "&amp;");
        else if (strchr("\\`*_[]|~#", *text) != NULL)
            rc = buf_printf(out, "\\%c", *text);
        else
            rc = buf_append_byte(out, (uint8_t)*text);
    }
    return rc;
}

/* Lines as an indented code block, which nothing inside can end (section 4.4). */
static int append_block(struct buf *out, struct slice text)
{
    bool line_begins = true;
    int rc = buf_append_byte(out, '\n');

    for (size_t i = 0; rc == 0 && i < text.len; i++) {
        uint8_t c = text.data[i];

        if (line_begins)
            rc = buf_printf(out, "    ");
        line_begins = c == '\n';
        if (rc == 0)
            rc = buf_append_byte(out, c == '\n' || c == '\t' || c >= 0x20 ? c : ' ');
    }
    return rc == 0 ? buf_printf(out, line_begins ? "\n" : "\n\n") : rc;
}

static int print_row(const struct suite_case *c, struct buf *out)
{
    int rc = buf_printf(out, "| ");

    if (rc == 0)
        rc = append_inline(out, c->name);
    if (rc == 0)
        rc = buf_printf(out, " | %s | ", c->kind);
    if (rc == 0)
        rc = append_inline(out, c->verdict);
    if (rc == 0)
        rc = buf_printf(out, " | %s | %.1f |\n", suite_result_name(c->result), c->seconds);
    return rc;
}

static int print_section(const struct suite_case *c, struct buf *out)
{
    int rc;

    if (c->result == SUITE_PASSED)
        return 0;
    rc = buf_printf(out, "\n## ");
    if (rc == 0)
        rc = append_inline(out, c->name);
    if (rc == 0)
        rc = buf_printf(out, "\n\n");
    if (rc == 0)
        rc = append_inline(out, c->message);
    if (rc == 0 && c->evidence != NULL)
        rc = buf_printf(out, ".\nThe evidence is in the folder ");
    if (rc == 0 && c->evidence != NULL)
        rc = append_inline(out, c->evidence);
    if (rc == 0)
        rc = buf_printf(out, c->repeat != NULL ? ". To see it again:\n" : ".\n");
    if (rc == 0 && c->repeat != NULL)
        rc = append_block(out, slice_str(c->repeat));
    if (rc == 0 && c->again != NULL)
        rc = buf_printf(out, "\nTo try the same again, which may end otherwise:\n");
    if (rc == 0 && c->again != NULL)
        rc = append_block(out, slice_str(c->again));
    if (rc == 0 && c->details.len > 0)
        rc = append_block(out, c->details);
    return rc;
}

int markdown_print(const struct suite_results *s, struct buf *out)
{
    int rc = buf_printf(out, "# ");

    if (rc == 0)
        rc = append_inline(out, s->name);
    if (rc == 0)
        rc = buf_printf(out, "\n\n%zu passed, %zu failed, %zu could not be tested, %zu skipped.\n",
                        suite_count(s, SUITE_PASSED), suite_count(s, SUITE_FAILURE),
                        suite_count(s, SUITE_ERROR), suite_count(s, SUITE_SKIPPED));
    if (rc == 0)
        rc = buf_printf(out, "\n| case | kind | verdict | result | seconds |\n"
                             "| --- | --- | --- | --- | ---: |\n");
    for (size_t i = 0; rc == 0 && i < s->n_cases; i++)
        rc = print_row(&s->cases[i], out);
    for (size_t i = 0; rc == 0 && i < s->n_cases; i++)
        rc = print_section(&s->cases[i], out);
    return rc;
}
