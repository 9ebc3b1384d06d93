/* The part of vd_generalise() that takes a machine's network out of it. */
#pragma once

#include "src/guest/files.h"
#include "src/guest/layout.h"

/* On the mounted guest. *ret_changed: so many files were removed, brought back or changed. */
gboolean vd_generalise_network(VdFiles *files, const VdLayout *layout, guint *ret_changed,
                               GError **error);
