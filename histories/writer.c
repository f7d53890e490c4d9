#include "histories/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The file behind a writer of history_writer_open. */
struct history_file {
    char *path;
    int fd;
    int error; /* errno of the write that failed */
};

struct history_writer {
    struct history_sink sink;
    struct history_file file; /* path is NULL when the sink is the caller's */
    struct buf pending;       /* whole records that the sink has not taken yet */
    uint64_t seq;
    int64_t last_ns;
    int failed; /* once the sink failed nothing may follow: there would be a gap */
};

/* Fails with the writer's name in front: a full disk has to be told from any other. */
static int fail_named(const struct history_writer *w, int rc, const char *what, struct err *e)
{
    if (w->file.path == NULL)
        return err_set(e, rc, "history: %s", what);
    return err_set(e, rc, "history '%s': %s", w->file.path, what);
}

static int fail_sink(const struct history_writer *w, struct err *e)
{
    const char *why = w->file.error != 0 ? strerror(w->file.error) : err_text(w->failed);

    return fail_named(w, w->failed, why, e);
}

int history_flush(struct history_writer *w, struct err *e)
{
    int rc;

    if (w->failed < 0)
        return fail_sink(w, e);
    if (w->pending.len == 0)
        return 0;
    rc = w->sink.write(w->sink.context, buf_slice(&w->pending));
    buf_clear(&w->pending);
    if (rc < 0) {
        w->failed = rc;
        return fail_sink(w, e);
    }
    return 0;
}

static void writer_free(struct history_writer *w)
{
    if (w == NULL)
        return;
    if (w->file.fd >= 0)
        close(w->file.fd);
    free(w->file.path);
    buf_free(&w->pending);
    free(w);
}

static struct history_writer *writer_new(void)
{
    struct history_writer *w = calloc(1, sizeof *w);

    if (w == NULL)
        return NULL;
    w->file.fd = -1;
    /* Room for the buffer and a usual record: the recorder seldom takes memory again. */
    if (buf_reserve(&w->pending, HISTORY_BUFFER_BYTES + 4096) < 0) {
        writer_free(w);
        return NULL;
    }
    return w;
}

/* The header leaves at once, so that a reader may open the history from now on. */
static int start(struct history_writer *w, const struct history_header *header, struct err *e)
{
    int rc = format_encode_header(header, &w->pending, e);

    return rc < 0 ? rc : history_flush(w, e);
}

int history_writer_create(const struct history_sink *sink, const struct history_header *header,
                          struct history_writer **ret, struct err *e)
{
    struct history_writer *w = writer_new();
    int rc;

    if (w == NULL)
        return err_set(e, -E_NOMEM, "history: %s", err_text(-E_NOMEM));
    w->sink = *sink;
    rc = start(w, header, e);
    if (rc < 0) {
        writer_free(w);
        return rc;
    }
    *ret = w;
    return 0;
}

/* Writes everything or fails; a reader may see a record cut off until the rest is there. */
static int write_file(void *context, struct slice bytes)
{
    struct history_file *file = context;

    while (bytes.len > 0) {
        ssize_t n = write(file->fd, bytes.data, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            file->error = n < 0 ? errno : EIO;
            return -E_IO;
        }
        bytes = slice_of(bytes.data + n, bytes.len - (size_t)n);
    }
    return 0;
}

int history_writer_open(const char *path, const struct history_header *header,
                        struct history_writer **ret, struct err *e)
{
    struct history_writer *w = writer_new();
    int rc;

    if (w == NULL)
        return err_set(e, -E_NOMEM, "history '%s': %s", path, err_text(-E_NOMEM));
    w->sink = (struct history_sink){write_file, &w->file};
    w->file.path = strdup(path);
    if (w->file.path == NULL) {
        rc = fail_named(w, -E_NOMEM, err_text(-E_NOMEM), e);
        goto fail;
    }
    w->file.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (w->file.fd < 0) {
        rc = err_sys(e, "history '%s'", path);
        goto fail;
    }
    rc = start(w, header, e);
    if (rc < 0) {
        unlink(path); /* ours (O_EXCL), and it holds no history */
        goto fail;
    }
    *ret = w;
    return 0;

fail:
    writer_free(w);
    return rc;
}

int history_write(struct history_writer *w, struct history_event *event, struct err *e)
{
    int rc;

    if (w->failed < 0)
        return fail_sink(w, e);
    if (event->time_ns < w->last_ns)
        event->time_ns = w->last_ns;
    event->seq = w->seq + 1;
    rc = format_encode_event(event, &w->pending, e);
    if (rc < 0)
        return rc;
    w->seq = event->seq;
    w->last_ns = event->time_ns;
    return w->pending.len < HISTORY_BUFFER_BYTES ? 0 : history_flush(w, e);
}

int history_writer_close(struct history_writer **w, struct err *e)
{
    struct history_event end = {.kind = HISTORY_END};
    int rc;

    if (*w == NULL)
        return 0;
    rc = history_write(*w, &end, e);
    if (rc == 0)
        rc = history_flush(*w, e);
    if ((*w)->file.fd >= 0) {
        if (close((*w)->file.fd) < 0 && rc == 0)
            rc = err_sys(e, "history '%s'", (*w)->file.path);
        (*w)->file.fd = -1;
    }
    writer_free(*w);
    *w = NULL;
    return rc;
}
