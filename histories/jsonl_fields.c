#include "base/items.h"
#include "histories/jsonl.h"

#include <stdlib.h>

static const char *const types[JSONL_TYPE_COUNT] = {
#define X(NAME, name) [JSONL_##NAME] = name,
    JSONL_TYPES(X)
#undef X
};

const char *jsonl_type_name(enum jsonl_type type)
{
    return types[type];
}

void jsonl_free(struct jsonl *j)
{
    buf_free(&j->family);
    buf_free(&j->key);
    buf_free(&j->value);
    buf_free(&j->expected);
    buf_free(&j->text);
    buf_free(&j->item);
    buf_free(&j->cuts);
    sorter_free(&j->sorter);
}

static int expected(const struct jsonl *j, struct json_value v, const char *what, struct err *e)
{
    return json_expected(&j->line, v.at, what, e);
}

static int out_of(const struct jsonl *j, int rc, struct err *e)
{
    return rc < 0 ? err_set(e, rc, "%s:%u: %s", j->line.name, j->line.number, err_text(rc)) : 0;
}

/* --- names and numbers ---------------------------------------------------------------------- */

static bool is_text(struct json_value v, const char *text)
{
    return v.kind == JSON_STRING && slice_equal(v.text, slice_str(text));
}

int jsonl_type(const struct jsonl *j, enum jsonl_type *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, "type");

    for (unsigned i = 0; i < JSONL_TYPE_COUNT; i++) {
        if (is_text(v, types[i])) {
            *ret = (enum jsonl_type)i;
            return 0;
        }
    }
    return expected(j, v, "a \"type\": invoke, ok, fail, info, ask, fault, node or note", e);
}

int jsonl_uint(const struct jsonl *j, const char *field, uint64_t max, uint64_t *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, field);

    *ret = 0;
    return v.kind == JSON_NONE ? 0 : json_uint(&j->line, v, max, ret, e);
}

int jsonl_process(const struct jsonl *j, uint32_t *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, "process");
    uint64_t number;
    int rc;

    if (v.kind == JSON_NONE)
        return expected(j, v, "a \"process\"", e);
    rc = json_uint(&j->line, v, UINT32_MAX, &number, e);
    if (rc == 0)
        *ret = (uint32_t)number;
    return rc;
}

int jsonl_node_what(const struct jsonl *j, enum history_node_what *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, "what");

    for (unsigned i = 0; i <= NODE_EXITED; i++) {
        if (is_text(v, history_node_what_name((enum history_node_what)i))) {
            *ret = (enum history_node_what)i;
            return 0;
        }
    }
    return expected(j, v, "\"what\" the node did, such as \"leader\"", e);
}

static int read_kind(const struct jsonl *j, enum op_kind *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, "f");

    for (unsigned i = 0; i < OP_ANY_KIND_COUNT; i++) {
        if (i != OP_REGISTER && is_text(v, op_kind_name((enum op_kind)i))) {
            *ret = (enum op_kind)i;
            return 0;
        }
    }
    return expected(j, v, "a function \"f\" such as \"get\"", e);
}

static int read_status(const struct jsonl *j, struct json_value v, enum op_status *ret,
                       struct err *e)
{
    for (unsigned i = 0; i < STATUS_COUNT; i++) {
        if (is_text(v, op_status_name((enum op_status)i))) {
            *ret = (enum op_status)i;
            return 0;
        }
    }
    return expected(j, v, "a status such as \"no-key\"", e);
}

/* --- bytes ---------------------------------------------------------------------------------- */

static int read_item(struct jsonl *j, struct json_value v, struct err *e)
{
    buf_clear(&j->item);
    return json_bytes(&j->line, v, &j->item, e);
}

static int read_row(struct jsonl *j, struct json_value v, struct buf *out, struct err *e)
{
    struct json_value inside = json_inside(v);
    struct json_value item;
    int rc = 0;

    while (rc == 0 && json_next(&inside, &item)) {
        rc = read_item(j, item, e);
        if (rc == 0)
            rc = out_of(j, items_add(out, buf_slice(&j->item)), e);
    }
    return rc;
}

static int read_map(struct jsonl *j, struct json_value v, struct buf *out, struct err *e)
{
    struct json_value inside = json_inside(v);
    struct json_value item;
    int rc = 0;

    sorter_start(&j->sorter, true);
    while (rc == 0 && json_next(&inside, &item)) {
        rc = read_item(j, item, e);
        if (rc == 0)
            rc = out_of(j, sorter_add(&j->sorter, buf_slice(&j->item)), e);
    }
    if (rc < 0)
        return rc;
    rc = sorter_finish(&j->sorter, out);
    return rc == -E_EXISTS ? expected(j, v, "no name twice", e) : out_of(j, rc, e);
}

/* A string or number as it is, an array as a row of items, an object as a sorted one. *ret_there is
 * false for null and for a field that is missing. */
