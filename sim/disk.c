#include "sim/disk_impl.h"

#include <stdlib.h>

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
    disk_batches_move(&d->writing, &d->queued);
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

static void show_log(struct sim_disk *d, struct disk_batch *b)
{
    struct store_batch shape = {
        .truncate_from = b->truncate_from, .entries = b->entries, .n_entries = b->n_entries};

    CHECK(log_shape_admit(&d->shape, &shape, NULL) == 0);
    if (b->truncate_from != 0 && b->truncate_from <= d->shape.last) {
        size_t kept = (size_t)(b->truncate_from - d->shape.first);

        b->n_truncated = disk_log_length(d) - kept;
        b->truncated = calloc(b->n_truncated, sizeof *b->truncated);
        CHECK(b->truncated != NULL);
        memcpy(b->truncated, d->entries + kept, b->n_truncated * sizeof *b->truncated);
        log_shape_truncate(&d->shape, b->truncate_from);
        if (d->durable_last > d->shape.last)
            d->durable_last = d->shape.last; /* what follows is new */
    }
    if (disk_log_length(d) + b->n_entries > d->cap_entries) {
        d->cap_entries = 2 * (disk_log_length(d) + b->n_entries) + 64;
        d->entries = realloc(d->entries, d->cap_entries * sizeof *d->entries);
        CHECK(d->entries != NULL);
    }
    for (size_t i = 0; i < b->n_entries; i++) {
        struct entry *entry = &d->entries[disk_log_length(d)];

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

static void show(struct sim_disk *d, struct disk_batch *b)
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
    b->flip_before = d->flip;
    disk_flip_overwritten(d, b);
    d->visible_seq = b->seq;
    d->queued_batches--;
    d->queued_bytes -= b->bytes;
}

/* Puts back what stood there before the batch, which is the last that became visible. */
static void hide(struct sim_disk *d, struct disk_batch *b)
{
    for (size_t i = b->n_writes; i-- > 0;) {
        struct memory_pair *shown =
            exchange(&d->families[b->writes[i].family], b->pairs[i]->key, b->pairs_before[i]);

        if (shown != NULL)
            memory_pair_release(shown);
    }
    for (size_t i = 0; i < b->n_entries; i++) {
        free((uint8_t *)d->entries[disk_log_length(d) - 1].data.data);
        log_shape_truncate(&d->shape, d->shape.last);
    }
    for (size_t i = 0; i < b->n_truncated; i++) {
        struct store_batch one = {.entries = &b->truncated[i], .n_entries = 1};

        CHECK(log_shape_admit(&d->shape, &one, NULL) == 0);
        d->entries[disk_log_length(d)] = b->truncated[i];
        log_shape_append(&d->shape, b->truncated[i].term);
    }
    b->n_truncated = 0; /* their bytes are the log's again */
    d->hard = b->hard_before;
    d->applied_index = b->applied_before;
    d->flip = b->flip_before;
}

static void set_durable(struct sim_disk *d)
{
    d->durable_seq = d->visible_seq;
    d->durable_last = d->shape.last;
    disk_batches_free(&d->unsynced);
}

void sim_disk_finish(struct sim_disk *d)
{
    bool synced = false;

    CHECK(d->writing.head != NULL);
    if (d->failing) {
        d->failing = false;
        d->failed = true;
        err_set(&d->failure, -E_IO, "no space left on the virtual disk");
        d->totals.failures++;
        return;
    }
    for (struct disk_batch *b = d->writing.head; b != NULL; b = b->next) {
        show(d, b);
        synced = synced || b->synced;
    }
    disk_batches_move(&d->unsynced, &d->writing);
    d->totals.writes++;
    if (synced) {
        d->totals.synced++;
        set_durable(d);
    }
}

/* --- crashes -------------------------------------------------------------------------------- */

/* Hides the batches of a list behind the first `kept`, the last one first. */
static void hide_behind(struct sim_disk *d, struct disk_batch *b, size_t kept)
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

    for (struct disk_batch *b = d->writing.head; b != NULL; b = b->next)
        show(d, b);
    disk_batches_move(&d->unsynced, &d->writing);
    n = disk_batches_length(&d->unsynced);
    kept = (size_t)rng_below(&d->options.rng, n + 1);
    hide_behind(d, d->unsynced.head, kept);
    d->totals.kept_batches += kept;
    d->totals.lost_batches += n - kept + disk_batches_length(&d->queued);
    disk_batches_free(&d->unsynced);
    disk_batches_free(&d->queued);
    d->durable_last = d->shape.last;
}

/* --- the disk ------------------------------------------------------------------------------- */

int sim_disk_create(const struct sim_disk_options *o, struct sim_disk **ret, struct err *e)
{
    struct sim_disk *d;

    if (o->store.n_families > STORE_FAMILIES_MAX)
        return err_set(e, -E_INVAL, "%zu families", o->store.n_families);
    d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(e, -E_NOMEM, "virtual disk");
    d->base.vt = &SIM_DISK_VTABLE;
    d->options = *o;
    d->shape.first = 1;
    disk_batches_reset(&d->queued);
    disk_batches_reset(&d->writing);
    disk_batches_reset(&d->unsynced);
    *ret = d;
    return 0;
}

void sim_disk_destroy(struct sim_disk *d)
{
    if (d == NULL)
        return;
    disk_batches_free(&d->queued);
    disk_batches_free(&d->writing);
    disk_batches_free(&d->unsynced);
    for (size_t i = 0; i < d->options.store.n_families; i++)
        memory_family_free(&d->families[i]);
    disk_entries_free(d->entries, disk_log_length(d));
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

int sim_disk_open(struct sim_disk *d, struct store **ret, struct err *e)
{
    int rc;

    CHECK(d->queued.head == NULL && d->writing.head == NULL && d->unsynced.head == NULL);
    copy_shape(&d->submitted, &d->shape);
    d->seq = d->visible_seq = d->durable_seq = 0;
    d->queued_batches = d->queued_bytes = 0;
    d->failing = d->failed = false;
    log_answers_free(&d->answers);
    d->answers = (struct log_answers){0};
    d->answers_waiting = 0;
    rc = disk_read_everything(d);
    if (rc < 0)
        return err_set(e, rc, "%s", d->failure.text);
    *ret = &d->base;
    return 0;
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
