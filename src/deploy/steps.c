/* The steps of a deployment on the host: check, define, start; and taking back. Whatever a step
 * makes is in the journal before it is made, under a name that only this job uses. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/patience.h"
#include "src/base/text.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/medium.h"
#include "src/deploy/rbd.h"
#include "src/deploy/spec.h"
#include "src/deploy/steps.h"
#include "src/deploy/store.h"
#include "src/deploy/there.h"

#define RESTART_MS  30000
#define RETRY_USEC  (G_USEC_PER_SEC / 2)
#define START_TRIES 3

VdPlan *vd_step_plan(VdRun *run, GError **error)
{
    return vd_plan_from_json(vd_run_spec(run), error);
}

VdConn *vd_step_conn(VdRun *run, const VdPlan *plan, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)vd_patience_ms(RESTART_MS) * 1000;

    for (;;) {
        g_autoptr(GError) why = NULL;
        VdConn *conn = vd_conn_open(plan->uri, vd_run_id(run), vd_run_cancellable(run), &why);

        if (conn)
            return conn;
        if (vd_error_code(why) != VD_ERR_UNREACHABLE || g_get_monotonic_time() > deadline ||
            g_cancellable_is_cancelled(vd_run_cancellable(run))) {
            g_propagate_error(error, g_steal_pointer(&why));
            return NULL;
        }
        g_usleep(RETRY_USEC);
    }
}

/* The connection broke while it was started: another one, to look what became of it. */
static gboolean reconnect(VdRun *run, const VdPlan *plan, VdConn **conn, GError **error)
{
    g_autoptr(GError) why = NULL;
    VdConn *fresh = vd_step_conn(run, plan, &why);

    if (!fresh) {
        vd_error_set(error, vd_error_code(why), vd_error_detail(why),
                     _("The connection to the host broke while the machine %s was being started, "
                       "and it cannot be had again: %s"),
                     plan->name, why->message);
        vd_error_quote(error, why);
        return FALSE;
    }
    vd_run_log(run, "the host's daemon was restarted while the machine was being started");
    vd_run_set(run, "restarted", "yes");
    vd_conn_close(*conn);
    *conn = fresh;
    return TRUE;
}

gboolean vd_step_run(VdRun *run, const VdPlan *plan, VdConn **conn, GError **error)
{
    for (int tries = 1;; tries++) {
        g_autoptr(GError) why = NULL;
        gboolean may_run = tries > 1 || vd_run_resumed(run);

        if ((may_run && vd_conn_vm_running(*conn, plan->uuid)) ||
            vd_conn_vm_start(*conn, plan->uuid, &why))
            return TRUE;
        if (tries == START_TRIES || vd_conn_is_alive(*conn) ||
            g_cancellable_is_cancelled(vd_run_cancellable(run))) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        if (!reconnect(run, plan, conn, error))
            return FALSE;
    }
}

/* ---- check ---- */

static gboolean check_image(const VdPlan *plan, VdImage **ret_image, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(plan->image, error);

    if (!image)
        return FALSE;
    if (g_strcmp0(image->sha256, plan->sha256) != 0)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The image %s was replaced by another one meanwhile; deploy again."),
                       plan->image);
    if (!vd_image_check_file(image, error))
        return FALSE;
    *ret_image = g_steal_pointer(&image);
    return TRUE;
}

