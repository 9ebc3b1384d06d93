/* Disks in RBD. The image goes into its pool once, as a volume that is called by its digest, and
 * each disk is a clone of that, which takes no time. The image goes in parts, each of which is in
 * ceph when qemu-img has ended, since nothing of it is cached here; whoever goes on begins at the
 * last one. The volume has a name that only its job uses: what another one left half is its own to
 * take back. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deploy/rbd.h"
#include "src/deploy/spec.h"
#include "src/deploy/steps.h"

#define PART      ((guint64)32 * 1024 * 1024)
#define PART_MOST ((guint64)1024 * 1024 * 1024)
/* For qemu-img, which reads the key from where nobody else can see it. */
#define KEY_OBJECT "secret,id=key,format=base64,file=/dev/stdin"
#define NOT_THERE  "vmdeck-not-there"

/* A pool that is open for writing. */
typedef struct {
    VdRun *run;
    VdRbd rbd;
    char *conf; /* a file in the job's folder */
    /* of a conversion */
    guint64 done, part, all; /* bytes */
    guint64 first;           /* that were there already */
    gint64 since;
    gboolean rate;
} Way;

static void way_clear(Way *way)
{
    vd_rbd_clear(&way->rbd);
    if (way->conf)
        unlink(way->conf);
    g_clear_pointer(&way->conf, g_free);
}

static gboolean way_open(Way *way, VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    g_autofree char *text = NULL;

    *way = (Way){.run = run};
    if (!vd_conn_rbd_look(conn, plan->pool, TRUE, &way->rbd, error))
        return FALSE;
    text = vd_rbd_conf(&way->rbd);
    way->conf = g_build_filename(vd_run_folder(run), "ceph.conf", NULL);
    return vd_file_replace(way->conf, text, -1, 0600, error);
}

static void on_line(VdRun *run, const char *line, gpointer data)
{
    const Way *way = data;
    double fraction;
    guint64 done;

    if (way->all == 0 || !vd_spec_qemu_fraction(line, &fraction))
        return;
    done = way->done + (guint64)(fraction * (double)way->part);
    vd_run_progress(run, (double)done / (double)way->all);
    if (way->rate)
        vd_spec_tell_rate(run, way->since, way->first, done, way->all);
}

/* qemu-img VERB OPTION… with the key; words: the rest. A core of it would have the key. */
static gboolean qemu_img(Way *way, const char *verb, const char *const *words, GError **error)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    g_auto(GStrv) all = NULL;

    g_strv_builder_add_many(argv, "prlimit", "--core=0", "--", "qemu-img", verb, NULL);
    if (way->rbd.key)
        g_strv_builder_add_many(argv, "--object", KEY_OBJECT, NULL);
    g_strv_builder_addv(argv, (const char **)words);
    all = g_strv_builder_end(argv);
    return vd_run_child(way->run, (const char *const *)all, way->rbd.key, on_line, way, error);
}

/* ---- check ---- */

static gboolean refuse(const char *pool, const char *reason, const char *words, GError **error)
{
    g_autofree char *said = vd_said_one(reason, NULL);

    vd_error_set(error, VD_ERR_UNSUPPORTED, words,
                 _("The image cannot be sent to the storage pool %s: %s."), pool, reason);
    if (error)
        vd_error_write(*error, vd_said_quote(g_strdup(vd_error_written(*error)), reason, said));
    return FALSE;
}

/* A volume that is not there is asked for: ceph says so, or something else is in the way. */
static gboolean probe(Way *way, const char *pool, GError **error)
{
    g_autofree char *name = vd_rbd_name(&way->rbd, way->conf, NOT_THERE, 0, 0);
    const char *const words[] = {name, NULL};
    g_autoptr(GError) why = NULL;
    const char *reason;

    if (qemu_img(way, "info", words, &why))
        return TRUE;
    if (vd_error_code(why) == VD_ERR_CANCELLED) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    reason = vd_rbd_reason(vd_error_detail(why));
    return !reason || refuse(pool, reason, vd_error_detail(why), error);
}

gboolean vd_rbd_check(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    g_autofree char *base = NULL;
    Way way;
    gboolean ok;

    /* Where the image is already, nothing has to go there but by libvirt. */
    if (!plan->whole && !plan->near &&
        (!vd_conn_rbd_base_find(conn, plan->pool, plan->sha256, plan->image_size, &base, error) ||
         base))
        return base != NULL;
    vd_run_text(run, _("asking ceph"));
    ok = way_open(&way, run, plan, conn, error) && probe(&way, plan->pool, error);
    way_clear(&way);
    return ok;
}

