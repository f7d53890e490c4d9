#include "node/store/rocks_db.h"

#include "node/store/rocks_meta.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A node's memory: two write buffers' worth of state and log, and a cache of what was flushed. */
static const size_t WRITE_BUFFER_BYTES = (size_t)32 << 20;
static const size_t WRITE_BUFFERS_TOTAL_BYTES = (size_t)64 << 20;
static const size_t BLOCK_CACHE_BYTES = (size_t)32 << 20;
static const double BLOOM_BITS_PER_KEY = 10;

/* What the next start has to replay, at the most: about a second. */
static const uint64_t WAL_BYTES_MAX = (uint64_t)128 << 20;

enum {
    OPEN_FILES_MAX = 256,
    INFO_LOG_FILES = 2,
    INFO_LOG_BYTES_MAX = 1 << 20,
    INFO_LOG_WARNINGS = 2, /* InfoLogLevel::WARN_LEVEL of rocksdb/env.h */
    FAMILY_NAME_MAX = 256,
    EXISTING_MAX = STORE_FAMILIES_MAX + 2,
};

static const char META_NAME[] = "default";
static const char LOG_NAME[] = "log";
static const char STATE_PREFIX[] = "state.";

int rocks_error(struct err *e, char *text, const char *what)
{
    int rc = -E_IO;

    if (strncmp(text, "Corruption", 10) == 0)
        rc = -E_CORRUPT;
    else if (strncmp(text, "IO error: While lock file", 25) == 0 ||
             strncmp(text, "IO error: lock ", 15) == 0)
        rc = -E_BUSY;
    if (rc == -E_BUSY)
        err_set(e, rc, "%s: another process has it open (%s)", what, text);
    else
        err_set(e, rc, "%s: %s", what, text);
    rocksdb_free(text);
    return rc;
}

/* --- options ------------------------------------------------------------------------------- */

static void set_table_options(rocksdb_options_t *o)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(BLOCK_CACHE_BYTES);

    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));
    rocksdb_options_set_block_based_table_factory(o, table);
    rocksdb_cache_destroy(cache); /* the table factory holds it */
    rocksdb_block_based_options_destroy(table);
}

/* What a crash may leave.
 *
 * Every write is synced (see rocks_writer.h), so only the last write of the newest write-ahead
 * log can be torn. kTolerateCorruptedTailRecords accepts just that: an incomplete record at the
 * end. A wrong checksum further in front is damage to what was promised, and opening fails.
 * kPointInTimeRecovery, RocksDB's default, would cut the log there in silence and give back a
 * node that has forgotten its vote or entries it had acknowledged (Alagappan et al.,
 * "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018, section 2.3).
 *
 * Column families are flushed one by one, not by atomic_flush. That is safe with a write-ahead
 * log: each replays what it had not flushed, and what is flushed stands in logs that are synced
 * already.
 *
 * What a process that was killed had written but not synced is read back from the page cache, and
 * nobody may build on it while it can still be lost. RocksDB turns all it replays into synced
 * tables before opening ends (avoid_flush_during_recovery is off), so what is recovered is
 * durable.
 *
 * Recycled log files would spare the sync some metadata (a quarter of its time, measured), but
 * their end cannot be told from damage, so RocksDB 7.8 switches recycling off under every mode
 * that reports any. */
