#include "node/store/rocks_meta.h"

#include <inttypes.h>
#include <stdlib.h>

static const char KEY_FORMAT[] = "format";
static const char KEY_IDENTITY[] = "identity";
static const char KEY_HARD[] = "hard";
static const char KEY_APPLIED[] = "applied";
static const char KEY_FIRST[] = "first";

enum { RUN_PREFIX_BYTES = 3, RUN_KEY_BYTES = RUN_PREFIX_BYTES + 8 };
static const char RUN_PREFIX[RUN_PREFIX_BYTES] = {'r', 'u', 'n'};

static void store_u64be(uint8_t *p, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        p[i] = (uint8_t)value;
}

/* --- writing ------------------------------------------------------------------------------- */

static void put(rocksdb_writebatch_t *w, rocksdb_column_family_handle_t *family, const void *key,
                size_t key_len, const void *value, size_t value_len)
{
    rocksdb_writebatch_put_cf(w, family, key, key_len, value, value_len);
}

static void put_numbers(const struct rocks_db *d, rocksdb_writebatch_t *w, const char *key,
                        const uint64_t *numbers, size_t n)
{
    uint8_t value[16];

    for (size_t i = 0; i < n; i++)
        store_u64be(value + 8 * i, numbers[i]);
    put(w, d->meta, key, strlen(key), value, 8 * n);
}

void rocks_put_hard(const struct rocks_db *d, rocksdb_writebatch_t *w,
                    const struct raft_hard_state *hard)
{
    put_numbers(d, w, KEY_HARD, (uint64_t[]){hard->term, hard->vote}, 2);
}

void rocks_put_applied(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t index)
{
    put_numbers(d, w, KEY_APPLIED, &index, 1);
}

void rocks_put_first(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t index)
{
    put_numbers(d, w, KEY_FIRST, &index, 1);
}

static void run_key(uint64_t first, uint8_t ret[RUN_KEY_BYTES])
{
    memcpy(ret, RUN_PREFIX, RUN_PREFIX_BYTES);
    store_u64be(ret + RUN_PREFIX_BYTES, first);
}

void rocks_put_run(const struct rocks_db *d, rocksdb_writebatch_t *w, struct raft_term_run run)
{
    uint8_t key[RUN_KEY_BYTES];
    uint8_t value[8];

    run_key(run.first, key);
    store_u64be(value, run.term);
    put(w, d->meta, key, sizeof key, value, sizeof value);
}

void rocks_delete_run(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t first)
{
    uint8_t key[RUN_KEY_BYTES];

    run_key(first, key);
    rocksdb_writebatch_delete_cf(w, d->meta, (const char *)key, sizeof key);
}

void rocks_log_key(uint64_t index, uint8_t ret[ROCKS_LOG_KEY_BYTES])
{
    store_u64be(ret, index);
}

void rocks_put_entry(const struct rocks_db *d, rocksdb_writebatch_t *w, const struct entry *entry,
                     struct buf *scratch)
{
    uint8_t key[ROCKS_LOG_KEY_BYTES];

    rocks_log_key(entry->index, key);
    buf_clear(scratch);
    buf_append_byte(scratch, (uint8_t)entry->kind);
    buf_append_u64be(scratch, entry->term);
    buf_append_slice(scratch, entry->data);
    put(w, d->log, key, sizeof key, scratch->data, scratch->len);
}

void rocks_delete_entries(const struct rocks_db *d, rocksdb_writebatch_t *w, uint64_t from,
                          uint64_t to)
{
    uint8_t begin[ROCKS_LOG_KEY_BYTES];
    uint8_t end[ROCKS_LOG_KEY_BYTES];

    rocks_log_key(from, begin);
    rocks_log_key(to + 1, end);
    rocksdb_writebatch_delete_range_cf(w, d->log, (const char *)begin, sizeof begin,
                                       (const char *)end, sizeof end);
}

/* --- reading ------------------------------------------------------------------------------- */

int rocks_entry_decode(struct slice key, struct slice value, struct entry *ret)
{
    if (key.len != ROCKS_LOG_KEY_BYTES || value.len < ROCKS_LOG_HEADER_BYTES ||
        value.data[0] > ENTRY_CONFIG)
        return -E_CORRUPT;
    *ret = (struct entry){
        .index = load_u64be(key.data),
        .kind = (enum entry_kind)value.data[0],
        .term = load_u64be(value.data + 1),
        .data = slice_of(value.data + ROCKS_LOG_HEADER_BYTES, value.len - ROCKS_LOG_HEADER_BYTES),
    };
    return 0;
}