static int read_bytes(struct jsonl *j, const char *field, struct buf *out, struct slice *ret,
                      bool *ret_there, struct err *e)
{
    struct json_value v = json_field(&j->object, field);
    int rc;

    buf_clear(out);
    *ret_there = v.kind != JSON_NONE && v.kind != JSON_NULL;
    if (!*ret_there)
        return 0;
    switch (v.kind) {
    case JSON_ARRAY: rc = read_row(j, v, out, e); break;
    case JSON_OBJECT: rc = read_map(j, v, out, e); break;
    default: rc = json_bytes(&j->line, v, out, e); break;
    }
    *ret = buf_slice(out);
    return rc;
}

/* A C string: without NUL. */
static int read_text(struct jsonl *j, struct json_value v, struct buf *out, struct err *e)
{
    int rc;

    if (v.kind != JSON_STRING)
        return expected(j, v, "a string", e);
    buf_clear(out);
    rc = json_bytes(&j->line, v, out, e);
    if (rc == 0 && out->len > 0 && memchr(out->data, 0, out->len) != NULL)
        rc = expected(j, v, "a string without NUL", e);
    return rc == 0 ? out_of(j, buf_append_byte(out, '\0'), e) : rc;
}

int jsonl_text(struct jsonl *j, const char *field, const char **ret, struct err *e)
{
    struct json_value v = json_field(&j->object, field);
    int rc;

    *ret = NULL;
    if (v.kind == JSON_NONE)
        return 0;
    rc = read_text(j, v, &j->text, e);
    if (rc == 0)
        *ret = (const char *)j->text.data;
    return rc;
}

/* --- questions and answers ------------------------------------------------------------------ */

int jsonl_question(struct jsonl *j, struct op *ret, struct err *e)
{
    struct json_value v = json_field(&j->object, "value");
    bool there;
    bool expects = false;
    int rc = read_kind(j, &ret->kind, e);

    if (rc == 0)
        rc = read_bytes(j, "family", &j->family, &ret->family, &there, e);
    if (rc == 0)
        rc = read_bytes(j, "key", &j->key, &ret->key, &there, e);
    if (rc == 0 && op_takes_value(ret->kind)) {
        rc = read_bytes(j, "value", &j->value, &ret->value, &there, e);
        if (rc == 0 && !there)
            rc = expected(j, v, "a \"value\"", e);
    }
    if (rc == 0 && ret->kind == OP_CAS)
        rc = read_bytes(j, "expected", &j->expected, &ret->expected, &expects, e);
    ret->expects_absent = ret->kind == OP_CAS && !expects;
    return rc;
}

/* What is said of the answer in one place has to fit what is said in the other. */
static int check_answer(const struct jsonl *j, enum op_kind kind, const char *found, bool there,
                        const struct history_event *event, struct err *e)
{
    struct json_value status = json_field(&j->object, "status");
    struct json_value answer = json_field(&j->object, found);
    bool finds = op_returns_value(kind);

    if (event->outcome != OUTCOME_OK)
        return 0;
    if (answer.kind == JSON_BOOL)
        return expected(j, answer, "a \"status\", ok or no-key, in place of true or false", e);
    if (finds && event->status == STATUS_OK && !there)
        return expected(j, status, "what was found beside the status ok", e);
    if (finds && strcmp(found, "value") != 0 && json_field(&j->object, "value").kind != JSON_NONE)
        return expected(j, json_field(&j->object, "value"), "what was found as \"result\"", e);
    return 0;
}

int jsonl_answer(struct jsonl *j, enum op_kind kind, const char *found, struct history_event *event,
                 struct err *e)
{
    struct json_value status = json_field(&j->object, "status");
    bool ok = event->outcome == OUTCOME_OK;
    bool there = true;
    int rc = 0;

    if (ok && op_returns_value(kind))
        rc = read_bytes(j, found, &j->value, &event->value, &there, e);
    event->status = !ok ? STATUS_TIMEOUT : there ? STATUS_OK : STATUS_NO_KEY;
    if (rc == 0 && status.kind != JSON_NONE)
        rc = read_status(j, status, &event->status, e);
    return rc < 0 ? rc : check_answer(j, kind, found, there, event, e);
}

/* --- the header ----------------------------------------------------------------------------- */

static int read_string(struct jsonl *j, struct json_value v, struct arena *arena, const char **ret,
                       struct err *e)
{
    int rc = read_text(j, v, &j->text, e);

    if (rc < 0)
        return rc;
    *ret = arena_string(arena, slice_of(j->text.data, j->text.len - 1));
    return *ret == NULL ? out_of(j, -E_NOMEM, e) : 0;
}

/* A node's id, or the number of a place of clerks with a minus. */
static int read_end(const struct jsonl *j, struct json_value v, int64_t *ret, struct err *e)
{
    bool place = v.kind == JSON_NUMBER && v.text.data[0] == '-';
    uint64_t number;
    int rc;

    if (place) {
        v.text = slice_of(v.text.data + 1, v.text.len - 1);
        v.at++;
    }
    rc = json_uint(&j->line, v, INT64_MAX, &number, e);
    if (rc == 0)
        *ret = place ? -(int64_t)number : (int64_t)number;
    return rc;
}

