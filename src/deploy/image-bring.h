/* The disk of a machine elsewhere, for `image make`. Inside the deploy room; everything waits for
 * that host. */
#pragma once

#include "src/jobs/runner.h"
#include "src/virt/provision.h"

/* Whether it can be brought here: what it consists of is in storage pools there, and there is room
 * here and, for a machine that runs, there. Nothing is made but the host's usual pool. */
gboolean vd_image_bring_check(VdConn *conn, const VdVmDisk *disk, GError **error);
/* Into the new qcow2 file `to`, which stands on nothing. Files that are made on the way are
 * journalled ("file", "there", "backup") and gone when this returns TRUE. */
gboolean vd_image_bring(VdRun *run, VdConn *conn, const char *uuid, const VdVmDisk *disk,
                        const char *to, GError **error);
/* argument: POOL/VOLUME of the host that the spec names. */
gboolean vd_image_undo_there(VdRun *run, const char *argument, GError **error);
