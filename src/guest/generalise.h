/* Making a machine's disk nobody's in particular, so that many can be made from it. Nothing of the
 * guest is ever run. */
#pragma once

#include <json-glib/json-glib.h>

#include "src/guest/disk.h"
#include "src/guest/launch.h"
#include "src/guest/request.h"

/* Inspects the launched disk, cleans it of what request->clean names, and gives the room of what is
 * gone back to the disk's file. The steps "inspect", "generalise" and "shrink". What vd_inspect()
 * returns, with "cleaned" (words); a disk without an operating system is left as it is. */
JsonObject *vd_generalise(VdGuest *guest, const VdRequest *request, VdDisk *disk, GError **error);
