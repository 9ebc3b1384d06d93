/* The disk of a machine elsewhere becomes a file here, with nothing but its host's libvirt. One of
 * a machine that is off is fetched as it lies, and so is each file it stands on, but an image that
 * is here as well; the files are joined here. One of a machine that runs is copied there by a
 * backup job, into a volume that is fetched and goes again. What comes from a host is foreign: a
 * header that points to other files is not believed. A runner that was killed meanwhile has left
 * what it had fetched, and the next one goes on after that, as long as nobody wrote to the layer
 * and this host was not started anew, which may have cost bytes that were not on the disk yet. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/image-bring.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

/* The parts of the bar. */
#define COPIED  0.4 /* there, while it runs */
#define FETCHED 0.8 /* before what was fetched is joined */

enum { BOOT_BYTES = 128, MARK_BYTES = 16 * 1024 };

/* ---- how far it is ---- */

typedef struct {
    VdRun *run;
    double from, to;   /* of the bar */
    guint64 done, all; /* bytes of the files before this one, and of all of them */
    guint64 first;     /* bytes that were there when it began */
    gint64 since;
} Bar;

static void on_fetched(guint64 done, guint64 all, gpointer data)
{
    Bar *bar = data;

    (void)all;
    vd_spec_tell_rate(bar->run, bar->since, bar->first, bar->done + done, bar->all);
    if (bar->all > 0)
        vd_run_progress(bar->run,
                        bar->from + (bar->to - bar->from) *
                                        MIN(1.0, (double)(bar->done + done) / (double)bar->all));
    vd_run_point(bar->run, "part");
}

/* ---- going on ---- */

/* What is fetched into a file, in words that differ as soon as it is something else. The caller
 * frees; NULL: it cannot be known again. */
static char *mark_of(const VdLayer *layer)
{
    g_autofree char *boot = vd_file_read("/proc/sys/kernel/random/boot_id", BOOT_BYTES, NULL, NULL);

    if (!boot || !layer->changed)
        return NULL;
    return g_strdup_printf("%s%s\n%" G_GUINT64_FORMAT "\n%s\n", boot, layer->changed, layer->length,
                           layer->path);
}

static char *mark_path(VdRun *run, const char *file)
{
    g_autofree char *name = g_path_get_basename(file);
    g_autofree char *mark = g_strconcat(name, ".from", NULL);

    return g_build_filename(vd_run_folder(run), mark, NULL);
}

/* How much of a layer an earlier runner has left in the file; from now on it is this layer's. */
static guint64 bytes_there(VdRun *run, const VdLayer *layer, const char *file)
{
    g_autofree char *path = mark_path(run, file), *mark = mark_of(layer);
    g_autofree char *before = vd_file_read(path, MARK_BYTES, NULL, NULL);
    struct stat st;

    if (mark && g_strcmp0(before, mark) == 0 && stat(file, &st) == 0 &&
        (guint64)st.st_size <= layer->length)
        return (guint64)st.st_size;
    unlink(path);
    unlink(file);
    if (mark)
        (void)vd_file_replace(path, mark, -1, 0600, NULL);
    return 0;
}

static gboolean fetch(Bar *bar, VdConn *conn, const VdLayer *layer, const char *file,
                      GError **error)
{
    VdLayerFetch wanted = {.layer = layer,
                           .file = file,
                           .progress = on_fetched,
                           .data = bar,
                           .cancel = vd_run_cancellable(bar->run)};
    gboolean ok = vd_run_undo_at_end(bar->run, "file", file, error);

    if (ok) {
        wanted.from = bytes_there(bar->run, layer, file);
        bar->first += wanted.from;
    }
    if (wanted.from > 0)
        vd_run_log(bar->run, "%s: going on after %" G_GUINT64_FORMAT " bytes", layer->path,
                   wanted.from);
    ok = ok && vd_conn_layer_fetch(conn, &wanted, error);
    bar->done += layer->length;
    return ok;
}

/* ---- looking ---- */

/* The image here that a layer has the bytes of, or NULL; the caller frees. */
static char *image_here(VdConn *conn, const VdLayer *layer)
{
    g_autofree char *prefix = g_strndup(layer->name, strlen(VD_BASE_PREFIX) + 64);
    g_autofree char *usual = g_strdup_printf("%s.%s", prefix, layer->format);
    const char *digest = prefix + MIN(strlen(VD_BASE_PREFIX), strlen(prefix));
    g_autofree char *path = NULL, *there = NULL;

    if (!g_str_has_prefix(prefix, VD_BASE_PREFIX) || !g_str_equal(usual, layer->name) ||
        strspn(digest, "0123456789abcdef") != 64)
        return NULL;
    path = vd_store_disk_path(digest, layer->format);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        !vd_conn_base_find(conn, layer->pool, layer->name, path, &there, NULL) || !there)
        return NULL;
    return g_steal_pointer(&path);
}

