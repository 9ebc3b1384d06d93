/* What the job window and its log share. Loop thread only. */
#pragma once

#include "ui/app.h"

/* The job with this id in the deck's list, or NULL. Borrowed until the next change. */
const VdJob *vd_job_find(VdApp *app, const char *id);
/* "8s", how long it will still take as far as anybody can tell; NULL: nobody can. The caller frees.
 */
char *vd_job_left_text(VdApp *app, const VdJob *job);
/* How much of it is done, 0 to 1. */
double vd_job_done(VdApp *app, const VdJob *job);
/* A job's log, which follows its end while the job runs. Hand it to vd_app_push(). */
VdDialog *vd_job_log_new(VdApp *app, const char *job);
