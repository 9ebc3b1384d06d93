/* What an image holds: found once, when it is added, by libguestfs' inspection, which takes as long
 * as an appliance's launch. */
#pragma once

#include <json-glib/json-glib.h>

#include "src/guest/launch.h"

/* Inspects the launched, read-only disk of so many bytes. The result's members as
 * doc/guest-protocol.md has them, owned by the caller; an image without an operating system is no
 * error but a result with a reason. */
JsonObject *vd_inspect(VdGuest *guest, guint64 disk_bytes, GError **error);
