#include "node/store/log_answer.h"
#include "node/store/log_shape.h"
#include "node/store/memory_family.h"
#include "node/store/store.h"

#include "base/check.h"

#include <stdlib.h>

/* A write that was submitted and is not visible yet. */
struct pending {
    uint32_t family;
    bool erase;
    struct memory_pair *pair; /* erase: the key alone */
};

struct memory {
    struct store base;
    struct memory_family families[STORE_FAMILIES_MAX];
    size_t n_families;

    struct log_shape shape;
    struct entry *entries; /* entries[0] is the one at shape.first; data is our own copy */
    size_t cap_entries;

    struct pending *pending;
    size_t n_pending;
    size_t cap_pending;
    size_t queued_batches;
    size_t queued_bytes;

    uint64_t seq;         /* of the last submitted batch */
    uint64_t visible_seq; /* as of the last poll */
    uint64_t applied_index;
    uint64_t durable_applied; /* as of the last poll */
    struct log_answers answers;
    size_t answers_waiting;
};

struct store_cursor {
    struct memory_family pairs;
    size_t at;
};

static struct memory *memory_of(struct store *s)
{
    return (struct memory *)s;
}

static size_t log_length(const struct memory *m)
{
    return (size_t)(m->shape.last + 1 - m->shape.first);
}

static void memory_destroy(struct store *s)
{
    struct memory *m = memory_of(s);

    for (size_t i = 0; i < log_length(m); i++)
        free((uint8_t *)m->entries[i].data.data);
    free(m->entries);
    log_shape_free(&m->shape);
    for (size_t i = 0; i < m->n_pending; i++)
        memory_pair_release(m->pending[i].pair);
    free(m->pending);
    for (size_t i = 0; i < m->n_families; i++)
        memory_family_free(&m->families[i]);
    log_answers_free(&m->answers);
    free(m);
}

static void memory_recovered(const struct store *s, struct store_recovered *ret)
{
    (void)s;
    *ret = (struct store_recovered){.first_index = 1};
}

/* --- submit: everything that can fail comes first ------------------------------------------ */

static int reserve(struct memory *m, const struct store_batch *b)
{
    size_t cap = m->cap_entries == 0 ? 64 : m->cap_entries;

    while (cap < log_length(m) + b->n_entries)
        cap *= 2;
    if (cap != m->cap_entries) {
        struct entry *grown = realloc(m->entries, cap * sizeof *grown);

        if (grown == NULL)
            return -E_NOMEM;
        m->entries = grown;
        m->cap_entries = cap;
    }
    cap = m->cap_pending == 0 ? 64 : m->cap_pending;
    while (cap < m->n_pending + b->n_writes)
        cap *= 2;
    if (cap != m->cap_pending) {
        struct pending *grown = realloc(m->pending, cap * sizeof *grown);

        if (grown == NULL)
            return -E_NOMEM;
        m->pending = grown;
        m->cap_pending = cap;
    }
    for (size_t i = 0; i < m->n_families; i++)
        if (memory_family_reserve(&m->families[i], m->n_pending + b->n_writes) < 0)
            return -E_NOMEM;
    return 0;
}

/* Copies of the entries' data, one after the other in a new array; NULL: out of memory. */
static uint8_t **copy_data(const struct store_batch *b)
{
    uint8_t **copies = calloc(b->n_entries + 1, sizeof *copies);
    size_t i = 0;

    if (copies == NULL)
        return NULL;
    for (; i < b->n_entries; i++) {
        copies[i] = slice_dup(b->entries[i].data);
        if (copies[i] == NULL)
            goto fail;
    }
    return copies;

fail:
    while (i-- > 0)
        free(copies[i]);
    free(copies);
    return NULL;
}

