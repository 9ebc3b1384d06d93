/* GPT: both headers, both copies of the entries and the protective MBR's size; the new backup goes
 * to the new end and is written first, so that at every moment one of the two is whole. MBR: the
 * size in the entry, for a logical partition also that of the extended one and of the link to its
 * EBR. Everything not computed here is written as it was read: boot code, flags, types, names. */
#include "config.h"

#include "src/guest/parts-write.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"

enum { MBR_ENTRIES = 446, HEADER_CRC = 16, ENTRIES_CRC = 88 };

typedef struct {
    VdPartsRead read;
    gpointer data;
    const VdParts *parts;
    const VdPartsPlan *plan;
    GPtrArray *patches;
} Writer;

static void patch_free(gpointer data)
{
    VdPatch *patch = data;
    g_bytes_unref(patch->bytes);
    g_free(patch);
}

static void add(Writer *writer, guint64 sector, const void *bytes, gsize length)
{
    VdPatch *patch = g_new0(VdPatch, 1);
    patch->offset = sector * VD_SECTOR;
    patch->bytes = g_bytes_new(bytes, length);
    g_ptr_array_add(writer->patches, patch);
}

static gboolean get(Writer *writer, guint64 sector, void *buffer, gsize length, GError **error)
{
    return writer->read(writer->data, sector * VD_SECTOR, buffer, length, error);
}

static void put32(guint8 *at, guint32 value)
{
    value = GUINT32_TO_LE(value);
    memcpy(at, &value, sizeof value);
}

static void put64(guint8 *at, guint64 value)
{
    value = GUINT64_TO_LE(value);
    memcpy(at, &value, sizeof value);
}

static guint32 get32(const guint8 *at)
{
    guint32 value = 0;
    memcpy(&value, at, sizeof value);
    return GUINT32_FROM_LE(value);
}

static guint64 get64(const guint8 *at)
{
    guint64 value = 0;
    memcpy(&value, at, sizeof value);
    return GUINT64_FROM_LE(value);
}

