/* To a host elsewhere, with nothing but its libvirt. The image goes over once, as a volume that is
 * called by its digest: whoever finds it there uses it, and of several jobs that want to send it at
 * the same time one does and the others wait. How far it got is kept beside the image, so that a
 * runner that goes on, or the next deployment, begins where the last one ended. A disk that is set
 * up here stands on our image till then; told that its base is the one over there, it goes after
 * it, and that is little. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/rbd.h"
#include "src/deploy/spec.h"
#include "src/deploy/steps.h"
#include "src/deploy/store.h"

#define WAIT_USEC (G_USEC_PER_SEC / 5)

/* ---- how far an upload got ---- */

/* <images>/DIGEST.HOST.upload: for this image in this pool of this host. The caller frees. */
static char *record_path(const VdPlan *plan)
{
    g_autofree char *where = g_strdup_printf("%s\n%s", plan->uri ? plan->uri : "", plan->pool);
    g_autofree char *host = g_compute_checksum_for_string(G_CHECKSUM_SHA256, where, -1);
    g_autofree char *folder = vd_path_images();
    g_autofree char *file = g_strdup_printf("%s.%.16s.upload", plan->sha256, host);

    return g_build_filename(folder, file, NULL);
}

/* The record, locked: nobody else on this machine sends this image there. -1 with an error; wait
 * FALSE: -1 without one if somebody does. */
static int record_open(const char *path, VdRun *run, gboolean wait, GError **error)
{
    gboolean told = FALSE;

    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat st;

        if (fd < 0) {
            vd_error_set(error, VD_ERR_FAILED, g_strerror(errno), _("%s cannot be opened: %s."),
                         path, g_strerror(errno));
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0)
            return fd;
        close(fd);
        if (!wait)
            return -1;
        if (g_cancellable_is_cancelled(vd_run_cancellable(run))) {
            vd_error_set(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
            return -1;
        }
        if (!told) {
            vd_run_text(run, _("another job sends the image there"));
            vd_run_progress(run, -1);
        }
        told = TRUE;
        g_usleep(WAIT_USEC);
    }
}

static guint64 record_read(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    return n > 0 ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static void record_write(int fd, guint64 bytes)
{
    char text[32];
    int length = g_snprintf(text, sizeof text, "%020" G_GUINT64_FORMAT "\n", bytes);

    /* If it is not written, less is known to be there: no harm. */
    if (pwrite(fd, text, (size_t)length, 0) == length)
        (void)fdatasync(fd);
}

/* ---- the image ---- */

typedef struct {
    VdRun *run;
    int record;
    gint64 since;
    guint64 first; /* bytes that were there already */
    gboolean begun;
} Sending;

static void on_sent(guint64 done, guint64 all, gpointer data)
{
    Sending *sending = data;

    if (!sending->begun) {
        sending->begun = TRUE;
        sending->first = done;
    }
    vd_spec_tell_rate(sending->run, sending->since, sending->first, done, all);
    vd_run_progress(sending->run, (double)done / (double)all);
}

static void on_there(guint64 bytes, gpointer data)
{
    Sending *sending = data;

    record_write(sending->record, bytes);
    vd_run_point(sending->run, "part");
}

static gboolean upload(VdRun *run, const VdPlan *plan, const VdImage *image, VdConn *conn,
                       int record, char **ret_path, GError **error)
{
    g_autofree char *name = vd_plan_base_name(plan);
    Sending sending = {.run = run, .record = record, .since = g_get_monotonic_time()};
    VdBaseUpload base = {.pool = plan->pool,
                         .name = name,
                         .file = image->path,
                         .from = record_read(record),
                         .progress = on_sent,
                         .there = on_there,
                         .data = &sending,
                         .cancel = vd_run_cancellable(run)};
    g_autofree char *size = vd_format_size(image->file_size);

    if (!vd_run_undo_at_end(run, "upload", name, error))
        return FALSE;
    if (base.from > 0)
        vd_run_log(run, "going on with the upload at byte %" G_GUINT64_FORMAT, base.from);
    if (!vd_conn_base_upload(conn, &base, ret_path, error))
        return FALSE;
    vd_run_text(run, _("%s sent to %s"), size, plan->pool);
    return TRUE;
}

/* With the record in hand: it may have come meanwhile. */
static gboolean find_or_upload(VdRun *run, const VdPlan *plan, const VdImage *image, int record,
                               char **ret_path, GError **error)
{
    g_autoptr(VdConn) conn = vd_step_conn(run, plan, error);
    g_autofree char *name = vd_plan_base_name(plan);

    if (conn && plan->rbd)
        return vd_rbd_base(run, plan, image, conn, error);
    if (!conn || !vd_conn_base_find(conn, plan->pool, name, image->path, ret_path, error))
        return FALSE;
    if (*ret_path) {
        vd_run_text(run, _("it is there already"));
        return TRUE;
    }
    return upload(run, plan, image, conn, record, ret_path, error);
}

gboolean vd_step_upload(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdImage) image = plan ? vd_image_find(plan->image, error) : NULL;
    g_autofree char *record = NULL, *path = NULL;
    int fd;
    gboolean ok;

    if (!image)
        return FALSE;
    record = record_path(plan);
    fd = record_open(record, run, TRUE, error);
    if (fd < 0)
        return FALSE;
    ok = find_or_upload(run, plan, image, fd, &path, error);
    if (ok)
        unlink(record);
    close(fd);
    if (!ok)
        return FALSE;
    if (path)
        vd_run_set(run, "base", path);
    return TRUE;
}

