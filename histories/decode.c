#include "histories/format.h"

#include "base/hash.h"
#include "base/mp.h"

/* The checksum stands behind the last element that is not one, and covers what is before it. */
static int check_seal(struct mp_reader *r, struct err *e)
{
    size_t covered = mp_offset(r);
    size_t left = (size_t)(r->end - r->at);

    if (left > 0 && *r->at != 0xce)
        return err_set(e, -E_PARSE, "no checksum where the record ends");
    if (left < FORMAT_CRC_BYTES)
        return -E_GAP;
    if (load_u32be(r->at + 1) != hash_crc32(0, r->start, covered))
        return err_set(e, -E_CORRUPT, "the checksum does not fit the record");
    r->at += FORMAT_CRC_BYTES;
    return 0;
}

/* --- the header ----------------------------------------------------------------------------- */

/* 0x94, the array of four, and 0xac, the string of twelve bytes. */
static const char header_start[] = "\x94\xac" FORMAT_MAGIC;
enum { HEADER_START_BYTES = sizeof header_start - 1 };

bool format_is_header(struct slice bytes)
{
    size_t n = bytes.len < HEADER_START_BYTES ? bytes.len : HEADER_START_BYTES;

    return n > 0 && memcmp(bytes.data, header_start, n) == 0;
}

/* A name that holds a NUL would be cut by whoever uses it as a string. */
static int get_text(struct mp_reader *r, size_t max, struct slice *ret)
{
    struct slice text;
    int rc = mp_read_str(r, max, &text);

    if (rc < 0)
        return rc;
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        return -E_PARSE;
    *ret = text;
    return 0;
}

static int keep_text(struct mp_reader *r, size_t max, struct arena *arena, const char **ret)
{
    struct slice text;
    int rc = get_text(r, max, &text);

    if (rc < 0)
        return rc;
    *ret = arena_string(arena, text);
    return *ret == NULL ? -E_NOMEM : 0;
}

static int get_nodes(struct mp_reader *r, struct arena *arena, struct history_header *h)
{
    size_t n;
    uint64_t *nodes;
    int rc = mp_read_array(r, HISTORY_NODES_MAX, &n);

    if (rc < 0)
        return rc;
    nodes = arena_take(arena, n * sizeof *nodes);
    if (nodes == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        rc = mp_read_uint(r, UINT64_MAX, &nodes[i]);
        if (rc < 0)
            return rc;
    }
    h->nodes = nodes;
    h->n_nodes = n;
    return 0;
}

static int get_options(struct mp_reader *r, struct arena *arena, struct history_header *h)
{
    size_t n;
    struct history_option *options;
    int rc = mp_read_map(r, HISTORY_OPTIONS_MAX, &n);

    if (rc < 0)
        return rc;
    options = arena_take(arena, n * sizeof *options);
    if (options == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        rc = keep_text(r, FORMAT_NAME_BYTES_MAX, arena, &options[i].name);
        if (rc == 0)
            rc = keep_text(r, FORMAT_TEXT_BYTES_MAX, arena, &options[i].value);
        if (rc < 0)
            return rc;
    }
    h->options = options;
    h->n_options = n;
    return 0;
}

/* A name that this version does not know is passed over: later ones may add some. */
static int get_pair(struct mp_reader *r, struct arena *arena, struct history_header *h)
{
    struct slice key;
    uint64_t number;
    int rc = mp_read_str(r, FORMAT_NAME_BYTES_MAX, &key);

    if (rc < 0)
        return rc;
    if (slice_equal(key, slice_str("model")))
        return keep_text(r, FORMAT_NAME_BYTES_MAX, arena, &h->model);
    if (slice_equal(key, slice_str("workload")))
        return keep_text(r, FORMAT_NAME_BYTES_MAX, arena, &h->workload);
    if (slice_equal(key, slice_str("cluster")))
        return keep_text(r, FORMAT_NAME_BYTES_MAX, arena, &h->cluster);
    if (slice_equal(key, slice_str("seed")))
        return mp_read_uint(r, UINT64_MAX, &h->seed);
    if (slice_equal(key, slice_str("started_wall_ns")))
        return mp_read_int(r, &h->started_wall_ns);
    if (slice_equal(key, slice_str("nodes")))
        return get_nodes(r, arena, h);
    if (slice_equal(key, slice_str("options")))
        return get_options(r, arena, h);
    if (slice_equal(key, slice_str("dialect"))) {
        rc = mp_read_uint(r, UINT32_MAX, &number);
        if (rc == 0)
            h->dialect = (uint32_t)number;
        return rc;
    }
    return mp_skip(r);
}

enum { HEADER_PAIRS_MAX = 64 };

static int get_header(struct mp_reader *r, struct arena *arena, struct history_header *h,
                      struct err *e)
{
    uint64_t version;
    size_t pairs;
    int rc = mp_read_uint(r, UINT32_MAX, &version);

