/* Whether and how the root found by inspection can be made larger. */
#pragma once

#include "src/guest/launch.h"
#include "src/guest/parts.h"

/* Fills layout->grow for layout->root. parts: the disk's table, NULL if it is none that can be
 * grown, and then why says why. What cannot grow is no failure: grow.possible is FALSE then. */
void vd_inspect_grow(VdGuest *guest, VdLayout *layout, const VdParts *parts, const char *why);
