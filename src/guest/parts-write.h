/* Making a partition larger in its table. The plan (parts.h) changes three or four numbers in a few
 * sectors; they are computed here and written while no appliance runs, because sgdisk and parted in
 * the appliance take four seconds for it without KVM, and a kernel that boots with the new table
 * needs no telling. Pure but for the callback. */
#pragma once

#include <glib.h>

#include "src/guest/parts.h"

typedef struct {
    guint64 offset; /* bytes */
    GBytes *bytes;  /* whole sectors */
} VdPatch;

/* The sectors to write so that the table follows the plan, in the order to write them in: VdPatch,
 * the caller unrefs. Empty if plan->needed is FALSE. NULL with unsupported-layout if the table's
 * checksums are wrong. */
GPtrArray *vd_parts_patches(VdPartsRead read, gpointer data, const VdParts *parts,
                            const VdPartsPlan *plan, GError **error);

/* CRC-32 as the GPT has it (UEFI 2.10, 5.3.1: the polynomial 0x04c11db7, reflected). */
guint32 vd_crc32(const guint8 *bytes, gsize length);
