#include "histories/build.h"
#include "histories/import.h"
#include "histories/lines.h"

/* The key-value logs among Porcupine's test data, one EDN map a line:
 *
 *     {:process 0, :type :invoke, :f :append, :key "7", :value "x 0 1 y"}
 *     {:process 0, :type :ok, :f :append, :key "7", :value "x 0 1 y"}
 *
 * Keys start empty, and an absent one reads as "". The order of the lines is the order of
 * events. The fields stand in this order, and strings escape nothing: what Porcupine writes. */

static const char first_field[] = "{:process ";

enum { TYPE_INVOKE, TYPE_OK, TYPE_FAIL, TYPE_INFO, TYPE_COUNT };
static const char *const types[TYPE_COUNT] = {":invoke", ":ok", ":fail", ":info"};

enum { FUNCTION_GET, FUNCTION_PUT, FUNCTION_APPEND, FUNCTION_COUNT };
static const char *const functions[FUNCTION_COUNT] = {":get", ":put", ":append"};
static const enum op_kind kinds[FUNCTION_COUNT] = {OP_GET, OP_PUT, OP_APPEND};

struct entry {
    uint32_t process;
    unsigned type;
    enum op_kind kind;
    struct slice key;
    struct slice value;
    bool has_value; /* nil otherwise */
};

static int parse_string(struct line *l, struct slice *ret, struct err *e)
{
    size_t start;

    if (!line_literal(l, "\""))
        return line_expected(l, "a string", e);
    start = l->at;
    if (!line_find(l, "\""))
        return line_expected(l, "a string that ends on its line", e);
    *ret = slice_of(l->text.data + start, l->at - start - 1);
    if (ret->len > 0 && memchr(ret->data, '\\', ret->len) != NULL)
        return line_expected(l, "a string without backslashes", e);
    return 0;
}

static int parse_start(struct line *l, struct entry *entry, struct err *e)
{
    unsigned function;

    if (!line_literal(l, first_field))
        return line_expected(l, "{:process", e);
    if (!line_u32(l, &entry->process))
        return line_expected(l, "the number of a process", e);
    if (!line_literal(l, ", :type ") || !line_word(l, types, TYPE_COUNT, &entry->type))
        return line_expected(l, "the :type, one of :invoke, :ok, :fail and :info", e);
    if (!line_literal(l, ", :f ") || !line_word(l, functions, FUNCTION_COUNT, &function))
        return line_expected(l, "the function :f, one of :get, :put and :append", e);
    entry->kind = kinds[function];
    return 0;
}

static int parse_entry(struct line *l, struct entry *entry, struct err *e)
{
    int rc = parse_start(l, entry, e);

    if (rc < 0)
        return rc;
    if (!line_literal(l, ", :key "))
        return line_expected(l, "the :key", e);
    rc = parse_string(l, &entry->key, e);
    if (rc < 0)
        return rc;
    if (!line_literal(l, ", :value "))
        return line_expected(l, "the :value", e);
    entry->has_value = !line_literal(l, "nil");
    if (entry->has_value)
        rc = parse_string(l, &entry->value, e);
    if (rc < 0)
        return rc;
    return line_literal(l, "}") && line_end(l) ? 0 : line_expected(l, "'}' and nothing more", e);
}

static int add_invoke(struct history *h, const struct line *l, const struct entry *entry,
                      struct err *e)
{
    struct history_event event = {
        .kind = HISTORY_INVOKE,
        .process = entry->process,
        .op = {.kind = entry->kind, .key = entry->key, .value = entry->value},
    };

    if (entry->has_value != (entry->kind != OP_GET))
        return line_expected(l, entry->has_value ? "nil for a :get" : "a string to write", e);
    return import_event(h, &event, l, e);
}

static int add_complete(struct history *h, const struct line *l, const struct entry *entry,
                        struct err *e)
{
    const struct history_op *asked = build_open_op(h, entry->process);
    struct history_event event = {.kind = HISTORY_COMPLETE, .process = entry->process};

    if (asked != NULL && (asked->kind != entry->kind || !slice_equal(asked->key, entry->key)))
        return line_expected(l, "the function and key that the process invoked", e);
    if (entry->type == TYPE_OK) {
        event.outcome = OUTCOME_OK;
        event.value = entry->value;
        /* The empty string and no value are the same in this dialect. */
        if (entry->kind == OP_GET && entry->value.len == 0)
            event.status = STATUS_NO_KEY;
    } else {
        event.outcome = entry->type == TYPE_FAIL ? OUTCOME_FAIL : OUTCOME_INFO;
        event.status = STATUS_TIMEOUT;
    }
    return import_event(h, &event, l, e);
}

static int add_line(struct history *h, struct line *l, struct err *e)
{
    struct entry entry = {0};
    int rc;

    if (line_end(l))
        return 0;
    rc = parse_entry(l, &entry, e);
    if (rc < 0)
        return rc;
    return entry.type == TYPE_INVOKE ? add_invoke(h, l, &entry, e) : add_complete(h, l, &entry, e);
}

int import_porcupine(const char *name, struct slice text, const struct history_load_options *o,
                     struct history **ret, struct err *e)
{
    struct history_header header = {
        .version = HISTORY_FORMAT_VERSION,
        .model = "kv",
        .dialect = HISTORY_ABSENT_IS_EMPTY,
    };

    return import_lines(name, text, &header, o, add_line, ret, e);
}
