/* What an image holds: found once, when it is added, by libguestfs' inspection, which takes as long
 * as an appliance's launch. */
#pragma once

#include <json-glib/json-glib.h>

#include "src/guest/disk.h"
#include "src/guest/launch.h"

/* Inspects the disk, which is launched read-only. The result's members as
 * doc/guest-protocol.md has them, owned by the caller; an image without an operating system is no
 * error but a result with a reason. */
JsonObject *vd_inspect(VdGuest *guest, VdDisk *disk, GError **error);
