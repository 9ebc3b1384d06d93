/* The seed engine's own step: the medium is made by the guest helper in the job's folder, which
 * nobody else can read, and becomes a volume of the host by libvirt's stream, so that it is the
 * same for a host elsewhere. Only hashes are in it, and it is taken away when the first boot is
 * done. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/steps.h"

static gboolean make_medium(VdRun *run, const VdPlan *plan, const char *file, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(plan->image, error);
    g_autoptr(JsonNode) hidden = NULL;
    g_autoptr(JsonNode) result = NULL;
    JsonNode *request;

    if (!image || !vd_step_secrets(run, plan, &hidden, error))
        return FALSE;
    request = vd_plan_seed_request(plan, vd_run_id(run), file,
                                   plan->table ? vd_run_get(run, "disk") : NULL, image->layout,
                                   hidden ? json_node_get_object(hidden) : NULL);
    result = vd_guest_run(run, request, NULL, NULL, NULL, error);
    return result != NULL;
}

static gboolean hand_over(VdRun *run, const VdPlan *plan, const char *file, GError **error)
{
    g_autoptr(VdConn) conn = vd_step_conn(run, plan, error);
    g_autofree char *path = NULL;

    if (!conn || !vd_run_undo(run, "volume", plan->medium, error) ||
        !vd_conn_volume_upload(conn, vd_plan_files_pool(plan), plan->medium, file, NULL, NULL,
                               vd_run_cancellable(run), &path, error) ||
        !vd_step_settle(plan, path, error))
        return FALSE;
    vd_run_set(run, "medium", path);
    return TRUE;
}

gboolean vd_step_medium(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autofree char *file = g_build_filename(vd_run_folder(run), "seed.iso", NULL);
    g_autofree char *text = NULL, *what = NULL;
    gboolean ok;

    if (!plan)
        return FALSE;
    vd_secret_unlink(file); /* of a run that was cut short */
    ok = make_medium(run, plan, file, error) && hand_over(run, plan, file, error);
    vd_secret_unlink(file);
    if (!ok)
        return FALSE;
    what = vd_step_describe(plan);
    text = vd_said_quote(vd_said(N_("for %s: %s"), plan->reader, what), what, what);
    vd_run_said(run, text);
    return TRUE;
}
