/* Submitting a deployment: everything that needs no host is checked, passwords become hashes, and
 * the job is made while nobody else may take its name. The hashes and the first-boot script go into
 * the job's secrets file only. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/hash.h"
#include "src/deploy/many.h"
#include "src/deploy/plan.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"
#include "src/deploy/there.h"
#include "src/model/names.h"
#include "src/virt/provision.h"

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
    guint mended = 0;
    char *script;

    if (!path || !*path)
        return TRUE;
    script = vd_script_take(path, image, &mended, error);
    if (!script)
        return FALSE;
    json_object_set_string_member(secrets, "script", script);
    if (mended)
        json_object_set_int_member(secrets, "mended", mended);
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
void vd_deploy_add_steps(VdJob *job, const VdPlan *plan)
{
    for (const VdStepSpec *step = vd_deploy_steps; step->id; step++) {
        gboolean offline = g_str_equal(step->id, "grow") || g_str_equal(step->id, "customise");
        gboolean seed = g_str_equal(step->id, "medium");

        if ((g_str_equal(step->id, "whole") && !plan->whole_later) ||
            (g_str_equal(step->id, "upload") &&
             ((!plan->elsewhere && !plan->rbd) || plan->whole)) ||
            (g_str_equal(step->id, "send") && !plan->near))
            continue;
        if (plan->reader ? offline : seed)
            continue;
        VdStep *added = vd_job_add_step(job, step->id, step->label, step->weight);
        /* No time is to be expected for what will not be. */
        if (!plan->start && g_str_equal(step->id, "boot"))
            added->state = VD_STEP_SKIPPED;
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

gboolean vd_deploy_start_named(VdJournal *journal, VdJob *job, const char *spec, gboolean image,
                               GError **error)
{
    int lock = vd_store_lock(error);
    gboolean ok;

    if (lock < 0)
        return FALSE;
    ok = vd_deploy_name_free(journal, job, error) &&
         (!image || vd_image_check_name(job->target, error)) &&
         vd_jobs_start(journal, vd_deploy_kind(job->verb), job, spec, NULL, error);
    close(lock);
    return ok;
}

/* ---- names ---- */

/* All of them, in their order, each once. Free with g_strfreev(). */
static char **all_names(const VdArgs *args, GError **error)
{
    g_auto(GStrv) given = vd_args_all(args, "name");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();

    for (gsize i = 0; given[i]; i++) {
        g_auto(GStrv) names = vd_names_expand(given[i], VD_NAMES_MOST, error);

        for (gsize j = 0; names && names[j]; j++) {
            if (!g_hash_table_add(seen, g_strdup(names[j]))) {
                vd_error_set(error, VD_ERR_INVALID, NULL, _("The name %s is given twice."),
                             names[j]);
                return NULL;
            }
            g_strv_builder_add(all, names[j]);
        }
        if (!names)
            return NULL;
    }
    if (g_hash_table_size(seen) <= VD_NAMES_MOST)
        return g_strv_builder_end(all);
    vd_error_set(error, VD_ERR_INVALID, NULL, _("At most %u machines are made at once, not %u."),
                 VD_NAMES_MOST, g_hash_table_size(seen));
    return NULL;
}

/* Words that would be the same for all of them. */
static gboolean check_words(const VdArgs *args, GError **error)
{
    const char *hostname = vd_args_get(args, "hostname");

    return !hostname || !*hostname ||
           vd_fail(error, VD_ERR_INVALID, NULL,
                   _("Several machines cannot have one hostname; leave it out, and each is called "
                     "as its name says."));
}

/* Whether what sets them up here is there. One plan stands for all: they differ by their names. */
static gboolean check_here(const VdPlan *plan, const VdImage *image, GError **error)
{
    return vd_guest_can(image, plan->grow && !plan->reader, plan->reader || plan->customise, error);
}

/* ---- one ---- */

static gboolean submit_one(VdJournal *journal, const char *request, const char *author,
                           const VdDeployHost *host, const VdArgs *args, const VdImage *image,
                           GError **error)
{
    g_autoptr(VdPlan) plan = vd_plan_new(args, image, host->uri, request, error);
    g_autoptr(VdJob) job = NULL;
    char *secrets;
    gboolean ok;

    if (!plan)
        return FALSE;
    if (!check_here(plan, image, error) || !vd_suit_host(plan, image, error))
        return FALSE;
    job = vd_deploy_job_new(request, "deploy", author, plan->name);
    job->host = g_strdup(host->id);
    job->title = g_strdup_printf("deploy %s", plan->name);
    vd_deploy_add_steps(job, plan);
    secrets = make_secrets(args, image, error);
    if (!secrets)
        return FALSE;
    ok = vd_deploy_start(journal, job, plan, secrets, error);
    vd_secret_free(secrets);
    return ok;
}

/* ---- several ---- */

typedef struct {
    const VdDeployHost *hosts;
    guint n_hosts;
    guint *places; /* of each machine's host */
    char **names, **ids;
    GPtrArray *plans;
} Several;

