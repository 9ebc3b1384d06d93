/* Making the root fill a disk that is larger than its image: the partition table on the host,
 * before the launch; volumes and file system in the running appliance. */
#pragma once

#include "src/guest/disk.h"
#include "src/guest/launch.h"

/* Makes the root's partition reach the disk's end. Before the launch. *ret_grown: whether there is
 * anything for the file system to fill (without a table that is not known, and then TRUE). Fails
 * with bad-layout, no-room, truncated or unsupported-layout. */
gboolean vd_grow_table(VdDisk *disk, const VdLayout *layout, gboolean *ret_grown, GError **error);

/* The logical volume, before anything is mounted. Begins the step "grow". */
gboolean vd_grow_volume(VdGuest *guest, const VdRequest *request, gboolean grown, GError **error);

/* The file system, with the root mounted; then checks its size. Ends the step. *ret_bytes gets the
 * size of the root file system. */
gboolean vd_grow_filesystem(VdGuest *guest, const VdRequest *request, gboolean grown,
                            guint64 *ret_bytes, GError **error);

/* Mounts the layout's file systems, read-only or not. */
gboolean vd_grow_mount(VdGuest *guest, const VdLayout *layout, gboolean readonly, GError **error);
