#include "node/store/rocks_writer.h"

#include "node/store/rocks_meta.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What one record costs beyond its key and value, rounded up; for the bound of the queue. */
enum { RECORD_OVERHEAD_BYTES = 32 };

/* A buffer that a burst has made larger than this is given back. */
static const size_t KEPT_BYTES_MAX = (size_t)4 << 20;

/* The batches that become one write. */
struct generation {
    rocksdb_writebatch_t *write;
    size_t n_batches;
    size_t bytes;
    uint64_t last_seq;
    bool synced; /* one of them does not want to wait */

    /* The last values of the many that the batches set: written once, when the writer takes the
     * generation. */
    bool has_hard;
    struct raft_hard_state hard;
    bool has_applied;
    uint64_t applied_index;
};

enum writer_state {
    WRITER_BUSY,   /* looks into the queue when its write is done */
    WRITER_DOZING, /* looks within ROCKS_LINGER_MS; only synced batches wake it */
    WRITER_ASLEEP, /* wants to be woken */
};

struct rocks_writer {
    const struct rocks_db *db;
    struct bell *bell;
    rocksdb_writeoptions_t *synced;
    pthread_t thread;
    bool running;

    /* Of the submitting thread alone. */
    struct log_shape shape;
    struct buf scratch;

    pthread_mutex_t lock; /* never held while the disk works */
    pthread_cond_t wake;
    enum writer_state state;
    bool closing;
    struct generation open;   /* takes batches */
    struct generation flight; /* is being written; `write` is the writer's, the rest is shared */
    uint64_t next_seq;
    uint64_t durable_seq;
    uint64_t durable_applied;
    bool failed;
    char reason[ERR_TEXT_MAX];
};

/* --- submit -------------------------------------------------------------------------------- */

static size_t batch_bytes(const struct store_batch *b, size_t *ret_entry_max)
{
    size_t bytes = RECORD_OVERHEAD_BYTES;

    *ret_entry_max = 0;
    for (size_t i = 0; i < b->n_entries; i++) {
        size_t len = b->entries[i].data.len;

        bytes += RECORD_OVERHEAD_BYTES + len;
        *ret_entry_max = len > *ret_entry_max ? len : *ret_entry_max;
    }
    for (size_t i = 0; i < b->n_writes; i++)
        bytes += RECORD_OVERHEAD_BYTES + b->writes[i].key.len + b->writes[i].value.len;
    return bytes;
}

static void add_truncate(struct rocks_writer *w, uint64_t from)
{
    struct log_shape *l = &w->shape;

    if (from > l->last)
        return;
    for (size_t i = log_shape_runs_from(l, from); i < l->n_runs; i++)
        rocks_delete_run(w->db, w->open.write, l->runs[i].first);
    rocks_delete_entries(w->db, w->open.write, from, l->last);
    log_shape_truncate(l, from);
}

static void add_entries(struct rocks_writer *w, const struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rocks_put_entry(w->db, w->open.write, &entries[i], &w->scratch);
        if (log_shape_append(&w->shape, entries[i].term))
            rocks_put_run(w->db, w->open.write, w->shape.runs[w->shape.n_runs - 1]);
    }
}

static void add_erase(struct rocks_writer *w, uint64_t asked)
{
    struct log_shape *l = &w->shape;
    uint64_t to = log_shape_clip_erase(l, asked, w->durable_applied);

    if (to == 0)
        return;
    rocks_delete_entries(w->db, w->open.write, l->first, to);
    for (size_t i = 0; i < l->n_runs && l->runs[i].first <= to; i++)
        rocks_delete_run(w->db, w->open.write, l->runs[i].first);
    log_shape_erase(l, to);
    rocks_put_run(w->db, w->open.write, l->runs[0]);
    rocks_put_first(w->db, w->open.write, l->first);
}

static void add_writes(struct rocks_writer *w, const struct store_write *writes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct store_write *x = &writes[i];
        rocksdb_column_family_handle_t *family;

        CHECK_THAT(x->family < w->db->n_state, "family=%u of %zu", x->family, w->db->n_state);
        family = w->db->state[x->family];
        if (x->erase)
            rocksdb_writebatch_delete_cf(w->open.write, family, (const char *)x->key.data,
                                         x->key.len);
        else
            rocksdb_writebatch_put_cf(w->open.write, family, (const char *)x->key.data, x->key.len,
                                      (const char *)x->value.data, x->value.len);
    }
}

