/* What the files of the deploy room share. */
#pragma once

#include "src/deploy/deploy.h"
#include "src/deploy/plan.h"

extern const VdStepSpec vd_image_add_steps[];
extern const VdUndoSpec vd_image_add_undos[];
extern const VdStepSpec vd_image_prepare_steps[];
extern const VdStepSpec vd_whole_steps[];
extern const VdUndoSpec vd_whole_undos[];
extern const VdStepSpec vd_image_fetch_steps[];
extern const VdStepSpec vd_image_refresh_steps[];
extern const VdStepSpec vd_image_make_steps[];
extern const VdStepSpec vd_image_publish_steps[];
extern const VdStepSpec vd_image_export_steps[];
/* "a, b, c, d, e and 3 more"; NULL: nobody. The caller frees. */
char *vd_users_text(char *const *users);
/* Ends the copying of a running machine's disk; argument: its UUID. */
gboolean vd_image_undo_backup(VdRun *run, const char *argument, GError **error);
extern const VdUndoSpec vd_image_no_undos[];
extern const VdStepSpec vd_deploy_steps[];
extern const VdUndoSpec vd_deploy_undos[];
extern const VdAgain vd_deploy_again[];

/* The kind of job of a verb of this room. */
const VdJobKind *vd_deploy_kind(const char *verb);
/* A job of this room with its steps, still without a title. */
VdJob *vd_deploy_job_new(const char *request, const char *verb, const char *author,
                         const char *target);
/* Whether no other job that has not ended works on the same name (on the same host, for machines).
 * To be asked, and the job to be made, under vd_store_lock(). */
gboolean vd_deploy_name_free(VdJournal *journal, const VdJob *job, GError **error);
/* Makes a job that works on the name it has as target, and starts its runner, while nobody else may
 * take that name. image: the name must be free among the images as well. */
gboolean vd_deploy_start_named(VdJournal *journal, VdJob *job, const char *spec, gboolean image,
                               GError **error);
/* Whether no other job that has not ended gives its machine this static address on this network of
 * this host. Under the same lock. */
gboolean vd_deploy_address_free(VdJournal *journal, const VdJob *job, const VdPlan *plan,
                                GError **error);
/* The steps that a plan comes to. */
void vd_deploy_add_steps(VdJob *job, const VdPlan *plan);
/* Makes the job of a machine and starts its runner, while nobody else may take its name or its
 * address. secrets may be NULL. */
gboolean vd_deploy_start(VdJournal *journal, VdJob *job, const VdPlan *plan, const char *secrets,
                         GError **error);
