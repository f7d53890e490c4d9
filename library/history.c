#include "library/library.h"

#include <stdlib.h>

_Static_assert((int)RIFT_GET == OP_GET && (int)RIFT_PUT == OP_PUT &&
                   (int)RIFT_APPEND == OP_APPEND && (int)RIFT_CAS == OP_CAS &&
                   (int)RIFT_DELETE == OP_DELETE && (int)RIFT_ADD == OP_ADD &&
                   (int)RIFT_REMOVE == OP_REMOVE && (int)RIFT_CONTAINS == OP_CONTAINS &&
                   (int)RIFT_ENQUEUE == OP_ENQUEUE && (int)RIFT_DEQUEUE == OP_DEQUEUE &&
                   (int)RIFT_PUSH == OP_PUSH && (int)RIFT_POP == OP_POP &&
                   (int)RIFT_INSERT == OP_INSERT && (int)RIFT_POLL == OP_POLL &&
                   (int)RIFT_LOCK == OP_LOCK && (int)RIFT_UNLOCK == OP_UNLOCK &&
                   (int)RIFT_TRANSFER == OP_TRANSFER,
               "kinds of operations have the numbers of the history format");
_Static_assert((int)RIFT_OPEN == OUTCOME_PENDING && (int)RIFT_OK == OUTCOME_OK &&
                   (int)RIFT_FAIL == OUTCOME_FAIL && (int)RIFT_INFO == OUTCOME_INFO &&
                   (int)RIFT_DONE == STATUS_OK && (int)RIFT_NO_KEY == STATUS_NO_KEY &&
                   (int)RIFT_MISMATCH == STATUS_MISMATCH &&
                   (int)RIFT_ABSENT_IS_EMPTY == HISTORY_ABSENT_IS_EMPTY &&
                   (int)RIFT_CAS_FAILS_PLAINLY == HISTORY_CAS_FAILS_PLAINLY &&
                   (int)RIFT_DELETE_OK_PLAINLY == HISTORY_DELETE_OK_PLAINLY,
               "outcomes, answers and dialects have the numbers of the history format");

static struct slice slice_from(struct rift_bytes b)
{
    return slice_of(b.data, b.len);
}

static struct rift_bytes bytes_from(struct slice s)
{
    return (struct rift_bytes){.data = s.data, .len = s.len};
}

/* --- events --------------------------------------------------------------------------------- */

static int make_invoke(uint32_t process, const struct rift_call *call, int64_t time_ns,
                       struct history_event *ret)
{
    struct rift_call c;

    if (call == NULL || !library_take(&c, sizeof c, call))
        return -E_INVAL;
    *ret = (struct history_event){
        .kind = HISTORY_INVOKE,
        .time_ns = time_ns,
        .process = process,
        .op = {.kind = (enum op_kind)c.kind,
               .key = slice_from(c.key),
               .value = op_takes_value((enum op_kind)c.kind) ? slice_from(c.value)
                                                             : (struct slice){0},
               .expected = slice_from(c.expected),
               .expects_absent = c.expects_absent != 0},
    };
    return 0;
}

static struct history_event make_complete(uint32_t process, enum rift_outcome outcome,
                                          enum rift_answer answer, struct rift_bytes result,
                                          int64_t time_ns)
{
    bool lost = outcome == RIFT_INFO;

    return (struct history_event){
        .kind = HISTORY_COMPLETE,
        .time_ns = time_ns,
        .process = process,
        .outcome = (enum op_outcome)outcome,
        .status = lost ? STATUS_TIMEOUT : (enum op_status)answer,
        .value = outcome == RIFT_OK ? slice_from(result) : (struct slice){0},
    };
}

static struct history_header make_header(const char *model, uint32_t dialect)
{
    return (struct history_header){
        .dialect = dialect, .model = model, .workload = "", .cluster = ""};
}

/* --- whole histories ------------------------------------------------------------------------ */

/* Takes the history over. */
static int wrap(struct history *h, struct rift_history **ret, struct rift_error *error)
{
    struct rift_history *wrapped = malloc(sizeof *wrapped);

    if (wrapped == NULL) {
        history_free(&h);
        return library_error(-E_NOMEM, NULL, error);
    }
    wrapped->history = h;
    *ret = wrapped;
    return 0;
}

int rift_history_load(const char *path, struct rift_history **ret, struct rift_error *error)
{
    struct history *h;
    struct err e = {0};
    int rc = history_load(path, &h, &e);

    return rc < 0 ? library_error(rc, &e, error) : wrap(h, ret, error);
}

int rift_history_load_bytes(const char *name, const void *data, size_t len,
                            struct rift_history **ret, struct rift_error *error)
{
    struct history *h;
    struct err e = {0};
    int rc = history_load_bytes(name, slice_of(data, len), &h, &e);