gboolean vd_step_check_host(VdRun *run, const VdPlan *plan, VdConn *conn, const VdImage *image,
                            GError **error)
{
    g_autofree char *kind = NULL, *why = NULL, *note = NULL;
    VdPool pool = {0};
    gboolean ok, kvm;

    kvm = vd_conn_kvm_usable(conn, &why);
    ok = vd_check_there(conn, plan, image, error) &&
         vd_conn_pool_ensure(conn, plan->pool, &pool, error) &&
         vd_plan_check_pool(plan->pool, pool.kind, plan->raw, error) &&
         vd_plan_check_room(plan->pool, pool.available, plan->disk, plan->whole,
                            image ? image->file_size : 0, plan->overcommit, error) &&
         (!plan->rbd || !image || vd_rbd_check(run, plan, conn, error)) &&
         vd_conn_network_ensure(conn, plan->network, &kind, error);
    vd_pool_clear(&pool);
    if (ok && plan->files_pool) {
        ok = vd_conn_pool_ensure(conn, plan->files_pool, &pool, error);
        vd_pool_clear(&pool);
    }
    if (!ok)
        return FALSE;
    vd_run_set(run, "network", kind);
    vd_run_set(run, "kvm", "yes");
    if (kvm)
        return TRUE;
    vd_run_set(run, "kvm", "no");
    vd_run_log(run, "%s", why ? why : "no KVM");
    vd_run_set(run, "note", _("no KVM: emulated, slow"));
    vd_run_note(run, vd_run_get(run, "note"));
    return TRUE;
}

gboolean vd_step_check(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = NULL;
    g_autoptr(VdImage) image = NULL;

    if (!plan || !check_image(plan, &image, error))
        return FALSE;
    /* Before anything is made there is no reason to wait for a host. */
    conn = vd_conn_open(plan->uri, vd_run_id(run), vd_run_cancellable(run), error);
    if (!conn || !vd_step_check_host(run, plan, conn, image, error) ||
        !vd_guest_can(image, plan->grow && !plan->reader, plan->reader || plan->customise, error))
        return FALSE;
    vd_run_text(run, _("image, name, room on %s, network %s"), plan->pool, plan->network);
    return TRUE;
}

/* ---- define and start ---- */

static gboolean define(VdRun *run, const VdPlan *plan, VdConn *conn, const VdImage *image,
                       GError **error)
{
    VdVmPlan vm = {
        .name = plan->name,
        .uuid = plan->uuid,
        .title = plan->title,
        .disk = vd_run_get(run, "disk"),
        .disk_format = vd_plan_format(plan),
        .seed = vd_run_get(run, "medium"),
        .kernel = plan->tree ? vd_run_get(run, "kernel") : NULL,
        .initrd = vd_run_get(run, "initrd"),
        .kernel_line = plan->kernel_line,
        .cdrom = plan->cdrom && plan->elsewhere ? vd_run_get(run, "cdrom") : plan->cdrom,
        .network_kind = vd_run_get(run, "network"),
        .network = plan->network,
        .mac = plan->mac,
        .vcpus = plan->cpus,
        .memory = plan->memory,
        .kvm = g_strcmp0(vd_run_get(run, "kvm"), "yes") == 0,
        .arch = image ? image->arch : NULL,
        .efi = image && vd_image_needs_efi(image),
        .request = vd_run_id(run),
        .image = plan->image,
        .system = image ? image->system : plan->system,
        .author = vd_run_author(run),
        .address = plan->address,
    };
    g_autofree char *uuid = NULL, *base = NULL;
    g_autofree char *memory = vd_format_size(plan->memory);
    g_autofree char *machine = g_strdup_printf("%s %s", plan->name, plan->uuid);

    VdRbd rbd = {0};
    gboolean ok = !plan->rbd || vd_conn_rbd_look(conn, plan->pool, FALSE, &rbd, error);

    if (plan->rbd && ok) {
        vm.rbd = &rbd;
        if (!plan->whole && vd_run_get(run, "base"))
            vm.base = base = g_strdup_printf("%s/%s", rbd.pool, vd_run_get(run, "base"));
    }
    ok = ok && vd_run_undo(run, "machine", machine, error) &&
         vd_conn_vm_define(conn, &vm, &uuid, error);
    vd_rbd_clear(&rbd);
    if (!ok)
        return FALSE;
    if (vm.kvm)
        vd_run_text_n(run, "%u CPU, %s, KVM", "%u CPUs, %s, KVM", plan->cpus, plan->cpus, memory);
    else
        vd_run_text_n(run, "%u CPU, %s, emulated", "%u CPUs, %s, emulated", plan->cpus, plan->cpus,
                      memory);
    if (plan->autostart)
        return vd_conn_vm_autostart(conn, uuid, error);
    return TRUE;
}

