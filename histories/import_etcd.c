#include "histories/build.h"
#include "histories/import.h"
#include "histories/lines.h"

/* The lines that Jepsen's logger printed while it tested etcd:
 *
 *     INFO  jepsen.util - 4<TAB>:invoke<TAB>:cas<TAB>[1 3]
 *     INFO  jepsen.util - 4<TAB>:fail<TAB>:cas<TAB>[1 3]
 *
 * There is one register, which starts absent. The order of the lines is the order of events. */

static const char logger[] = "jepsen.util - ";

enum { TYPE_INVOKE, TYPE_OK, TYPE_FAIL, TYPE_INFO, TYPE_COUNT };
static const char *const types[TYPE_COUNT] = {":invoke", ":ok", ":fail", ":info"};

enum { FUNCTION_READ, FUNCTION_WRITE, FUNCTION_CAS, FUNCTION_COUNT };
static const char *const functions[FUNCTION_COUNT] = {":read", ":write", ":cas"};
static const enum op_kind kinds[FUNCTION_COUNT] = {OP_GET, OP_PUT, OP_CAS};

static int parse_value(struct line *l, struct slice *ret, struct err *e)
{
    return line_integer(l, ret) ? 0 : line_expected(l, "a number", e);
}

/* `[1 3]`: from 1 to 3. */
static int parse_pair(struct line *l, struct op *op, struct err *e)
{
    int rc;

    if (!line_literal(l, "["))
        return line_expected(l, "'['", e);
    rc = parse_value(l, &op->expected, e);
    if (rc < 0)
        return rc;
    if (!line_blanks(l))
        return line_expected(l, "a space", e);
    rc = parse_value(l, &op->value, e);
    if (rc < 0)
        return rc;
    return line_literal(l, "]") ? 0 : line_expected(l, "']'", e);
}

/* What is written. A read that begins has none and says nil. */
static int parse_argument(struct line *l, struct op *op, struct err *e)
{
    switch (op->kind) {
    case OP_PUT: return parse_value(l, &op->value, e);
    case OP_CAS: return parse_pair(l, op, e);
    default: return line_literal(l, "nil") ? 0 : line_expected(l, "nil", e);
    }
}

static int parse_invoke(struct line *l, struct history_event *event, struct err *e)
{
    int rc = parse_argument(l, &event->op, e);

    event->kind = HISTORY_INVOKE;
    if (rc < 0)
        return rc;
    return line_end(l) ? 0 : line_expected(l, "the end of the line", e);
}

/* What an answer repeats of its question has to be the same. */
static int parse_echo(struct line *l, const struct history_op *asked, struct err *e)
{
    struct line before = *l;
    struct op echo = {.kind = asked->kind};
    int rc = parse_argument(l, &echo, e);

    if (rc < 0)
        return rc;
    if (!slice_equal(echo.value, asked->value) || !slice_equal(echo.expected, asked->expected))
        return line_expected(&before, "what the operation was invoked with", e);
    return 0;
}

static int parse_ok(struct line *l, const struct history_op *asked, struct history_event *event,
                    struct err *e)
{
    int rc = 0;

    event->outcome = OUTCOME_OK;
    event->status = STATUS_OK;
    if (asked->kind != OP_GET)
        rc = parse_echo(l, asked, e);
    else if (line_literal(l, "nil"))
        event->status = STATUS_NO_KEY;
    else if (!line_integer(l, &event->value))
        rc = line_expected(l, "a number or nil", e);
    if (rc < 0)
        return rc;
    return line_end(l) ? 0 : line_expected(l, "the end of the line", e);
}

/* A cas that names its values failed because the comparison did: that is an answer, and it has
 * to fit the order. One that names a reason (`:timed-out`) was dropped. */
static int parse_fail(struct line *l, const struct history_op *asked, struct history_event *event,
                      struct err *e)
{
    struct line ahead = *l;

    event->outcome = OUTCOME_FAIL;
    event->status = STATUS_TIMEOUT;
    if (asked->kind != OP_CAS || !line_literal(&ahead, "["))
        return 0;
    event->outcome = OUTCOME_OK;
    event->status = STATUS_MISMATCH;
    return parse_echo(l, asked, e);
}

static int parse_complete(struct history *h, struct line *l, unsigned type,
                          struct history_event *event, struct err *e)
{
    const struct history_op *asked = build_open_op(h, event->process);

    event->kind = HISTORY_COMPLETE;
    /* Without a question there is nothing to read the answer by: history_add_event says so. */
    if (asked != NULL && asked->kind != event->op.kind)
        return line_expected(l, "the function that the process invoked", e);
    if (asked != NULL && type == TYPE_OK)
        return parse_ok(l, asked, event, e);
    if (asked != NULL && type == TYPE_FAIL)
        return parse_fail(l, asked, event, e);
    event->outcome = OUTCOME_INFO;
    event->status = STATUS_TIMEOUT;
    return 0;
}

/* `4<TAB>:invoke<TAB>:cas<TAB>`, up to the value. */
static int parse_start(struct line *l, struct history_event *event, unsigned *ret_type,
                       struct err *e)
{
    unsigned function;

    if (!line_u32(l, &event->process))
        return line_expected(l, "the number of a process", e);
    if (!line_blanks(l) || !line_word(l, types, TYPE_COUNT, ret_type))
        return line_expected(l, ":invoke, :ok, :fail or :info", e);
    if (!line_blanks(l) || !line_word(l, functions, FUNCTION_COUNT, &function))
        return line_expected(l, ":read, :write or :cas", e);
    if (!line_blanks(l))
        return line_expected(l, "a value", e);
    event->op.kind = kinds[function];
    return 0;
}

/* Jepsen logs more than operations: sentences, which have no tab, and what the nemesis does,
 * whose process is a keyword. */
static bool is_operation(const struct line *l)
{
    struct line ahead = *l;

    return !line_literal(&ahead, ":") && line_find(&ahead, "\t");
}

static int add_line(struct history *h, struct line *l, struct err *e)
{
    struct history_event event = {0};
    unsigned type;
    int rc;

    if (!line_find(l, logger) || !is_operation(l))
        return 0;
    rc = parse_start(l, &event, &type, e);
    if (rc == 0)
        rc = type == TYPE_INVOKE ? parse_invoke(l, &event, e)
                                 : parse_complete(h, l, type, &event, e);
    return rc < 0 ? rc : import_event(h, &event, l, e);
}

int import_etcd(const char *name, struct slice text, const struct history_load_options *o,
                struct history **ret, struct err *e)
{
    struct history_header header = {
        .version = HISTORY_FORMAT_VERSION,
        .model = "cas-register",
        .dialect = HISTORY_CAS_FAILS_PLAINLY,
    };

    return import_lines(name, text, &header, o, add_line, ret, e);
}
