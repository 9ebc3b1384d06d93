/* `vmdeck doctor`: what a host needs, one line each with what to do. */
#pragma once

#include "src/model/doc.h"

/* A table of (check, state: ok | note | bad, finding, advice). uri: the host to ask, NULL the
 * default. deep: launches the appliance (through the guest helper). journal: why the journal can
 * not be written, NULL: it was, or there is none yet. Waits: not on the UI thread. *ret_bad: how
 * many are bad. */
VdDoc *vd_doctor_run(const char *uri, gboolean deep, const GError *journal, int *ret_bad);
