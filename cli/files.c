#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void files_join(char ret[PATH_MAX], const char *folder, const char *name)
{
    snprintf(ret, PATH_MAX, "%s/%s", folder, name);
}

void files_folder_of(char ret[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        snprintf(ret, PATH_MAX, ".");
    else
        snprintf(ret, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

int files_make_folder(const char *path, struct err *e)
{
    char part[PATH_MAX];

    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) < 0 && errno != EEXIST)
            return err_sys(e, "folder '%s'", part);
        *slash = '/';
    }
    if (mkdir(part, 0777) < 0 && errno != EEXIST)
        return err_sys(e, "folder '%s'", path);
    return 0;
}

void files_run_folder(char ret[PATH_MAX], const char *out, const char *name)
{
    time_t now = time(NULL);
    struct tm t;
    char stamp[32];

    if (out != NULL) {
        snprintf(ret, PATH_MAX, "%s", out);
        return;
    }
    gmtime_r(&now, &t);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &t);
    snprintf(ret, PATH_MAX, "runs/%s-%s", stamp, name);
    for (unsigned i = 2; files_exists(ret); i++)
        snprintf(ret, PATH_MAX, "runs/%s-%s-%u", stamp, name, i);
}

bool files_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int files_read(const char *path, size_t max, struct buf *out, struct err *e)
{
    enum { CHUNK_BYTES = 1 << 16 };
    FILE *file = fopen(path, "re");
    size_t start = out->len;
    size_t got = 1;
    int rc = 0;

    if (file == NULL)
        return err_sys(e, "%s", path);
    while (rc == 0 && got > 0) {
        rc = buf_reserve(out, CHUNK_BYTES);
        if (rc < 0)
            break;
        got = fread(out->data + out->len, 1, CHUNK_BYTES, file);
        out->len += got;
        if (out->len - start > max)
            rc = -E_LIMIT;
    }
    if (rc < 0)
        err_set(e, rc, "%s: %s", path, err_text(rc));
    else if (ferror(file))
        rc = err_sys(e, "%s", path);
    fclose(file);
    return rc;
}

bool files_are_one(const char *a, const char *b)
{
    struct stat x;
    struct stat y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

bool files_is_special(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

int files_write(const char *path, struct slice content, struct err *e)
{
    char aside[PATH_MAX];
    bool special = files_is_special(path);
    FILE *file;
    bool written;

    snprintf(aside, sizeof aside, special ? "%s" : "%s.new", path);
    file = fopen(aside, "we");
    if (file == NULL)
        return err_sys(e, "cannot write '%s'", path);
    written = content.len == 0 || fwrite(content.data, content.len, 1, file) == 1;
    if (fclose(file) != 0 || !written || (!special && rename(aside, path) < 0)) {
        int rc = err_sys(e, "cannot write '%s'", path);

        if (!special)
            unlink(aside);
        return rc;
    }
    return 0;
}

int files_read_end(const char *path, size_t max, struct buf *out, struct err *e)
{
    FILE *file = fopen(path, "re");
    struct buf end = {0};
    const uint8_t *line;
    size_t skipped = 0;
    int rc;

    if (file == NULL)
        return err_sys(e, "%s", path);
    rc = buf_reserve(&end, max);
    if (rc == 0 && fseek(file, -(long)max, SEEK_END) < 0)
        rewind(file); /* the whole file is shorter */
    if (rc == 0)
        end.len = fread(end.data, 1, max, file);
    line = end.len == max ? memchr(end.data, '\n', end.len) : NULL;
    if (line != NULL)
        skipped = (size_t)(line - end.data) + 1;
    if (rc == 0)
        rc = buf_append(out, end.data + skipped, end.len - skipped);
    if (rc < 0)
        err_set(e, rc, "%s: %s", path, err_text(rc));
    fclose(file);
    buf_free(&end);
    return rc;
}

int files_copy(const char *from, const char *to, struct err *e)
{
    char chunk[1 << 16];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ssize_t got = out < 0 ? -1 : read(in, chunk, sizeof chunk);
    int rc = 0;

    while (got > 0 && write(out, chunk, (size_t)got) == got)
        got = read(in, chunk, sizeof chunk);
    if (got != 0)
        rc = err_sys(e, "cannot copy '%s' to '%s'", from, to);
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) < 0 && rc == 0)
        rc = err_sys(e, "cannot copy '%s' to '%s'", from, to);
    return rc;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s;
    (void)type;
    (void)at;
    return remove(path);
}

int files_remove_folder(const char *path, struct err *e)
{
    enum { OPEN_MAX_FDS = 16 };

    return nftw(path, remove_one, OPEN_MAX_FDS, FTW_DEPTH | FTW_PHYS) < 0
               ? err_sys(e, "cannot remove '%s'", path)
               : 0;
}

void files_tail(const char *path, char ret[FILES_TAIL_BYTES + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = size > FILES_TAIL_BYTES ? size - FILES_TAIL_BYTES : 0;
    ssize_t got = fd < 0 ? 0 : pread(fd, ret, FILES_TAIL_BYTES, from);
    char *line;

    ret[got > 0 ? got : 0] = '\0';
    line = from > 0 ? strchr(ret, '\n') : NULL;
    if (line != NULL)
        memmove(ret, line + 1, strlen(line + 1) + 1);
    if (fd >= 0)
        close(fd);
}