/* Fills `ret` with the `len` bytes under `key`. 1, or 0 when there is nothing. */
static int get_fixed(const struct rocks_db *d, const char *key, uint8_t *ret, size_t len,
                     struct err *e)
{
    char *text = NULL;
    size_t found_len = 0;
    char *found = rocksdb_get_cf(d->db, d->reading, d->meta, key, strlen(key), &found_len, &text);
    int rc = 1;

    if (text != NULL)
        return rocks_error(e, text, key);
    if (found == NULL)
        return 0;
    if (found_len == len)
        memcpy(ret, found, len);
    else
        rc = err_set(e, -E_CORRUPT, "'%s' has %zu bytes in place of %zu", key, found_len, len);
    rocksdb_free(found);
    return rc;
}

static int get_number(const struct rocks_db *d, const char *key, uint64_t *ret, struct err *e)
{
    uint8_t bytes[8];
    int rc = get_fixed(d, key, bytes, sizeof bytes, e);

    if (rc == 1)
        *ret = load_u64be(bytes);
    return rc < 0 ? rc : 0;
}

static struct slice iterator_key(const rocksdb_iterator_t *it)
{
    size_t len = 0;
    const char *data = rocksdb_iter_key(it, &len);

    return slice_of(data, len);
}

static struct slice iterator_value(const rocksdb_iterator_t *it)
{
    size_t len = 0;
    const char *data = rocksdb_iter_value(it, &len);

    return slice_of(data, len);
}

static int iterator_error(const rocksdb_iterator_t *it, const char *what, struct err *e)
{
    char *text = NULL;

    rocksdb_iter_get_error(it, &text);
    return text == NULL ? 0 : rocks_error(e, text, what);
}

/* --- whose it is --------------------------------------------------------------------------- */

int rocks_meta_found(const struct rocks_db *d, const struct store_identity *identity, struct err *e)
{
    rocksdb_writebatch_t *w = rocksdb_writebatch_create();
    rocksdb_writeoptions_t *synced = rocksdb_writeoptions_create();
    uint8_t format[4] = {0, 0, 0, ROCKS_FORMAT};
    char *text = NULL;

    put(w, d->meta, KEY_FORMAT, strlen(KEY_FORMAT), format, sizeof format);
    put_numbers(d, w, KEY_IDENTITY, (uint64_t[]){identity->cluster, identity->node}, 2);
    rocksdb_writeoptions_set_sync(synced, 1);
    rocksdb_write(d->db, synced, w, &text);
    rocksdb_writeoptions_destroy(synced);
    rocksdb_writebatch_destroy(w);
    return text == NULL ? 0 : rocks_error(e, text, "naming the owner");
}

int rocks_meta_check(const struct rocks_db *d, const struct store_identity *identity, bool *ret,
                     struct err *e)
{
    uint8_t format[4];
    uint8_t owner[16];
    int rc = get_fixed(d, KEY_FORMAT, format, sizeof format, e);

    if (rc == 0)
        *ret = false;
    if (rc <= 0)
        return rc;
    if (load_u32be(format) != ROCKS_FORMAT)
        return err_set(e, -E_UNSUPPORTED, "format %u; this program knows %d", load_u32be(format),
                       ROCKS_FORMAT);
    rc = get_fixed(d, KEY_IDENTITY, owner, sizeof owner, e);
    if (rc <= 0)
        return rc < 0 ? rc : err_set(e, -E_CORRUPT, "nobody's data");
    if (load_u64be(owner) != identity->cluster || load_u64be(owner + 8) != identity->node)
        return err_set(e, -E_FOREIGN,
                       "belongs to node %" PRIu64 " of cluster %016" PRIx64
                       ", this is node %" PRIu64 " of cluster %016" PRIx64,
                       load_u64be(owner + 8), load_u64be(owner), identity->node, identity->cluster);
    *ret = true;
    return 0;
}

/* --- recovery ------------------------------------------------------------------------------ */

