/* sgdisk and parted write the table, and only before anything is mounted (parted refuses what is in
 * use); the file system grows mounted, which all kinds supported here can and which needs no check
 * before. An ext file system without room for online growth is unmounted, checked and resized. */
#include "config.h"

#include "src/guest/grow.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/guest/fail.h"

static const char disk_device[] = "/dev/sda";

static gboolean read_disk(gpointer data, guint64 offset, void *buffer, gsize length, GError **error)
{
    VdGuest *guest = data;
    guint8 *to = buffer;
    /* A reply of the appliance holds at most 4 MiB; a table is far smaller. */
    while (length > 0) {
        size_t got = 0;
        char *bytes = guestfs_pread_device(guest->g, disk_device, (int)MIN(length, 1 << 20),
                                           (int64_t)offset, &got);
        if (!bytes || got == 0) {
            free(bytes);
            return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                        _("The disk's partition table cannot be read."));
        }
        got = MIN(got, length);
        memcpy(to, bytes, got);
        free(bytes);
        to += got;
        offset += got;
        length -= got;
    }
    return TRUE;
}

VdParts *vd_grow_parts(VdGuest *guest, guint64 bytes, GError **error)
{
    return vd_parts_read(read_disk, guest, bytes / VD_SECTOR, error);
}

static gboolean resize_part(VdGuest *guest, guint number, guint64 end, GError **error)
{
    if (guestfs_part_resize(guest->g, disk_device, (int)number, (int64_t)end) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("Partition %u could not be made larger."), number);
    return TRUE;
}

static gboolean resize_table(VdGuest *guest, const VdParts *before, const VdPartsPlan *plan,
                             GError **error)
{
    if (plan->expand_gpt && guestfs_part_expand_gpt(guest->g, disk_device) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The partition table could not be moved to the disk's "
                                      "new end."));
    vd_out_progress(guest->out, 1, 4);
    if (plan->extended && !resize_part(guest, plan->extended, plan->end, error))
        return FALSE;
    if (!resize_part(guest, plan->partition, plan->end, error))
        return FALSE;
    vd_out_progress(guest->out, 2, 4);
    g_autoptr(VdParts) after = vd_grow_parts(guest, before->sectors * VD_SECTOR, error);
    return after && vd_parts_check(before, after, plan, error);
}

