/* A disk that loses power, for tests: preloaded into a node, it keeps beside the node's data
 * folder a shadow of it that holds exactly what a disk would be sure to hold. A write reaches the
 * shadow only when its file is synced. After a kill, the test puts the shadow in the place of
 * the data folder: every byte that was not synced is gone.
 *
 *     POWER_ROOT    the data folder (absolute): files below it are watched
 *     POWER_SHADOW  where the shadow is kept (absolute, exists)
 *     POWER_NOSYNC  when set, syncs of write-ahead logs (*.log) do nothing and say they did: the
 *                   mistake the test must see
 *
 * Names (create, rename, unlink) reach the shadow at once: what is tested is the data. Files that
 * were synced never keep later bytes; a file that was never synced is empty in the shadow. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS_MAX = 4096 };

/* What was written to a descriptor since its last sync. */
struct watched {
    bool on;
    bool wal;   /* a write-ahead log */
    int shadow; /* descriptor of the shadow file */
    off_t dirty_from;
    off_t dirty_to;
};

static struct watched files[FDS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *shadow_root;
static bool lies;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_ftruncate)(int, off_t);
static int (*real_mkdir)(const char *, mode_t);

static void *must_find(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

__attribute__((constructor)) static void start(void)
{
    real_open = (int (*)(const char *, int, ...))must_find("open");
    real_close = (int (*)(int))must_find("close");
    real_write = (ssize_t(*)(int, const void *, size_t))must_find("write");
    real_pwrite = (ssize_t(*)(int, const void *, size_t, off_t))must_find("pwrite");
    real_fsync = (int (*)(int))must_find("fsync");
    real_fdatasync = (int (*)(int))must_find("fdatasync");
    real_rename = (int (*)(const char *, const char *))must_find("rename");
    real_unlink = (int (*)(const char *))must_find("unlink");
    real_ftruncate = (int (*)(int, off_t))must_find("ftruncate");
    real_mkdir = (int (*)(const char *, mode_t))must_find("mkdir");
    root = getenv("POWER_ROOT");
    shadow_root = getenv("POWER_SHADOW");
    lies = getenv("POWER_NOSYNC") != NULL;
}

/* The path's twin in the shadow; false when it is not below the root. */
static bool twin(const char *path, char out[PATH_MAX])
{
    size_t len;

    if (root == NULL || shadow_root == NULL || path[0] != '/')
        return false;
    len = strlen(root);
    if (strncmp(path, root, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return false;
    return snprintf(out, PATH_MAX, "%s%s", shadow_root, path + len) < PATH_MAX;
}

static void watch(int fd, const char *path, int flags)
{
    char shadow_path[PATH_MAX];
    struct stat st;

    if (fd < 0 || fd >= FDS_MAX || (flags & O_ACCMODE) == O_RDONLY || !twin(path, shadow_path))
        return;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    pthread_mutex_lock(&lock);
    files[fd] = (struct watched){.on = true, .dirty_from = -1};
    files[fd].wal = strlen(path) > 4 && strcmp(path + strlen(path) - 4, ".log") == 0;
    files[fd].shadow =
        real_open(shadow_path, O_RDWR | O_CREAT | O_CLOEXEC | (flags & O_TRUNC), 0644);
    if (files[fd].shadow < 0)
        abort();
    pthread_mutex_unlock(&lock);
}

static int open_any(const char *path, int flags, mode_t mode)
{
    int fd = real_open(path, flags, mode);

    watch(fd, path, flags);
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_any(path, flags, mode);
}

/* stdio opens by a call of its own inside libc: take over fopen for the few small files that are
 * written that way, so that none is missed. */
FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*real_fopen)(const char *, const char *);
    FILE *file;

    if (real_fopen == NULL)
        real_fopen = (FILE * (*)(const char *, const char *)) must_find("fopen");
    file = real_fopen(path, mode);
    if (file != NULL && mode[0] != 'r')
        watch(fileno(file), path, O_WRONLY | (mode[0] == 'w' ? O_TRUNC : 0));
    return file;
}

FILE *fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}