static int add_run(struct log_shape *l, struct slice key, struct slice value, struct err *e)
{
    struct raft_term_run run;
    struct raft_term_run *grown;

    if (key.len != RUN_KEY_BYTES || value.len != 8)
        return err_set(e, -E_CORRUPT, "a term run of %zu and %zu bytes", key.len, value.len);
    run.first = load_u64be(key.data + RUN_PREFIX_BYTES);
    run.term = load_u64be(value.data);
    if (l->n_runs > 0 && run.term <= l->runs[l->n_runs - 1].term)
        return err_set(e, -E_CORRUPT, "the term goes back to %" PRIu64 " at index %" PRIu64,
                       run.term, run.first);
    if (l->n_runs == l->cap_runs) {
        size_t cap = l->cap_runs == 0 ? 16 : l->cap_runs * 2;

        grown = realloc(l->runs, cap * sizeof *grown);
        if (grown == NULL)
            return err_set(e, -E_NOMEM, "%zu term runs", cap);
        l->runs = grown;
        l->cap_runs = cap;
    }
    l->runs[l->n_runs++] = run;
    return 0;
}

static int load_runs(const struct rocks_db *d, struct log_shape *l, struct err *e)
{
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(d->db, d->reading, d->meta);
    int rc = 0;

    rocksdb_iter_seek(it, RUN_PREFIX, RUN_PREFIX_BYTES);
    while (rc == 0 && rocksdb_iter_valid(it)) {
        struct slice key = iterator_key(it);

        if (key.len < RUN_PREFIX_BYTES || memcmp(key.data, RUN_PREFIX, RUN_PREFIX_BYTES) != 0)
            break;
        rc = add_run(l, key, iterator_value(it), e);
        rocksdb_iter_next(it);
    }
    if (rc == 0)
        rc = iterator_error(it, "term runs", e);
    rocksdb_iter_destroy(it);
    return rc;
}

/* The entry that `it` stands at has to be `index` and of the run that the shape says. */
static int check_entry(rocksdb_iterator_t *it, const struct log_shape *l, uint64_t index,
                       struct err *e)
{
    size_t run = log_shape_runs_from(l, index + 1);
    struct entry entry;

    if (rocks_entry_decode(iterator_key(it), iterator_value(it), &entry) < 0)
        return err_set(e, -E_CORRUPT, "log entry %" PRIu64 " cannot be read", index);
    if (entry.index != index || run == 0 || l->runs[run - 1].term != entry.term)
        return err_set(e, -E_CORRUPT,
                       "log entry %" PRIu64 " of term %" PRIu64
                       " stands where the records say %" PRIu64 " of term %" PRIu64,
                       entry.index, entry.term, index, run == 0 ? 0 : l->runs[run - 1].term);
    return 0;
}

/* Finds the log's end, and makes sure that both ends agree with what is known of them. */
static int load_ends(const struct rocks_db *d, struct log_shape *l, struct err *e)
{
    rocksdb_iterator_t *it = rocksdb_create_iterator_cf(d->db, d->reading, d->log);
    int rc = 0;

    l->last = l->first - 1;
    rocksdb_iter_seek_to_last(it);
    if (rocksdb_iter_valid(it) && iterator_key(it).len == ROCKS_LOG_KEY_BYTES) {
        l->last = load_u64be(iterator_key(it).data);
        rc = check_entry(it, l, l->last, e);
        rocksdb_iter_seek_to_first(it);
        if (rc == 0 && rocksdb_iter_valid(it))
            rc = check_entry(it, l, l->first, e);
    } else if (l->n_runs > 0 && l->runs[l->n_runs - 1].first >= l->first) {
        rc = err_set(e, -E_CORRUPT, "the log is empty, its records speak of %" PRIu64,
                     l->runs[l->n_runs - 1].first);
    }
    if (rc == 0)
        rc = iterator_error(it, "log", e);
    rocksdb_iter_destroy(it);
    return rc;
}

int rocks_meta_load(const struct rocks_db *d, struct log_shape *shape,
                    struct raft_hard_state *ret_hard, uint64_t *ret_applied, struct err *e)
{
    uint8_t hard[16] = {0};
    int rc;

    *shape = (struct log_shape){.first = 1};
    *ret_applied = 0;
    rc = get_fixed(d, KEY_HARD, hard, sizeof hard, e);
    if (rc >= 0)
        rc = get_number(d, KEY_APPLIED, ret_applied, e);
    if (rc == 0)
        rc = get_number(d, KEY_FIRST, &shape->first, e);
    if (rc == 0)
        rc = load_runs(d, shape, e);
    if (rc == 0)
        rc = load_ends(d, shape, e);
    if (rc < 0) {
        log_shape_free(shape);
        return rc;
    }
    *ret_hard = (struct raft_hard_state){load_u64be(hard), load_u64be(hard + 8)};
    return 0;
}
