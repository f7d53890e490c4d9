#include "histories/reader.h"

#include "histories/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    READ_CHUNK_BYTES = 256 * 1024,
    /* Of what looks like a record behind a place that cannot be read, this many are looked at:
     * each costs a checksum over up to FORMAT_RECORD_BYTES_MAX. */
    DAMAGE_CANDIDATES_MAX = 256,
};

struct history_reader {
    char *name;
    int fd;             /* -1: reads `bytes` */
    struct slice bytes; /* what of the memory has not been read yet */

    struct buf window; /* at most FORMAT_RECORD_BYTES_MAX and a chunk */
    size_t at;         /* of the next record in the window */
    uint64_t window_offset;
    size_t searched; /* length of the unread bytes that find_damage has seen without a finding */

    uint64_t seq; /* of the last event */
    int64_t time_ns;
    bool ended;

    struct arena arena;
    struct history_header header;
    struct buf text; /* of the event that is lent */
};

/* --- the window ----------------------------------------------------------------------------- */

static struct slice unread(const struct history_reader *r)
{
    if (r->at == r->window.len)
        return (struct slice){0};
    return slice_of(r->window.data + r->at, r->window.len - r->at);
}

uint64_t reader_offset(const struct history_reader *r)
{
    return r->window_offset + r->at;
}

static void drop_read(struct history_reader *r)
{
    size_t left = r->window.len - r->at;

    if (r->at == 0)
        return;
    memmove(r->window.data, r->window.data + r->at, left);
    r->window_offset += r->at;
    r->window.len = left;
    r->at = 0;
}

static ssize_t read_source(struct history_reader *r, uint8_t *to, size_t max)
{
    size_t n = r->bytes.len < max ? r->bytes.len : max;

    if (r->fd >= 0)
        return TEMP_FAILURE_RETRY(read(r->fd, to, max));
    if (n == 0)
        return 0;
    memcpy(to, r->bytes.data, n);
    r->bytes = slice_of(r->bytes.data + n, r->bytes.len - n);
    return (ssize_t)n;
}

/* 1: the window grew. 0: the input has no more for now. */
static int refill(struct history_reader *r, struct err *e)
{
    ssize_t n;
    int rc;

    drop_read(r);
    if (r->window.len >= FORMAT_RECORD_BYTES_MAX)
        return err_set(e, -E_CORRUPT, "a record claims more than %d bytes",
                       FORMAT_RECORD_BYTES_MAX);
    rc = buf_reserve(&r->window, READ_CHUNK_BYTES);
    if (rc < 0)
        return err_set(e, rc, "%s: %s", r->name, err_text(rc));
    n = read_source(r, r->window.data + r->window.len, READ_CHUNK_BYTES);
    if (n < 0)
        return err_sys(e, "%s", r->name);
    r->window.len += (size_t)n;
    return n > 0;
}

int reader_drain(struct history_reader *r, uint64_t *ret_bytes, struct err *e)
{
    uint64_t start = reader_offset(r);
    int rc;

    do {
        r->at = r->window.len;
        rc = refill(r, e);
    } while (rc == 1);
    if (rc == 0)
        *ret_bytes = reader_offset(r) - start;
    return rc;
}

/* --- records -------------------------------------------------------------------------------- */

static int damaged(const struct history_reader *r, struct err *e)
{
    return err_prefix(e, -E_CORRUPT, "%s: damaged at offset %llu", r->name,
                      (unsigned long long)reader_offset(r));
}

/* A whole record: it has to follow on. */
static int accept(struct history_reader *r, const struct history_event *event, size_t used,
                  struct err *e)
{
    if (event->seq != r->seq + 1 || event->time_ns < r->time_ns) {
        err_set(e, -E_CORRUPT, "event %llu follows event %llu", (unsigned long long)event->seq,
                (unsigned long long)r->seq);
        return damaged(r, e);
    }
    r->seq = event->seq;
    r->time_ns = event->time_ns;
    r->ended = event->kind == HISTORY_END;
    r->at += used;
    r->searched = 0;
    return 1;
}

