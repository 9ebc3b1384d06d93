/* What a storage pool can hold of a plan, and whether it has the room. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/plan.h"

#define OVERLAY_AT_MIN (256 * 1024 * 1024)
#define NEAR_AT_MIN    (64 * 1024 * 1024)

gboolean vd_plan_pool_is_devices(const char *kind)
{
    return g_strcmp0(kind, "logical") == 0;
}

gboolean vd_plan_check_pool(const char *pool, const char *kind, gboolean raw, GError **error)
{
    static const char *const folders[] = {"dir", "fs", "netfs", NULL};

    if (!kind || g_strv_contains(folders, kind) || g_str_equal(kind, "rbd"))
        return TRUE;
    if (!vd_plan_pool_is_devices(kind))
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The storage pool %s is of the kind %s; machines can be deployed to "
                         "folders, to volume groups of LVM and to RBD."),
                       pool, kind);
    return raw || vd_fail(error, VD_ERR_INVALID, NULL,
                          _("The storage pool %s is a volume group of LVM, whose disks are "
                            "devices; give --disk-format raw."),
                          pool);
}

const char *vd_plan_files_pool(const VdPlan *plan)
{
    return plan->files_pool ? plan->files_pool : plan->pool;
}

static gboolean suit_rbd(VdPlan *plan, const char *pool, GError **error)
{
    if (plan->whole_later)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The storage pool %s is one of RBD, whose disks are clones within ceph; "
                         "for one that stands on nothing give --whole, or have ceph make it so "
                         "later by `rbd flatten`."),
                       pool);
    if (!plan->raw && !plan->format_open)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The storage pool %s is one of RBD, whose disks are raw; leave "
                         "--disk-format out."),
                       pool);
    vd_plan_take_rbd(plan);
    return TRUE;
}

gboolean vd_plan_suit_pool(VdPlan *plan, const char *pool, const char *kind, GError **error)
{
    if (g_strcmp0(kind, "rbd") == 0)
        return suit_rbd(plan, pool, error);
    if (!plan->raw && plan->format_open && vd_plan_pool_is_devices(kind)) {
        if (plan->whole_later)
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("The storage pool %s is a volume group of LVM, where every disk is a "
                             "full copy from the beginning; leave --whole-later out."),
                           pool);
        vd_plan_take_raw(plan);
    }
    return vd_plan_check_pool(pool, kind, plan->raw, error);
}

gboolean vd_plan_check_room(const char *pool, guint64 available, guint64 disk, gboolean whole,
                            guint64 file_size, gboolean overcommit, GError **error)
{
    guint64 least = whole ? file_size : OVERLAY_AT_MIN;
    g_autofree char *there = vd_format_size(available);
    g_autofree char *wanted = vd_format_size(overcommit ? least : MAX(disk, least));

    if (available < least)
        return vd_fail(error, VD_ERR_NO_SPACE, NULL,
                       _("There are %s free on %s, and at least %s are needed."), there, pool,
                       wanted);
    if (!overcommit && available < disk)
        return vd_fail(error, VD_ERR_NO_SPACE, NULL,
                       _("There are %s free on %s, and the disk may grow to %s; choose a smaller "
                         "one, another pool, or --overcommit."),
                       there, pool, wanted);
    return TRUE;
}

gboolean vd_plan_check_near(const VdPlan *plan, guint64 bytes, guint64 available,
                            const char *folder, GError **error)
{
    guint64 least = plan->whole ? bytes : NEAR_AT_MIN;
    g_autofree char *there = vd_format_size(available);
    g_autofree char *wanted = vd_format_size(least);

    return !plan->near || available >= least ||
           vd_fail(error, VD_ERR_NO_SPACE, NULL,
                   _("The disk is set up here before it is sent, which takes at least %s, and "
                     "there are %s free in %s."),
                   wanted, there, folder);
}