static gboolean resize_lvm(VdGuest *guest, const VdGrowSpec *grow, GError **error)
{
    g_autofree char *pv = grow->partition ? g_strdup_printf("%s%u", disk_device, grow->partition)
                                          : g_strdup(disk_device);
    g_autofree char *lv = g_strdup_printf("/dev/%s/%s", grow->vg, grow->lv);
    if (guestfs_pvresize(guest->g, pv) != 0 || guestfs_lvresize_free(guest->g, lv, 100) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The logical volume %s could not be made larger."), lv);
    return TRUE;
}

static gboolean check_tools(VdGuest *guest, const VdGrowSpec *grow, GError **error)
{
    if (g_str_equal(grow->fs, "xfs") && !vd_guest_feature(guest, "xfs"))
        return vd_guest_fail(error, VD_GUEST_NO_XFS_TOOLS, NULL,
                             _("The image has an XFS root, and libguestfs' appliance has no tools "
                               "for it: install the package libguestfs-xfs."));
    if (g_str_equal(grow->fs, "btrfs") && !vd_guest_feature(guest, "btrfs"))
        return vd_guest_fail(error, VD_GUEST_UNSUPPORTED_LAYOUT, NULL,
                             _("The image has a btrfs root, and libguestfs' appliance has no tools "
                               "for it."));
    return TRUE;
}

gboolean vd_grow_device(VdGuest *guest, const VdRequest *request, gboolean *ret_grown,
                        GError **error)
{
    const VdGrowSpec *grow = &request->layout->grow;
    g_autofree char *size = vd_format_size(request->size);
    /* TRANSLATORS: partition 2, ext4, to 20 GiB */
    g_autofree char *text = g_strdup_printf(_("%s, to %s"), grow->text, size);
    vd_out_step(guest->out, "grow", text);
    VdPartsPlan plan = {0};
    g_autoptr(VdParts) parts = vd_grow_parts(guest, request->size, error);
    if (!parts || !vd_parts_plan(parts, grow, &plan, error) || !check_tools(guest, grow, error))
        return FALSE;
    if (plan.needed && !resize_table(guest, parts, &plan, error))
        return FALSE;
    *ret_grown = plan.needed || parts->kind == VD_TABLE_NONE;
    if (*ret_grown && grow->vg && !resize_lvm(guest, grow, error))
        return FALSE;
    return TRUE;
}

gboolean vd_grow_mount(VdGuest *guest, const VdLayout *layout, gboolean readonly, GError **error)
{
    for (guint i = 0; i < layout->mounts->len; i++) {
        const VdMount *mount = g_ptr_array_index(layout->mounts, i);
        int failed = readonly ? guestfs_mount_ro(guest->g, mount->device, mount->mountpoint)
                              : guestfs_mount(guest->g, mount->device, mount->mountpoint);
        if (!failed)
            continue;
        if (g_str_equal(mount->mountpoint, "/"))
            return vd_guest_call_failed(guest, error, VD_GUEST_BAD_LAYOUT,
                                        _("The guest's root, %s, cannot be mounted."),
                                        mount->device);
        vd_out_log(guest->out, _("%s cannot be mounted at %s: %s"), mount->device,
                   mount->mountpoint, vd_guest_words(guest));
    }
    return TRUE;
}

static gboolean resize_ext(VdGuest *guest, const VdLayout *layout, GError **error)
{
    const char *device = layout->grow.device;
    if (guestfs_resize2fs(guest->g, device) == 0)
        return TRUE;
    vd_out_log(guest->out, _("The file system cannot grow while mounted; checking it first."));
    struct guestfs_e2fsck_argv options = {
        .bitmask = GUESTFS_E2FSCK_CORRECT_BITMASK,
        .correct = 1,
    };
    if (guestfs_umount_all(guest->g) != 0 || guestfs_e2fsck_argv(guest->g, device, &options) != 0 ||
        guestfs_resize2fs(guest->g, device) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The file system on %s could not be made larger."), device);
    return vd_grow_mount(guest, layout, FALSE, error);
}

static gboolean resize_fs(VdGuest *guest, const VdLayout *layout, GError **error)
{
    const char *fs = layout->grow.fs;
    int failed = 0;
    if (g_str_has_prefix(fs, "ext"))
        return resize_ext(guest, layout, error);
    if (g_str_equal(fs, "xfs"))
        failed = guestfs_xfs_growfs(guest->g, "/", -1);
    else if (g_str_equal(fs, "btrfs"))
        failed = guestfs_btrfs_filesystem_resize(guest->g, "/", -1);
    else
        return vd_guest_fail(error, VD_GUEST_UNSUPPORTED_LAYOUT, NULL,
                             _("A %s file system cannot be made larger."), fs);
    if (failed)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The file system on %s could not be made larger."),
                                    layout->grow.device);
    return TRUE;
}

static gboolean root_size(VdGuest *guest, guint64 *ret_bytes, GError **error)
{
    struct guestfs_statvfs *stat = guestfs_statvfs(guest->g, "/");
    if (!stat)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The size of the guest's root cannot be read."));
    *ret_bytes = (guint64)MAX(stat->blocks, 0) * (guint64)MAX(stat->frsize, 0);
    guestfs_free_statvfs(stat);
    return TRUE;
}

/* What the file system says is its size without its own bookkeeping, which takes up to a tenth. */
static gboolean check_size(VdGuest *guest, const VdGrowSpec *grow, guint64 bytes, GError **error)
{
    gint64 device = guestfs_blockdev_getsize64(guest->g, grow->device);
    if (device < 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The size of %s cannot be read."), grow->device);
    if (bytes >= (guint64)device / 100 * 85)
        return TRUE;
    g_autofree char *is = vd_format_size(bytes);
    g_autofree char *wanted = vd_format_size((guint64)device);
    return vd_guest_fail(error, VD_GUEST_FAILED, NULL,
                         _("The root file system has %s after growing, where %s were expected."),
                         is, wanted);
}

gboolean vd_grow_filesystem(VdGuest *guest, const VdRequest *request, gboolean grown,
                            guint64 *ret_bytes, GError **error)
{
    const VdLayout *layout = request->layout;
    if (!grown) {
        vd_out_step_done(guest->out, _("it has that size already"));
        return root_size(guest, ret_bytes, error);
    }
    vd_out_progress(guest->out, 3, 4);
    if (!resize_fs(guest, layout, error) || !root_size(guest, ret_bytes, error) ||
        !check_size(guest, &layout->grow, *ret_bytes, error))
        return FALSE;
    vd_out_progress(guest->out, 4, 4);
    vd_out_step_done(guest->out, NULL);
    return TRUE;
}
