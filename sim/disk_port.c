#include "sim/disk_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* What a node sees of its disk. */

struct store_cursor {
    struct sim_disk *disk;
    struct disk_flip flip; /* of the time when the view was taken */
    struct memory_family pairs;
    size_t at;
};

static int disk_submit(struct store *s, const struct store_batch *from, enum store_sync sync,
                       uint64_t *ret_seq, struct err *e)
{
    struct sim_disk *d = disk_of(s);
    struct disk_batch *b;
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
    b = disk_batch_copy(from);
    b->synced = sync == STORE_SYNCED;
    b->seq = ++d->seq;
    disk_batches_push(&d->queued, b);
    d->queued_batches++;
    d->queued_bytes += b->bytes;
    *ret_seq = b->seq;
    return 0;
}

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
        snprintf(ret->reason, sizeof ret->reason, "%s", d->failure.text);
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
    for (uint64_t i = from; from >= d->shape.first && i <= to && i <= d->shape.last && rc == 0;
         i++) {
        rc = disk_read_entry(d, i);
        if (rc == 0)
            rc = log_answer_add(a, &d->entries[i - d->shape.first], bytes_max);
    }
    if (rc == -E_CORRUPT) {
        log_answer_destroy(a); /* there is no answer: the next poll says that the disk has failed */
        return 0;
    }
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
    struct sim_disk *d = disk_of(s);
    const struct memory_pair *pair = memory_family_get(&d->families[family], key);
    int rc;

    if (pair == NULL)
        return 0;
    rc = disk_read_pair(d, &d->flip, pair);
    if (rc < 0)
        return rc;
    rc = buf_append_slice(out, pair->value);
    return rc < 0 ? rc : 1;
}

static int disk_cursor_open(struct store *s, uint32_t family, struct slice start,
                            struct store_cursor **ret)
{
    struct store_cursor *c = calloc(1, sizeof *c);

    CHECK(c != NULL);
    CHECK(memory_family_copy(&disk_of(s)->families[family], start, &c->pairs) == 0);
    c->disk = disk_of(s);
    c->flip = c->disk->flip;
    *ret = c;
    return 0;
}

static bool disk_cursor_get(const struct store_cursor *c, struct slice *ret_key,
                            struct slice *ret_value)
{
    if (c->at >= c->pairs.n || disk_read_pair(c->disk, &c->flip, c->pairs.pairs[c->at]) < 0)
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

const struct store_vtable SIM_DISK_VTABLE = {
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
