#include "sim/disk_impl.h"

#include <stdlib.h>

void disk_batches_reset(struct disk_batches *l)
{
    l->head = NULL;
    l->tail = &l->head;
}

void disk_batches_push(struct disk_batches *l, struct disk_batch *b)
{
    b->next = NULL;
    *l->tail = b;
    l->tail = &b->next;
}

void disk_batches_move(struct disk_batches *to, struct disk_batches *from)
{
    if (from->head == NULL)
        return;
    *to->tail = from->head;
    to->tail = from->tail;
    disk_batches_reset(from);
}

void disk_entries_free(struct entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((uint8_t *)entries[i].data.data);
    free(entries);
}

static void disk_batch_free(struct disk_batch *b)
{
    disk_entries_free(b->entries, b->n_entries);
    for (size_t i = 0; i < b->n_writes; i++) {
        if (b->pairs[i] != NULL)
            memory_pair_release(b->pairs[i]);
        if (b->pairs_before != NULL && b->pairs_before[i] != NULL)
            memory_pair_release(b->pairs_before[i]);
    }
    free(b->pairs);
    free(b->pairs_before);
    free(b->writes);
    disk_entries_free(b->truncated, b->n_truncated);
    free(b);
}

void disk_batches_free(struct disk_batches *l)
{
    while (l->head != NULL) {
        struct disk_batch *b = l->head;

        l->head = b->next;
        disk_batch_free(b);
    }
    disk_batches_reset(l);
}

size_t disk_batches_length(const struct disk_batches *l)
{
    size_t n = 0;

    for (const struct disk_batch *b = l->head; b != NULL; b = b->next)
        n++;
    return n;
}

struct disk_batch *disk_batch_copy(const struct store_batch *from)
{
    struct disk_batch *b = calloc(1, sizeof *b);

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