static guint64 bytes_used(const GPtrArray *layers)
{
    guint64 used = 0;

    for (guint i = 0; i < layers->len; i++)
        used += ((const VdLayer *)g_ptr_array_index(layers, i))->used;
    return used;
}

static gboolean check_room_here(const VdVmDisk *disk, guint64 needs, GError **error)
{
    g_autofree char *folder = vd_path_images();
    guint64 room = vd_free_bytes(folder);
    g_autofree char *wanted = vd_format_size(needs), *have = vd_format_size(room);

    return room > needs || vd_fail(error, VD_ERR_NO_SPACE, NULL,
                                   _("A copy of the disk of %s takes %s, and there are %s free in "
                                     "the image folder %s."),
                                   disk->name, wanted, have, folder);
}

/* The pool that the copy of a machine that runs goes to: its disk's, if that has files; else the
 * host's usual one, which is made if need be. */
static gboolean find_pool(VdConn *conn, const GPtrArray *layers, VdPool *ret, GError **error)
{
    const VdLayer *top = layers ? g_ptr_array_index(layers, 0) : NULL;

    if (top && vd_conn_pool_ensure(conn, top->pool, ret, NULL) && ret->path)
        return TRUE;
    vd_pool_clear(ret);
    return vd_conn_pool_ensure(conn, NULL, ret, error);
}

static gboolean check_room_there(const VdVmDisk *disk, const VdPool *pool, guint64 needs,
                                 GError **error)
{
    g_autofree char *wanted = vd_format_size(needs), *have = vd_format_size(pool->available);

    return pool->available > needs ||
           vd_fail(error, VD_ERR_NO_SPACE, NULL,
                   _("A copy of the disk of %s takes %s while it runs, and there are %s free in "
                     "the storage pool %s of its host; shut the machine down, and its disk is "
                     "fetched as it lies."),
                   disk->name, wanted, have, pool->name);
}

static gboolean check_running(VdConn *conn, const VdVmDisk *disk, GError **error)
{
    g_autoptr(GPtrArray) layers = vd_conn_layers(conn, disk->path, disk->format, NULL);
    guint64 needs = layers ? bytes_used(layers) : 0;
    VdPool pool = {0};
    gboolean ok = find_pool(conn, layers, &pool, error) &&
                  check_room_there(disk, &pool, needs, error) &&
                  check_room_here(disk, needs, error);

    vd_pool_clear(&pool);
    return ok;
}

gboolean vd_image_bring_check(VdConn *conn, const VdVmDisk *disk, GError **error)
{
    g_autoptr(GPtrArray) layers = NULL;

    if (disk->running)
        return check_running(conn, disk, error);
    layers = vd_conn_layers(conn, disk->path, disk->format, error);
    return layers && check_room_here(disk, bytes_used(layers), error);
}

/* ---- from a machine that is off ---- */

/* One file for each layer; ours says which are to be fetched, and so many bytes. */
static char **name_files(VdRun *run, VdConn *conn, const GPtrArray *layers, gboolean *ours,
                         guint64 *ret_bytes)
{
    char **files = g_new0(char *, layers->len + 1);

    *ret_bytes = 0;
    for (guint i = 0; i < layers->len; i++) {
        const VdLayer *layer = g_ptr_array_index(layers, i);
        g_autofree char *what = g_strdup_printf("make-%u", i);

        files[i] = i > 0 ? image_here(conn, layer) : NULL;
        ours[i] = !files[i];
        if (ours[i]) {
            files[i] = vd_image_hidden_path(run, what);
            *ret_bytes += layer->length;
        } else {
            vd_run_log(run, "%s is here as %s", layer->path, files[i]);
        }
    }
    return files;
}

/* Whether what was fetched is the qcow2 file that is wanted. */
static gboolean is_one_file(const GPtrArray *layers)
{
    const VdLayer *top = g_ptr_array_index(layers, 0);

    return layers->len == 1 && g_str_equal(top->format, "qcow2");
}

