/* The disk of a deployment: an overlay that stands on the image, or a copy of its own. The image
 * store is locked while an overlay is made, so that the image cannot be removed between the look
 * and the making. A copy has the image's bytes, shared where the file system can; what
 * becomes another format, or goes to a device, is made by qemu-img, a child that can be killed. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/rbd.h"
#include "src/deploy/spec.h"
#include "src/deploy/steps.h"
#include "src/deploy/store.h"

static VdImage *find_image(const VdPlan *plan, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(plan->image, error);

    if (image && g_strcmp0(image->sha256, plan->sha256) != 0) {
        vd_error_set(error, VD_ERR_FAILED, NULL,
                     _("The image %s was replaced by another one meanwhile; deploy again."),
                     plan->image);
        return NULL;
    }
    return g_steal_pointer(&image);
}

static gboolean make_overlay(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    g_autoptr(VdImage) image = NULL;
    g_autofree char *path = NULL;
    g_autofree char *size = vd_format_size(plan->disk);
    int lock = vd_store_lock(error);
    gboolean ok;

    if (lock < 0)
        return FALSE;
    image = find_image(plan, error);
    ok = image && vd_store_note_host(image, vd_conn_uri(conn), error) &&
         vd_conn_volume_overlay(conn, plan->pool, plan->volume, image->path, image->format,
                                plan->disk, &path, error);
    close(lock);
    if (!ok || !vd_step_settle(plan, path, error))
        return FALSE;
    vd_run_set(run, "disk", path);
    vd_run_text(run, _("overlay on %s at %s"), plan->image, size);
    return TRUE;
}

/* On the image's volume over there. */
static gboolean make_overlay_there(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *size = vd_format_size(plan->disk);

    if (!vd_conn_volume_overlay(conn, plan->pool, plan->volume, vd_run_get(run, "base"),
                                plan->image_format, plan->disk, &path, error))
        return FALSE;
    vd_run_set(run, "disk", path);
    vd_run_text(run, _("overlay on %s at %s"), plan->image, size);
    return TRUE;
}

/* In the job's folder, which nobody else can read: it goes over when it is set up. */
static gboolean make_near(VdRun *run, const VdPlan *plan, GError **error)
{
    g_autoptr(VdImage) image = find_image(plan, error);
    g_autofree char *disk = g_build_filename(vd_run_folder(run), "disk.qcow2", NULL);
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, plan->disk);
    g_autofree char *size = vd_format_size(plan->disk);

    if (!image || !vd_run_undo(run, "file", disk, error))
        return FALSE;
    const char *const words[] = {"create", "-q",          "-f", "qcow2", "-b",  image->path,
                                 "-F",     image->format, "--", disk,    bytes, NULL};
    if (!vd_spec_qemu_img(run, words, NULL, error) || !vd_step_sync(disk, error))
        return FALSE;
    vd_run_set(run, "near", disk);
    vd_run_set(run, "disk", disk);
    vd_run_text(run, _("overlay on %s at %s, made here"), plan->image, size);
    return TRUE;
}

static void on_copied(double fraction, gpointer data)
{
    vd_run_progress(data, fraction);
    vd_run_point(data, "part");
}