/* Appends the writes to `pending` behind n_pending, without counting them yet. */
static int copy_writes(struct memory *m, const struct store_batch *b)
{
    for (size_t i = 0; i < b->n_writes; i++) {
        const struct store_write *w = &b->writes[i];
        struct slice value = w->erase ? slice_of(NULL, 0) : w->value;
        struct memory_pair *pair = memory_pair_create(w->key, value);

        CHECK_THAT(w->family < m->n_families, "family=%u of %zu", w->family, m->n_families);
        if (pair == NULL) {
            while (i-- > 0)
                memory_pair_release(m->pending[m->n_pending + i].pair);
            return -E_NOMEM;
        }
        m->pending[m->n_pending + i] = (struct pending){w->family, w->erase, pair};
    }
    return 0;
}

static void change_log(struct memory *m, const struct store_batch *b, uint8_t **copies)
{
    uint64_t erase_to;
    size_t before = log_length(m);

    if (b->truncate_from != 0)
        log_shape_truncate(&m->shape, b->truncate_from);
    for (size_t i = log_length(m); i < before; i++)
        free((uint8_t *)m->entries[i].data.data);
    for (size_t i = 0; i < b->n_entries; i++) {
        struct entry *entry = &m->entries[log_length(m)];

        *entry = b->entries[i];
        entry->data.data = copies[i];
        log_shape_append(&m->shape, entry->term);
    }
    erase_to = log_shape_clip_erase(&m->shape, b->erase_to, m->durable_applied);
    if (erase_to != 0) {
        size_t gone = (size_t)(erase_to + 1 - m->shape.first);

        for (size_t i = 0; i < gone; i++)
            free((uint8_t *)m->entries[i].data.data);
        log_shape_erase(&m->shape, erase_to);
        memmove(m->entries, m->entries + gone, log_length(m) * sizeof *m->entries);
    }
}

static size_t batch_bytes(const struct store_batch *b)
{
    size_t bytes = sizeof *b;

    for (size_t i = 0; i < b->n_entries; i++)
        bytes += sizeof b->entries[i] + b->entries[i].data.len;
    for (size_t i = 0; i < b->n_writes; i++)
        bytes += sizeof b->writes[i] + b->writes[i].key.len + b->writes[i].value.len;
    return bytes;
}

static int memory_submit(struct store *s, const struct store_batch *b, enum store_sync sync,
                         uint64_t *ret_seq, struct err *e)
{
    struct memory *m = memory_of(s);
    size_t bytes = batch_bytes(b);
    uint8_t **copies;
    int rc;

    (void)sync;
    if (bytes > STORE_QUEUE_BYTES_MAX)
        return err_set(e, -E_LIMIT, "batch of %zu bytes", bytes);
    if (m->queued_bytes + bytes > STORE_QUEUE_BYTES_MAX)
        return err_set(e, -E_BUSY, "%zu bytes wait for a poll", m->queued_bytes);
    rc = log_shape_admit(&m->shape, b, e);
    if (rc < 0)
        return rc;
    copies = reserve(m, b) < 0 ? NULL : copy_data(b);
    if (copies == NULL)
        return err_set(e, -E_NOMEM, "batch of %zu bytes", bytes);
    if (copy_writes(m, b) < 0) {
        for (size_t i = 0; i < b->n_entries; i++)
            free(copies[i]);
        free(copies);
        return err_set(e, -E_NOMEM, "batch of %zu bytes", bytes);
    }
    change_log(m, b, copies);
    free(copies); /* the array; its members are in the log now */
    m->n_pending += b->n_writes;
    if (b->applied_index != 0)
        m->applied_index = b->applied_index;
    m->queued_batches++;
    m->queued_bytes += bytes;
    *ret_seq = ++m->seq;
    return 0;
}

/* --- what can be seen ---------------------------------------------------------------------- */

static void memory_poll(struct store *s, struct store_progress *ret)
{
    struct memory *m = memory_of(s);

    for (size_t i = 0; i < m->n_pending; i++) {
        struct pending *p = &m->pending[i];

        if (p->erase) {
            memory_family_erase(&m->families[p->family], p->pair->key);
            memory_pair_release(p->pair);
        } else {
            memory_family_put(&m->families[p->family], p->pair);
        }
    }
    m->n_pending = 0;
    m->queued_batches = 0;
    m->queued_bytes = 0;
    m->visible_seq = m->seq;
    m->durable_applied = m->applied_index;
    log_answers_end_loan(&m->answers);
    *ret = (struct store_progress){.durable_seq = m->visible_seq, .visible_seq = m->visible_seq};
}