/* Adds the batch to the open generation; cannot fail any more. */
static void add_batch(struct rocks_writer *w, const struct store_batch *b, enum store_sync sync,
                      size_t bytes)
{
    struct generation *g = &w->open;

    if (b->truncate_from != 0)
        add_truncate(w, b->truncate_from);
    add_entries(w, b->entries, b->n_entries);
    if (b->erase_to != 0)
        add_erase(w, b->erase_to);
    add_writes(w, b->writes, b->n_writes);
    if (b->hard != NULL) {
        g->has_hard = true;
        g->hard = *b->hard;
    }
    if (b->applied_index != 0) {
        g->has_applied = true;
        g->applied_index = b->applied_index;
    }
    g->synced |= sync == STORE_SYNCED;
    g->n_batches++;
    g->bytes += bytes;
    g->last_seq = w->next_seq++;
}

static bool is_urgent(const struct generation *g)
{
    return g->synced || g->bytes >= ROCKS_LINGER_BYTES_MAX;
}

/* With the lock held. */
static int admit(const struct rocks_writer *w, size_t bytes, struct err *e)
{
    size_t queued = w->open.bytes + w->flight.bytes;

    if (w->failed)
        return err_set(e, -E_IO, "%s", w->reason);
    if (queued + bytes > STORE_QUEUE_BYTES_MAX)
        return err_set(e, -E_BUSY, "%zu bytes wait for the disk", queued);
    return 0;
}

int rocks_writer_submit(struct rocks_writer *w, const struct store_batch *b, enum store_sync sync,
                        uint64_t *ret_seq, struct err *e)
{
    size_t entry_max;
    size_t bytes = batch_bytes(b, &entry_max);
    bool rouse = false;
    int rc;

    if (bytes > STORE_QUEUE_BYTES_MAX)
        return err_set(e, -E_LIMIT, "a batch of %zu bytes", bytes);
    buf_clear(&w->scratch);
    if (buf_reserve(&w->scratch, entry_max + ROCKS_LOG_HEADER_BYTES) < 0)
        return err_set(e, -E_NOMEM, "an entry of %zu bytes", entry_max);
    rc = log_shape_admit(&w->shape, b, e);
    if (rc < 0)
        return rc;

    pthread_mutex_lock(&w->lock);
    rc = admit(w, bytes, e);
    if (rc == 0) {
        add_batch(w, b, sync, bytes);
        *ret_seq = w->open.last_seq;
        rouse = w->state == WRITER_ASLEEP || (w->state == WRITER_DOZING && is_urgent(&w->open));
    }
    pthread_mutex_unlock(&w->lock);
    if (rouse)
        pthread_cond_signal(&w->wake);
    if (w->scratch.cap > KEPT_BYTES_MAX)
        buf_free(&w->scratch);
    return rc;
}

void rocks_writer_progress(struct rocks_writer *w, struct store_progress *ret)
{
    pthread_mutex_lock(&w->lock);
    ret->durable_seq = w->durable_seq;
    ret->visible_seq = w->durable_seq;
    ret->queued_batches = w->open.n_batches + w->flight.n_batches;
    ret->queued_bytes = w->open.bytes + w->flight.bytes;
    ret->failed = w->failed;
    ret->reason[0] = '\0';
    if (w->failed)
        memcpy(ret->reason, w->reason, sizeof ret->reason);
    pthread_mutex_unlock(&w->lock);
}

void rocks_writer_fail(struct rocks_writer *w, const char *reason)
{
    pthread_mutex_lock(&w->lock);
    if (!w->failed)
        snprintf(w->reason, sizeof w->reason, "%s", reason);
    w->failed = true;
    pthread_mutex_unlock(&w->lock);
    bell_ring(w->bell);
}

/* --- the thread ---------------------------------------------------------------------------- */

static struct timespec linger_deadline(void)
{
    int64_t at_ns = clock_monotonic_ns() + ROCKS_LINGER_MS * NS_PER_MS;

    return (struct timespec){.tv_sec = at_ns / NS_PER_S, .tv_nsec = at_ns % NS_PER_S};
}

