/* Replacing files safely, and secrets. A secret lives in one buffer and one file; both are
 * overwritten before they go. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/hush.h"
#include "src/base/i18n.h"

static gboolean fail_errno(GError **error, const char *path, int why)
{
    VdErrorCode code = VD_ERR_FAILED;
    if (why == ENOSPC || why == EDQUOT)
        code = VD_ERR_NO_SPACE;
    else if (why == EACCES || why == EPERM || why == EROFS)
        code = VD_ERR_DENIED;
    else if (why == ENOENT)
        code = VD_ERR_NOT_FOUND;
    return vd_fail(error, code, NULL, "%s: %s", path, g_strerror(why));
}

gboolean vd_write_all(int fd, const void *data, gsize length)
{
    const char *at = data;
    while (length > 0) {
        ssize_t n = write(fd, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        at += n;
        length -= (gsize)n;
    }
    return TRUE;
}

void vd_file_sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

/* What a file may be given before it takes its name. */
typedef struct {
    int mode;
    const struct stat *like; /* its owner as well, or NULL */
    const char *former;      /* what the file must still hold, or NULL */
} Manner;

static gboolean owned_like(int fd, const struct stat *like)
{
    struct stat now;
    return !like ||
           (fstat(fd, &now) == 0 && now.st_uid == like->st_uid && now.st_gid == like->st_gid) ||
           fchown(fd, like->st_uid, like->st_gid) == 0;
}

static gboolean still_holds(const char *path, const char *former, GError **error)
{
    gsize length = former ? strlen(former) : 0, now = 0;
    if (!former)
        return TRUE;
    g_autofree char *held = vd_file_read(path, length, &now, NULL);
    if (held && now == length && memcmp(held, former, length) == 0)
        return TRUE;
    return vd_fail(error, VD_ERR_BUSY, NULL,
                   _("%s was changed by somebody else meanwhile; nothing was written"), path);
}

static gboolean replace(const char *path, const char *data, gsize size, const Manner *manner,
                        GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(error, path, errno);
    gboolean fine = vd_write_all(fd, data, size) && owned_like(fd, manner->like) &&
                    fchmod(fd, (mode_t)manner->mode) == 0 && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && fine) {
        fine = FALSE;
        why = errno;
    }
    if (fine && !still_holds(path, manner->former, error)) {
        (void)unlink(temporary);
        return FALSE;
    }
    if (fine && rename(temporary, path) != 0) {
        fine = FALSE;
        why = errno;
    }
    if (!fine) {
        (void)unlink(temporary);
        return fail_errno(error, path, why);
    }
    vd_file_sync_folder(path);
    return TRUE;
}

gboolean vd_file_replace(const char *path, const char *data, gssize length, int mode,
                         GError **error)
{
    Manner manner = {.mode = mode};
    return replace(path, data, length < 0 ? strlen(data) : (gsize)length, &manner, error);
}

gboolean vd_file_rewrite(const char *path, const char *former, const char *data, GError **error)
{
    struct stat like;
    if (stat(path, &like) != 0)
        return fail_errno(error, path, errno);
    Manner manner = {.mode = (int)(like.st_mode & 07777), .like = &like, .former = former};
    return replace(path, data, strlen(data), &manner, error);
}

/* All there is, or one line and what came with it. */
static char *read_fd(int fd, const char *path, gsize max, gboolean line, gsize *ret_length,
                     GError **error)
{
    gsize size = 0, room = MIN(max, 4096) + 1;
    char *data = g_malloc(room);
    for (;;) {
        ssize_t n = read(fd, data + size, room - 1 - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail_errno(error, path, errno);
            break;
        }
        size += (gsize)n;
        if (n == 0 || (line && memchr(data, '\n', size))) {
            data[size] = '\0';
            if (ret_length)
                *ret_length = size;
            return data;
        }
        if (size == max) {
            vd_error_set(error, VD_ERR_INVALID, NULL, _("%s is larger than %zu bytes"), path,
                         max - 1);
            break;
        }
        if (size + 1 == room) {
            /* Not realloc: what it leaves behind might be a secret. */
            gsize wider = MIN(room * 2, max + 1);
            char *next = g_malloc(wider);
            memcpy(next, data, size);
            explicit_bzero(data, room);
            g_free(data);
            data = next;
            room = wider;
        }
    }
    explicit_bzero(data, room);
    g_free(data);
    return NULL;
}

char *vd_file_read(const char *path, gsize max, gsize *ret_length, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        fail_errno(error, path, errno);
        return NULL;
    }
    struct stat st;
    char *data = NULL;
    if (fstat(fd, &st) != 0)
        fail_errno(error, path, errno);
    else if (!S_ISREG(st.st_mode))
        vd_error_set(error, VD_ERR_INVALID, NULL, _("%s is not a regular file"), path);
    else
        data = read_fd(fd, path, max + 1, FALSE, ret_length, error);
    (void)close(fd);
    return data;
}

char *vd_secret_read(const char *path, GError **error)
{
    gboolean standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_errno(error, path, errno);
        return NULL;
    }
    gsize length = 0;
    g_autofree char *prompt = g_strdup_printf("%s: ", _("Password"));
    gboolean typed = vd_hush_begin(fd, prompt);
    char *secret = read_fd(fd, path, 4096, typed, &length, error);
    if (typed)
        vd_hush_end();
    if (!standard)
        (void)close(fd);
    if (!secret)
        return NULL;
    char *newline = memchr(secret, '\n', length);
    gsize used = newline ? (gsize)(newline - secret) : length;
    gboolean nul = memchr(secret, '\0', used) != NULL;
    if (nul || used == 0 || used > 512) {
        explicit_bzero(secret, length);
        g_free(secret);
        if (nul)
            vd_error_set(error, VD_ERR_INVALID, NULL,
                         _("%s: there is a NUL byte in the password, which no system can take"),
                         path);
        else
            vd_error_set(error, VD_ERR_INVALID, NULL,
                         _("%s: expected a password of 1 to 512 bytes in the first line"), path);
        return NULL;
    }
    explicit_bzero(secret + used, length - used);
    return secret;
}

gboolean vd_file_open_to_others(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && S_ISREG(file.st_mode) &&
           (file.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

void vd_secret_free(char *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

void vd_secret_unlink(const char *path)
{
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        char zeros[512] = {0};
        for (off_t at = 0; at < st.st_size; at += (off_t)sizeof zeros)
            if (!vd_write_all(fd, zeros, (gsize)MIN((off_t)sizeof zeros, st.st_size - at)))
                break;
        (void)fsync(fd);
    }
    if (fd >= 0)
        (void)close(fd);
    (void)unlink(path);
}

static gboolean remove_below(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return unlinkat(parent, name, 0) == 0 || errno == ENOENT;
    DIR *dir = depth < 32 ? fdopendir(fd) : NULL;
    if (!dir) {
        (void)close(fd);
        return FALSE;
    }
    gboolean fine = TRUE;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fine = remove_below(dirfd(dir), entry->d_name, depth + 1) && fine;
    (void)closedir(dir);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 && fine;
}

gboolean vd_remove_tree(const char *path, GError **error)
{
    if (remove_below(AT_FDCWD, path, 0) || errno == ENOENT)
        return TRUE;
    return fail_errno(error, path, errno);
}