static void set_durability(rocksdb_options_t *o)
{
    rocksdb_options_set_wal_recovery_mode(o, rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_atomic_flush(o, 0);
    rocksdb_options_set_paranoid_checks(o, 1);
    rocksdb_options_set_use_fsync(o, 0); /* fdatasync: times of files are of no interest */
    rocksdb_options_set_wal_bytes_per_sync(o, 0);
    rocksdb_options_set_max_total_wal_size(o, WAL_BYTES_MAX);
}

/* One thread writes and two read: what serves many concurrent writers only costs time. */
static void set_for_one_writer(rocksdb_options_t *o)
{
    rocksdb_options_set_enable_pipelined_write(o, 0);
    rocksdb_options_set_unordered_write(o, 0);
    rocksdb_options_set_allow_concurrent_memtable_write(o, 0);
    rocksdb_options_set_enable_write_thread_adaptive_yield(o, 0);
    rocksdb_options_set_max_background_jobs(o, 2); /* one flush, one compaction */
}

static rocksdb_options_t *make_options(void)
{
    rocksdb_options_t *o = rocksdb_options_create();

    rocksdb_options_set_create_if_missing(o, 1);
    set_durability(o);
    set_for_one_writer(o);
    set_table_options(o);
    rocksdb_options_set_write_buffer_size(o, WRITE_BUFFER_BYTES);
    rocksdb_options_set_db_write_buffer_size(o, WRITE_BUFFERS_TOTAL_BYTES);
    rocksdb_options_set_compression(o, rocksdb_no_compression);
    rocksdb_options_set_max_open_files(o, OPEN_FILES_MAX);
    rocksdb_options_set_info_log_level(o, INFO_LOG_WARNINGS);
    rocksdb_options_set_keep_log_file_num(o, INFO_LOG_FILES);
    rocksdb_options_set_max_log_file_size(o, INFO_LOG_BYTES_MAX);
    rocksdb_options_set_stats_dump_period_sec(o, 0);
    rocksdb_options_set_stats_persist_period_sec(o, 0);
    return o;
}

/* --- the folder ---------------------------------------------------------------------------- */

/* Its name has to survive a crash as well, which is the parent's business. */
static int sync_parent(const char *path, struct err *e)
{
    struct buf parent = {0};
    int fd;
    int rc = buf_printf(&parent, "%s/..", path);

    if (rc < 0)
        return err_set(e, rc, "%s", path);
    fd = open((const char *)parent.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        rc = err_sys(e, "%s", (const char *)parent.data);
    if (fd >= 0)
        close(fd);
    buf_free(&parent);
    return rc;
}

static int make_folder(const char *path, struct err *e)
{
    if (mkdir(path, 0777) == 0)
        return sync_parent(path, e);
    return errno == EEXIST ? 0 : err_sys(e, "%s", path);
}

/* 000123.sst and 000123.log: tables and write-ahead logs. Others may keep files here too. */
static bool is_data(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return digits > 0 && (strcmp(name + digits, ".sst") == 0 || strcmp(name + digits, ".log") == 0);
}

/* Whether there is a database already. The file CURRENT says so; it is made before any data is.
 * Data without it means that it was lost: starting afresh would forget a vote. */
static int find_database(const char *path, bool *ret, struct err *e)
{
    DIR *folder = opendir(path);
    const struct dirent *file;
    bool current = false;
    bool data = false;

    if (folder == NULL)
        return err_sys(e, "%s", path);
    while ((file = readdir(folder)) != NULL) {
        current |= strcmp(file->d_name, "CURRENT") == 0;
        data |= is_data(file->d_name);
    }
    closedir(folder);
    if (data && !current)
        return err_set(e, -E_CORRUPT, "%s: there is data, but the file CURRENT is missing", path);
    *ret = current;
    return 0;
}

/* --- families ------------------------------------------------------------------------------ */

/* The column families that stand in the database, opened. */
struct existing {
    size_t n;
    char names[EXISTING_MAX][FAMILY_NAME_MAX];
    rocksdb_column_family_handle_t *handles[EXISTING_MAX];
};

static int list_existing(const char *path, const rocksdb_options_t *options, struct existing *x,
                         struct err *e)
{
    char *text = NULL;
    size_t n = 0;
    char **names = rocksdb_list_column_families(options, path, &n, &text);
    int rc = 0;

    if (text != NULL)
        return rocks_error(e, text, path);
    if (n > EXISTING_MAX)
        rc = err_set(e, -E_INVAL, "%s: has %zu column families, more than a store can have", path,
                     n);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (snprintf(x->names[i], FAMILY_NAME_MAX, "%s", names[i]) >= FAMILY_NAME_MAX)
            rc = err_set(e, -E_INVAL, "%s: has a column family '%s'", path, names[i]);
    x->n = n;
    rocksdb_list_column_families_destroy(names, n);
    return rc;
}

static int open_existing(struct rocks_db *d, const char *path, struct existing *x, struct err *e)
{
    const char *names[EXISTING_MAX];
    const rocksdb_options_t *options[EXISTING_MAX];
    char *text = NULL;

    for (size_t i = 0; i < x->n; i++) {
        names[i] = x->names[i];
        options[i] = d->options;
    }
    d->db = rocksdb_open_column_families(d->options, path, (int)x->n, names, options, x->handles,
                                         &text);
    return text == NULL ? 0 : rocks_error(e, text, path);
}

/* Takes the handle out of `x`; NULL when there is none of that name. */
static rocksdb_column_family_handle_t *take(struct existing *x, const char *name)
{
    for (size_t i = 0; i < x->n; i++) {
        rocksdb_column_family_handle_t *handle = x->handles[i];

        if (handle != NULL && strcmp(x->names[i], name) == 0) {
            x->handles[i] = NULL;
            return handle;
        }
    }
    return NULL;
}

/* The family `name`, made when the database is being founded. */
static int take_or_make(struct rocks_db *d, struct existing *x, const char *name, bool founded,
                        rocksdb_column_family_handle_t **ret, struct err *e)
{
    rocksdb_column_family_handle_t *handle = take(x, name);
    char *text = NULL;

    if (handle == NULL && founded)
        return err_set(e, -E_INVAL, "made without the family '%s' that is asked for", name);
    if (handle == NULL)
        handle = rocksdb_create_column_family(d->db, d->options, name, &text);
    if (text != NULL)
        return rocks_error(e, text, name);
    *ret = handle;
    return 0;
}

static int take_families(struct rocks_db *d, const struct store_options *o, struct existing *x,
                         bool founded, struct err *e)
{
    char name[FAMILY_NAME_MAX];
    int rc = take_or_make(d, x, LOG_NAME, founded, &d->log, e);

    for (size_t i = 0; rc == 0 && i < o->n_families; i++) {
        if (snprintf(name, sizeof name, "%s%s", STATE_PREFIX, o->families[i]) >= FAMILY_NAME_MAX)
            return err_set(e, -E_INVAL, "family name '%s' is too long", o->families[i]);
        rc = take_or_make(d, x, name, founded, &d->state[i], e);
        if (rc == 0)
            d->n_state++;
    }
    for (size_t i = 0; rc == 0 && i < x->n; i++)
        if (x->handles[i] != NULL)
            rc = err_set(e, -E_INVAL, "made with the family '%s' that is not asked for",
                         x->names[i]);
    return rc;
}

/* --- open and close ------------------------------------------------------------------------ */

/* A database gets its families first and its owner last. One without an owner is unfinished and
 * empty: its making was cut short, and goes on here. */
static int claim(struct rocks_db *d, const struct store_options *o, struct existing *x,
                 struct err *e)
{
    bool founded = false;
    int rc;

    d->meta = take(x, META_NAME);
    rc = rocks_meta_check(d, &o->identity, &founded, e);
    if (rc == 0)
        rc = take_families(d, o, x, founded, e);
    if (rc == 0 && !founded)
        rc = rocks_meta_found(d, &o->identity, e);
    return rc;
}

static int open_and_claim(struct rocks_db *d, const char *path, const struct store_options *o,
                          struct err *e)
{
    struct existing x = {.n = 1, .names = {"default"}};
    bool there = false;
    int rc = make_folder(path, e);

    if (rc == 0)
        rc = find_database(path, &there, e);
    if (rc == 0 && there)
        rc = list_existing(path, d->options, &x, e);
    if (rc == 0)
        rc = open_existing(d, path, &x, e);
    if (rc < 0)
        return rc;
    rc = claim(d, o, &x, e);
    for (size_t i = 0; i < x.n; i++)
        if (x.handles[i] != NULL)
            rocksdb_column_family_handle_destroy(x.handles[i]);
    return rc < 0 ? err_prefix(e, rc, "%s", path) : 0;
}

int rocks_db_open(const char *path, const struct store_options *o, struct rocks_db *ret,
                  struct err *e)
{
    struct rocks_db d = {0};
    int rc;

    if (o->n_families > STORE_FAMILIES_MAX)
        return err_set(e, -E_INVAL, "%zu families, at most %d", o->n_families, STORE_FAMILIES_MAX);
    d.options = make_options();
    d.reading = rocksdb_readoptions_create();
    rc = open_and_claim(&d, path, o, e);
    if (rc < 0) {
        rocks_db_close(&d);
        return rc;
    }
    *ret = d;
    return 0;
}

void rocks_db_close(struct rocks_db *d)
{
    for (size_t i = 0; i < d->n_state; i++)
        rocksdb_column_family_handle_destroy(d->state[i]);
    if (d->log != NULL)
        rocksdb_column_family_handle_destroy(d->log);
    if (d->meta != NULL)
        rocksdb_column_family_handle_destroy(d->meta);
    if (d->db != NULL)
        rocksdb_close(d->db);
    if (d->reading != NULL)
        rocksdb_readoptions_destroy(d->reading);
    if (d->options != NULL)
        rocksdb_options_destroy(d->options);
    *d = (struct rocks_db){0};
}
