/* The first sectors are read once and kept: they hold nearly everything that is asked for. A child
 * for each other read costs 20 ms, and only a chain of logical partitions needs any. */
#include "config.h"

#include "src/guest/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/child.h"
#include "src/base/i18n.h"
#include "src/guest/fail.h"
#include "src/guest/parts-write.h"
#include "src/guest/take.h"

enum { HEAD_SIZE = 64 * 1024, CHILD_MS = 60 * 1000 };
static const char scratch[] = "sectors"; /* in the working directory */

struct _VdDisk {
    char *path;
    gboolean qcow2;
    guint64 bytes;
    guint8 *head; /* NULL until it is read, and after a write */
    gsize head_size;
};

static gboolean no_disk(const VdDisk *disk, const char *words, GError **error)
{
    return vd_guest_fail(error, VD_GUEST_NO_DISK, words, _("The disk “%s” cannot be read."),
                         disk->path);
}

/* Runs a tool of QEMU's; FALSE with its words unless it ended well. */
static gboolean run(const VdDisk *disk, const char *const *argv, VdChild *child, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!vd_child_run(argv, NULL, CHILD_MS, child, &why))
        return no_disk(disk, why->message, error);
    if (child->status == 0)
        return TRUE;
    const char *words = *child->error ? child->error : child->out; /* qemu-io says it there */
    if (strstr(words, "No space left on device"))
        return vd_guest_fail(error, VD_GUEST_DISK_FULL, words,
                             _("There is no room left on this host's disk."));
    return no_disk(disk, words, error);
}

static gboolean find_size_qcow2(VdDisk *disk, GError **error)
{
    const char *const argv[] = {"qemu-img", "info", "-f", "qcow2",    "-U",
                                "--output", "json", "--", disk->path, NULL};
    g_auto(VdChild) child = {0};
    if (!run(disk, argv, &child, error))
        return FALSE;
    g_autoptr(JsonObject) info = vd_take_parse(child.out, -1, VD_GUEST_NO_DISK, error);
    VdTake take = {.object = info, .code = VD_GUEST_NO_DISK, .error = error};
    if (info)
        disk->bytes = (guint64)vd_take_int(&take, "virtual-size", 0, G_MAXINT64);
    return info && !take.failed;
}

static gboolean find_size_raw(VdDisk *disk, GError **error)
{
    int fd = open(disk->path, O_RDONLY | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (end < 0)
        return no_disk(disk, g_strerror(saved), error);
    disk->bytes = (guint64)end;
    return TRUE;
}

VdDisk *vd_disk_open(const char *path, const char *format, GError **error)
{
    g_autoptr(VdDisk) disk = g_new0(VdDisk, 1);
    disk->path = g_strdup(path);
    disk->qcow2 = g_str_equal(format, "qcow2");
    struct stat info;
    if (g_stat(path, &info) != 0) {
        no_disk(disk, g_strerror(errno), error);
        return NULL;
    }
    if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
        no_disk(disk, "not a file", error);
        return NULL;
    }
    if (!(disk->qcow2 ? find_size_qcow2(disk, error) : find_size_raw(disk, error)))
        return NULL;
    if (disk->bytes < VD_SECTOR) {
        no_disk(disk, "empty", error);
        return NULL;
    }
    return g_steal_pointer(&disk);
}

void vd_disk_free(VdDisk *disk)
{
    if (!disk)
        return;
    g_free(disk->path);
    g_free(disk->head);
    g_free(disk);
}

guint64 vd_disk_bytes(const VdDisk *disk)
{
    return disk->bytes;
}

static gboolean read_file(const VdDisk *disk, const char *path, guint64 offset, void *buffer,
                          gsize length, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? pread(fd, buffer, length, (off_t)offset) : -1;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (got == (ssize_t)length)
        return TRUE;
    return no_disk(disk, got < 0 ? g_strerror(saved) : "it ends too early", error);
}

