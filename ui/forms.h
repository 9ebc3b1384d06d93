/* The forms and the job window: dialogs made from the table of verbs. Loop thread only. */
#pragma once

#include "ui/app.h"

/* A form for the arguments of a verb, each field checked as it is left; `deploy` has one of its own
 * shape. It ends with vd_app_submit(). targets (may be NULL) and args (values already known, may be
 * NULL) are copied. Hand it to vd_app_push(). */
VdDialog *vd_form_new(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args);
/* These secrets were given once and are not kept: the form says that they are to be typed again. */
void vd_form_lacks(VdDialog *form, const char *const *secrets);
/* The steps of a job with bars, times, log, cancel; lives on while the job is in the deck's list.
 * Hand it to vd_app_push(). */
VdDialog *vd_job_window_new(VdApp *app, const char *job);
