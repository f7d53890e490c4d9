#include "histories/build.h"

#include "base/pages.h"
#include "histories/arena.h"
#include "histories/processes.h"

#include <stdlib.h>

struct history_memory {
    struct arena arena;
    struct processes processes;
    size_t ops_cap;
    size_t events_cap;
    uint64_t seq;
    const struct history_visitor *visitor; /* NULL: nobody */
};

/* How much of an array may stand empty: one part in so many. A file of the shortest operations, or
 * of nothing but the shortest notes, takes no more than sixteen times its own length. (A large
 * block is not copied when it grows: its pages are moved.) */
enum { OPS_SLACK = 4, EVENTS_SLACK = 16, ELEMENTS_MIN = 64 };

/* Makes room for one more element; NULL when out of memory, and then nothing changed. */
static void *grown(void *items, size_t n, size_t *cap, size_t size, size_t slack)
{
    size_t more = *cap + *cap / slack + ELEMENTS_MIN;

    if (n < *cap)
        return items;
    if (more > SIZE_MAX / size)
        return NULL;
    items = pages_grow(items, more * size);
    if (items != NULL)
        *cap = more;
    return items;
}

/* --- the header ----------------------------------------------------------------------------- */

static const char *keep(struct arena *a, const char *text)
{
    return arena_string(a, slice_str(text == NULL ? "" : text));
}

static bool keep_options(struct arena *a, const struct history_header *from,
                         struct history_header *to)
{
    struct history_option *options = arena_take(a, from->n_options * sizeof *options);

    if (options == NULL)
        return false;
    for (size_t i = 0; i < from->n_options; i++) {
        options[i].name = keep(a, from->options[i].name);
        options[i].value = keep(a, from->options[i].value);
        if (options[i].name == NULL || options[i].value == NULL)
            return false;
    }
    to->options = options;
    return true;
}

static bool keep_header(struct arena *a, const struct history_header *from,
                        struct history_header *to)
{
    uint64_t *nodes = arena_take(a, from->n_nodes * sizeof *nodes);

    if (nodes == NULL)
        return false;
    for (size_t i = 0; i < from->n_nodes; i++)
        nodes[i] = from->nodes[i];
    *to = *from;
    to->nodes = nodes;
    to->model = keep(a, from->model);
    to->workload = keep(a, from->workload);
    to->cluster = keep(a, from->cluster);
    return to->model != NULL && to->workload != NULL && to->cluster != NULL &&
           keep_options(a, from, to);
}

int history_new(const struct history_header *header, struct history **ret, struct err *e)
{
    struct history *h = calloc(1, sizeof *h);

    if (h == NULL)
        goto fail;
    h->memory = calloc(1, sizeof *h->memory);
    if (h->memory == NULL || !keep_header(&h->memory->arena, header, &h->header))
        goto fail;
    *ret = h;
    return 0;

fail:
    history_free(&h);
    return err_set(e, -E_NOMEM, "history: %s", err_text(-E_NOMEM));
}

void history_free(struct history **h)
{
    if (*h == NULL)
        return;
    if ((*h)->memory != NULL) {
        arena_free(&(*h)->memory->arena);
        processes_free(&(*h)->memory->processes);
        free((*h)->memory);
    }
    free((*h)->ops);
    free((*h)->events);
    free(*h);
    *h = NULL;
}

/* --- operations ----------------------------------------------------------------------------- */

const struct history_op *build_open_op(const struct history *h, uint32_t process)
{
    const struct process *p = processes_find(&h->memory->processes, process);

    return p != NULL && p->state == PROCESS_OPEN ? &h->ops[p->op] : NULL;
}

static bool keep_op(struct arena *a, const struct op *from, struct history_op *to)
{
    return arena_copy(a, from->family, &to->family) && arena_copy(a, from->key, &to->key) &&
           arena_copy(a, from->value, &to->value) && arena_copy(a, from->expected, &to->expected);
}

static int append_op(struct history *h, const struct history_event *event, struct err *e)
{
    struct history_op op = {
        .process = event->process,
        .kind = event->op.kind,
        .expects_absent = event->op.expects_absent,
        .call_seq = h->memory->seq + 1,
        .return_seq = HISTORY_NEVER,
        .call_ns = event->time_ns,
    };
    struct history_op *ops = grown(h->ops, h->n_ops, &h->memory->ops_cap, sizeof *ops, OPS_SLACK);

    if (ops == NULL)
        return err_set(e, -E_NOMEM, "operation %zu: %s", h->n_ops, err_text(-E_NOMEM));
    h->ops = ops;
    if (!keep_op(&h->memory->arena, &event->op, &op))
        return err_set(e, -E_NOMEM, "operation %zu: %s", h->n_ops, err_text(-E_NOMEM));
    h->ops[h->n_ops++] = op;
    return 0;
}

static int add_invoke(struct history *h, const struct history_event *event, struct err *e)
{
    struct process *p;
    int rc;

    if (!op_valid_in_history(&event->op))
        return err_set(e, -E_LIMIT, "process %u invokes what is no operation of a history",
                       event->process);
    p = processes_get(&h->memory->processes, event->process);
    if (p == NULL)
        return err_set(e, -E_NOMEM, "process %u: %s", event->process, err_text(-E_NOMEM));
    if (p->state == PROCESS_OPEN)
        return err_set(e, -E_PARSE, "process %u invokes while its last operation is open",
                       event->process);
    if (p->state == PROCESS_RETIRED)
        return err_set(e, -E_PARSE, "process %u invokes after an operation that ended as info",
                       event->process);
    rc = append_op(h, event, e);
    if (rc < 0)
        return rc;
    p->state = PROCESS_OPEN;
    p->op = h->n_ops - 1;
    return 0;
}

