#include "sim/disk.h"

#include "base/check.h"
#include "node/store/log_answer.h"
#include "node/store/log_shape.h"
#include "node/store/memory_family.h"

#include <stdio.h>
#include <stdlib.h>

/* A deep copy of a batch as it was submitted. */
struct batch {
    struct batch *next;
    uint64_t seq;
    bool synced;
    bool hard_changed;
    struct raft_hard_state hard;
    uint64_t truncate_from;
    struct entry *entries;
    size_t n_entries;
    struct store_write *writes;
    struct memory_pair **pairs; /* key and value of each write */
    size_t n_writes;
    uint64_t applied_index;
    size_t bytes;

    /* What stood there before, once it has become visible: to be put back when a crash loses the
     * batch before it was durable. */
    struct raft_hard_state hard_before;
    uint64_t applied_before;
    struct entry *truncated; /* entries from `truncate_from` on */
    size_t n_truncated;
    struct memory_pair **pairs_before; /* NULL: the key was absent */
};

struct list {
    struct batch *head;
    struct batch **tail;
};

struct sim_disk {
    struct store base;
    struct sim_disk_options options;
    bool failing; /* the write under way will fail */
    bool failed;

    /* The image: what can be read. */
    struct memory_family families[STORE_FAMILIES_MAX];
    struct log_shape shape;
    struct entry *entries; /* entries[0] is the one at shape.first */
    size_t cap_entries;
    struct raft_hard_state hard;
    uint64_t applied_index;

    /* Of this opening of the disk. */
    struct log_shape submitted; /* the log with what is queued: what a submit has to follow on */
    struct list queued;         /* submitted, not yet being written */
    struct list writing;        /* of the write under way */
    struct list unsynced;       /* visible, not yet durable */
    uint64_t seq, visible_seq, durable_seq;
    size_t queued_batches, queued_bytes;
    struct log_answers answers;
    size_t answers_waiting;
    uint64_t durable_last;

    struct sim_disk_totals totals;
};

struct store_cursor {
    struct memory_family pairs;
    size_t at;
};

static struct sim_disk *disk_of(struct store *s)
{
    return (struct sim_disk *)s;
}

static void list_reset(struct list *l)
{
    l->head = NULL;
    l->tail = &l->head;
}

static void list_push(struct list *l, struct batch *b)
{
    b->next = NULL;
    *l->tail = b;
    l->tail = &b->next;
}

static void list_move(struct list *to, struct list *from)
{
    if (from->head == NULL)
        return;
    *to->tail = from->head;
    to->tail = from->tail;
    list_reset(from);
}

static void free_entries(struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((uint8_t *)entries[i].data.data);
    free(entries);
}

static void batch_free(struct batch *b)
{
    free_entries(b->entries, b->n_entries);
    for (size_t i = 0; i < b->n_writes; i++) {
        if (b->pairs[i] != NULL)
            memory_pair_release(b->pairs[i]);
        if (b->pairs_before != NULL && b->pairs_before[i] != NULL)
            memory_pair_release(b->pairs_before[i]);
    }
    free(b->pairs);
    free(b->pairs_before);
    free(b->writes);
    free_entries(b->truncated, b->n_truncated);
    free(b);
}

static void list_free(struct list *l)
{
    while (l->head != NULL) {
        struct batch *b = l->head;

        l->head = b->next;
        batch_free(b);
    }
    list_reset(l);
}

/* --- submit --------------------------------------------------------------------------------- */

static struct batch *batch_copy(const struct store_batch *from)
{
    struct batch *b = calloc(1, sizeof *b);

