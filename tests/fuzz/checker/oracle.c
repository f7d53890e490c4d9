#include "oracle.h"

#include "base/check.h"
#include "plain.h"

#include <stdlib.h>

/* --- the store ------------------------------------------------------------------------------ */

struct value {
    bool present;
    size_t len;
    uint8_t bytes[ORACLE_VALUE_BYTES_MAX];
};

struct oracle_store {
    const struct history *history;
    uint32_t dialect;
    bool is_plain;
    size_t n_keys;
    struct slice keys[ORACLE_KEYS_MAX];
    union {
        struct value values[ORACLE_KEYS_MAX];
        struct plain objects[ORACLE_KEYS_MAX];
    };
};

/* A list of items is a value that items are appended to, empty at the start. */
static struct oracle_store store_of(const struct history *h)
{
    bool of_lists = strcmp(h->header.model, "list-append") == 0;

    return (struct oracle_store){
        .history = h,
        .dialect = of_lists ? HISTORY_ABSENT_IS_EMPTY : h->header.dialect,
        .is_plain = plain_has_model(h->header.model),
    };
}

static bool no_absence(const struct oracle_store *s)
{
    return (s->dialect & HISTORY_ABSENT_IS_EMPTY) != 0;
}

static size_t key_of(struct oracle_store *s, struct slice key)
{
    size_t i = 0;

    while (i < s->n_keys && !slice_equal(s->keys[i], key))
        i++;
    if (i == s->n_keys) {
        CHECK(s->n_keys < ORACLE_KEYS_MAX);
        s->keys[s->n_keys++] = key;
        if (s->is_plain)
            plain_init(&s->objects[i], s->history);
        else
            s->values[i] = (struct value){.present = no_absence(s)};
    }
    return i;
}

static struct value *value_of(struct oracle_store *s, struct slice key)
{
    return &s->values[key_of(s, key)];
}

static void set(struct value *v, size_t keep, struct slice bytes)
{
    CHECK(keep + bytes.len <= ORACLE_VALUE_BYTES_MAX);
    if (bytes.len > 0)
        memcpy(v->bytes + keep, bytes.data, bytes.len);
    v->len = keep + bytes.len;
    v->present = true;
}

static bool holds(const struct value *v, struct slice bytes)
{
    return v->present && slice_equal(slice_of(v->bytes, v->len), bytes);
}

/* Absent, or what an absence that cannot be seen looks like. */
static bool looks_absent(const struct oracle_store *s, const struct value *v)
{
    return !v->present || (no_absence(s) && v->len == 0);
}

static enum op_status execute_cas(struct oracle_store *s, struct value *v,
                                  const struct history_op *op)
{
    if (op->expects_absent ? looks_absent(s, v) : holds(v, op->expected)) {
        set(v, 0, op->value);
        return STATUS_OK;
    }
    return v->present || (s->dialect & HISTORY_CAS_FAILS_PLAINLY) != 0 ? STATUS_MISMATCH
                                                                       : STATUS_NO_KEY;
}

static enum op_status execute(struct oracle_store *s, const struct history_op *op,
                              struct slice *result)
{
    struct value *v = value_of(s, op->key);
    bool was_present = v->present;

    switch (op->kind) {
    case OP_GET: *result = slice_of(v->bytes, v->len); break;
    case OP_PUT: set(v, 0, op->value); return STATUS_OK;
    case OP_APPEND: set(v, v->present ? v->len : 0, op->value); return STATUS_OK;
    case OP_CAS: return execute_cas(s, v, op);
    case OP_DELETE: *v = (struct value){.present = no_absence(s)}; break;
    default: CHECK(false);
    }
    return was_present ? STATUS_OK : STATUS_NO_KEY;
}

struct oracle_store *oracle_store_create(const struct history *h)
{
    struct oracle_store *s = calloc(1, sizeof *s);

    CHECK(s != NULL);
    *s = store_of(h);
    return s;
}

void oracle_store_destroy(struct oracle_store *s)
{
    free(s);
}

bool oracle_store_execute(struct oracle_store *s, struct history_op *op, struct buf *result)
{
    struct slice value = {0};

    if (s->is_plain)
        return plain_execute(&s->objects[key_of(s, op->key)], op, &op->status, result);
    op->status = execute(s, op, &value);
    CHECK(buf_append_slice(result, value) == 0);
    return true;
}

/* --- one operation -------------------------------------------------------------------------- */

static bool same_answer(const struct oracle_store *before, const struct history_op *op,
                        enum op_status status, struct slice result)
{
    const struct value *v = value_of((struct oracle_store *)before, op->key);
    bool hidden = no_absence(before) && looks_absent(before, v);

    if (op->kind == OP_GET && op->status == STATUS_OK)
        return status == STATUS_OK && slice_equal(op->result, result);
    if (op->kind == OP_GET && op->status == STATUS_NO_KEY)
        return looks_absent(before, v);
    if (op->kind == OP_DELETE && op->status == STATUS_OK &&
        (before->dialect & HISTORY_DELETE_OK_PLAINLY) != 0)
        return true;
    /* Where absence cannot be seen, "there was no such key" may be said of an empty value. */
    if (op->status == STATUS_NO_KEY && hidden)
        return status != STATUS_OK || op->kind == OP_DELETE;
    if (op->kind == OP_CAS && (before->dialect & HISTORY_CAS_FAILS_PLAINLY) != 0 &&
        op->status == STATUS_NO_KEY)
        return status == STATUS_MISMATCH && looks_absent(before, v);
    return op->status == status;
}