gboolean vd_step_define(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = plan ? vd_step_conn(run, plan, error) : NULL;
    g_autoptr(VdImage) image = NULL;

    if (!conn)
        return FALSE;
    /* Again: it may have been replaced since. */
    if (plan->cdrom && !plan->elsewhere && !vd_medium_look(plan->cdrom, NULL, error))
        return FALSE;
    image = plan->image ? vd_image_find(plan->image, NULL) : NULL;
    return define(run, plan, conn, image, error);
}

gboolean vd_step_start(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = NULL;

    if (!plan)
        return FALSE;
    if (!plan->start) {
        vd_run_skip_step(run, "start", _("not wanted"));
        vd_run_skip_step(run, "boot", _("it was not started"));
        return TRUE;
    }
    conn = vd_step_conn(run, plan, error);
    if (conn && vd_step_run(run, plan, &conn, error)) {
        vd_run_set(run, "started", "yes");
        return TRUE;
    }
    /* It has run before: it is somebody's. */
    if (vd_run_get(run, "started") && !g_cancellable_is_cancelled(vd_run_cancellable(run)))
        vd_run_keep(run);
    return FALSE;
}

/* ---- taking back ---- */

/* argument: its name, for people, and its UUID, which nobody else has. */
static gboolean undo_machine(VdRun *run, const char *argument, GError **error)
{
    const char *space = strrchr(argument, ' ');
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = plan ? vd_step_conn(run, plan, error) : NULL;

    return conn && vd_conn_vm_remove(conn, space ? space + 1 : argument, error);
}

/* argument: its name, which holds the request's id. */
static gboolean undo_volume(VdRun *run, const char *argument, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = plan ? vd_step_conn(run, plan, error) : NULL;

    return conn && vd_conn_volume_delete(conn, plan->pool, argument, error) &&
           (!plan->files_pool || vd_conn_volume_delete(conn, plan->files_pool, argument, error));
}

const VdStepSpec vd_deploy_steps[] = {
    {"check", N_("check"), 1, vd_step_check},
    {"upload", N_("send the image"), 10, vd_step_upload},
    {"disk", N_("disk"), 1, vd_step_disk},
    {"medium", N_("seed medium"), 1, vd_step_medium},
    {"grow", N_("grow the disk"), 20, vd_step_guest},
    {"customise", N_("customise"), 4, NULL},
    {"send", N_("send the disk"), 2, vd_step_send},
    {"define", N_("define"), 1, vd_step_define},
    {"start", N_("start"), 1, vd_step_start},
    {"boot", N_("first boot"), 45, vd_step_boot},
    {"whole", N_("make the disk whole"), 1, vd_step_whole},
    {NULL, NULL, 0, NULL},
};

/* A disk that has begun to be changed is made anew. A machine that was booting when its host
 * went down is started again. */
const VdAgain vd_deploy_again[] = {
    {"medium", "disk", NULL}, {"grow", "disk", NULL}, {"customise", "disk", NULL},
    {"boot", "start", NULL},  {NULL, NULL, NULL},
};

/* argument: its path, in the job's folder. */
static gboolean undo_file(VdRun *run, const char *argument, GError **error)
{
    (void)error;
    if (g_str_has_prefix(argument, vd_run_folder(run)))
        vd_secret_unlink(argument);
    return TRUE;
}

const VdUndoSpec vd_deploy_undos[] = {
    {N_("upload"), N_("no half of %s left"), vd_step_undo_upload, FALSE},
    {N_("file"), N_("%s removed"), undo_file, FALSE},
    {N_("volume"), N_("disk %s removed"), undo_volume, FALSE},
    {N_("machine"), N_("machine %s removed"), undo_machine, TRUE},
    {NULL, NULL, NULL, FALSE},
};
