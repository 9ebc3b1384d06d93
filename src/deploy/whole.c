/* `whole`: a machine that was deployed as an overlay becomes independent of its image while it
 * runs. A job of its own, so that stopping it never takes the machine back; a deployment starts one
 * at its end if it is asked to. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/spec.h"
#include "src/deploy/steps.h"

gboolean vd_whole_submit(VdJournal *journal, const char *request, const char *author,
                         const char *host_id, const char *uri, const char *uuid, const char *name,
                         GError **error)
{
    g_autoptr(VdJob) job = vd_deploy_job_new(request, "vm.whole", author, name);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *spec = NULL;

    job->host = g_strdup(host_id);
    job->title = g_strdup_printf("whole %s", name);
    json_builder_begin_object(builder);
    vd_json_text(builder, "uri", uri);
    vd_json_text(builder, "uuid", uuid);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    spec = json_to_string(root, FALSE);
    return vd_deploy_name_free(journal, job, error) &&
           vd_jobs_start(journal, vd_deploy_kind("vm.whole"), job, spec, NULL, error);
}

static void on_progress(guint64 done, guint64 all, gpointer data)
{
    g_autofree char *text = vd_format_size(done);
    g_autofree char *of = vd_format_size(all);

    vd_run_text(data, _("%s of %s"), text, of);
    vd_run_progress(data, all > 0 ? (double)done / (double)all : -1);
}

static gboolean step_pull(VdRun *run, GError **error)
{
    g_autofree char *uri = vd_spec_text(run, "uri");
    g_autofree char *uuid = vd_spec_text(run, "uuid");
    g_autoptr(VdConn) conn = vd_conn_open(uri, vd_run_id(run), vd_run_cancellable(run), error);
    guint disks = 0;

    if (!conn ||
        !vd_conn_vm_pull(conn, uuid, on_progress, run, vd_run_cancellable(run), &disks, error))
        return FALSE;
    if (disks == 0)
        vd_run_text(run, _("its disks stand on no other file"));
    else
        vd_run_text_n(run, "%u disk stands on its own now", "%u disks stand on their own now",
                      disks, disks);
    return TRUE;
}

const VdStepSpec vd_whole_steps[] = {
    {"pull", N_("make the disks whole"), 60, step_pull},
    {NULL, NULL, 0, NULL},
};

/* Nothing is to be undone: a disk that is half pulled is as good as before. */
const VdUndoSpec vd_whole_undos[] = {{NULL, NULL, NULL, FALSE}};

gboolean vd_step_whole(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autofree char *path = vd_path_journal();
    g_autofree char *request = vd_request_id_new();
    g_autoptr(VdJournal) journal = NULL;
    g_autoptr(GError) why = NULL;

    if (!plan)
        return FALSE;
    journal = vd_journal_open(path, &why);
    if (journal && vd_whole_submit(journal, request, vd_run_author(run), vd_run_host(run),
                                   plan->uri, plan->uuid, plan->name, &why)) {
        vd_run_text(run, _("goes on as job %s"), request);
        return TRUE;
    }
    /* The machine is there and works: this is no reason to take it away. */
    vd_run_log(run, "whole: %s", why->message);
    vd_run_said(run, vd_error_written(why));
    return TRUE;
}