guint32 vd_crc32(const guint8 *bytes, gsize length)
{
    guint32 crc = 0xffffffff;
    for (gsize i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static gboolean damaged(GError **error)
{
    return vd_guest_fail(error, VD_GUEST_UNSUPPORTED_LAYOUT, NULL,
                         _("The partition table of the image is damaged: its checksums are "
                           "wrong."));
}

/* ---- GPT ---- */

static guint32 header_crc(const guint8 *header)
{
    guint8 copy[VD_SECTOR];
    guint32 size = get32(header + 12);
    memcpy(copy, header, sizeof copy);
    put32(copy + HEADER_CRC, 0);
    return size >= 92 && size <= sizeof copy ? vd_crc32(copy, size) : 0;
}

/* The old backup's header is stale now; what lies where it was belongs to nobody yet. */
static gboolean drop_old_backup(Writer *writer, guint64 sector, GError **error)
{
    static const guint8 zeros[VD_SECTOR];
    guint8 old[VD_SECTOR];
    const VdPart *root = vd_parts_find(writer->parts, writer->plan->partition);
    if (!root || sector <= root->end || sector >= writer->parts->last_usable)
        return TRUE;
    if (!get(writer, sector, old, sizeof old, error))
        return FALSE;
    if (memcmp(old, "EFI PART", 8) == 0)
        add(writer, sector, zeros, sizeof zeros);
    return TRUE;
}

static gboolean patch_protective(Writer *writer, GError **error)
{
    guint8 mbr[VD_SECTOR];
    if (!get(writer, 0, mbr, sizeof mbr, error))
        return FALSE;
    for (int i = 0; i < 4; i++) {
        guint8 *entry = mbr + MBR_ENTRIES + 16 * i;
        guint64 size = writer->parts->sectors - get32(entry + 8);
        if (entry[4] == 0xee)
            put32(entry + 12, (guint32)MIN(size, G_MAXUINT32));
    }
    add(writer, 0, mbr, sizeof mbr);
    return TRUE;
}

static gboolean patch_gpt(Writer *writer, GError **error)
{
    guint8 header[VD_SECTOR], backup[VD_SECTOR];
    if (!get(writer, 1, header, sizeof header, error))
        return FALSE;
    guint64 last = writer->parts->sectors - 1, table = get64(header + 72);
    guint32 size = get32(header + 84);
    gsize used = (gsize)get32(header + 80) * size; /* bounded by vd_parts_read() */
    gsize whole = (used + VD_SECTOR - 1) / VD_SECTOR * VD_SECTOR;
    g_autofree guint8 *entries = g_malloc0(whole);
    if (!get(writer, table, entries, whole, error))
        return FALSE;
    if (header_crc(header) != get32(header + HEADER_CRC) ||
        vd_crc32(entries, used) != get32(header + ENTRIES_CRC))
        return damaged(error);
    guint64 old_backup = get64(header + 32);
    put64(entries + (gsize)(writer->plan->partition - 1) * size + 40, writer->plan->end);
    put64(header + 32, last);
    put64(header + 48, writer->parts->last_usable);
    put32(header + ENTRIES_CRC, vd_crc32(entries, used));
    memcpy(backup, header, sizeof backup);
    put64(backup + 24, last);
    put64(backup + 32, 1);
    put64(backup + 72, last - whole / VD_SECTOR);
    put32(header + HEADER_CRC, header_crc(header));
    put32(backup + HEADER_CRC, header_crc(backup));
    add(writer, last - whole / VD_SECTOR, entries, whole);
    add(writer, last, backup, sizeof backup);
    add(writer, table, entries, whole);
    add(writer, 1, header, sizeof header);
    return patch_protective(writer, error) && drop_old_backup(writer, old_backup, error);
}

/* ---- MBR ---- */

/* An entry's size; its last cylinder, head and sector say "beyond", as everybody else writes it. */
static void set_size(guint8 *entry, guint64 sectors)
{
    entry[5] = 0xfe;
    entry[6] = 0xff;
    entry[7] = 0xff;
    put32(entry + 12, (guint32)sectors);
}

static gboolean patch_primary(Writer *writer, const VdPart *part, GError **error)
{
    guint8 mbr[VD_SECTOR];
    if (!get(writer, 0, mbr, sizeof mbr, error))
        return FALSE;
    set_size(mbr + MBR_ENTRIES + 16 * (part->number - 1), writer->plan->end - part->start + 1);
    add(writer, 0, mbr, sizeof mbr);
    return TRUE;
}

/* The logical partition's own entry, and the link that says how far its part of the extended one
 * reaches. */
static gboolean patch_logical(Writer *writer, const VdPart *part, GError **error)
{
    guint8 ebr[VD_SECTOR];
    guint64 end = writer->plan->end;
    if (!get(writer, part->ebr, ebr, sizeof ebr, error))
        return FALSE;
    set_size(ebr + MBR_ENTRIES, end - part->start + 1);
    add(writer, part->ebr, ebr, sizeof ebr);
    if (part->link == 0)
        return TRUE;
    if (!get(writer, part->link, ebr, sizeof ebr, error))
        return FALSE;
    set_size(ebr + MBR_ENTRIES + 16, end - part->ebr + 1);
    add(writer, part->link, ebr, sizeof ebr);
    return TRUE;
}

static gboolean patch_mbr(Writer *writer, GError **error)
{
    const VdPart *root = vd_parts_find(writer->parts, writer->plan->partition);
    if (!root)
        return damaged(error);
    if (!root->logical)
        return patch_primary(writer, root, error);
    const VdPart *extended = vd_parts_extended(writer->parts);
    return extended && patch_primary(writer, extended, error) && patch_logical(writer, root, error);
}

GPtrArray *vd_parts_patches(VdPartsRead read, gpointer data, const VdParts *parts,
                            const VdPartsPlan *plan, GError **error)
{
    g_autoptr(GPtrArray) patches = g_ptr_array_new_with_free_func(patch_free);
    Writer writer = {read, data, parts, plan, patches};
    if (plan->needed && parts->kind == VD_TABLE_GPT && !patch_gpt(&writer, error))
        return NULL;
    if (plan->needed && parts->kind == VD_TABLE_MBR && !patch_mbr(&writer, error))
        return NULL;
    return g_steal_pointer(&patches);
}
