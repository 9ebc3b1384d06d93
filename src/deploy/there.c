/* Asked twice: before the job is made, so that what is wrong is refused to the person who asks, and
 * by the job itself, since a host changes. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy.h"
#include "src/deploy/store.h"
#include "src/deploy/there.h"

static gboolean check_kind(VdConn *conn, const VdPlan *plan, const VdImage *image, GError **error)
{
    gboolean real = !image || plan->start || plan->reader || plan->whole || plan->elsewhere ||
                    plan->grow || plan->customise;

    if (!vd_conn_runs_machines(conn, real, error))
        return FALSE;
    /* An alias of libvirt's client configuration does not look like that. */
    return plan->elsewhere || vd_conn_is_local(conn) ||
           vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("This host is elsewhere, at %s: give it by that address."), vd_conn_uri(conn));
}

static gboolean check_size(VdConn *conn, const VdPlan *plan, const VdImage *image, GError **error)
{
    return vd_conn_memory_check(conn, plan->memory, error) &&
           vd_conn_cpus_check(conn, plan->cpus, image ? image->arch : NULL,
                              vd_conn_kvm_usable(conn, NULL), plan->overcommit, error);
}

static gboolean check_pool(VdConn *conn, const VdPlan *plan, const VdImage *image, GError **error)
{
    const char *name = plan->pool ? plan->pool : "default";
    g_autoptr(GError) why = NULL;
    VdPool pool = {0};
    gboolean ok = vd_conn_pool_look(conn, name, &pool, &why);

    if (ok)
        ok = vd_plan_check_pool(name, pool.kind, plan->raw, error) &&
             (!pool.active ||
              vd_plan_check_room(name, pool.available, plan->disk, plan->whole,
                                 image ? image->file_size : 0, plan->overcommit, error));
    else if (vd_error_code(why) == VD_ERR_NOT_FOUND && g_str_equal(name, "default"))
        ok = TRUE;
    else
        g_propagate_error(error, g_steal_pointer(&why));
    vd_pool_clear(&pool);
    return ok;
}

static gboolean check_network(VdConn *conn, const VdPlan *plan, GError **error)
{
    g_autofree char *kind = NULL;

    return vd_conn_network_look(conn, plan->network, &kind, error) &&
           (!plan->address || vd_conn_address_check(conn, plan->network, plan->address, error));
}

/* What is set up here is in the folder of its job, and those are together. */
static gboolean check_near(const VdPlan *plan, const VdImage *image, GError **error)
{
    g_autofree char *folder = vd_path_state();

    return !plan->near || !image ||
           vd_plan_check_near(plan, vd_image_allocated(image), vd_free_bytes(folder), folder,
                              error);
}

gboolean vd_check_there(VdConn *conn, const VdPlan *plan, const VdImage *image, GError **error)
{
    if (!check_kind(conn, plan, image, error))
        return FALSE;
    if (vd_conn_vm_exists(conn, plan->name))
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("A machine named %s is there already; choose another name."), plan->name);
    return check_size(conn, plan, image, error) && check_pool(conn, plan, image, error) &&
           check_network(conn, plan, error) && check_near(plan, image, error) &&
           (!image || !vd_image_needs_efi(image) || vd_conn_efi_check(conn, image->arch, error));
}

gboolean vd_suit_there(VdConn *conn, VdPlan *plan, const VdImage *image, GError **error)
{
    const char *name = plan->pool ? plan->pool : "default";
    VdPool pool = {0};
    /* What is wrong with a pool that cannot be had is told below. */
    gboolean known = vd_conn_pool_look(conn, name, &pool, NULL);
    gboolean ok = !known || vd_plan_suit_pool(plan, name, pool.kind, error);

    if (ok && known && (plan->rbd || vd_plan_pool_is_devices(pool.kind)) &&
        (plan->medium || plan->tree)) {
        plan->files_pool = vd_conn_pool_of_files(conn, error);
        ok = plan->files_pool != NULL;
    }

    vd_pool_clear(&pool);
    return ok && vd_check_there(conn, plan, image, error);
}

gboolean vd_suit_host(VdPlan *plan, const VdImage *image, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(plan->uri, NULL, NULL, error);

    return conn && vd_suit_there(conn, plan, image, error);
}
