#include "histories/export.h"

#include "histories/import.h"

/* --- names of formats ----------------------------------------------------------------------- */

static const char *const names[] = {
#define X(NAME, name, suffix) name,
    HISTORY_FORMATS(X)
#undef X
        NULL,
};

static const char *const suffixes[] = {
#define X(NAME, name, suffix) suffix,
    HISTORY_FORMATS(X)
#undef X
};

const char *const *history_format_names(void)
{
    return names;
}

const char *history_format_name(enum history_format format)
{
    return format > HISTORY_ANY_FORMAT && format < HISTORY_FORMAT_END ? names[format - 1] : NULL;
}

enum history_format history_format_parse(const char *name)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum history_format)(i + 1);
    }
    return HISTORY_ANY_FORMAT;
}

enum history_format history_format_of_path(const char *path)
{
    const char *dot = strrchr(path, '.');

    for (int i = 0; dot != NULL && names[i] != NULL; i++) {
        if (strcmp(suffixes[i], dot) == 0)
            return (enum history_format)(i + 1);
    }
    return HISTORY_ANY_FORMAT;
}

/* --- events --------------------------------------------------------------------------------- */

enum { EXPORT_CHUNK_BYTES = 1 << 16 };

static const struct export_format *const formats[HISTORY_FORMAT_END] = {
    [HISTORY_EDN] = &export_edn,
    [HISTORY_JSONL] = &export_jsonl,
    [HISTORY_ETCD] = &export_etcd,
    [HISTORY_PORCUPINE] = &export_porcupine,
};

struct text_export {
    struct exporter x;
    const struct export_format *format;
};

static int flush(struct exporter *x, size_t at_least)
{
    int rc;

    if (x->out.len < at_least || x->out.len == 0)
        return 0;
    rc = x->sink->write(x->sink->context, buf_slice(&x->out));
    buf_clear(&x->out);
    return rc;
}

static int put_header(void *context, const struct history_header *header, struct err *e)
{
    struct text_export *t = context;
    int rc = t->format->header(&t->x, header);

    return rc < 0 ? err_set(e, rc, "the header: %s", err_text(rc)) : 0;
}

static int put_invoke(struct text_export *t, const struct history_event *event)
{
    struct process *p = processes_get(&t->x.processes, event->process);

    if (p == NULL)
        return -E_NOMEM;
    p->op = t->x.n_ops++;
    return t->format->invoke(&t->x, &t->x.h->ops[p->op], event);
}

static int put_complete(struct text_export *t, const struct history_event *event)
{
    const struct process *p = processes_find(&t->x.processes, event->process);

    return t->format->complete(&t->x, &t->x.h->ops[p->op], event);
}

static int put_event(void *context, const struct history_event *event, struct err *e)
{
    struct text_export *t = context;
    int rc;

    switch (event->kind) {
    case HISTORY_INVOKE: rc = put_invoke(t, event); break;
    case HISTORY_COMPLETE: rc = put_complete(t, event); break;
    case HISTORY_END: return 0;
    default: rc = t->format->other(&t->x, event); break;
    }
    if (rc == 0)
        rc = flush(&t->x, EXPORT_CHUNK_BYTES);
    return rc < 0 ? err_set(e, rc, "event %llu: %s", (unsigned long long)event->seq, err_text(rc))
                  : 0;
}

int export_refuse(const struct exporter *x, size_t op, const char *why, struct err *e)
{
    struct buf words = {0};
    int rc = history_describe_op(x->h, &x->h->ops[op], &words);

    rc = rc < 0 ? rc
                : err_set(e, -E_UNSUPPORTED, "operation %zu (%.*s): %s", op, (int)words.len,
                          (const char *)words.data, why);
    buf_free(&words);
    return rc;
}

void export_count_event(struct exporter *x, const struct history_event *event)
{
    switch (event->kind) {
    case HISTORY_ASK: x->left->asks++; break;
    case HISTORY_NOTE: x->left->notes++; break;
    case HISTORY_COMPLETE: x->left->answerers += event->node != 0; break;
    case HISTORY_FAULT:
    case HISTORY_NODE: x->left->faults_and_nodes++; break;
    default: break;
    }
    x->left->times |= event->time_ns != 0;
}

static int convert_to_text(const char *name, struct slice bytes,
                           const struct history_load_options *o, enum history_format to,
                           const struct history_sink *sink, struct history_left_out *left,
                           const struct history *h, struct err *e)
{
    struct text_export t = {.format = formats[to], .x = {.h = h, .sink = sink, .left = left}};
    struct history_visitor visitor = {put_header, put_event, &t};
    struct history_load_options again = *o;
    struct history *same = NULL;
    int rc = t.format->admits(&t.x, e);

    again.visitor = &visitor;
    if (again.model == NULL)
        again.model = h->header.model;
    if (rc == 0)
        rc = history_load_bytes_as(name, bytes, &again, &same, e);
    if (rc == 0)
        rc = flush(&t.x, 0);
    history_free(&same);
    processes_free(&t.x.processes);
    buf_free(&t.x.out);
    buf_free(&t.x.scratch);
    return rc;
}

/* --- our own -------------------------------------------------------------------------------- */

struct record_export {
    const struct history_sink *sink;
    struct history_writer *writer;
};

static int record_header(void *context, const struct history_header *header, struct err *e)
{
    struct record_export *r = context;

    return history_writer_create(r->sink, header, &r->writer, e);
}

static int record_event(void *context, const struct history_event *event, struct err *e)
{
    struct record_export *r = context;
    struct history_event copy = *event;

    return event->kind == HISTORY_END ? 0 : history_write(r->writer, &copy, e);
}

static int convert_to_records(const char *name, struct slice bytes,
                              const struct history_load_options *o, const struct history_sink *sink,
                              const struct history *h, struct err *e)
{
    struct record_export r = {.sink = sink};
    struct history_visitor visitor = {record_header, record_event, &r};
    struct history_load_options again = *o;
    struct history *same = NULL;
    int rc;

    again.visitor = &visitor;
    if (again.model == NULL)
        again.model = h->header.model;
    rc = history_load_bytes_as(name, bytes, &again, &same, e);
    if (rc == 0)
        rc = history_writer_close(&r.writer, e);
    else
        history_writer_close(&r.writer, NULL);
    history_free(&same);
    return rc;
}

int history_convert(const char *name, struct slice bytes, const struct history_load_options *o,
                    enum history_format to, const struct history_sink *sink,
                    struct history_left_out *ret_left, struct history **ret_history, struct err *e)
{
    struct history *h;
    int rc = history_load_bytes_as(name, bytes, o, &h, e);

    if (rc < 0)
        return rc;
    *ret_left = (struct history_left_out){.asks = 0};
    rc = to == HISTORY_RIFT ? convert_to_records(name, bytes, o, sink, h, e)
                            : convert_to_text(name, bytes, o, to, sink, ret_left, h, e);
    if (rc < 0) {
        history_free(&h);
        return rc;
    }
    *ret_history = h;
    return 0;
}
