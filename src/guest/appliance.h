/* What the appliance will have, known without launching it. */
#pragma once

#include "src/guest/launch.h"

/* Whether a root of this kind can be grown by it: no-xfs-tools if it certainly cannot. What cannot
 * be told beforehand is taken for good; the launched appliance is asked again. */
gboolean vd_appliance_check(VdGuest *guest, const VdGrowSpec *grow, GError **error);
