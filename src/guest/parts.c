/* All numbers come from a foreign disk: each one is compared with the disk's size before it is
 * used, and the chain of logical partitions is followed for a bounded number of links. */
#include "config.h"

#include "src/guest/parts.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"

enum {
    MBR_CODE = 440,
    MBR_ENTRIES = 446,
    GPT_ENTRY_MAX = 512,
    PARTS_MAX = 128,
    LOGICAL_MAX = 60,
    ALIGN = 2048, /* 1 MiB, what every partitioner aligns to */
};

typedef struct {
    VdPartsRead read;
    gpointer data;
    VdParts *parts;
    gboolean efi, bios; /* partitions to start from, seen so far */
} Reader;

static guint32 le32(const guint8 *at)
{
    return (guint32)at[0] | (guint32)at[1] << 8 | (guint32)at[2] << 16 | (guint32)at[3] << 24;
}

static guint64 le64(const guint8 *at)
{
    return (guint64)le32(at) | (guint64)le32(at + 4) << 32;
}

static gboolean truncated(GError **error)
{
    return vd_guest_fail(error, VD_GUEST_TRUNCATED, NULL,
                         _("The image is truncated: its partition table describes a larger disk "
                           "than there is."));
}

static gboolean damaged(GError **error)
{
    return vd_guest_fail(error, VD_GUEST_UNSUPPORTED_LAYOUT, NULL,
                         _("The partition table of the image is damaged."));
}

static gboolean sector(Reader *reader, guint64 number, guint8 *buffer, GError **error)
{
    if (number >= reader->parts->sectors)
        return truncated(error);
    return reader->read(reader->data, number * VD_SECTOR, buffer, VD_SECTOR, error);
}

static gboolean add(Reader *reader, VdPart part, GError **error)
{
    if (part.start == 0 || part.end < part.start)
        return damaged(error);
    if (part.end >= reader->parts->sectors)
        return truncated(error);
    if (reader->parts->parts->len >= PARTS_MAX)
        return damaged(error);
    g_array_append_val(reader->parts->parts, part);
    return TRUE;
}

