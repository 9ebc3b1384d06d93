/* `image make`: the disk of a machine becomes an image. The copy is what is worked on: cleaned of
 * what only that one machine should have, its free room given back, compressed, digested. A machine
 * that is off is read as it lies, QEMU's own lock keeping it from being started meanwhile; one that
 * runs is copied by a backup job of its QEMU, and goes on. What is elsewhere is brought here
 * (image-bring.c). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/guest.h"
#include "src/deploy/image-bring.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"
#include "src/deploy/words.h"
#include "src/virt/provision.h"

/* What is cleaned away unless it is to be kept; the guest helper knows these words. */
static const char *const things[] = {
    "machine-id", "host-keys", "logs",     "leases", "history",       "user-keys",  "random-seed",
    "net-names",  "network",   "hostname", "tmp",    "package-cache", "first-boot", NULL,
};

const VdArgSpec vd_image_make_args[] = {
    {.name = "name",
     .label = N_("Name"),
     .help = N_("What the image is called."),
     .type = VD_ARG_NAME,
     .required = TRUE},
    VD_WORD_NOTES,
    VD_WORD_TAGS,
    {.name = "keep",
     .label = N_("Keep"),
     .help = N_(
         "What is not cleaned away, of: machine-id, host-keys, logs, leases, history, "
         "user-keys, random-seed, net-names, network, hostname, tmp, package-cache, first-boot."),
     .type = VD_ARG_CHOICE,
     .many = TRUE,
     .choices = things},
    {.name = "as-it-is",
     .label = N_("As it is"),
     .help = N_("Nothing is cleaned away: a copy of this one machine."),
     .type = VD_ARG_FLAG},
    {.name = NULL},
};

/* ---- looking ---- */

static VdConn *open_host(VdRun *run, GError **error)
{
    g_autofree char *uri = vd_spec_text(run, "uri");

    return vd_conn_open(uri, vd_run_id(run), vd_run_cancellable(run), error);
}

static gboolean check_room(const VdVmDisk *disk, GError **error)
{
    g_autofree char *folder = vd_path_images();
    guint64 room = vd_free_bytes(folder), needs = 0;
    struct stat st;
    g_autofree char *wanted = NULL, *there = vd_format_size(room);

    if (stat(disk->path, &st) == 0 && S_ISREG(st.st_mode))
        needs = (guint64)st.st_blocks * 512;
    wanted = vd_format_size(needs);
    return room > needs || vd_fail(error, VD_ERR_NO_SPACE, NULL,
                                   _("A copy of the disk of %s takes %s, and there are %s free in "
                                     "the image folder %s."),
                                   disk->name, wanted, there, folder);
}

/* make: what is missing there may be made for it. */
static gboolean check_disk(VdConn *conn, const char *uuid, gboolean make, VdVmDisk *ret,
                           GError **error)
{
    if (!vd_conn_vm_disk(conn, uuid, ret, error))
        return FALSE;
    if (!g_str_equal(ret->format, "qcow2") && !g_str_equal(ret->format, "raw"))
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The disk of %s is %s, and only qcow2 and raw disks become images."),
                       ret->name, ret->format);
    if (vd_conn_is_local(conn))
        return check_room(ret, error);
    return (ret->running && !make) || vd_image_bring_check(conn, ret, error);
}

/* Before there is a job. */
static gboolean check_before(const char *uri, const char *uuid, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(uri, NULL, NULL, error);
    VdVmDisk disk = {0};
    gboolean ok = conn && check_disk(conn, uuid, FALSE, &disk, error);

    vd_vm_disk_clear(&disk);
    return ok;
}

static gboolean check_machine(VdRun *run, VdConn *conn, VdVmDisk *disk, GError **error)
{
    g_autofree char *uuid = vd_spec_text(run, "uuid");

    if (!check_disk(conn, uuid, TRUE, disk, error))
        return FALSE;
    if (disk->others > 0) {
        vd_run_note_n(run, "%u other disk is left out", "%u other disks are left out", disk->others,
                      disk->others);
    }
    vd_run_text(run, disk->running ? _("%s, running: %s") : _("%s, off: %s"), disk->name,
                disk->path);
    return TRUE;
}

