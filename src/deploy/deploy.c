/* Submitting a deployment: everything that needs no host is checked, passwords become hashes, and
 * the job is made while nobody else may take its name. The hashes and the first-boot script go into
 * the job's secrets file only. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/hash.h"
#include "src/deploy/plan.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

/* One hash into the secrets, if that password was given. */
static gboolean add_hash(JsonObject *secrets, const char *member, const VdArgs *args,
                         const char *arg, const VdImage *image, GError **error)
{
    const char *password = vd_args_get(args, arg);
    char *hash;

    if (!password)
        return TRUE;
    hash = vd_hash_password(password, vd_hash_prefix(image->distro, vd_image_major(image)), error);
    if (!hash)
        return FALSE;
    json_object_set_string_member(secrets, member, hash);
    vd_secret_free(hash);
    return TRUE;
}

static gboolean add_script(JsonObject *secrets, const VdArgs *args, const VdImage *image,
                           GError **error)
{
    const char *path = vd_args_get(args, "firstboot");
    gboolean converted = FALSE;
    char *script;

    if (!path || !*path)
        return TRUE;
    script = vd_script_take(path, image, &converted, error);
    if (!script)
        return FALSE;
    json_object_set_string_member(secrets, "script", script);
    if (converted)
        json_object_set_boolean_member(secrets, "converted", TRUE);
    vd_secret_free(script);
    return TRUE;
}

/* The secrets file's text, or NULL with a sentence. Free with vd_secret_free(). */
static char *make_secrets(const VdArgs *args, const VdImage *image, GError **error)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *secrets = json_object_new();

    json_node_take_object(node, secrets);
    if (!add_hash(secrets, "root", args, "password", image, error) ||
        !add_hash(secrets, "user", args, "user-password", image, error) ||
        !add_script(secrets, args, image, error))
        return NULL;
    return json_to_string(node, FALSE);
}

/* The steps of the plan's engine only. */
static void add_steps(VdJob *job, const VdPlan *plan)
{
    for (const VdStepSpec *step = vd_deploy_steps; step->id; step++) {
        gboolean offline = g_str_equal(step->id, "grow") || g_str_equal(step->id, "customise");
        gboolean seed = g_str_equal(step->id, "medium");

        if (g_str_equal(step->id, "whole") && !plan->whole_later)
            continue;
        if (plan->reader ? !offline : !seed)
            vd_job_add_step(job, step->id, step->label, step->weight);
    }
}

gboolean vd_deploy_start(VdJournal *journal, VdJob *job, const VdPlan *plan, const char *secrets,
                         GError **error)
{
    g_autofree char *spec = vd_plan_to_json(plan);
    int lock = vd_store_lock(error);
    gboolean ok;

    if (lock < 0)
        return FALSE;
    ok = vd_deploy_name_free(journal, job, error) &&
         (!plan->address || vd_deploy_address_free(journal, job, plan, error)) &&
         vd_jobs_start(journal, vd_deploy_kind(job->verb), job, spec, secrets, error);
    close(lock);
    return ok;
}

gboolean vd_deploy_submit(VdJournal *journal, const char *request, const char *author,
                          const char *host_id, const char *uri, const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(VdImage) image = NULL;
    g_autoptr(VdPlan) plan = NULL;
    g_autoptr(VdJob) job = NULL;
    char *secrets;
    gboolean ok;

    if (!vd_args_check(checked, vd_deploy_args, error))
        return FALSE;
    image = vd_image_find(vd_args_get(checked, "image"), error);
    if (!image)
        return FALSE;
    plan = vd_plan_new(checked, image, uri, request, error);
    if (!plan)
        return FALSE;
    job = vd_deploy_job_new(request, "deploy", author, plan->name);
    job->host = g_strdup(host_id);
    job->title = g_strdup_printf("deploy %s", plan->name);
    add_steps(job, plan);
    secrets = make_secrets(checked, image, error);
    if (!secrets)
        return FALSE;
    ok = vd_deploy_start(journal, job, plan, secrets, error);
    vd_secret_free(secrets);
    return ok;
}
