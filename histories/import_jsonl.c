#include "histories/accounts.h"
#include "histories/build.h"
#include "histories/edn_models.h"
#include "histories/import.h"
#include "histories/jsonl.h"

#include <stdlib.h>

/* JSON lines (docs/convert.md): a header perhaps, then one object an event, or one an operation. */

static const enum history_event_kind kinds[JSONL_TYPE_COUNT] = {
    [JSONL_INVOKE] = HISTORY_INVOKE, [JSONL_OK] = HISTORY_COMPLETE, [JSONL_FAIL] = HISTORY_COMPLETE,
    [JSONL_INFO] = HISTORY_COMPLETE, [JSONL_ASK] = HISTORY_ASK,     [JSONL_FAULT] = HISTORY_FAULT,
    [JSONL_NODE] = HISTORY_NODE,     [JSONL_NOTE] = HISTORY_NOTE,
};

/* --- events --------------------------------------------------------------------------------- */

static int read_complete(struct jsonl *j, const struct history *h, enum jsonl_type type,
                         struct history_event *event, struct err *e)
{
    const struct history_op *asked;
    int rc = jsonl_process(j, &event->process, e);

    if (rc == 0)
        rc = jsonl_uint(j, "node", UINT64_MAX, &event->node, e);
    if (rc == 0)
        rc = jsonl_uint(j, "term", UINT64_MAX, &event->term, e);
    if (rc < 0)
        return rc;
    asked = build_open_op(h, event->process);
    event->outcome = type == JSONL_OK     ? OUTCOME_OK
                     : type == JSONL_FAIL ? OUTCOME_FAIL
                                          : OUTCOME_INFO;
    /* Without a question there is nothing to read the answer by: history_add_event says so. */
    return asked == NULL ? 0 : jsonl_answer(j, asked->kind, "value", event, e);
}

static int read_fault(struct jsonl *j, struct history_event *event, struct err *e)
{
    struct json_value begins = json_field(&j->object, "begins");
    uint64_t step;
    uint64_t *counts[] = {&event->dropped,   &event->delayed, &event->duplicated,
                          &event->reordered, &event->killed,  &event->paused};
    static const char *const names[] = {"dropped",   "delayed", "duplicated",
                                        "reordered", "killed",  "paused"};
    int rc = jsonl_uint(j, "step", UINT32_MAX, &step, e);

    for (size_t i = 0; rc == 0 && i < sizeof names / sizeof names[0]; i++)
        rc = jsonl_uint(j, names[i], UINT64_MAX, counts[i], e);
    if (rc == 0 && begins.kind != JSON_BOOL)
        rc = json_expected(&j->line, begins.at, "whether it \"begins\": true or false", e);
    if (rc < 0)
        return rc;
    event->fault = (uint32_t)step;
    event->begins = begins.text.data[0] == 't';
    rc = jsonl_cuts(j, event, e);
    return rc < 0 ? rc : jsonl_text(j, "text", &event->text, e);
}

static int read_node(struct jsonl *j, struct history_event *event, struct err *e)
{
    int rc = jsonl_uint(j, "node", UINT64_MAX, &event->node, e);

    if (rc == 0)
        rc = jsonl_uint(j, "term", UINT64_MAX, &event->term, e);
    return rc < 0 ? rc : jsonl_node_what(j, &event->what, e);
}

static int read_ask(struct jsonl *j, struct history_event *event, struct err *e)
{
    int rc = jsonl_process(j, &event->process, e);

    return rc < 0 ? rc : jsonl_uint(j, "node", UINT64_MAX, &event->node, e);
}

static int read_fields(struct jsonl *j, const struct history *h, enum jsonl_type type,
                       struct history_event *event, struct err *e)
{
    int rc;

    switch (type) {
    case JSONL_INVOKE:
        rc = jsonl_process(j, &event->process, e);
        return rc < 0 ? rc : jsonl_question(j, &event->op, e);
    case JSONL_ASK: return read_ask(j, event, e);
    case JSONL_FAULT: return read_fault(j, event, e);
    case JSONL_NODE: return read_node(j, event, e);
    case JSONL_NOTE: return jsonl_text(j, "text", &event->text, e);
    default: return read_complete(j, h, type, event, e);
    }
}