    if (rc < 0)
        return rc;
    if (version < HISTORY_FORMAT_VERSION_OLDEST || version > HISTORY_FORMAT_VERSION)
        return err_set(
            e, -E_UNSUPPORTED, "history format %llu; this program reads formats %d to %d",
            (unsigned long long)version, HISTORY_FORMAT_VERSION_OLDEST, HISTORY_FORMAT_VERSION);
    h->version = (uint32_t)version;
    rc = mp_read_map(r, HEADER_PAIRS_MAX, &pairs);
    for (size_t i = 0; rc == 0 && i < pairs; i++)
        rc = get_pair(r, arena, h);
    if (rc == -E_PARSE || rc == -E_LIMIT)
        return err_set(e, rc, "the header is malformed");
    return rc < 0 ? rc : check_seal(r, e);
}

int format_decode_header(struct slice bytes, struct arena *arena, struct history_header *ret,
                         size_t *ret_used, struct err *e)
{
    struct history_header h = {.model = "", .workload = "", .cluster = ""};
    struct mp_reader r = mp_reader_of(bytes);
    int rc;

    if (!format_is_header(bytes))
        return err_set(e, -E_PARSE, "expected the header of a rift history");
    if (bytes.len < HEADER_START_BYTES)
        return -E_GAP;
    r.at += HEADER_START_BYTES;
    rc = get_header(&r, arena, &h, e);
    if (rc < 0)
        return rc;
    *ret = h;
    *ret_used = mp_offset(&r);
    return 0;
}

/* --- events --------------------------------------------------------------------------------- */

static int get_u32(struct mp_reader *r, uint64_t max, uint32_t *ret)
{
    uint64_t number;
    int rc = mp_read_uint(r, max, &number);

    if (rc == 0)
        *ret = (uint32_t)number;
    return rc;
}

static int get_argument(struct mp_reader *r, struct op *op)
{
    size_t two;
    bool present;
    int rc;

    if (!op_takes_value(op->kind))
        return mp_read_nil(r);
    if (op->kind != OP_CAS)
        return mp_read_bin(r, OP_VALUE_BYTES_MAX, &op->value);
    rc = mp_read_array(r, 2, &two);
    if (rc == 0 && two != 2)
        rc = -E_PARSE;
    if (rc == 0)
        rc = mp_read_bin_or_nil(r, OP_VALUE_BYTES_MAX, &op->expected, &present);
    if (rc == 0)
        rc = mp_read_bin(r, OP_VALUE_BYTES_MAX, &op->value);
    if (rc == 0)
        op->expects_absent = !present;
    return rc;
}

static int get_invoke(struct mp_reader *r, struct history_event *event)
{
    uint32_t kind = 0;
    int rc = get_u32(r, UINT32_MAX, &event->process);

    if (rc == 0)
        rc = get_u32(r, OP_ANY_KIND_COUNT - 1, &kind);
    if (rc == 0 && kind == OP_REGISTER)
        rc = -E_PARSE;
    if (rc < 0)
        return rc;
    event->op.kind = (enum op_kind)kind;
    rc = mp_read_bin(r, OP_FAMILY_BYTES_MAX, &event->op.family);
    if (rc == 0)
        rc = mp_read_bin(r, OP_KEY_BYTES_MAX, &event->op.key);
    return rc < 0 ? rc : get_argument(r, &event->op);
}

static int get_complete(struct mp_reader *r, struct history_event *event)
{
    uint32_t outcome = 0;
    uint32_t status = 0;
    int rc = get_u32(r, UINT32_MAX, &event->process);

    if (rc == 0)
        rc = get_u32(r, OUTCOME_INFO, &outcome);
    if (rc == 0)
        rc = get_u32(r, STATUS_COUNT - 1, &status);
    if (rc < 0)
        return rc;
    if (outcome == OUTCOME_PENDING)
        return -E_PARSE;
    event->outcome = (enum op_outcome)outcome;
    event->status = (enum op_status)status;
    rc = mp_read_uint(r, UINT64_MAX, &event->node);
    if (rc == 0)
        rc = mp_read_uint(r, UINT64_MAX, &event->term);
    return rc < 0 ? rc : mp_read_bin(r, OP_VALUE_BYTES_MAX, &event->value);
}

/* What a record holds besides numbers and slices; copied once the checksum is known to fit. */
struct details {
    struct slice text;
    struct mp_reader cuts; /* of n_cuts links, from and to in turn */
    size_t n_cuts;
    bool without_cuts; /* the record is of version 1 */
};

/* Only walks over them: nothing is taken on the word of bytes whose checksum nobody has seen. */
static int get_cuts(struct mp_reader *r, struct details *d)
{
    size_t ends;
    int64_t end;
    int rc = mp_read_array(r, 2 * HISTORY_CUTS_MAX, &ends);

    if (rc == 0 && ends % 2 != 0)
        rc = -E_PARSE;
    if (rc < 0)
        return rc;
    d->cuts = *r;
    d->n_cuts = ends / 2;
    for (size_t i = 0; rc == 0 && i < ends; i++)
        rc = mp_read_int(r, &end);
    return rc;
}

