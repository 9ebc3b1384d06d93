/* A machine's devices as tables of its details. On the lane's thread. */
#pragma once

#include "src/virt/call.h"
#include "src/virt/domxml.h"

/* Adds a table to doc for each kind of device that the machine has: disks, interfaces, graphics,
 * consoles, filesystems, host devices, others. Sizes and addresses are asked of call's host; what
 * it does not know stays NULL. */
void vd_hardware_sections(VdVirtCall *call, const VdDomXml *dom, VdDoc *doc);