/* offset and length are whole sectors. */
static gboolean read_qcow2(const VdDisk *disk, guint64 offset, void *buffer, gsize length,
                           GError **error)
{
    g_autofree char *from = g_strconcat("if=", disk->path, NULL);
    g_autofree char *to = g_strconcat("of=", scratch, NULL);
    g_autofree char *skip = g_strdup_printf("skip=%" G_GUINT64_FORMAT, offset / VD_SECTOR);
    g_autofree char *count =
        g_strdup_printf("count=%" G_GUINT64_FORMAT, (offset + length) / VD_SECTOR);
    const char *const argv[] = {"qemu-img", "dd", "-f",  "qcow2", "-O", "raw",
                                "bs=512",   skip, count, from,    to,   NULL};
    g_auto(VdChild) child = {0};
    return run(disk, argv, &child, error) && read_file(disk, scratch, 0, buffer, length, error);
}

static gboolean read_bytes(VdDisk *disk, guint64 offset, void *buffer, gsize length, GError **error)
{
    return disk->qcow2 ? read_qcow2(disk, offset, buffer, length, error)
                       : read_file(disk, disk->path, offset, buffer, length, error);
}

static gboolean read_head(VdDisk *disk, GError **error)
{
    if (disk->head)
        return TRUE;
    gsize size = (gsize)MIN(disk->bytes / VD_SECTOR * VD_SECTOR, HEAD_SIZE);
    g_autofree guint8 *head = g_malloc0(size);
    if (!read_bytes(disk, 0, head, size, error))
        return FALSE;
    disk->head = g_steal_pointer(&head);
    disk->head_size = size;
    return TRUE;
}

gboolean vd_disk_read(gpointer data, guint64 offset, void *buffer, gsize length, GError **error)
{
    VdDisk *disk = data;
    if (offset > disk->bytes || length > disk->bytes - offset)
        return no_disk(disk, "it ends too early", error);
    if (!read_head(disk, error))
        return FALSE;
    if (offset + length > disk->head_size)
        return read_bytes(disk, offset, buffer, length, error);
    memcpy(buffer, disk->head + offset, length);
    return TRUE;
}

static gboolean write_raw(VdDisk *disk, const GPtrArray *patches, GError **error)
{
    int fd = open(disk->path, O_WRONLY | O_CLOEXEC);
    gboolean written = fd >= 0;
    for (guint i = 0; written && i < patches->len; i++) {
        const VdPatch *patch = g_ptr_array_index(patches, i);
        gsize size = 0;
        const void *bytes = g_bytes_get_data(patch->bytes, &size);
        written = pwrite(fd, bytes, size, (off_t)patch->offset) == (ssize_t)size;
    }
    written = written && fdatasync(fd) == 0;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (written)
        return TRUE;
    return vd_guest_fail(error, saved == ENOSPC ? VD_GUEST_DISK_FULL : VD_GUEST_NO_DISK,
                         g_strerror(saved), _("The disk “%s” cannot be written to."), disk->path);
}

/* One qemu-io for all: `write -s FILE OFFSET LENGTH` takes the bytes from a file. */
static gboolean write_qcow2(VdDisk *disk, const GPtrArray *patches, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(argv, g_strdup("qemu-io"));
    g_ptr_array_add(argv, g_strdup("-f"));
    g_ptr_array_add(argv, g_strdup("qcow2"));
    for (guint i = 0; i < patches->len; i++) {
        const VdPatch *patch = g_ptr_array_index(patches, i);
        gsize size = 0;
        const char *bytes = g_bytes_get_data(patch->bytes, &size);
        g_autofree char *name = g_strdup_printf("patch-%u", i);
        g_autoptr(GError) why = NULL;
        if (!g_file_set_contents(name, bytes, (gssize)size, &why))
            return vd_guest_fail(error, VD_GUEST_DISK_FULL, why->message,
                                 _("A temporary file could not be written."));
        g_ptr_array_add(argv, g_strdup("-c"));
        g_ptr_array_add(argv,
                        g_strdup_printf("write -q -s %s %" G_GUINT64_FORMAT " %" G_GSIZE_FORMAT,
                                        name, patch->offset, size));
    }
    g_ptr_array_add(argv, g_strdup("--"));
    g_ptr_array_add(argv, g_strdup(disk->path));
    g_ptr_array_add(argv, NULL);
    g_auto(VdChild) child = {0};
    return run(disk, (const char *const *)argv->pdata, &child, error);
}

gboolean vd_disk_write(VdDisk *disk, const GPtrArray *patches, GError **error)
{
    g_clear_pointer(&disk->head, g_free);
    if (patches->len == 0)
        return TRUE;
    return disk->qcow2 ? write_qcow2(disk, patches, error) : write_raw(disk, patches, error);
}
