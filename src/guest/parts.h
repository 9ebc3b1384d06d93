/* Partition tables, read from the sectors themselves. The appliance's parted takes more than a
 * second for one listing under TCG, while the sectors can be read on the host before there is an
 * appliance: what cannot be grown is refused at once. Sectors have 512 bytes. Formats: UEFI
 * specification 2.10, chapter 5; MBR and EBR as Linux' block/partitions/msdos.c takes them. Pure
 * but for the callback. */
#pragma once

#include <glib.h>

#include "src/guest/layout.h"

#define VD_SECTOR 512

typedef struct {
    guint number;
    guint64 start, end; /* sectors, both inclusive */
    gboolean extended;  /* MBR: a container of logical partitions */
    gboolean logical;   /* MBR: inside one */
    guint64 ebr;        /* logical: the sector of its entry */
    guint64 link;       /* logical: the sector of the EBR that leads to ebr; 0: it is the first */
} VdPart;

typedef struct {
    VdTableKind kind;
    GArray *parts; /* VdPart, in the table's order; empty without a table */
    guint64 sectors;
    guint64 last_usable; /* the last sector that a partition may have */
    /* There is an EFI system partition and nothing that a BIOS could start: no code in the first
     * sector, no BIOS boot partition, none marked for it. */
    gboolean efi_only;
} VdParts;

/* Reads length bytes at offset of the disk into buffer. */
typedef gboolean (*VdPartsRead)(gpointer data, guint64 offset, void *buffer, gsize length,
                                GError **error);

/* Reads the table of a disk of so many sectors. NULL with truncated if it tells of more than the
 * disk has, unsupported-layout if it is a hybrid or damaged, or the callback's error. */
VdParts *vd_parts_read(VdPartsRead read, gpointer data, guint64 sectors, GError **error);
void vd_parts_free(VdParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdParts, vd_parts_free)

/* The partition of this number, borrowed, or NULL. */
const VdPart *vd_parts_find(const VdParts *parts, guint number);
/* The extended partition around a logical one, borrowed, or NULL. */
const VdPart *vd_parts_extended(const VdParts *parts);

/* What to do to the table so that the root's partition reaches the disk's end. */
typedef struct {
    gboolean needed; /* FALSE: it reaches it already */
    guint extended;  /* this one grows as well; 0: none */
    guint partition; /* 0: no table, nothing to resize */
    guint64 end;     /* the new last sector */
} VdPartsPlan;

/* Makes the plan for a layout on this table: FALSE with bad-layout if the layout is not that of
 * this disk, no-room if something lies behind the root or the table cannot describe the size. */
gboolean vd_parts_plan(const VdParts *parts, const VdGrowSpec *grow, VdPartsPlan *ret_plan,
                       GError **error);
/* TRUE if after the plan was carried out the table says so and nothing else in it changed. */
gboolean vd_parts_check(const VdParts *before, const VdParts *after, const VdPartsPlan *plan,
                        GError **error);
