#include "histories/format.h"

#include "base/hash.h"
#include "base/mp.h"

/* These numbers are written to files: they may grow at the end, and never change. */
_Static_assert(OP_GET == 0 && OP_PUT == 1 && OP_APPEND == 2 && OP_CAS == 3 && OP_DELETE == 4 &&
                   OP_ADD == 6 && OP_REMOVE == 7 && OP_CONTAINS == 8 && OP_ENQUEUE == 9 &&
                   OP_DEQUEUE == 10 && OP_PUSH == 11 && OP_POP == 12 && OP_INSERT == 13 &&
                   OP_POLL == 14 && OP_LOCK == 15 && OP_UNLOCK == 16 && OP_TRANSFER == 17,
               "operation kinds are part of the history format");
_Static_assert(OUTCOME_OK == 1 && OUTCOME_FAIL == 2 && OUTCOME_INFO == 3,
               "outcomes are part of the history format");
_Static_assert(STATUS_OK == 0 && STATUS_NO_KEY == 1 && STATUS_MISMATCH == 2 &&
                   STATUS_NOT_LEADER == 3 && STATUS_BUSY == 4 && STATUS_TIMEOUT == 5 &&
                   STATUS_BAD_REQUEST == 6 && STATUS_SESSION_EXPIRED == 7,
               "statuses are part of the history format");
_Static_assert(NODE_STARTED == 0 && NODE_FOLLOWER == 1 && NODE_CANDIDATE == 2 && NODE_LEADER == 3 &&
                   NODE_DIED == 4 && NODE_PAUSED == 5 && NODE_RESUMED == 6 && NODE_EXITED == 7,
               "node events are part of the history format");

