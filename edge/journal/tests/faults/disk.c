/* A disk that fails on request, for one directory of one process: loaded with LD_PRELOAD.
 *
 * DISK_DIR     only files named journal.sqlite3* in here are touched (not the shared memory beside them)
 * DISK_SHADOW  a second directory; a write reaches the file of the same name there only when the
 *              file is synchronised, and a removal when the directory is, so it holds what a
 *              power failure would leave
 * DISK_LIES    if set, synchronising says so but does nothing
 * DISK_EIO     a file; if it exists, the next synchronisation removes it, loses what was written
 *              since the last one, as kernels do, and fails
 * DISK_FULL    a file; while it exists, no space is left
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct op {
    struct op *next;
    char name[64];
    off_t at;
    size_t len;
    enum { WRITES, TRUNCATES, REMOVES } what;
    char data[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct op *first, **last = &first;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The name of the store's file at `path`, or 0. */
static const char *name_of(const char *path)
{
    const char *dir = getenv("DISK_DIR");
    size_t len = dir ? strlen(dir) : 0;
    if (!len || strncmp(path, dir, len) || path[len] != '/' || strstr(path, "-shm"))
        return 0;
    const char *name = path + len + 1;
    return strncmp(name, "journal.sqlite3", 15) || strlen(name) >= 64 ? 0 : name;
}

/* What is behind `fd`. */
static void path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n < 0 ? 0 : n] = 0;
}

static const char *ours(int fd, char path[PATH_MAX])
{
    path_of(fd, path);
    return name_of(path);
}

static int exists(const char *variable)
{
    const char *path = getenv(variable);
    return path && access(path, F_OK) == 0;
}

static void note(int what, const char *name, off_t at, size_t len, const void *data)
{
    if (!getenv("DISK_SHADOW"))
        return;
    struct op *op = malloc(sizeof *op + (data ? len : 0));
    if (!op)
        abort();
    op->next = 0;
    strcpy(op->name, name);
    op->at = at;
    op->len = len;
    op->what = what;
    if (data)
        memcpy(op->data, data, len);
    pthread_mutex_lock(&lock);
    *last = op;
    last = &op->next;
    pthread_mutex_unlock(&lock);
}

/* Takes what was written to `name` since the last time, and keeps it if `keeps`. */
static void settle(const char *name, int keeps)
{
    const char *shadow = getenv("DISK_SHADOW");
    if (!shadow)
        return;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", shadow, name);
    pthread_mutex_lock(&lock);
    int fd = keeps ? open(path, O_RDWR | O_CREAT, 0600) : -1;
    if (keeps && fd < 0)
        abort();
    for (struct op **p = &first; *p;) {
        struct op *op = *p;
        if (strcmp(op->name, name)) {
            p = &op->next;
            continue;
        }
        if (keeps && op->what != WRITES && REAL(ftruncate)(fd, op->len))
            abort();
        if (keeps && op->what == WRITES && REAL(pwrite)(fd, op->data, op->len, op->at) != (ssize_t)op->len)
            abort();
        *p = op->next;
        free(op);
    }
    for (last = &first; *last; last = &(*last)->next)
        ;
    if (fd >= 0)
        close(fd);
    pthread_mutex_unlock(&lock);
}

/* Makes removals durable. A file that was made again since has been emptied by `settle`. */
static void settle_removals(void)
{
    const char *shadow = getenv("DISK_SHADOW");
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    for (struct op *op = shadow ? first : 0; op; op = op->next) {
        if (op->what != REMOVES)
            continue;
        snprintf(path, sizeof path, "%s/%s", shadow, op->name);
        REAL(unlink)(path);
        /* What is left of it is an empty file, if it is made again. */
        op->what = TRUNCATES;
    }
    pthread_mutex_unlock(&lock);
}

/* How much of a write fits: less and less, then nothing. */
static ssize_t fits(size_t len)
{
    if (!exists("DISK_FULL"))
        return len;
    if (len > 512)
        return len / 2;
    errno = ENOSPC;
    return -1;
}

ssize_t write(int fd, const void *data, size_t len)
{
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    if (!name)
        return REAL(write)(fd, data, len);
    ssize_t n = fits(len);
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (n > 0 && (n = REAL(write)(fd, data, n)) > 0)
        note(WRITES, name, at, n, data);
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    if (!name)
        return REAL(pwrite)(fd, data, len, at);
    ssize_t n = fits(len);
    if (n > 0 && (n = REAL(pwrite)(fd, data, n, at)) > 0)
        note(WRITES, name, at, n, data);
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    return pwrite(fd, data, len, at);
}

int ftruncate(int fd, off_t len)
{
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    int result = REAL(ftruncate)(fd, len);
    if (name && result == 0)
        note(TRUNCATES, name, 0, len, 0);
    return result;
}

int ftruncate64(int fd, off64_t len)
{
    return ftruncate(fd, len);
}

int unlink(const char *path)
{
    const char *name = name_of(path);
    int result = REAL(unlink)(path);
    if (name && result == 0)
        note(REMOVES, name, 0, 0, 0);
    return result;
}

static int settles(const char *name)
{
    if (exists("DISK_EIO") && unlink(getenv("DISK_EIO")) == 0) {
        settle(name, 0);
        errno = EIO;
        return -1;
    }
    if (!getenv("DISK_LIES"))
        settle(name, 1);
    return 0;
}

int fsync(int fd)
{
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    const char *dir = getenv("DISK_DIR");
    if (dir && !strcmp(path, dir) && !getenv("DISK_LIES"))
        settle_removals();
    return name ? settles(name) : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    char path[PATH_MAX];
    const char *name = ours(fd, path);
    return name ? settles(name) : REAL(fdatasync)(fd);
}