    return rc < 0 ? library_error(rc, &e, error) : wrap(h, ret, error);
}

int rift_history_create(const char *model, uint32_t dialect, struct rift_history **ret,
                        struct rift_error *error)
{
    struct history_header header = make_header(model, dialect);
    struct history *h;
    struct err e = {0};
    int rc = history_new(&header, &h, &e);

    return rc < 0 ? library_error(rc, &e, error) : wrap(h, ret, error);
}

void rift_history_free(struct rift_history *h)
{
    if (h == NULL)
        return;
    history_free(&h->history);
    free(h);
}

int rift_history_invoke(struct rift_history *h, uint32_t process, const struct rift_call *call,
                        int64_t time_ns, struct rift_error *error)
{
    struct history_event event;
    struct err e = {0};
    int rc = make_invoke(process, call, time_ns, &event);

    if (rc == 0)
        rc = history_add_event(h->history, &event, &e);
    return library_error(rc, &e, error);
}

int rift_history_complete(struct rift_history *h, uint32_t process, enum rift_outcome outcome,
                          enum rift_answer answer, struct rift_bytes result, int64_t time_ns,
                          struct rift_error *error)
{
    struct history_event event = make_complete(process, outcome, answer, result, time_ns);
    struct err e = {0};

    return library_error(history_add_event(h->history, &event, &e), &e, error);
}

size_t rift_history_count(const struct rift_history *h)
{
    return h->history->n_ops;
}

int rift_history_is_whole(const struct rift_history *h)
{
    const struct history_loss *loss = &h->history->loss;

    return !loss->unfinished && loss->tail_bytes == 0 && !loss->damaged;
}

int rift_history_operation(const struct rift_history *h, size_t i, struct rift_operation *ret)
{
    const struct history_op *op;
    struct rift_operation o;

    if (i >= h->history->n_ops)
        return RIFT_INVALID;
    op = &h->history->ops[i];
    o = (struct rift_operation){
        .process = op->process,
        .kind = (enum rift_kind)op->kind,
        .outcome = (enum rift_outcome)op->outcome,
        .answer = op->outcome == OUTCOME_OK ? (enum rift_answer)op->status : RIFT_DONE,
        .expects_absent = op->expects_absent,
        .key = bytes_from(op->key),
        .value = bytes_from(op->value),
        .expected = bytes_from(op->expected),
        .result = bytes_from(op->result),
        .called = op->call_seq,
        .returned = op->return_seq,
        .called_ns = op->call_ns,
        .returned_ns = op->return_ns,
    };
    return library_give(ret, &o, sizeof o) ? 0 : RIFT_INVALID;
}

/* --- recording ------------------------------------------------------------------------------ */

struct rift_recorder {
    struct history_writer *writer;
};

int rift_recorder_open(const char *path, const char *model, uint32_t dialect,
                       struct rift_recorder **ret, struct rift_error *error)
{
    struct history_header header = make_header(model, dialect);
    struct rift_recorder *r = calloc(1, sizeof *r);
    struct err e = {0};
    int rc = r == NULL ? -E_NOMEM : history_writer_open(path, &header, &r->writer, &e);

    if (rc < 0)
        free(r);
    else
        *ret = r;
    return library_error(rc, &e, error);
}

static int record(struct rift_recorder *r, struct history_event *event, struct rift_error *error)
{
    struct err e = {0};

    return library_error(history_write(r->writer, event, &e), &e, error);
}

int rift_recorder_invoke(struct rift_recorder *r, uint32_t process, const struct rift_call *call,
                         int64_t time_ns, struct rift_error *error)
{
    struct history_event event;
    int rc = make_invoke(process, call, time_ns, &event);

    return rc < 0 ? library_error(rc, NULL, error) : record(r, &event, error);
}

int rift_recorder_complete(struct rift_recorder *r, uint32_t process, enum rift_outcome outcome,
                           enum rift_answer answer, struct rift_bytes result, int64_t time_ns,
                           struct rift_error *error)
{
    struct history_event event = make_complete(process, outcome, answer, result, time_ns);

    return record(r, &event, error);
}

int rift_recorder_flush(struct rift_recorder *r, struct rift_error *error)
{
    struct err e = {0};

    return library_error(history_flush(r->writer, &e), &e, error);
}

int rift_recorder_close(struct rift_recorder **r, struct rift_error *error)
{
    struct err e = {0};
    int rc;

    if (*r == NULL)
        return 0;
    rc = history_writer_close(&(*r)->writer, &e);
    free(*r);
    *r = NULL;
    return library_error(rc, &e, error);
}
