#include "tests/unit/raft/cluster.h"

#include "base/check.h"

#include <stdlib.h>

static struct stored_entry *new_log(void)
{
    struct stored_entry *log = calloc(CLUSTER_LOG_MAX, sizeof *log);

    CHECK(log != NULL);
    return log;
}

void disk_init(struct disk *d)
{
    *d = (struct disk){0};
    d->durable.log = new_log();
    d->newest.log = new_log();
}

static void free_save(struct disk_save *s)
{
    free(s->entries);
}

void disk_free(struct disk *d)
{
    for (size_t i = 0; i < d->n_saves; i++)
        free_save(&d->saves[i]);
    free(d->saves);
    free(d->durable.log);
    free(d->newest.log);
}

static struct stored_entry store_entry(const struct entry *e)
{
    struct stored_entry stored = {.term = e->term, .kind = e->kind};

    CHECK(e->data.len <= CLUSTER_TEXT_MAX);
    if (e->data.len > 0)
        memcpy(stored.text, e->data.data, e->data.len);
    return stored;
}

static void apply_save(struct disk_image *image, const struct disk_save *s)
{
    if (s->truncate_from != 0) {
        CHECK(s->truncate_from <= image->last);
        image->last = s->truncate_from - 1;
    }
    if (s->n > 0) {
        CHECK_THAT(s->first == image->last + 1, "first=%llu last=%llu",
                   (unsigned long long)s->first, (unsigned long long)image->last);
        CHECK(s->first + s->n <= CLUSTER_LOG_MAX);
        memcpy(&image->log[s->first], s->entries, s->n * sizeof *s->entries);
        image->last += s->n;
    }
    if (s->hard_changed)
        image->hard = s->hard;
}

void disk_submit(struct disk *d, const struct raft_ready *rd)
{
    struct disk_save s = {
        .seq = rd->seq,
        .truncate_from = rd->truncate_from,
        .hard_changed = rd->hard_changed,
        .hard = rd->hard,
        .first = rd->n_entries > 0 ? rd->entries[0].index : 0,
        .n = rd->n_entries,
        .entries = calloc(rd->n_entries + 1, sizeof *s.entries),
    };

    CHECK(s.entries != NULL);
    for (size_t i = 0; i < rd->n_entries; i++)
        s.entries[i] = store_entry(&rd->entries[i]);
    d->saves = realloc(d->saves, (d->n_saves + 1) * sizeof *d->saves);
    CHECK(d->saves != NULL);
    d->saves[d->n_saves++] = s;
    apply_save(&d->newest, &s);
}

uint64_t disk_sync(struct disk *d, size_t n_saves)
{
    uint64_t seq = 0;

    for (size_t i = 0; i < n_saves; i++) {
        apply_save(&d->durable, &d->saves[i]);
        seq = d->saves[i].seq;
        free_save(&d->saves[i]);
    }
    if (n_saves == 0)
        return 0;
    d->n_saves -= n_saves;
    memmove(d->saves, d->saves + n_saves, d->n_saves * sizeof *d->saves);
    return seq;
}

void disk_crash(struct disk *d, size_t keep)
{
    disk_sync(d, keep < d->n_saves ? keep : d->n_saves);
    for (size_t i = 0; i < d->n_saves; i++)
        free_save(&d->saves[i]);
    d->n_saves = 0;
    d->newest.hard = d->durable.hard;
    d->newest.last = d->durable.last;
    memcpy(d->newest.log, d->durable.log, (d->durable.last + 1) * sizeof *d->newest.log);
}

size_t disk_runs(const struct disk_image *image, struct raft_term_run *runs, size_t max)
{
    size_t n = 0;

    for (uint64_t i = 1; i <= image->last; i++) {
        if (n > 0 && runs[n - 1].term == image->log[i].term)
            continue;
        CHECK(n < max);
        runs[n++] = (struct raft_term_run){.first = i, .term = image->log[i].term};
    }
    return n;
}
