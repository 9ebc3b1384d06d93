/* Open file description locks and who holds them. The kernel does not tell the process number of
 * such a lock's holder (it may have several), so the runner writes its own into the file. */
#include "config.h"

#include "src/jobs/job-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"

#define RETRY_USEC 10000

static struct flock whole_file(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return lock;
}

int vd_lock_take(const char *path, int wait_ms, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (fd < 0) {
        VdErrorCode code = errno == EACCES || errno == EROFS ? VD_ERR_DENIED
                           : errno == ENOSPC                 ? VD_ERR_NO_SPACE
                                                             : VD_ERR_FAILED;
        vd_error_set(error, code, NULL, _("The lock %s cannot be opened: %s."), path,
                     g_strerror(errno));
        return -1;
    }
    gint64 deadline = g_get_monotonic_time() + (gint64)wait_ms * 1000;
    for (;;) {
        struct flock lock = whole_file();
        if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
            return fd;
        if ((errno != EAGAIN && errno != EACCES && errno != EINTR) ||
            g_get_monotonic_time() >= deadline)
            break;
        /* F_OFD_SETLKW has no deadline. */
        g_usleep(RETRY_USEC);
    }
    vd_error_set(error, errno == EAGAIN || errno == EACCES ? VD_ERR_BUSY : VD_ERR_FAILED,
                 g_strerror(errno), _("The lock %s is held by another program: try again."), path);
    close(fd);
    return -1;
}

gboolean vd_lock_held(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return FALSE;
    struct flock lock = whole_file();
    gboolean held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return held;
}

static char *lock_path(const char *job_id)
{
    g_autofree char *folder = vd_path_job(job_id);
    return g_build_filename(folder, "lock", NULL);
}

int vd_job_lock_take(const char *job_id, int wait_ms, GError **error)
{
    g_autofree char *path = lock_path(job_id);
    int fd = vd_lock_take(path, wait_ms, error);
    /* What a killed runner left: its number may be somebody else's by now. */
    if (fd >= 0 && ftruncate(fd, 0) != 0) {
        vd_error_set(error, VD_ERR_FAILED, NULL, _("The lock %s cannot be written: %s."), path,
                     g_strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

gboolean vd_job_lock_held(const char *job_id)
{
    g_autofree char *path = lock_path(job_id);
    return vd_lock_held(path);
}

gboolean vd_job_lock_is(const char *job_id, int fd)
{
    g_autofree char *path = lock_path(job_id);
    struct stat named, given;
    struct flock lock = whole_file();
    return lstat(path, &named) == 0 && fstat(fd, &given) == 0 && named.st_dev == given.st_dev &&
           named.st_ino == given.st_ino && fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

gboolean vd_job_lock_write_pid(int fd)
{
    char text[24];
    int length = g_snprintf(text, sizeof text, "%ld\n", (long)getpid());
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)length, 0) == length;
}

/* Its arguments name the job. */
static gboolean runs_job(long pid, const char *job_id)
{
    g_autofree char *path = g_strdup_printf("/proc/%ld/cmdline", pid);
    g_autofree char *words = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &words, &length, NULL))
        return FALSE;
    for (gsize at = 0; at < length; at += strlen(words + at) + 1)
        if (strcmp(words + at, job_id) == 0)
            return TRUE;
    return FALSE;
}

int vd_job_lock_runner(const char *job_id)
{
    g_autofree char *path = lock_path(job_id);
    char text[24] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    long pid = length > 0 ? strtol(text, NULL, 10) : 0;
    errno = ESRCH;
    if (pid <= 1)
        return -1;
    int runner = pidfd_open((pid_t)pid, 0);
    if (runner < 0 || (vd_job_lock_held(job_id) && runs_job(pid, job_id)))
        return runner;
    close(runner);
    errno = ESRCH;
    return -1;
}
