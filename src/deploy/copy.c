/* The digest is made of the bytes that go into the copy, in the same pass, so that a source that
 * changes meanwhile cannot give a copy that its digest does not fit. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deploy/copy.h"

#define CHUNK      (1024 * 1024)
#define PIECE      (256 * 1024)       /* of a plain copy: stays in the processor's cache */
#define SYNC_BYTES (16 * 1024 * 1024) /* the disk is kept busy from early on */
#define CLEAR      (64 * 1024 * 1024) /* at a time, so that a cancel is soon heard */

typedef struct {
    int from, to;
    const char *from_name, *to_name;
    guint64 size, synced;
    gboolean reflink;
    GChecksum *checksum;
    VdCopyProgress progress;
    gpointer data;
    GCancellable *cancel;
} Copy;

void vd_copy_clear(VdCopy *copy)
{
    g_clear_pointer(&copy->sha256, g_free);
}

guint64 vd_free_bytes(const char *folder)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) < 0)
        return 0;
    return (guint64)fs.f_bavail * fs.f_frsize;
}

static gboolean fail(GError **error, const char *name, int why)
{
    VdErrorCode code =
        why == ENOSPC || why == EDQUOT || why == EFBIG ? VD_ERR_NO_SPACE : VD_ERR_FAILED;

    return vd_fail(error, code, NULL, "%s: %s.", name, g_strerror(why));
}

/* How much there is to copy. */
static gboolean begin(Copy *copy, VdCopy *ret, GError **error)
{
    struct stat st;

    *ret = (VdCopy){0};
    if (fstat(copy->from, &st) < 0)
        return fail(error, copy->from_name, errno);
    copy->size = ret->bytes = (guint64)st.st_size;
    return TRUE;
}