static gboolean is_extended(guint8 type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The chain of EBRs: each has the partition (relative to itself) and the next EBR (relative to the
 * first one). */
static gboolean read_logical(Reader *reader, const VdPart *extended, GError **error)
{
    guint64 first = extended->start, last = extended->end, at = first, from = 0;
    guint number = 5; /* a link without a partition takes no number, as in the kernel */
    for (guint n = 0; n < LOGICAL_MAX; n++) {
        guint8 ebr[VD_SECTOR];
        if (!sector(reader, at, ebr, error))
            return FALSE;
        if (ebr[510] != 0x55 || ebr[511] != 0xaa)
            return n == 0 ? TRUE : damaged(error);
        const guint8 *entry = ebr + MBR_ENTRIES, *link = entry + 16;
        if (entry[4] != 0 && le32(entry + 12) > 0) {
            VdPart part = {.number = number++, .logical = TRUE, .ebr = at, .link = from};
            part.start = at + le32(entry + 8);
            part.end = part.start + le32(entry + 12) - 1;
            if (part.start <= at || part.end > last)
                return damaged(error);
            if (!add(reader, part, error))
                return FALSE;
        }
        if (!is_extended(link[4]) || le32(link + 8) == 0)
            return TRUE;
        guint64 next = first + le32(link + 8);
        if (next <= at || next > last)
            return damaged(error);
        from = at;
        at = next;
    }
    return damaged(error);
}

/* The types of the UEFI specification (5.3.3) and of GRUB, as they lie on the disk. */
static const guint8 esp_type[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                    0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
static const guint8 bios_boot_type[16] = {0x48, 0x61, 0x68, 0x21, 0x49, 0x64, 0x6f, 0x6e,
                                          0x74, 0x4e, 0x65, 0x65, 0x64, 0x45, 0x46, 0x49};
#define LEGACY_BOOTABLE (1u << 2) /* attribute bit of a GPT entry */
#define MBR_EFI_SYSTEM  0xef
#define MBR_ACTIVE      0x80

static gboolean read_mbr(Reader *reader, const guint8 *mbr, GError **error)
{
    reader->parts->kind = VD_TABLE_MBR;
    for (guint i = 0; i < 4; i++) {
        const guint8 *entry = mbr + MBR_ENTRIES + 16 * i;
        guint32 size = le32(entry + 12);
        if (entry[4] == 0 || size == 0)
            continue;
        VdPart part = {.number = i + 1, .start = le32(entry + 8)};
        part.end = part.start + size - 1;
        part.extended = is_extended(entry[4]);
        reader->efi |= entry[4] == MBR_EFI_SYSTEM;
        reader->bios |= entry[4] != MBR_EFI_SYSTEM && entry[0] == MBR_ACTIVE;
        if (!add(reader, part, error))
            return FALSE;
        if (part.extended && !read_logical(reader, &part, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_gpt(Reader *reader, GError **error)
{
    static const guint8 unused[16] = {0};
    guint8 header[VD_SECTOR];
    if (!sector(reader, 1, header, error))
        return FALSE;
    if (memcmp(header, "EFI PART", 8) != 0)
        return damaged(error);
    reader->parts->kind = VD_TABLE_GPT;
    guint64 table = le64(header + 72);
    guint32 count = le32(header + 80), size = le32(header + 84);
    if (size < 128 || size > GPT_ENTRY_MAX || size % 128 != 0 || count < 1 || count > 1024)
        return damaged(error);
    gsize bytes = (gsize)count * size;
    if (table < 2 || table >= reader->parts->sectors ||
        bytes > (reader->parts->sectors - table) * VD_SECTOR)
        return truncated(error);
    /* Behind the last partition: the backup of the entries, in whole sectors, and its header. */
    guint64 tail = (bytes + VD_SECTOR - 1) / VD_SECTOR + 1;
    if (reader->parts->sectors < 2 * tail + 2)
        return truncated(error);
    reader->parts->last_usable = reader->parts->sectors - tail - 1;
    g_autofree guint8 *entries = g_malloc(bytes);
    if (!reader->read(reader->data, table * VD_SECTOR, entries, bytes, error))
        return FALSE;
    for (guint32 i = 0; i < count; i++) {
        const guint8 *entry = entries + (gsize)i * size;
        if (memcmp(entry, unused, sizeof unused) == 0)
            continue;
        VdPart part = {.number = i + 1, .start = le64(entry + 32), .end = le64(entry + 40)};
        reader->efi |= memcmp(entry, esp_type, sizeof esp_type) == 0;
        reader->bios |= memcmp(entry, bios_boot_type, sizeof bios_boot_type) == 0 ||
                        (entry[48] & LEGACY_BOOTABLE) != 0;
        if (!add(reader, part, error))
            return FALSE;
    }
    return TRUE;
}

/* A boot sector of a file system ends like an MBR, but has code where the entries would be. */
static gboolean looks_like_mbr(const guint8 *mbr, gboolean *ret_protective, guint *ret_others)
{
    guint used = 0;
    *ret_protective = FALSE;
    *ret_others = 0;
    if (mbr[510] != 0x55 || mbr[511] != 0xaa)
        return FALSE;
    for (guint i = 0; i < 4; i++) {
        const guint8 *entry = mbr + MBR_ENTRIES + 16 * i;
        if (entry[0] & 0x7f)
            return FALSE;
        if (entry[4] == 0)
            continue;
        used++;
        if (entry[4] == 0xee)
            *ret_protective = TRUE;
        else
            (*ret_others)++;
    }
    return used > 0;
}

static gboolean has_code(const guint8 *mbr)
{
    for (guint i = 0; i < MBR_CODE; i++)
        if (mbr[i] != 0)
            return TRUE;
    return FALSE;
}

VdParts *vd_parts_read(VdPartsRead read, gpointer data, guint64 sectors, GError **error)
{
    g_autoptr(VdParts) parts = g_new0(VdParts, 1);
    parts->parts = g_array_new(FALSE, TRUE, sizeof(VdPart));
    parts->sectors = sectors;
    parts->last_usable = sectors - 1;
    Reader reader = {read, data, parts, FALSE, FALSE};
    guint8 mbr[VD_SECTOR];
    if (!sector(&reader, 0, mbr, error))
        return NULL;
    gboolean protective = FALSE;
    guint others = 0;
    if (!looks_like_mbr(mbr, &protective, &others))
        return g_steal_pointer(&parts);
    if (protective && others > 0) {
        vd_guest_fail(error, VD_GUEST_UNSUPPORTED_LAYOUT, NULL,
                      _("The image has a hybrid partition table, which is not grown."));
        return NULL;
    }
    if (protective ? !read_gpt(&reader, error) : !read_mbr(&reader, mbr, error))
        return NULL;
    parts->efi_only = reader.efi && !reader.bios && !has_code(mbr);
    return g_steal_pointer(&parts);
}

void vd_parts_free(VdParts *parts)
{
    if (!parts)
        return;
    g_array_unref(parts->parts);
    g_free(parts);
}

const VdPart *vd_parts_find(const VdParts *parts, guint number)
{
    for (guint i = 0; i < parts->parts->len; i++) {
        const VdPart *part = &g_array_index(parts->parts, VdPart, i);
        if (part->number == number)
            return part;
    }
    return NULL;
}

const VdPart *vd_parts_extended(const VdParts *parts)
{
    for (guint i = 0; i < parts->parts->len; i++) {
        const VdPart *part = &g_array_index(parts->parts, VdPart, i);
        if (part->extended)
            return part;
    }
    return NULL;
}

/* The partition that lies behind the root's, or NULL. Its own container does not count. */
static const VdPart *behind(const VdParts *parts, const VdPart *root)
{
    for (guint i = 0; i < parts->parts->len; i++) {
        const VdPart *part = &g_array_index(parts->parts, VdPart, i);
        if (part->number != root->number && part->start > root->end)
            return part;
    }
    return NULL;
}

static gboolean wrong_disk(GError **error)
{
    return vd_guest_fail(error, VD_GUEST_BAD_LAYOUT, NULL,
                         _("The disk is not laid out as the image was when it was inspected; "
                           "inspect the image again."));
}

/* The last sector the root may have; 0 if the table cannot say so. */
static guint64 last_sector(const VdParts *parts, const VdPart *root)
{
    guint64 usable = (parts->last_usable + 1) / ALIGN * ALIGN;
    guint64 end = usable > root->end ? usable - 1 : root->end;
    const VdPart *outer = root->logical ? vd_parts_extended(parts) : root;
    if (parts->kind == VD_TABLE_MBR && (!outer || end - outer->start + 1 > G_MAXUINT32))
        return 0;
    return end;
}

gboolean vd_parts_plan(const VdParts *parts, const VdGrowSpec *grow, VdPartsPlan *ret_plan,
                       GError **error)
{
    VdPartsPlan plan = {.partition = grow->partition};
    if (!grow->possible)
        return vd_guest_fail(error, VD_GUEST_UNSUPPORTED_LAYOUT, NULL, "%s",
                             grow->why ? grow->why : _("The image's root cannot be grown."));
    if (parts->kind != grow->table)
        return wrong_disk(error);
    if (grow->table == VD_TABLE_NONE) {
        *ret_plan = plan;
        return TRUE;
    }
    const VdPart *root = vd_parts_find(parts, grow->partition);
    const VdPart *outer = vd_parts_extended(parts);
    if (!root || root->start != grow->start || root->extended)
        return wrong_disk(error);
    if (root->logical != (grow->extended != 0) ||
        (root->logical && (!outer || outer->number != grow->extended)))
        return wrong_disk(error);
    const VdPart *next = behind(parts, root);
    if (next)
        return vd_guest_fail(error, VD_GUEST_NO_ROOM, NULL,
                             _("Partition %u of the image cannot grow: partition %u lies behind "
                               "it."),
                             root->number, next->number);
    plan.end = last_sector(parts, root);
    if (plan.end == 0)
        return vd_guest_fail(error, VD_GUEST_NO_ROOM, NULL,
                             _("The image's MBR partition table cannot describe a disk of more "
                               "than 2 TiB."));
    plan.needed = plan.end > root->end;
    plan.extended = root->logical ? grow->extended : 0;
    *ret_plan = plan;
    return TRUE;
}

gboolean vd_parts_check(const VdParts *before, const VdParts *after, const VdPartsPlan *plan,
                        GError **error)
{
    gboolean right = before->kind == after->kind && before->parts->len == after->parts->len;
    for (guint i = 0; right && i < before->parts->len; i++) {
        const VdPart *old = &g_array_index(before->parts, VdPart, i);
        const VdPart *now = vd_parts_find(after, old->number);
        gboolean grown = old->number == plan->partition || old->number == plan->extended;
        right = now && now->start == old->start && now->extended == old->extended &&
                now->end == (grown && plan->needed ? plan->end : old->end);
    }
    if (!right)
        return vd_guest_fail(error, VD_GUEST_FAILED, NULL,
                             _("The partition table is not as it should be after growing."));
    return TRUE;
}
