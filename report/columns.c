#include "report/parts.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- keys ----------------------------------------------------------------------------------- */

/* Each key once, in the order of its first operation; an open hash table finds it again. */
struct keys {
    struct slice (*names)[2]; /* family, key */
    uint32_t *table;          /* number + 1; 0: free */
    size_t n, cap;            /* of names; the table has twice as many places */
};

static size_t place_of(const struct keys *k, const struct history_op *op)
{
    uint64_t seed = hash_bytes(op->family.data, op->family.len, 0);
    size_t place = hash_bytes(op->key.data, op->key.len, seed) & (2 * k->cap - 1);

    while (k->table[place] != 0) {
        const struct slice *name = k->names[k->table[place] - 1];

        if (slice_equal(name[0], op->family) && slice_equal(name[1], op->key))
            break;
        place = (place + 1) & (2 * k->cap - 1);
    }
    return place;
}

/* Room for as many keys as operations are kept at the most; there is no growing. */
static int keys_create(struct keys *k, size_t n_ops)
{
    size_t least = n_ops < REPORT_OPS_MAX ? n_ops : REPORT_OPS_MAX;

    *k = (struct keys){.cap = 16};
    while (k->cap < least + REPORT_VIOLATING_MAX)
        k->cap *= 2;
    k->names = calloc(k->cap, sizeof *k->names);
    k->table = calloc(2 * k->cap, sizeof *k->table);
    return k->names == NULL || k->table == NULL ? -E_NOMEM : 0;
}

static void keys_free(struct keys *k)
{
    free(k->names);
    free(k->table);
}

static size_t number_of(struct keys *k, const struct history_op *op)
{
    size_t place = place_of(k, op);

    if (k->table[place] == 0) {
        k->names[k->n][0] = op->family;
        k->names[k->n][1] = op->key;
        k->table[place] = (uint32_t)++k->n;
    }
    return k->table[place] - 1;
}

static int put_bytes(struct buf *out, struct slice bytes)
{
    struct buf text = {0};
    int rc = history_describe_bytes(bytes, &text);

    if (rc == 0)
        rc = json_put_text(out, buf_slice(&text), SIZE_MAX);
    buf_free(&text);
    return rc;
}

static int put_keys(const struct keys *k, struct buf *out)
{
    struct buf text = {0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < k->n; i++) {
        buf_clear(&text);
        rc = history_describe_bytes(k->names[i][1], &text);
        if (rc == 0 && k->names[i][0].len > 0) {
            rc = buf_printf(&text, " in ");
            if (rc == 0)
                rc = history_describe_bytes(k->names[i][0], &text);
        }
        if (rc == 0 && i > 0)
            rc = buf_append_byte(out, ',');
        if (rc == 0)
            rc = json_put_text(out, buf_slice(&text), SIZE_MAX);
    }
    buf_free(&text);
    return rc;
}

/* --- columns -------------------------------------------------------------------------------- */

#define COLUMNS(X)                                                                                 \
    X(call)   /* from the call of the one before */                                                \
    X(length) /* until the return, or until the clerk gave up; -1: neither is known */             \
    X(process)                                                                                     \
    X(kind)                                                                                        \
    X(outcome)                                                                                     \
    X(status)                                                                                      \
    X(node)                                                                                        \
    X(key)                                                                                         \
    X(value)    /* texts, or 0 */                                                                  \
    X(expected) /* 1: absent */                                                                    \
    X(result)

enum column {
#define X(name) COLUMN_##name,
    COLUMNS(X)
#undef X
        COLUMN_COUNT
};

static const char *const column_names[] = {
#define X(name) #name,
    COLUMNS(X)
#undef X
};

struct columns {
    struct buf of[COLUMN_COUNT];
    struct keys keys;
    int64_t last; /* time of the last call */
    size_t n;
    size_t bytes;
};

static int put_number(struct columns *c, enum column which, int64_t number)
{
    return buf_printf(&c->of[which], "%s%" PRId64, c->n == 0 ? "" : ",", number);
}

static int put_value(struct columns *c, enum column which, bool there, struct slice value)
{
    if (!there)
        return put_number(c, which, 0);
    if (c->n > 0 && buf_append_byte(&c->of[which], ',') < 0)
        return -E_NOMEM;
    return put_bytes(&c->of[which], value);
}

static int64_t length_of(const struct history *h, const struct history_op *op)
{
    if (op->outcome == OUTCOME_PENDING || (clock_is_order(h) && op->return_seq == HISTORY_NEVER))
        return -1;
    return clock_at(h, op->return_ns, op->return_seq) - clock_at(h, op->call_ns, op->call_seq);
}