static gboolean fetch_all(VdRun *run, VdConn *conn, const GPtrArray *layers, char **files,
                          const gboolean *ours, guint64 bytes, GError **error)
{
    Bar bar = {.run = run,
               .to = is_one_file(layers) ? 1 : FETCHED,
               .all = bytes,
               .since = g_get_monotonic_time()};

    for (guint i = 0; i < layers->len; i++) {
        if (ours[i] && !fetch(&bar, conn, g_ptr_array_index(layers, i), files[i], error))
            return FALSE;
    }
    return TRUE;
}

/* QEMU's lock on a file does not reach a host elsewhere: whether it was at rest is looked at
 * afterwards. */
static gboolean check_rest(VdConn *conn, const char *uuid, const VdVmDisk *disk,
                           const GPtrArray *layers, GError **error)
{
    gboolean rested = !vd_conn_vm_running(conn, uuid);

    for (guint i = 0; rested && i < layers->len; i++)
        rested = vd_conn_layer_same(conn, g_ptr_array_index(layers, i));
    return rested || vd_fail(error, VD_ERR_BUSY, NULL,
                             _("%s was started while its disk was fetched: shut it down and try "
                               "again, or make the image while it runs."),
                             disk->name);
}

/* Has each layer stand on our copy of the next one, and on nothing else. */
static gboolean tie(VdRun *run, const GPtrArray *layers, char **files, const gboolean *ours,
                    GError **error)
{
    for (guint i = 0; i < layers->len; i++) {
        const VdLayer *layer = g_ptr_array_index(layers, i);
        const VdLayer *base = i + 1 < layers->len ? g_ptr_array_index(layers, i + 1) : NULL;
        const char *const words[] = {"rebase", "-u",         "-f", "qcow2",
                                     "-b",     files[i + 1], "-F", base ? base->format : NULL,
                                     "--",     files[i],     NULL};

        if (!ours[i] || !g_str_equal(layer->format, "qcow2"))
            continue;
        if (!vd_diskfile_untie(files[i], layer->path, error) ||
            (base && !vd_spec_qemu_img(run, words, NULL, error)))
            return FALSE;
    }
    return TRUE;
}

static void drop_files(VdRun *run, const GPtrArray *layers, char **files, const gboolean *ours)
{
    for (guint i = 0; i < layers->len; i++) {
        if (ours[i] && unlink(files[i]) < 0 && errno != ENOENT)
            vd_run_log(run, "%s: %s", files[i], g_strerror(errno));
    }
}

static void on_joined(VdRun *run, double fraction)
{
    vd_run_progress(run, FETCHED + (1 - FETCHED) * fraction);
}

/* The one file, or all of them in one. */
static gboolean join(VdRun *run, const GPtrArray *layers, char **files, const char *to,
                     GError **error)
{
    const VdLayer *top = g_ptr_array_index(layers, 0);
    const VdImageConvert wanted = {top->format, files[0], to, FALSE, on_joined};

    if (!is_one_file(layers))
        return vd_image_convert(run, &wanted, error);
    return rename(files[0], to) == 0 ||
           vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", to, g_strerror(errno));
}

static gboolean bring_stopped(VdRun *run, VdConn *conn, const char *uuid, const VdVmDisk *disk,
                              const char *to, GError **error)
{
    g_autoptr(GPtrArray) layers = vd_conn_layers(conn, disk->path, disk->format, error);
    g_autofree gboolean *ours = layers ? g_new0(gboolean, layers->len) : NULL;
    g_auto(GStrv) files = NULL;
    guint64 bytes = 0;

    if (!layers)
        return FALSE;
    files = name_files(run, conn, layers, ours, &bytes);
    if (!fetch_all(run, conn, layers, files, ours, bytes, error) ||
        !check_rest(conn, uuid, disk, layers, error) || !tie(run, layers, files, ours, error) ||
        !join(run, layers, files, to, error))
        return FALSE;
    drop_files(run, layers, files, ours);
    return TRUE;
}

/* ---- from one that runs ---- */

static void on_copied(double fraction, gpointer data)
{
    vd_run_progress(data, COPIED * CLAMP(fraction, 0, 1));
}

/* The finished copy of an earlier runner, by its path there, or NULL. The caller frees. */
static char *copy_before(VdRun *run, VdConn *conn, const char *mark)
{
    g_autofree char *path = vd_file_read(mark, MARK_BYTES, NULL, NULL);
    g_autoptr(GPtrArray) layers = path ? vd_conn_layers(conn, path, "qcow2", NULL) : NULL;

    if (!layers)
        return NULL;
    vd_run_log(run, "the copy that was made before is still there: %s", path);
    return g_steal_pointer(&path);
}