    CHECK(b != NULL);
    b->entries = calloc(from->n_entries + 1, sizeof *b->entries);
    b->writes = calloc(from->n_writes + 1, sizeof *b->writes);
    b->pairs = calloc(from->n_writes + 1, sizeof *b->pairs);
    CHECK(b->entries != NULL && b->writes != NULL && b->pairs != NULL);
    b->bytes = sizeof *b;
    for (size_t i = 0; i < from->n_entries; i++) {
        b->entries[i] = from->entries[i];
        b->entries[i].data.data = slice_dup(from->entries[i].data);
        b->bytes += sizeof *b->entries + from->entries[i].data.len;
    }
    for (size_t i = 0; i < from->n_writes; i++) {
        const struct store_write *w = &from->writes[i];

        b->writes[i] = *w;
        b->pairs[i] = memory_pair_create(w->key, w->erase ? slice_of(NULL, 0) : w->value);
        CHECK(b->pairs[i] != NULL);
        b->bytes += sizeof *w + w->key.len + w->value.len;
    }
    b->n_entries = from->n_entries;
    b->n_writes = from->n_writes;
    b->truncate_from = from->truncate_from;
    b->applied_index = from->applied_index;
    b->hard_changed = from->hard != NULL;
    if (b->hard_changed)
        b->hard = *from->hard;
    return b;
}

static int disk_submit(struct store *s, const struct store_batch *from, enum store_sync sync,
                       uint64_t *ret_seq, struct err *e)
{
    struct sim_disk *d = disk_of(s);
    struct batch *b;
    int rc = log_shape_admit(&d->submitted, from, e);

    if (rc < 0)
        return rc;
    if (d->failed)
        return err_set(e, -E_IO, "an earlier write has failed");
    if (d->queued_bytes > STORE_QUEUE_BYTES_MAX)
        return err_set(e, -E_BUSY, "%zu bytes wait for the disk", d->queued_bytes);
    if (d->options.on_submit != NULL && !d->options.on_submit(d->options.context, from)) {
        *ret_seq = ++d->seq;
        return 0;
    }
    if (from->truncate_from != 0)
        log_shape_truncate(&d->submitted, from->truncate_from);
    for (size_t i = 0; i < from->n_entries; i++)
        log_shape_append(&d->submitted, from->entries[i].term);
    b = batch_copy(from);
    b->synced = sync == STORE_SYNCED;
    b->seq = ++d->seq;
    list_push(&d->queued, b);
    d->queued_batches++;
    d->queued_bytes += b->bytes;
    *ret_seq = b->seq;
    return 0;
}

/* --- writes --------------------------------------------------------------------------------- */

/* Draws nothing where there is no chance, so that a calm disk is the same with and without. */
static bool unlucky(struct sim_disk *d, uint32_t ppm)
{
    return ppm > 0 && rng_chance(&d->options.rng, ppm);
}

bool sim_disk_begin(struct sim_disk *d, int64_t *ret_ns)
{
    if (d->writing.head != NULL || d->queued.head == NULL)
        return false;
    list_move(&d->writing, &d->queued);
    *ret_ns = d->options.write_ns;
    if (d->options.jitter_ns > 0)
        *ret_ns += (int64_t)rng_below(&d->options.rng, (uint64_t)d->options.jitter_ns);
    if (unlucky(d, d->options.stall_ppm)) {
        *ret_ns += (int64_t)rng_below(&d->options.rng, (uint64_t)d->options.stall_ns + 1);
        d->totals.stalls++;
    }
    d->failing = unlucky(d, d->options.fail_ppm);
    return true;
}

static size_t log_length(const struct sim_disk *d)
{
    return (size_t)(d->shape.last + 1 - d->shape.first);
}