size_t format_elements(uint64_t kind)
{
    static const uint8_t elements[] = {
        [HISTORY_INVOKE] = 9, [HISTORY_ASK] = 6,  [HISTORY_COMPLETE] = 10, [HISTORY_FAULT] = 14,
        [HISTORY_NODE] = 7,   [HISTORY_NOTE] = 5, [HISTORY_END] = 4,
    };

    return kind < sizeof elements ? elements[kind] : 0;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* Closes the record that began at `start`: the checksum covers everything from there on. */
static int seal(struct buf *out, size_t start, const struct mp_writer *w)
{
    int rc = mp_writer_error(w);
    uint32_t crc;

    if (rc == 0) {
        crc = hash_crc32(0, out->data + start, out->len - start);
        rc = buf_append_byte(out, 0xce);
        if (rc == 0)
            rc = buf_append_u32be(out, crc);
    }
    if (rc < 0)
        out->len = start;
    return rc;
}

/* --- the header ----------------------------------------------------------------------------- */

static int check_text(const char *what, const char *text, size_t max, struct err *e)
{
    if (strlen(or_empty(text)) <= max)
        return 0;
    return err_set(e, -E_LIMIT, "%s of the history: longer than %zu bytes", what, max);
}

static int check_header(const struct history_header *h, struct err *e)
{
    int rc = check_text("model", h->model, FORMAT_NAME_BYTES_MAX, e);

    if (rc == 0)
        rc = check_text("workload", h->workload, FORMAT_NAME_BYTES_MAX, e);
    if (rc == 0)
        rc = check_text("cluster", h->cluster, FORMAT_NAME_BYTES_MAX, e);
    if (rc == 0 && (h->n_nodes > HISTORY_NODES_MAX || h->n_options > HISTORY_OPTIONS_MAX))
        rc = err_set(e, -E_LIMIT, "header of the history: at most %d nodes and %d options",
                     HISTORY_NODES_MAX, HISTORY_OPTIONS_MAX);
    for (size_t i = 0; rc == 0 && i < h->n_options; i++) {
        rc = check_text("name of an option", h->options[i].name, FORMAT_NAME_BYTES_MAX, e);
        if (rc == 0)
            rc = check_text(h->options[i].name, h->options[i].value, FORMAT_TEXT_BYTES_MAX, e);
    }
    return rc;
}

static void put_text(struct mp_writer *w, const char *key, const char *value)
{
    mp_write_str(w, key);
    mp_write_str(w, or_empty(value));
}

static void put_map(struct mp_writer *w, const struct history_header *h)
{
    mp_write_map(w, 8);
    put_text(w, "model", h->model);
    mp_write_str(w, "dialect");
    mp_write_uint(w, h->dialect);
    put_text(w, "workload", h->workload);
    put_text(w, "cluster", h->cluster);
    mp_write_str(w, "seed");
    mp_write_uint(w, h->seed);
    mp_write_str(w, "started_wall_ns");
    mp_write_int(w, h->started_wall_ns);
    mp_write_str(w, "nodes");
    mp_write_array(w, h->n_nodes);
    for (size_t i = 0; i < h->n_nodes; i++)
        mp_write_uint(w, h->nodes[i]);
    mp_write_str(w, "options");
    mp_write_map(w, h->n_options);
    for (size_t i = 0; i < h->n_options; i++)
        put_text(w, or_empty(h->options[i].name), h->options[i].value);
}

int format_encode_header(const struct history_header *header, struct buf *out, struct err *e)
{
    size_t start = out->len;
    struct mp_writer w;
    int rc = check_header(header, e);

    if (rc < 0)
        return rc;
    mp_writer_init(&w, out);
    mp_write_array(&w, 4);
    mp_write_str(&w, FORMAT_MAGIC);
    mp_write_uint(&w, HISTORY_FORMAT_VERSION);
    put_map(&w, header);
    rc = seal(out, start, &w);
    if (rc < 0)
        return err_set(e, rc, "header of the history: %s", err_text(rc));
    if (out->len - start > FORMAT_RECORD_BYTES_MAX) {
        out->len = start;
        return err_set(e, -E_LIMIT, "header of the history: longer than %d bytes",
                       FORMAT_RECORD_BYTES_MAX);
    }
    return 0;
}

/* --- events --------------------------------------------------------------------------------- */

static int check_event(const struct history_event *event)
{
    switch (event->kind) {
    case HISTORY_INVOKE:
        if ((unsigned)event->op.kind >= OP_ANY_KIND_COUNT || event->op.kind == OP_REGISTER)
            return -E_INVAL;
        return op_valid_in_history(&event->op) ? 0 : -E_LIMIT;
    case HISTORY_COMPLETE:
        if (event->value.len > OP_VALUE_BYTES_MAX)
            return -E_LIMIT;
        return event->outcome >= OUTCOME_OK && event->outcome <= OUTCOME_INFO &&
                       (unsigned)event->status < STATUS_COUNT
                   ? 0
                   : -E_INVAL;
    case HISTORY_FAULT:
        if (event->n_cuts > HISTORY_CUTS_MAX)
            return -E_LIMIT;
        return strlen(or_empty(event->text)) <= FORMAT_TEXT_BYTES_MAX ? 0 : -E_LIMIT;
    case HISTORY_NOTE: return strlen(or_empty(event->text)) <= FORMAT_TEXT_BYTES_MAX ? 0 : -E_LIMIT;
    case HISTORY_NODE: return (unsigned)event->what <= NODE_EXITED ? 0 : -E_INVAL;
    default: return format_elements(event->kind) > 0 ? 0 : -E_INVAL;
    }
}

static void put_invoke(struct mp_writer *w, const struct history_event *event)
{
    const struct op *op = &event->op;

    mp_write_uint(w, event->process);
    mp_write_uint(w, op->kind);
    mp_write_bin(w, op->family);
    mp_write_bin(w, op->key);
    if (op->kind == OP_CAS) {
        mp_write_array(w, 2);
        if (op->expects_absent)
            mp_write_nil(w);
        else
            mp_write_bin(w, op->expected);
        mp_write_bin(w, op->value);
    } else if (op_takes_value(op->kind)) {
        mp_write_bin(w, op->value);
    } else {
        mp_write_nil(w);
    }
}

static void put_complete(struct mp_writer *w, const struct history_event *event)
{
    mp_write_uint(w, event->process);
    mp_write_uint(w, event->outcome);
    mp_write_uint(w, event->status);
    mp_write_uint(w, event->node);
    mp_write_uint(w, event->term);
    mp_write_bin(w, event->value);
}

static void put_fault(struct mp_writer *w, const struct history_event *event)
{
    mp_write_uint(w, event->fault);
    mp_write_bool(w, event->begins);
    mp_write_str(w, or_empty(event->text));
    mp_write_uint(w, event->dropped);
    mp_write_uint(w, event->delayed);
    mp_write_uint(w, event->duplicated);
    mp_write_uint(w, event->reordered);
    mp_write_uint(w, event->killed);
    mp_write_uint(w, event->paused);
    mp_write_array(w, 2 * event->n_cuts);
    for (size_t i = 0; i < event->n_cuts; i++) {
        mp_write_int(w, event->cuts[i].from);
        mp_write_int(w, event->cuts[i].to);
    }
}

static void put_fields(struct mp_writer *w, const struct history_event *event)
{
    switch (event->kind) {
    case HISTORY_INVOKE: put_invoke(w, event); break;
    case HISTORY_ASK:
        mp_write_uint(w, event->process);
        mp_write_uint(w, event->node);
        break;
    case HISTORY_COMPLETE: put_complete(w, event); break;
    case HISTORY_FAULT: put_fault(w, event); break;
    case HISTORY_NODE:
        mp_write_uint(w, event->node);
        mp_write_uint(w, event->what);
        mp_write_uint(w, event->term);
        break;
    case HISTORY_NOTE: mp_write_str(w, or_empty(event->text)); break;
    case HISTORY_END: break;
    }
}

int format_encode_event(const struct history_event *event, struct buf *out, struct err *e)
{
    size_t start = out->len;
    struct mp_writer w;
    int rc = check_event(event);

    if (rc == 0) {
        mp_writer_init(&w, out);
        mp_write_array(&w, format_elements(event->kind));
        mp_write_uint(&w, event->kind);
        mp_write_uint(&w, event->seq);
        mp_write_int(&w, event->time_ns);
        put_fields(&w, event);
        rc = seal(out, start, &w);
    }
    if (rc < 0)
        return err_set(e, rc, "event %llu (kind %d) cannot be written: %s",
                       (unsigned long long)event->seq, (int)event->kind, err_text(rc));
    return 0;
}