/* The image's own bytes: its blocks are shared where the file system can. */
static gboolean copy_bytes(VdRun *run, const VdImage *image, const char *path, GError **error)
{
    int from = open(image->path, O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    VdCopy copy = {0};
    gboolean ok = FALSE;

    if (from < 0 || to < 0)
        vd_error_set(error, VD_ERR_FAILED, NULL, "%s: %s.", from < 0 ? image->path : path,
                     g_strerror(errno));
    else
        ok = vd_copy_sparse(from, image->path, to, path, on_copied, run, vd_run_cancellable(run),
                            &copy, error);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (copy.reflink)
        vd_run_log(run, "the file system shares the image's blocks");
    vd_copy_clear(&copy);
    return ok;
}

/* data: the share of it in the step's progress. */
static void on_convert(VdRun *run, const char *line, gpointer data)
{
    const double *share = data;
    double fraction;

    if (vd_spec_qemu_fraction(line, &fraction))
        vd_run_progress(run, *share * fraction);
}

typedef struct {
    VdRun *run;
    double from; /* of the step's progress */
} Clearing;

static void on_cleared(double fraction, gpointer data)
{
    const Clearing *clearing = data;

    vd_run_progress(clearing->run, clearing->from + (1 - clearing->from) * fraction);
    vd_run_point(clearing->run, "clear");
}

gboolean vd_step_clear(VdRun *run, const char *path, guint64 from, double share, GError **error)
{
    Clearing clearing = {run, share};

    return vd_device_clear(path, from, on_cleared, &clearing, vd_run_cancellable(run), error);
}

static gboolean convert(VdRun *run, const VdPlan *plan, const VdImage *image, const char *path,
                        GError **error)
{
    gboolean device = vd_volume_is_device(path);
    /* A device may hold what somebody wrote there before. */
    const char *zero = device ? "-W" : "--target-is-zero";
    double share = device ? (double)image->virtual_size / (double)plan->disk : 1;
    const char *const words[] = {
        "convert", "-p",        "-n", "-W", zero, "-f", image->format, "-O", vd_plan_format(plan),
        "--",      image->path, path, NULL};
    g_auto(GStrv) argv = vd_qemu_img_argv(words);

    return vd_run_child(run, (const char *const *)argv, NULL, on_convert, &share, error) &&
           (!device || vd_step_clear(run, path, image->virtual_size, share, error));
}

/* A raw image into a raw file: its bytes, and room behind them. */
static gboolean copy_raw(VdRun *run, const VdPlan *plan, const VdImage *image, const char *path,
                         GError **error)
{
    return copy_bytes(run, image, path, error) &&
           (truncate(path, (off_t)plan->disk) == 0 ||
            vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", path, g_strerror(errno)));
}

static gboolean write_image(VdRun *run, const VdPlan *plan, const VdImage *image, const char *path,
                            GError **error)
{
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, plan->disk);
    const char *const resize[] = {"resize", "-q", "-f", "qcow2", "--", path, size, NULL};

    if (plan->raw && g_str_equal(image->format, "raw") && !vd_volume_is_device(path))
        return copy_raw(run, plan, image, path, error);
    if (plan->raw || !g_str_equal(image->format, "qcow2"))
        return convert(run, plan, image, path, error);
    return copy_bytes(run, image, path, error) && vd_spec_qemu_img(run, resize, NULL, error);
}

static gboolean fill(VdRun *run, const VdPlan *plan, const VdImage *image, const char *path,
                     GError **error)
{
    return write_image(run, plan, image, path, error) && vd_step_sync(path, error);
}

static gboolean make_copy(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    g_autoptr(VdImage) image = find_image(plan, error);
    g_autofree char *path = NULL;
    g_autofree char *size = vd_format_size(plan->disk);

    if (!image)
        return FALSE;
    vd_run_text(run, _("copying %s"), plan->image);
    if (!(plan->raw ? vd_conn_volume_create_raw : vd_conn_volume_create)(
            conn, plan->pool, plan->volume, plan->disk, &path, error) ||
        !fill(run, plan, image, path, error))
        return FALSE;
    vd_run_set(run, "disk", path);
    vd_run_text(run, _("copy of %s at %s"), plan->image, size);
    return TRUE;
}

/* An empty disk of the plan's size, in the job's folder. */
static gboolean make_near_empty(VdRun *run, const VdPlan *plan, const char *disk, GError **error)
{
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, plan->disk);
    const char *const words[] = {"create", "-q", "-f",  vd_plan_format(plan),
                                 "--",     disk, bytes, NULL};

    return vd_spec_qemu_img(run, words, NULL, error) &&
           (chmod(disk, 0600) == 0 ||
            vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", disk, g_strerror(errno)));
}

/* For a host elsewhere: a copy that is set up here and sent as it is. */
static gboolean make_near_copy(VdRun *run, const VdPlan *plan, GError **error)
{
    g_autoptr(VdImage) image = find_image(plan, error);
    g_autofree char *disk = g_build_filename(vd_run_folder(run), "disk.copy", NULL);
    g_autofree char *size = vd_format_size(plan->disk);

    if (!image || !vd_run_undo(run, "file", disk, error))
        return FALSE;
    vd_run_text(run, _("copying %s"), plan->image);
    if (!make_near_empty(run, plan, disk, error) || !fill(run, plan, image, disk, error))
        return FALSE;
    vd_run_set(run, "near", disk);
    vd_run_set(run, "disk", disk);
    vd_run_text(run, _("copy of %s at %s, made here"), plan->image, size);
    return TRUE;
}

static gboolean make_in_rbd(VdRun *run, const VdPlan *plan, GError **error)
{
    g_autoptr(VdImage) image = find_image(plan, error);

    return image && vd_rbd_disk(run, plan, image, error);
}

gboolean vd_step_disk(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = NULL;

    if (plan && plan->near)
        return (plan->whole && !plan->rbd ? make_near_copy : make_near)(run, plan, error);
    if (plan && plan->rbd)
        return make_in_rbd(run, plan, error);
    conn = plan ? vd_step_conn(run, plan, error) : NULL;
    if (!conn || !vd_run_undo(run, "volume", plan->volume, error))
        return FALSE;
    if (plan->elsewhere)
        return make_overlay_there(run, plan, conn, error);
    return plan->whole ? make_copy(run, plan, conn, error) : make_overlay(run, plan, conn, error);
}
