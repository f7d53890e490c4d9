#include "histories/accounts.h"
#include "histories/build.h"
#include "histories/import.h"
#include "histories/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much of a file is looked at to tell what it is: a log may begin with other lines. */
enum { SNIFF_BYTES = 64 * 1024, READ_BYTES = 1 << 20 };

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
static int load_records(const char *name, struct history_reader *r,
                        const struct history_load_options *o, struct history **ret, struct err *e)
{
    struct history *h = NULL;
    int rc = import_new(name, history_reader_header(r), o, &h, e);

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

/* Of a file as a whole: nobody waits for the rest of its header. */
static int whole_error(int rc)
{
    return rc == -E_GAP ? -E_PARSE : rc;
}

static int load_record_bytes(const char *name, struct slice bytes,
                             const struct history_load_options *o, struct history **ret,
                             struct err *e)
{
    struct history_reader *r;
    int rc = reader_open_bytes(name, bytes, &r, e);

    return rc < 0 ? whole_error(rc) : load_records(name, r, o, ret, e);
}

/* --- any format ----------------------------------------------------------------------------- */

static enum history_format format_of(struct slice start, const struct history_load_options *o)
{
    return o->format == HISTORY_ANY_FORMAT ? import_sniff(start) : o->format;
}

static int load_bytes(const char *name, struct slice bytes, const struct history_load_options *o,
                      struct history **ret, struct err *e)
{
    size_t start = bytes.len < SNIFF_BYTES ? bytes.len : SNIFF_BYTES;

    switch (format_of(slice_of(bytes.data, start), o)) {
    case HISTORY_RIFT: return load_record_bytes(name, bytes, o, ret, e);
    case HISTORY_EDN: return import_edn(name, bytes, o, ret, e);
    case HISTORY_JSONL: return import_jsonl(name, bytes, o, ret, e);
    case HISTORY_ETCD: return import_etcd(name, bytes, o, ret, e);
    case HISTORY_PORCUPINE: return import_porcupine(name, bytes, o, ret, e);
    default: break;
    }
    return err_set(e, -E_PARSE,
                   "%s: no history: expected rift's own format, Jepsen's history.edn, JSON lines, "
                   "the log of a Jepsen test of etcd, or a key-value log of Porcupine",
                   name);
}

/* What was asked for and cannot be used is no help to be silent about. */
static int finish(const char *name, const struct history_load_options *o, struct history **h,
                  struct err *e)
{
    if (o->accounts != NULL && !accounts_matter(&(*h)->header)) {
        int rc = err_set(e, -E_INVAL, "%s: --accounts is of a bank, and the model is '%s'", name,
                         (*h)->header.model);

        history_free(h);
        return rc;
    }
    build_visit(*h, NULL);
    return 0;
}

int history_load_bytes_as(const char *name, struct slice bytes,
                          const struct history_load_options *o, struct history **ret, struct err *e)
{
    int rc = load_bytes(name, bytes, o, ret, e);

    return rc < 0 ? rc : finish(name, o, ret, e);
}

int history_load_bytes(const char *name, struct slice bytes, struct history **ret, struct err *e)
{
    struct history_load_options o = {.visitor = NULL};

    return history_load_bytes_as(name, bytes, &o, ret, e);
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

static int read_rest(const char *path, int fd, struct buf *out, struct err *e)
{
    size_t before;
    int rc;

    do {
        before = out->len;
        rc = read_some(path, fd, READ_BYTES, out, e);
    } while (rc == 0 && out->len > before);
    return rc;
}

/* Record by record, from the start again: a long history is never in memory twice. */
static int load_record_file(const char *path, const struct history_load_options *o,
                            struct history **ret, struct err *e)
{
    struct history_reader *r;
    int rc = history_reader_open(path, &r, e);

    rc = rc < 0 ? whole_error(rc) : load_records(path, r, o, ret, e);
    return rc < 0 ? rc : finish(path, o, ret, e);
}

static bool is_regular(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Text, and what comes through a pipe, is read from memory; BUF_BYTES_MAX bounds it. */
int history_load_as(const char *path, const struct history_load_options *o, struct history **ret,
                    struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct buf bytes = {0};
    enum history_format format;
    int rc;

    if (fd < 0)
        return err_sys(e, "%s", path);
    rc = read_some(path, fd, SNIFF_BYTES, &bytes, e);
    if (rc < 0)
        goto done;
    format = format_of(buf_slice(&bytes), o);
    if (format == HISTORY_RIFT && is_regular(fd)) {
        rc = load_record_file(path, o, ret, e);
        goto done;
    }
    if (format != HISTORY_ANY_FORMAT)
        rc = read_rest(path, fd, &bytes, e);
    if (rc == 0)
        rc = history_load_bytes_as(path, buf_slice(&bytes), o, ret, e);

done:
    close(fd);
    buf_free(&bytes);
    return rc;
}

int history_load(const char *path, struct history **ret, struct err *e)
{
    struct history_load_options o = {.visitor = NULL};

    return history_load_as(path, &o, ret, e);
}
