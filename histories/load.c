#include "histories/format.h"
#include "histories/import.h"
#include "histories/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How much of a file is looked at to tell what it is: a log may begin with other lines. */
enum { SNIFF_BYTES = 64 * 1024 };

/* --- rift's own ----------------------------------------------------------------------------- */

static int add_events(const char *name, struct history_reader *r, struct history *h, struct err *e)
{
    struct history_event event;
    int rc;

    for (;;) {
        uint64_t offset = reader_offset(r);

        rc = history_reader_next(r, &event, e);
        if (rc != 1)
            return rc;
        rc = history_add_event(h, &event, e);
        if (rc < 0)
            return err_prefix(e, rc, "%s: event %llu at offset %llu", name,
                              (unsigned long long)event.seq, (unsigned long long)offset);
    }
}

/* Takes the events up to the end or to the damage, and says what is missing. */
static int fill(const char *name, struct history_reader *r, struct history *h, struct err *e)
{
    uint64_t rest;
    int rc = add_events(name, r, h, e);

    if (rc < 0 && rc != -E_CORRUPT)
        return rc;
    h->loss.unfinished = !reader_ended(r);
    h->loss.damaged = rc == -E_CORRUPT;
    h->loss.damaged_at = h->loss.damaged ? reader_offset(r) : 0;
    rc = reader_drain(r, &rest, e);
    if (rc < 0)
        return rc;
    if (h->loss.damaged)
        h->loss.damaged_bytes = rest;
    else
        h->loss.tail_bytes = rest;
    return 0;
}

/* Closes the reader. */
static int load_records(const char *name, struct history_reader *r, struct history **ret,
                        struct err *e)
{
    struct history *h = NULL;
    int rc = history_new(history_reader_header(r), &h, e);

    if (rc == 0)
        rc = fill(name, r, h, e);
    history_reader_close(&r);
    if (rc < 0) {
        history_free(&h);
        return rc;
    }
    *ret = h;
    return 0;
}

/* --- any format ----------------------------------------------------------------------------- */

enum format { FORMAT_RIFT, FORMAT_ETCD, FORMAT_PORCUPINE, FORMAT_UNKNOWN };

static enum format sniff(struct slice start)
{
    if (format_is_header(start))
        return FORMAT_RIFT;
    if (import_is_porcupine(start))
        return FORMAT_PORCUPINE;
    if (import_is_etcd(start))
        return FORMAT_ETCD;
    return FORMAT_UNKNOWN;
}

static int load_text(const char *name, enum format format, struct slice text, struct history **ret,
                     struct err *e)
{
    switch (format) {
    case FORMAT_ETCD: return import_etcd(name, text, ret, e);
    case FORMAT_PORCUPINE: return import_porcupine(name, text, ret, e);
    default:
        return err_set(e, -E_PARSE,
                       "%s: no history: expected a rift history, the log of a Jepsen test of "
                       "etcd, or a key-value log of Porcupine",
                       name);
    }
}

int history_load_bytes(const char *name, struct slice bytes, struct history **ret, struct err *e)
{
    enum format format =
        sniff(slice_of(bytes.data, bytes.len < SNIFF_BYTES ? bytes.len : SNIFF_BYTES));
    struct history_reader *r;
    int rc;

    if (format != FORMAT_RIFT)
        return load_text(name, format, bytes, ret, e);
    rc = reader_open_bytes(name, bytes, &r, e);
    return rc < 0 ? rc : load_records(name, r, ret, e);
}

/* Appends up to `max` bytes of the file: fewer only at its end. */
static int read_some(const char *path, int fd, size_t max, struct buf *out, struct err *e)
{
    int rc = buf_reserve(out, max);
    ssize_t n = 1;

    if (rc < 0)
        return err_set(e, rc, "%s: %s", path, err_text(rc));
    while (max > 0 && n > 0) {
        n = TEMP_FAILURE_RETRY(read(fd, out->data + out->len, max));
        if (n < 0)
            return err_sys(e, "%s", path);
        out->len += (size_t)n;
        max -= (size_t)n;
    }
    return 0;
}

/* Text is imported from memory; BUF_BYTES_MAX bounds it. */
static int load_text_file(const char *path, int fd, struct buf *text, struct history **ret,
                          struct err *e)
{
    enum format format = sniff(buf_slice(text));
    size_t before = 0;
    int rc = 0;

    while (rc == 0 && format != FORMAT_UNKNOWN && text->len > before) {
        before = text->len;
        rc = read_some(path, fd, SNIFF_BYTES, text, e);
    }
    return rc < 0 ? rc : load_text(path, format, buf_slice(text), ret, e);
}

/* Record by record from the start again: a long history is never in memory twice. */
static int load_record_file(const char *path, struct history **ret, struct err *e)
{
    struct history_reader *r;
    int rc = history_reader_open(path, &r, e);

    return rc < 0 ? rc : load_records(path, r, ret, e);
}

int history_load(const char *path, struct history **ret, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buf start = {0};
    int rc;

    if (fd < 0)
        return err_sys(e, "%s", path);
    rc = read_some(path, fd, SNIFF_BYTES, &start, e);
    if (rc == 0)
        rc = sniff(buf_slice(&start)) == FORMAT_RIFT ? load_record_file(path, ret, e)
                                                     : load_text_file(path, fd, &start, ret, e);
    close(fd);
    buf_free(&start);
    return rc;
}