/* Executes and tells whether the answer is the one that was seen. */
static bool place(struct oracle_store *s, const struct history_op *op)
{
    struct slice result = {0};
    struct oracle_store before;
    enum op_status status;

    if (s->is_plain)
        return plain_place(&s->objects[key_of(s, op->key)], op);
    before = *s;
    status = execute(s, op, &result);
    return op->outcome != OUTCOME_OK || same_answer(&before, op, status, result);
}

static bool counts(const struct history_op *op)
{
    if (op->outcome == OUTCOME_FAIL)
        return false;
    return op->outcome == OUTCOME_OK || (op->kind != OP_GET && op->kind != OP_CONTAINS);
}

static bool precedes(const struct history_op *a, const struct history_op *b)
{
    return a->outcome == OUTCOME_OK && a->return_seq < b->call_seq;
}

/* --- all orders ----------------------------------------------------------------------------- */

struct brute {
    const struct history *h;
    uint64_t placed;
    size_t n_placed; /* completed ones */
    size_t n_completed;
    size_t longest;
};

static bool may_come_next(const struct brute *b, size_t op)
{
    if ((b->placed >> op & 1) != 0 || !counts(&b->h->ops[op]))
        return false;
    for (size_t i = 0; i < b->h->n_ops; i++) {
        if ((b->placed >> i & 1) == 0 && counts(&b->h->ops[i]) &&
            precedes(&b->h->ops[i], &b->h->ops[op]))
            return false;
    }
    return true;
}

static bool try_all(struct brute *b, const struct oracle_store *state)
{
    if (b->n_placed > b->longest)
        b->longest = b->n_placed;
    if (b->n_placed == b->n_completed)
        return true;
    for (size_t i = 0; i < b->h->n_ops; i++) {
        struct oracle_store next = *state;
        bool found;

        if (!may_come_next(b, i) || !place(&next, &b->h->ops[i]))
            continue;
        b->placed |= UINT64_C(1) << i;
        b->n_placed += b->h->ops[i].outcome == OUTCOME_OK;
        found = try_all(b, &next);
        b->n_placed -= b->h->ops[i].outcome == OUTCOME_OK;
        b->placed &= ~(UINT64_C(1) << i);
        if (found)
            return true;
    }
    return false;
}

bool oracle_linearizable(const struct history *h, size_t *ret_longest)
{
    struct brute b = {.h = h};
    struct oracle_store start = store_of(h);
    bool found;

    CHECK(h->n_ops <= 64);
    for (size_t i = 0; i < h->n_ops; i++)
        b.n_completed += h->ops[i].outcome == OUTCOME_OK;
    found = try_all(&b, &start);
    *ret_longest = b.longest;
    return found;
}

/* --- one order ------------------------------------------------------------------------------ */

static bool replay(const struct history *h, const size_t *order, size_t n, struct oracle_store *s)
{
    for (size_t i = 0; i < n; i++) {
        if (!place(s, &h->ops[order[i]]))
            return false;
    }
    return true;
}

/* Real time: in the order nothing comes behind what it precedes. One sweep: walking from the end,
 * no call may be later than the earliest return behind it. */
static bool respects_real_time(const struct history *h, const size_t *order, size_t n)
{
    uint64_t earliest_return = UINT64_MAX;

    for (size_t i = n; i-- > 0;) {
        const struct history_op *op = &h->ops[order[i]];

        if (earliest_return < op->call_seq)
            return false;
        if (op->outcome == OUTCOME_OK && op->return_seq < earliest_return)
            earliest_return = op->return_seq;
    }
    return true;
}

static bool replays(const struct history *h, const struct slice *key, const struct slice *element,
                    const size_t *order, size_t n, bool whole, const char **why)
{
    struct oracle_store s = store_of(h);
    bool *placed = calloc(h->n_ops + 1, sizeof *placed);
    uint64_t latest_call = 0;

    CHECK(placed != NULL);
    *why = NULL;
    for (size_t i = 0; i < n; i++) {
        if (placed[order[i]] || !counts(&h->ops[order[i]]))
            *why = "an operation stands twice in it, or does not belong there";
        placed[order[i]] = true;
        if (h->ops[order[i]].call_seq > latest_call)
            latest_call = h->ops[order[i]].call_seq;
    }
    for (size_t i = 0; i < h->n_ops; i++) {
        const struct history_op *op = &h->ops[i];

        if (placed[i] || op->outcome != OUTCOME_OK ||
            (key != NULL && !slice_equal(op->key, *key)) ||
            (element != NULL && !slice_equal(op->value, *element)))
            continue;
        if (whole || op->return_seq < latest_call)
            *why = "an operation is missing";
    }
    free(placed);
    if (*why == NULL && !respects_real_time(h, order, n))
        *why = "it breaks real time";
    if (*why == NULL && !replay(h, order, n, &s))
        *why = "an answer does not fit";
    return *why == NULL;
}

bool oracle_replays(const struct history *h, const struct slice *key, const size_t *order, size_t n,
                    bool whole, const char **why)
{
    return replays(h, key, NULL, order, n, whole, why);
}

bool oracle_replays_element(const struct history *h, const struct slice *key, struct slice element,
                            const size_t *order, size_t n, bool whole, const char **why)
{
    return replays(h, key, &element, order, n, whole, why);
}

bool oracle_could_follow(const struct history *h, const size_t *order, size_t n, size_t op)
{
    struct oracle_store s = store_of(h);

    CHECK(replay(h, order, n, &s));
    return place(&s, &h->ops[op]);
}