int jsonl_cuts(struct jsonl *j, struct history_event *event, struct err *e)
{
    struct json_value v = json_field(&j->object, "cuts");
    int64_t ends[2];
    size_t n = 0;
    int rc = 0;

    buf_clear(&j->cuts);
    if (v.kind == JSON_NONE)
        return 0;
    if (v.kind != JSON_ARRAY)
        return expected(j, v, "an array of numbers", e);
    v = json_inside(v);
    for (struct json_value end; rc == 0 && json_next(&v, &end); n++) {
        if (n == (size_t)2 * HISTORY_CUTS_MAX)
            return expected(j, end, "no more links", e);
        rc = read_end(j, end, &ends[n % 2], e);
        if (rc == 0 && n % 2 == 1)
            rc = out_of(j, buf_append(&j->cuts, ends, sizeof ends), e);
    }
    if (rc == 0 && n % 2 != 0)
        return expected(j, v, "where the last of these links leads to", e);
    event->cuts = (const struct history_link *)(const void *)j->cuts.data;
    event->n_cuts = n / 2;
    return rc;
}

static int read_own_string(struct jsonl *j, const char *field, struct arena *arena,
                           const char **ret, struct err *e)
{
    struct json_value v = json_field(&j->object, field);

    return v.kind == JSON_NONE ? 0 : read_string(j, v, arena, ret, e);
}

static int read_nodes(struct jsonl *j, struct arena *arena, struct history_header *ret,
                      struct err *e)
{
    struct json_value v = json_field(&j->object, "nodes");
    uint64_t *nodes = arena_take(arena, HISTORY_NODES_MAX * sizeof *nodes);
    int rc = 0;

    if (nodes == NULL)
        return out_of(j, -E_NOMEM, e);
    if (v.kind == JSON_NONE)
        return 0;
    if (v.kind != JSON_ARRAY)
        return expected(j, v, "an array of numbers", e);
    v = json_inside(v);
    for (struct json_value node; rc == 0 && json_next(&v, &node);) {
        if (ret->n_nodes == HISTORY_NODES_MAX)
            return expected(j, node, "no more nodes", e);
        rc = json_uint(&j->line, node, UINT64_MAX, &nodes[ret->n_nodes++], e);
    }
    ret->nodes = nodes;
    return rc;
}

static int read_options(struct jsonl *j, struct arena *arena, struct history_header *ret,
                        struct err *e)
{
    struct json_value v = json_field(&j->object, "options");
    struct history_option *options = arena_take(arena, HISTORY_OPTIONS_MAX * sizeof *options);
    int rc = 0;

    if (options == NULL)
        return out_of(j, -E_NOMEM, e);
    if (v.kind == JSON_NONE)
        return 0;
    if (v.kind != JSON_OBJECT)
        return expected(j, v, "an object of strings", e);
    v = json_inside(v);
    for (struct json_value part; rc == 0 && json_next(&v, &part);) {
        struct history_option *option = &options[ret->n_options];

        if (ret->n_options == HISTORY_OPTIONS_MAX)
            return expected(j, part, "no more options", e);
        rc = read_string(j, part, arena, &option->name, e);
        if (rc == 0 && json_next(&v, &part))
            rc = read_string(j, part, arena, &option->value, e);
        ret->n_options++;
    }
    ret->options = options;
    return rc;
}

int jsonl_header(struct jsonl *j, struct arena *arena, struct history_header *ret, struct err *e)
{
    uint64_t version;
    uint64_t dialect;
    uint64_t started;
    int rc = jsonl_uint(j, "rift", HISTORY_FORMAT_VERSION, &version, e);

    if (rc == 0)
        rc = jsonl_uint(j, "dialect", UINT32_MAX, &dialect, e);
    if (rc == 0)
        rc = jsonl_uint(j, "seed", UINT64_MAX, &ret->seed, e);
    if (rc == 0)
        rc = jsonl_uint(j, "started_wall_ns", INT64_MAX, &started, e);
    if (rc == 0)
        rc = read_own_string(j, "model", arena, &ret->model, e);
    if (rc == 0)
        rc = read_own_string(j, "workload", arena, &ret->workload, e);
    if (rc == 0)
        rc = read_own_string(j, "cluster", arena, &ret->cluster, e);
    if (rc == 0)
        rc = read_nodes(j, arena, ret, e);
    if (rc == 0)
        rc = read_options(j, arena, ret, e);
    if (rc == 0 && version < HISTORY_FORMAT_VERSION_OLDEST)
        rc = expected(j, json_field(&j->object, "rift"), "a version that there was", e);
    if (rc == 0 && (dialect & ~(uint64_t)HISTORY_DIALECT_ALL) != 0)
        rc = expected(j, json_field(&j->object, "dialect"), "no other bits than 1, 2, 4 and 8", e);
    if (rc < 0)
        return rc;
    ret->version = (uint32_t)version;
    ret->dialect = (uint32_t)dialect;
    ret->started_wall_ns = (int64_t)started;
    return 0;
}
