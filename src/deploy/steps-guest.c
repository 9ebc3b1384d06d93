/* Growing and customising: two steps for people, one launch of the appliance for the machine. What
 * the helper says it is at decides which of the two steps runs; the launch belongs to the first
 * that is wanted. */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/steps.h"

static void on_step(VdRun *run, const char *step, const char *text, gpointer data)
{
    const VdPlan *plan = data;

    if (g_str_equal(step, "customise") && plan->customise)
        vd_run_next_step(run, "customise");
    if (g_str_equal(step, "appliance"))
        vd_run_text(run, _("starting the appliance"));
    else if (!g_str_equal(step, "close") && text)
        vd_run_said(run, text);
    vd_run_progress(run, g_str_equal(step, "appliance") ? 0 : -1);
}

char *vd_step_describe(const VdPlan *plan)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    guint n = g_strv_length(plan->keys);

    if (plan->password)
        g_ptr_array_add(words, vd_said_one(N_("root's password"), NULL));
    if (plan->locked)
        g_ptr_array_add(words, vd_said_one(N_("root locked"), NULL));
    if (plan->user)
        g_ptr_array_add(words, vd_said(N_("user %s"), plan->user));
    if (n > 0)
        g_ptr_array_add(words, vd_said_n("%u key", "%u keys", n, n));
    g_ptr_array_add(words, vd_said(N_("hostname %s"), plan->hostname));
    if (plan->timezone)
        g_ptr_array_add(words, vd_said("%s", plan->timezone));
    g_ptr_array_add(words, vd_said("%s", plan->address ? plan->address : "DHCP"));
    if (plan->script)
        g_ptr_array_add(words, vd_said_one(N_("first-boot script"), NULL));
    g_ptr_array_add(words, NULL);
    return g_strjoinv(", ", (char **)words->pdata);
}

static void tell_result(VdRun *run, const VdPlan *plan, JsonNode *result)
{
    JsonObject *object = json_node_get_object(result);
    gint64 root = json_object_get_int_member_with_default(object, "root_bytes", 0);
    g_autofree char *size = vd_format_size(root > 0 ? (guint64)root : 0);
    g_autofree char *text = vd_step_describe(plan);

    vd_run_log(run, "root file system: %s", size);
    if (plan->customise)
        vd_run_said(run, text);
    if (json_object_get_boolean_member_with_default(object, "relabel", FALSE))
        vd_run_log(run, "SELinux: the guest labels its files anew at the first boot");
}

/* The appliance's QEMU leaves its writes to the kernel; they must be on the disk before the machine
 * is said to be made. */
gboolean vd_step_sync(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    vd_file_sync_folder(path);
    return ok || vd_fail(error, VD_ERR_FAILED, NULL, _("The disk %s cannot be written."), path);
}

gboolean vd_step_settle(const VdPlan *plan, const char *path, GError **error)
{
    return plan->elsewhere || access(path, F_OK) < 0 || vd_step_sync(path, error);
}

gboolean vd_step_secrets(VdRun *run, const VdPlan *plan, JsonNode **ret, GError **error)
{
    char *secrets = vd_run_secrets(run, NULL);
    JsonNode *hidden = secrets ? json_from_string(secrets, NULL) : NULL;

    vd_secret_free(secrets);
    if (hidden && !JSON_NODE_HOLDS_OBJECT(hidden))
        g_clear_pointer(&hidden, json_node_unref);
    *ret = hidden;
    if ((plan->password || plan->user_password || plan->script) && !hidden)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The passwords and scripts of this job are gone; deploy again."));
    if (hidden && json_object_has_member(json_node_get_object(hidden), "mended"))
        vd_run_log(run, "the first-boot script had CR LF line ends or a byte order mark; they are "
                        "gone");
    return TRUE;
}

static gboolean prepare(VdRun *run, VdPlan *plan, const VdImage *image, GError **error)
{
    g_autoptr(JsonNode) hidden = NULL;
    g_autoptr(JsonNode) result = NULL;
    JsonObject *object;
    JsonNode *request;

    if (!vd_step_secrets(run, plan, &hidden, error))
        return FALSE;
    object = hidden ? json_node_get_object(hidden) : NULL;
    request = vd_plan_prepare_request(plan, vd_run_id(run), vd_run_get(run, "disk"), image->layout,
                                      g_strcmp0(vd_run_get(run, "kvm"), "yes") != 0, object,
                                      vd_run_id(run));
    result = vd_guest_run(run, request, on_step, plan, NULL, error);
    if (!result)
        return FALSE;
    tell_result(run, plan, result);
    return vd_step_sync(vd_run_get(run, "disk"), error);
}

gboolean vd_step_guest(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdImage) image = NULL;

    if (!plan)
        return FALSE;
    if (!plan->grow)
        vd_run_skip_step(run, "grow", plan->why_no_grow);
    if (!plan->customise)
        vd_run_skip_step(run, "customise", _("not wanted"));
    if (!plan->grow && !plan->customise)
        return TRUE;
    if (!plan->grow)
        vd_run_next_step(run, "customise");
    image = vd_image_find(plan->image, error);
    return image && prepare(run, plan, image, error);
}
