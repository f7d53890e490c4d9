#include "cli/page.h"

#include "checker/tell.h"
#include "cli/files.h"
#include "cli/proof.h"

#include <inttypes.h>

/* --- what is marked ------------------------------------------------------------------------- */

enum { LATEST_MAX = 6 }; /* of the longest order found, in front of where it is stuck */

struct marked {
    size_t ops[REPORT_VIOLATING_MAX];
    size_t n;
};

static void mark(struct marked *m, size_t op)
{
    for (size_t i = 0; i < m->n; i++) {
        if (m->ops[i] == op)
            return;
    }
    if (m->n < REPORT_VIOLATING_MAX)
        m->ops[m->n++] = op;
}

/* Where the search is stuck, when nothing smaller is known: what it could not place, and what it
 * placed last. */
static void mark_stuck(struct marked *m, const struct check_result *r)
{
    const struct check_partition *p = &r->partitions[r->worst];
    size_t first = p->n_order > LATEST_MAX ? p->n_order - LATEST_MAX : 0;

    for (size_t i = first; i < p->n_order; i++)
        mark(m, p->order[i]);
    for (size_t i = 0; i < p->n_stuck; i++)
        mark(m, p->stuck[i]);
}

/* Marks the operations of a violation, and appends in words why they are impossible. */
static int mark_violation(const struct judgement *j, struct marked *m, struct buf *words)
{
    static const struct proof_options quick = {.time_s = PROOF_QUICK_S, .memory_mb = 512};
    struct minimal *minimal = NULL;
    int rc = 0;

    if (j->result->verdict != VERDICT_NOT_LINEARIZABLE)
        return 0;
    if (proof_make(j->history, j->result, &quick, &minimal, NULL) < 0) {
        mark_stuck(m, j->result);
        return 0;
    }
    for (size_t i = 0; i < minimal->n; i++)
        mark(m, minimal->ops[i].op);
    rc = buf_append_byte(words, '\n');
    if (rc == 0)
        rc = minimal_tell(j->history, minimal, words);
    minimal_free(&minimal);
    return rc;
}

/* --- writing -------------------------------------------------------------------------------- */

/* What was lost behind a damage could change a good verdict. */
static enum verdict verdict_of(const struct judgement *j)
{
    bool doubtful = j->result->verdict == VERDICT_LINEARIZABLE && j->history->loss.damaged;

    return doubtful ? VERDICT_UNKNOWN : j->result->verdict;
}

static int put_reason(const struct judgement *j, struct marked *m, struct buf *out)
{
    int rc = judgement_explain(j, out);

    if (rc == 0)
        rc = mark_violation(j, m, out);
    return rc < 0 ? rc : buf_append_byte(out, '\0');
}

int page_judge(const char *history, struct judge_options o, struct judgement *ret,
               struct report_asks **asks, struct err *e)
{
    struct history_visitor visitor;
    int rc = report_asks_create(asks, e);

    if (rc < 0)
        return rc;
    visitor = report_asks_visitor(*asks);
    o.visitor = &visitor;
    return judge_file(history, &o, ret, e);
}

int page_write(const char *path, const struct page *p, struct err *e)
{
    struct marked marked = {.n = 0};
    struct report_verdict v = {.verdict = verdict_name(verdict_of(p->judgement)),
                               .command = p->command,
                               .also = p->also,
                               .violating = marked.ops};
    struct buf reason = {0};
    struct buf text = {0};
    int rc = put_reason(p->judgement, &marked, &reason);

    v.reason = (const char *)reason.data;
    v.n_violating = marked.n;
    if (rc < 0)
        err_set(e, rc, "%s: %s", path, err_text(rc));
    else
        rc = report_page(p->judgement->history, p->asks, &v, &text, e);
    if (rc == 0)
        rc = files_write(path, buf_slice(&text), e);
    buf_free(&reason);
    buf_free(&text);
    return rc;
}