static void show_log(struct sim_disk *d, struct batch *b)
{
    struct store_batch shape = {
        .truncate_from = b->truncate_from, .entries = b->entries, .n_entries = b->n_entries};

    CHECK(log_shape_admit(&d->shape, &shape, NULL) == 0);
    if (b->truncate_from != 0 && b->truncate_from <= d->shape.last) {
        size_t kept = (size_t)(b->truncate_from - d->shape.first);

        b->n_truncated = log_length(d) - kept;
        b->truncated = calloc(b->n_truncated, sizeof *b->truncated);
        CHECK(b->truncated != NULL);
        memcpy(b->truncated, d->entries + kept, b->n_truncated * sizeof *b->truncated);
        log_shape_truncate(&d->shape, b->truncate_from);
        if (d->durable_last > d->shape.last)
            d->durable_last = d->shape.last; /* what follows is new */
    }
    if (log_length(d) + b->n_entries > d->cap_entries) {
        d->cap_entries = 2 * (log_length(d) + b->n_entries) + 64;
        d->entries = realloc(d->entries, d->cap_entries * sizeof *d->entries);
        CHECK(d->entries != NULL);
    }
    for (size_t i = 0; i < b->n_entries; i++) {
        struct entry *entry = &d->entries[log_length(d)];

        *entry = b->entries[i];
        entry->data.data = slice_dup(entry->data);
        CHECK(entry->data.data != NULL);
        log_shape_append(&d->shape, entry->term);
    }
}

/* Puts `pair` (or nothing) under the key and returns what stood there. */
static struct memory_pair *exchange(struct memory_family *f, struct slice key,
                                    struct memory_pair *pair)
{
    struct memory_pair *before = (struct memory_pair *)memory_family_get(f, key);

    if (before != NULL)
        before->refs++;
    CHECK(memory_family_reserve(f, 1) == 0);
    if (pair != NULL) {
        pair->refs++;
        memory_family_put(f, pair);
    } else if (before != NULL) {
        memory_family_erase(f, key);
    }
    return before;
}

static void show(struct sim_disk *d, struct batch *b)
{
    show_log(d, b);
    b->hard_before = d->hard;
    if (b->hard_changed)
        d->hard = b->hard;
    b->applied_before = d->applied_index;
    if (b->applied_index != 0)
        d->applied_index = b->applied_index;
    b->pairs_before = calloc(b->n_writes + 1, sizeof *b->pairs_before);
    CHECK(b->pairs_before != NULL);
    for (size_t i = 0; i < b->n_writes; i++) {
        struct memory_family *f = &d->families[b->writes[i].family];

        b->pairs_before[i] = exchange(f, b->pairs[i]->key, b->writes[i].erase ? NULL : b->pairs[i]);
    }
    d->visible_seq = b->seq;
    d->queued_batches--;
    d->queued_bytes -= b->bytes;
}

/* Puts back what stood there before the batch, which is the last that became visible. */
static void hide(struct sim_disk *d, struct batch *b)
{
    for (size_t i = b->n_writes; i-- > 0;) {
        struct memory_pair *shown =
            exchange(&d->families[b->writes[i].family], b->pairs[i]->key, b->pairs_before[i]);

        if (shown != NULL)
            memory_pair_release(shown);
    }
    for (size_t i = 0; i < b->n_entries; i++) {
        free((uint8_t *)d->entries[log_length(d) - 1].data.data);
        log_shape_truncate(&d->shape, d->shape.last);
    }
    for (size_t i = 0; i < b->n_truncated; i++) {
        struct store_batch one = {.entries = &b->truncated[i], .n_entries = 1};

        CHECK(log_shape_admit(&d->shape, &one, NULL) == 0);
        d->entries[log_length(d)] = b->truncated[i];
        log_shape_append(&d->shape, b->truncated[i].term);
    }
    b->n_truncated = 0; /* their bytes are the log's again */
    d->hard = b->hard_before;
    d->applied_index = b->applied_before;
}

static void set_durable(struct sim_disk *d)
{
    d->durable_seq = d->visible_seq;
    d->durable_last = d->shape.last;
    list_free(&d->unsynced);
}

void sim_disk_finish(struct sim_disk *d)
{
    bool synced = false;

    CHECK(d->writing.head != NULL);
    if (d->failing) {
        d->failing = false;
        d->failed = true;
        d->totals.failures++;
        return;
    }
    for (struct batch *b = d->writing.head; b != NULL; b = b->next) {
        show(d, b);
        synced = synced || b->synced;
    }
    list_move(&d->unsynced, &d->writing);
    d->totals.writes++;
    if (synced) {
        d->totals.synced++;
        set_durable(d);
    }
}

/* --- crashes -------------------------------------------------------------------------------- */