static gboolean copy_there(VdRun *run, VdConn *conn, const char *uuid, const VdVmDisk *disk,
                           const char *pool, const char *volume, char **ret_path, GError **error)
{
    g_autofree char *where = g_strdup_printf("%s/%s", pool, volume);
    g_autofree char *mark = g_build_filename(vd_run_folder(run), "copied", NULL);
    gboolean quiet = FALSE;

    *ret_path = copy_before(run, conn, mark);
    if (*ret_path)
        return vd_run_undo_at_end(run, "there", where, error);
    vd_run_text(run, _("copied there, into %s"), where);
    if (!vd_run_undo_at_end(run, "there", where, error) ||
        !vd_conn_volume_delete(conn, pool, volume, error) ||
        !vd_conn_volume_create(conn, pool, volume, disk->capacity, ret_path, error) ||
        !vd_run_undo(run, "backup", uuid, error) ||
        !vd_conn_vm_backup(conn, uuid, disk, *ret_path, TRUE, &quiet, on_copied, run,
                           vd_run_cancellable(run), error))
        return FALSE;
    if (!quiet)
        vd_run_note(run, _("copied while it ran, as if its power had been cut at that moment"));
    (void)vd_file_replace(mark, *ret_path, -1, 0600, NULL);
    return TRUE;
}

static gboolean fetch_copy(VdRun *run, VdConn *conn, const char *path, const char *to,
                           GError **error)
{
    g_autoptr(GPtrArray) layers = vd_conn_layers(conn, path, "qcow2", error);
    Bar bar = {.run = run, .from = COPIED, .to = 1, .since = g_get_monotonic_time()};
    const VdLayer *copy;

    if (!layers)
        return FALSE;
    copy = g_ptr_array_index(layers, 0);
    bar.all = copy->length;
    return fetch(&bar, conn, copy, to, error) && vd_diskfile_untie(to, path, error);
}

/* A full pool there is no full disk here. */
static gboolean no_room_there(GError *why, const VdVmDisk *disk, const char *pool, GError **error)
{
    g_autoptr(GError) full = why;

    return vd_fail(error, VD_ERR_FAILED,
                   vd_error_detail(full) ? vd_error_detail(full) : full->message,
                   _("There is no room for a copy of the disk of %s in the storage pool %s of its "
                     "host; shut the machine down, and its disk is fetched as it lies."),
                   disk->name, pool);
}

static gboolean bring_running(VdRun *run, VdConn *conn, const char *uuid, const VdVmDisk *disk,
                              const char *to, GError **error)
{
    g_autoptr(GPtrArray) layers = vd_conn_layers(conn, disk->path, disk->format, NULL);
    g_autofree char *volume = g_strdup_printf("vmdeck-make-%s.qcow2", vd_run_id(run));
    g_autofree char *path = NULL;
    g_autoptr(GError) why = NULL;
    VdPool pool = {0};
    gboolean ok = find_pool(conn, layers, &pool, error);

    if (ok && !copy_there(run, conn, uuid, disk, pool.name, volume, &path, &why)) {
        ok = FALSE;
        if (vd_error_code(why) == VD_ERR_NO_SPACE)
            no_room_there(g_steal_pointer(&why), disk, pool.name, error);
        else
            g_propagate_error(error, g_steal_pointer(&why));
    }
    ok = ok && fetch_copy(run, conn, path, to, error) &&
         vd_conn_volume_delete(conn, pool.name, volume, error);
    vd_pool_clear(&pool);
    return ok;
}

gboolean vd_image_bring(VdRun *run, VdConn *conn, const char *uuid, const VdVmDisk *disk,
                        const char *to, GError **error)
{
    return disk->running ? bring_running(run, conn, uuid, disk, to, error)
                         : bring_stopped(run, conn, uuid, disk, to, error);
}

gboolean vd_image_undo_there(VdRun *run, const char *argument, GError **error)
{
    g_auto(GStrv) words = g_strsplit(argument, "/", 2);
    g_autofree char *uri = vd_spec_text(run, "uri");
    g_autoptr(VdConn) conn = NULL;

    if (g_strv_length(words) != 2)
        return TRUE;
    conn = vd_conn_open(uri, vd_run_id(run), vd_run_cancellable(run), error);
    return conn && vd_conn_volume_delete(conn, words[0], words[1], error);
}