int page_also(const char *failure, const char *faults_missing, bool not_recovered, struct buf *out)
{
    int rc = 0;

    if (not_recovered)
        rc = buf_printf(out, "Liveness: no write succeeded after the faults were healed.\n");
    if (rc == 0 && failure != NULL)
        rc = buf_printf(out, "The run ended early: %s\n", failure);
    if (rc == 0 && faults_missing != NULL)
        rc = buf_printf(out, "The run counts as unknown: %s.\n", faults_missing);
    return rc;
}

/* --- the command ---------------------------------------------------------------------------- */

/* In single quotes where the shell would see more in it than a word. */
static int put_word(const char *word, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:,@%";
    int rc;

    if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
        return buf_append_slice(out, slice_str(word));
    rc = buf_append_byte(out, '\'');
    for (; rc == 0 && *word != '\0'; word++)
        rc = *word == '\'' ? buf_append_slice(out, slice_str("'\\''"))
                           : buf_append_byte(out, (uint8_t)*word);
    return rc < 0 ? rc : buf_append_byte(out, '\'');
}

static int put_option(const char *name, const char *value, struct buf *out)
{
    int rc = buf_printf(out, " --");

    if (rc == 0)
        rc = put_word(name, out);
    if (rc == 0)
        rc = buf_append_byte(out, ' ');
    return rc < 0 ? rc : put_word(value, out);
}

/* The plan is played from its file where it stands beside the history: it may have been given. */
static int put_plan(const char *history, struct buf *out)
{
    char folder[PATH_MAX];
    char plan[PATH_MAX];

    files_folder_of(folder, history);
    files_join(plan, folder, "plan.json");
    return files_exists(plan) ? put_option("plan", plan, out) : 0;
}

static int run_command(const struct history *h, const char *path, struct buf *out)
{
    const struct history_header *header = &h->header;
    int rc =
        buf_printf(out, "rift run --seed %" PRIu64 " --nodes %zu", header->seed, header->n_nodes);

    if (rc == 0)
        rc = put_option("workload", header->workload, out);
    for (size_t i = 0; rc == 0 && i < header->n_options; i++) {
        const char *name = header->options[i].name;

        if (strcmp(name, "time-s") == 0)
            name = "time"; /* as `rift run` calls it */
        if (strcmp(name, "nemesis") != 0)
            rc = put_option(name, header->options[i].value, out);
    }
    return rc < 0 ? rc : put_plan(path, out);
}

/* A simulated story has a world of its own; how many nodes is asked of the other one only. */
static int demo_command(const struct history *h, struct buf *out)
{
    int rc = buf_printf(out, "rift demo ");

    if (rc == 0)
        rc = put_word(h->header.workload, out);
    if (rc == 0 && strcmp(h->header.workload, "stale-read") == 0)
        rc = buf_printf(out, " --nodes %zu", h->header.n_nodes);
    return rc;
}

static int page_command(const struct history *h, const char *path, struct buf *out)
{
    int rc;

    if (strcmp(h->header.cluster, "run") == 0)
        return run_command(h, path, out);
    if (strcmp(h->header.cluster, "demo") == 0)
        return demo_command(h, out);
    rc = buf_printf(out, "rift check ");
    return rc < 0 ? rc : put_word(path, out);
}

int page_write_of(const char *path, const char *history, const struct judgement *j,
                  const struct report_asks *asks, const char *also, struct err *e)
{
    struct page page = {.judgement = j, .asks = asks, .also = also};
    struct buf command = {0};
    int rc = page_command(j->history, history, &command);

    if (rc == 0)
        rc = buf_append_byte(&command, '\0');
    if (rc < 0) {
        err_set(e, rc, "%s: %s", path, err_text(rc));
    } else {
        page.command = (const char *)command.data;
        rc = page_write(path, &page, e);
    }
    buf_free(&command);
    return rc;
}