/* ---- how far an upload got ---- */

/* In the job's folder: the volume is this job's alone. The caller frees. */
static char *record_path(VdRun *run)
{
    return g_build_filename(vd_run_folder(run), "sent", NULL);
}

static guint64 record_read(VdRun *run)
{
    g_autofree char *path = record_path(run);
    g_autofree char *text = vd_file_read(path, 32, NULL, NULL);

    return text ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static void record_write(VdRun *run, guint64 bytes)
{
    g_autofree char *path = record_path(run);
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT "\n", bytes);

    /* If it is not written, less is known to be there: no harm. */
    (void)vd_file_replace(path, text, -1, 0600, NULL);
}

/* ---- bytes ---- */

/* A part of the image into the same place of a volume that is all zeroes there, or has that part
 * already. */
static gboolean write_part(Way *way, const VdImage *image, const char *volume, guint64 offset,
                           guint64 size, GError **error)
{
    g_autofree char *from = vd_rbd_file_name(image->path, image->format, offset, size);
    g_autofree char *to = vd_rbd_name(&way->rbd, way->conf, volume, offset, size);
    const char *const words[] = {
        "-p", "-n", "-W", "--target-is-zero", "-t", "none", "-O", "raw", "--", from, to, NULL};

    way->done = offset;
    way->part = size;
    return qemu_img(way, "convert", words, error);
}

/* From the byte `at` on, which is noted down if record says so. */
static gboolean write_image(Way *way, const VdImage *image, const char *volume, guint64 at,
                            gboolean record, GError **error)
{
    way->all = image->virtual_size;
    way->first = at;
    way->since = g_get_monotonic_time();
    way->rate = TRUE;
    for (guint64 part = PART; at < way->all; part = MIN(part * 2, PART_MOST)) {
        guint64 size = MIN(part, way->all - at);

        if (!write_part(way, image, volume, at, size, error))
            return FALSE;
        at += size;
        if (record)
            record_write(way->run, at);
        vd_run_point(way->run, "part");
    }
    return TRUE;
}

/* From now on it is seen to be whole. */
static gboolean cut(Way *way, const char *volume, guint64 size, GError **error)
{
    g_autofree char *name = vd_rbd_name(&way->rbd, way->conf, volume, 0, 0);
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    const char *const words[] = {"-q", "--shrink", "--", name, bytes, NULL};

    return qemu_img(way, "resize", words, error);
}

/* ---- the base ---- */

/* VD_BASE_PREFIX, the digest, the request. The caller frees. */
static char *own_base(VdRun *run, const VdPlan *plan)
{
    g_autofree char *tail = g_ascii_strdown(vd_run_id(run), -1);

    return g_strdup_printf(VD_BASE_PREFIX "%s.%s.raw", plan->sha256, tail);
}

/* Made, or half there already, up to *ret_at. */
static gboolean make_base(VdRun *run, const VdPlan *plan, const VdImage *image, VdConn *conn,
                          const char *name, guint64 *ret_at, GError **error)
{
    g_autofree char *path = NULL;

    *ret_at = MIN(record_read(run), image->virtual_size);
    if (vd_conn_rbd_is_whole(conn, plan->pool, name, image->virtual_size + VD_RBD_HALF))
        return TRUE;
    *ret_at = 0;
    record_write(run, 0);
    return vd_conn_volume_delete(conn, plan->pool, name, error) &&
           vd_conn_volume_create_raw(conn, plan->pool, name, image->virtual_size + VD_RBD_HALF,
                                     &path, error);
}

static gboolean fill_base(VdRun *run, const VdPlan *plan, const VdImage *image, VdConn *conn,
                          const char *name, GError **error)
{
    g_autofree char *size = vd_format_size(image->file_size);
    guint64 at = 0;
    Way way;
    gboolean ok;

    if (!vd_run_undo_at_end(run, "upload", name, error) ||
        !make_base(run, plan, image, conn, name, &at, error))
        return FALSE;
    if (at > 0)
        vd_run_log(run, "going on with the upload at byte %" G_GUINT64_FORMAT, at);
    ok = way_open(&way, run, plan, conn, error) &&
         write_image(&way, image, name, at, TRUE, error) &&
         cut(&way, name, image->virtual_size, error);
    way_clear(&way);
    if (ok)
        vd_run_text(run, _("%s sent to %s"), size, plan->pool);
    return ok;
}