static gboolean read_chunk(const Copy *copy, guint8 *chunk, guint64 offset, gsize length,
                           GError **error)
{
    gsize done = 0;

    while (done < length) {
        ssize_t n = pread(copy->from, chunk + done, length - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(error, copy->from_name, errno);
        if (n == 0)
            return vd_fail(error, VD_ERR_INVALID, NULL, _("%s became shorter while it was read."),
                           copy->from_name);
        done += (gsize)n;
    }
    return TRUE;
}

static gboolean write_chunk(const Copy *copy, const guint8 *chunk, guint64 offset, gsize length,
                            GError **error)
{
    gsize done = 0;

    while (done < length) {
        ssize_t n = pwrite(copy->to, chunk + done, length - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(error, copy->to_name, errno);
        done += (gsize)n;
    }
    return TRUE;
}

static gboolean is_zero(const guint8 *chunk, gsize length)
{
    return length == 0 || (chunk[0] == 0 && memcmp(chunk, chunk + 1, length - 1) == 0);
}

static gboolean copy_all(Copy *copy, GError **error)
{
    g_autofree guint8 *chunk = g_malloc(CHUNK);

    for (guint64 offset = 0; offset < copy->size; offset += CHUNK) {
        gsize length = (gsize)MIN((guint64)CHUNK, copy->size - offset);

        if (g_cancellable_is_cancelled(copy->cancel))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        if (!read_chunk(copy, chunk, offset, length, error))
            return FALSE;
        g_checksum_update(copy->checksum, chunk, (gssize)length);
        if (copy->to >= 0 && !copy->reflink && !is_zero(chunk, length) &&
            !write_chunk(copy, chunk, offset, length, error))
            return FALSE;
        if (copy->progress)
            copy->progress((double)(offset + length) / (double)copy->size, copy->data);
    }
    if (copy->to < 0)
        return TRUE;
    if (ftruncate(copy->to, (off_t)copy->size) < 0 || fsync(copy->to) < 0)
        return fail(error, copy->to_name, errno);
    return TRUE;
}

gboolean vd_copy_file(int from, const char *from_name, int to, const char *to_name,
                      VdCopyProgress progress, gpointer data, GCancellable *cancel, VdCopy *ret,
                      GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    Copy copy = {.from = from,
                 .to = to,
                 .from_name = from_name,
                 .to_name = to_name,
                 .checksum = checksum,
                 .progress = progress,
                 .data = data,
                 .cancel = cancel};

    if (!begin(&copy, ret, error))
        return FALSE;
    copy.reflink = ioctl(to, FICLONE, from) == 0;
    /* The shared blocks are what is digested: the source may change from here on. */
    if (copy.reflink)
        copy.from = to;
    if (!copy_all(&copy, error))
        return FALSE;
    ret->sha256 = g_strdup(g_checksum_get_string(checksum));
    ret->reflink = copy.reflink;
    return TRUE;
}

gboolean vd_digest_file(int fd, const char *name, VdCopyProgress progress, gpointer data,
                        GCancellable *cancel, VdCopy *ret, GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    Copy copy = {.from = fd,
                 .to = -1,
                 .from_name = name,
                 .checksum = checksum,
                 .progress = progress,
                 .data = data,
                 .cancel = cancel};

    if (!begin(&copy, ret, error) || !copy_all(&copy, error))
        return FALSE;
    ret->sha256 = g_strdup(g_checksum_get_string(checksum));
    return TRUE;
}

/* The end of the data or the hole at offset. A file system that knows no holes has data everywhere.
 */
static guint64 extent_end(const Copy *copy, guint64 offset, int whence)
{
    off_t at = lseek(copy->from, (off_t)offset, whence);

    if (at < 0 && whence == SEEK_DATA)
        return errno == ENXIO ? copy->size : offset;
    return at < 0 || (guint64)at > copy->size ? copy->size : (guint64)at;
}

/* Has the kernel begin to write what was copied up to offset, so that little is left for the end.
 */
static void write_back(Copy *copy, guint64 offset)
{
    if (offset - copy->synced < SYNC_BYTES)
        return;
    (void)sync_file_range(copy->to, (off64_t)copy->synced, (off64_t)(offset - copy->synced),
                          SYNC_FILE_RANGE_WRITE);
    copy->synced = offset;
}

static gboolean copy_data(Copy *copy, guint8 *chunk, guint64 offset, guint64 end, GError **error)
{
    while (offset < end) {
        gsize length = (gsize)MIN((guint64)PIECE, end - offset);

        if (g_cancellable_is_cancelled(copy->cancel))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        if (!read_chunk(copy, chunk, offset, length, error))
            return FALSE;
        if (!is_zero(chunk, length) && !write_chunk(copy, chunk, offset, length, error))
            return FALSE;
        offset += length;
        write_back(copy, offset);
        if (copy->progress)
            copy->progress((double)offset / (double)copy->size, copy->data);
    }
    return TRUE;
}

static gboolean copy_extents(Copy *copy, GError **error)
{
    g_autofree guint8 *chunk = g_malloc(PIECE);
    guint64 offset = extent_end(copy, 0, SEEK_DATA);

    while (offset < copy->size) {
        guint64 end = extent_end(copy, offset, SEEK_HOLE);

        if (!copy_data(copy, chunk, offset, end, error))
            return FALSE;
        offset = end < copy->size ? extent_end(copy, end, SEEK_DATA) : end;
    }
    return TRUE;
}

gboolean vd_copy_sparse(int from, const char *from_name, int to, const char *to_name,
                        VdCopyProgress progress, gpointer data, GCancellable *cancel, VdCopy *ret,
                        GError **error)
{
    Copy copy = {.from = from,
                 .to = to,
                 .from_name = from_name,
                 .to_name = to_name,
                 .progress = progress,
                 .data = data,
                 .cancel = cancel};

    if (!begin(&copy, ret, error))
        return FALSE;
    if (ftruncate(to, 0) < 0)
        return fail(error, to_name, errno);
    ret->reflink = ioctl(to, FICLONE, from) == 0;
    if (ret->reflink)
        return TRUE;
    (void)posix_fadvise(from, 0, 0, POSIX_FADV_SEQUENTIAL);
    if (!copy_extents(&copy, error))
        return FALSE;
    if (ftruncate(to, (off_t)copy.size) < 0 || fdatasync(to) < 0)
        return fail(error, to_name, errno);
    return TRUE;
}

static gboolean clear_all(int fd, const char *path, guint64 from, VdCopyProgress progress,
                          gpointer data, GCancellable *cancel, GError **error)
{
    guint64 end = 0;

    if (ioctl(fd, BLKGETSIZE64, &end) < 0)
        return fail(error, path, errno);
    for (guint64 at = from; at < end; at += CLEAR) {
        guint64 range[2] = {at, MIN((guint64)CLEAR, end - at)}; /* where, and how much */

        if (g_cancellable_is_cancelled(cancel))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        if (ioctl(fd, BLKZEROOUT, range) < 0)
            return fail(error, path, errno);
        progress((double)(at - from + range[1]) / (double)(end - from), data);
    }
    return fsync(fd) == 0 || fail(error, path, errno);
}

gboolean vd_device_clear(const char *path, guint64 from, VdCopyProgress progress, gpointer data,
                         GCancellable *cancel, GError **error)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    gboolean ok;

    if (fd < 0)
        return fail(error, path, errno);
    ok = clear_all(fd, path, from, progress, data, cancel, error);
    close(fd);
    return ok;
}