/* Ok is an answer that has to fit the order; what a node says when it refuses is none. */
static bool is_answer(enum op_status status)
{
    return status == STATUS_OK || status == STATUS_NO_KEY || status == STATUS_MISMATCH;
}

static int add_complete(struct history *h, const struct history_event *event, struct err *e)
{
    struct process *p = processes_find(&h->memory->processes, event->process);
    struct history_op *op;

    if (p == NULL || p->state != PROCESS_OPEN)
        return err_set(e, -E_PARSE, "process %u ends an operation that it has not begun",
                       event->process);
    if (event->outcome < OUTCOME_OK || event->outcome > OUTCOME_INFO ||
        (event->outcome == OUTCOME_OK && !is_answer(event->status)))
        return err_set(e, -E_PARSE, "process %u ends an operation as %s, %s", event->process,
                       op_outcome_name(event->outcome), op_status_name(event->status));
    op = &h->ops[p->op];
    if (op_returns_value(op->kind) && event->outcome == OUTCOME_OK && event->status == STATUS_OK &&
        !arena_copy(&h->memory->arena, event->value, &op->result))
        return err_set(e, -E_NOMEM, "operation %zu: %s", p->op, err_text(-E_NOMEM));
    op->outcome = event->outcome;
    op->status = event->status;
    op->node = event->node;
    op->return_ns = event->time_ns;
    if (event->outcome != OUTCOME_INFO)
        op->return_seq = h->memory->seq + 1;
    p->state = event->outcome == OUTCOME_INFO ? PROCESS_RETIRED : PROCESS_IDLE;
    return 0;
}

/* --- everything else ------------------------------------------------------------------------ */

static const struct history_link *keep_cuts(struct arena *a, const struct history_event *event)
{
    struct history_link *cuts = arena_take(a, event->n_cuts * sizeof *cuts);

    for (size_t i = 0; cuts != NULL && i < event->n_cuts; i++)
        cuts[i] = event->cuts[i];
    return cuts;
}

static int add_other(struct history *h, const struct history_event *event, struct err *e)
{
    struct history_event copy = *event;
    struct history_event *events =
        grown(h->events, h->n_events, &h->memory->events_cap, sizeof *events, EVENTS_SLACK);

    if (events == NULL)
        return err_set(e, -E_NOMEM, "event: %s", err_text(-E_NOMEM));
    h->events = events;
    copy.seq = h->memory->seq + 1;
    if (event->text != NULL) {
        copy.text = keep(&h->memory->arena, event->text);
        if (copy.text == NULL)
            return err_set(e, -E_NOMEM, "event: %s", err_text(-E_NOMEM));
    }
    if (event->kind == HISTORY_FAULT && event->n_cuts > 0) {
        copy.cuts = keep_cuts(&h->memory->arena, event);
        if (copy.cuts == NULL)
            return err_set(e, -E_NOMEM, "event: %s", err_text(-E_NOMEM));
    }
    h->events[h->n_events++] = copy;
    return 0;
}

int history_add_event(struct history *h, const struct history_event *event, struct err *e)
{
    struct history_event timed = *event;
    int rc = 0;

    bool raised = timed.time_ns > 0 && timed.time_ns < h->duration_ns;

    if (timed.time_ns < h->duration_ns)
        timed.time_ns = h->duration_ns;
    switch (event->kind) {
    case HISTORY_INVOKE: rc = add_invoke(h, &timed, e); break;
    case HISTORY_ASK: h->n_asks++; break;
    case HISTORY_COMPLETE: rc = add_complete(h, &timed, e); break;
    default: rc = add_other(h, &timed, e); break;
    }
    if (rc < 0)
        return rc;
    h->memory->seq++;
    h->n_raised += raised;
    h->duration_ns = timed.time_ns;
    if (h->memory->visitor == NULL)
        return 0;
    timed.seq = h->memory->seq;
    return h->memory->visitor->event(h->memory->visitor->context, &timed, e);
}

void build_visit(struct history *h, const struct history_visitor *visitor)
{
    h->memory->visitor = visitor;
}

int build_set_model(struct history *h, const char *model)
{
    const char *kept = keep(&h->memory->arena, model);

    if (kept == NULL)
        return -E_NOMEM;
    h->header.model = kept;
    return 0;
}

int build_set_options(struct history *h, const struct history_header *header)
{
    struct history_header kept = h->header;

    kept.n_options = header->n_options;
    if (!keep_options(&h->memory->arena, header, &kept))
        return -E_NOMEM;
    h->header = kept;
    return 0;
}

const char *history_node_what_name(enum history_node_what what)
{
    static const char *const names[] = {
        [NODE_STARTED] = "started", [NODE_FOLLOWER] = "follower", [NODE_CANDIDATE] = "candidate",
        [NODE_LEADER] = "leader",   [NODE_DIED] = "died",         [NODE_PAUSED] = "paused",
        [NODE_RESUMED] = "resumed", [NODE_EXITED] = "exited",
    };

    return (unsigned)what < sizeof names / sizeof names[0] ? names[what] : "?";
}