/* Waits, with the lock held, until the open generation shall be written. */
static void wait_for_work(struct rocks_writer *w)
{
    struct timespec deadline = linger_deadline();

    while (!w->closing && !is_urgent(&w->open)) {
        w->state = WRITER_DOZING;
        if (pthread_cond_timedwait(&w->wake, &w->lock, &deadline) != ETIMEDOUT)
            continue;
        if (w->open.n_batches > 0)
            break;
        w->state = WRITER_ASLEEP;
        while (!w->closing && w->open.n_batches == 0)
            pthread_cond_wait(&w->wake, &w->lock);
        deadline = linger_deadline();
    }
    w->state = WRITER_BUSY;
}

/* Swaps the two generations; the emptied one takes batches from now on. */
static void take_generation(struct rocks_writer *w)
{
    rocksdb_writebatch_t *empty = w->flight.write;

    w->flight = w->open;
    w->open = (struct generation){.write = empty};
}

/* Writes and syncs what is in flight. Returns RocksDB's reason, to be freed, or NULL. */
static char *write_generation(struct rocks_writer *w)
{
    struct generation *g = &w->flight;
    char *text = NULL;
    size_t size;

    if (g->has_hard)
        rocks_put_hard(w->db, g->write, &g->hard);
    if (g->has_applied)
        rocks_put_applied(w->db, g->write, g->applied_index);
    rocksdb_write(w->db->db, w->synced, g->write, &text);

    rocksdb_writebatch_data(g->write, &size);
    if (size > KEPT_BYTES_MAX) {
        rocksdb_writebatch_destroy(g->write);
        g->write = rocksdb_writebatch_create();
    } else {
        rocksdb_writebatch_clear(g->write);
    }
    return text;
}

/* Nothing counts any more once a write or sync has failed: the kernel may have dropped the dirty
 * pages, and a later sync that succeeds says nothing about them (Rebello et al., "Can
 * Applications Recover from fsync Failures?", USENIX ATC 2020). */
static void publish(struct rocks_writer *w, const char *failure)
{
    struct generation *g = &w->flight;

    if (failure != NULL) {
        rocks_writer_fail(w, failure);
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->durable_seq = g->last_seq;
    if (g->has_applied)
        w->durable_applied = g->applied_index;
    *g = (struct generation){.write = g->write};
    pthread_mutex_unlock(&w->lock);
    bell_ring(w->bell);
}

static void *writer_main(void *context)
{
    struct rocks_writer *w = context;
    bool more = true;

    while (more) {
        char *failure;

        pthread_mutex_lock(&w->lock);
        wait_for_work(w);
        more = w->open.n_batches > 0;
        if (more)
            take_generation(w);
        pthread_mutex_unlock(&w->lock);
        if (!more)
            break;
        failure = write_generation(w);
        publish(w, failure);
        more = failure == NULL;
        rocksdb_free(failure);
    }
    return NULL;
}

/* --- create and destroy -------------------------------------------------------------------- */

static void init_wake(pthread_cond_t *wake)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

int rocks_writer_create(const struct rocks_db *d, struct bell *bell, struct log_shape *shape,
                        uint64_t applied_index, struct rocks_writer **ret, struct err *e)
{
    struct rocks_writer *w = calloc(1, sizeof *w);
    int rc;

    if (w == NULL)
        return err_set(e, -E_NOMEM, "writer");
    w->db = d;
    w->bell = bell;
    w->next_seq = 1;
    w->durable_applied = applied_index;
    w->synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(w->synced, 1);
    w->open.write = rocksdb_writebatch_create();
    w->flight.write = rocksdb_writebatch_create();
    pthread_mutex_init(&w->lock, NULL);
    init_wake(&w->wake);
    w->shape = *shape;
    *shape = (struct log_shape){.first = 1};
    rc = pthread_create(&w->thread, NULL, writer_main, w);
    if (rc != 0) {
        rocks_writer_destroy(w);
        return err_set(e, -E_NOMEM, "writer thread: %s", strerror(rc));
    }
    w->running = true;
    *ret = w;
    return 0;
}

void rocks_writer_destroy(struct rocks_writer *w)
{
    if (w == NULL)
        return;
    if (w->running) {
        pthread_mutex_lock(&w->lock);
        w->closing = true;
        pthread_mutex_unlock(&w->lock);
        pthread_cond_signal(&w->wake);
        pthread_join(w->thread, NULL);
    }
    rocksdb_writebatch_destroy(w->open.write);
    rocksdb_writebatch_destroy(w->flight.write);
    rocksdb_writeoptions_destroy(w->synced);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    log_shape_free(&w->shape);
    buf_free(&w->scratch);
    free(w);
}
