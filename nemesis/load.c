#include "nemesis/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PLAN_FILE_BYTES_MAX = 8 << 20 };

static int read_file(int fd, const char *path, struct buf *text, struct err *e)
{
    for (;;) {
        ssize_t got;

        if (buf_reserve(text, 65536) < 0)
            return err_set(e, -E_NOMEM, "plan '%s'", path);
        got = read(fd, text->data + text->len, 65536);
        if (got < 0)
            return err_sys(e, "plan '%s'", path);
        if (got == 0)
            return 0;
        text->len += (size_t)got;
        if (text->len > PLAN_FILE_BYTES_MAX)
            return err_set(e, -E_PARSE, "%s:1: expected at most %d bytes", path,
                           PLAN_FILE_BYTES_MAX);
    }
}

int plan_load(const char *path, struct plan **ret, struct err *e)
{
    struct buf text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return err_sys(e, "plan '%s'", path);
    rc = read_file(fd, path, &text, e);
    if (rc == 0)
        rc = plan_parse(path, (const char *)text.data, text.len, ret, e);
    buf_free(&text);
    close(fd);
    return rc;
}