static int get_fault(struct mp_reader *r, struct history_event *event, struct details *d)
{
    uint64_t *counters[] = {&event->dropped,   &event->delayed, &event->duplicated,
                            &event->reordered, &event->killed,  &event->paused};
    int rc = get_u32(r, UINT32_MAX, &event->fault);

    if (rc == 0)
        rc = mp_read_bool(r, &event->begins);
    if (rc == 0)
        rc = get_text(r, FORMAT_TEXT_BYTES_MAX, &d->text);
    for (size_t i = 0; rc == 0 && i < sizeof counters / sizeof counters[0]; i++)
        rc = mp_read_uint(r, UINT64_MAX, counters[i]);
    return rc < 0 || d->without_cuts ? rc : get_cuts(r, d);
}

static int get_node(struct mp_reader *r, struct history_event *event)
{
    uint32_t what = 0;
    int rc = mp_read_uint(r, UINT64_MAX, &event->node);

    if (rc == 0)
        rc = get_u32(r, NODE_EXITED, &what);
    if (rc < 0)
        return rc;
    event->what = (enum history_node_what)what;
    return mp_read_uint(r, UINT64_MAX, &event->term);
}

static int get_fields(struct mp_reader *r, struct history_event *event, struct details *d)
{
    int rc;

    switch (event->kind) {
    case HISTORY_INVOKE: return get_invoke(r, event);
    case HISTORY_ASK:
        rc = get_u32(r, UINT32_MAX, &event->process);
        return rc < 0 ? rc : mp_read_uint(r, UINT64_MAX, &event->node);
    case HISTORY_COMPLETE: return get_complete(r, event);
    case HISTORY_FAULT: return get_fault(r, event, d);
    case HISTORY_NODE: return get_node(r, event);
    case HISTORY_NOTE: return get_text(r, FORMAT_TEXT_BYTES_MAX, &d->text);
    case HISTORY_END: return 0;
    }
    return -E_PARSE;
}

/* What every record begins with. */
static int get_start(struct mp_reader *r, struct history_event *event, struct details *d)
{
    uint64_t kind;
    uint64_t time_ns;
    size_t elements;
    int rc = mp_read_array(r, UINT8_MAX, &elements);

    if (rc == 0)
        rc = mp_read_uint(r, HISTORY_END, &kind);
    if (rc < 0)
        return rc;
    d->without_cuts = kind == HISTORY_FAULT && elements + 1 == format_elements(kind);
    if (elements == 0 || (elements != format_elements(kind) && !d->without_cuts))
        return -E_PARSE;
    event->kind = (enum history_event_kind)kind;
    rc = mp_read_uint(r, UINT64_MAX, &event->seq);
    if (rc == 0)
        rc = mp_read_uint(r, INT64_MAX, &time_ns);
    if (rc == 0)
        event->time_ns = (int64_t)time_ns;
    return rc;
}

/* In front of the text: the scratch buffer's start is aligned for them. */
static int lend_cuts(struct details *d, struct buf *scratch)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < d->n_cuts; i++) {
        struct history_link link;

        rc = mp_read_int(&d->cuts, &link.from);
        if (rc == 0)
            rc = mp_read_int(&d->cuts, &link.to);
        if (rc == 0)
            rc = buf_append_slice(scratch, slice_of(&link, sizeof link));
    }
    return rc;
}

/* An event's text is a C string: only bytes whose checksum fits are worth the copy. */
static int lend_details(struct details *d, struct buf *scratch, struct history_event *event)
{
    int rc;

    if (event->kind != HISTORY_FAULT && event->kind != HISTORY_NOTE)
        return 0;
    buf_clear(scratch);
    rc = lend_cuts(d, scratch);
    if (rc == 0)
        rc = buf_append_slice(scratch, d->text);
    if (rc == 0)
        rc = buf_append_byte(scratch, '\0');
    if (rc < 0)
        return rc;
    if (d->n_cuts > 0) {
        event->cuts = (const struct history_link *)(const void *)scratch->data;
        event->n_cuts = d->n_cuts;
    }
    event->text = (const char *)scratch->data + d->n_cuts * sizeof(struct history_link);
    return 0;
}

int format_decode_event(struct slice bytes, struct buf *scratch, struct history_event *ret,
                        size_t *ret_used, struct err *e)
{
    struct history_event event = {0};
    struct details details = {.text = {0}};
    struct mp_reader r = mp_reader_of(bytes);
    int rc = get_start(&r, &event, &details);

    if (rc == 0)
        rc = get_fields(&r, &event, &details);
    if (rc < 0)
        return err_set(e, rc, "expected an event: %s", err_text(rc));
    rc = check_seal(&r, e);
    if (rc == 0)
        rc = lend_details(&details, scratch, &event);
    if (rc < 0)
        return rc;
    *ret = event;
    *ret_used = mp_offset(&r);
    return 0;
}
