/* Making the root fill a disk that is larger than its image, in the running appliance. */
#pragma once

#include "src/guest/launch.h"
#include "src/guest/parts.h"

/* Reads the partition table of the disk in the appliance. NULL with the errors of
 * vd_parts_read(). */
VdParts *vd_grow_parts(VdGuest *guest, guint64 bytes, GError **error);

/* The part before anything is mounted: partition and LVM. Begins the step "grow". *ret_grown:
 * whether anything was changed (or the disk has no table, and the file system may be smaller). */
gboolean vd_grow_device(VdGuest *guest, const VdRequest *request, gboolean *ret_grown,
                        GError **error);

/* The part with the root mounted: the file system; then checks its size. Ends the step. *ret_bytes
 * gets the size of the root file system. */
gboolean vd_grow_filesystem(VdGuest *guest, const VdRequest *request, gboolean grown,
                            guint64 *ret_bytes, GError **error);

/* Mounts the layout's file systems, read-only or not. */
gboolean vd_grow_mount(VdGuest *guest, const VdLayout *layout, gboolean readonly, GError **error);