/* Each by itself, and the room for all of them. */
static gboolean check_host(const Several *several, guint place, const VdImage *image,
                           GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(several->hosts[place].uri, NULL, NULL, error);
    VdPlan *one = NULL;
    VdPool pool = {0};
    guint64 disks = 0;
    gboolean ok = conn != NULL;

    for (guint i = 0; ok && i < several->plans->len; i++) {
        if (several->places[i] != place)
            continue;
        one = g_ptr_array_index(several->plans, i);
        disks += one->disk;
        ok = vd_suit_there(conn, one, image, error);
    }
    /* A pool that is not there yet tells its room when the first job makes it. */
    if (ok && one && vd_conn_pool_look(conn, one->pool, &pool, NULL) && pool.active)
        ok = vd_plan_check_room(one->pool, pool.available, disks, one->whole, image->file_size,
                                one->overcommit, error);
    vd_pool_clear(&pool);
    return ok;
}

static gboolean check_hosts(const Several *several, const VdImage *image, GError **error)
{
    for (guint place = 0; place < several->n_hosts; place++) {
        gboolean used = FALSE;

        for (guint i = 0; i < several->plans->len; i++)
            used = used || several->places[i] == place;
        if (used && !check_host(several, place, image, error))
            return FALSE;
    }
    return TRUE;
}

/* A plan for each name. */
static gboolean make_plans(Several *several, const char *request, const VdArgs *args,
                           const VdImage *image, GError **error)
{
    const char *address = vd_args_get(args, "address");

    for (guint i = 0; several->names[i]; i++) {
        const VdDeployHost *host = &several->hosts[several->places[i]];
        g_autoptr(VdArgs) own = vd_args_copy(args);
        g_autofree char *counted = NULL;
        VdPlan *plan;

        vd_args_set(own, "name", several->names[i]);
        if (address && *address) {
            counted = vd_address_count(address, i, error);
            if (!counted)
                return FALSE;
            vd_args_set(own, "address", counted);
        }
        plan = vd_plan_new(own, image, host->uri, several->ids[i], error);
        if (!plan)
            return FALSE;
        plan->parent = g_strdup(request);
        g_ptr_array_add(several->plans, plan);
    }
    return TRUE;
}

static gboolean start_several(VdJournal *journal, const char *request, const char *author,
                              const Several *several, const VdArgs *args, const VdImage *image,
                              GError **error)
{
    g_auto(GStrv) given = vd_args_all(args, "name");
    g_autofree char *label = g_strjoinv(" ", given);
    g_autofree char **hosts = g_new0(char *, several->plans->len + 1);
    char *secrets = make_secrets(args, image, error);
    VdMany many = {.plans = several->plans,
                   .ids = several->ids,
                   .hosts = hosts,
                   .label = label,
                   .secrets = secrets,
                   .parallel = (int)vd_args_int(args, "parallel", VD_PARALLEL)};
    gboolean ok;

    if (!secrets)
        return FALSE;
    for (guint i = 0; i < several->plans->len; i++)
        hosts[i] = (char *)several->hosts[several->places[i]].id;
    ok = vd_many_start(journal, request, author, &many, error);
    vd_secret_free(secrets);
    return ok;
}

static char **make_ids(guint n)
{
    char **ids = g_new0(char *, n + 1);

    for (guint i = 0; i < n; i++)
        ids[i] = vd_request_id_new();
    return ids;
}

static gboolean submit_several(VdJournal *journal, const char *request, const char *author,
                               Several *several, const VdArgs *args, const VdImage *image,
                               GError **error)
{
    gboolean ok;

    several->ids = make_ids(g_strv_length(several->names));
    several->plans = g_ptr_array_new_with_free_func((GDestroyNotify)vd_plan_free);
    ok = make_plans(several, request, args, image, error) &&
         check_here(g_ptr_array_index(several->plans, 0), image, error) &&
         check_hosts(several, image, error) &&
         start_several(journal, request, author, several, args, image, error);
    g_ptr_array_unref(several->plans);
    g_strfreev(several->ids);
    return ok;
}

gboolean vd_deploy_submit(VdJournal *journal, const char *request, const char *author,
                          const VdDeployHost *hosts, guint n_hosts, gboolean needs_all,
                          const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(VdImage) image = NULL;
    g_auto(GStrv) names = NULL;
    g_autofree guint *places = NULL;
    guint n;

    if (!vd_args_check(checked, vd_deploy_args, error))
        return FALSE;
    names = all_names(checked, error);
    image = names ? vd_image_find(vd_args_get(checked, "image"), error) : NULL;
    n = names ? g_strv_length(names) : 0;
    if (!image || !vd_image_check_file(image, error) || (n > 1 && !check_words(checked, error)))
        return FALSE;
    places = n_hosts < 2
                 ? g_new0(guint, n)
                 : vd_spread(hosts, n_hosts, needs_all, n, vd_args_get(checked, "pool"),
                             vd_args_size(checked, "memory", 0), vd_plan_disk_size(checked, image),
                             vd_args_flag(checked, "overcommit"), error);
    if (!places)
        return FALSE;
    if (n == 1) {
        vd_args_set(checked, "name", names[0]);
        return submit_one(journal, request, author, &hosts[places[0]], checked, image, error);
    }
    Several several = {.hosts = hosts, .n_hosts = n_hosts, .places = places, .names = names};
    return submit_several(journal, request, author, &several, checked, image, error);
}