/* Whatever is half there. */
static gboolean undo_base(VdRun *run, const VdPlan *plan, const char *name, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(plan->image, NULL);
    g_autoptr(VdConn) conn = vd_step_conn(run, plan, error);
    g_autofree char *path = NULL;

    if (!conn || (image && !vd_conn_base_find(conn, plan->pool, name, image->path, &path, error)))
        return FALSE;
    return path || vd_conn_volume_delete(conn, plan->pool, name, error);
}

/* A whole image stays: the next deployment there will want it. What is only begun goes, unless
 * another job is at it. */
gboolean vd_step_undo_upload(VdRun *run, const char *argument, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autofree char *record = plan ? record_path(plan) : NULL;
    int fd;
    gboolean ok;

    if (!plan)
        return FALSE;
    fd = record_open(record, run, FALSE, NULL);
    if (fd < 0)
        return TRUE;
    ok = (plan->rbd ? vd_rbd_undo_base : undo_base)(run, plan, argument, error);
    if (ok)
        unlink(record);
    close(fd);
    return ok;
}

/* ---- a disk that was set up here ---- */

static void on_disk_sent(guint64 done, guint64 all, gpointer data)
{
    vd_run_progress(data, (double)done / (double)all);
}

/* Only the name of the base changes. */
static gboolean rebase(VdRun *run, const VdPlan *plan, const char *disk, GError **error)
{
    const char *base = vd_run_get(run, "base");
    const char *const words[] = {"rebase",           "-u", "-f", "qcow2", "-b", base, "-F",
                                 plan->image_format, "--", disk, NULL};

    if (!base)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("The disk that was set up here is gone."));
    return vd_spec_qemu_img(run, words, NULL, error);
}

static gboolean send_file(VdRun *run, const VdPlan *plan, const char *disk, GError **error)
{
    g_autoptr(VdConn) conn = NULL;
    g_autofree char *path = NULL;

    if (!plan->whole && !rebase(run, plan, disk, error))
        return FALSE;
    conn = vd_step_conn(run, plan, error);
    if (!conn || !vd_run_undo(run, "volume", plan->volume, error) ||
        !vd_conn_volume_upload(conn, plan->pool, plan->volume, disk, on_disk_sent, run,
                               vd_run_cancellable(run), &path, error))
        return FALSE;
    vd_run_set(run, "disk", path);
    return TRUE;
}

gboolean vd_step_send(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    const char *disk = vd_run_get(run, "near");
    g_autofree char *size = NULL;
    struct stat st;

    if (!plan)
        return FALSE;
    if (!disk || stat(disk, &st) < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("The disk that was set up here is gone."));
    if (!(plan->rbd ? vd_rbd_send : send_file)(run, plan, disk, error))
        return FALSE;
    size = vd_format_size((guint64)st.st_blocks * 512);
    vd_run_text(run, _("%s sent to %s"), size, plan->pool);
    vd_secret_unlink(disk); /* it has hashes */
    return TRUE;
}