static size_t list_length(const struct list *l)
{
    size_t n = 0;

    for (const struct batch *b = l->head; b != NULL; b = b->next)
        n++;
    return n;
}

/* Hides the batches of a list behind the first `kept`, the last one first. */
static void hide_behind(struct sim_disk *d, struct batch *b, size_t kept)
{
    if (b == NULL)
        return;
    hide_behind(d, b->next, kept > 0 ? kept - 1 : 0);
    if (kept == 0)
        hide(d, b);
}

void sim_disk_crash(struct sim_disk *d)
{
    size_t n, kept;

    for (struct batch *b = d->writing.head; b != NULL; b = b->next)
        show(d, b);
    list_move(&d->unsynced, &d->writing);
    n = list_length(&d->unsynced);
    kept = (size_t)rng_below(&d->options.rng, n + 1);
    hide_behind(d, d->unsynced.head, kept);
    d->totals.kept_batches += kept;
    d->totals.lost_batches += n - kept + list_length(&d->queued);
    list_free(&d->unsynced);
    list_free(&d->queued);
    d->durable_last = d->shape.last;
}

/* --- the port ------------------------------------------------------------------------------- */

static void disk_close(struct store *s)
{
    (void)s; /* the disk outlives its handle */
}

static void disk_recovered(const struct store *s, struct store_recovered *ret)
{
    const struct sim_disk *d = (const struct sim_disk *)s;

    *ret = (struct store_recovered){.hard = d->hard,
                                    .first_index = d->shape.first,
                                    .last_index = d->shape.last,
                                    .runs = d->shape.runs,
                                    .n_runs = d->shape.n_runs,
                                    .applied_index = d->applied_index};
}

static void disk_poll(struct store *s, struct store_progress *ret)
{
    struct sim_disk *d = disk_of(s);

    log_answers_end_loan(&d->answers);
    *ret = (struct store_progress){.durable_seq = d->durable_seq,
                                   .visible_seq = d->visible_seq,
                                   .queued_batches = d->queued_batches,
                                   .queued_bytes = d->queued_bytes,
                                   .failed = d->failed};
    if (d->failed)
        snprintf(ret->reason, sizeof ret->reason, "no space left on the virtual disk");
}

static int disk_fd(const struct store *s)
{
    (void)s;
    return -1;
}

static int disk_log_read(struct store *s, uint64_t token, uint64_t from, uint64_t to,
                         size_t bytes_max)
{
    struct sim_disk *d = disk_of(s);
    struct log_answer *a;
    int rc = 0;

    if (d->answers_waiting >= STORE_LOG_READS_MAX)
        return -E_BUSY;
    a = log_answer_create(token);
    CHECK(a != NULL);
    if (from >= d->shape.first)
        for (uint64_t i = from; i <= to && i <= d->shape.last && rc == 0; i++)
            rc = log_answer_add(a, &d->entries[i - d->shape.first], bytes_max);
    log_answers_push(&d->answers, a);
    d->answers_waiting++;
    return 0;
}

static bool disk_log_next(struct store *s, struct store_log_result *ret)
{
    struct sim_disk *d = disk_of(s);

    if (!log_answers_next(&d->answers, ret))
        return false;
    d->answers_waiting--;
    return true;
}

static int disk_get(struct store *s, uint32_t family, struct slice key, struct buf *out)
{
    const struct memory_pair *pair = memory_family_get(&disk_of(s)->families[family], key);
    int rc;

    if (pair == NULL)
        return 0;
    rc = buf_append_slice(out, pair->value);
    return rc < 0 ? rc : 1;
}

static int disk_cursor_open(struct store *s, uint32_t family, struct slice start,
                            struct store_cursor **ret)
{
    struct store_cursor *c = calloc(1, sizeof *c);

    CHECK(c != NULL);
    CHECK(memory_family_copy(&disk_of(s)->families[family], start, &c->pairs) == 0);
    *ret = c;
    return 0;
}