static gboolean step_check(VdRun *run, GError **error)
{
    g_autofree char *name = vd_spec_text(run, "name");
    g_autoptr(VdConn) conn = NULL;
    VdVmDisk disk = {0};
    gboolean ok;

    if (!vd_image_check_name(name, error))
        return FALSE;
    conn = open_host(run, error);
    ok = conn && check_machine(run, conn, &disk, error);
    vd_vm_disk_clear(&disk);
    return ok;
}

/* ---- submitting ---- */

static char *words_to_clean(const VdArgs *args)
{
    g_auto(GStrv) kept = vd_args_all(args, "keep");
    g_autoptr(GString) words = g_string_new(NULL);

    for (int i = 0; things[i] && !vd_args_flag(args, "as-it-is"); i++) {
        if (!g_strv_contains((const char *const *)kept, things[i]))
            g_string_append_printf(words, "%s%s", words->len ? " " : "", things[i]);
    }
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static char *make_spec(const char *uri, const char *uuid, const char *name, const VdArgs *args)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *notes = vd_text_clean(vd_args_get(args, "notes"), 200, FALSE);
    g_autofree char *tags = vd_image_tags(args);
    g_autofree char *clean = words_to_clean(args);

    json_builder_begin_object(builder);
    vd_json_text(builder, "uri", uri);
    vd_json_text(builder, "uuid", uuid);
    vd_json_text(builder, "name", name);
    vd_json_text(builder, "notes", *notes ? notes : NULL);
    vd_json_text(builder, "tags", tags);
    vd_json_text(builder, "clean", clean);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

gboolean vd_image_make_submit(VdJournal *journal, const char *request, const char *author,
                              const char *host_id, const char *uri, const char *uuid,
                              const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(VdJob) job = NULL;
    g_autofree char *spec = NULL;
    const char *name;

    if (!vd_args_check(checked, vd_image_make_args, error))
        return FALSE;
    name = vd_args_get(checked, "name");
    if (!vd_image_check_name(name, error) || !vd_store_prepare(error) || !vd_guest_there(error) ||
        !check_before(uri, uuid, error))
        return FALSE;
    job = vd_deploy_job_new(request, "image.make", author, name);
    job->host = g_strdup(host_id);
    job->title = g_strdup_printf("make image %s", name);
    spec = make_spec(uri, uuid, name, checked);
    return vd_deploy_start_named(journal, job, spec, TRUE, error);
}

/* ---- copying ---- */

static void on_convert(VdRun *run, const char *line, gpointer data)
{
    const VdImageConvert *wanted = data;
    double fraction;

    if (vd_spec_qemu_fraction(line, &fraction))
        wanted->tell(run, fraction);
}

gboolean vd_image_convert(VdRun *run, const VdImageConvert *wanted, GError **error)
{
    const char *const words[] = {"convert",  wanted->compress ? "-pc" : "-p",
                                 "-f",       wanted->format,
                                 "-O",       "qcow2",
                                 "--",       wanted->from,
                                 wanted->to, NULL};
    g_auto(GStrv) argv = vd_qemu_img_argv(words);

    return vd_run_child(run, (const char *const *)argv, NULL, on_convert, (gpointer)wanted, error);
}

static void on_backup(double fraction, gpointer data)
{
    vd_run_progress(data, CLAMP(fraction, 0, 1));
}

static gboolean copy_running(VdRun *run, VdConn *conn, const VdVmDisk *disk, const char *to,
                             GError **error)
{
    g_autofree char *uuid = vd_spec_text(run, "uuid");
    gboolean quiet = FALSE;

    if (!vd_run_undo(run, "backup", uuid, error) ||
        !vd_conn_vm_backup(conn, uuid, disk, to, FALSE, &quiet, on_backup, run,
                           vd_run_cancellable(run), error))
        return FALSE;
    if (!quiet)
        vd_run_note(run, _("copied while it ran, as if its power had been cut at that moment"));
    vd_run_text(run, _("%s, while it ran"), disk->target);
    return TRUE;
}

static gboolean copy_stopped(VdRun *run, const VdVmDisk *disk, const char *to, GError **error)
{
    const VdImageConvert wanted = {disk->format, disk->path, to, FALSE, vd_run_progress};

    if (!vd_image_convert(run, &wanted, error))
        return FALSE;
    vd_run_text(run, "%s", disk->target);
    return TRUE;
}

char *vd_image_hidden_path(VdRun *run, const char *what)
{
    g_autofree char *folder = vd_path_images();
    g_autofree char *file = g_strdup_printf(".%s-%s.part", what, vd_run_id(run));

    return g_build_filename(folder, file, NULL);
}

static gboolean copy_away(VdRun *run, VdConn *conn, const char *uuid, const VdVmDisk *disk,
                          const char *to, GError **error)
{
    const char *host = vd_run_host(run) ? vd_run_host(run) : vd_conn_uri(conn);

    if (!vd_image_bring(run, conn, uuid, disk, to, error))
        return FALSE;
    vd_run_text(run, disk->running ? _("%s, while it ran, from %s") : _("%s, from %s"),
                disk->target, host);
    return TRUE;
}

static gboolean copy_disk(VdRun *run, VdConn *conn, const char *to, GError **error)
{
    g_autofree char *uuid = vd_spec_text(run, "uuid");
    VdVmDisk disk = {0};
    /* What was fetched from elsewhere is gone on with. */
    gboolean ok = (vd_conn_is_local(conn) ? vd_run_undo(run, "file", to, error)
                                          : vd_run_undo_at_end(run, "file", to, error)) &&
                  vd_conn_vm_disk(conn, uuid, &disk, error) &&
                  (!vd_conn_is_local(conn) ? copy_away(run, conn, uuid, &disk, to, error)
                   : disk.running          ? copy_running(run, conn, &disk, to, error)
                                           : copy_stopped(run, &disk, to, error));

    vd_vm_disk_clear(&disk);
    return ok;
}

static gboolean step_copy(VdRun *run, GError **error)
{
    g_autofree char *to = vd_image_hidden_path(run, "make");
    g_autoptr(VdConn) conn = open_host(run, error);
    GError *why = NULL;

    if (!conn)
        return FALSE;
    if (!copy_disk(run, conn, to, &why))
        return vd_image_no_room_here(run, why, error);
    if (chown(to, geteuid(), getegid()) < 0 || chmod(to, 0600) < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", to, g_strerror(errno));
    vd_run_set(run, "copy", to);
    return TRUE;
}

/* ---- cleaning ---- */

static void on_step(VdRun *run, const char *step, const char *text, gpointer data)
{
    (void)data;
    if (g_str_equal(step, "shrink"))
        vd_run_next_step(run, "shrink");
    if (g_str_equal(step, "appliance"))
        vd_run_text(run, _("starting the appliance"));
    else if (text)
        vd_run_text(run, "%s", text);
    vd_run_progress(run, g_str_equal(step, "appliance") ? 0 : -1);
}

static JsonNode *clean_request(VdRun *run)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *clean = vd_spec_text(run, "clean");
    g_auto(GStrv) words = g_strsplit(clean ? clean : "", " ", -1);

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "generalise");
    vd_json_text(builder, "request", vd_run_id(run));
    vd_json_text(builder, "disk", vd_run_get(run, "copy"));
    vd_json_text(builder, "format", "qcow2");
    vd_json_bool(builder, "tcg", vd_guest_tcg());
    json_builder_set_member_name(builder, "clean");
    json_builder_begin_array(builder);
    for (char **word = words; *word; word++) {
        if (**word)
            json_builder_add_string_value(builder, *word);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static char *cleaned_words(JsonObject *result)
{
    JsonNode *node = json_object_get_member(result, "cleaned");
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    g_autoptr(GString) words = g_string_new(NULL);

    for (guint i = 0; array && i < json_array_get_length(array); i++)
        g_string_append_printf(words, "%s%s", i ? ", " : "",
                               json_array_get_string_element(array, i));
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static gboolean step_clean(VdRun *run, GError **error)
{
    GError *why = NULL;
    g_autoptr(JsonNode) result = vd_guest_run(run, clean_request(run), on_step, NULL, NULL, &why);
    JsonObject *object = result ? json_node_get_object(result) : NULL;
    g_autofree char *words = NULL;

    if (!object)
        return vd_image_no_room_here(run, why, error);
    words = cleaned_words(object);
    vd_run_log(run, "cleaned: %s", *words ? words : "nothing");
    if (json_object_get_null_member(object, "os"))
        vd_run_note(run, _("no operating system was found: nothing was cleaned away"));
    return TRUE;
}

/* ---- compressing ---- */

static gboolean digest_file(VdRun *run, const char *path, GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guint8 *piece = g_malloc(1024 * 1024);
    g_autofree char *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    guint64 length = 0;
    ssize_t n = fd < 0 ? -1 : 1;

    while (n > 0 && !g_cancellable_is_cancelled(vd_run_cancellable(run))) {
        n = read(fd, piece, 1024 * 1024);
        if (n > 0) {
            g_checksum_update(checksum, piece, n);
            length += (guint64)n;
        }
    }
    if (fd >= 0 && n == 0 && fsync(fd) < 0)
        n = -1;
    if (fd >= 0)
        close(fd);
    if (n < 0) /* written back only now, maybe onto a full disk */
        return vd_fail(error, errno == ENOSPC ? VD_ERR_NO_SPACE : VD_ERR_FAILED, NULL, "%s: %s.",
                       path, g_strerror(errno));
    if (n > 0)
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    bytes = g_strdup_printf("%" G_GUINT64_FORMAT, length);
    vd_run_set(run, "sha256", g_checksum_get_string(checksum));
    vd_run_set(run, "bytes", bytes);
    return TRUE;
}

static gboolean compress(VdRun *run, const char *to, GError **error)
{
    const char *from = vd_run_get(run, "copy");
    const VdImageConvert wanted = {"qcow2", from, to, TRUE, vd_run_progress};
    g_autofree char *size = NULL, *before = NULL, *after = NULL;
    VdDiskFile look, old;

    if (!vd_run_undo(run, "file", to, error) || !vd_diskfile_look_path(from, &old, error) ||
        !vd_image_convert(run, &wanted, error) || !vd_diskfile_look_path(to, &look, error) ||
        !digest_file(run, to, error))
        return FALSE;
    size = g_strdup_printf("%" G_GUINT64_FORMAT, look.virtual_size);
    vd_run_set(run, "virtual_size", size);
    before = vd_format_size(old.allocated);
    after = vd_format_size(look.allocated);
    vd_run_text(run, _("%s became %s"), before, after);
    return TRUE;
}

static gboolean step_compress(VdRun *run, GError **error)
{
    g_autofree char *to = vd_image_hidden_path(run, "add");
    GError *why = NULL;

    if (!compress(run, to, &why))
        return vd_image_no_room_here(run, why, error);
    if (chmod(to, 0444) < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", to, g_strerror(errno));
    vd_file_sync_folder(to);
    vd_run_set(run, "file", to);
    vd_run_set(run, "format", "qcow2");
    return TRUE;
}

/* What it was made of is needed until that is done. */
static gboolean step_inspect(VdRun *run, GError **error)
{
    if (unlink(vd_run_get(run, "copy")) < 0 && errno != ENOENT)
        vd_run_log(run, "%s: %s", vd_run_get(run, "copy"), g_strerror(errno));
    return vd_image_step_inspect(run, error);
}

gboolean vd_image_undo_backup(VdRun *run, const char *argument, GError **error)
{
    g_autoptr(VdConn) conn = open_host(run, error);

    return conn && vd_conn_vm_backup_abort(conn, argument, error);
}

const VdStepSpec vd_image_make_steps[] = {
    {"check", N_("check"), 1, step_check},
    {"copy", N_("copy the disk"), 10, step_copy},
    {"generalise", N_("clean"), 35, step_clean},
    {"shrink", N_("shrink"), 3, NULL},
    {"compress", N_("compress and digest"), 20, step_compress},
    /* Anew: while it was cleaned its partition table could not be read from outside. */
    {"inspect", N_("look inside"), 30, step_inspect},
    {"record", N_("record"), 1, vd_image_step_record},
    {NULL, NULL, 0, NULL},
};