static int put_numbers(struct columns *c, const struct history *h, const struct history_op *op)
{
    int64_t call = clock_at(h, op->call_ns, op->call_seq);
    const int64_t numbers[] = {
        [COLUMN_call] = call - c->last,    [COLUMN_length] = length_of(h, op),
        [COLUMN_process] = op->process,    [COLUMN_kind] = op->kind,
        [COLUMN_outcome] = op->outcome,    [COLUMN_status] = op->status,
        [COLUMN_node] = (int64_t)op->node, [COLUMN_key] = (int64_t)number_of(&c->keys, op)};
    int rc = 0;

    for (unsigned i = 0; rc == 0 && i < sizeof numbers / sizeof numbers[0]; i++)
        rc = put_number(c, (enum column)i, numbers[i]);
    c->last = call;
    return rc;
}

static int put_op(struct columns *c, const struct history *h, const struct history_op *op)
{
    bool found = op->outcome == OUTCOME_OK && op->status == STATUS_OK && op_returns_value(op->kind);
    int rc = put_numbers(c, h, op);

    if (rc == 0)
        rc = put_value(c, COLUMN_value, op_takes_value(op->kind), op->value);
    if (rc == 0 && op->expects_absent)
        rc = put_number(c, COLUMN_expected, 1);
    else if (rc == 0)
        rc = put_value(c, COLUMN_expected, op->kind == OP_CAS, op->expected);
    if (rc == 0)
        rc = put_value(c, COLUMN_result, found, op->result);
    c->n++;
    c->bytes = 0;
    for (unsigned i = 0; i < COLUMN_COUNT; i++)
        c->bytes += c->of[i].len;
    return rc;
}

/* --- which ---------------------------------------------------------------------------------- */

static size_t n_marked(const struct report_verdict *v)
{
    return v->n_violating < REPORT_VIOLATING_MAX ? v->n_violating : REPORT_VIOLATING_MAX;
}

/* All, or as many as there is room for around the last violating one, or from the start. */
static void choose_window(const struct history *h, const struct report_verdict *v,
                          struct columns_kept *ret)
{
    size_t last = 0;

    *ret = (struct columns_kept){.end = h->n_ops};
    if (h->n_ops <= REPORT_OPS_MAX)
        return;
    for (size_t i = 0; i < n_marked(v); i++)
        last = v->violating[i] > last ? v->violating[i] : last;
    if (last > REPORT_OPS_MAX / 2)
        ret->first = last - REPORT_OPS_MAX / 2;
    if (ret->first > h->n_ops - REPORT_OPS_MAX)
        ret->first = h->n_ops - REPORT_OPS_MAX;
    ret->end = ret->first + REPORT_OPS_MAX;
}

static bool mark(const struct report_verdict *v, size_t op, size_t place, size_t *places)
{
    bool found = false;

    for (size_t i = 0; i < n_marked(v); i++) {
        if (v->violating[i] == op) {
            places[i] = place;
            found = true;
        }
    }
    return found;
}

static int fill(struct columns *c, const struct history *h, const struct report_verdict *v,
                size_t *places, struct columns_kept *kept)
{
    size_t end = kept->first;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < h->n_ops; i++) {
        bool room = i >= kept->first && i < kept->end && c->bytes < REPORT_OPS_BYTES_MAX;

        if (!mark(v, i, c->n, places) && !room)
            continue;
        rc = put_op(c, h, &h->ops[i]);
        if (room)
            end = i + 1;
    }
    kept->end = end;
    kept->n = c->n;
    return rc;
}

int columns_put(const struct history *h, const struct report_verdict *v, size_t *places,
                struct columns_kept *ret, struct buf *out)
{
    struct columns c = {.n = 0};
    int rc = keys_create(&c.keys, h->n_ops);

    choose_window(h, v, ret);
    if (rc == 0)
        rc = fill(&c, h, v, places, ret);
    if (rc == 0)
        rc = buf_printf(out, "{\"n\":%zu", c.n);
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        if (rc == 0)
            rc = buf_printf(out, ",\"%s\":[", column_names[i]);
        if (rc == 0)
            rc = buf_append_slice(out, buf_slice(&c.of[i]));
        if (rc == 0)
            rc = buf_append_byte(out, ']');
        buf_free(&c.of[i]);
    }
    if (rc == 0)
        rc = buf_printf(out, ",\"keys\":[");
    if (rc == 0)
        rc = put_keys(&c.keys, out);
    keys_free(&c.keys);
    return rc < 0 ? rc : buf_printf(out, "]}");
}
