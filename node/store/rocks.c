#include "node/store/rocks_db.h"
#include "node/store/rocks_meta.h"
#include "node/store/rocks_reader.h"
#include "node/store/rocks_writer.h"

#include "base/check.h"

#include <stdlib.h>

struct rocks {
    struct store base;
    struct rocks_db db;
    struct bell bell;
    struct rocks_writer *writer;
    struct rocks_reader *reader;
    struct store_recovered recovered; /* its runs are our own copy: the log goes on changing */
};

struct store_cursor {
    struct rocks *store;
    rocksdb_iterator_t *it;
};

static struct rocks *rocks_of(struct store *s)
{
    return (struct rocks *)s;
}

static void rocks_destroy(struct store *s)
{
    struct rocks *r = rocks_of(s);

    rocks_reader_destroy(r->reader);
    rocks_writer_destroy(r->writer);
    rocks_db_close(&r->db);
    bell_destroy(&r->bell);
    free((struct raft_term_run *)r->recovered.runs);
    free(r);
}

static void rocks_recovered(const struct store *s, struct store_recovered *ret)
{
    *ret = ((const struct rocks *)s)->recovered;
}

static int rocks_submit(struct store *s, const struct store_batch *b, enum store_sync sync,
                        uint64_t *ret_seq, struct err *e)
{
    return rocks_writer_submit(rocks_of(s)->writer, b, sync, ret_seq, e);
}

static void rocks_poll(struct store *s, struct store_progress *ret)
{
    struct rocks *r = rocks_of(s);

    bell_quiet(&r->bell);
    rocks_reader_end_loan(r->reader);
    rocks_writer_progress(r->writer, ret);
}

static int rocks_fd(const struct store *s)
{
    return ((const struct rocks *)s)->bell.fd;
}

static int rocks_log_read(struct store *s, uint64_t token, uint64_t from, uint64_t to,
                          size_t bytes_max)
{
    return rocks_reader_ask(rocks_of(s)->reader, token, from, to, bytes_max);
}

static bool rocks_log_next(struct store *s, struct store_log_result *ret)
{
    return rocks_reader_next(rocks_of(s)->reader, ret);
}

/* --- the state ----------------------------------------------------------------------------- */

static int rocks_get(struct store *s, uint32_t family, struct slice key, struct buf *out)
{
    struct rocks *r = rocks_of(s);
    rocksdb_pinnableslice_t *value;
    const char *data;
    size_t len = 0;
    char *text = NULL;
    struct err e;
    int rc;

    CHECK_THAT(family < r->db.n_state, "family=%u of %zu", family, r->db.n_state);
    value = rocksdb_get_pinned_cf(r->db.db, r->db.reading, r->db.state[family],
                                  (const char *)key.data, key.len, &text);
    if (text != NULL) {
        rc = rocks_error(&e, text, "reading the state");
        rocks_writer_fail(r->writer, e.text);
        return rc;
    }
    if (value == NULL)
        return 0;
    data = rocksdb_pinnableslice_value(value, &len);
    rc = buf_append(out, data, len);
    rocksdb_pinnableslice_destroy(value);
    return rc < 0 ? rc : 1;
}

/* A RocksDB iterator stays with the state of the moment it was made. */
static int rocks_cursor_open(struct store *s, uint32_t family, struct slice start,
                             struct store_cursor **ret)
{
    struct rocks *r = rocks_of(s);
    struct store_cursor *c = calloc(1, sizeof *c);

    CHECK_THAT(family < r->db.n_state, "family=%u of %zu", family, r->db.n_state);
    if (c == NULL)
        return -E_NOMEM;
    c->store = r;
    c->it = rocksdb_create_iterator_cf(r->db.db, r->db.reading, r->db.state[family]);
    rocksdb_iter_seek(c->it, (const char *)start.data, start.len);
    *ret = c;
    return 0;
}

static bool rocks_cursor_get(const struct store_cursor *c, struct slice *ret_key,
                             struct slice *ret_value)
{
    const char *data;
    size_t len = 0;
    char *text = NULL;
    struct err e;

    if (!rocksdb_iter_valid(c->it)) {
        rocksdb_iter_get_error(c->it, &text);
        if (text != NULL) {
            rocks_error(&e, text, "walking the state");
            rocks_writer_fail(c->store->writer, e.text);
        }
        return false;
    }
    data = rocksdb_iter_key(c->it, &len);
    *ret_key = slice_of(data, len);
    data = rocksdb_iter_value(c->it, &len);
    *ret_value = slice_of(data, len);
    return true;
}

static void rocks_cursor_next(struct store_cursor *c)
{
    if (rocksdb_iter_valid(c->it))
        rocksdb_iter_next(c->it);
}

static void rocks_cursor_close(struct store_cursor *c)
{
    rocksdb_iter_destroy(c->it);
    free(c);
}

static const struct store_vtable ROCKS_VTABLE = {
    .destroy = rocks_destroy,
    .recovered = rocks_recovered,
    .submit = rocks_submit,
    .poll = rocks_poll,
    .fd = rocks_fd,
    .log_read = rocks_log_read,
    .log_next = rocks_log_next,
    .get = rocks_get,
    .cursor_open = rocks_cursor_open,
    .cursor_get = rocks_cursor_get,
    .cursor_next = rocks_cursor_next,
    .cursor_close = rocks_cursor_close,
};

/* --- open ---------------------------------------------------------------------------------- */

static int recover(struct rocks *r, struct log_shape *shape, struct err *e)
{
    struct store_recovered *ret = &r->recovered;
    struct raft_term_run *runs;
    int rc = rocks_meta_load(&r->db, shape, &ret->hard, &ret->applied_index, e);

    if (rc < 0)
        return rc;
    runs = calloc(shape->n_runs + 1, sizeof *runs);
    if (runs == NULL)
        return err_set(e, -E_NOMEM, "%zu term runs", shape->n_runs);
    for (size_t i = 0; i < shape->n_runs; i++)
        runs[i] = shape->runs[i];
    ret->runs = runs;
    ret->n_runs = shape->n_runs;
    ret->first_index = shape->first;
    ret->last_index = shape->last;
    return 0;
}

static int start(struct rocks *r, struct err *e)
{
    struct log_shape shape = {.first = 1};
    int rc = recover(r, &shape, e);

    if (rc == 0)
        rc = rocks_writer_create(&r->db, &r->bell, &shape, r->recovered.applied_index, &r->writer,
                                 e);
    if (rc == 0)
        rc = rocks_reader_create(&r->db, &r->bell, r->writer, &r->reader, e);
    log_shape_free(&shape);
    return rc;
}

int store_rocks_open(const char *path, const struct store_options *o, struct store **ret,
                     struct err *e)
{
    struct rocks *r = calloc(1, sizeof *r);
    int rc;

    if (r == NULL)
        return err_set(e, -E_NOMEM, "store '%s'", path);
    r->base.vt = &ROCKS_VTABLE;
    rc = bell_create(&r->bell, e);
    if (rc < 0) {
        free(r);
        return err_prefix(e, rc, "store");
    }
    rc = rocks_db_open(path, o, &r->db, e);
    if (rc == 0) {
        rc = start(r, e);
        if (rc < 0)
            err_prefix(e, rc, "%s", path);
    }
    if (rc < 0) {
        rocks_destroy(&r->base);
        return err_prefix(e, rc, "store");
    }
    *ret = &r->base;
    return 0;
}