int close(int fd)
{
    if (fd >= 0 && fd < FDS_MAX && files[fd].on) {
        pthread_mutex_lock(&lock);
        real_close(files[fd].shadow);
        files[fd].on = false;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

static void note(int fd, off_t from, ssize_t n)
{
    struct watched *w;

    if (n <= 0 || fd < 0 || fd >= FDS_MAX || !files[fd].on)
        return;
    pthread_mutex_lock(&lock);
    w = &files[fd];
    if (w->dirty_from < 0 || from < w->dirty_from)
        w->dirty_from = from;
    if (from + n > w->dirty_to)
        w->dirty_to = from + n;
    pthread_mutex_unlock(&lock);
}

ssize_t write(int fd, const void *data, size_t n)
{
    ssize_t done = real_write(fd, data, n);

    if (done > 0 && fd >= 0 && fd < FDS_MAX && files[fd].on)
        note(fd, lseek(fd, 0, SEEK_CUR) - done, done); /* behind it, also with O_APPEND */
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    ssize_t done = real_pwrite(fd, data, n, at);

    note(fd, at, done);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
    return pwrite(fd, data, n, at);
}

int ftruncate(int fd, off_t len)
{
    if (fd >= 0 && fd < FDS_MAX && files[fd].on)
        note(fd, len, 1); /* the length is unsynced too: the next sync carries it over */
    return real_ftruncate(fd, len);
}

int ftruncate64(int fd, off_t len)
{
    return ftruncate(fd, len);
}

/* Carries what was written over to the shadow: it is on the disk now. */
static void carry_over(int fd)
{
    struct watched *w = &files[fd];
    char name[64];
    char bytes[65536];
    struct stat st;
    int in;

    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    in = real_open(name, O_RDONLY | O_CLOEXEC);
    if (in < 0 || fstat(in, &st) != 0)
        abort();
    for (off_t at = w->dirty_from; at >= 0 && at < w->dirty_to;) {
        ssize_t n = pread(in, bytes, sizeof bytes, at);

        if (n <= 0)
            break;
        if (real_pwrite(w->shadow, bytes, (size_t)n, at) != n)
            abort();
        at += n;
    }
    if (real_ftruncate(w->shadow, st.st_size) != 0)
        abort();
    real_close(in);
    w->dirty_from = -1;
    w->dirty_to = 0;
}

static int sync_with(int fd, int (*sync)(int))
{
    int rc;

    if (fd < 0 || fd >= FDS_MAX || !files[fd].on)
        return sync(fd);
    if (lies && files[fd].wal)
        return 0;
    rc = sync(fd);
    if (rc == 0) {
        pthread_mutex_lock(&lock);
        carry_over(fd);
        pthread_mutex_unlock(&lock);
    }
    return rc;
}

int fsync(int fd)
{
    return sync_with(fd, real_fsync);
}

int fdatasync(int fd)
{
    return sync_with(fd, real_fdatasync);
}

/* Would make bytes durable past the shadow's back. Nothing relies on it for durability. */
int sync_file_range(int fd, off64_t offset, off64_t n, unsigned flags)
{
    (void)fd;
    (void)offset;
    (void)n;
    (void)flags;
    return 0;
}

int rename(const char *from, const char *to)
{
    char shadow_from[PATH_MAX], shadow_to[PATH_MAX];

    if (twin(from, shadow_from) && twin(to, shadow_to))
        real_rename(shadow_from, shadow_to);
    return real_rename(from, to);
}

int unlink(const char *path)
{
    char shadow_path[PATH_MAX];

    if (twin(path, shadow_path))
        real_unlink(shadow_path);
    return real_unlink(path);
}

int mkdir(const char *path, mode_t mode)
{
    char shadow_path[PATH_MAX];

    if (twin(path, shadow_path))
        real_mkdir(shadow_path, mode);
    return real_mkdir(path, mode);
}