static int add_event(struct jsonl *j, struct history *h, struct err *e)
{
    struct history_event event = {.time_ns = 0};
    enum jsonl_type type;
    uint64_t time;
    int rc = jsonl_type(j, &type, e);

    if (rc == 0)
        rc = jsonl_uint(j, "time", INT64_MAX, &time, e);
    if (rc < 0)
        return rc;
    event.kind = kinds[type];
    event.time_ns = (int64_t)time;
    rc = read_fields(j, h, type, &event, e);
    if (rc == 0 && (event.kind == HISTORY_FAULT || event.kind == HISTORY_NOTE) &&
        event.text == NULL)
        event.text = "";
    return rc < 0 ? rc : import_event(h, &event, &j->line, e);
}

/* --- lines ---------------------------------------------------------------------------------- */

/* The next line that is not empty: 1, or 0 at the end. */
static int next_line(struct jsonl *j, struct err *e)
{
    int rc;

    do {
        if (!line_next(&j->line))
            return 0;
    } while (line_end(&j->line));
    rc = json_read_line(&j->line, &j->object, e);
    return rc < 0 ? rc : 1;
}

static bool has(const struct jsonl *j, const char *field)
{
    return json_field(&j->object, field).kind != JSON_NONE;
}

/* From the line that was read last. */
static int add_lines(struct jsonl *j, struct history *h, struct err *e)
{
    int rc;

    if (has(j, "call"))
        return jsonl_operations(j, h, e);
    do {
        rc = add_event(j, h, e);
        if (rc == 0)
            rc = next_line(j, e);
    } while (rc == 1);
    return rc;
}

/* A file without a header is judged by what its operations can be of. */
static int infer_model(const struct jsonl *j, struct history *h, struct err *e)
{
    char names[EDN_MODEL_NAMES_MAX];
    const struct edn_model *m;
    uint32_t seen = 0;

    for (size_t i = 0; i < h->n_ops; i++)
        seen |= 1u << h->ops[i].kind;
    m = edn_model_of_kinds(seen, names);
    if (m != NULL)
        return build_set_model(h, m->name);
    if (names[0] == '\0')
        return err_set(e, -E_PARSE, "%s: no model has all of these operations", j->line.name);
    return err_set(e, -E_PARSE, "%s: the operations fit several models (%s): --model says which",
                   j->line.name, names);
}

/* Of a model that is known only now, and of one whose header was to say it. */
static int settle_accounts(const struct jsonl *j, const struct history_load_options *o,
                           struct arena *arena, struct history *h, struct err *e)
{
    struct history_header header = h->header;
    int rc;

    if (!accounts_matter(&header) || accounts_known(&header))
        return 0;
    if (o->accounts == NULL)
        return accounts_missing(j->line.name, e);
    rc = accounts_set(&header, o->accounts, arena, e);
    if (rc < 0)
        return err_prefix(e, rc, "%s", j->line.name);
    rc = build_set_options(h, &header);
    return rc < 0 ? err_set(e, rc, "%s: %s", j->line.name, err_text(rc)) : 0;
}

static int import_all(struct jsonl *j, struct arena *arena, const struct history_load_options *o,
                      struct history **ret, struct err *e)
{
    struct history_header header = {.version = HISTORY_FORMAT_VERSION};
    bool headed = false;
    int more = next_line(j, e);
    int rc = more < 0 ? more : 0;

    if (more == 1 && has(j, "rift")) {
        rc = jsonl_header(j, arena, &header, e);
        headed = rc == 0 && header.model != NULL;
        more = rc < 0 ? rc : next_line(j, e);
        rc = more < 0 ? more : 0;
    }
    if (rc == 0)
        rc = import_new(j->line.name, &header, o, ret, e);
    if (rc == 0 && more == 1)
        rc = add_lines(j, *ret, e);
    if (rc == 0 && !headed && o->model == NULL)
        rc = infer_model(j, *ret, e);
    return rc < 0 ? rc : settle_accounts(j, o, arena, *ret, e);
}

int import_jsonl(const char *name, struct slice text, const struct history_load_options *o,
                 struct history **ret, struct err *e)
{
    struct jsonl j = {.line = lines_of(name, text)};
    struct arena arena = {.blocks = NULL};
    struct history *h = NULL;
    int rc = import_all(&j, &arena, o, &h, e);

    jsonl_free(&j);
    arena_free(&arena);
    if (rc < 0) {
        history_free(&h);
        return rc;
    }
    *ret = h;
    return 0;
}
