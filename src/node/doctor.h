/* `vmdeck doctor`: what a host needs, one line each with what to do. */
#pragma once

#include "src/model/doc.h"

/* A table of (check, state: ok | note | bad, finding, advice). uri: the host to ask, NULL the
 * default. deep: launches the appliance (through the guest helper). Waits: not on the UI thread.
 * *ret_bad: how many are bad. */
VdDoc *vd_doctor_run(const char *uri, gboolean deep, int *ret_bad);
