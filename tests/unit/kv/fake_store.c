#include "tests/unit/kv/fake_store.h"

#include "base/check.h"

#include <stdlib.h>

static void fill_row(struct fake_row *row, const struct kv_write *w)
{
    row->family = w->family;
    row->erase = w->erase;
    buf_clear(&row->key);
    buf_clear(&row->value);
    CHECK(buf_append_slice(&row->key, w->key) == 0);
    CHECK(buf_append_slice(&row->value, w->value) == 0);
}

static void free_row(struct fake_row *row)
{
    buf_free(&row->key);
    buf_free(&row->value);
}

static size_t find_place(const struct fake_store *s, uint32_t family, struct slice key)
{
    size_t i = 0;

    while (i < s->n_rows &&
           (s->rows[i].family != family || !slice_equal(buf_slice(&s->rows[i].key), key)))
        i++;
    return i;
}

const struct fake_row *fake_find(const struct fake_store *s, uint32_t family, struct slice key)
{
    size_t i = find_place(s, family, key);

    return i < s->n_rows ? &s->rows[i] : NULL;
}

static int get(void *context, uint32_t family, struct slice key, struct buf *out)
{
    const struct fake_row *row = fake_find(context, family, key);
    int rc;

    if (row == NULL)
        return 0;
    rc = buf_append_slice(out, buf_slice(&row->value));
    return rc < 0 ? rc : 1;
}

struct kv_reader fake_reader(struct fake_store *s)
{
    return (struct kv_reader){.get = get, .context = s};
}

void fake_submit(struct fake_store *s, struct kv *kv, uint64_t seq, uint64_t applied_index)
{
    struct fake_batch *b = &s->batches[s->n_batches];
    const struct kv_write *writes;

    CHECK(s->n_batches++ < FAKE_BATCHES_MAX);
    writes = kv_writes(kv, &b->n);
    b->rows = calloc(b->n + 1, sizeof *b->rows);
    CHECK(b->rows != NULL);
    for (size_t i = 0; i < b->n; i++)
        fill_row(&b->rows[i], &writes[i]);
    b->seq = seq;
    b->applied_index = applied_index;
    kv_submitted(kv, seq);
}

static void write_row(struct fake_store *s, const struct fake_row *row)
{
    size_t i = find_place(s, row->family, buf_slice(&row->key));
    struct kv_write w = {
        .family = row->family, .key = buf_slice(&row->key), .value = buf_slice(&row->value)};

    if (!row->erase) {
        CHECK(i < FAKE_ROWS_MAX);
        s->n_rows += i == s->n_rows;
        fill_row(&s->rows[i], &w);
    } else if (i < s->n_rows) {
        free_row(&s->rows[i]);
        s->rows[i] = s->rows[--s->n_rows];
        s->rows[s->n_rows] = (struct fake_row){0};
    }
}

static void drop_batch(struct fake_batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        free_row(&b->rows[i]);
    free(b->rows);
}

uint64_t fake_make_visible(struct fake_store *s, size_t n)
{
    uint64_t seq = 0;

    CHECK(n <= s->n_batches);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < s->batches[i].n; j++)
            write_row(s, &s->batches[i].rows[j]);
        seq = s->batches[i].seq;
        s->applied_index = s->batches[i].applied_index;
        drop_batch(&s->batches[i]);
    }
    s->n_batches -= n;
    memmove(s->batches, s->batches + n, s->n_batches * sizeof s->batches[0]);
    return seq;
}

void fake_crash(struct fake_store *s)
{
    while (s->n_batches > 0)
        drop_batch(&s->batches[--s->n_batches]);
}

bool fake_equal(const struct fake_store *a, const struct fake_store *b)
{
    if (a->n_rows != b->n_rows)
        return false;
    for (size_t i = 0; i < a->n_rows; i++) {
        const struct fake_row *row = &a->rows[i];
        const struct fake_row *other = fake_find(b, row->family, buf_slice(&row->key));

        if (other == NULL || !slice_equal(buf_slice(&row->value), buf_slice(&other->value)))
            return false;
    }
    return true;
}

void fake_load_sessions(const struct fake_store *s, struct kv *kv)
{
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct fake_row *row = &s->rows[i];

        if (row->family == KV_FAMILY_SESSIONS)
            CHECK(kv_load_session(kv, buf_slice(&row->key), buf_slice(&row->value), NULL) == 0);
    }
}

void fake_clear(struct fake_store *s)
{
    fake_crash(s);
    while (s->n_rows > 0)
        free_row(&s->rows[--s->n_rows]);
}