/* The input ends inside what stands at the cursor. Was the record cut off, or does a damaged
 * length in the middle swallow what follows? In the second case a later record of this history
 * stands behind it. */
static bool find_damage(struct history_reader *r)
{
    struct slice rest = unread(r);
    struct history_event event;
    unsigned candidates = 0;
    size_t used;

    if (rest.len == r->searched)
        return false;
    for (size_t i = 1; i < rest.len && candidates < DAMAGE_CANDIDATES_MAX; i++) {
        int rc = format_decode_event(slice_of(rest.data + i, rest.len - i), &r->text, &event, &used,
                                     NULL);

        if (rc == 0 && event.seq > r->seq && event.seq - r->seq <= rest.len)
            return true;
        candidates += rc == 0 || rc == -E_CORRUPT;
    }
    r->searched = rest.len;
    return false;
}

int history_reader_next(struct history_reader *r, struct history_event *ret, struct err *e)
{
    size_t used = 0;
    int rc;

    for (;;) {
        struct slice rest = unread(r);

        rc = rest.len == 0 ? -E_GAP : format_decode_event(rest, &r->text, ret, &used, e);
        if (rest.len > 0 && r->ended)
            rc = err_set(e, -E_CORRUPT, "bytes behind the last event");
        if (rc == 0)
            return accept(r, ret, used, e);
        if (rc == -E_NOMEM)
            return rc;
        if (rc != -E_GAP)
            return damaged(r, e);
        rc = refill(r, e);
        if (rc == -E_CORRUPT)
            return damaged(r, e);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
    }
    if (!find_damage(r))
        return 0;
    err_set(e, -E_CORRUPT, "a record claims the records behind it");
    return damaged(r, e);
}

bool reader_ended(const struct history_reader *r)
{
    return r->ended;
}

/* --- opening -------------------------------------------------------------------------------- */

static int read_header(struct history_reader *r, struct err *e)
{
    size_t used;
    int rc;

    do {
        rc = refill(r, e);
        if (rc < 0)
            return rc;
        if (rc == 0)
            return err_set(e, -E_GAP, "%s: the header of the history is cut off", r->name);
        rc = format_decode_header(unread(r), &r->arena, &r->header, &used, e);
    } while (rc == -E_GAP);
    if (rc == -E_NOMEM)
        return err_set(e, rc, "%s: %s", r->name, err_text(rc));
    if (rc < 0)
        return err_prefix(e, -E_PARSE, "%s", r->name);
    r->at = used;
    return 0;
}

/* Takes the file over, also when it fails. */
static int open_source(const char *name, int fd, struct slice bytes, struct history_reader **ret,
                       struct err *e)
{
    struct history_reader *r = calloc(1, sizeof *r);
    int rc;

    if (r == NULL) {
        if (fd >= 0)
            close(fd);
        return err_set(e, -E_NOMEM, "%s: %s", name, err_text(-E_NOMEM));
    }
    r->fd = fd;
    r->bytes = bytes;
    r->name = strdup(name);
    rc = r->name == NULL ? err_set(e, -E_NOMEM, "%s: %s", name, err_text(-E_NOMEM))
                         : read_header(r, e);
    if (rc < 0) {
        history_reader_close(&r);
        return rc;
    }
    *ret = r;
    return 0;
}

int reader_open_bytes(const char *name, struct slice bytes, struct history_reader **ret,
                      struct err *e)
{
    return open_source(name, -1, bytes, ret, e);
}

int history_reader_open(const char *path, struct history_reader **ret, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(e, "%s", path);
    return open_source(path, fd, (struct slice){0}, ret, e);
}

void history_reader_close(struct history_reader **r)
{
    if (*r == NULL)
        return;
    if ((*r)->fd >= 0)
        close((*r)->fd);
    free((*r)->name);
    buf_free(&(*r)->window);
    buf_free(&(*r)->text);
    arena_free(&(*r)->arena);
    free(*r);
    *r = NULL;
}

const struct history_header *history_reader_header(const struct history_reader *r)
{
    return &r->header;
}
