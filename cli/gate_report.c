#include "cli/gate.h"

#include "cli/files.h"
#include "report/suite.h"

#include <stdlib.h>

/* What a gate came to, in all the ways in which it is told. */

static enum suite_result result_of(const struct gate_result *r)
{
    if (r->skipped)
        return SUITE_SKIPPED;
    if (r->passed)
        return SUITE_PASSED;
    return r->verdict <= GATE_UNKNOWN ? SUITE_FAILURE : SUITE_ERROR;
}

static const char *text_or_null(const struct buf *b)
{
    return b->len == 0 ? NULL : (const char *)b->data;
}

static void fill(const struct gate *g, struct suite_case *cases)
{
    for (size_t i = 0; i < g->suite.n_cases; i++) {
        const struct gate_case *c = &g->suite.cases[i];
        const struct gate_result *r = &g->results[i];

        cases[i] = (struct suite_case){
            .name = c->name,
            .kind = gate_kind_name(c->kind),
            .seconds = r->seconds,
            .result = result_of(r),
            .verdict = gate_verdict_name(r->verdict),
            .message = r->message,
            .evidence = text_or_null(&r->repeat) != NULL ? r->folder : NULL,
            .repeat = text_or_null(&r->repeat),
            .again = text_or_null(&r->again),
            .details = buf_slice(&r->details),
            .output = buf_slice(&r->output),
        };
    }
}

/* --- files ---------------------------------------------------------------------------------- */

static int write_printed(const struct gate *g, const struct suite_results *s, const char *name,
                         int (*print)(const struct suite_results *s, struct buf *out),
                         struct err *e)
{
    char path[PATH_MAX];
    struct buf text = {0};
    int rc = print(s, &text);

    files_join(path, g->folder, name);
    rc = rc < 0 ? err_set(e, rc, "%s: %s", path, err_text(rc))
                : files_write(path, buf_slice(&text), e);
    buf_free(&text);
    return rc;
}

static json_t *case_json(const struct suite_case *c)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:s?, s:s?, s:s?}", "name", c->name, "kind",
                     c->kind, "result", suite_result_name(c->result), "verdict", c->verdict,
                     "message", c->message, "seconds", c->seconds, "evidence", c->evidence,
                     "repeat", c->repeat, "again", c->again);
}

static json_t *results_json(const struct suite_results *s)
{
    json_t *cases = json_array();

    for (size_t i = 0; i < s->n_cases; i++)
        json_array_append_new(cases, case_json(&s->cases[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:o}", "name", s->name, "started",
                     s->timestamp, "passed", (json_int_t)suite_count(s, SUITE_PASSED), "failed",
                     (json_int_t)suite_count(s, SUITE_FAILURE), "errors",
                     (json_int_t)suite_count(s, SUITE_ERROR), "skipped",
                     (json_int_t)suite_count(s, SUITE_SKIPPED), "cases", cases);
}

static int write_json(const struct gate *g, const struct suite_results *s, struct err *e)
{
    json_t *all = results_json(s);
    char *text = all == NULL ? NULL : json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    char path[PATH_MAX];
    int rc;

    files_join(path, g->folder, "result.json");
    rc = text == NULL ? err_set(e, -E_NOMEM, "%s", path) : files_write(path, slice_str(text), e);
    if (rc == 0 && g->json)
        puts(text);
    free(text);
    json_decref(all);
    return rc;
}

int gate_report_write(const struct gate *g, struct err *e)
{
    struct suite_case *cases = calloc(g->suite.n_cases, sizeof *cases);
    struct suite_results s = {.name = g->suite.name,
                              .timestamp = g->timestamp,
                              .cases = cases,
                              .n_cases = g->suite.n_cases};
    int rc;

    if (cases == NULL)
        return err_set(e, -E_NOMEM, "report");
    fill(g, cases);
    rc = write_printed(g, &s, "junit.xml", junit_print, e);
    if (rc == 0)
        rc = write_printed(g, &s, "summary.md", markdown_print, e);
    if (rc == 0)
        rc = write_json(g, &s, e);
    free(cases);
    return rc;
}

/* --- the terminal --------------------------------------------------------------------------- */

void gate_report_begin(const struct gate *g, size_t i)
{
    if (!g->terminal.live || g->json)
        return;
    printf("%zu/%zu  %s ...", i + 1, g->suite.n_cases, g->suite.cases[i].name);
    fflush(stdout);
}

void gate_report_end(const struct gate *g, size_t i)
{
    static const enum terminal_color colors[] = {[SUITE_PASSED] = COLOR_GREEN,
                                                 [SUITE_FAILURE] = COLOR_RED,
                                                 [SUITE_ERROR] = COLOR_RED,
                                                 [SUITE_SKIPPED] = COLOR_YELLOW};
    const struct gate_result *r = &g->results[i];
    enum suite_result result = result_of(r);

    if (g->json)
        return;
    printf("%s%s%-7s%s  %-6s  %-44s  %6.1f s  %s\n", g->terminal.live ? "\r\033[K" : "",
           terminal_color(&g->terminal, colors[result]), suite_result_name(result),
           terminal_color(&g->terminal, COLOR_NONE), gate_kind_name(g->suite.cases[i].kind),
           g->suite.cases[i].name, r->seconds, gate_verdict_name(r->verdict));
    if (!r->passed)
        printf("    %s\n", r->message);
    if (r->repeat.len > 0)
        printf("    evidence: %s\n    repeat: %s\n", r->folder, (const char *)r->repeat.data);
    if (r->again.len > 0)
        printf("    again: %s\n", (const char *)r->again.data);
    fflush(stdout);
}

void gate_report_total(const struct gate *g)
{
    size_t counts[SUITE_SKIPPED + 1] = {0};

    if (g->json)
        return;
    for (size_t i = 0; i < g->suite.n_cases; i++)
        counts[result_of(&g->results[i])]++;
    printf("\n%zu passed, %zu failed, %zu could not be tested, %zu skipped\n", counts[SUITE_PASSED],
           counts[SUITE_FAILURE], counts[SUITE_ERROR], counts[SUITE_SKIPPED]);
    printf("%s/junit.xml  %s/summary.md\n", g->folder, g->folder);
}