static bool disk_cursor_get(const struct store_cursor *c, struct slice *ret_key,
                            struct slice *ret_value)
{
    if (c->at >= c->pairs.n)
        return false;
    *ret_key = c->pairs.pairs[c->at]->key;
    *ret_value = c->pairs.pairs[c->at]->value;
    return true;
}

static void disk_cursor_next(struct store_cursor *c)
{
    c->at++;
}

static void disk_cursor_close(struct store_cursor *c)
{
    memory_family_free(&c->pairs);
    free(c);
}

static const struct store_vtable DISK_VTABLE = {
    .destroy = disk_close,
    .recovered = disk_recovered,
    .submit = disk_submit,
    .poll = disk_poll,
    .fd = disk_fd,
    .log_read = disk_log_read,
    .log_next = disk_log_next,
    .get = disk_get,
    .cursor_open = disk_cursor_open,
    .cursor_get = disk_cursor_get,
    .cursor_next = disk_cursor_next,
    .cursor_close = disk_cursor_close,
};

/* --- the disk ------------------------------------------------------------------------------- */

int sim_disk_create(const struct sim_disk_options *o, struct sim_disk **ret, struct err *e)
{
    struct sim_disk *d;

    if (o->store.n_families > STORE_FAMILIES_MAX)
        return err_set(e, -E_INVAL, "%zu families", o->store.n_families);
    d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(e, -E_NOMEM, "virtual disk");
    d->base.vt = &DISK_VTABLE;
    d->options = *o;
    d->shape.first = 1;
    list_reset(&d->queued);
    list_reset(&d->writing);
    list_reset(&d->unsynced);
    *ret = d;
    return 0;
}

void sim_disk_destroy(struct sim_disk *d)
{
    if (d == NULL)
        return;
    list_free(&d->queued);
    list_free(&d->writing);
    list_free(&d->unsynced);
    for (size_t i = 0; i < d->options.store.n_families; i++)
        memory_family_free(&d->families[i]);
    free_entries(d->entries, log_length(d));
    log_shape_free(&d->shape);
    log_shape_free(&d->submitted);
    log_answers_free(&d->answers);
    free(d);
}

static void copy_shape(struct log_shape *to, const struct log_shape *from)
{
    log_shape_free(to);
    *to = *from;
    to->cap_runs = from->n_runs + 8;
    to->runs = calloc(to->cap_runs, sizeof *to->runs);
    CHECK(to->runs != NULL);
    if (from->n_runs > 0)
        memcpy(to->runs, from->runs, from->n_runs * sizeof *to->runs);
}

struct store *sim_disk_open(struct sim_disk *d)
{
    CHECK(d->queued.head == NULL && d->writing.head == NULL && d->unsynced.head == NULL);
    copy_shape(&d->submitted, &d->shape);
    d->seq = d->visible_seq = d->durable_seq = 0;
    d->queued_batches = d->queued_bytes = 0;
    d->failing = d->failed = false;
    log_answers_free(&d->answers);
    d->answers = (struct log_answers){0};
    d->answers_waiting = 0;
    return &d->base;
}

void sim_disk_heal(struct sim_disk *d)
{
    d->options.stall_ppm = d->options.fail_ppm = 0;
    d->failing = false;
}

bool sim_disk_failed(const struct sim_disk *d)
{
    return d->failed;
}

void sim_disk_totals(const struct sim_disk *d, struct sim_disk_totals *ret)
{
    *ret = d->totals;
}

bool sim_disk_holds_durably(const struct sim_disk *d, uint64_t index, uint64_t term)
{
    return index >= d->shape.first && index <= d->durable_last &&
           d->entries[index - d->shape.first].term == term;
}

static uint64_t durable_term(const struct sim_disk *d)
{
    return d->durable_last < d->shape.first ? 0 : d->entries[d->durable_last - d->shape.first].term;
}

bool sim_disk_is_ahead(const struct sim_disk *d, const struct sim_disk *other)
{
    uint64_t own = durable_term(d), theirs = durable_term(other);

    return own != theirs ? own > theirs : d->durable_last > other->durable_last;
}
