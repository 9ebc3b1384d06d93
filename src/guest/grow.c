/* The kernel that boots in the appliance finds the table as it shall be, so nobody has to tell it
 * of a change. The file system grows mounted, which all kinds supported here can and which needs no
 * check before. An ext file system without room for online growth is unmounted, checked and
 * resized. */
#include "config.h"

#include "src/guest/grow.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/guest/fail.h"
#include "src/guest/parts-write.h"
#include "src/guest/parts.h"

static const char disk_device[] = "/dev/sda";

enum { PHASES = 3 };

gboolean vd_grow_table(VdDisk *disk, const VdLayout *layout, gboolean *ret_grown, GError **error)
{
    guint64 sectors = vd_disk_bytes(disk) / VD_SECTOR;
    VdPartsPlan plan = {0};
    g_autoptr(VdParts) before = vd_parts_read(vd_disk_read, disk, sectors, error);
    if (!before || !vd_parts_plan(before, &layout->grow, &plan, error))
        return FALSE;
    *ret_grown = plan.needed || before->kind == VD_TABLE_NONE;
    if (!plan.needed)
        return TRUE;
    g_autoptr(GPtrArray) patches = vd_parts_patches(vd_disk_read, disk, before, &plan, error);
    if (!patches || !vd_disk_write(disk, patches, error))
        return FALSE;
    g_autoptr(VdParts) after = vd_parts_read(vd_disk_read, disk, sectors, error);
    return after && vd_parts_check(before, after, &plan, error);
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

/* As vd_grow_inspect() has described it, for readers of any language. */
static char *describe(const VdGrowSpec *grow)
{
    const char *lvm = grow->vg ? "LVM, " : "";
    if (grow->partition)
        return vd_said(N_("partition %u, %s%s"), grow->partition, lvm, grow->fs);
    return vd_said(N_("the whole disk, %s%s"), lvm, grow->fs);
}

gboolean vd_grow_volume(VdGuest *guest, const VdRequest *request, gboolean grown, GError **error)
{
    const VdGrowSpec *grow = &request->layout->grow;
    g_autofree char *size = vd_format_size(request->size);
    /* TRANSLATORS: partition 2, ext4, to 20 GiB */
    g_autofree char *where = describe(grow);
    g_autofree char *text =
        vd_said_quote(vd_said(N_("%s, to %s"), grow->text, size), grow->text, where);
    vd_out_step(guest->out, "grow", text);
    if (!check_tools(guest, grow, error))
        return FALSE;
    if (grown && grow->vg && !resize_lvm(guest, grow, error))
        return FALSE;
    vd_out_progress(guest->out, 1, PHASES);
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

/* The file system's device must have the disk's size but for what lies before it; what the file
 * system says of itself is without its own bookkeeping, which takes up to a tenth. */
static gboolean check_size(VdGuest *guest, const VdRequest *request, guint64 bytes, GError **error)
{
    const VdGrowSpec *grow = &request->layout->grow;
    guint64 before = MIN(grow->start * VD_SECTOR, request->size);
    guint64 expected = request->size - before;
    if (grow->vg) {
        gint64 volume = guestfs_blockdev_getsize64(guest->g, grow->device);
        if (volume < 0)
            return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                        _("The size of %s cannot be read."), grow->device);
        expected = (guint64)volume;
    }
    if (bytes >= expected / 100 * 85)
        return TRUE;
    g_autofree char *is = vd_format_size(bytes);
    g_autofree char *wanted = vd_format_size(expected);
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
    vd_out_progress(guest->out, 2, PHASES);
    if (!resize_fs(guest, layout, error) || !root_size(guest, ret_bytes, error) ||
        !check_size(guest, request, *ret_bytes, error))
        return FALSE;
    vd_out_progress(guest->out, PHASES, PHASES);
    vd_out_step_done(guest->out, NULL);
    return TRUE;
}
