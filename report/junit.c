#include "report/suite.h"
#include "report/xml.h"

/* Appends ` name="value"`. */
static int attribute(struct buf *out, const char *name, const char *value)
{
    int rc = buf_printf(out, " %s=\"", name);

    if (rc == 0)
        rc = xml_append_attribute(out, slice_str(value));
    return rc == 0 ? buf_append_byte(out, '"') : rc;
}

/* The attributes that testsuites and testsuite share. */
static int totals(const struct suite_results *s, struct buf *out)
{
    double seconds = 0;
    int rc = attribute(out, "name", s->name);

    for (size_t i = 0; i < s->n_cases; i++)
        seconds += s->cases[i].seconds;
    return rc < 0 ? rc
                  : buf_printf(out,
                               " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\""
                               " time=\"%.3f\"",
                               s->n_cases, suite_count(s, SUITE_FAILURE),
                               suite_count(s, SUITE_ERROR), suite_count(s, SUITE_SKIPPED), seconds);
}

/* A line "name: value" where there is one. */
static int fact(struct buf *out, const char *name, const char *value)
{
    int rc;

    if (value == NULL)
        return 0;
    rc = buf_printf(out, "%s: ", name);
    if (rc == 0)
        rc = xml_append_text(out, slice_str(value));
    return rc == 0 ? buf_append_byte(out, '\n') : rc;
}

static int print_failure(const struct suite_case *c, struct buf *out)
{
    const char *element = c->result == SUITE_FAILURE ? "failure" : "error";
    int rc = buf_printf(out, "      <%s", element);

    if (rc == 0)
        rc = attribute(out, "message", c->message);
    if (rc == 0)
        rc = attribute(out, "type", c->verdict);
    if (rc == 0)
        rc = buf_append_byte(out, '>');
    if (rc == 0)
        rc = fact(out, "evidence", c->evidence);
    if (rc == 0)
        rc = fact(out, "repeat", c->repeat);
    if (rc == 0)
        rc = fact(out, "again", c->again);
    if (rc == 0 && c->details.len > 0)
        rc = buf_append_byte(out, '\n');
    if (rc == 0)
        rc = xml_append_text(out, c->details);
    return rc == 0 ? buf_printf(out, "</%s>\n", element) : rc;
}

static int print_result(const struct suite_case *c, struct buf *out)
{
    int rc;

    if (c->result == SUITE_PASSED)
        return 0;
    if (c->result != SUITE_SKIPPED)
        return print_failure(c, out);
    rc = buf_printf(out, "      <skipped");
    if (rc == 0)
        rc = attribute(out, "message", c->message);
    return rc == 0 ? buf_printf(out, "/>\n") : rc;
}

static int print_output(const struct suite_case *c, struct buf *out)
{
    int rc;

    if (c->output.len == 0)
        return 0;
    rc = buf_printf(out, "      <system-out>");
    if (rc == 0)
        rc = xml_append_text(out, c->output);
    return rc == 0 ? buf_printf(out, "</system-out>\n") : rc;
}

static int print_case(const struct suite_results *s, const struct suite_case *c, struct buf *out)
{
    int rc = buf_printf(out, "    <testcase classname=\"");

    if (rc == 0)
        rc = xml_append_attribute(out, slice_str(s->name));
    if (rc == 0)
        rc = buf_append_byte(out, '.');
    if (rc == 0)
        rc = xml_append_attribute(out, slice_str(c->kind));
    if (rc == 0)
        rc = buf_append_byte(out, '"');
    if (rc == 0)
        rc = attribute(out, "name", c->name);
    if (rc == 0)
        rc = buf_printf(out, " time=\"%.3f\">\n", c->seconds);
    if (rc == 0)
        rc = print_result(c, out);
    if (rc == 0)
        rc = print_output(c, out);
    return rc == 0 ? buf_printf(out, "    </testcase>\n") : rc;
}

int junit_print(const struct suite_results *s, struct buf *out)
{
    int rc = buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");

    if (rc == 0)
        rc = totals(s, out);
    if (rc == 0)
        rc = buf_printf(out, ">\n  <testsuite");
    if (rc == 0)
        rc = totals(s, out);
    if (rc == 0)
        rc = attribute(out, "timestamp", s->timestamp);
    if (rc == 0)
        rc = buf_printf(out, ">\n");
    for (size_t i = 0; rc == 0 && i < s->n_cases; i++)
        rc = print_case(s, &s->cases[i], out);
    return rc == 0 ? buf_printf(out, "  </testsuite>\n</testsuites>\n") : rc;
}