static int memory_fd(const struct store *s)
{
    (void)s;
    return -1;
}

static int memory_log_read(struct store *s, uint64_t token, uint64_t from, uint64_t to,
                           size_t bytes_max)
{
    struct memory *m = memory_of(s);
    struct log_answer *a;
    int rc = 0;

    if (m->answers_waiting >= STORE_LOG_READS_MAX)
        return -E_BUSY;
    a = log_answer_create(token);
    if (a == NULL)
        return -E_NOMEM;
    if (from >= m->shape.first)
        for (uint64_t i = from; i <= to && i <= m->shape.last && rc == 0; i++)
            rc = log_answer_add(a, &m->entries[i - m->shape.first], bytes_max);
    if (rc < 0 && rc != -E_LIMIT) {
        log_answer_destroy(a);
        return rc;
    }
    log_answers_push(&m->answers, a);
    m->answers_waiting++;
    return 0;
}

static bool memory_log_next(struct store *s, struct store_log_result *ret)
{
    struct memory *m = memory_of(s);

    if (!log_answers_next(&m->answers, ret))
        return false;
    m->answers_waiting--;
    return true;
}

static int memory_get(struct store *s, uint32_t family, struct slice key, struct buf *out)
{
    struct memory *m = memory_of(s);
    const struct memory_pair *pair;
    int rc;

    CHECK_THAT(family < m->n_families, "family=%u of %zu", family, m->n_families);
    pair = memory_family_get(&m->families[family], key);
    if (pair == NULL)
        return 0;
    rc = buf_append_slice(out, pair->value);
    return rc < 0 ? rc : 1;
}

static int memory_cursor_open(struct store *s, uint32_t family, struct slice start,
                              struct store_cursor **ret)
{
    struct memory *m = memory_of(s);
    struct store_cursor *c = calloc(1, sizeof *c);

    CHECK_THAT(family < m->n_families, "family=%u of %zu", family, m->n_families);
    if (c == NULL)
        return -E_NOMEM;
    if (memory_family_copy(&m->families[family], start, &c->pairs) < 0) {
        free(c);
        return -E_NOMEM;
    }
    *ret = c;
    return 0;
}

static bool memory_cursor_get(const struct store_cursor *c, struct slice *ret_key,
                              struct slice *ret_value)
{
    if (c->at >= c->pairs.n)
        return false;
    *ret_key = c->pairs.pairs[c->at]->key;
    *ret_value = c->pairs.pairs[c->at]->value;
    return true;
}

static void memory_cursor_next(struct store_cursor *c)
{
    if (c->at < c->pairs.n)
        c->at++;
}

static void memory_cursor_close(struct store_cursor *c)
{
    memory_family_free(&c->pairs);
    free(c);
}

static const struct store_vtable MEMORY_VTABLE = {
    .destroy = memory_destroy,
    .recovered = memory_recovered,
    .submit = memory_submit,
    .poll = memory_poll,
    .fd = memory_fd,
    .log_read = memory_log_read,
    .log_next = memory_log_next,
    .get = memory_get,
    .cursor_open = memory_cursor_open,
    .cursor_get = memory_cursor_get,
    .cursor_next = memory_cursor_next,
    .cursor_close = memory_cursor_close,
};

int store_memory_open(const struct store_options *o, struct store **ret, struct err *e)
{
    struct memory *m;

    if (o->n_families > STORE_FAMILIES_MAX)
        return err_set(e, -E_INVAL, "%zu families, at most %d", o->n_families, STORE_FAMILIES_MAX);
    m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(e, -E_NOMEM, "memory store");
    m->base.vt = &MEMORY_VTABLE;
    m->n_families = o->n_families;
    m->shape.first = 1;
    *ret = &m->base;
    return 0;
}
