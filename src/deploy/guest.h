/* Running the guest helper as a child of a job (doc/guest-protocol.md). Inside the deploy room. */
#pragma once

#include <json-glib/json-glib.h>

#include "src/jobs/runner.h"
#include "src/model/image.h"

/* "appliance", "grow", "customise", "inspect", "close" begins, with its text as it is
 * written down (base/said.h). */
typedef void (*VdGuestStep)(VdRun *run, const char *step, const char *text, gpointer data);

/* Sends request (a JSON object, taken over; it may hold password hashes and is wiped after) to
 * `vmdeck-guest`, shows progress in the running step and returns the result. NULL with the helper's
 * own sentence if it fails; ret_code (may be NULL) then gets its code word such as "no-os", to be
 * freed. step may be NULL. */
JsonNode *vd_guest_run(VdRun *run, JsonNode *request, VdGuestStep step, gpointer data,
                       char **ret_code, GError **error);
/* What is known before there is a job: whether the helper is there, and whether the appliance that
 * it launches has what the file system of the image's root needs to be grown (grow). customise: the
 * helper is wanted for something else. FALSE with a sentence. May wait: it asks the helper, which
 * launches nothing for that. */
gboolean vd_guest_can(const VdImage *image, gboolean grow, gboolean customise, GError **error);
/* Whether the helper is there. */
gboolean vd_guest_there(GError **error);
/* Whether the helper should not even try KVM. */
gboolean vd_guest_tcg(void);
