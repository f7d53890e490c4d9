#include "histories/import.h"
#include "histories/jsonl.h"

#include <stdlib.h>

/* One object an operation. The order of the lines says nothing, that of the times everything: the
 * events are sorted, and at one and the same time calls come before returns, since operations that
 * touch count as concurrent. */

struct moment {
    int64_t time;
    bool returns;
    struct line line; /* whose event it is; read again when its turn has come */
};

struct moments {
    struct moment *items;
    size_t n;
    size_t cap;
};

static int add_moment(struct moments *m, int64_t time, bool returns, const struct line *line)
{
    if (m->n == m->cap) {
        size_t cap = m->cap == 0 ? 64 : m->cap * 2;
        struct moment *items = reallocarray(m->items, cap, sizeof *items);

        if (items == NULL)
            return -E_NOMEM;
        m->items = items;
        m->cap = cap;
    }
    m->items[m->n++] = (struct moment){time, returns, *line};
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct moment *x = a;
    const struct moment *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->returns != y->returns)
        return x->returns ? 1 : -1;
    return x->line.number < y->line.number ? -1 : x->line.number > y->line.number;
}

/* ok when it is not said; pending: there is no return. */
static int read_outcome(const struct jsonl *j, enum op_outcome *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, "outcome");

    *ret = json_field(&j->object, "return").kind == JSON_NONE ? OUTCOME_PENDING : OUTCOME_OK;
    if (v.kind == JSON_NONE)
        return 0;
    for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
        if (v.kind == JSON_STRING &&
            slice_equal(v.text, slice_str(op_outcome_name((enum op_outcome)i)))) {
            *ret = (enum op_outcome)i;
            return 0;
        }
    }
    return json_expected(&j->line, v.at, "an outcome: ok, fail, info or pending", e);
}

static int note_moments(struct jsonl *j, struct moments *m, struct err *e)
{
    enum op_outcome outcome;
    uint64_t called;
    uint64_t returned;
    int rc;

    if (json_field(&j->object, "call").kind == JSON_NONE)
        return json_expected(&j->line, 0, "the time of the \"call\", as in the first line", e);
    rc = jsonl_uint(j, "call", INT64_MAX, &called, e);
    if (rc == 0)
        rc = jsonl_uint(j, "return", INT64_MAX, &returned, e);
    if (rc == 0)
        rc = read_outcome(j, &outcome, e);
    if (rc == 0 && outcome != OUTCOME_PENDING && json_field(&j->object, "return").kind == JSON_NONE)
        rc = json_expected(&j->line, 0, "a \"return\" of what has an outcome", e);
    if (rc == 0 && outcome != OUTCOME_PENDING && returned < called)
        rc = json_expected(&j->line, 0, "a \"return\" that is not before the \"call\"", e);
    if (rc < 0)
        return rc;
    rc = add_moment(m, (int64_t)called, false, &j->line);
    if (rc == 0 && outcome != OUTCOME_PENDING)
        rc = add_moment(m, (int64_t)returned, true, &j->line);
    return rc < 0 ? err_set(e, rc, "%s: %s", j->line.name, err_text(rc)) : 0;
}

static int note_lines(struct jsonl *j, struct moments *m, struct err *e)
{
    int rc = note_moments(j, m, e);

    while (rc == 0 && line_next(&j->line)) {
        if (line_end(&j->line))
            continue;
        rc = json_read_line(&j->line, &j->object, e);
        if (rc == 0)
            rc = note_moments(j, m, e);
    }
    return rc;
}

static int add_event(struct jsonl *j, const struct moment *m, struct history *h, struct err *e)
{
    struct history_event event = {.kind = m->returns ? HISTORY_COMPLETE : HISTORY_INVOKE,
                                  .time_ns = m->time};
    int rc;

    j->line = m->line;
    j->line.at = 0;
    rc = json_read_line(&j->line, &j->object, e);
    if (rc == 0)
        rc = jsonl_process(j, &event.process, e);
    if (rc == 0)
        rc = jsonl_question(j, &event.op, e);
    if (rc == 0 && m->returns) {
        rc = read_outcome(j, &event.outcome, e);
        if (rc == 0)
            rc = jsonl_answer(j, event.op.kind, "result", &event, e);
        event.op = (struct op){.kind = OP_GET};
    }
    return rc < 0 ? rc : import_event(h, &event, &j->line, e);
}

int jsonl_operations(struct jsonl *j, struct history *h, struct err *e)
{
    struct moments m = {.n = 0};
    int rc = note_lines(j, &m, e);

    if (rc == 0 && m.n > 0)
        qsort(m.items, m.n, sizeof *m.items, compare);
    for (size_t i = 0; rc == 0 && i < m.n; i++)
        rc = add_event(j, &m.items[i], h, e);
    free(m.items);
    return rc;
}