gboolean vd_rbd_base(VdRun *run, const VdPlan *plan, const VdImage *image, VdConn *conn,
                     GError **error)
{
    g_autofree char *own = own_base(run, plan);
    g_autofree char *found = NULL;

    if (!vd_conn_rbd_base_find(conn, plan->pool, plan->sha256, image->virtual_size, &found, error))
        return FALSE;
    if (!found && !fill_base(run, plan, image, conn, own, error))
        return FALSE;
    if (found) {
        vd_run_text(run, _("it is there already"));
        /* Somebody else was faster, after a runner of this job was killed. */
        if (vd_run_resumed(run) && !g_str_equal(found, own) &&
            !vd_conn_volume_delete(conn, plan->pool, own, error))
            return FALSE;
    }
    vd_run_set(run, "base", found ? found : own);
    return TRUE;
}

gboolean vd_rbd_undo_base(VdRun *run, const VdPlan *plan, const char *name, GError **error)
{
    g_autoptr(VdConn) conn = vd_step_conn(run, plan, error);

    return conn && (vd_conn_rbd_is_whole(conn, plan->pool, name, plan->image_size) ||
                    vd_conn_volume_delete(conn, plan->pool, name, error));
}

/* ---- the disk ---- */

static gboolean make_clone(VdRun *run, const VdPlan *plan, VdConn *conn, char **ret_path,
                           GError **error)
{
    const char *base = vd_run_get(run, "base");

    if (!base)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("The image is not in the storage pool %s."),
                       plan->pool);
    return vd_run_undo(run, "volume", plan->volume, error) &&
           vd_conn_rbd_clone(conn, plan->pool, plan->volume, base, plan->disk, ret_path, error);
}

static gboolean make_empty(VdRun *run, const VdPlan *plan, VdConn *conn, char **ret_path,
                           GError **error)
{
    return vd_run_undo(run, "volume", plan->volume, error) &&
           vd_conn_volume_create_raw(conn, plan->pool, plan->volume, plan->disk, ret_path, error);
}

gboolean vd_rbd_disk(VdRun *run, const VdPlan *plan, const VdImage *image, GError **error)
{
    g_autoptr(VdConn) conn = vd_step_conn(run, plan, error);
    g_autofree char *path = NULL;
    g_autofree char *size = vd_format_size(plan->disk);
    Way way = {0};
    gboolean ok;

    if (!conn)
        return FALSE;
    if (plan->whole)
        ok = make_empty(run, plan, conn, &path, error) && way_open(&way, run, plan, conn, error) &&
             write_image(&way, image, plan->volume, 0, FALSE, error);
    else
        ok = make_clone(run, plan, conn, &path, error);
    way_clear(&way);
    if (!ok)
        return FALSE;
    vd_run_set(run, "disk", path);
    if (plan->whole)
        vd_run_text(run, _("copy of %s at %s"), plan->image, size);
    else
        vd_run_text(run, _("clone of %s at %s"), plan->image, size);
    return TRUE;
}

/* What the overlay has goes into the clone, which has all the rest. Its header must not name a
 * base, or qemu-img would look there. */
static gboolean commit(Way *way, const VdPlan *plan, const char *near, GError **error)
{
    g_autofree char *name = vd_rbd_overlay_name(&way->rbd, way->conf, plan->volume, near);
    const char *const loose[] = {"rebase", "-u", "-f", "qcow2", "-b", "", "--", near, NULL};
    const char *const words[] = {"-p", "-d", "-t", "none", "--", name, NULL};

    return vd_spec_qemu_img(way->run, loose, NULL, error) && qemu_img(way, "commit", words, error);
}

static gboolean copy_all(Way *way, const VdPlan *plan, const char *near, GError **error)
{
    g_autofree char *to = vd_rbd_name(&way->rbd, way->conf, plan->volume, 0, 0);
    const char *const words[] = {
        "-p", "-n", "-W", "--target-is-zero", "-t", "none", "-f", "qcow2", "-O", "raw", "--",
        near, to,   NULL};

    return qemu_img(way, "convert", words, error);
}

gboolean vd_rbd_send(VdRun *run, const VdPlan *plan, const char *near, GError **error)
{
    g_autoptr(VdConn) conn = vd_step_conn(run, plan, error);
    g_autofree char *path = NULL;
    Way way = {0};
    gboolean ok;

    if (!conn)
        return FALSE;
    ok = (plan->whole ? make_empty : make_clone)(run, plan, conn, &path, error) &&
         way_open(&way, run, plan, conn, error);
    way.part = way.all = plan->disk;
    ok = ok && (plan->whole ? copy_all : commit)(&way, plan, near, error);
    way_clear(&way);
    if (ok)
        vd_run_set(run, "disk", path);
    return ok;
}
