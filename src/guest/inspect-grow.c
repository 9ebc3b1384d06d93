/* From the root's file system downwards: a logical volume, its volume group's one physical volume,
 * a partition or the whole disk. Anything else (RAID, several disks, device mapper) is not grown.
 */
#include "config.h"

#include "src/guest/inspect-grow.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"

static const char disk_device[] = "/dev/sda";

static void cannot(VdGrowSpec *grow, char *why)
{
    grow->possible = FALSE;
    g_free(grow->why);
    grow->why = why;
}

/* "btrfsvol:/dev/sda2/@" → "/dev/sda2"; the caller frees. */
static char *plain_device(VdGuest *guest, const char *root)
{
    if (!vd_layout_is_subvolume(root))
        return g_strdup(root);
    char *device = guestfs_mountable_device(guest->g, root);
    char *copy = vd_layout_device(device ? device : root);
    free(device);
    return copy;
}

/* The number in "/dev/sda2", 0 for the whole disk, -1 for anything else. */
static int partition_number(const char *device)
{
    if (!g_str_has_prefix(device, disk_device))
        return -1;
    const char *digits = device + strlen(disk_device);
    guint64 number = 0;
    if (*digits == '\0')
        return 0;
    if (!g_ascii_string_to_unsigned(digits, 10, 1, 128, &number, NULL))
        return -1;
    return (int)number;
}

/* If device is a logical volume, its names and the device of its group's only physical volume. */
static gboolean through_lvm(VdGuest *guest, VdGrowSpec *grow, char **device)
{
    if (guestfs_is_lv(guest->g, *device) != 1)
        return TRUE;
    char *canonical = guestfs_lvm_canonical_lv_name(guest->g, *device);
    g_auto(GStrv) words = g_strsplit(canonical ? canonical : "", "/", -1); /* "", dev, VG, LV */
    free(canonical);
    if (g_strv_length(words) != 4)
        return FALSE;
    char **uuids = guestfs_vgpvuuids(guest->g, words[2]);
    guint count = uuids ? g_strv_length(uuids) : 0;
    char **pvs = guestfs_pvs(guest->g);
    /* One disk and one group: where there are more physical volumes than one, nothing is known. */
    gboolean single = count == 1 && pvs && g_strv_length(pvs) == 1;
    if (single) {
        grow->vg = g_strdup(words[2]);
        grow->lv = g_strdup(words[3]);
        g_free(grow->device);
        grow->device = g_strdup_printf("/dev/%s/%s", words[2], words[3]);
        g_free(*device);
        *device = g_strdup(pvs[0]);
    }
    for (char **one = uuids; one && *one; one++)
        free(*one);
    free(uuids);
    for (char **one = pvs; one && *one; one++)
        free(*one);
    free(pvs);
    return single;
}

static void describe(VdGrowSpec *grow)
{
    const char *lvm = grow->vg ? "LVM, " : "";
    g_free(grow->text);
    if (grow->partition)
        /* TRANSLATORS: partition 2, LVM, ext4 */
        grow->text = g_strdup_printf(_("partition %u, %s%s"), grow->partition, lvm, grow->fs);
    else
        grow->text = g_strdup_printf(_("the whole disk, %s%s"), lvm, grow->fs);
}

static void read_fs(VdGuest *guest, VdGrowSpec *grow, const char *root)
{
    if (vd_layout_is_subvolume(root)) { /* blkid need not be asked again */
        grow->fs = g_strdup("btrfs");
        return;
    }
    char *fs = guestfs_vfs_type(guest->g, grow->device);
    grow->fs = g_strdup(fs && *fs ? fs : "unknown");
    free(fs);
}

/* Where the partition lies; the plan that a growing disk would follow tells whether it can. */
static void place_partition(VdGrowSpec *grow, const VdParts *parts, guint number)
{
    const VdPart *part = vd_parts_find(parts, number);
    if (!part) {
        cannot(grow, g_strdup(_("The root's partition is not in the partition table.")));
        return;
    }
    const VdPart *outer = part->logical ? vd_parts_extended(parts) : NULL;
    grow->table = parts->kind;
    grow->partition = number;
    grow->start = part->start;
    grow->extended = outer ? outer->number : 0;
}

void vd_inspect_grow(VdGuest *guest, VdLayout *layout, const VdParts *parts, const char *why)
{
    static const char *const growing[] = {"ext2", "ext3", "ext4", "xfs", "btrfs", NULL};
    VdGrowSpec *grow = &layout->grow;
    grow->possible = TRUE;
    grow->device = plain_device(guest, layout->root);
    g_autofree char *device = g_strdup(grow->device);
    read_fs(guest, grow, layout->root);
    gboolean simple = through_lvm(guest, grow, &device);
    int number = simple ? partition_number(device) : -1;
    if (number > 0 && parts)
        place_partition(grow, parts, (guint)number);
    describe(grow);
    if (!parts)
        cannot(grow, g_strdup(why));
    else if (number < 0)
        cannot(grow, g_strdup_printf(_("The root is on %s, which is no single partition of the "
                                       "disk."),
                                     grow->device));
    else if (!g_strv_contains(growing, grow->fs))
        cannot(grow, g_strdup_printf(_("A %s file system cannot be made larger."), grow->fs));
    if (!grow->possible)
        return;
    VdPartsPlan plan = {0};
    g_autoptr(GError) error = NULL;
    grow->last = vd_parts_plan(parts, grow, &plan, &error);
    if (!grow->last)
        cannot(grow, g_strdup(error->message));
}
