#include "cli/page.h"
#include "cli/sim.h"

/* The report of one world: it is run once more, for the requests that the trial's history only
 * counts. The events are the same to the byte, so the verdict is on these, too. */

static int keep_bytes(void *context, struct slice bytes)
{
    return buf_append_slice(context, bytes);
}

static int record(const struct sim_case *c, struct buf *out, struct err *e)
{
    uint64_t nodes[SIM_NODES_MAX];
    struct history_header header = sim_history_header(&c->config, nodes);
    struct history_sink sink = {keep_bytes, out};
    struct history_writer *writer = NULL;
    struct sim_result result;
    int rc = history_writer_create(&sink, &header, &writer, e);
    int closed;

    if (rc < 0)
        return rc;
    rc = sim_run(&c->config, c->plan, writer, NULL, &result, e);
    closed = history_writer_close(&writer, rc == 0 ? e : NULL);
    return rc < 0 ? rc : closed;
}

/* What was found beside the history's verdict. */
static int put_also(const struct trial_report *t, struct buf *out)
{
    int rc = 0;

    if (t->verdict != TRIAL_GOOD && t->verdict != TRIAL_HISTORY && t->verdict != TRIAL_UNKNOWN)
        rc = buf_printf(out, "%s: %s", trial_verdict_name(t->verdict), t->reason);
    return rc < 0 ? rc : buf_append_byte(out, '\0');
}

static int load(const struct sim_case *c, struct report_asks *asks, struct history **ret,
                struct err *e)
{
    struct history_visitor visitor = report_asks_visitor(asks);
    struct history_load_options o = {.visitor = &visitor};
    struct buf bytes = {0};
    int rc = record(c, &bytes, e);

    if (rc == 0)
        rc = history_load_bytes_as("simulated", buf_slice(&bytes), &o, ret, e);
    buf_free(&bytes);
    return rc;
}

int sim_page_write(const char *path, const struct sim_case *c, const struct check_result *check,
                   const struct trial_report *t, const char *command, struct err *e)
{
    struct report_asks *asks = NULL;
    struct judgement j = {.result = (struct check_result *)check};
    struct page page = {.judgement = &j, .command = command};
    struct buf also = {0};
    int rc = report_asks_create(&asks, e);

    if (rc == 0)
        rc = load(c, asks, &j.history, e);
    if (rc == 0 && put_also(t, &also) < 0)
        rc = err_set(e, -E_NOMEM, "%s: %s", path, err_text(-E_NOMEM));
    if (rc == 0) {
        page.asks = asks;
        page.also = (const char *)also.data;
        rc = page_write(path, &page, e);
    }
    history_free(&j.history);
    report_asks_destroy(asks);
    buf_free(&also);
    return rc;
}
